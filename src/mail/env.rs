//! Reads a `.env` text for a mail server: the names that frameworks and providers use. Pure; values stay unsaid.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;
use url::Url;

use super::form::{Field, Form, Security, same_host};
use super::presets::{Preset, preset};
use crate::dotenv::assignments;
use crate::secrets::Secret;

/// What a `.env` text says of a mail server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// What was found; the rest as in an empty form.
    pub form: Form,
    /// The fields that were found.
    pub fields: Vec<Field>,
    /// The names of the variables it was found in, never their values.
    pub from: Vec<String>,
    /// What a person should know of it, one sentence each.
    pub notes: Vec<String>,
}

impl Imported {
    /// True when nothing of a mail server was in it.
    pub fn is_empty(&self) -> bool {
        self.from.is_empty()
    }

    /// What was found laid over what is typed: all else stays. A password stays with the server and the user it was typed
    /// for, and is carried to no other.
    pub fn over(&self, typed: &Form) -> Form {
        let has = |field: Field| self.fields.contains(&field);
        let mut form = typed.clone();
        let mut lay = |field: Field, put: fn(&mut Form, &Form)| {
            if has(field) {
                put(&mut form, &self.form);
            }
        };
        lay(Field::SenderName, |form, found| form.sender_name.clone_from(&found.sender_name));
        lay(Field::SenderEmail, |form, found| form.sender_email.clone_from(&found.sender_email));
        lay(Field::Host, |form, found| form.host.clone_from(&found.host));
        lay(Field::Port, |form, found| form.port = found.port);
        lay(Field::User, |form, found| form.user.clone_from(&found.user));
        lay(Field::Password, |form, found| form.password = found.password.clone());
        let elsewhere = !typed.host.trim().is_empty() && !same_host(&typed.host, &form.host);
        if elsewhere {
            // Port, mode and user belonged to the server before.
            if !has(Field::Port) {
                form.port = self.form.port;
            }
            if !has(Field::User) {
                form.user.clear();
            }
        }
        if elsewhere || form.port != typed.port {
            form.security = Security::Auto;
        }
        let somebody_else = !typed.user.trim().is_empty() && typed.user != form.user;
        if (elsewhere || somebody_else) && !has(Field::Password) {
            form.password = Secret::default();
        }
        // Where one token is both, the user is as old as the password was.
        if has(Field::Password) && !has(Field::User) && typed.user == typed.password.expose() {
            form.user.clear();
        }
        form
    }
}

/// Names by what they hold, the plainest first: of several that are set, the first counts.
const HOSTS: [&str; 9] = [
    "SMTP_HOST",
    "SMTP_SERVER",
    "SMTP_HOSTNAME",
    "MAIL_HOST",
    "MAIL_SERVER",
    "EMAIL_HOST",
    "EMAIL_SERVER_HOST",
    "MAILGUN_SMTP_SERVER",
    "SMTP_ADDRESS",
];
const PORTS: [&str; 6] =
    ["SMTP_PORT", "MAIL_PORT", "EMAIL_PORT", "EMAIL_SERVER_PORT", "MAILGUN_SMTP_PORT", "SMTP_SERVER_PORT"];
const USERS: [&str; 11] = [
    "SMTP_USER",
    "SMTP_USERNAME",
    "SMTP_LOGIN",
    "MAIL_USER",
    "MAIL_USERNAME",
    "EMAIL_USER",
    "EMAIL_HOST_USER",
    "EMAIL_SERVER_USER",
    "EMAIL_USERNAME",
    "MAILGUN_SMTP_LOGIN",
    "BREVO_SMTP_LOGIN",
];
const PASSWORDS: [&str; 13] = [
    "SMTP_PASSWORD",
    "SMTP_PASS",
    "SMTP_PWD",
    "MAIL_PASSWORD",
    "MAIL_PASS",
    "EMAIL_PASSWORD",
    "EMAIL_PASS",
    "EMAIL_HOST_PASSWORD",
    "EMAIL_SERVER_PASSWORD",
    "MAILGUN_SMTP_PASSWORD",
    "BREVO_SMTP_KEY",
    "SMTP_TOKEN",
    "SMTP_SECRET",
];
const SENDERS: [&str; 12] = [
    "SMTP_FROM",
    "SMTP_FROM_EMAIL",
    "SMTP_FROM_ADDRESS",
    "SMTP_SENDER",
    "MAIL_FROM",
    "MAIL_FROM_ADDRESS",
    "EMAIL_FROM",
    "FROM_EMAIL",
    "DEFAULT_FROM_EMAIL",
    "MAIL_DEFAULT_SENDER",
    "RESEND_FROM_EMAIL",
    "SENDER_EMAIL",
];
const NAMES: [&str; 5] = ["SMTP_FROM_NAME", "MAIL_FROM_NAME", "EMAIL_FROM_NAME", "FROM_NAME", "SENDER_NAME"];
const URLS: [&str; 6] = ["SMTP_URL", "SMTP_URI", "EMAIL_SERVER", "MAIL_URL", "MAILER_DSN", "EMAIL_URL"];
/// A provider's key under its own name, and whose it is.
const KEYS: [(&str, &str); 4] = [
    ("RESEND_API_KEY", "resend"),
    ("SENDGRID_API_KEY", "sendgrid"),
    ("POSTMARK_SERVER_TOKEN", "postmark"),
    ("POSTMARK_API_TOKEN", "postmark"),
];

