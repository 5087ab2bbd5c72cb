//! What the Email room asks for, through the real backend: against the sandbox's own mail server, and what is kept of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use kinde_panel::backend::mail::{Check, Command, Event};
use kinde_panel::backend::{self, Backend, End, JobId, tenant};
use kinde_panel::check::Verdict;
use kinde_panel::clock::Clock;
use kinde_panel::kinde::Domain;
use kinde_panel::mail::resolver::DnsServer;
use kinde_panel::mail::smtp::{Progress, Stage};
use kinde_panel::mail::{Form, PASSWORD_FIELD, Security};
use kinde_panel::secrets::{Secret, SecretStore};
use kinde_panel::store::DataDir;
use kinde_panel::tenant::{Profile, Profiles};

const CANARY: &str = "canary-7Zq8Zq8Zq8Zq8Zq8Zq8";

struct Behind {
    backend: Backend,
    woken: Receiver<()>,
    last: JobId,
    secrets: SecretStore,
    profile: Profile,
    folder: tempfile::TempDir,
    /// How the checks went.
    progress: Vec<Progress>,
}

impl Behind {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let profile = profiles(folder.path()).add(Profile::new("acme", Domain::parse("acme").unwrap())).unwrap();
        let (wake, woken) = sync_channel(1024);
        let wake = move || wake.try_send(()).unwrap_or_default();
        let secrets = SecretStore::memory();
        let backend = Backend::start(folder.path().to_owned(), secrets.clone(), Clock::real(), wake, None).unwrap();
        Self { backend, woken, last: 0, secrets, profile, folder, progress: Vec::new() }
    }

    fn begin(&mut self, command: impl Into<backend::Command>) -> JobId {
        self.last += 1;
        self.backend.run(self.last, command.into()).unwrap();
        self.last
    }

    /// The next thing told of the last job that is not progress.
    fn told(&mut self) -> backend::Event {
        loop {
            while let Some(stamped) = self.backend.next_event() {
                match stamped.event {
                    backend::Event::Mail(Event::Progress(progress)) if stamped.job == self.last => {
                        self.progress.push(progress);
                    }
                    event if stamped.job == self.last => return event,
                    _ => {}
                }
            }
            self.woken.recv_timeout(Duration::from_secs(30)).expect("the backend answers");
        }
    }

    /// Waits until that stage of the last job is told as ended.
    fn until_finished(&mut self, stage: Stage) {
        let is = |progress: &Progress| matches!(progress, Progress::Finished(of, _) if *of == stage);
        while !self.progress.iter().any(is) {
            while let Some(stamped) = self.backend.next_event() {
                match stamped.event {
                    backend::Event::Mail(Event::Progress(progress)) => self.progress.push(progress),
                    backend::Event::Ended(_) | backend::Event::Mail(_) => panic!("it ended before {stage:?}"),
                    _ => {}
                }
            }
            if !self.progress.iter().any(is) {
                self.woken.recv_timeout(Duration::from_secs(30)).expect("the backend answers");
            }
        }
    }

    fn ask(&mut self, command: Command) -> Event {
        self.begin(command);
        match self.told() {
            backend::Event::Mail(event) => event,
            other => panic!("{other:?}"),
        }
    }

    fn keep(&mut self, host: &str, password: &str) {
        let form = Form {
            host: host.to_owned(),
            port: 465,
            user: "resend".to_owned(),
            password: Secret::new(password),
            ..Form::default()
        };
        let told = self.ask(Command::Keep { profile: self.profile.id, form });
        let Event::Kept(Ok(kept)) = &told else { panic!("{told:?}") };
        assert_eq!(kept.is_none(), password.is_empty(), "a password is said to be kept where one was given");
    }

    fn kept(&self) -> Option<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let found = runtime.block_on(self.secrets.get(self.profile.id, PASSWORD_FIELD)).unwrap();
        found.map(|secret| secret.expose().to_owned())
    }

    /// The sandbox's own server as a form, with a sender.
    fn sandbox(&mut self) -> (Form, Vec<u16>) {
        let Event::Sandbox(Ok(mail)) = self.ask(Command::Sandbox) else { panic!("it is not started") };
        let form = Form { sender_email: "hello@sandbox.example".to_owned(), ..mail.form };
        (form, mail.ports)
    }

    fn check(&mut self, form: Form, send: bool) -> kinde_panel::mail::smtp::Outcome {
        match self.ask(Command::Check(Box::new(check(form, send)))) {
            Event::Checked(outcome) => *outcome,
            other => panic!("{other:?}"),
        }
    }
}

fn profiles(folder: &std::path::Path) -> Profiles {
    Profiles::of(&DataDir::open(folder).unwrap())
}

fn check(form: Form, send: bool) -> Check {
    Check { form, to: None, send, dns: DnsServer::System, authority: None, insecure_loopback: false }
}

