//! A hidden screen with every widget in every state: the place where looks are judged (`--gallery`), and what
//! the snapshot tests draw. It has no state of the program and does nothing.

use egui::{ScrollArea, Ui};

use super::tokens::space;
use super::{
    Button, Callout, FieldRow, Icon, Load, LoadView, Mood, SecretDraft, badge, badge_with, check_list, checkbox,
    checkbox_row, combo, combo_item, combo_row, copy_button, copy_icon, danger_button, empty_state, ghost_button,
    heading, icon_button, kbd, label, loading, primary_button, profile_dot, prose, radio, secondary_button, secret_row,
    secret_value, segmented, small, status, step_list_with, strong, subdued, tabs, text_field, title, toggle, tokens,
    verdict,
};
use super::{
    Col, ListRow, Table, ago, card, disclosure, key_value, key_value_copy, link, paste_box, section, section_with,
};
use super::{
    Confirm, JsonTree, Notices, PaletteAnswer, PaletteItem, PaletteState, code_view, json_view, notice_list, palette,
    toasts,
};
use crate::check::{Check, Verdict};
use crate::error::{Category, UserError};
use crate::secrets::Secret;
use crate::step::{Step, StepState};
use jiff::Timestamp;

/// What the gallery's own fields hold.
#[derive(Debug, Default)]
pub struct GalleryState {
    text: String,
    broken: String,
    filter: String,
    secret: SecretDraft,
    on: bool,
    off: bool,
    chosen: usize,
    tab: usize,
    row: Option<usize>,
    pasted: String,
    notices: Notices,
    palette: PaletteState,
    /// What stands over the page.
    pub over: Option<Over>,
}

/// What can stand over the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// A question before something is destroyed.
    Dialog,
    /// The command palette.
    Palette,
    /// Toasts at the lower right.
    Toasts,
}

/// One part of the gallery.
pub type Piece = (&'static str, fn(&mut Ui, &mut GalleryState));

/// The parts, each drawn on its own by the tests.
pub const PIECES: &[Piece] = &[
    ("buttons", buttons),
    ("icons", icons),
    ("text", words),
    ("fields", fields),
    ("callouts", callouts),
    ("choices", choices),
    ("status", statuses),
    ("secrets", secrets),
    ("loads", loads),
    ("checks", checks),
    ("steps", steps),
    ("table", table),
    ("groups", groups),
    ("paste", paste),
    ("code", code),
    ("notices", notices),
    ("over", over),
];

/// The whole gallery, one part below the other.
pub fn ui(ui: &mut Ui, state: &mut GalleryState) {
    ScrollArea::vertical().id_salt("gallery").auto_shrink(false).show(ui, |ui| {
        for (name, piece) in PIECES {
            title(ui, name);
            ui.push_id(name, |ui| piece(ui, state));
            ui.add_space(space::XL);
        }
    });
}

/// One part by its name; does nothing where there is none.
pub fn piece(ui: &mut Ui, name: &str, state: &mut GalleryState) {
    if let Some((name, piece)) = PIECES.iter().find(|(known, _)| *known == name) {
        ui.push_id(name, |ui| piece(ui, state));
    }
}

fn row(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::MD;
        content(ui);
    });
}

fn buttons(ui: &mut Ui, _: &mut GalleryState) {
    row(ui, |ui| {
        primary_button(ui, "Connect");
        secondary_button(ui, "Check again");
        ghost_button(ui, "Options");
        danger_button(ui, "Revoke session");
    });
    row(ui, |ui| {
        let why = "Choose a user first";
        Button::primary("Connect").name("Connect, off").enabled_or(false, why).show(ui);
        Button::secondary("Check again").name("Check again, off").enabled_or(false, why).show(ui);
        Button::ghost("Options").name("Options, off").enabled_or(false, why).show(ui);
        Button::danger("Revoke session").name("Revoke session, off").enabled_or(false, why).show(ui);
    });
    row(ui, |ui| {
        Button::primary("Connect").name("Connect, small").small().show(ui);
        Button::secondary("Add app…").icon(Icon::Plus).small().show(ui);
        Button::ghost("Set-up guide").icon_after(Icon::ChevronRight).small().show(ui);
        Button::secondary("Held in").selected(true).small().show(ui);
    });
    row(ui, |ui| {
        Button::secondary("Add app…").name("Add app, regular").icon(Icon::Plus).show(ui);
        Button::secondary("Open in Kinde").icon_after(Icon::External).show(ui);
        icon_button(ui, Icon::Refresh, "Refresh");
        icon_button(ui, Icon::More, "More");
        copy_button(ui, "Copy token", || "token".to_owned());
        copy_icon(ui, "Copy id", || "id".to_owned());
    });
}

