//! What stands behind a result: addresses, what the server offers before and after TLS, the certificates.

use egui::{Label, RichText, Ui};

use crate::clock::day;
use crate::mail::smtp::{Address, Certificate, Outcome, TlsFacts};
use crate::ui::tokens::space;
use crate::ui::{
    Col, Mood, Table, disclosure, key_value, key_value_copy, key_value_ui, prose, small, status, strong, tokens,
};

/// Fewer days than this and a certificate ends soon.
const SOON: i64 = 21;

/// Draws those that are there, each to open.
pub(super) fn ui(ui: &mut Ui, outcome: &Outcome) {
    if outcome.addresses.len() > 1 {
        let title = format!("Addresses ({})", outcome.addresses.len());
        disclosure(ui, "addresses", &title, false, |ui| addresses(ui, &outcome.addresses));
    }
    if outcome.ehlo_before.is_some() || outcome.ehlo_after.is_some() {
        disclosure(ui, "ehlo", "What the server offers", false, |ui| offers(ui, outcome));
    }
    if let Some(tls) = &outcome.tls {
        disclosure(ui, "certificates", "TLS and certificates", false, |ui| certificates(ui, tls));
    }
}

fn addresses(ui: &mut Ui, all: &[Address]) {
    let columns = [Col::exact("Address", 260.0), Col::rest("Connection"), Col::exact("Took", 76.0).right()];
    Table::new("Addresses", &columns).show(
        ui,
        all.len(),
        |index| all.get(index).map_or_else(String::new, |address| address.ip.to_string()),
        |cells, index| {
            let Some(address) = all.get(index) else { return };
            cells.mono(&address.ip.to_string());
            cells.ui(|ui| {
                match &address.trouble {
                    None => status(ui, Mood::Success, "connected"),
                    Some(words) => status(ui, Mood::Error, words),
                };
            });
            cells.subdued(&format!("{} ms", address.ms));
        },
    );
}

/// One offer, and where it is made.
struct Offer<'a> {
    words: &'a str,
    before: bool,
    after: bool,
}

/// The offers of both greetings side by side, in the order they were made.
fn side_by_side<'a>(before: &'a [String], after: &'a [String]) -> Vec<Offer<'a>> {
    let mut all: Vec<Offer<'a>> = Vec::new();
    let mut put = |line: &'a String, is_after: bool| {
        if let Some(known) = all.iter_mut().find(|known| known.words.eq_ignore_ascii_case(line)) {
            known.after |= is_after;
            known.before |= !is_after;
        } else {
            all.push(Offer { words: line, before: !is_after, after: is_after });
        }
    };
    before.iter().for_each(|line| put(line, false));
    after.iter().for_each(|line| put(line, true));
    all
}

fn offers(ui: &mut Ui, outcome: &Outcome) {
    let before = outcome.ehlo_before.as_deref();
    let after = outcome.ehlo_after.as_deref();
    let all = side_by_side(before.unwrap_or_default(), after.unwrap_or_default());
    let columns = [Col::rest("Offer"), Col::exact("Before TLS", 130.0), Col::exact("Over TLS", 130.0)];
    Table::new("What the server offers", &columns).show(
        ui,
        all.len(),
        |index| all.get(index).map_or_else(String::new, |offer| offer.words.to_owned()),
        |cells, index| {
            let Some(offer) = all.get(index) else { return };
            cells.mono(offer.words);
            for (made, asked) in [(offer.before, before.is_some()), (offer.after, after.is_some())] {
                cells.ui(|ui| match (made, asked) {
                    (true, _) => {
                        status(ui, Mood::Success, "offered");
                    }
                    (false, true) => {
                        status(ui, Mood::Neutral, "not offered");
                    }
                    (false, false) => {
                        let ink = tokens(ui).text_subdued;
                        ui.add(Label::new(RichText::new("not asked").color(ink)).selectable(false));
                    }
                });
            }
        },
    );
}

fn certificates(ui: &mut Ui, tls: &TlsFacts) {
    let group = tls.group.as_deref().map(|group| format!(", {group}")).unwrap_or_default();
    key_value(ui, "TLS", &format!("{}, {}{group}, in {} ms", tls.version, tls.suite, tls.ms));
    key_value(ui, "Server name sent", tls.server_name.as_deref().unwrap_or("none: an address has no name"));
    for fault in &tls.faults {
        prose(ui, &format!("· {fault}"));
    }
    for (index, certificate) in tls.chain.iter().enumerate() {
        ui.add_space(space::SM);
        one(ui, index, certificate);
    }
    if tls.chain.len() == 1 {
        ui.add_space(space::XS);
        small(ui, "The server sent no certificate of who signed it");
    }
}

fn one(ui: &mut Ui, index: usize, certificate: &Certificate) {
    ui.push_id(("certificate", index), |ui| {
        strong(ui, &format!("{}. {}", index + 1, certificate.subject));
        key_value_copy(ui, "Signed by", &certificate.issuer);
        if !certificate.names.is_empty() {
            key_value_copy(ui, "Good for", &certificate.names.join(", "));
        }
        key_value_ui(ui, "Good until", |ui| {
            let (mood, words) = days(certificate.days_left);
            let until = format!("{}, {words}", day(certificate.not_after));
            status(ui, mood, &until).on_hover_text(format!("From {}", day(certificate.not_before)));
        });
        key_value(ui, "Key", &format!("{}, signed with {}", certificate.key, certificate.signature));
        key_value_copy(ui, "Serial", &certificate.serial);
        key_value_copy(ui, "SHA-256", &certificate.sha256);
        if let Some(url) = &certificate.ca_issuers {
            key_value_copy(ui, "Issuer at", url);
        }
    });
}

/// How long a certificate is still good, in words.
fn days(left: i64) -> (Mood, String) {
    match left {
        ..0 => (Mood::Error, format!("{} days ago", -left)),
        0 => (Mood::Error, "it ends today".to_owned()),
        1..SOON => (Mood::Warn, format!("{left} days left")),
        more => (Mood::Success, format!("{more} days left")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_of_both_greetings_stand_in_one_row_each() {
        let lines = |all: &[&str]| all.iter().map(|&line| line.to_owned()).collect::<Vec<_>>();
        let (before, after) = (lines(&["SIZE 100", "STARTTLS"]), lines(&["size 100", "AUTH PLAIN LOGIN"]));
        let all: Vec<_> =
            side_by_side(&before, &after).iter().map(|offer| (offer.words, offer.before, offer.after)).collect();
        assert_eq!(all, [("SIZE 100", true, true), ("STARTTLS", true, false), ("AUTH PLAIN LOGIN", false, true)]);
    }

    #[test]
    fn a_certificate_that_ended_or_ends_soon_says_so() {
        assert_eq!(days(-3), (Mood::Error, "3 days ago".to_owned()));
        assert_eq!(days(20).0, Mood::Warn);
        assert_eq!(days(21), (Mood::Success, "21 days left".to_owned()));
    }
}
