//! A Resend account: what the key may do, its domains, the records of one against DNS, and one test email.

use egui::{Align, Layout, Ui};

use super::draft::Draft;
use super::look::{self, Look};
use crate::action::Action;
use crate::backend::mail::Command;
use crate::mail::resend::{self, BASE, CHECKS, Domain, Permission, RecordFacts, Report, base_url};
use crate::screens::Cx;
use crate::secrets::Secret;
use crate::ui::tokens::{size, space};
use crate::ui::{
    Button, Callout, Col, FieldRow, Icon, Mood, SecretDraft, Table, card, check_rows, combo_item, combo_row, copy_icon,
    disclosure, key_value, key_value_copy, link, secret_row, section, small, status, strong, verdict_mark,
};

/// The recipient where none is named.
const DELIVERED: &str = "delivered@resend.dev";
/// The addresses that play a part, and what comes of each.
const PARTS: [(&str, &str); 4] = [
    (DELIVERED, "is delivered"),
    ("bounced@resend.dev", "bounces"),
    ("complained@resend.dev", "is called spam"),
    ("suppressed@resend.dev", "is on the list of those not written to"),
];

/// What the part remembers.
#[derive(Default)]
pub(super) struct Resend {
    key: SecretDraft,
    /// As typed; empty for the sender's.
    domain: String,
    to: String,
    base: String,
    pub look: Look<Report>,
}

impl Resend {
    fn ask(&mut self, draft: &Draft, send: bool, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let (Ok(dns), Ok(base)) = (draft.dns(), base_url(self.base())) else { return };
        let job = cx.job();
        let plan = resend::Plan {
            base,
            key: self.key_of(draft),
            domain: self.domain_of(draft).unwrap_or_default().to_owned(),
            from: self.from(draft),
            send_to: send.then(|| self.to().to_owned()),
        };
        self.look.begin(job, &CHECKS);
        actions.push(Action::Run(job, Command::Resend { plan: Box::new(plan), dns }.into()));
    }

    fn base(&self) -> &str {
        let typed = self.base.trim();
        if typed.is_empty() { BASE } else { typed }
    }

    fn to(&self) -> &str {
        let typed = self.to.trim();
        if typed.is_empty() { DELIVERED } else { typed }
    }

    /// The key that was typed here, else the password of the form where it is Resend's.
    fn key_of(&self, draft: &Draft) -> Secret {
        if !self.key.is_empty() {
            return self.key.whole();
        }
        let password = &draft.form().password;
        if password.expose().trim().starts_with("re_") { password.clone() } else { Secret::default() }
    }

    fn domain_of<'a>(&'a self, draft: &'a Draft) -> Option<&'a str> {
        let typed = self.domain.trim();
        if typed.is_empty() { draft.sender_domain() } else { Some(typed) }
    }

    /// The sender of the form, where it is at the domain that is looked at.
    fn from(&self, draft: &Draft) -> Option<String> {
        let wanted = self.domain_of(draft)?;
        let sender = draft.sender_domain().filter(|domain| domain.eq_ignore_ascii_case(wanted))?;
        (!sender.is_empty()).then(|| draft.form().sender_email.trim().to_owned())
    }
}

/// Draws it; true when the SMTP form was filled with it.
pub(super) fn ui(ui: &mut Ui, state: &mut Resend, draft: &mut Draft, cx: &Cx<'_>, actions: &mut Vec<Action>) -> bool {
    card(ui, |ui| form(ui, state, draft, cx, actions));
    ui.add_space(space::MD);
    let mut fill = false;
    look::ui(ui, &state.look, "resend live", IDLE, |ui, report| fill = found(ui, report, actions));
    if fill {
        draft.fill_resend(&state.key_of(draft), state.domain.trim());
    }
    fill
}

const IDLE: &str = "Nothing was looked at yet. It asks Resend what the key may do and which domains it knows, and holds their \
                    records against DNS as it is now";

fn form(ui: &mut Ui, state: &mut Resend, draft: &Draft, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let typed = state.key.is_empty();
    let from_form = typed && !state.key_of(draft).is_empty();
    let hint = if from_form {
        "Empty: the password of the SMTP form"
    } else {
        "re_…, kept for as long as this window is open. One that may only send is enough for Kinde"
    };
    secret_row(ui, "API key", Some(hint), None, &mut state.key);
    let sender = draft.sender_domain().unwrap_or("acme.com").to_owned();
    FieldRow::new("Domain")
        .placeholder(&sender)
        .hint("Exactly as verified at Resend. Empty: the sender's")
        .mono()
        .show(ui, &mut state.domain);
    let mut chosen = None;
    let hint = Some("For the test email. These addresses are Resend's own and play a part each");
    let shown = state.to().to_owned();
    combo_row(ui, "Test recipient", hint, &shown, |ui| {
        for (address, part) in PARTS {
            if combo_item(ui, address == shown, address, part) {
                chosen = Some(address);
            }
        }
    });
    if let Some(address) = chosen {
        state.to = address.to_owned();
    }
    let wrong = base_url(state.base()).err();
    disclosure(ui, "resend options", "Options", false, |ui| {
        FieldRow::new("Recipient")
            .placeholder(DELIVERED)
            .hint("Any address, in the place of the one above")
            .mono()
            .show(ui, &mut state.to);
        FieldRow::new("API address")
            .placeholder(BASE)
            .hint("For a stand-in of Resend's API. Plain http on this computer alone")
            .error(wrong.as_ref().map(|error| error.detail.as_str()))
            .mono()
            .width(size::FIELD_MAX)
            .show(ui, &mut state.base);
    });
    ui.add_space(space::XS);
    let why_not = if state.key_of(draft).is_empty() {
        Some("Type the API key first")
    } else if state.domain_of(draft).is_none() {
        Some("Type the domain first")
    } else if wrong.is_some() || draft.dns().is_err() {
        Some("An address in the options is none")
    } else {
        None
    };
    ui.horizontal(|ui| {
        let mut wanted = look::button(ui, &mut state.look, "Check account", why_not, actions).then_some(false);
        if state.look.job().is_none() && wanted.is_none() {
            let hint = format!("One real message to {}", state.to());
            let send = Button::secondary("Send test email").icon(Icon::Mail).hint(&hint);
            if send.enabled_or(why_not.is_none(), why_not.unwrap_or_default()).show(ui).clicked() {
                wanted = Some(true);
            }
        }
        if let Some(send) = wanted {
            state.ask(draft, send, cx, actions);
        }
    });
}

