//! Greeting, EHLO, STARTTLS, TLS: in the order the mode wants them.

use std::net::{IpAddr, SocketAddr};

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;

use super::{Session, lost};
use crate::check::{Check, Verdict};
use crate::mail::form::Security;
use crate::mail::replies::At;
use crate::mail::smtp::ehlo::Offers;
use crate::mail::smtp::probe::{self, Speaks};
use crate::mail::smtp::reply::{Reply, readable};
use crate::mail::smtp::run::{Run, Stop, because};
use crate::mail::smtp::setting::Setting;
use crate::mail::smtp::stage::Stage;
use crate::mail::smtp::tls::{Fault, TlsTrouble, Trust, handshake, hello, is_soon};
use crate::mail::smtp::told::Correction;
use crate::mail::smtp::wire::{Broke, Tapped, Wire};
use crate::mail::smtp::words;

const NO_TLS: &str = "there is no TLS, and the password is withheld without it";
const NO_TRUST: &str = "the certificate is not good, and the password is withheld from it";

/// What a connection needs to know of the server.
struct Server<'a> {
    ips: &'a [IpAddr],
    trust: &'a Trust,
    name: &'a ServerName<'static>,
}

/// How a mode did.
enum Tried {
    /// The server has said what it offers.
    Open(Box<Session>),
    /// The port begins TLS the other way.
    Other(Security),
}

/// Opens a session in the run's mode, or in the other one where the port turns out to speak that and no mode was named.
pub(in crate::mail::smtp) async fn open(
    run: &mut Run<'_>,
    tcp: TcpStream,
    ips: &[IpAddr],
    trust: &Trust,
    name: &ServerName<'static>,
) -> Result<Session, Stop> {
    let server = Server { ips, trust, name };
    let peer = tcp.peer_addr();
    match attempt(run, tcp, &server).await? {
        Tried::Open(session) => return Ok(*session),
        Tried::Other(mode) => {
            let (why, fix) = mismatch(run, &server, mode).await;
            run.turn(mode, why, fix);
        }
    }
    run.script.note(&format!(
        "once more, {}",
        if run.mode == Security::Tls { "with TLS from the first byte" } else { "in plain text" }
    ));
    let again = match peer {
        Ok(peer) => tokio::time::timeout(run.plan.limits.connect, TcpStream::connect(peer)).await,
        Err(error) => Ok(Err(error)),
    };
    let Ok(Ok(tcp)) = again else { return because("a second connection was refused") };
    match attempt(run, tcp, &server).await? {
        Tried::Open(session) => Ok(*session),
        Tried::Other(_) => because("the port speaks neither way of TLS"),
    }
}

async fn attempt(run: &mut Run<'_>, tcp: TcpStream, server: &Server<'_>) -> Result<Tried, Stop> {
    let Ok(wire) = Wire::plain(tcp) else { return because("the connection broke at once") };
    if run.mode == Security::Tls { implicit(run, wire, server).await } else { plain_first(run, wire, server).await }
}

/// True where the plan lifts the rule that a password needs good TLS: for 127.0.0.1 and ::1, and nowhere else.
fn lifted(run: &Run<'_>, peer: SocketAddr) -> bool {
    let this_computer = match peer.ip() {
        IpAddr::V4(ip) => ip == std::net::Ipv4Addr::LOCALHOST,
        IpAddr::V6(ip) => ip == std::net::Ipv6Addr::LOCALHOST,
    };
    run.plan.insecure_loopback && this_computer
}