#[test]
fn the_sandbox_s_server_is_trusted_checked_on_both_of_its_ports_and_sent_to_only_when_asked() {
    let mut behind = Behind::start();
    let (form, ports) = behind.sandbox();
    assert_eq!(ports.len(), 2, "{ports:?}");
    for (port, security) in [(ports[0], Security::StartTls), (ports[1], Security::Tls)] {
        let form = Form { port, security, ..form.clone() };
        let outcome = behind.check(form.clone(), false);
        assert_eq!(outcome.verdict(), Verdict::Pass, "{outcome:#?}");
        assert_eq!(outcome.sent, None);
        let seen = |stage| behind.progress.iter().any(|it| matches!(it, Progress::Finished(of, _) if *of == stage));
        assert!(seen(Stage::Auth) && seen(Stage::Recipient), "stages are told as they end");
        let sent = behind.check(form, true).sent.expect("a message was sent");
        assert!(sent.queue_id.is_some(), "{sent:?}");
    }
    let wrong = Form { password: Secret::new(CANARY), ..form };
    let outcome = behind.check(wrong, true);
    assert!(outcome.headline.starts_with("Sign-in"), "{}", outcome.headline);
    assert_eq!(outcome.sent, None);
    assert!(!format!("{outcome:?}{:?}", behind.progress).contains(CANARY));
}

#[test]
fn a_check_that_is_cancelled_while_a_server_says_nothing_ends_at_once_and_tells_what_it_found() {
    let mut behind = Behind::start();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let form = Form {
        sender_email: "hello@acme.com".to_owned(),
        host: "127.0.0.1".to_owned(),
        port: silent.local_addr().unwrap().port(),
        user: "ada".to_owned(),
        password: Secret::new(CANARY),
        security: Security::StartTls,
        ..Form::default()
    };
    let job = behind.begin(Command::Check(Box::new(check(form, false))));
    let _waits = silent.accept().unwrap();
    behind.until_finished(Stage::Tcp);
    let begun = std::time::Instant::now();
    behind.backend.cancel(job);
    let backend::Event::Mail(Event::Checked(outcome)) = behind.told() else { panic!("it told nothing") };
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(outcome.cancelled);
    let of = |stage| outcome.stages.iter().find(|(of, _)| *of == stage).map(|(_, check)| check.verdict);
    assert_eq!(of(Stage::Tcp), Some(Verdict::Pass), "{outcome:#?}");
    assert_eq!(of(Stage::Auth), Some(Verdict::Skipped));
    assert!(matches!(behind.told(), backend::Event::Ended(End::Done | End::Cancelled)), "and the job ends");
}

#[test]
fn what_is_kept_comes_back_without_its_password_in_a_file_and_goes_when_it_is_forgotten() {
    let mut behind = Behind::start();
    behind.keep("smtp.resend.com", CANARY);
    let profile = profiles(behind.folder.path()).get(behind.profile.id).unwrap().unwrap();
    let form = profile.mail.expect("the form is kept").form(Secret::default());
    assert_eq!((form.host.as_str(), form.port, form.user.as_str()), ("smtp.resend.com", 465, "resend"));
    let id = behind.profile.id;
    let Event::Opened(Ok(Some(password))) = behind.ask(Command::Open { profile: id }) else { panic!("it is gone") };
    assert_eq!(password.expose(), CANARY);
    for entry in std::fs::read_dir(behind.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&bytes).contains(CANARY), "{}", path.display());
    }
    assert!(matches!(behind.ask(Command::Forget { profile: id }), Event::Forgotten(Ok(()))));
    assert_eq!(behind.kept(), None);
    let profile = profiles(behind.folder.path()).get(id).unwrap().unwrap();
    assert_eq!(profile.mail, None);
}

#[test]
fn the_password_of_one_server_is_not_kept_for_another_that_was_typed_without_one() {
    let mut behind = Behind::start();
    behind.keep("smtp.resend.com", CANARY);
    behind.keep("smtp.resend.com", "");
    assert_eq!(behind.kept().as_deref(), Some(CANARY), "the same server: nothing is lost");
    behind.keep("mail.example.com", "");
    assert_eq!(behind.kept(), None);
}

#[test]
fn a_profile_that_is_removed_takes_its_mail_password_along() {
    let mut behind = Behind::start();
    behind.keep("smtp.resend.com", CANARY);
    assert_eq!(behind.kept().as_deref(), Some(CANARY));
    let id = behind.profile.id;
    behind.begin(tenant::Command::Remove { profile: id, events: false, anyway: false });
    let told = behind.told();
    assert!(matches!(&told, backend::Event::Tenant(tenant::Event::Removed(_))), "{told:?}");
    assert_eq!(behind.kept(), None);
    let form = Form { password: Secret::new(CANARY), ..Form::default() };
    let told = behind.ask(Command::Keep { profile: id, form });
    assert!(matches!(told, Event::Kept(Err(_))), "{told:?}");
    assert_eq!(behind.kept(), None, "nothing is kept for a profile that is gone");
}

#[test]
fn an_env_file_is_read_and_one_that_is_none_says_why() {
    let mut behind = Behind::start();
    let path = behind.folder.path().join("mail.env");
    std::fs::write(&path, format!("SMTP_HOST=smtp.resend.com\nSMTP_PORT=465\nSMTP_USER=resend\nSMTP_PASS={CANARY}\n"))
        .unwrap();
    let Event::Env(Ok(Some(file))) = behind.ask(Command::ReadEnv { path }) else { panic!("it is not read") };
    assert_eq!((file.name.as_str(), file.imported.form.host.as_str()), ("mail.env", "smtp.resend.com"));
    assert_eq!(file.imported.form.password.expose(), CANARY);
    assert!(!format!("{file:?}").contains(CANARY));
    let folder = behind.folder.path().to_owned();
    let Event::Env(Err(error)) = behind.ask(Command::ReadEnv { path: folder }) else { panic!("a folder was read") };
    assert_eq!(error.detail, "It is a folder");
}
