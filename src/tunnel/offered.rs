//! Which ways there are on this machine, before one is chosen. Changes nothing anywhere.

use std::time::Duration;

use super::{Way, Wish, cloudflared, ngrok};
use crate::net::Http;

/// How long an agent may take to answer.
const PATIENCE: Duration = Duration::from_millis(800);

/// How a way stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It can be opened.
    Ready,
    /// It runs already and leads to the receiver: its public base.
    Running(String),
    /// Something is missing.
    Missing,
}

/// One way that may be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Whose.
    pub way: Way,
    /// How it stands.
    pub state: Found,
    /// One sentence about that.
    pub words: String,
    /// What to do where something is missing.
    pub fix: Option<String>,
}

/// The ways, in the order to offer them. `port`: the receiver's, where it is known. `wish` says where ngrok's agent is.
pub async fn offered(http: &Http, port: Option<u16>, wish: &Wish) -> Vec<Offer> {
    let of_ngrok = if wish.way == Way::Ngrok { wish.clone() } else { Wish { way: Way::Ngrok, ..Wish::default() } };
    let forwards = ngrok::forwards(&of_ngrok, http, PATIENCE).await;
    let shown = port.map_or_else(|| "PORT".to_owned(), |port| port.to_string());
    let installed = cloudflared::program().is_some();
    let mut all = vec![by_ngrok(forwards.as_deref(), port, &shown), by_cloudflared(installed)];
    all.push(Offer {
        way: Way::Localtunnel,
        state: Found::Ready,
        words: "Built in: nothing to install, no account".to_owned(),
        fix: None,
    });
    all.push(Offer {
        way: Way::Own,
        state: Found::Ready,
        words: "An address that you lead to the receiver yourself".to_owned(),
        fix: None,
    });
    // What leads here already comes first, what is missing last.
    all.sort_by_key(|offer| match offer.state {
        Found::Running(_) => 0,
        Found::Ready => 1,
        Found::Missing => 2,
    });
    all
}

fn by_ngrok(forwards: Option<&[ngrok::Forward]>, port: Option<u16>, shown: &str) -> Offer {
    let way = Way::Ngrok;
    let Some(forwards) = forwards else {
        return Offer {
            way,
            state: Found::Missing,
            words: "No ngrok agent runs on this machine".to_owned(),
            fix: Some(format!("ngrok http 127.0.0.1:{shown}")),
        };
    };
    if let Some(forward) = port.and_then(|port| ngrok::Forward::to(forwards, port)) {
        let base = forward.url.to_string();
        return Offer { way, state: Found::Running(base), words: format!("ngrok forwards to {shown}"), fix: None };
    }
    let words = match forwards.first() {
        Some(other) => {
            format!("ngrok runs and forwards to {}; an endpoint for the receiver is made beside it", other.upstream)
        }
        None => "ngrok runs; an endpoint for the receiver is made on it".to_owned(),
    };
    Offer { way, state: Found::Ready, words, fix: None }
}

fn by_cloudflared(installed: bool) -> Offer {
    let way = Way::Cloudflared;
    if installed {
        let words = "cloudflared is installed: a quick tunnel, no account".to_owned();
        return Offer { way, state: Found::Ready, words, fix: None };
    }
    let missing = cloudflared::missing();
    Offer { way, state: Found::Missing, words: missing.title, fix: Some(missing.hint) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cloudflared_is_offered_where_it_is_installed_and_else_each_system_is_told_how_to_get_it() {
        assert_eq!(by_cloudflared(true).state, Found::Ready);
        let missing = by_cloudflared(false);
        let fix = missing.fix.unwrap();
        assert_eq!((missing.state, missing.words.as_str()), (Found::Missing, "cloudflared is not installed"));
        for system in ["brew install", "winget install", "Linux"] {
            assert!(fix.contains(system), "{fix}");
        }
    }
}
