//! `/logout`: signing out ends at an address that one of the applications registered, to the letter.

use http::Method;

use crate::sandbox::ask::{Ask, Reply};
use crate::sandbox::pages;
use crate::sandbox::world::World;

/// Kinde's own pages name the address `redirect`; OpenID Connect calls it `post_logout_redirect_uri`.
pub fn answer(world: &World, ask: &Ask) -> Reply {
    if ask.method != Method::GET && ask.method != Method::POST {
        return Reply::empty(405).header("allow", "GET, POST");
    }
    let to = ask.query("redirect").or_else(|| ask.query("post_logout_redirect_uri")).filter(|to| !to.is_empty());
    match to {
        None => pages::landing(true, "You are signed out", "You can close this page."),
        Some(to) if registered(world, to) => Reply::redirect(to),
        Some(to) => pages::error_page(
            400,
            "The sign-out cannot end there",
            &format!("This address is no allowed logout redirect URL of any application: {to}"),
        ),
    }
}

fn registered(world: &World, to: &str) -> bool {
    world.state().applications.iter().any(|app| app.logout_urls.iter().any(|known| known == to))
}
