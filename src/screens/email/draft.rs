//! The form while it is typed: the texts, the form they make, and what can be said of it without a network.

use std::str::FromStr as _;

use crate::backend::mail::Authority;
use crate::check::Verdict;
use crate::mail::resolver::DnsServer;
use crate::mail::{Field, Finding, Form, Kept, Preset, Security, detect, lint, preset};
use crate::secrets::Secret;
use crate::ui::SecretDraft;

/// What is typed, and what follows from it.
#[derive(Default)]
pub(super) struct Draft {
    pub sender_name: String,
    pub sender_email: String,
    pub host: String,
    pub port: String,
    pub user: String,
    pub password: SecretDraft,
    pub security: Security,
    /// The recipient of the dry run and the test message; empty for the sender's own address.
    pub to: String,
    /// Whom to ask for names, as typed; empty for the system's resolver.
    pub dns: String,
    /// An authority to trust besides the system's own.
    pub authority: Option<Authority>,
    /// The password goes to this computer without good TLS too.
    pub insecure: bool,
    /// The provider chosen by hand.
    chosen: Option<&'static str>,
    form: Form,
    findings: Vec<Finding>,
    /// Findings of fields that are still empty show too.
    strict: bool,
}

impl Draft {
    /// The form that is typed.
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// Reads the fields anew: to be called when one of them changed.
    pub fn read(&mut self) {
        let port = self.port.trim().parse().unwrap_or_default();
        let password = self.password.whole();
        self.form = Form {
            sender_name: self.sender_name.clone(),
            sender_email: self.sender_email.clone(),
            host: self.host.clone(),
            port,
            user: self.user.clone(),
            password,
            security: self.security,
        };
        if self.user_is_the_password() {
            self.form.user = self.form.password.expose().to_owned();
        }
        self.findings = lint(&self.form);
    }

    /// Puts a whole form into the fields.
    pub fn set(&mut self, form: &Form) {
        self.sender_name.clone_from(&form.sender_name);
        self.sender_email.clone_from(&form.sender_email);
        self.host.clone_from(&form.host);
        self.port = if form.port == 0 { String::new() } else { form.port.to_string() };
        self.password.set(&form.password);
        self.security = form.security;
        // Where it is as secret as the password it stands in no field that shows it.
        self.user = if form.user_is_secret() { String::new() } else { form.user.clone() };
        self.read();
    }

    /// Where Kinde says the port decides, another port or mode is a new one.
    pub fn correct(&mut self, port: u16, security: Security) {
        self.port = port.to_string();
        self.security = if Security::Auto.on_port(port) == security { Security::Auto } else { security };
        self.read();
    }

    /// Fills in what the provider of that id decides.
    pub fn choose(&mut self, id: Option<&'static str>) {
        self.chosen = id;
        self.read();
        if let Some(preset) = id.and_then(preset) {
            let mut filled = preset.fill(&self.form);
            // A mode chosen for another server's port is none of this one's.
            filled.security = Security::Auto;
            self.set(&filled);
        }
    }

    /// Fills in Resend's server with `key`. A sender that was typed stays, and one is made up at `domain` where there is none.
    pub fn fill_resend(&mut self, key: &Secret, domain: &str) {
        self.choose(Some("resend"));
        self.password.set(key);
        if self.sender_email.trim().is_empty() && !domain.is_empty() {
            self.sender_email = format!("hello@{domain}");
        }
        self.read();
    }

