//! What Kinde's email form asks for, as plain data.

use serde::{Deserialize, Serialize};

use super::presets;
use crate::secrets::Secret;

/// The field of a profile's keyring entry that holds the mail password.
pub const PASSWORD_FIELD: &str = "mail_password";

/// How a connection becomes a secure one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// As the port says, and as the port turns out to be.
    #[default]
    Auto,
    /// TLS from the first byte (RFC 8314 calls it implicit TLS).
    Tls,
    /// Plain text first, then the STARTTLS command (RFC 3207).
    StartTls,
    /// No TLS at all.
    None,
}

impl Security {
    /// Every choice, in the order people are offered them.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Tls, Self::StartTls, Self::None];

    /// As the command line spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Tls => "tls",
            Self::StartTls => "starttls",
            Self::None => "none",
        }
    }

    /// As the window spells it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Auto => "By the port",
            Self::Tls => "TLS from the first byte",
            Self::StartTls => "STARTTLS",
            Self::None => "None",
        }
    }

    /// Reads the command line's spelling.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|security| security.word().eq_ignore_ascii_case(word))
    }

    /// What [`Security::Auto`] means on `port`: TLS at once on 465 (RFC 8314 §7.3) and its twin 2465, else STARTTLS. Kinde
    /// has no switch for it, so the port decides there too.
    pub fn on_port(self, port: u16) -> Self {
        match (self, port) {
            (Self::Auto, 465 | 2465) => Self::Tls,
            (Self::Auto, _) => Self::StartTls,
            (named, _) => named,
        }
    }
}

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// The name people see.
    SenderName,
    /// The address mail comes from.
    SenderEmail,
    /// The server's name.
    Host,
    /// Its port.
    Port,
    /// Who signs in.
    User,
    /// With what.
    Password,
}

impl Field {
    /// Every field, in Kinde's own order.
    pub const ALL: [Self; 6] =
        [Self::SenderName, Self::SenderEmail, Self::Host, Self::Port, Self::User, Self::Password];

    /// Kinde's own label for it.
    pub fn kinde_label(self) -> &'static str {
        match self {
            Self::SenderName => "Sender name",
            Self::SenderEmail => "Sender email",
            Self::Host => "Server name",
            Self::Port => "Port",
            Self::User => "User",
            Self::Password => "Password",
        }
    }
}

/// What is typed into Kinde, before it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Form {
    /// The name people see beside the address. May be empty.
    pub sender_name: String,
    /// The address mail comes from.
    pub sender_email: String,
    /// The server's name, as typed.
    pub host: String,
    /// The server's port.
    pub port: u16,
    /// Who signs in. Where a provider takes its token as user too, this is a secret: see [`Form::secrets`].
    pub user: String,
    /// With what. Empty where none was given.
    pub password: Secret,
    /// How TLS begins. Not in Kinde's form.
    pub security: Security,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            sender_name: String::new(),
            sender_email: String::new(),
            host: String::new(),
            port: 587,
            user: String::new(),
            password: Secret::default(),
            security: Security::Auto,
        }
    }
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Form")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("security", &self.security)
            .finish_non_exhaustive()
    }
}

impl Form {
    /// True where the user is as secret as the password: it is the same text, or the provider takes a token for both.
    pub fn user_is_secret(&self) -> bool {
        !self.user.is_empty()
            && (self.user == self.password.expose()
                || presets::detect(self).is_some_and(|preset| preset.user_is_secret))
    }

    /// The form with the password as user too, where the provider takes one token for both and no user was given.
    #[must_use]
    pub fn with_token_for_both(mut self) -> Self {
        if self.user.trim().is_empty() && presets::detect(&self).is_some_and(|preset| preset.user_is_secret) {
            self.password.expose().clone_into(&mut self.user);
        }
        self
    }

