//! The form as Kinde asks for it, with the provider it is for, what can be said of it at once, and the two buttons.

use egui::{Align, Key, Layout, Response, Ui};

use super::State;
use super::draft::Draft;
use crate::action::Action;
use crate::check::Verdict;
use crate::mail::presets::CUSTOM;
use crate::mail::{Field, Finding, Form, Security, presets};
use crate::screens::Cx;
use crate::secrets::Kept;
use crate::ui::tokens::{size, space};
use crate::ui::{
    Button, Callout, FieldRow, Icon, Mood, badge, card, checkbox_row, combo_item, combo_row, disclosure, form_row,
    link, prose, secret_row_warned, segmented, small, text_field, tight_rows, title,
};

/// Wide enough for five digits, in points.
const PORT_WIDTH: f32 = 84.0;

/// What a person asked for in the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// Check, and send nothing.
    Check,
    /// Check, and send one message.
    Send,
}

/// Draws the form over the whole width, without its buttons; true when Enter was pressed in it.
pub(super) fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) -> bool {
    let mut entered = false;
    card(ui, |ui| {
        head(ui, state, cx, actions);
        imported(ui, state);
        let touched = tight_rows(ui, |ui| fields(ui, &mut state.draft));
        if touched.changed {
            state.draft.read();
        }
        entered = touched.entered;
        // What is kept is seen before what is seldom needed.
        keep(ui, state, cx, actions);
        ui.add_space(space::XS);
        options(ui, state, cx, actions);
    });
    entered
}

fn head(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        title(ui, "As you will type it into Kinde");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let import = Button::ghost("Import .env…").icon(Icon::Download).small();
            if import.hint("Or drop the file here, or paste its text").show(ui).clicked() {
                state.pick_env(cx, actions);
            }
        });
    });
    if cx.profile.is_some_and(crate::tenant::Profile::is_sandbox) {
        ui.horizontal(|ui| {
            let button = Button::secondary("Use the sandbox's SMTP").icon(Icon::Sandbox).small();
            let busy = state.sandbox_job != 0;
            let button = button.hint("A mail server on this computer that keeps what is sent to it");
            if button.enabled_or(!busy, "It is being started").show(ui).clicked() {
                state.use_sandbox(cx, actions);
            }
        });
    }
    if let Some(error) = &state.form_error {
        Callout::user_error(error).show(ui);
    }
    ui.add_space(space::XS);
}

/// What a `.env` text held.
fn imported(ui: &mut Ui, state: &mut State) {
    let Some(file) = &state.env else { return };
    let found = &file.imported;
    let title = if found.is_empty() {
        format!("Nothing of a mail server in {}", file.name)
    } else {
        format!("From {}: {}", file.name, found.from.join(", "))
    };
    let notes = found.notes.join(". ");
    let callout = Callout::new(if found.is_empty() { Mood::Warn } else { Mood::Success }, &title).text(&notes);
    if callout.show_with(ui, |ui| Button::ghost("Close").name("Close the import").small().show(ui).clicked()) {
        state.env = None;
    }
    ui.add_space(space::SM);
}

/// What was done in the rows.
#[derive(Default)]
struct Touched {
    changed: bool,
    /// Enter was pressed in one of them.
    entered: bool,
}

impl Touched {
    fn by(&mut self, field: &Response) {
        self.changed |= field.changed();
        self.entered |= field.lost_focus() && field.ctx.input(|input| input.key_pressed(Key::Enter));
    }
}

/// The rows in Kinde's order.
fn fields(ui: &mut Ui, draft: &mut Draft) -> Touched {
    let mut touched = Touched::default();
    provider(ui, draft);
    let [name, email, host, port, user, password] = Field::ALL.map(|field| draft.finding(field).cloned());
    touched.by(&text(Field::SenderName, &name).placeholder("Acme").show(ui, &mut draft.sender_name));
    let row = text(Field::SenderEmail, &email).placeholder("hello@acme.com").mono();
    touched.by(&row.show(ui, &mut draft.sender_email));
    let row = text(Field::Host, &host).placeholder("smtp.resend.com").mono();
    touched.by(&row.show(ui, &mut draft.host));
    port_row(ui, draft, &port, &mut touched);
    let preset = draft.preset();
    let row = text(Field::User, &user).mono();
    if draft.user_is_the_password() {
        row.enabled(false).hint("The same token as the password").show(ui, &mut String::new());
    } else {
        let row = preset.map_or(row, |preset| text(Field::User, &user).mono().hint(&preset.user_hint));
        touched.by(&row.show(ui, &mut draft.user));
    }
    let hint = preset.map(|preset| preset.password_hint.as_str());
    let (warning, error) = said(&password);
    let label = Field::Password.kinde_label();
    touched.by(&secret_row_warned(ui, label, hint, warning, error, &mut draft.password));
    let row = FieldRow::new("Test recipient").placeholder("The sender's own address");
    touched.by(&row.mono().show(ui, &mut draft.to));
    touched
}

