//! How a job ends, and what that means for who waits for its answer.

use super::{Command, activity, connect, mail, shell, tenant};
use crate::error::{Category, UserError};

/// How a job ended. Told after its last event, so that a screen that still waits for its answer stops waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It came to its end.
    Done,
    /// It was cancelled before it had an answer.
    Cancelled,
    /// It panicked.
    Broken,
    /// It was never begun: too many waited.
    Refused,
}

impl End {
    /// Why the answer that somebody still waits for will not come; `None` where it was cancelled, which a person knows.
    pub fn without_answer(self) -> Option<UserError> {
        let (title, detail, hint) = match self {
            Self::Cancelled => return None,
            Self::Done => ("No answer came", "The work ended without a result", "Try again"),
            Self::Broken => (
                "The work broke off",
                "A part of the panel failed. A report without secrets is in the reports folder of the data folder",
                "Try again. If it breaks off again, send the report to the panel's makers",
            ),
            Self::Refused => ("The panel is busy", "The request was not begun", "Try again in a moment"),
        };
        Some(UserError::new(Category::Internal, title).detail(detail).hint(hint))
    }
}

impl Command {
    /// Whether it changes a tenant in more than one call: it is told to stop, and given the time to put right what it began.
    pub(super) fn may_leave_half_done(&self) -> bool {
        matches!(self, Self::Webhooks(command) if !command.only_reads())
    }

    /// Whether its work may be dropped wherever it is. What changes something is brought to its end, so that what
    /// happened is known; a walk heeds its token itself, and says how far it came.
    pub(super) fn may_be_cut(&self) -> bool {
        match self {
            Self::Activity(activity::Command::Get { .. }) | Self::Inspect(_) => true,
            Self::Attempt(command) => command.only_reads(),
            Self::Connect(command) => matches!(
                command,
                connect::Command::Open { .. }
                    | connect::Command::Users { .. }
                    | connect::Command::FetchAgain { .. }
                    | connect::Command::Probe { .. }
                    | connect::Command::Credentials { .. }
            ),
            Self::History(command) => command.only_reads(),
            Self::Keeping(command) => command.only_reads(),
            Self::Leftovers(command) => command.only_reads(),
            Self::Mail(command) => !matches!(
                command,
                mail::Command::Check(_)
                    | mail::Command::Domain { .. }
                    | mail::Command::Resend { .. }
                    | mail::Command::Keep { .. }
                    | mail::Command::Forget { .. }
                    | mail::Command::Sandbox
                    | mail::Command::Save { .. }
            ),
            Self::Public(command) => command.only_reads(),
            Self::Recipes(command) => command.only_reads(),
            Self::Sandbox(command) => {
                matches!(command, super::sandbox::Command::Look | super::sandbox::Command::FollowMails)
            }
            Self::Shell(command) => matches!(command, shell::Command::ReadProfiles),
            Self::Webhooks(command) => command.only_reads(),
            Self::Tenant(command) => matches!(
                command,
                tenant::Command::Find { .. }
                    | tenant::Command::Examine { .. }
                    | tenant::Command::Token { .. }
                    | tenant::Command::PickEnv
                    | tenant::Command::ReadEnv { .. }
                    | tenant::Command::ReadDropped { .. }
                    | tenant::Command::ReadEnvText { .. }
            ),
        }
    }
}
