//! The environment of the Management API.

use serde_json::json;

use super::ask::{Ask, Reply};
use super::users::stamp;
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
                "google_analytics_tag": "G-SANDBOX001",
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
