//! A real Postfix with SASL and TLS, an instance of its own in a folder of its own: it is started here and ended here, and no
//! system service is touched.

use std::fs::Permissions;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use kinde_panel::check::Verdict;
use kinde_panel::mail::Security;
use kinde_panel::mail::smtp::Stage;
use kinde_panel::secrets::Secret;

use super::certs::Kind;
use super::run::{PASSWORD, Seen, USER, checked, plan};

/// True where the person declined the packages: said aloud, and never in CI.
fn declined() -> bool {
    let skip = std::env::var("KINDE_PANEL_SKIP").unwrap_or_default();
    let declined = skip.split_whitespace().any(|word| word == "mail");
    if declined {
        writeln!(std::io::stderr(), "SKIPPED: no Postfix here, by your choice").ok();
    }
    declined
}

fn run(program: &str, args: &[&str], input: &str) {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        // Daemons inherit what they are given, and would keep a pipe of the test's open.
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}. tests/run installs it (group mail)"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "{program} {args:?}");
}

/// What each port of the instance is like: Postfix's own words for it.
const PORTS: [(&str, &str); 9] = [
    ("starttls", ""),
    ("implicit", "-o smtpd_tls_wrappermode=yes"),
    ("plain", "-o smtpd_tls_security_level=none -o smtpd_tls_auth_only=no"),
    ("old", "-o smtpd_tls_protocols=TLSv1.1,TLSv1 -o smtpd_tls_mandatory_protocols=TLSv1.1,TLSv1"),
    ("relay", "-o smtpd_relay_restrictions=reject_unauth_destination -o smtpd_recipient_restrictions="),
    ("size", "-o message_size_limit=2000"),
    (
        "owner",
        "-o smtpd_sender_login_maps=static:grace@acme.test -o smtpd_sender_restrictions=reject_sender_login_mismatch",
    ),
    (
        "grey",
        "-o { smtpd_recipient_restrictions = check_recipient_access static:{450 4.2.0 Greylisted, see postgrey} }",
    ),
    ("closed", "-o smtpd_delay_reject=no -o smtpd_client_restrictions=reject"),
];

struct Postfix {
    dir: tempfile::TempDir,
    ports: Vec<(&'static str, u16)>,
}

impl Postfix {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().to_owned();
        let at = |name: &str| root.join(name).display().to_string();
        std::fs::set_permissions(&root, Permissions::from_mode(0o755)).unwrap();
        for folder in ["etc", "etc/sasl", "spool", "data"] {
            std::fs::create_dir(root.join(folder)).unwrap();
            std::fs::set_permissions(root.join(folder), Permissions::from_mode(0o755)).unwrap();
        }
        let made = Kind::good().make();
        std::fs::write(root.join("cert.pem"), &made.cert_pem).unwrap();
        std::fs::write(root.join("key.pem"), &made.key_pem).unwrap();
        let write = |name: &str, text: String| std::fs::write(root.join(name), text).unwrap();
        // Debian's Postfix looks for the settings of SASL beside its own.
        let sasl = format!(
            "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {}\nmech_list: PLAIN LOGIN\n",
            at("users")
        );
        write("etc/sasl/smtpd.conf", sasl);
        let (user, realm) = USER.split_once('@').unwrap();
        run("saslpasswd2", &["-c", "-p", "-f", &at("users"), "-u", realm, user], PASSWORD);
        run("chown", &["postfix", &at("users"), &at("data")], "");
        write("etc/main.cf", main_cf(&root));
        let held: Vec<TcpListener> = PORTS.iter().map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let ports: Vec<(&str, u16)> =
            PORTS.iter().zip(&held).map(|((name, _), held)| (*name, held.local_addr().unwrap().port())).collect();
        let mut master = String::from(SERVICES);
        for ((_, options), (_, port)) in PORTS.iter().zip(&ports) {
            master.push_str(&format!("127.0.0.1:{port} inet n - n - - smtpd {options}\n"));
        }
        write("etc/master.cf", master);
        drop(held);
        run("postfix", &["-c", &at("etc"), "start"], "");
        Self { dir, ports }
    }