fn icons(ui: &mut Ui, _: &mut GalleryState) {
    let t = tokens(ui);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::MD;
        for icon in Icon::ALL {
            icon.show(ui, 16.0, t.text, icon.file()).on_hover_text(icon.file());
        }
    });
}

fn words(ui: &mut Ui, _: &mut GalleryState) {
    heading(ui, "Connected apps");
    title(ui, "Sessions");
    strong(ui, "ada@example.com holds GitHub account octocat");
    ui.label("The browser opened; consent there and come back");
    subdued(ui, "Kinde has not confirmed yet");
    small(ui, "Refreshed 12 s ago");
    label::mono(ui, "conn_019a7c41bb12 · https://acme.kinde.com/.well-known/jwks.json");
    prose(
        ui,
        "Kinde has no call that lists connected apps. Type the Reference key from Settings, Connected apps, Configure, \
         Details, and the panel remembers it for this profile.",
    );
}

fn fields(ui: &mut Ui, state: &mut GalleryState) {
    FieldRow::new("Domain")
        .placeholder("acme.kinde.com")
        .hint("Any form you can paste: a host, an address, a callback URL")
        .show(ui, &mut state.text);
    FieldRow::new("Client ID")
        .mono()
        .hint("From the M2M application's Details page")
        .error(Some("That is a web application's id; the Management API needs a machine to machine application"))
        .show(ui, &mut state.broken);
    FieldRow::new("Audience").enabled(false).placeholder("https://acme.kinde.com/api").show(ui, &mut state.filter);
    text_field(ui, "Filter", "type:user.* verdict:failed", &mut state.filter);
}

fn callouts(ui: &mut Ui, _: &mut GalleryState) {
    Callout::info("An error page at the end in the browser is fine").text("The token comes here").show(ui);
    Callout::success("Kinde user ada@example.com now holds GitHub account octocat").show(ui);
    Callout::warn("This is a live environment")
        .text("A revoke here signs real people out of a real product.")
        .show_with(ui, |ui| Button::secondary("Tighten the guard…").show(ui));
    Callout::error("The M2M application may not read users")
        .text("Kinde answered 403 and named the missing scope read:users.")
        .text("Add the scope to the M2M application in Kinde, then check again.")
        .copy("The M2M application may not read users".to_owned())
        .show_with(ui, |ui| {
            Button::secondary("Try again").show(ui);
            Button::ghost("Where is this in Kinde?").icon_after(Icon::ChevronRight).show(ui);
        });
}

fn choices(ui: &mut Ui, state: &mut GalleryState) {
    state.on = true;
    row(ui, |ui| {
        toggle(ui, &mut state.on, "Bring me back to the panel");
        toggle(ui, &mut state.off, "Record bodies");
        ui.add_enabled_ui(false, |ui| toggle(ui, &mut state.off, "Switched off"));
    });
    row(ui, |ui| {
        checkbox(ui, &mut state.on, "user.created");
        checkbox(ui, &mut state.off, "user.deleted");
        radio(ui, &mut state.chosen, 0, "A user");
        radio(ui, &mut state.chosen, 1, "An organization");
    });
    checkbox_row(ui, &mut state.off, "Remember this app", "It stays in this profile until you remove it");
    row(ui, |ui| {
        segmented(ui, &mut state.chosen, &[(0, "System"), (1, "Light"), (2, "Dark")]);
        combo(ui, "User", "ada@example.com", 260.0, |ui| {
            combo_item(ui, true, "ada@example.com", "last used");
            combo_item(ui, false, "grace@example.com", "");
        });
    });
    combo_row(ui, "Connect for", Some("Last used first"), "ada@example.com", |_| {});
    tabs(ui, &mut state.tab, &[(0, "Payload", None), (1, "Headers", Some(7)), (2, "Timeline", None)]);
}

fn statuses(ui: &mut Ui, _: &mut GalleryState) {
    row(ui, |ui| {
        for each in [Verdict::Pass, Verdict::Warn, Verdict::Fail, Verdict::Skipped] {
            verdict(ui, each);
        }
    });
    row(ui, |ui| {
        status(ui, Mood::Success, "connected 12:04");
        status(ui, Mood::Info, "receiving on 127.0.0.1:4444");
        status(ui, Mood::Warn, "no keyring");
        status(ui, Mood::Error, "scope missing");
        status(ui, Mood::Neutral, "not seen here");
    });
    row(ui, |ui| {
        badge_with(ui, Mood::Error, Icon::Warning, "live");
        badge(ui, Mood::Info, "sandbox");
        badge(ui, Mood::Success, "M2M");
        badge(ui, Mood::Warn, "expires soon");
        badge(ui, Mood::Neutral, "1st");
        kbd(ui, "Ctrl+K");
        for colour in 0..8 {
            profile_dot(ui, colour, "acme-staging");
        }
    });
}

