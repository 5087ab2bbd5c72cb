//! What the sandbox is made of: addresses and credentials to copy, users, connected apps.

use egui::Ui;

use super::env::{self, Mode, Scheme};
use super::hooks;
use super::keys::{self, Keys};
use super::plan::{self, Plan};
use crate::action::{Action, Room};
use crate::backend::sandbox::{Command, Runs, SandboxView};
use crate::screens::Cx;
use crate::ui::tokens::space;
use crate::ui::{
    Button, Col, Icon, Table, code_view, copy_icon, empty_state, key_value_copy, prose, section, section_with,
    segmented, small, subdued,
};

/// The most rows of users that show at once; the others scroll.
const ROWS: f32 = 6.0;

/// What the page remembers, in parts.
pub(super) struct Parts<'a> {
    /// Which address the lines name.
    pub scheme: &'a mut Scheme,
    /// How the mail server is reached.
    pub mode: &'a mut Mode,
    /// The mail is to be shown.
    pub mail: &'a mut bool,
    /// The limit of webhooks.
    pub plan: &'a mut Plan,
    /// The change of the key.
    pub keys: &'a mut Keys,
    /// The sandbox is being looked at.
    pub busy: bool,
}

/// Draws it; what is to be done.
pub(super) fn ui(
    ui: &mut Ui,
    view: &SandboxView,
    parts: Parts<'_>,
    cx: &Cx<'_>,
    actions: &mut Vec<Action>,
) -> Option<Command> {
    let Parts { scheme, mode, mail, plan, keys, busy } = parts;
    let mut chosen = *scheme;
    section_with(
        ui,
        "Use these in your app",
        |ui| {
            segmented(ui, &mut chosen, &[(Scheme::Https, "https"), (Scheme::Http, "http")]);
        },
        |ui| app(ui, view, *scheme),
    );
    *scheme = chosen;
    mail_server(ui, view, mode, mail);
    let wanted = match &view.runs {
        Some(runs) => {
            let mut open = false;
            let change = |ui: &mut Ui| open = Button::ghost("Change them").small().show(ui).clicked();
            let wanted = section_with(ui, "Webhooks", change, |ui| {
                let switched = hooks::ui(ui, &runs.webhooks);
                plan::ui(ui, plan, runs.webhooks.len(), busy).or(switched)
            });
            if open {
                actions.push(Action::Go(Room::Webhooks));
            }
            wanted
        }
        None => None,
    };
    section(ui, "Users", |ui| users(ui, view));
    section(ui, "Connected apps", |ui| apps(ui, view));
    section(ui, "Signing key", |ui| keys::ui(ui, keys, &view.kids, view.runs.is_some(), cx, actions));
    wanted
}

fn app(ui: &mut Ui, view: &SandboxView, scheme: Scheme) {
    match env::lines(view, scheme) {
        Some(lines) => code_view(ui, ".env lines", &lines, 160.0),
        None => {
            subdued(ui, "Start the sandbox to see this address");
        }
    }
    ui.add_space(space::XS);
    let words = match &view.runs {
        Some(_) => "Everything here is made up: ID, secret, users and tokens are of no use anywhere else",
        None => "It takes the address of the last run again while that is free",
    };
    small(ui, words);
    if let Some(runs) = &view.runs {
        ui.add_space(space::SM);
        addresses(ui, runs, scheme);
    }
}

fn mail_server(ui: &mut Ui, view: &SandboxView, mode: &mut Mode, mail: &mut bool) {
    let Some(lines) = env::mail_lines(view, *mode) else { return };
    let mut chosen = *mode;
    section_with(
        ui,
        "Mail server",
        |ui| {
            segmented(ui, &mut chosen, &[(Mode::StartTls, "STARTTLS"), (Mode::Tls, "TLS")]);
            *mail |= Button::ghost("Read the mail").icon(Icon::Mail).small().show(ui).clicked();
        },
        |ui| {
            code_view(ui, "mail server lines", &lines, 160.0);
            ui.add_space(space::XS);
            small(ui, "It takes any sender and recipient, keeps what comes, and sends nothing on");
        },
    );
    *mode = chosen;
}

fn addresses(ui: &mut Ui, runs: &Runs, scheme: Scheme) {
    let address = match scheme {
        Scheme::Http => &runs.issuer,
        Scheme::Https => &runs.https,
    };
    key_value_copy(ui, "Key set", &format!("{address}/.well-known/jwks.json"));
    key_value_copy(ui, "Discovery", &format!("{address}/.well-known/openid-configuration"));
    key_value_copy(ui, "CA certificate", &runs.ca_cert.display().to_string());
    if scheme == Scheme::Https {
        prose(
            ui,
            "Trust the CA certificate in the app that calls it: it is this sandbox's own, and signs nothing else",
        );
    }
}

fn users(ui: &mut Ui, view: &SandboxView) {
    if view.users.is_empty() {
        empty_state(ui, None, "There is no user. One made through the API shows here", None);
        return;
    }
    let columns = [Col::rest("Email"), Col::exact("ID", 280.0), Col::exact("", 40.0)];
    Table::new("Users", &columns).max_height(ROWS * crate::ui::tokens::size::ROW).show(
        ui,
        view.users.len(),
        |index| view.users.get(index).map_or_else(String::new, |user| user.id.clone()),
        |cells, index| {
            let Some(user) = view.users.get(index) else { return };
            match &user.email {
                Some(email) => cells.text(email),
                None => cells.subdued("no email address"),
            }
            cells.mono(&user.id);
            cells.ui(|ui| {
                let whose = user.email.as_deref().unwrap_or(&user.id);
                copy_icon(ui, &format!("Copy ID of {whose}"), || user.id.clone());
            });
        },
    );
    let orgs: Vec<String> = view.orgs.iter().map(|org| format!("{} ({})", org.name, org.code)).collect();
    if !orgs.is_empty() {
        ui.add_space(space::XS);
        small(ui, &format!("Organizations: {}", orgs.join(", ")));
    }
}

fn apps(ui: &mut Ui, view: &SandboxView) {
    if view.apps.is_empty() {
        subdued(ui, "None");
        return;
    }
    let keys: Vec<&str> = view.apps.iter().map(|app| app.key.as_str()).collect();
    prose(ui, &keys.join(", "));
    small(ui, "Each leads to a stand-in of its provider on this machine, with a consent page to allow or deny on");
}
