//! A public address for the receiver of this machine: by hand, or from ngrok, cloudflared or localtunnel.
//!
//! [`keep`] opens a tunnel, tests it through its public address before it is called up, tests it again while it stands,
//! and opens it again when it is lost. It tells by [`State`]s and never registers anything at Kinde: who borrows a webhook
//! does that with the address it is told. Whether a person agreed to a way is asked by `consent`; [`keep`] does not ask.

mod cloudflared;
mod consent;
mod keeper;
mod localtunnel;
mod ngrok;
mod offered;
mod own;
mod selftest;
#[cfg(test)]
mod tests;
mod wish;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::check::Check;
use crate::error::UserError;
use crate::inspector::import::Item;
use crate::inspector::receiver::Door;
use crate::net::Http;

pub use consent::{Consent, consent};
pub use keeper::{Rhythm, Tell};
pub use offered::{Found, Offer, offered};
pub use selftest::self_test;
pub use wish::Wish;

/// Whose tunnel it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// An address that a person typed.
    Own,
    /// An ngrok agent that runs on this machine.
    Ngrok,
    /// A quick tunnel of cloudflared, which is started and ended here.
    Cloudflared,
    /// localtunnel, spoken natively.
    #[default]
    Localtunnel,
}

impl Way {
    /// All of them, the best known to work first.
    pub const ALL: [Self; 4] = [Self::Ngrok, Self::Cloudflared, Self::Localtunnel, Self::Own];

    /// As it is typed on the command line. [`Way::Own`] is typed as the address itself.
    pub fn word(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Ngrok => "ngrok",
            Self::Cloudflared => "cloudflared",
            Self::Localtunnel => "localtunnel",
        }
    }

    /// What a person knows it by.
    pub fn title(self) -> &'static str {
        match self {
            Self::Own => "My own address",
            Self::Ngrok => "ngrok",
            Self::Cloudflared => "cloudflared",
            Self::Localtunnel => "localtunnel",
        }
    }

    /// What a person must know before it is used for the first time.
    pub fn warning(self) -> Option<&'static str> {
        match self {
            Self::Localtunnel => Some(
                "localtunnel carries webhooks from its server to this machine unencrypted, and its server sees them: they \
                 hold names and email addresses of your users. The address is not yours: it ends with the tunnel, and \
                 somebody else may be given it after you",
            ),
            Self::Own | Self::Ngrok | Self::Cloudflared => None,
        }
    }
}

/// What becomes of a tunnel, told as it happens.
#[derive(Debug, Clone)]
pub enum State {
    /// It is being opened: what is done now, in words.
    Opening(String),
    /// It is open, and is tested through its public address.
    Testing {
        /// The whole endpoint.
        url: Url,
    },
    /// The test passed: webhooks sent to `url` arrive unchanged. Told again after every later test that passes.
    Up {
        /// The whole endpoint to register. A later one may differ from an earlier one.
        url: Url,
        /// What was tested.
        checks: Vec<Check>,
        /// When.
        checked_at: Timestamp,
    },
    /// It is lost, and is being opened again.
    Down {
        /// The endpoint it had.
        url: Option<Url>,
        /// Why.
        error: UserError,
        /// What was tested, where it was a test that failed.
        checks: Vec<Check>,
        /// When the next attempt is made.
        again_at: Option<Timestamp>,
    },
    /// Requests that the tunnel's agent had captured before the receiver started: to be kept as arrived.
    Rescued(Vec<Item>),
    /// It cannot be had, and never was. Always the last word.
    Ended {
        /// Why.
        error: UserError,
        /// What was tested, where it was a test that failed.
        checks: Vec<Check>,
    },
}

/// What a tunnel needs.
#[derive(Debug, Clone)]
pub struct Ends {
    /// The receiver it leads to.
    pub door: Door,
    /// The client that asks services and makes the self-test.
    pub http: Http,
    /// The tenant is a sandbox here, which may deliver to plain HTTP on this machine.
    pub on_this_machine: bool,
    /// How soon what is noticed.
    pub rhythm: Rhythm,
}

impl Ends {
    /// The usual rhythm, for a tenant at Kinde.
    pub fn new(door: Door, http: Http) -> Self {
        Self { door, http, on_this_machine: false, rhythm: Rhythm::default() }
    }
}

/// The port a receiver should have for `wish`, where nobody chose one: one that a running agent forwards to already, and
/// where nobody else listens.
pub async fn port_wanted(wish: &Wish, http: &Http) -> Option<u16> {
    match wish.way {
        Way::Ngrok => ngrok::free_port(wish, http).await,
        Way::Own | Way::Cloudflared | Way::Localtunnel => None,
    }
}

/// Opens the tunnel that `wish` asks for and keeps it until `cancel`: everything that becomes of it is told, from
/// [`State::Opening`] on. Returns when what it opened is closed; without `cancel` only after [`State::Ended`].
pub async fn keep(wish: &Wish, ends: &Ends, tell: &Tell<'_>, cancel: CancellationToken) {
    if let Err(error) = wish.check() {
        return tell(State::Ended { error, checks: Vec::new() });
    }
    match wish.way {
        Way::Own => keeper::keep(own::Own::new(wish, ends), ends, tell, &cancel).await,
        Way::Ngrok => keeper::keep(ngrok::Ngrok::new(wish, ends), ends, tell, &cancel).await,
        Way::Cloudflared => {
            let line = cloudflared::Cloudflared::new(ends, cloudflared::program());
            keeper::keep(line, ends, tell, &cancel).await;
        }
        Way::Localtunnel => keeper::keep(localtunnel::Localtunnel::new(wish, ends), ends, tell, &cancel).await,
    }
}
