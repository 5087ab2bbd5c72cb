//! The mail providers people use with Kinde, read from `assets/mail/presets.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::form::{Form, Security};

/// The id of the preset that stands for every other server.
pub const CUSTOM: &str = "custom";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asset {
    checked: String,
    preset: Vec<Preset>,
}

/// One provider.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// Stable id: `resend`, `sendgrid`, `mailgun`, `postmark`, `ses`, `brevo`, `gmail`, `microsoft365`, `custom`.
    pub id: String,
    /// As people call it.
    pub name: String,
    /// Its servers; the first is the default. None for [`CUSTOM`].
    pub hosts: Vec<HostChoice>,
    /// Its ports, best first.
    pub ports: Vec<PresetPort>,
    /// The names it owns: a server under one of them is its own.
    #[serde(default)]
    pub domains: Vec<String>,
    /// The one user name there is, where there is one.
    pub user: Option<String>,
    /// What the user is.
    pub user_hint: String,
    /// The user is a token too, as secret as the password.
    #[serde(default)]
    pub user_is_secret: bool,
    /// What the password is.
    pub password_hint: String,
    /// How its user names begin, where that gives it away.
    pub user_begins: Option<String>,
    /// How its user names end, where that gives it away.
    pub user_ends: Option<String>,
    /// How its secrets begin, of whatever kind, where that gives it away.
    #[serde(default)]
    pub secret_begins: Vec<String>,
    /// How every password for SMTP begins, where it is known.
    #[serde(default)]
    pub password_begins: Vec<String>,
    /// Its secrets are UUIDs.
    #[serde(default)]
    pub secret_is_uuid: bool,
    /// Secrets of its own that are no SMTP password.
    #[serde(default)]
    pub wrong_secrets: Vec<WrongSecret>,
    /// What goes wrong with it, one sentence each.
    pub pitfalls: Vec<String>,
    /// The page where the password is made.
    pub keys_url: Option<String>,
    /// The page that shows what was sent.
    pub log_url: Option<String>,
    /// Its own guide.
    pub docs_url: Option<String>,
    /// The header that keeps a message from being sent twice.
    pub idempotency_header: Option<String>,
    /// A recipient it takes for tests.
    pub test_recipient: Option<String>,
}

/// One server of a provider.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostChoice {
    /// Its name.
    pub host: String,
    /// What tells it from the others: a region.
    pub label: String,
}

/// One port and how TLS begins there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresetPort {
    /// The port.
    pub port: u16,
    /// `tls` or `starttls`.
    pub security: Security,
}

/// A secret of the provider's that does not open SMTP.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrongSecret {
    /// How it begins.
    pub begins: String,
    /// What it is.
    pub means: String,
    /// What is wanted in its place.
    pub want: String,
}

static ASSET: LazyLock<Asset> = LazyLock::new(|| {
    // A test reads the asset: in a program that was built it always parses.
    read().unwrap_or_else(|_| Asset { checked: String::new(), preset: Vec::new() })
});

fn read() -> Result<Asset, String> {
    crate::assets::read(include_str!("../../assets/mail/presets.toml"))
}

/// Every provider, in the order people are offered them; [`CUSTOM`] last.
pub fn presets() -> &'static [Preset] {
    &ASSET.preset
}

/// The day the facts were last looked at.
pub fn checked() -> &'static str {
    &ASSET.checked
}

/// The provider of that id.
pub fn preset(id: &str) -> Option<&'static Preset> {
    presets().iter().find(|preset| preset.id == id)
}

impl Preset {
    /// True where `host` is one of its servers.
    pub fn owns_host(&self, host: &str) -> bool {
        let host = host.trim().trim_end_matches('.').to_ascii_lowercase();
        self.domains
            .iter()
            .any(|domain| host == *domain || host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.ends_with('.')))
    }

    /// True where `secret` can only be one of its own.
    pub fn owns_secret(&self, secret: &str) -> bool {
        // A prefix of two or three letters alone is a word of any password.
        secret.len() >= 16 && self.secret_begins.iter().any(|prefix| secret.starts_with(prefix.as_str()))
    }

    fn owns_user(&self, user: &str) -> bool {
        let user = user.trim();
        self.user.as_deref() == Some(user)
            || self.user_begins.as_deref().is_some_and(|prefix| user.starts_with(prefix) && user.len() >= 16)
            || self.user_ends.as_deref().is_some_and(|suffix| user.to_ascii_lowercase().ends_with(suffix))
    }

    /// The best port there is.
    pub fn best_port(&self) -> Option<PresetPort> {
        self.ports.first().copied()
    }

    /// A form filled in as far as the provider decides it; what else stands in `form` stays.
    #[must_use]
    pub fn fill(&self, form: &Form) -> Form {
        let mut form = form.clone();
        if let Some(first) = self.hosts.first()
            && !self.owns_host(&form.host)
        {
            form.host = first.host.clone();
        }
        if let Some(best) = self.best_port()
            && !self.ports.iter().any(|known| known.port == form.port)
        {
            form.port = best.port;
        }
        if let Some(user) = &self.user {
            form.user.clone_from(user);
        }
        form
    }
}