/// A finding as the warning or the error of its row.
fn said(finding: &Option<Finding>) -> (Option<&str>, Option<&str>) {
    let Some(finding) = finding else { return (None, None) };
    let why = finding.check.why.as_deref();
    if finding.check.verdict == Verdict::Fail { (None, why) } else { (why, None) }
}

/// The row of a field, with what was found in it.
fn text<'a>(field: Field, finding: &'a Option<Finding>) -> FieldRow<'a> {
    let (warning, error) = said(finding);
    FieldRow::new(field.kinde_label()).warning(warning).error(error)
}

/// The provider, and its servers where it has several.
fn provider(ui: &mut Ui, draft: &mut Draft) {
    let found = draft.preset();
    let shown = found.map_or("Not recognised yet", |preset| preset.name.as_str());
    let mut chosen = None;
    let hint = found.is_none().then_some("Chosen here, or seen from what you type");
    combo_row(ui, "Provider", hint, shown, |ui| {
        for preset in presets() {
            let here = found.is_some_and(|found| found.id == preset.id);
            let server = preset.hosts.first().map_or("", |choice| choice.host.as_str());
            if combo_item(ui, here, &preset.name, server) {
                chosen = Some(preset.id.as_str());
            }
        }
    });
    if chosen.is_some() {
        draft.choose(chosen);
    }
    let Some(preset) = draft.preset().filter(|preset| preset.hosts.len() > 1) else { return };
    let label = |host: &str| preset.hosts.iter().find(|choice| choice.host.eq_ignore_ascii_case(host.trim()));
    let shown = label(&draft.host).map_or("Another", |choice| choice.label.as_str());
    let mut server = None;
    combo_row(ui, "Region", None, shown, |ui| {
        for choice in &preset.hosts {
            if combo_item(ui, choice.label == shown, &choice.label, &choice.host) {
                server = Some(choice.host.clone());
            }
        }
    });
    if let Some(server) = server {
        draft.host = server;
        draft.read();
    }
}

/// The port, beside those of the provider to choose from, above how TLS begins there.
fn port_row(ui: &mut Ui, draft: &mut Draft, finding: &Option<Finding>, touched: &mut Touched) {
    let (warning, error) = said(finding);
    let error = draft.port_error().or(error).or(warning);
    let mode = draft.security.on_port(draft.form().port);
    let hint = match (draft.security, mode) {
        (Security::Auto, _) if draft.port.trim().is_empty() => "465: TLS from the first byte. 587: STARTTLS",
        (Security::Auto, Security::Tls) => "TLS from the first byte, as the port says",
        (Security::Auto, _) => "Plain text, then STARTTLS, as the port says",
        (_, Security::Tls) => "TLS from the first byte. At Kinde the port alone decides",
        (_, Security::None) => "No TLS: Kinde does not send without it",
        (..) => "STARTTLS. At Kinde the port alone decides",
    };
    let label = Field::Port.kinde_label();
    let ports = draft.preset().map(|preset| preset.ports.as_slice()).unwrap_or_default();
    form_row(ui, label, Some(hint), error, size::FIELD_MAX, |ui, name| {
        ui.horizontal_wrapped(|ui| {
            let field = ui
                .scope(|ui| {
                    ui.set_max_width(PORT_WIDTH);
                    text_field(ui, label, "465", &mut draft.port).labelled_by(name)
                })
                .inner;
            touched.by(&field);
            for known in ports {
                let here = draft.form().port == known.port;
                let words = known.port.to_string();
                let tls = if known.security == Security::Tls { "TLS" } else { "STARTTLS" };
                let name = format!("Port {words}, {tls}");
                let button = Button::ghost(&words).name(&name).hint(tls).small().selected(here);
                if button.show(ui).clicked() {
                    draft.port = words;
                    draft.security = Security::Auto;
                    touched.changed = true;
                }
            }
        });
    });
}

fn options(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    if let Some(preset) = state.draft.preset().filter(|preset| preset.id != CUSTOM) {
        let title = format!("{}: what goes wrong, and where", preset.name);
        disclosure(ui, "pitfalls", &title, false, |ui| {
            for pitfall in &preset.pitfalls {
                prose(ui, &format!("· {pitfall}"));
            }
            ui.horizontal_wrapped(|ui| {
                let pages = [
                    ("Where the password is made", &preset.keys_url),
                    ("What was sent", &preset.log_url),
                    ("Its guide", &preset.docs_url),
                ];
                for (words, url) in pages {
                    if let Some(url) = url
                        && link(ui, words, url).clicked()
                    {
                        actions.push(Action::OpenUrl(url.clone()));
                    }
                }
            });
        });
    }
    disclosure(ui, "options", "Options", false, |ui| {
        let draft = &mut state.draft;
        let mut changed = false;
        form_row(ui, "TLS", Some("Kinde has no such field"), None, size::FIELD_MAX, |ui, _| {
            let choices = Security::ALL.map(|mode| (mode, short(mode)));
            changed |= segmented(ui, &mut draft.security, &choices);
        });
        let error = draft.dns().is_err().then_some("An address like 1.1.1.1 or 127.0.0.1:5353");
        changed |= FieldRow::new("DNS server")
            .placeholder("system")
            .hint("Empty: the system's resolver")
            .error(error)
            .mono()
            .show(ui, &mut draft.dns)
            .changed();
        if changed {
            draft.read();
        }
        authority(ui, state, cx, actions);
        if state.draft.is_loopback() {
            checkbox_row(
                ui,
                &mut state.draft.insecure,
                "Send the password without good TLS",
                "To this computer alone, and for as long as this window is open",
            );
        }
    });
}

