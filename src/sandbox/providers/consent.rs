//! The authorization endpoint of every provider: the consent page, and what Allow and Deny do.

use http::Method;
use url::Url;

use super::Profile;
use crate::sandbox::ask::{Ask, Reply, pick};
use crate::sandbox::pages::{self, Consent};
use crate::sandbox::presets;
use crate::sandbox::state::{Session, Standing};
use crate::sandbox::world::World;

/// The name the sandbox's own app goes by at the providers.
const APP: &str = "Acme Sandbox";

/// Shows the consent page (GET) or acts on its form (POST).
pub async fn answer(world: &World, ask: &Ask, profile: &Profile) -> Reply {
    let given = |name: &str| ask.query(name).unwrap_or_default();
    let Some(app) = world.client(profile.id, given("client_id")) else {
        return pages::error_page(
            401,
            "The OAuth client was not found",
            "The client ID in the address is not one of this provider's. Check the credentials in the connected app.",
        );
    };
    let redirect = given("redirect_uri");
    // Exactly the "Provider to Kinde" address of this tenant, as the providers want it registered.
    if redirect != format!("{}/connected_apps/callback", ask.base) {
        return pages::error_page(
            400,
            "Redirect URI mismatch",
            &format!("The redirect URI in the request is not registered for this client: {redirect}"),
        );
    }
    let state = given("state");
    let found = world
        .state()
        .sessions
        .iter()
        .find(|session| session.state == state && session.key == app.key && session.standing == Standing::Pending)
        .cloned();
    let Some(session) = found else {
        return pages::error_page(
            400,
            "This request is over",
            "It was answered already, or is too old. Go back to the app and connect again.",
        );
    };
    match ask.method {
        Method::GET | Method::HEAD => show(world, ask, profile, &session),
        Method::POST => decide(world, ask, &session, redirect).await,
        _ => Reply::empty(405),
    }
}

fn show(world: &World, ask: &Ask, profile: &Profile, session: &Session) -> Reply {
    let asked = ask.query("scope").unwrap_or_default();
    let scopes = if profile.fixed.is_empty() {
        asked.split_whitespace().map(|scope| ((profile.words)(scope).to_owned(), scope.to_owned())).collect()
    } else {
        profile.fixed.iter().map(|(words, name)| ((*words).to_owned(), (*name).to_owned())).collect()
    };
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&ask.query).finish();
    pages::consent(&Consent {
        provider: profile.name,
        mark: profile.mark,
        app: APP,
        account: &world.subject_name(&session.subject),
        email: &world.subject_email(&session.subject),
        scopes,
        action: format!("{}?{query}", ask.path),
        back_to: &ask.base,
    })
}

async fn decide(world: &World, ask: &Ask, session: &Session, redirect: &str) -> Reply {
    let Ok(mut back) = Url::parse(redirect) else { return Reply::empty(400) };
    let allowed = pick(&ask.form(), "decision") == Some("allow");
    if !allowed {
        back.query_pairs_mut()
            .append_pair("error", "access_denied")
            .append_pair("error_description", "The resource owner denied the request")
            .append_pair("state", &session.state);
        return Reply::redirect(back.as_str());
    }
    let code = presets::url_safe(40);
    if let Some(kept) = world.state().sessions.iter_mut().find(|kept| kept.id == session.id) {
        kept.code = Some(code.clone());
    }
    back.query_pairs_mut().append_pair("code", &code).append_pair("state", &session.state);
    world.saved(Reply::redirect(back.as_str())).await
}