/// A hint in the middle of a sentence.
pub(super) fn inline(hint: &str) -> String {
    let mut chars = hint.chars();
    let first = chars.next().map(|first| first.to_lowercase().to_string()).unwrap_or_default();
    format!("{first}{}", chars.as_str())
}

/// The provider that what was typed points to: by the server, else by the user, else by the shape of the secret. `None`
/// where nothing gives one away.
pub fn detect(form: &Form) -> Option<&'static Preset> {
    let by = |fits: &dyn Fn(&Preset) -> bool| presets().iter().find(|preset| fits(preset));
    let secret = form.password.expose().trim();
    by(&|preset| preset.owns_host(&form.host)).or_else(|| {
        // A server of nobody's that was named is a server of one's own, whatever the user is called.
        if !form.host.trim().is_empty() {
            return None;
        }
        by(&|preset| preset.owns_user(&form.user))
            .or_else(|| by(&|preset| preset.owns_secret(secret)))
            .or_else(|| by(&|preset| preset.secret_is_uuid && uuid::Uuid::try_parse(secret).is_ok()))
    })
}

/// The provider that a secret gives away by how it begins.
pub fn owner_of_secret(secret: &str) -> Option<&'static Preset> {
    presets().iter().find(|preset| preset.owns_secret(secret.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::Secret;

    fn form(host: &str, user: &str, password: &str) -> Form {
        Form { host: host.to_owned(), user: user.to_owned(), password: Secret::new(password), ..Form::default() }
    }

    #[test]
    fn the_asset_parses_and_every_provider_says_what_its_form_needs() {
        let asset = read().unwrap();
        let ids: Vec<&str> = asset.preset.iter().map(|preset| preset.id.as_str()).collect();
        assert_eq!(
            ids,
            ["resend", "sendgrid", "mailgun", "postmark", "ses", "brevo", "gmail", "microsoft365", "custom"]
        );
        for preset in &asset.preset {
            assert!(!preset.ports.is_empty() && !preset.pitfalls.is_empty(), "{}", preset.id);
            for port in &preset.ports {
                let by_port = Security::Auto.on_port(port.port);
                assert_eq!(port.security, by_port, "{} {}: Kinde goes by the port", preset.id, port.port);
            }
            for url in [&preset.keys_url, &preset.log_url, &preset.docs_url].into_iter().flatten() {
                assert!(url::Url::parse(url).unwrap().scheme() == "https", "{url}");
            }
            assert!(preset.hosts.iter().all(|choice| preset.owns_host(&choice.host)), "{}", preset.id);
            assert_eq!(preset.hosts.is_empty(), preset.id == CUSTOM);
        }
    }

    #[test]
    fn a_provider_is_known_by_its_server_then_by_its_user_then_by_its_secret() {
        for (host, user, password, id) in [
            ("smtp.resend.com", "", "", Some("resend")),
            ("SMTP.EU.Mailgun.org.", "", "", Some("mailgun")),
            ("email-smtp.eu-west-1.amazonaws.com", "", "", Some("ses")),
            ("", "apikey", "", Some("sendgrid")),
            ("", "AKIAIOSFODNN7EXAMPLE", "", Some("ses")),
            ("", "8a1b2c001@smtp-brevo.com", "", Some("brevo")),
            ("", "ada@gmail.com", "", Some("gmail")),
            ("", "", "re_1234567890abcdef", Some("resend")),
            ("", "", "SG.abcdefghijklmnop.qrstuv", Some("sendgrid")),
            ("", "", "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9", Some("postmark")),
            ("", "", "re_short", None),
            ("mail.example.com", "resend", "re_1234567890abcdef", None),
            ("resend.com.evil.example", "", "", None),
            ("notresend.com", "", "", None),
        ] {
            let found = detect(&form(host, user, password)).map(|preset| preset.id.as_str());
            assert_eq!(found, id, "{host} {user}");
        }
    }

    #[test]
    fn a_provider_s_server_is_its_own_however_its_name_is_written() {
        let resend = preset("resend").unwrap();
        for host in ["smtp.resend.com", " SMTP.Resend.COM. ", "resend.com"] {
            assert!(resend.owns_host(host), "{host}");
        }
        for host in ["smtp.resend.com.evil.example", "notresend.com", ""] {
            assert!(!resend.owns_host(host), "{host}");
        }
    }

    #[test]
    fn filling_in_keeps_a_region_and_a_port_that_are_the_providers_own() {
        let ses = preset("ses").unwrap();
        let typed = Form { port: 2587, ..form("email-smtp.eu-west-1.amazonaws.com", "AKIA", "") };
        assert_eq!(ses.fill(&typed), typed);
        let filled = preset("resend").unwrap().fill(&Form { port: 993, ..form("mail.example.com", "ada", "") });
        assert_eq!((filled.host.as_str(), filled.port, filled.user.as_str()), ("smtp.resend.com", 465, "resend"));
    }
}
