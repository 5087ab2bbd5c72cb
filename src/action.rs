//! What a person can do: plain data that screens push and the shell applies.
//!
//! Menu, palette, shortcuts and tests all read the same [`Action`].

mod choices;

use uuid::Uuid;

use crate::secrets::Secret;

pub use choices::{CHOICES, Choice};

pub use crate::backend::{Command, JobId};
pub use crate::ui::Mood;

/// A room of the rail, or a page beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
pub enum Room {
    /// The page of the first start.
    #[default]
    Start,
    /// Which environment, and is its M2M application right?
    Tenant,
    /// Walk a connected app.
    ConnectedApps,
    /// Keep, change, cause and look up what Kinde delivers.
    Webhooks,
    /// Decode and judge.
    Inspector,
    /// Will Kinde be able to send?
    Email,
    /// Every third-party tool of Kinde's guides.
    Recipes,
    /// The Kinde tenant on this machine; only while its profile is chosen.
    Sandbox,
    /// Every HTTP exchange.
    Activity,
    /// Appearance, storage.
    Settings,
}

impl Room {
    /// Every room, in the order of the rail.
    pub const ALL: [Self; 10] = [
        Self::Start,
        Self::Tenant,
        Self::ConnectedApps,
        Self::Webhooks,
        Self::Inspector,
        Self::Email,
        Self::Recipes,
        Self::Sandbox,
        Self::Activity,
        Self::Settings,
    ];

    /// Its name in the rail and the palette.
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "Start",
            Self::Tenant => "Tenant",
            Self::ConnectedApps => "Connected apps",
            Self::Webhooks => "Webhooks",
            Self::Inspector => "Inspector",
            Self::Email => "Email",
            Self::Recipes => "Recipes",
            Self::Sandbox => "Sandbox",
            Self::Activity => "Activity",
            Self::Settings => "Settings",
        }
    }
}

/// One thing a person did.
#[derive(Debug)]
pub enum Action {
    /// Open a room.
    Go(Room),
    /// Open the command palette.
    OpenPalette,
    /// Show or hide the notifications.
    ToggleNotices,
    /// Choose a profile.
    SwitchProfile(Uuid),
    /// Choose the sandbox profile, start the sandbox, and open its connected apps.
    ExploreSandbox,
    /// Open the Tenant room on an empty domain box, to add a tenant.
    AddTenant,
    /// Light, dark or the system's.
    SetTheme(egui::ThemePreference),
    /// Larger.
    ZoomIn,
    /// Smaller.
    ZoomOut,
    /// As it was.
    ZoomReset,
    /// Look for the keyring again.
    RetryKeyring,
    /// Put a text on the clipboard.
    CopyText(Secret),
    /// Ask the backend. The screen made the number with [`JobId`]'s source and drops answers of other numbers.
    Run(JobId, Command),
    /// End a job.
    Cancel(JobId),
    /// Open an http(s) address in the system's browser.
    OpenUrl(String),
    /// Read the profiles again.
    ProfilesChanged,
    /// Tell something that happened in the background: mood, title, detail.
    Notify(Mood, String, String),
    /// The same with a button that does something about it.
    Offer {
        /// What kind.
        mood: Mood,
        /// One sentence.
        title: String,
        /// More, or empty.
        detail: String,
        /// On the button.
        words: &'static str,
        /// What the button does.
        action: Box<Self>,
    },
    /// Make the deleted webhook that had this id again.
    UndoDelete(String),
    /// Bring back the inputs of a recipe that were forgotten.
    UndoForget {
        /// For which profile.
        profile: Uuid,
        /// The recipe's name.
        recipe: &'static str,
    },
    /// Judge a text in the Inspector.
    PasteToInspector(Secret),
    /// Show a received attempt in the Inspector, among the others of its id.
    ShowAttempt {
        /// Its number.
        seq: i64,
        /// Its Event ID or Webhook Request ID.
        id: String,
    },
    /// Remember how a profile receives.
    KeepReceiving(Uuid, crate::backend::history::Kept),
    /// Open the Webhooks room where events are caused.
    OpenTrigger,
    /// Open the Webhooks room on what was left in any tenant.
    OpenLeftovers,
    /// Open the Tenant room and do this there.
    Tenant(TenantAsk),
    /// Open the Connected apps room and do this there.
    ConnectedApps(AppsAsk),
    /// Open the Webhooks room and do this there.
    Webhooks(HooksAsk),
    /// Open the Sandbox room and do this there.
    Sandbox(SandboxAsk),
    /// Open the Inspector and do this there.
    Inspector(InspectorAsk),
    /// Open the Email room and do this there.
    Email(MailAsk),
    /// Open the Recipes room on the recipe of that name.
    OpenRecipe(&'static str),
    /// Show the mail of the sandbox; the message that was queued under that id, where one is named.
    ReadMail {
        /// What its server said it is queued as.
        queue_id: Option<String>,
    },
    /// Close the window.
    Quit,
}

/// What can be asked of the Tenant room from anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenantAsk {
    /// Examine the tenant with a token minted anew.
    CheckAgain,
    /// Put an access token of its M2M application on the clipboard.
    CopyToken,
    /// Bring in a `.env` file.
    ImportEnv,
}

/// What can be asked of the Connected apps room from anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppsAsk {
    /// Connect the chosen app for the chosen user or organization.
    Connect,
    /// Cancel the walk of the chosen app.
    Cancel,
    /// Remember another app.
    Add,
}

/// What can be asked of the Webhooks room from anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HooksAsk {
    /// Begin a new webhook.
    New,
    /// Read the list again.
    Read,
    /// Make the webhook that was deleted last again.
    Undo,
    /// Look an event up by its id.
    LookUp,
    /// Write the webhooks to a file.
    Export,
    /// Read a file as a plan.
    Import,
}

/// What can be asked of the Sandbox room from anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SandboxAsk {
    /// Start the sandbox.
    Start,
    /// Stop it.
    Stop,
    /// Show where events are sent.
    Send,
    /// Show what it delivers.
    Deliveries,
    /// Show what goes wrong in it on demand.
    Faults,
}

/// What can be asked of the Inspector from anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InspectorAsk {
    /// Start to receive for the chosen profile.
    Listen,
    /// Stop receiving for it.
    Stop,
    /// Send the chosen profile's events here: receiver, tunnel and webhook.
    Send,
    /// Put the webhook back, and receive on.
    StopSending,
    /// Let the list stand still, or go on.
    Pause,
    /// Show the paste box.
    Paste,
    /// Put the keyboard into the search field.
    Search,
    /// Say how it receives.
    Receiving,
    /// Bring events in from a file.
    Import,
    /// Write the events that match to a file.
    Export,
    /// Say how much is kept.
    Retention,
    /// Delete what was received, after a question.
    Clear,
}

/// What can be asked of the Email room from anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailAsk {
    /// Check the server that is typed.
    Check,
    /// Fill the form with the sandbox's own server.
    UseSandbox,
    /// Show the check of a Resend account.
    Resend,
    /// Show the check of a sender domain.
    Domain,
    /// Show where received headers are pasted.
    Headers,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_token_is_not_in_the_debug_text_of_an_action() {
        for action in [Action::CopyText(Secret::new("gho_canary")), Action::PasteToInspector(Secret::new("gho_canary"))]
        {
            assert!(!format!("{action:?}").contains("canary"), "{action:?}");
        }
    }
}
