//! Applications and their addresses: `GET /api/v1/applications`, `GET|POST /api/v1/applications/{id}/auth_redirect_urls`
//! and `…/auth_logout_urls`.
//!
//! An application's id is its client ID. There is no call here that replaces addresses: `PUT` on the same paths takes away
//! every one that is not named, so adding is always `POST`.

use serde_json::{Value, json};

use super::api::{KindeApi, read, segment};
use super::error::ApiError;
use super::model::Wire;
use super::webhooks::Reply;

/// Applications on a page of the list, and the pages that are read.
const PAGE_SIZE: &str = "100";
const PAGES: usize = 20;

/// One application, of `GET /api/v1/applications`. Its secret is left where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Its id, which is its client ID.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `reg` (server-rendered), `spa`, `m2m` or `device`.
    pub kind: String,
}

/// Which list of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Addresses {
    /// Allowed callback URLs.
    Callback,
    /// Allowed logout redirect URLs.
    Logout,
}

impl Addresses {
    /// The scope to do `verb` (`read`, `create`) with them.
    pub fn scope(self, verb: &str) -> String {
        match self {
            Self::Callback => format!("{verb}:applications_redirect_uris"),
            Self::Logout => format!("{verb}:application_logout_uris"),
        }
    }

    /// As Kinde's page calls the field.
    pub fn title(self) -> &'static str {
        match self {
            Self::Callback => "Allowed callback URLs",
            Self::Logout => "Allowed logout redirect URLs",
        }
    }

    fn path(self, application: &str) -> String {
        let list = match self {
            Self::Callback => "auth_redirect_urls",
            Self::Logout => "auth_logout_urls",
        };
        format!("/api/v1/applications/{}/{list}", segment(application))
    }

    fn members(self) -> [&'static str; 2] {
        match self {
            Self::Callback => ["redirect_urls", "urls"],
            Self::Logout => ["logout_urls", "urls"],
        }
    }
}

impl KindeApi {
    /// `GET /api/v1/applications`, scope `read:applications`: all of them, page by page.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn applications(&self) -> Result<Reply<Vec<Application>>, ApiError> {
        let (mut all, mut next) = (Vec::new(), None::<String>);
        let mut pages = 0;
        loop {
            let mut request = self
                .request(http::Method::GET, "List applications", "/api/v1/applications")
                .query("page_size", PAGE_SIZE);
            if let Some(token) = next {
                request = request.query("next_token", token);
            }
            let answer = self.call(&request).await?;
            let page = read(&answer, |body| {
                let list = body.get("applications")?;
                let list = if list.is_null() { &[][..] } else { list.as_array()? };
                Some(list.iter().filter_map(application).collect::<Vec<_>>())
            })?;
            all.extend(page);
            let body = answer.json().unwrap_or_default();
            next = body.get("next_token").and_then(Value::as_str).filter(|it| !it.is_empty()).map(str::to_owned);
            pages += 1;
            if next.is_none() || pages == PAGES {
                return Ok(Reply { it: all, body, wire: Wire::from(&answer) });
            }
        }
    }

    /// `GET /api/v1/applications/{id}/auth_redirect_urls` or `…/auth_logout_urls`: what is registered, as it stands there.
    /// Scope `read:applications_redirect_uris` or `read:application_logout_uris`.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn addresses(&self, of: Addresses, application: &str) -> Result<Reply<Vec<String>>, ApiError> {
        let purpose = format!("List {}", of.title());
        let answer = self.call(&self.request(http::Method::GET, purpose, &of.path(application))).await?;
        read(&answer, |body| {
            let list = of.members().into_iter().find_map(|name| body.get(name))?;
            let list = if list.is_null() { &[][..] } else { list.as_array()? };
            let it = list.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            Some(Reply { it, body: body.clone(), wire: Wire::from(&answer) })
        })
    }

    /// `POST` on the same path: adds `urls` to those that are registered. Scope `create:applications_redirect_uris` or
    /// `create:application_logout_uris`.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn add_addresses(
        &self,
        of: Addresses,
        application: &str,
        urls: &[String],
    ) -> Result<Reply<()>, ApiError> {
        let purpose = format!("Add to {}", of.title());
        let request = self.request(http::Method::POST, purpose, &of.path(application)).json(json!({"urls": urls}));
        let answer = self.call(&request).await?;
        Ok(Reply { it: (), body: answer.json().unwrap_or(Value::Null), wire: Wire::from(&answer) })
    }

    /// `DELETE` on the same path: takes one address away. Scope `delete:applications_redirect_uris` or
    /// `delete:application_logout_uris`.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn remove_address(&self, of: Addresses, application: &str, url: &str) -> Result<Reply<()>, ApiError> {
        let purpose = format!("Take from {}", of.title());
        let request = self.request(http::Method::DELETE, purpose, &of.path(application)).query("urls", url);
        let answer = self.call(&request).await?;
        Ok(Reply { it: (), body: answer.json().unwrap_or(Value::Null), wire: Wire::from(&answer) })
    }
}

fn application(value: &Value) -> Option<Application> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let id = text("client_id").or_else(|| text("id"))?;
    Some(Application { name: text("name").unwrap_or_else(|| id.clone()), kind: text("type").unwrap_or_default(), id })
}