/// Reads the text of a `.env` file.
pub fn parse(text: &str) -> Imported {
    let mut reading = Reading { values: assignments(text), found: Imported::default() };
    reading.url();
    reading.names();
    reading.keys();
    let Reading { mut found, .. } = reading;
    if found.is_empty() {
        found.notes.push("No variable of a mail server is in this file".to_owned());
    }
    found.from.dedup();
    found
}

struct Reading {
    values: HashMap<String, String>,
    found: Imported,
}

impl Reading {
    fn first(&self, names: &[&str]) -> Option<(String, String)> {
        names.iter().find_map(|name| {
            let value = self.values.get(*name).filter(|value| !value.is_empty())?;
            Some(((*name).to_owned(), value.clone()))
        })
    }

    fn take(&mut self, names: &[&str], field: Field, put: impl FnOnce(&mut Form, String)) {
        if let Some((name, value)) = self.first(names) {
            put(&mut self.found.form, value);
            self.found.from.push(name);
            self.found.fields.push(field);
        }
    }

    /// `smtp://user:password@host:port`, under the names that hold one.
    fn url(&mut self) {
        for name in URLS {
            let Some(value) = self.values.get(name) else { continue };
            let Ok(url) = Url::parse(value) else { continue };
            let (true, Some(host)) = (matches!(url.scheme(), "smtp" | "smtps" | "submission"), url.host_str()) else {
                continue;
            };
            let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
            let form = &mut self.found.form;
            form.host = host.trim_matches(['[', ']']).to_owned();
            form.port = url.port().unwrap_or(if url.scheme() == "smtps" { 465 } else { 587 });
            form.user = plain(url.username());
            form.password = Secret::new(plain(url.password().unwrap_or_default()));
            self.found.from.push(name.to_owned());
            self.found.fields.extend([Field::Host, Field::Port]);
            let form = &self.found.form;
            self.found.fields.extend((!form.user.is_empty()).then_some(Field::User));
            self.found.fields.extend((!form.password.is_empty()).then_some(Field::Password));
            return;
        }
    }

    /// One variable a field. They go before what a URL says.
    fn names(&mut self) {
        self.take(&HOSTS, Field::Host, |form, value| form.host = value);
        if let Some((name, value)) = self.first(&PORTS) {
            match value.trim().parse() {
                Ok(port) => {
                    self.found.form.port = port;
                    self.found.from.push(name);
                    self.found.fields.push(Field::Port);
                }
                Err(_) => self.found.notes.push(format!("{name} holds no port")),
            }
        }
        self.take(&USERS, Field::User, |form, value| form.user = value);
        self.take(&PASSWORDS, Field::Password, |form, value| form.password = Secret::new(value));
        self.take(&NAMES, Field::SenderName, |form, value| form.sender_name = value);
        self.take(&SENDERS, Field::SenderEmail, |form, value| match value.parse::<lettre::message::Mailbox>() {
            Ok(mailbox) => {
                form.sender_email = mailbox.email.to_string();
                if form.sender_name.is_empty() {
                    form.sender_name = mailbox.name.unwrap_or_default();
                }
            }
            Err(_) => form.sender_email = value,
        });
        if !self.found.form.sender_name.is_empty() {
            self.found.fields.push(Field::SenderName);
        }
    }

    /// A provider's key, where no server was named, or where it is that provider's.
    fn keys(&mut self) {
        for (name, id) in KEYS {
            let (Some(value), Some(provider)) = (self.values.get(name).filter(|value| !value.is_empty()), preset(id))
            else {
                continue;
            };
            let form = &self.found.form;
            if !form.password.is_empty() || !(form.host.is_empty() || provider.owns_host(&form.host)) {
                continue;
            }
            let secret = Secret::new(value.as_str());
            self.found.form = by_key(provider, form, secret);
            self.found.fields.extend([Field::Host, Field::Port, Field::User, Field::Password]);
            self.found.from.push(name.to_owned());
            self.found.notes.push(format!("{name} is {}'s: its SMTP server is filled in", provider.name));
            return;
        }
    }
}