/// What is wrong where the port speaks `mode` and not the run's, what fixes it, and the corrections.
async fn mismatch(run: &mut Run<'_>, server: &Server<'_>, mode: Security) -> (String, String) {
    let port = run.plan.form.port;
    let standard = matches!(port, 25 | 465 | 587 | 2465 | 2525 | 2587);
    let (spoken, words) = match mode {
        Security::Tls => ("wants TLS from the first byte", "Use TLS from the first byte"),
        _ => ("starts in plain text", "Use STARTTLS"),
    };
    let why = format!("Port {port} {spoken}, the other way than it was taken for");
    if run.plan.form.security != Security::Auto && Security::Auto.on_port(port) == mode {
        let correction = Correction { words: "Let the port decide".to_owned(), port, security: Security::Auto };
        run.outcome.corrections.push(correction);
        return (why, format!("{words} on this port: {}", Setting::ByThePort.words()));
    }
    if standard {
        run.offer_other_ports(server.ips, server.trust, server.name, None).await;
    }
    let other = run.outcome.corrections.first().map(|best| best.port);
    let correction = Correction { words: format!("{words} on port {port}"), port, security: mode };
    run.outcome.corrections.push(correction);
    let choose = if mode == Security::Tls { Setting::Tls } else { Setting::StartTls }.words();
    let fix = match other {
        Some(other) => format!(
            "Use port {other}, which speaks as its number says: Kinde has no switch for TLS and goes by the port. To look at \
             this port as it is, {choose}"
        ),
        None => format!(
            "{words} on this port: to name it, {choose}. Kinde has no switch for TLS and goes by the port: 465 for TLS from \
             the first byte, 587 for STARTTLS"
        ),
    };
    (why, fix)
}

/// TLS from the first byte.
async fn implicit(run: &mut Run<'_>, wire: Wire, server: &Server<'_>) -> Result<Tried, Stop> {
    let (peer, local) = (wire.peer, wire.local);
    run.begin(Stage::Tls);
    let Some((socket, _)) = wire.into_socket() else { return because("the connection broke at once") };
    let (wire, trouble) = match secure(run, socket, peer, local, server).await? {
        Ok(secured) => secured,
        Err(TlsTrouble::PlainText(first)) => {
            let first = run.script.masked(&first);
            run.script.server(std::slice::from_ref(&first));
            let smtp = first.get(..3).is_some_and(|code| code.bytes().all(|byte| byte.is_ascii_digit()));
            if !smtp {
                run.finish(words::broke(Stage::Tls.name(), &Broke::NotSmtp(first), At::Greeting));
                return because("no mail server answers there");
            }
            if run.plan.form.security == Security::Auto && run.turned.is_none() {
                return Ok(Tried::Other(Security::StartTls));
            }
            let (why, fix) = mismatch(run, server, Security::StartTls).await;
            run.finish(Check::fail(Stage::Tls.name(), why, fix).seen(first));
            return because("TLS did not come about");
        }
        Err(trouble) => {
            run.finish(words::no_tls(Stage::Tls.name(), &trouble));
            return because("TLS did not come about");
        }
    };
    let mut wire = wire;
    run.begin(Stage::Banner);
    let limit = run.plan.limits.reply;
    let greeting = wire.reply(&mut run.script, limit).await;
    greeted(run, greeting)?;
    let (offers, check) = hello_to(run, &mut wire, Stage::Ehlo).await?;
    run.outcome.ehlo_after = Some(offers.lines.clone());
    run.finish(check);
    Ok(Tried::Open(Box::new(Session { wire, offers, withheld: trouble })))
}

type Secured = Result<(Wire, Option<String>), TlsTrouble>;

/// The handshake and the certificate: both stages end here, the first only where the handshake came to its end. Gives the
/// wire and why the password is withheld from it.
async fn secure(
    run: &mut Run<'_>,
    socket: Tapped,
    peer: SocketAddr,
    local: SocketAddr,
    server: &Server<'_>,
) -> Result<Secured, Stop> {
    let now = run.clock.now();
    let secured = match handshake(socket, server.name.clone(), server.trust, now, run.plan.limits.reply).await {
        Ok(secured) => secured,
        Err(trouble) => return Ok(Err(trouble)),
    };
    let mut facts = secured.facts;
    // A certificate is the server's own words too.
    for cert in &mut facts.chain {
        for text in [&mut cert.subject, &mut cert.issuer].into_iter().chain(&mut cert.names).chain(&mut cert.ca_issuers)
        {
            *text = run.script.masked(text);
        }
    }
    run.script.note(&format!("{} {} from here on", facts.version, facts.suite));
    let group = facts.group.as_ref().map(|group| format!(" · {group}")).unwrap_or_default();
    let seen = format!("{} · {}{group} · {} ms", facts.version, facts.suite, facts.ms);
    let check = match run.turned.take().filter(|_| run.mode == Security::Tls) {
        Some((why, fix)) => Check::warn(Stage::Tls.name(), why, fix),
        None => Check::pass(Stage::Tls.name()),
    };
    run.finish(check.seen(seen));
    run.begin(Stage::Certificate);
    let faults: Vec<Fault> = secured
        .faults
        .into_iter()
        .map(|fault| Fault { why: run.script.masked(&fault.why), fix: run.script.masked(&fault.fix) })
        .collect();
    facts.faults = faults.iter().map(|fault| fault.why.clone()).collect();
    let (check, withheld) = certificate(&facts, &faults, lifted(run, peer));
    run.outcome.tls = Some(facts);
    run.finish(check);
    Ok(Ok((Wire::secured(secured.stream, peer, local), withheld)))
}

