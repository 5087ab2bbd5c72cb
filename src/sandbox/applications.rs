//! Applications of the Management API, and the addresses a sign-in or a sign-out may end at
//! (`/applications/{id}/auth_redirect_urls`, `/auth_logout_urls`).
//!
//! POST adds, PUT puts its list in the place of all that was there, DELETE takes away what `urls` names.

use http::Method;
use serde_json::{Value, json};
use url::Url;

use super::access::errors;
use super::ask::{Ask, Reply};
use super::roles::page;
use super::state::{Application, ApplicationKind};
use super::world::World;

/// Which of an application's two lists of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Allowed callback URLs.
    Callback,
    /// Allowed logout redirect URLs.
    Logout,
}

impl Which {
    fn member(self) -> &'static str {
        match self {
            Self::Callback => "redirect_urls",
            Self::Logout => "logout_urls",
        }
    }

    fn of(self, app: &mut Application) -> &mut Vec<String> {
        match self {
            Self::Callback => &mut app.redirect_urls,
            Self::Logout => &mut app.logout_urls,
        }
    }
}

fn unknown() -> Reply {
    errors(400, "APPLICATION_NOT_FOUND", "The application was not found")
}

fn success() -> Reply {
    Reply::json(200, &json!({"message": "Success", "code": "OK"}))
}

fn kind(kind: ApplicationKind) -> &'static str {
    match kind {
        ApplicationKind::Reg => "reg",
        ApplicationKind::Spa => "spa",
        ApplicationKind::M2m => "m2m",
    }
}

/// `GET /api/v1/applications`.
pub fn list(world: &World, ask: &Ask) -> Reply {
    let mut all = world.applications();
    match ask.query("sort") {
        Some("name_asc") => all.sort_by(|a, b| a.name.cmp(&b.name)),
        Some("name_desc") => all.sort_by(|a, b| b.name.cmp(&a.name)),
        _ => {}
    }
    let all: Vec<Value> =
        all.iter().map(|app| json!({"id": app.client_id, "name": app.name, "type": kind(app.kind)})).collect();
    page(ask, "applications", &all)
}

/// `GET /api/v1/applications/{application_id}`.
pub fn get(world: &World, id: &str) -> Reply {
    let Some(app) = world.application(id) else { return unknown() };
    let application = json!({
        "id": app.client_id,
        "name": app.name,
        "type": kind(app.kind),
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "login_uri": app.login_uri,
        "homepage_uri": app.homepage_uri,
        "has_cancel_button": false,
    });
    Reply::json(200, &json!({"code": "OK", "message": "Success", "application": application}))
}

/// `GET` of one of the two lists.
pub fn addresses(world: &World, id: &str, which: Which) -> Reply {
    let Some(mut app) = world.application(id) else { return unknown() };
    let mut body = json!({"code": "OK", "message": "Success"});
    if let Some(members) = body.as_object_mut() {
        members.insert(which.member().to_owned(), json!(which.of(&mut app)));
    }
    Reply::json(200, &body)
}

/// `POST`, `PUT` and `DELETE` of one of the two lists.
pub async fn change(world: &World, ask: &Ask, id: &str, which: Which) -> Reply {
    let Some(app) = world.application(id) else { return unknown() };
    if app.kind == ApplicationKind::M2m {
        return errors(400, "INVALID_APPLICATION_TYPE", "A machine to machine application has no such addresses");
    }
    let urls = if ask.method == Method::DELETE {
        Some(ask.query("urls").unwrap_or_default().split(',').map(|url| url.trim().to_owned()).collect())
    } else {
        ask.json().and_then(|body| strings(body.get("urls")?))
    };
    let Some(urls) = urls.filter(|urls: &Vec<String>| !urls.is_empty() && !urls.iter().any(String::is_empty)) else {
        return errors(400, "URLS_REQUIRED", "urls is required");
    };
    if ask.method != Method::DELETE
        && let Some(bad) = urls.iter().find(|url| !absolute(url))
    {
        return errors(400, "INVALID_URL", &format!("The URL is invalid: {bad}"));
    }
    if let Some(app) = world.state().applications.iter_mut().find(|app| app.client_id == id) {
        let kept = which.of(app);
        match ask.method {
            Method::PUT => *kept = urls,
            Method::DELETE => kept.retain(|url| !urls.contains(url)),
            _ => {
                for url in urls {
                    if !kept.contains(&url) {
                        kept.push(url);
                    }
                }
            }
        }
    }
    world.saved(success()).await
}

fn strings(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|url| url.as_str().map(str::to_owned)).collect()
}

/// An address with a scheme. Apps on a phone have schemes of their own.
fn absolute(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.has_host() || !matches!(url.scheme(), "http" | "https"))
        && !text.contains(char::is_whitespace)
}
