//! What a person can do: plain data that screens push and the shell applies.
//!
//! Menu, palette, shortcuts and tests all read the same [`Action`].

use uuid::Uuid;

use crate::secrets::Secret;

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
    /// Judge a text in the Inspector.
    PasteToInspector(Secret),
    /// Show a received attempt in the Inspector, among the others of its id.
    ShowAttempt {
        /// Its number.
        seq: i64,
        /// Its Event ID or Webhook Request ID.
        id: String,
    },
    /// Remember how much of the history is kept.
    KeepSoMuch(Keep),
    /// Remember how a profile receives.
    KeepReceiving(Uuid, crate::backend::history::Kept),
    /// Open the Webhooks room where events are caused.
    OpenTrigger,
    /// Open the Webhooks room on what was left in any tenant.
    OpenLeftovers,
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

/// How much of the history is kept; nothing said is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Keep {
    /// Older events go.
    pub days: Option<u32>,
    /// While there is more, the oldest go.
    pub megabytes: Option<u32>,
}

impl Default for Keep {
    /// What the history keeps where nobody said otherwise.
    fn default() -> Self {
        Self { days: Some(30), megabytes: Some(4096) }
    }
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
}

/// An action that needs nothing more than to be chosen: what palette and shortcuts offer.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    /// What the palette shows.
    pub name: &'static str,
    /// What it does, in a few words.
    pub hint: &'static str,
    /// Its key, as shown.
    pub shortcut: Option<&'static str>,
    /// Makes the action.
    pub action: fn() -> Action,
}

const fn choice(
    name: &'static str,
    hint: &'static str,
    shortcut: Option<&'static str>,
    action: fn() -> Action,
) -> Choice {
    Choice { name, hint, shortcut, action }
}

/// Everything the palette offers besides the profiles.
pub const CHOICES: [Choice; 35] = [
    choice("Tenant", "Domain, M2M application, doctor", Some("Ctrl+1"), || Action::Go(Room::Tenant)),
    choice("Connected apps", "Walk a connected app to its token", Some("Ctrl+2"), || Action::Go(Room::ConnectedApps)),
    choice("Webhooks", "Create, change, delete, trigger", Some("Ctrl+3"), || Action::Go(Room::Webhooks)),
    choice("Inspector", "Decode and judge a token or webhook", Some("Ctrl+4"), || Action::Go(Room::Inspector)),
    choice("Email", "SMTP server, Resend, sender domain", Some("Ctrl+5"), || Action::Go(Room::Email)),
    choice("Recipes", "Every third-party tool of Kinde's guides", Some("Ctrl+6"), || Action::Go(Room::Recipes)),
    choice("Sandbox", "Addresses, events, deliveries, faults", None, || Action::Go(Room::Sandbox)),
    choice("Activity", "Every HTTP exchange of this run", Some("Ctrl+7"), || Action::Go(Room::Activity)),
    choice("Settings", "Appearance, keyring, storage", Some("Ctrl+,"), || Action::Go(Room::Settings)),
    choice("Send this tenant's events here", "Receiver, tunnel and webhook at once", None, || {
        Action::Inspector(InspectorAsk::Send)
    }),
    choice("Stop sending events here", "Puts tunnel and webhook back", None, || {
        Action::Inspector(InspectorAsk::StopSending)
    }),
    choice("Look for leftovers", "Dead webhooks and test things, in every profile", None, || Action::OpenLeftovers),
    choice("Listen for webhooks", "Receive on this machine", Some("Ctrl+L"), || {
        Action::Inspector(InspectorAsk::Listen)
    }),
    choice("Stop listening", "", None, || Action::Inspector(InspectorAsk::Stop)),
    choice("Pause or resume the list", "Receiving goes on", None, || Action::Inspector(InspectorAsk::Pause)),
    choice("Paste into the Inspector", "A token, or many webhooks", None, || Action::Inspector(InspectorAsk::Paste)),
    choice("Search events", "Type, verdict, words, members", Some("Ctrl+F"), || {
        Action::Inspector(InspectorAsk::Search)
    }),
    choice("Receiving settings…", "Port, forwards, answers", None, || Action::Inspector(InspectorAsk::Receiving)),
    choice("Import events…", "NDJSON, HAR, raw HTTP, curl, tokens", None, || Action::Inspector(InspectorAsk::Import)),
    choice("Export events…", "Those that match, as NDJSON", None, || Action::Inspector(InspectorAsk::Export)),
    choice("How much is kept…", "By age and size", None, || Action::Inspector(InspectorAsk::Retention)),
    choice("Clear history…", "Of the chosen profile", None, || Action::Inspector(InspectorAsk::Clear)),
    choice("Check the SMTP server", "As typed in the Email room", None, || Action::Email(MailAsk::Check)),
    choice("Use the sandbox's SMTP server", "A mail server on this computer", None, || {
        Action::Email(MailAsk::UseSandbox)
    }),
    choice("Explore with the sandbox", "A Kinde tenant on this machine", None, || Action::ExploreSandbox),
    choice("Add a tenant…", "Type its Kinde domain", None, || Action::AddTenant),
    choice("Show notifications", "What happened in the background", None, || Action::ToggleNotices),
    choice("Use the light theme", "", None, || Action::SetTheme(egui::ThemePreference::Light)),
    choice("Use the dark theme", "", None, || Action::SetTheme(egui::ThemePreference::Dark)),
    choice("Use the system's theme", "", None, || Action::SetTheme(egui::ThemePreference::System)),
    choice("Zoom in", "", Some("Ctrl++"), || Action::ZoomIn),
    choice("Zoom out", "", Some("Ctrl+-"), || Action::ZoomOut),
    choice("Reset zoom", "", Some("Ctrl+0"), || Action::ZoomReset),
    choice("Try the keyring again", "After starting or unlocking it", None, || Action::RetryKeyring),
    choice("Quit", "", Some("Ctrl+Q"), || Action::Quit),
];

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