fn certificate(facts: &crate::mail::smtp::told::TlsFacts, faults: &[Fault], lifted: bool) -> (Check, Option<String>) {
    let name = Stage::Certificate.name();
    let leaf = facts.chain.first();
    let seen = leaf.map_or_else(
        || "no certificate".to_owned(),
        |leaf| {
            format!(
                "{} · for {} · from {} · {} · {} days left · {} in the chain",
                leaf.subject,
                leaf.names.join(", "),
                leaf.issuer,
                leaf.key,
                leaf.days_left,
                facts.chain.len()
            )
        },
    );
    if faults.is_empty() {
        let check = match leaf.filter(|leaf| is_soon(leaf)) {
            Some(leaf) => Check::warn(
                name,
                format!("The certificate is good for {} days more alone", leaf.days_left.max(0)),
                "Renew it now, and look why that does not happen by itself",
            ),
            None => Check::pass(name),
        };
        return (check.seen(seen), None);
    }
    let join = |part: fn(&Fault) -> &str| faults.iter().map(part).collect::<Vec<_>>().join(". ");
    let (why, fix) = (join(|fault| &fault.why), join(|fault| &fault.fix));
    if lifted {
        let why = format!("{why}. The password goes there all the same, since it is this computer and you allowed it");
        return (Check::warn(name, why, fix).seen(seen), None);
    }
    (Check::fail(name, why, fix).seen(seen), Some(NO_TRUST.to_owned()))
}

/// Plain text first: greeting, EHLO, then STARTTLS unless no TLS at all was named.
async fn plain_first(run: &mut Run<'_>, mut wire: Wire, server: &Server<'_>) -> Result<Tried, Stop> {
    run.begin(Stage::Banner);
    match greeting(run, &mut wire, server).await {
        Heard::Reply(greeting) => greeted(run, greeting)?,
        Heard::Http => {
            run.finish(words::web_server(Stage::Banner.name()));
            return because("no mail server answers there");
        }
        Heard::Tls if run.plan.form.security == Security::Auto && run.turned.is_none() => {
            return Ok(Tried::Other(Security::Tls));
        }
        Heard::Tls => {
            let (why, fix) = mismatch(run, server, Security::Tls).await;
            run.finish(Check::fail(Stage::Banner.name(), why, fix).seen("silence, and TLS in answer to a TLS hello"));
            return because("the port begins TLS the other way");
        }
    }
    let (offers, mut check) = hello_to(run, &mut wire, Stage::Ehlo).await?;
    run.outcome.ehlo_before = Some(offers.lines.clone());
    if check.verdict == Verdict::Pass && !offers.auth().is_empty() && run.mode != Security::None {
        check = Check::warn(
            Stage::Ehlo.name(),
            "Sign-in is offered before TLS: software that does not insist on TLS sends its password in the clear",
            "If it is your own server, offer AUTH over TLS alone (Postfix: smtpd_tls_auth_only = yes)",
        )
        .seen(check.seen.unwrap_or_default());
    }
    run.finish(check);
    if run.mode == Security::None {
        return no_tls_wanted(run, wire, offers);
    }
    starttls(run, wire, offers, server).await
}

