//! The sender's domain: MX, SPF, DKIM, DMARC and how they fit, as DNS has them now.

use egui::Ui;

use super::draft::Draft;
use super::headers::LookUp;
use super::look::{self, Look};
use super::spf;
use crate::action::Action;
use crate::backend::mail::Command;
use crate::mail::dns::{self, CHECKS, Report};
use crate::screens::Cx;
use crate::ui::tokens::{size, space};
use crate::ui::{FieldRow, card, check_rows, disclosure, small};

/// What the part remembers.
#[derive(Default)]
pub(super) struct Domain {
    /// As typed; empty for the sender's.
    text: String,
    selectors: String,
    pub look: Look<Report>,
}

impl Domain {
    fn ask(&mut self, draft: &Draft, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let Ok(dns) = draft.dns() else { return };
        let job = cx.job();
        let words = self.selectors.split([',', ' ', ';']).map(str::trim).filter(|word| !word.is_empty());
        let selectors = words.map(str::to_owned).collect();
        let plan = dns::Plan { domain: self.wanted(draft).unwrap_or_default().to_owned(), selectors };
        self.look.begin(job, &CHECKS);
        actions.push(Action::Run(job, Command::Domain { plan, dns }.into()));
    }

    /// Another domain to look at, with the selector of a signature. What was found of the one before stays until then.
    pub fn fill(&mut self, wanted: LookUp) {
        self.text = wanted.domain;
        self.selectors = wanted.selector;
    }

    /// What was typed, else the domain of the sender.
    fn wanted<'a>(&'a self, draft: &'a Draft) -> Option<&'a str> {
        let typed = self.text.trim();
        if typed.is_empty() { draft.sender_domain() } else { Some(typed) }
    }
}

/// Draws it.
pub(super) fn ui(ui: &mut Ui, state: &mut Domain, draft: &mut Draft, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    card(ui, |ui| {
        let sender = draft.sender_domain().unwrap_or("acme.com").to_owned();
        FieldRow::new("Domain")
            .placeholder(&sender)
            .hint("A domain, or an address at it. Empty: the sender's")
            .mono()
            .width(size::FIELD_MAX)
            .show(ui, &mut state.text);
        FieldRow::new("DKIM selectors")
            .placeholder("resend, s1")
            .hint("Empty: those of the known providers are asked for")
            .mono()
            .show(ui, &mut state.selectors);
        let error = draft.dns().is_err().then_some("An address like 1.1.1.1 or 127.0.0.1:5353");
        FieldRow::new("DNS server")
            .placeholder("system")
            .hint("Empty: the system's resolver. The domain's own servers are asked too")
            .error(error)
            .mono()
            .show(ui, &mut draft.dns);
        let why_not = match state.wanted(draft) {
            None => Some("Type a domain first"),
            Some(_) if error.is_some() => Some("The DNS server is no address"),
            Some(_) => None,
        };
        if look::button(ui, &mut state.look, "Look it up", why_not, actions) {
            state.ask(draft, cx, actions);
        }
    });
    ui.add_space(space::MD);
    look::ui(ui, &state.look, "domain live", IDLE, found);
}

const IDLE: &str = "Nothing was looked up yet. It shows whether receivers can tell that mail from this domain is yours, and \
                    which record to change where not";

fn found(ui: &mut Ui, report: &Report) {
    look::headline(ui, &report.headline, &report.checks, report.cancelled);
    ui.add_space(space::XS);
    check_rows(ui, "domain", &look::titled(&report.checks));
    let Some(root) = &report.spf else { return };
    ui.add_space(space::SM);
    let (lookups, voids) = report.spf_cost;
    let title =
        format!("SPF: {lookups} of {} look-ups, {voids} of {} that find nothing", dns::MOST_LOOKUPS, dns::MOST_VOIDS);
    disclosure(ui, "spf", &title, lookups > dns::MOST_LOOKUPS || voids > dns::MOST_VOIDS, |ui| {
        spf::tree(ui, root);
        small(ui, "A receiver counts so from the top, and gives up past either number (RFC 7208)");
    });
}
