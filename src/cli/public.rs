//! `listen --public`: the tunnel that runs beside the receiver, told of on stderr.

use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::print::plain;
use super::register::IN_TIME;
use super::{Context, Picked};
use crate::error::{Category, UserError};
use crate::inspector::import::Item;
use crate::inspector::receiver::Door;
use crate::tenant::Profile;
use crate::tunnel::{self, Consent, Ends, State, Way, Wish};

/// Where localtunnel's server and ngrok's agent are, where they are not in the usual place and the profile does not say.
const LOCALTUNNEL_SERVER: &str = "KINDE_PANEL_LOCALTUNNEL";
const NGROK_AGENT: &str = "KINDE_PANEL_NGROK";
/// How long the end may take in all: the command ends within a second.
const PARTING: Duration = Duration::from_millis(850);

/// A public address that is up.
pub(super) struct Public {
    url: watch::Receiver<Option<Url>>,
    told: Url,
    cancel: CancellationToken,
    kept: tokio::task::JoinHandle<()>,
}

/// What `--public` asks for, with what the profile and the environment say of servers.
///
/// # Errors
/// When it is neither an address nor a way.
pub(super) fn wish(word: &str, picked: &Picked) -> Result<Wish, UserError> {
    let mut wish = Wish::parse(word)?;
    let remembered: Option<Wish> = picked.profile.public.wish.clone().and_then(|it| serde_json::from_value(it).ok());
    if let Some(remembered) = remembered.filter(|it| it.way == wish.way && it.way != Way::Own) {
        (wish.server, wish.name) = (remembered.server, remembered.name);
    }
    let named = match wish.way {
        Way::Localtunnel => std::env::var(LOCALTUNNEL_SERVER).ok(),
        Way::Ngrok => std::env::var(NGROK_AGENT).ok(),
        Way::Own | Way::Cloudflared => None,
    };
    wish.server = named.filter(|text| !text.trim().is_empty()).or(wish.server);
    wish.check()?;
    Ok(wish)
}

/// Refuses a way that the profile's environment does not allow, asks where somebody can answer, and says what must be known
/// once.
///
/// # Errors
/// When it is refused.
pub(super) async fn may_use(wish: &Wish, picked: &Picked, cx: &Context) -> Result<(), UserError> {
    let Some(profile) = cx.cancel.run_until_cancelled(asked_about(wish, picked, cx)).await else {
        return Err(UserError::new(Category::Input, "Cancelled").detail("No public address was asked for"));
    };
    let refused = |words: &str| {
        let allow = match profile.saved {
            true => "allow it once: run this in a terminal, or choose it in the window",
            false => {
                "run this in a terminal to allow it for once, or keep the tenant as a profile in the window, which \
                 remembers it"
            }
        };
        UserError::new(Category::Input, format!("{} is refused for {}", wish.way.title(), profile.name))
            .detail(format!("Its environment is live, or not known to be anything else. {words}"))
            .hint(format!("Use ngrok or cloudflared, whose ways are encrypted, or {allow}"))
    };
    match tunnel::consent(wish.way, &profile) {
        Consent::Given => Ok(()),
        Consent::Ask(words) => {
            // Who names it on the command line has chosen it: it is said once.
            cx.say(words);
            remember(picked, cx, |choices| choices.localtunnel_allowed = true)
        }
        Consent::AskLive(words) if std::io::stdin().is_terminal() => {
            cx.say(&format!("{words}.\nAllow it for {}? Type yes: ", picked.profile.name));
            let typed = tokio::task::spawn_blocking(|| {
                let mut line = String::new();
                std::io::stdin().read_line(&mut line).map(|_| line)
            });
            match cx.cancel.run_until_cancelled(typed).await {
                Some(Ok(Ok(line))) if line.trim().eq_ignore_ascii_case("yes") => {
                    remember(picked, cx, |choices| choices.live_allowed = true)
                }
                _ => Err(refused(words)),
            }
        }
        Consent::AskLive(words) => Err(refused(words)),
    }
}

/// The profile as it is to be judged: where it may be live, with what its environment says of itself now.
async fn asked_about(wish: &Wish, picked: &Picked, cx: &Context) -> Profile {
    if wish.way.warning().is_some() && picked.profile.guard().is_on() {
        match cx.tenant(picked).await {
            Ok(tenant) => return cx.as_it_is(picked, &tenant).await,
            Err(error) => tracing::info!(%error, "the environment was not read"),
        }
    }
    picked.profile.clone()
}

fn remember(
    picked: &Picked,
    cx: &Context,
    choose: impl FnOnce(&mut crate::tenant::PublicChoices),
) -> Result<(), UserError> {
    if picked.profile.saved {
        cx.services.profiles.update(picked.profile.id, |profile| choose(&mut profile.public))?;
    }
    Ok(())
}