fn no_tls_wanted(run: &mut Run<'_>, wire: Wire, offers: Offers) -> Result<Tried, Stop> {
    run.begin(Stage::Tls);
    let lifted = lifted(run, wire.peer);
    let why = "No TLS was asked for, and Kinde sends over TLS alone";
    let fix = format!("Use STARTTLS or TLS from the first byte: {}", Setting::ByThePort.words());
    let name = Stage::Tls.name();
    run.finish(if lifted { Check::warn(name, why, fix) } else { Check::fail(name, why, fix) }.seen("plain text"));
    let withheld = (!lifted).then(|| NO_TLS.to_owned());
    Ok(Tried::Open(Box::new(Session { wire, offers, withheld })))
}

async fn starttls(run: &mut Run<'_>, mut wire: Wire, offers: Offers, server: &Server<'_>) -> Result<Tried, Stop> {
    let name = Stage::StartTls.name();
    let (peer, local) = (wire.peer, wire.local);
    run.begin(Stage::StartTls);
    if !offers.has("STARTTLS") {
        let check = Check::fail(
            name,
            "The server does not offer STARTTLS: it has none, or something on the way takes the offer out",
            "Use port 465 with TLS from the first byte, or another port of the provider; Kinde needs TLS",
        )
        .seen(if offers.lines.is_empty() { "nothing is offered".to_owned() } else { offers.text() });
        return without_tls(run, wire, offers, check);
    }
    let limit = run.plan.limits.reply;
    let reply = match wire.command(&mut run.script, "STARTTLS", "STARTTLS", limit).await {
        Ok(reply) => reply,
        Err(broke) => {
            let check = lost(run, Stage::StartTls, &broke, At::StartTls);
            run.finish(check);
            return because("the connection broke");
        }
    };
    if reply.code != 220 {
        let check = words::refused(name, &reply, At::StartTls, run.preset);
        return without_tls(run, wire, offers, check);
    }
    let left = readable(wire.leftover().await);
    if !left.is_empty() {
        let left = run.script.server(std::slice::from_ref(&left)).concat();
        run.finish(injected(&left));
        return because("somebody may be tampering with the connection");
    }
    let check = match run.turned.take().filter(|_| run.mode == Security::StartTls) {
        Some((why, fix)) => Check::warn(name, why, fix),
        None => Check::pass(name),
    };
    run.finish(check.seen(reply.text()));
    run.begin(Stage::Tls);
    let Some((socket, _)) = wire.into_socket() else { return because("the connection broke") };
    let (mut wire, withheld) = match secure(run, socket, peer, local, server).await? {
        Ok(secured) => secured,
        Err(TlsTrouble::PlainText(first)) => {
            let first = run.script.server(std::slice::from_ref(&first)).concat();
            let check = injected(&first);
            run.finish(Check { name: Stage::Tls.name().into(), ..check });
            return because("somebody may be tampering with the connection");
        }
        Err(trouble) => {
            run.finish(words::no_tls(Stage::Tls.name(), &trouble));
            return because("TLS did not come about");
        }
    };
    // What was offered before TLS counts no more (RFC 3207 §4.2).
    let (offers, check) = hello_to(run, &mut wire, Stage::EhloAgain).await?;
    run.outcome.ehlo_after = Some(offers.lines.clone());
    run.finish(check);
    Ok(Tried::Open(Box::new(Session { wire, offers, withheld })))
}

/// Plain text where TLS should begin.
fn injected(text: &str) -> Check {
    Check::fail(
        Stage::StartTls.name(),
        "After it agreed to TLS the server went on in plain text: somebody on the way may put words into its mouth",
        "Do not use this connection. Try another network and port 465; if it is your own server, update its software",
    )
    .seen(text.to_owned())
}

/// STARTTLS did not come about. On this computer, where the plan allows it, the run goes on without.
fn without_tls(run: &mut Run<'_>, wire: Wire, offers: Offers, check: Check) -> Result<Tried, Stop> {
    if !lifted(run, wire.peer) {
        run.finish(check);
        return because(NO_TLS);
    }
    run.finish(Check { verdict: Verdict::Warn, ..check });
    for stage in [Stage::Tls, Stage::Certificate, Stage::EhloAgain] {
        run.skip(
            stage,
            "there is no TLS; the password goes there all the same, since it is this computer and you allowed it",
        );
    }
    Ok(Tried::Open(Box::new(Session { wire, offers, withheld: None })))
}