/// True when the SMTP form is to be filled with it.
fn found(ui: &mut Ui, report: &Report, actions: &mut Vec<Action>) -> bool {
    let mut fill = false;
    look::headline(ui, &report.headline, &report.checks, report.cancelled);
    ui.add_space(space::XS);
    if let Some(permission) = report.permission {
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL_SMALL);
            let (mood, words) = match permission {
                Permission::Sending => {
                    (Mood::Success, "The key is genuine and may only send: the right kind for Kinde")
                }
                Permission::Full => (Mood::Warn, "The key may do everything: make one that may only send for Kinde"),
            };
            status(ui, mood, words);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let button = Button::secondary("Check its SMTP").icon_after(Icon::ChevronRight).small();
                fill = button.hint("Fills the SMTP form with this key, as Kinde wants it").show(ui).clicked();
            });
        });
        ui.add_space(space::XS);
    }
    if let Some(sent) = &report.sent {
        let title = format!("Resend took the test email to {}", sent.to);
        let subject = format!("It bears `{}` in its subject; Resend calls it `{}`", sent.token, sent.id);
        let event = sent.last_event.as_deref().map(|event| format!("What happened last: {event}")).unwrap_or_default();
        Callout::success(&title).text(&subject).text(&event).show_with(ui, |ui| {
            let url = format!("https://resend.com/emails/{}", sent.id);
            if link(ui, "See it at Resend", &url).clicked() {
                actions.push(Action::OpenUrl(url));
            }
        });
        ui.add_space(space::SM);
    }
    check_rows(ui, "resend", &look::titled(&report.checks));
    ui.add_space(space::MD);
    if !report.records.is_empty() {
        section(ui, "Records", |ui| records(ui, &report.records));
    }
    if !report.domains.is_empty() {
        section(ui, "Domains of the account", |ui| domains(ui, &report.domains));
    }
    limits(ui, report);
    fill
}

fn records(ui: &mut Ui, all: &[RecordFacts]) {
    for record in all {
        ui.push_id((&record.kind, &record.name, &record.expected), |ui| {
            ui.horizontal(|ui| {
                verdict_mark(ui, record.check.verdict);
                strong(ui, &format!("{} {}", record.kind, record.name));
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    copy_icon(ui, &format!("Copy the name {}", record.name), || record.name.clone());
                    small(ui, &format!("{}, Resend says {}", record.purpose, record.status));
                });
            });
            key_value_copy(ui, "Has to be", &record.expected);
            match record.live.as_slice() {
                [] => key_value(ui, "Is", "nothing"),
                live => live.iter().for_each(|value| key_value_copy(ui, "Is", value)),
            }
            ui.add_space(space::SM);
        });
    }
}

fn domains(ui: &mut Ui, all: &[Domain]) {
    let columns = [Col::rest("Domain"), Col::exact("Status", 170.0), Col::exact("Region", 130.0)];
    Table::new("Domains", &columns).max_height(6.0 * size::ROW).show(
        ui,
        all.len(),
        |index| all.get(index).map_or_else(String::new, |domain| domain.name.clone()),
        |cells, index| {
            let Some(domain) = all.get(index) else { return };
            cells.mono(&domain.name);
            cells.ui(|ui| {
                let mood = match domain.status.as_str() {
                    "verified" => Mood::Success,
                    "failed" | "partially_failed" => Mood::Error,
                    _ => Mood::Warn,
                };
                status(ui, mood, &domain.status.replace('_', " "));
            });
            cells.subdued(&domain.region);
        },
    );
}

fn limits(ui: &mut Ui, report: &Report) {
    let limits = &report.limits;
    let mut said = Vec::new();
    if let Some(limit) = limits.limit {
        said.push(match limits.window {
            Some(1) | None => format!("{limit} requests a second for the whole team"),
            Some(window) => format!("{limit} requests in {window} s for the whole team"),
        });
    }
    said.extend(limits.daily_used.map(|used| format!("{used} emails sent today")));
    said.extend(limits.monthly_used.map(|used| format!("{used} this month")));
    if limits.waited > 0 {
        said.push(format!("{} times it was asked to wait, and did", limits.waited));
    }
    if !said.is_empty() {
        small(ui, &format!("Resend's headers: {}", said.join(", ")));
    }
}