fn secrets(ui: &mut Ui, state: &mut GalleryState) {
    state.secret.set(&Secret::new("not-a-real-secret-at-all"));
    secret_row(ui, "Client secret", Some("Kept in the system keyring"), None, &mut state.secret);
    secret_row(
        ui,
        "SMTP password",
        None,
        Some("The server refused it: 535 authentication failed"),
        &mut SecretDraft::default(),
    );
    secret_value(ui, "access token", &Secret::new("gho_0000000000000000000000000000abcd"));
}

fn loads(ui: &mut Ui, _: &mut GalleryState) {
    let error = UserError::new(Category::Network, "acme.kinde.com did not answer")
        .detail("The connection was refused after 3 s.")
        .hint("Check the domain and the network, then try again.");
    let view = || LoadView::new("Reading users…").idle("No users read yet", "Read users");
    view().show(ui, &mut Load::<usize>::Idle, |_, _| {});
    loading(ui, "Reading users…");
    ui.push_id("failed", |ui| {
        view().show(ui, &mut Load::Failed { error, old: Some(12) }, |ui, count| {
            ui.label(format!("{count} users, read before"));
        });
    });
    let pressed = empty_state(ui, Some(Icon::Webhook), "No webhooks yet. Create the first one", Some("New webhook…"));
    if pressed {
        ui.ctx().request_repaint();
    }
}

/// Checks of every kind, for the gallery and its tests.
fn some_checks() -> Vec<Check> {
    vec![
        Check::pass("domain").seen("https://acme.kinde.com").took(std::time::Duration::from_millis(3)),
        Check::pass("JWKS").seen("2 keys at /.well-known/jwks").took(std::time::Duration::from_millis(182)),
        Check::fail(
            "granted scopes",
            "The token carries no create:connected_apps, so a session cannot be revoked.",
            "Add create:connected_apps to the M2M application in Kinde, then check again.",
        )
        .seen("read:users read:environments read:connected_apps"),
        Check::warn("clock", "This machine is 41 s behind Kinde.", "Let the system set its clock.").seen("-41 s"),
        Check::skipped("organization", "The token belongs to no organization"),
    ]
}

fn checks(ui: &mut Ui, _: &mut GalleryState) {
    check_list(ui, "gallery", "Webhooks ready. Revoke needs create:connected_apps", &some_checks());
}

fn steps(ui: &mut Ui, _: &mut GalleryState) {
    let at = Timestamp::UNIX_EPOCH;
    let steps = [
        Step::new("url", "Auth URL from Kinde", StepState::Done, at).took_ms(182).curl("curl https://acme.kinde.com/"),
        Step::new("open", "Browser opened", StepState::Done, at).detail("xdg-open, detached"),
        Step::new("wait", "Not confirmed yet", StepState::Running, at)
            .detail("Kinde has not confirmed yet. If you pressed Deny, cancel here."),
        Step::new("probe", "Proof at GitHub", StepState::Failed, at)
            .took_ms(91)
            .detail("GitHub answered 401: Bad credentials"),
        Step::new("token", "Token", StepState::Waiting, at),
    ];
    step_list_with(ui, &steps, |ui, step| {
        if step.state == StepState::Running {
            Button::secondary("Cancel").small().show(ui);
        }
    });
}

fn table(ui: &mut Ui, state: &mut GalleryState) {
    let columns =
        [Col::exact("Time", 90.0), Col::exact("Type", 130.0), Col::rest("Who"), Col::exact("Took", 70.0).right()];
    let rows = [
        ("evt_1", "user.updated", "ada@example.com"),
        ("evt_2", "user.created", "a-very-long-name-indeed-that-is-cut@example.com"),
        ("evt_3", "role.created", ""),
    ];
    let answer = Table::new("Events", &columns).selected(state.row.or(Some(1))).show(
        ui,
        rows.len(),
        |index| rows.get(index).map_or_else(String::new, |row| row.0.to_owned()),
        |cells, index| {
            let Some((_, kind, who)) = rows.get(index) else { return };
            cells.mono("12:04:31");
            cells.text(kind);
            cells.subdued(who);
            cells.text("4 ms");
        },
    );
    state.row = answer.chosen.or(state.row);
}

