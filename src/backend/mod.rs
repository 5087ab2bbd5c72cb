//! The tokio thread: a [`Command`] in, [`Event`]s out. Knows no egui: it wakes the window through a closure.
//!
//! Each room has one file here with its own `Command`, `Event` and `run`; this module only carries them. The
//! command queue is bounded, and a full one is told to the person. Of events a job may have so many under way before it
//! waits, but what a walk posts is never dropped. Every job, however it ends, is followed by [`Event::Ended`]: no screen
//! waits for what will not come.

pub mod activity;
mod asked_to_end;
pub mod attempt;
mod attempt_store;
mod attempt_writing;
pub mod connect;
pub mod dialog;
mod end;
mod events;
mod going;
pub mod history;
mod history_files;
mod history_replays;
pub mod inspect;
mod job;
mod keeper;
pub mod keeping;
pub mod leftovers;
pub mod mail;
pub mod public;
mod receiver;
pub mod recipes;
pub mod sandbox;
mod sandbox_host;
pub mod shell;
mod small_file;
pub mod tenant;
mod watcher;
pub mod webhooks;
mod worker;

pub use attempt_store::AttemptStore;
pub use end::End;
pub use events::{EventSender, Events, Stamped};
pub use going::Going;
pub use job::Job;
pub use sandbox_host::SandboxHost;
pub use worker::{Backend, Busy};

/// The number of a job within this run, from 1. Answers of a job that is no longer wanted are dropped by it.
pub type JobId = u64;

macro_rules! rooms {
    ($($(#[$doc:meta])* $room:ident => $module:ident),* $(,)?) => {
        /// What the window asks for, by room.
        #[derive(Debug)]
        pub enum Command { $($(#[$doc])* $room($module::Command)),* }

        /// What comes back, by room.
        #[derive(Debug)]
        pub enum Event {
            $($(#[$doc])* $room($module::Event),)*
            /// The last event of every job.
            Ended(End),
        }

        $(
            impl From<$module::Command> for Command {
                fn from(command: $module::Command) -> Self { Self::$room(command) }
            }
            impl From<$module::Event> for Event {
                fn from(event: $module::Event) -> Self { Self::$room(event) }
            }
        )*

        impl Command {
            /// Runs it to its end.
            pub async fn run(self, job: Job) {
                match self { $(Self::$room(command) => $module::run(command, job).await),* }
            }
        }
    };
}

rooms! {
    /// Activity: send a read again.
    Activity => activity,
    /// The inspector: one kept attempt.
    Attempt => attempt,
    /// Connected apps: walk, revoke, sessions.
    Connect => connect,
    /// The inspector: the history and its receiver.
    History => history,
    /// The inspector: judge a token.
    Inspect => inspect,
    /// Email: the check of an SMTP server, Resend, the sender's domain.
    Mail => mail,
    /// Settings: how much of the history is kept.
    Keeping => keeping,
    /// Webhooks: what was left in any tenant.
    Leftovers => leftovers,
    /// A tenant's events sent here: tunnel and webhook, and both put back.
    Public => public,
    /// Recipes: make, check, simulate, plan, apply, save.
    Recipes => recipes,
    /// The sandbox: start it, set its faults.
    Sandbox => sandbox,
    /// The shell: profiles, browser, keyring.
    Shell => shell,
    /// The tenant room: domain, M2M application, doctor.
    Tenant => tenant,
    /// Webhooks: list, change, trigger, look up.
    Webhooks => webhooks,
}