impl Public {
    /// Opens what `wish` asks for, before `door`; returns when the self-test has passed. What an agent had captured before
    /// goes to `rescued`. `None` where the person cancelled.
    ///
    /// # Errors
    /// When it cannot be had.
    pub(super) async fn open(
        wish: Wish,
        picked: &Picked,
        door: Door,
        rescued: mpsc::Sender<Vec<Item>>,
        cx: &Context,
    ) -> Result<Option<Self>, UserError> {
        let here = picked.profile.domain.as_ref().is_some_and(crate::kinde::Domain::is_loopback);
        let on_this_machine = picked.profile.is_sandbox() || here;
        let ends = Ends { on_this_machine, ..Ends::new(door, cx.services.http.clone()) };
        let (tell_url, mut url) = watch::channel(None);
        let (tell_end, mut ended) = mpsc::channel(1);
        let cancel = CancellationToken::new();
        let (stop, speaker, said) = (cancel.clone(), cx.clone(), Mutex::new(String::new()));
        let kept = tokio::spawn(async move {
            let tell = |state: State| {
                speak(&state, tell_url.borrow().is_some(), &said, &speaker);
                match state {
                    State::Up { url, .. } => {
                        tell_url.send_if_modified(|now| now.replace(url.clone()).is_none_or(|before| before != url));
                    }
                    State::Rescued(items) => {
                        if rescued.try_send(items).is_err() {
                            tracing::info!("what was captured before is not kept: the command is ending");
                        }
                    }
                    State::Ended { error, .. } => {
                        tell_end.try_send(error).ok();
                    }
                    State::Opening(_) | State::Testing { .. } | State::Down { .. } => {}
                }
            };
            tunnel::keep(&wish, &ends, &tell, stop).await;
        });
        let first = tokio::select! {
            biased;
            () = cx.cancel.cancelled() => None,
            Some(error) = ended.recv() => {
                kept.await.ok();
                return Err(error);
            }
            up = url.wait_for(Option::is_some) => up.ok().and_then(|url| url.clone()),
        };
        let Some(told) = first else {
            cancel.cancel();
            tokio::time::timeout(PARTING, kept).await.ok();
            return Ok(None);
        };
        url.mark_unchanged();
        Ok(Some(Self { url, told, cancel, kept }))
    }

    /// The whole public endpoint, as it was told last.
    pub(super) fn url(&self) -> &Url {
        &self.told
    }

    /// Ready with another endpoint than before: the tunnel was lost, and was given another address.
    pub(super) async fn changed(&mut self) -> Url {
        loop {
            if self.url.changed().await.is_err() {
                return std::future::pending().await;
            }
            let now = self.url.borrow_and_update().clone();
            if let Some(url) = now.filter(|url| *url != self.told) {
                self.told = url.clone();
                return url;
            }
        }
    }

    /// Takes it down, within `time`. What is not down by then ends with this program.
    pub(super) async fn close(self, time: Duration) {
        self.cancel.cancel();
        tokio::time::timeout(time, self.kept).await.ok();
    }
}

/// How long closing may take. Once a person `cancelled`, that and what was put back at Kinde before share the command's one
/// second; `spent` went into the latter.
pub(super) fn time_to_close(cancelled: bool, spent: Duration) -> Duration {
    if cancelled { PARTING.saturating_sub(spent.min(IN_TIME)) } else { PARTING }
}

/// Says on stderr what a person wants to know of it: each thing once, until another is said.
fn speak(state: &State, was_up: bool, said: &Mutex<String>, cx: &Context) {
    let Some(words) = words(state, was_up) else { return };
    let mut said = said.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if *said != words {
        cx.say(&plain(&words));
        *said = words;
    }
}

/// What is to be said. That it cannot be had is how the command ends, where it never was up.
fn words(state: &State, was_up: bool) -> Option<String> {
    Some(match state {
        State::Opening(words) => format!("{words} …"),
        State::Testing { url } => format!("Testing {url} …"),
        State::Up { url, .. } => format!("Webhooks sent to {url} arrive here unchanged"),
        State::Down { error, .. } => format!("The public address is lost, and is tried again. {}", error.as_text()),
        State::Ended { error, .. } if was_up => {
            format!("The public address is gone, and is not tried again. {}", error.as_text())
        }
        State::Rescued(_) | State::Ended { .. } => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_for_good_is_said_and_what_never_was_up_is_the_commands_own_error() {
        let error = UserError::new(Category::Api, "localtunnel's server gives no tunnel").hint("Choose another name");
        let ended = State::Ended { error, checks: Vec::new() };
        assert_eq!(words(&ended, false), None);
        let said = words(&ended, true).unwrap();
        assert!(said.contains("not tried again") && said.contains("Choose another name"), "{said}");
    }

    #[test]
    fn what_is_put_back_at_kinde_and_the_closing_of_the_tunnel_share_the_second_of_a_command() {
        for spent in [0, 50, 400, 600, 60_000].map(Duration::from_millis) {
            // Once it is cancelled Kinde is given no more than that.
            let at_kinde = spent.min(IN_TIME);
            assert!(at_kinde + time_to_close(true, spent) <= Duration::from_millis(850), "{spent:?}");
            assert!(time_to_close(true, spent) >= Duration::from_millis(250), "{spent:?}");
            assert_eq!(time_to_close(false, spent), PARTING, "nobody waits for one that ends by itself");
        }
    }
}
