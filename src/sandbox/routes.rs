//! Which part of the sandbox answers a request, after the faults had their say.

use std::time::Duration;

use super::ask::{Ask, Reply};
use super::faults::Down;
use super::world::World;
use super::{access, connected, oauth, providers, token, wellknown};

/// Answers a request to the tenant; `None` closes the connection.
pub async fn answer(world: &World, ask: &Ask) -> Option<Reply> {
    if let Some(rest) = ask.path.strip_prefix("/_providers/") {
        return Some(providers::answer(world, ask, rest).await);
    }
    let faults = world.faults().clone();
    if faults.slow_ms > 0 {
        tokio::time::sleep(Duration::from_millis(faults.slow_ms.min(60_000))).await;
    }
    match faults.down {
        Some(Down::Closed) => return None,
        Some(Down::Unavailable) => {
            return Some(Reply::page(
                503,
                "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>".into(),
            ));
        }
        None => {}
    }
    Some(match ask.path.as_str() {
        "/.well-known/openid-configuration" => wellknown::discovery(ask),
        "/.well-known/jwks" | "/.well-known/jwks.json" => wellknown::jwks(world, ask),
        "/oauth2/token" => token::answer(world, ask),
        "/connected_apps/callback" => connected::callback(world, ask).await,
        "/connected_apps/done" => connected::landing(ask),
        path if path.starts_with("/api/") => access::answer(world, ask).await,
        _ => oauth::answer(world, ask).await.unwrap_or_else(|| Reply::empty(404)),
    })
}