    /// The provider: the one chosen by hand while nothing speaks against it, else what was typed points to.
    pub fn preset(&self) -> Option<&'static Preset> {
        let chosen = self.chosen.and_then(preset);
        match (chosen, detect(&self.form)) {
            (Some(chosen), _) if self.host.trim().is_empty() || chosen.owns_host(&self.host) => Some(chosen),
            (_, found) => found,
        }
    }

    /// True where the provider takes one token as user and password.
    pub fn user_is_the_password(&self) -> bool {
        self.preset().is_some_and(|preset| preset.user_is_secret)
    }

    /// What is wrong with a field, the worst first.
    pub fn finding(&self, field: Field) -> Option<&Finding> {
        self.findings().find(|finding| finding.field == field)
    }

    /// Everything there is to say. Of empty fields only once it was asked for.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| self.strict || !self.is_empty(finding.field))
    }

    fn is_empty(&self, field: Field) -> bool {
        match field {
            Field::SenderName => self.sender_name.trim().is_empty(),
            Field::SenderEmail => self.sender_email.trim().is_empty(),
            Field::Host => self.host.trim().is_empty(),
            Field::Port => self.port.trim().is_empty(),
            Field::User => self.user.trim().is_empty() && !self.user_is_the_password(),
            Field::Password => self.password.is_empty(),
        }
    }

    /// True where what was kept is of the server and the user that are typed.
    pub fn is_of(&self, kept: &Kept) -> bool {
        kept.is_for(&self.host, if self.user_is_the_password() { "" } else { &self.user })
    }

    /// Why it cannot be checked as it stands; `None` where it can.
    pub fn why_not(&self) -> Option<&'static str> {
        if self.host.trim().is_empty() {
            Some("Type the server name first")
        } else if self.port_error().is_some() || self.form.port == 0 {
            Some("Type the port first: a number from 1 to 65535")
        } else if self.dns().is_err() {
            Some("The DNS server in the options is no address")
        } else {
            None
        }
    }

    /// What is wrong with the port as typed.
    pub fn port_error(&self) -> Option<&'static str> {
        let text = self.port.trim();
        let good = text.is_empty() || text.parse::<u16>().is_ok_and(|port| port > 0);
        (!good).then_some("A number from 1 to 65535")
    }

    /// Whom to ask for names.
    pub fn dns(&self) -> Result<DnsServer, ()> {
        match self.dns.trim() {
            "" => Ok(DnsServer::System),
            text => DnsServer::from_str(text).map_err(drop),
        }
    }

    /// From now on empty fields are told of too; true where a finding makes a check useless.
    pub fn insist(&mut self) -> bool {
        self.strict = true;
        self.findings.iter().any(|finding| finding.check.verdict == Verdict::Fail)
    }

    /// The domain mail comes from.
    pub fn sender_domain(&self) -> Option<&str> {
        self.sender_email.trim().rsplit_once('@').map(|(_, domain)| domain).filter(|domain| !domain.is_empty())
    }

    /// True where the server is this computer.
    pub fn is_loopback(&self) -> bool {
        self.form.is_loopback()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(host: &str, user: &str, password: &str) -> Draft {
        let mut draft = Draft { host: host.into(), user: user.into(), port: "465".into(), ..Draft::default() };
        draft.password.set(&Secret::new(password));
        draft.read();
        draft
    }

    #[test]
    fn a_provider_that_takes_one_token_for_both_needs_it_once_and_shows_it_in_no_field() {
        let token = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";
        let mut draft = typed("smtp.postmarkapp.com", "", token);
        assert!(draft.user_is_the_password());
        assert_eq!(draft.form().user, token);
        let form = draft.form().clone();
        draft.set(&form);
        assert_eq!((draft.user.as_str(), draft.form().user.as_str()), ("", token));
    }

    #[test]
    fn a_blank_around_a_password_is_kept_to_be_told_and_one_click_takes_it_off() {
        let mut draft = typed("smtp.resend.com", "resend", " re_0123456789abcdef ");
        assert_eq!(draft.form().password.expose(), " re_0123456789abcdef ");
        let finding = draft.finding(Field::Password).expect("a blank is told").clone();
        draft.set(&finding.mend.expect("and mended").form);
        assert_eq!(draft.form().password.expose(), "re_0123456789abcdef");
        assert_eq!(draft.finding(Field::Password), None);
    }

    #[test]
    fn empty_fields_are_told_of_only_once_a_check_was_asked_for() {
        let mut draft = Draft::default();
        draft.read();
        assert_eq!(draft.findings().count(), 0);
        assert!(draft.insist());
        assert!(draft.findings().count() > 0);
    }

    #[test]
    fn a_provider_chosen_by_hand_holds_until_another_server_is_typed() {
        let mut draft = Draft::default();
        draft.choose(Some("sendgrid"));
        assert_eq!((draft.host.as_str(), draft.user.as_str()), ("smtp.sendgrid.net", "apikey"));
        assert_eq!(draft.port, "465", "the one that is best there");
        assert_eq!(draft.preset().map(|preset| preset.id.as_str()), Some("sendgrid"));
        draft.host = "smtp.resend.com".into();
        draft.read();
        assert_eq!(draft.preset().map(|preset| preset.id.as_str()), Some("resend"));
    }

    #[test]
    fn a_port_and_a_dns_server_that_are_none_are_said() {
        let mut draft = typed("mail.example.com", "ada", "x");
        assert_eq!(draft.why_not(), None);
        for port in ["", "0", "70000", "mail"] {
            draft.port = port.into();
            draft.read();
            assert!(draft.why_not().is_some(), "{port}");
        }
        draft.correct(587, Security::StartTls);
        assert_eq!((draft.port.as_str(), draft.security, draft.why_not()), ("587", Security::Auto, None));
        draft.correct(10465, Security::Tls);
        assert_eq!(draft.security, Security::Tls, "the port alone would not say so");
        draft.dns = "nowhere".into();
        assert!(draft.why_not().is_some());
    }
}