/// What came in the place of a greeting.
enum Heard {
    Reply(Result<Reply, Broke>),
    /// Silence, and TLS in answer to a TLS hello.
    Tls,
    /// Silence, and HTTP in answer to it.
    Http,
}

/// Waits for the greeting. A server that says nothing may be waiting for TLS: that is asked on a second connection, while the
/// first goes on waiting.
async fn greeting(run: &mut Run<'_>, wire: &mut Wire, server: &Server<'_>) -> Heard {
    let (limits, peer) = (run.plan.limits, wire.peer);
    let waiting = wire.reply(&mut run.script, limits.reply);
    tokio::pin!(waiting);
    if let Ok(reply) = tokio::time::timeout(limits.quiet, &mut waiting).await {
        return Heard::Reply(reply);
    }
    let Some(hello) = hello(server.trust, server.name.clone()) else { return Heard::Reply(waiting.await) };
    let asking = probe::to_hello(peer, &hello, limits.connect);
    tokio::select! {
        biased;
        reply = &mut waiting => return Heard::Reply(reply),
        speaks = asking => match speaks {
            Speaks::Tls => return Heard::Tls,
            Speaks::Http => return Heard::Http,
            Speaks::Smtp | Speaks::Other => {}
        },
    }
    Heard::Reply(waiting.await)
}

/// Ends the stage of the greeting.
fn greeted(run: &mut Run<'_>, greeting: Result<Reply, Broke>) -> Result<(), Stop> {
    let name = Stage::Banner.name();
    match greeting {
        Ok(reply) if reply.code == 220 => {
            let check = if reply.bare_lf {
                Check::warn(
                    name,
                    "The server ends its lines without CR, which is no SMTP",
                    "Some software will not understand it: update the server",
                )
            } else {
                Check::pass(name)
            };
            run.finish(check.seen(reply.text()));
            Ok(())
        }
        Ok(reply) => {
            run.finish(words::refused(name, &reply, At::Greeting, run.preset));
            because("the server turned the connection away")
        }
        Err(broke) => {
            let check = lost(run, Stage::Banner, &broke, At::Greeting);
            run.finish(check);
            because("no mail server greeted")
        }
    }
}

/// EHLO. Begins the stage and gives its check, which the caller ends it with.
async fn hello_to(run: &mut Run<'_>, wire: &mut Wire, stage: Stage) -> Result<(Offers, Check), Stop> {
    run.begin(stage);
    let (name, limit) = (stage.name(), run.plan.limits.reply);
    // An address literal is true wherever this computer stands (RFC 5321 §4.1.3); its name may be none.
    let own = match wire.local.ip() {
        IpAddr::V4(ip) => format!("[{ip}]"),
        IpAddr::V6(ip) => format!("[IPv6:{ip}]"),
    };
    let ehlo = format!("EHLO {own}");
    let reply = match wire.command(&mut run.script, &ehlo, &ehlo, limit).await {
        Ok(reply) => reply,
        Err(broke) => {
            let check = lost(run, stage, &broke, At::Ehlo);
            run.finish(check);
            return because("the connection broke");
        }
    };
    if reply.is_good() {
        let offers = Offers::of(&reply);
        let seen = if offers.lines.is_empty() { "nothing beyond plain SMTP".to_owned() } else { offers.text() };
        return Ok((offers, Check::pass(name).seen(seen)));
    }
    if reply.code / 100 == 5 && reply.code != 554 {
        let helo = format!("HELO {own}");
        let old = wire.command(&mut run.script, &helo, &helo, limit).await;
        if let Ok(old) = old
            && old.is_good()
        {
            let check = Check::fail(
                name,
                "The server knows HELO alone: without EHLO there is neither TLS nor sign-in",
                "Use a server for sending mail: this one takes mail in the old way only. A filter on the way may also take \
                 EHLO out",
            );
            run.finish(check.seen(format!("{} · HELO: {}", reply.text(), old.text())));
            return because("there is no EHLO");
        }
    }
    run.finish(words::refused(name, &reply, At::Ehlo, run.preset));
    because("the server does not talk on")
}
