//! What can be chosen without saying more: what the palette offers and shortcuts do.

use super::{Action, AppsAsk, HooksAsk, InspectorAsk, MailAsk, Room, SandboxAsk, TenantAsk};

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
pub const CHOICES: [Choice; 57] = [
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
    choice("Connect", "The chosen app, for the chosen user", None, || Action::ConnectedApps(AppsAsk::Connect)),
    choice("Cancel connecting", "Of the chosen app", None, || Action::ConnectedApps(AppsAsk::Cancel)),
    choice("Add a connected app…", "By its Reference key", None, || Action::ConnectedApps(AppsAsk::Add)),
    choice("Check the tenant again", "With a new token: scopes are fixed when it is minted", None, || {
        Action::Tenant(TenantAsk::CheckAgain)
    }),
    choice("Copy access token", "Of the M2M application", None, || Action::Tenant(TenantAsk::CopyToken)),
    choice("Import .env…", "Domain and credentials from a file", None, || Action::Tenant(TenantAsk::ImportEnv)),
    choice("New webhook", "", None, || Action::Webhooks(HooksAsk::New)),
    choice("Read the webhooks again", "", None, || Action::Webhooks(HooksAsk::Read)),
    choice("Undo the last deletion", "Makes the webhook again, under a new id", None, || {
        Action::Webhooks(HooksAsk::Undo)
    }),
    choice("Trigger an event…", "The smallest real thing in Kinde, undone afterwards", None, || Action::OpenTrigger),
    choice("Look up an event…", "By its event_id", None, || Action::Webhooks(HooksAsk::LookUp)),
    choice("Export the webhooks…", "As a file to edit, or for another profile", None, || {
        Action::Webhooks(HooksAsk::Export)
    }),
    choice("Import webhooks as a plan…", "Shows what would change first", None, || {
        Action::Webhooks(HooksAsk::Import)
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
    choice("Check a Resend account", "Key, domains, records", None, || Action::Email(MailAsk::Resend)),
    choice("Check a sender domain", "MX, SPF, DKIM, DMARC", None, || Action::Email(MailAsk::Domain)),
    choice("Read received headers", "Where a mail came from, and what it passed", None, || {
        Action::Email(MailAsk::Headers)
    }),
    choice("Explore with the sandbox", "A Kinde tenant on this machine", None, || Action::ExploreSandbox),
    choice("Start the sandbox", "", None, || Action::Sandbox(SandboxAsk::Start)),
    choice("Stop the sandbox", "Its state stays", None, || Action::Sandbox(SandboxAsk::Stop)),
    choice("Send an event of the sandbox…", "Any type, with a payload of yours", None, || {
        Action::Sandbox(SandboxAsk::Send)
    }),
    choice("Deliveries of the sandbox", "Attempts and next retries", None, || Action::Sandbox(SandboxAsk::Deliveries)),
    choice("Faults of the sandbox", "Wrong secret, 429, slow, down", None, || Action::Sandbox(SandboxAsk::Faults)),
    choice("Read the sandbox's mail", "What its mail server took", None, || Action::ReadMail { queue_id: None }),
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