    async fn check(&self, name: &str, change: impl FnOnce(&mut kinde_panel::mail::smtp::Plan)) -> Seen {
        let port = self.ports.iter().find(|(known, _)| *known == name).unwrap().1;
        let mut plan = plan(SocketAddr::from(([127, 0, 0, 1], port)));
        plan.to = Some("grace@elsewhere.test".to_owned());
        // Two cores may be busy with something else.
        plan.limits.reply = std::time::Duration::from_secs(15);
        plan.limits.slow = std::time::Duration::from_secs(12);
        plan.limits.overall = std::time::Duration::from_secs(60);
        change(&mut plan);
        checked(&plan).await
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let etc = self.dir.path().join("etc").display().to_string();
        let stop =
            Command::new("postfix").args(["-c", &etc, "stop"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(stop.is_ok(), "Postfix was not stopped");
    }
}

fn main_cf(root: &Path) -> String {
    let root = root.display();
    format!(
        "compatibility_level = 3.6
queue_directory = {root}/spool
data_directory = {root}/data
maillog_file_prefixes = {root}
maillog_file = {root}/log
myhostname = mail.acme.test
mydestination = localhost
inet_interfaces = 127.0.0.1
mynetworks =
alias_maps =
alias_database =
local_recipient_maps =
local_transport = discard:
default_transport = discard:
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_sasl_auth_enable = yes
smtpd_tls_auth_only = yes
smtpd_tls_security_level = may
smtpd_tls_cert_file = {root}/cert.pem
smtpd_tls_key_file = {root}/key.pem
smtpd_peername_lookup = no
"
    )
}

/// What Postfix needs beside its ports. Nothing leaves the machine: every message ends in `discard`.
const SERVICES: &str = "\
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
discard unix - - n - - discard
error unix - - n - - error
retry unix - - n - - error
showq unix n - n - - showq
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
";

#[tokio::test]
async fn a_real_postfix_is_judged_right_on_every_one_of_its_ports() {
    if declined() {
        return;
    }
    let postfix = tokio::task::spawn_blocking(Postfix::start).await.unwrap();

    let seen = postfix.check("starttls", |plan| plan.send = true).await;
    assert_eq!(seen.outcome.verdict(), Verdict::Pass, "{:#?}\n{}", seen.outcome.stages, seen.transcript());
    let sent = seen.outcome.sent.as_ref().unwrap();
    assert!(sent.reply.starts_with("250 2.0.0 Ok: queued as ") && sent.queue_id.is_some(), "{sent:?}");
    assert!(seen.outcome.ehlo_before.as_ref().unwrap().contains(&"STARTTLS".to_owned()));
    assert!(seen.outcome.ehlo_after.as_ref().unwrap().contains(&"AUTH PLAIN LOGIN".to_owned()));

    let seen = postfix.check("starttls", |plan| plan.form.password = Secret::new("Wr0ng&Canary/+1")).await;
    seen.fails(Stage::Auth, "User or password is wrong", "Copy both again").nothing_after(Stage::Auth);
    assert_eq!(seen.transcript().matches("C: AUTH").count(), 1);
    let seen = postfix.check("starttls", |plan| plan.extra_roots.clear()).await;
    seen.fails(Stage::Certificate, "The issuer of the certificate is not known", "full chain");
    assert!(!seen.transcript().contains("C: AUTH"));

    let seen = postfix.check("implicit", |plan| plan.form.security = Security::Tls).await;
    assert_eq!(seen.outcome.verdict(), Verdict::Pass, "{:#?}\n{}", seen.outcome.stages, seen.transcript());
    let seen = postfix.check("implicit", |_| {}).await;
    seen.ends(Stage::Tls, Verdict::Warn, "wants TLS from the first byte", "").ends(Stage::Auth, Verdict::Pass, "", "");
    let seen = postfix.check("starttls", |plan| plan.form.security = Security::Tls).await;
    seen.fails(Stage::Tls, "starts in plain text", "let the port decide how TLS begins");

    let seen = postfix.check("plain", |_| {}).await;
    seen.fails(Stage::StartTls, "does not offer STARTTLS", "465").nothing_after(Stage::StartTls);
    let seen = postfix.check("plain", |plan| plan.insecure_loopback = true).await;
    seen.ends(Stage::Auth, Verdict::Pass, "", "").ends(Stage::Recipient, Verdict::Pass, "", "");
    let seen = postfix.check("old", |_| {}).await;
    seen.fails(Stage::Tls, "TLS 1.1 at most", "TLS 1.2 or 1.3");

    let seen = postfix.check("relay", |_| {}).await;
    seen.fails(Stage::Recipient, "carries mail for others", "sign-in passed");
    let seen = postfix.check("size", |_| {}).await;
    seen.fails(Stage::Sender, "larger than the server takes", "size limit");
    // Postfix says so of the sender once it knows the recipient.
    let seen = postfix.check("owner", |_| {}).await;
    seen.fails(Stage::Recipient, "may not send as this address", "the address the user owns");
    let seen = postfix.check("grey", |_| {}).await;
    seen.ends(Stage::Recipient, Verdict::Warn, "Greylisting", "Nothing to fix");
    assert_eq!(seen.outcome.verdict(), Verdict::Warn);
    let seen = postfix.check("closed", |_| {}).await;
    seen.fails(Stage::Banner, "block list", "another port");
}