    /// True where the server is this computer itself.
    pub fn is_loopback(&self) -> bool {
        let host = self.host.trim();
        match url::Host::parse(host) {
            Ok(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Ok(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Ok(url::Host::Domain(name)) => name == "localhost",
            Err(_) => host == "::1",
        }
    }

    /// Everything in the form that must be seen nowhere.
    pub fn secrets(&self) -> Vec<Secret> {
        let mut secrets = Vec::new();
        if !self.password.is_empty() {
            secrets.push(self.password.clone());
        }
        if self.user_is_secret() {
            secrets.push(Secret::new(self.user.as_str()));
        }
        secrets
    }

    /// What may be written down of it.
    pub fn kept(&self) -> Kept {
        Kept {
            sender_name: self.sender_name.clone(),
            sender_email: self.sender_email.clone(),
            host: self.host.clone(),
            port: self.port,
            user: if self.user_is_secret() { String::new() } else { self.user.clone() },
            security: self.security,
        }
    }
}

/// A form without its secrets, for the profile it belongs to. Its password stands in the keyring, under the profile and
/// [`PASSWORD_FIELD`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// As [`Form::sender_name`].
    #[serde(default)]
    pub sender_name: String,
    /// As [`Form::sender_email`].
    #[serde(default)]
    pub sender_email: String,
    /// As [`Form::host`].
    pub host: String,
    /// As [`Form::port`].
    pub port: u16,
    /// As [`Form::user`]; empty where the user is the password.
    #[serde(default)]
    pub user: String,
    /// As [`Form::security`].
    #[serde(default)]
    pub security: Security,
}

impl Kept {
    /// The form again. Without a user the password is the user.
    pub fn form(&self, password: Secret) -> Form {
        let user = if self.user.is_empty() { password.expose().to_owned() } else { self.user.clone() };
        Form {
            sender_name: self.sender_name.clone(),
            sender_email: self.sender_email.clone(),
            host: self.host.clone(),
            port: self.port,
            user,
            password,
            security: self.security,
        }
    }

    /// True where the kept password is the one for `user` at `host`: it is handed to no other server and to no other user.
    /// Where the user is the password, nobody names one: `user` is empty then.
    pub fn is_for(&self, host: &str, user: &str) -> bool {
        same_host(&self.host, host) && self.user.trim() == user.trim()
    }
}

/// True where both name one server.
pub(super) fn same_host(one: &str, other: &str) -> bool {
    let plain = |host: &str| host.trim().trim_end_matches('.').to_ascii_lowercase();
    plain(one) == plain(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_token_for_both_is_given_once_and_other_providers_get_no_password_as_user() {
        let token = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";
        let form = |host: &str, user: &str| Form {
            host: host.to_owned(),
            user: user.to_owned(),
            password: Secret::new(token),
            ..Form::default()
        };
        assert_eq!(form("smtp.postmarkapp.com", "").with_token_for_both().user, token);
        assert_eq!(form("smtp.postmarkapp.com", "other").with_token_for_both().user, "other");
        for host in ["smtp.resend.com", "mail.acme.test", "smtp.postmarkapp.com.evil.example"] {
            assert_eq!(form(host, "").with_token_for_both().user, "", "{host}");
        }
        assert!(form("smtp.postmarkapp.com", token).kept().is_for("smtp.postmarkapp.com", ""));
    }

    #[test]
    fn the_port_decides_where_nothing_else_was_said() {
        for (port, security) in [
            (465, Security::Tls),
            (2465, Security::Tls),
            (587, Security::StartTls),
            (2587, Security::StartTls),
            (25, Security::StartTls),
            (10465, Security::StartTls),
        ] {
            assert_eq!(Security::Auto.on_port(port), security, "{port}");
        }
        assert_eq!(Security::None.on_port(465), Security::None);
        for security in Security::ALL {
            assert_eq!(Security::parse(security.word()), Some(security));
        }
    }

    #[test]
    fn a_form_is_kept_without_its_secrets_and_comes_back_with_the_password() {
        let token = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";
        let form = Form {
            host: "smtp.postmarkapp.com".to_owned(),
            user: token.to_owned(),
            password: Secret::new(token),
            ..Form::default()
        };
        let written = serde_json::to_string(&form.kept()).unwrap();
        assert!(!written.contains("0a1b2c3d"), "{written}");
        assert!(!format!("{form:?}").contains("0a1b2c3d"));
        let kept: Kept = serde_json::from_str(&written).unwrap();
        assert_eq!(kept.form(Secret::new(token)), form);
    }

    #[test]
    fn a_kept_password_belongs_to_one_user_at_one_server() {
        let kept = Form { host: "smtp.resend.com".to_owned(), user: "resend".to_owned(), ..Form::default() }.kept();
        assert!(kept.is_for("SMTP.resend.com.", "resend"));
        assert!(!kept.is_for("smtp.resend.com.evil.example", "resend"));
        assert!(!kept.is_for("smtp.resend.com", "other"));
    }
}
