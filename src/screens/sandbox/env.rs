//! The sandbox as the lines of a `.env` file: the tenant by the names Kinde's own SDKs read, the mail server by those most
//! libraries are shown with.

use crate::backend::sandbox::SandboxView;
use crate::sandbox::SMTP_USER;

/// Which of its two addresses an app is to use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Scheme {
    /// Plain HTTP: nothing to trust first.
    #[default]
    Http,
    /// TLS, by the sandbox's own authority.
    Https,
}

/// The lines, secret included: it is made up. `None` where the sandbox never ran at such an address.
pub(super) fn lines(view: &SandboxView, scheme: Scheme) -> Option<String> {
    let (address, ca) = match (scheme, &view.runs) {
        (Scheme::Http, _) => (view.issuer.as_deref()?, None),
        (Scheme::Https, runs) => {
            let runs = runs.as_ref()?;
            (runs.https.as_str(), Some(&runs.ca_cert))
        }
    };
    let (id, secret) = (&view.client_id, view.client_secret.expose());
    let mut text = format!(
        "KINDE_DOMAIN={address}\nKINDE_ISSUER_URL={address}\nKINDE_MANAGEMENT_CLIENT_ID={id}\n\
         KINDE_MANAGEMENT_CLIENT_SECRET={secret}\nKINDE_MANAGEMENT_AUDIENCE={address}/api"
    );
    if let Some(ca) = ca {
        // Node trusts no authority of the system's own accord.
        text.push_str(&format!("\nNODE_EXTRA_CA_CERTS=\"{}\"", ca.display()));
    }
    Some(text)
}

/// How an app is to reach the mail server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Mode {
    /// In plain text at first, then over to TLS: port 587 elsewhere.
    #[default]
    StartTls,
    /// TLS from the first byte: port 465 elsewhere.
    Tls,
}

/// The lines of the mail server, password included: it is made up. `None` while it does not run.
pub(super) fn mail_lines(view: &SandboxView, mode: Mode) -> Option<String> {
    let runs = view.runs.as_ref()?;
    let address = match mode {
        Mode::StartTls => &runs.smtp,
        Mode::Tls => &runs.smtps,
    };
    let (host, port) = address.as_ref()?.rsplit_once(':')?;
    let (user, password, secure) = (SMTP_USER, view.smtp_password.expose(), mode == Mode::Tls);
    Some(format!(
        "SMTP_HOST={host}\nSMTP_PORT={port}\nSMTP_SECURE={secure}\nSMTP_USER={user}\nSMTP_PASSWORD={password}\n\
         NODE_EXTRA_CA_CERTS=\"{}\"",
        runs.ca_cert.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::sandbox::Runs;
    use crate::sandbox::Faults;
    use crate::secrets::Secret;
    use crate::tenant::env_import;

    fn view(runs: bool) -> SandboxView {
        let runs = runs.then(|| Runs {
            pid: 7,
            here: true,
            issuer: "http://127.0.0.1:4100".to_owned(),
            https: "https://127.0.0.1:4101".to_owned(),
            smtp: Some("127.0.0.1:4102".to_owned()),
            smtps: Some("127.0.0.1:4103".to_owned()),
            ca_cert: "/data folder/ca.pem".into(),
            faults: Faults::default(),
            webhooks: Vec::new(),
            webhook_limit: None,
        });
        SandboxView {
            issuer: runs.as_ref().map(|runs| runs.issuer.clone()),
            runs,
            client_id: "5abd".to_owned(),
            client_secret: Secret::new("made-up"),
            smtp_password: Secret::new("mail-made-up"),
            users: Vec::new(),
            orgs: Vec::new(),
            apps: Vec::new(),
            kids: Vec::new(),
        }
    }

    #[test]
    fn the_lines_are_read_back_as_the_tenant_and_its_m2m_application() {
        for (scheme, address) in [(Scheme::Http, "http://127.0.0.1:4100"), (Scheme::Https, "https://127.0.0.1:4101")] {
            let read = env_import::parse(&lines(&view(true), scheme).unwrap());
            assert_eq!(read.domain.unwrap().as_str(), address);
            let m2m = read.m2m.unwrap();
            assert_eq!((m2m.client_id.as_str(), m2m.client_secret.unwrap().expose()), ("5abd", "made-up"));
            assert_eq!(read.audience.unwrap(), format!("{address}/api"));
        }
    }

    #[test]
    fn the_mail_server_s_lines_name_the_port_of_each_mode_and_the_authority_to_trust() {
        let lines = mail_lines(&view(true), Mode::StartTls).unwrap();
        assert_eq!(
            lines,
            "SMTP_HOST=127.0.0.1\nSMTP_PORT=4102\nSMTP_SECURE=false\nSMTP_USER=sandbox\n\
             SMTP_PASSWORD=mail-made-up\nNODE_EXTRA_CA_CERTS=\"/data folder/ca.pem\""
        );
        assert!(mail_lines(&view(true), Mode::Tls).unwrap().contains("PORT=4103\nSMTP_SECURE=true"));
        assert_eq!(mail_lines(&view(false), Mode::Tls), None);
    }

    #[test]
    fn a_path_with_a_blank_is_quoted_and_a_sandbox_that_never_ran_has_no_lines() {
        assert!(lines(&view(true), Scheme::Https).unwrap().ends_with("=\"/data folder/ca.pem\""));
        assert_eq!(lines(&view(false), Scheme::Http), None);
        assert_eq!(lines(&view(false), Scheme::Https), None);
    }
}
