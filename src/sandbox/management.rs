//! Environment and organizations of the Management API.

use serde_json::{Value, json};

use super::access::errors;
use super::ask::{Ask, Reply};
use super::state::Org;
use super::users::{page_size, stamp};
use super::world::World;

/// `GET /api/v1/environment` (`get_environment_response`). Never live.
pub fn environment(world: &World, ask: &Ask) -> Reply {
    let colour = |hex: &str, hsl: &str| json!({"raw": hex, "hex": hex, "hsl": hsl});
    let host = ask.base.split("://").nth(1).unwrap_or_default();
    let made = world.state().users.iter().map(|user| user.created_on).min().unwrap_or_else(|| world.now());
    Reply::json(
        200,
        &json!({
            "code": "OK",
            "message": "Success",
            "environment": {
                "code": "sandbox",
                "name": "Sandbox",
                "hotjar_site_id": null,
                "contentsquare_tag_id": null,
                "google_analytics_tag": null,
                "is_default": false,
                "is_live": false,
                "kinde_domain": host,
                "custom_domain": null,
                "logo": null,
                "logo_dark": null,
                "favicon_svg": null,
                "favicon_fallback": null,
                "theme_code": "light",
                "color_scheme": "light",
                "background_color": colour("#ffffff", "hsl(0, 0%, 100%)"),
                "created_on": stamp(made),
            }
        }),
    )
}

fn org(org: &Org) -> Value {
    json!({"code": org.code, "name": org.name, "handle": null, "is_default": false, "external_id": null, "is_auto_membership_enabled": false})
}

/// `GET /api/v1/organizations` (`get_organizations_response`).
pub fn organizations(world: &World, ask: &Ask) -> Reply {
    let size = page_size(ask);
    let start: usize = ask.query("next_token").and_then(|token| token.parse().ok()).unwrap_or(0);
    let state = world.state();
    let page: Vec<Value> = state.orgs.iter().skip(start).take(size).map(org).collect();
    let end = start + page.len();
    let next = (end < state.orgs.len()).then(|| end.to_string());
    Reply::json(200, &json!({"code": "OK", "message": "Success", "organizations": page, "next_token": next}))
}

/// `GET /api/v1/organization?code=`.
pub fn organization(world: &World, ask: &Ask) -> Reply {
    let code = ask.query("code").unwrap_or_default();
    match world.state().orgs.iter().find(|org| org.code == code) {
        Some(found) => Reply::json(200, &org(found)),
        None => errors(400, "ORGANIZATION_NOT_FOUND", "Organization not found"),
    }
}