fn groups(ui: &mut Ui, _: &mut GalleryState) {
    ui.horizontal_top(|ui| {
        ui.vertical(|ui| {
            ui.set_width(210.0);
            ui.spacing_mut().item_spacing.y = 2.0;
            ListRow::new("Connected apps").icon(Icon::Apps).selected(true).show(ui);
            ListRow::new("Inspector").icon(Icon::Inspector).note("7").show(ui);
            ListRow::new("Email").icon(Icon::Mail).enabled(false).show(ui);
            ListRow::new("github").mark(Mood::Success, Icon::Check).note("12:01").show(ui);
            ListRow::new("a_reference_key_that_is_too_long").mark(Mood::Error, Icon::Cross).note("scope").show(ui);
        });
        ui.vertical(|ui| {
            card(ui, |ui| {
                section_with(
                    ui,
                    "Session",
                    |ui| {
                        icon_button(ui, Icon::Refresh, "Get the token again");
                    },
                    |ui| {
                        key_value(ui, "User", "Ada Lovelace");
                        key_value_copy(ui, "Event ID", "event_019a7c41bb12");
                        let at = |second| Timestamp::from_second(second).unwrap_or_default();
                        // Past, so that no clock runs in the gallery.
                        super::key_value_ui(ui, "Token", |ui| {
                            ui.label("Expires in 59:58");
                            ago(ui, at(0), at(7200));
                        });
                        link(ui, "Open in Kinde", "https://acme.kinde.com/admin");
                    },
                );
            });
        });
    });
    disclosure(ui, "guide", "Set-up guide", false, |_| {});
    disclosure(ui, "timeline", "Timeline", true, |ui| section(ui, "Opened", |ui| ui.label("What is below it")));
}

fn paste(ui: &mut Ui, state: &mut GalleryState) {
    paste_box(ui, "Token or webhook body", "Paste a token or a webhook body, or drop a file", 5, &mut state.pasted);
}

fn code(ui: &mut Ui, _: &mut GalleryState) {
    code_view(
        ui,
        "curl",
        "curl -sS 'https://acme.kinde.com/api/v1/environment' \\\n  -H \"Authorization: Bearer $KINDE_TOKEN\"",
        120.0,
    );
    let text = r#"{"iss":"https://acme.kinde.com","exp":1795458262,"scp":["read:users"],"big":12345678901234567890.10,"aud":[],"ok":true}"#;
    if let Ok(tree) = JsonTree::parse(text) {
        json_view(ui, "claims", &tree, 240.0);
    }
}

fn some_notices(notices: &mut Notices) {
    if notices.iter().next().is_none() {
        let at = Timestamp::UNIX_EPOCH;
        notices.push(at, Mood::Success, "The sandbox runs", "");
        notices.push(
            at,
            Mood::Warn,
            "The keyring does not answer",
            "Secrets are kept for this run. Try again in Settings.",
        );
        notices.push(at, Mood::Error, "The tunnel closed", "It opens again by itself in 8 s.");
    }
}

fn notices(ui: &mut Ui, state: &mut GalleryState) {
    let now = Timestamp::from_second(7200).unwrap_or_default();
    notice_list(ui, &mut Notices::default(), now);
    some_notices(&mut state.notices);
    notice_list(ui, &mut state.notices, now);
}

fn over(ui: &mut Ui, state: &mut GalleryState) {
    row(ui, |ui| {
        for (words, what) in [("Dialog", Over::Dialog), ("Palette", Over::Palette), ("Toasts", Over::Toasts)] {
            if secondary_button(ui, words).clicked() {
                state.over = Some(what);
                state.palette = PaletteState::default();
            }
        }
    });
    let ctx = ui.ctx().clone();
    match state.over {
        Some(Over::Dialog) => {
            let answer = Confirm::new("Revoke the session of ada@example.com?", "Revoke session")
                .text("Kinde forgets the token. GitHub keeps its grant until it is revoked there too.")
                .show(&ctx);
            if answer.is_some() {
                state.over = None;
            }
        }
        Some(Over::Palette) => {
            let item = |name, hint, shortcut, enabled| PaletteItem { name, hint, shortcut, enabled };
            let items = [
                item("Connect", "Connected apps", "Ctrl+Enter", true),
                item("Check again", "Tenant", "F5", true),
                item("Revoke session…", "Connected apps, choose a session first", "", false),
                item("Switch to the light theme", "Settings", "", true),
            ];
            if palette(&ctx, &mut state.palette, &items) != PaletteAnswer::Open {
                state.over = None;
            }
        }
        Some(Over::Toasts) => {
            some_notices(&mut state.notices);
            toasts(&ctx, &mut state.notices);
        }
        None => {}
    }
}