fn by_key(provider: &Preset, form: &Form, secret: Secret) -> Form {
    let no_server = form.host.is_empty();
    let mut filled = provider.fill(form);
    if let Some(best) = provider.best_port().filter(|_| no_server) {
        filled.port = best.port;
    }
    if provider.user_is_secret && filled.user.is_empty() {
        filled.user = secret.expose().to_owned();
    }
    filled.password = secret;
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_several_frameworks_give_the_same_form() {
        for text in [
            "SMTP_HOST=smtp.acme.test\nSMTP_PORT=2525\nSMTP_USER=ada\nSMTP_PASS='p#ss 1'\nSMTP_FROM=\"Acme <hi@acme.test>\"",
            "MAIL_HOST=smtp.acme.test\nMAIL_PORT=2525\nMAIL_USERNAME=ada\nMAIL_PASSWORD=\"p#ss 1\"\n\
             MAIL_FROM_ADDRESS=hi@acme.test\nMAIL_FROM_NAME=Acme",
            "EMAIL_HOST=smtp.acme.test\nEMAIL_PORT=2525\nEMAIL_HOST_USER=ada\nEMAIL_HOST_PASSWORD=`p#ss 1`\n\
             DEFAULT_FROM_EMAIL=Acme <hi@acme.test>",
            "EMAIL_SERVER=smtp://ada:p%23ss%201@smtp.acme.test:2525\nEMAIL_FROM=Acme <hi@acme.test>",
        ] {
            let found = parse(text);
            let form = Form {
                sender_name: "Acme".to_owned(),
                sender_email: "hi@acme.test".to_owned(),
                host: "smtp.acme.test".to_owned(),
                port: 2525,
                user: "ada".to_owned(),
                password: Secret::new("p#ss 1"),
                ..Form::default()
            };
            assert_eq!(found.form, form, "{text}");
            assert!(found.from.len() >= 2 && found.notes.is_empty(), "{found:?}");
            assert!(!format!("{found:?}").contains("ss 1"));
        }
    }

    #[test]
    fn a_providers_key_alone_is_a_whole_server() {
        let found = parse("RESEND_API_KEY=re_0123456789abcdef");
        assert_eq!(
            (found.form.host.as_str(), found.form.port, found.form.user.as_str()),
            ("smtp.resend.com", 465, "resend")
        );
        let token = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";
        let postmark = parse(&format!("POSTMARK_SERVER_TOKEN={token}")).form;
        assert_eq!((postmark.port, postmark.user.as_str()), (587, token));
        let other = parse("RESEND_API_KEY=re_0123456789abcdef\nSMTP_HOST=smtp.acme.test");
        assert!(other.form.password.is_empty(), "a key goes to its own provider alone");
        let with_port = parse("SMTP_HOST=smtp.resend.com\nSMTP_PORT=2587\nRESEND_API_KEY=re_0123456789abcdef").form;
        assert_eq!((with_port.port, with_port.user.as_str()), (2587, "resend"));
    }

    #[test]
    fn what_is_found_is_laid_over_what_is_typed_and_loses_nothing_of_it() {
        let typed = Form {
            sender_name: "Acme".to_owned(),
            sender_email: "hi@acme.test".to_owned(),
            host: "smtp.acme.test".to_owned(),
            port: 2525,
            user: "ada".to_owned(),
            password: Secret::new("typed"),
            security: Security::StartTls,
        };
        let over = |text: &str| parse(text).over(&typed);
        assert_eq!(
            over("SMTP_FROM=other@acme.test"),
            Form { sender_email: "other@acme.test".to_owned(), ..typed.clone() }
        );
        assert_eq!(over("SMTP_PASS=new"), Form { password: Secret::new("new"), ..typed.clone() });
        assert_eq!(over("SMTP_HOST=SMTP.acme.test.\nSMTP_USER=ada").password, Secret::new("typed"));
        let port = over("SMTP_PORT=465");
        assert_eq!((port.port, port.security, port.password.expose()), (465, Security::Auto, "typed"));
        // Whatever comes of another server takes the old password from it.
        let moved = over("SMTP_HOST=mail.other.test");
        assert_eq!((moved.host.as_str(), moved.port, moved.user.as_str()), ("mail.other.test", 587, ""));
        assert_eq!((moved.password.expose(), moved.security), ("", Security::Auto));
        assert_eq!((moved.sender_name.as_str(), moved.sender_email.as_str()), ("Acme", "hi@acme.test"));
        assert!(over("SMTP_USER=eve").password.is_empty());
        assert_eq!(over("SMTP_URL=smtp://eve:new@mail.other.test").password.expose(), "new");
        let resend = over("RESEND_API_KEY=re_0123456789abcdef");
        assert_eq!(
            (resend.host.as_str(), resend.user.as_str(), resend.sender_name.as_str()),
            ("smtp.resend.com", "resend", "Acme")
        );
        // A password that was typed before its server was is not lost.
        let early = Form { host: String::new(), ..typed.clone() };
        assert_eq!(parse("SMTP_HOST=smtp.acme.test").over(&early).password.expose(), "typed");
        let token = Form { user: "old-token".to_owned(), password: Secret::new("old-token"), ..typed.clone() };
        let renewed = parse("SMTP_PASS=new-token").over(&token);
        assert_eq!((renewed.user.as_str(), renewed.password.expose()), ("", "new-token"));
    }

    #[test]
    fn what_is_no_port_or_no_mail_server_is_said() {
        let found = parse("SMTP_HOST=a.test\nSMTP_PORT=mail");
        assert_eq!((found.form.port, found.notes.len()), (587, 1));
        let nothing = parse("A=1");
        assert!(nothing.is_empty() && nothing.notes[0].contains("No variable"));
        assert_eq!(parse("SMTP_URL=smtps://smtp.acme.test").form.port, 465);
    }
}
