//! One folder a tab. Screens draw and push Actions; they never do I/O.
//!
//! A screen owns the drafts of its own text fields; everything with an effect is an [`Action`](crate::action::Action).

use std::cell::Cell;

use jiff::Timestamp;

use crate::action::JobId;
use crate::backend::End;
use crate::secrets::KeyringState;
use crate::tenant::{Guard, Profile};
use crate::ui::Load;

pub mod activity;
pub mod connected_apps;
pub mod email;
mod env_paste;
pub mod inspector;
pub mod recipes;
pub mod sandbox;
pub mod settings;
pub mod start;
pub mod tenant;
pub mod webhooks;

/// What every screen may look at.
pub struct Cx<'a> {
    /// The moment this frame shows.
    pub now: Timestamp,
    /// The chosen profile.
    pub profile: Option<&'a Profile>,
    /// Every profile.
    pub profiles: &'a [Profile],
    /// What is known of the keyring.
    pub keyring: &'a KeyringState,
    /// Where things are kept.
    pub data_dir: &'a str,
    /// The last job number given out.
    pub next_job: &'a Cell<JobId>,
}

impl Cx<'_> {
    /// A fresh job number.
    pub fn job(&self) -> JobId {
        let id = self.next_job.get() + 1;
        self.next_job.set(id);
        id
    }
}

/// Why writing there asks first; empty where it does not.
fn guard_words(profile: &Profile) -> String {
    let name = &profile.name;
    match profile.guard() {
        Guard::Open => String::new(),
        Guard::Live => format!("{name} is a live environment"),
        Guard::Unread => format!("Whether {name} is live was not read: it is treated as live"),
        Guard::ByChoice => format!("{name} is guarded, because you chose so"),
    }
}

/// Ends the wait for an answer that will not come: back to what was there, or a failure that says why.
fn give_up<T>(load: &mut Load<T>, end: End) {
    match end.without_answer() {
        Some(error) => load.fail(error),
        None => load.cancel(),
    }
}