fn short(mode: Security) -> &'static str {
    match mode {
        Security::Auto => "By the port",
        Security::Tls => "TLS",
        Security::StartTls => "STARTTLS",
        Security::None => "None",
    }
}

/// An authority that a company's own server is signed by.
fn authority(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let mut forget = false;
    let hint = Some("For a server of your own. Kinde trusts public ones alone");
    form_row(ui, "Also trust", hint, None, size::FIELD_MAX, |ui, _| {
        ui.horizontal(|ui| match &state.draft.authority {
            Some(chosen) => {
                badge(ui, Mood::Neutral, &chosen.name);
                forget = Button::ghost("Take it away").name("Trust no other authority").small().show(ui).clicked();
            }
            None => {
                let button = Button::secondary("Choose a certificate…").small();
                if button.show(ui).clicked() {
                    state.pick_authority(cx, actions);
                }
            }
        });
    });
    if forget {
        state.draft.authority = None;
    }
}

fn keep(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some(profile) = cx.profile else {
        small(ui, "Without a profile nothing typed here is kept");
        return;
    };
    ui.add_space(space::XS);
    if state.is_the_sandbox_s() {
        small(ui, "The sandbox's own words are not kept: one click fills them in again");
        return;
    }
    let words = format!("Keep for {}", profile.name);
    let note = match (&state.kept, state.keep) {
        (Some(Ok(Some(Kept::ThisRun))), true) => "Kept. There is no keyring: the password for this run only",
        (Some(Ok(Some(Kept::Keyring))), true) => "Kept, the password in the system's keyring",
        (Some(Ok(None)), true) => "Kept. No password was given",
        _ => "At the next check, the password in the system's keyring",
    };
    checkbox_row(ui, &mut state.keep, &words, note);
    if let Some(Err(error)) = &state.kept {
        Callout::user_error(error).show(ui);
    }
    if profile.mail.is_some() && !state.keep {
        let busy = state.forget_job != 0;
        let forget = Button::ghost("Forget what is kept").icon(Icon::Trash).small();
        if forget.enabled_or(!busy, "It is being forgotten").show(ui).clicked() {
            state.forget_kept(profile.id, cx, actions);
        }
    }
}

/// Draws the buttons; `entered` asks for the first of them.
pub(super) fn buttons(ui: &mut Ui, state: &mut State, entered: bool, actions: &mut Vec<Action>) -> Option<Asked> {
    let why_not = state.draft.why_not();
    let live = state.run.live().map(|live| (live.job, live.cancelling));
    let mut asked = None;
    ui.horizontal(|ui| {
        if let Some((job, cancelling)) = live {
            let cancel = Button::secondary("Cancel").name("Cancel the check");
            if cancel.enabled_or(!cancelling, "It is ending").show(ui).clicked() {
                state.cancel(job, actions);
            }
            return;
        }
        let check = Button::primary("Check").name("Check the server").icon(Icon::Play);
        if check.enabled_or(why_not.is_none(), why_not.unwrap_or_default()).show(ui).clicked() {
            asked = Some(Asked::Check);
        }
        let to = if state.draft.to.trim().is_empty() { state.draft.sender_email.trim() } else { state.draft.to.trim() };
        let hint = format!("One real message to {to}");
        let why_no_mail = why_not.or(to.is_empty().then_some("Type the sender email or a test recipient first"));
        let send = Button::secondary("Send test email").icon(Icon::Mail).hint(&hint);
        if send.enabled_or(why_no_mail.is_none(), why_no_mail.unwrap_or_default()).show(ui).clicked() {
            asked = Some(Asked::Send);
        }
    });
    if entered && live.is_none() && why_not.is_none() {
        asked = asked.or(Some(Asked::Check));
    }
    asked
}

/// What was found in the form, in full, each with what puts it right.
pub(super) fn findings(ui: &mut Ui, draft: &mut Draft) {
    let mut mended: Option<Form> = None;
    for finding in draft.findings() {
        let check = &finding.check;
        let title = format!("{}: {}", check.name, check.why.as_deref().unwrap_or_default());
        let mood = if check.verdict == Verdict::Fail { Mood::Error } else { Mood::Warn };
        let fix = check.fix.as_deref().unwrap_or_default();
        let pressed = Callout::new(mood, &title).text(fix).show_with(ui, |ui| {
            finding.mend.as_ref().is_some_and(|mend| Button::secondary(&mend.words).small().show(ui).clicked())
        });
        ui.add_space(space::SM);
        if pressed {
            mended = finding.mend.as_ref().map(|mend| mend.form.clone());
        }
    }
    if let Some(form) = mended {
        draft.set(&form);
    }
}
