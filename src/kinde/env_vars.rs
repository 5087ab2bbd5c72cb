//! Environment variables of workflows: `GET|POST /api/v1/environment_variables`, `PATCH /api/v1/environment_variables/{id}`.
//!
//! The value of a sensitive one is never given back by Kinde.

use serde_json::{Value, json};

use super::api::{KindeApi, read, segment};
use super::error::ApiError;
use super::model::Wire;
use super::webhooks::Reply;
use crate::net::{Request, Value as Text};
use crate::secrets::Secret;

/// The longest key and value, in characters.
pub const MAX_KEY: usize = 128;
/// See [`MAX_KEY`].
pub const MAX_VALUE: usize = 2048;

/// One environment variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentVariable {
    /// `env_var_…`
    pub id: String,
    /// Its name.
    pub key: String,
    /// Its value, where Kinde tells it.
    pub value: Option<String>,
    /// Sensitive: not to be read again.
    pub is_secret: bool,
}

impl KindeApi {
    /// `GET /api/v1/environment_variables`, scope `read:environment_variables`.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn environment_variables(&self) -> Result<Reply<Vec<EnvironmentVariable>>, ApiError> {
        let request = self.request(http::Method::GET, "List environment variables", "/api/v1/environment_variables");
        let answer = self.call(&request).await?;
        read(&answer, |body| {
            let list = body.get("environment_variables")?;
            let list = if list.is_null() { &[][..] } else { list.as_array()? };
            let it = list.iter().filter_map(variable).collect();
            Some(Reply { it, body: body.clone(), wire: Wire::from(&answer) })
        })
    }

    /// `POST /api/v1/environment_variables`, scope `create:environment_variables`: answers with the new id, where it is told.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn create_environment_variable(
        &self,
        key: &str,
        value: &Text,
        is_secret: bool,
    ) -> Result<Reply<Option<String>>, ApiError> {
        let request =
            self.request(http::Method::POST, "Create an environment variable", "/api/v1/environment_variables");
        let body = json!({"key": key, "value": value.expose(), "is_secret": is_secret});
        let answer = self.call(&hiding(request.json(body), value)).await?;
        let body = answer.json().unwrap_or(Value::Null);
        let it = body.pointer("/environment_variable/id").and_then(Value::as_str).map(str::to_owned);
        Ok(Reply { it, body, wire: Wire::from(&answer) })
    }

    /// `PATCH /api/v1/environment_variables/{id}`, scope `update:environment_variables`: another value for the same key.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn update_environment_variable(
        &self,
        id: &str,
        value: &Text,
        is_secret: bool,
    ) -> Result<Reply<()>, ApiError> {
        let path = format!("/api/v1/environment_variables/{}", segment(id));
        let request = self.request(http::Method::PATCH, "Update an environment variable", &path);
        let body = json!({"value": value.expose(), "is_secret": is_secret});
        let answer = self.call(&hiding(request.json(body), value)).await?;
        Ok(Reply { it: (), body: answer.json().unwrap_or(Value::Null), wire: Wire::from(&answer) })
    }
}

/// The value within the JSON body is masked wherever the request is shown, as it stands and as JSON writes it.
fn hiding(request: Request, value: &Text) -> Request {
    let Text::Secret(secret) = value else { return request };
    let written = Value::from(secret.expose()).to_string();
    let written = Secret::new(written.get(1..written.len() - 1).unwrap_or_default());
    request.hiding(secret.clone()).hiding(written)
}

fn variable(value: &Value) -> Option<EnvironmentVariable> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(EnvironmentVariable {
        id: text("id")?,
        key: text("key")?,
        value: text("value"),
        is_secret: value.get("is_secret").and_then(Value::as_bool).unwrap_or_default(),
    })
}
