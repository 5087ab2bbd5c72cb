//! The check of a Resend account, against the stand-in and a DNS of a few lines.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RecordType;
use kinde_panel::check::{Check, Verdict};
use kinde_panel::clock::Clock;
use kinde_panel::mail::resend::{self, Permission, Plan, Report};
use kinde_panel::mail::resolver::{DnsServer, Resolver};
use kinde_panel::net::{Exchange, Http, Recorder};
use kinde_panel::secrets::Secret;
use tokio_util::sync::CancellationToken;

use crate::dns::{Dns, Reply, address, alias, exchange, text};
use crate::stand_in::{BAD, DKIM, FULL, OWNER, SCOPED, SENDING, SUSPENDED, StandIn, World};

/// The DNS of a domain as Resend wants it.
pub fn right(name: &str, kind: RecordType) -> Reply {
    let domain = name.rsplit_once("lab.test").map_or("", |_| "lab.test");
    match (name, kind) {
        ("lab.test", RecordType::MX) => Reply::Records(vec![exchange(name, 10, "mx.lab.test")]),
        ("mx.lab.test", RecordType::A) => Reply::Records(vec![address(name, "192.0.2.25")]),
        ("_dmarc.lab.test", RecordType::TXT) => Reply::Records(vec![text(name, &["v=DMARC1; p=none;"])]),
        ("send.lab.test" | "send.updates.lab.test", RecordType::MX) => {
            Reply::Records(vec![exchange(name, 10, "feedback-smtp.eu-west-1.amazonses.com")])
        }
        ("send.lab.test" | "send.updates.lab.test", RecordType::TXT) => {
            Reply::Records(vec![text(name, &["v=spf1 include:amazonses.com ~all"])])
        }
        ("resend._domainkey.lab.test" | "resend._domainkey.updates.lab.test", RecordType::TXT) => {
            Reply::Records(vec![text(name, &[DKIM])])
        }
        ("links.lab.test" | "links.updates.lab.test", RecordType::CNAME) => {
            Reply::Records(vec![alias(name, "links1.resend-dns.com")])
        }
        ("amazonses.com", RecordType::TXT) => Reply::Records(vec![text(name, &["v=spf1 ip4:199.255.192.0/22 -all"])]),
        ("lab.test" | "updates.lab.test" | "amazonses.com", _) => Reply::None(60),
        _ if domain.is_empty() => Reply::Code(ResponseCode::Refused),
        _ => Reply::Code(ResponseCode::NXDomain),
    }
}

pub fn account() -> World {
    World {
        domains: vec![("other.test", "verified"), ("updates.lab.test", "pending"), ("lab.test", "verified")],
        ..World::default()
    }
}

/// One run, its exchanges and all that a person could see of it.
struct Looked {
    report: Report,
    shown: String,
}

struct Asking<'a> {
    stand: &'a StandIn,
    dns: &'a Dns,
    key: &'a str,
    domain: &'a str,
    from: Option<&'a str>,
    send_to: Option<&'a str>,
}

async fn look(asking: Asking<'_>) -> Looked {
    let exchanges: Arc<Mutex<Vec<Exchange>>> = Arc::default();
    let sink = Arc::clone(&exchanges);
    let recorder = Recorder::to(move |exchange| sink.lock().unwrap().push(exchange));
    let http = Http::new(recorder, Clock::real()).unwrap();
    let plan = Plan {
        base: asking.stand.base.clone(),
        key: Secret::new(asking.key),
        domain: asking.domain.to_owned(),
        from: asking.from.map(str::to_owned),
        send_to: asking.send_to.map(str::to_owned),
    };
    let resolver = Resolver::new(DnsServer::At(asking.dns.address)).unwrap().patience(Duration::from_millis(500));
    let report = resend::check(&plan, &http, &resolver, &|_| {}, &CancellationToken::new()).await;
    let exchanges = exchanges.lock().unwrap();
    let shown = format!(
        "{}{report:?}{plan:?}{exchanges:?}{}",
        serde_json::to_string(&report.checks).unwrap(),
        exchanges.iter().map(Exchange::curl).collect::<String>()
    );
    Looked { report, shown }
}

async fn keyed(stand: &StandIn, dns: &Dns, key: &str) -> Looked {
    look(Asking { stand, dns, key, domain: "lab.test", from: None, send_to: None }).await
}

fn named<'a>(report: &'a Report, name: &str) -> &'a Check {
    let names: Vec<&str> = report.checks.iter().map(|check| check.name.as_str()).collect();
    report.checks.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("no {name} among {names:?}"))
}

fn words(check: &Check) -> String {
    format!("{} {}", check.seen.as_deref().unwrap_or_default(), check.why.as_deref().unwrap_or_default())
}

#[tokio::test]
async fn what_a_key_may_do_is_found_by_asking_and_a_sending_key_is_the_right_kind() {
    let (stand, dns) = (StandIn::serve(account()).await, Dns::serve(right).await);
    for (key, permission, verdict, telling) in [
        (FULL, Some(Permission::Full), Verdict::Warn, "Full access, 3 domains"),
        (SENDING, Some(Permission::Sending), Verdict::Pass, "proves that it is genuine"),
        (SCOPED, Some(Permission::Sending), Verdict::Pass, "right kind for Kinde"),
        (SUSPENDED, None, Verdict::Fail, "suspended"),
        (BAD, None, Verdict::Fail, "knows no such key"),
        ("not-a-key-at-all", None, Verdict::Fail, "knows no such key"),
    ] {
        let report = keyed(&stand, &dns, key).await.report;
        let check = named(&report, "key");
        assert_eq!((report.permission, check.verdict), (permission, verdict), "{key}");
        assert!(words(check).contains(telling), "{key}: {}", words(check));
        assert_eq!(report.headline.starts_with("Kinde cannot send"), permission.is_none(), "{}", report.headline);
        assert_eq!(
            resend::CHECKS.iter().filter(|name| report.checks.iter().any(|check| check.name == **name)).count(),
            9
        );
    }
    let given_badly = keyed(&stand, &dns, &format!("\"Bearer {SENDING}\"\n")).await.report;
    assert_eq!(given_badly.permission, Some(Permission::Sending), "it is asked all the same");
    assert_eq!(named(&given_badly, "key shape").verdict, Verdict::Fail);
    let before = stand.lines().len();
    let others = keyed(&stand, &dns, "SG.canary-of-sendgrid").await.report;
    assert!(words(named(&others, "key shape")).contains("SendGrid"));
    assert_eq!(stand.lines().len(), before, "somebody else's secret is not sent");
}

#[tokio::test]
async fn a_domain_that_is_verified_and_right_in_dns_passes_by_the_apis_own_list() {
    let (stand, dns) = (StandIn::serve(account()).await, Dns::serve(right).await);
    let report = keyed(&stand, &dns, FULL).await.report;
    let bad: Vec<&Check> = report.checks.iter().filter(|check| check.verdict == Verdict::Fail).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    for name in [
        "record MX send.lab.test",
        "record TXT send.lab.test",
        "record TXT resend._domainkey.lab.test",
        "record CNAME links.lab.test",
    ] {
        assert_eq!(named(&report, name).verdict, Verdict::Pass, "{:?}", named(&report, name));
    }
    assert!(words(named(&report, "domain")).contains("verified, eu-west-1, added 2026-10-26"));
    assert!(words(named(&report, "alignment")).contains("SPF of the return path send.lab.test"));
    assert!(words(named(&report, "rate limit")).contains("5 requests a second for the whole team, 4 left"));
    assert_eq!(named(&report, "test email").verdict, Verdict::Skipped);
    assert_eq!(stand.lines(), ["GET /domains?limit=100", "GET /domains?limit=100&after=id-1", "GET /domains/id-2"]);
    let sending = keyed(&stand, &dns, SENDING).await.report;
    for name in ["dkim resend", "return path mx", "return path spf", "dmarc", "alignment", "from"] {
        assert_eq!(named(&sending, name).verdict, Verdict::Pass, "{:?}", named(&sending, name));
    }
    assert_eq!(named(&sending, "domain").verdict, Verdict::Skipped);
}

#[tokio::test]
async fn that_an_account_may_send_as_a_domain_is_said_only_where_resend_said_so() {
    let (stand, dns) = (StandIn::serve(account()).await, Dns::serve(right).await);
    let said = |key, from, send_to| {
        let (stand, dns) = (&stand, &dns);
        async move { look(Asking { stand, dns, key, domain: "lab.test", from, send_to }).await.report.headline }
    };
    let unproven = "only a test email shows that this account may send as lab.test";
    assert_eq!(
        said(SENDING, None, None).await,
        format!("The key is genuine and DNS is as Resend usually wants it; {unproven}")
    );
    let headline = said(SENDING, Some("onboarding@resend.dev"), Some(OWNER)).await;
    assert!(headline.starts_with(&format!("The key is genuine; {unproven}. To know: onboarding")), "{headline}");
    assert_eq!(said(SENDING, None, Some("delivered@resend.dev")).await, "Resend can send as lab.test");
    let full = said(FULL, None, None).await;
    assert!(full.starts_with("Resend can send as lab.test. To know: the key is genuine"), "{full}");
    for status in ["pending", "failed"] {
        let stand = StandIn::serve(World { domains: vec![("lab.test", status)], ..World::default() }).await;
        let headline = keyed(&stand, &dns, FULL).await.report.headline;
        assert!(headline.starts_with("Kinde cannot send as lab.test"), "{status}: {headline}");
    }
    let stand = StandIn::serve(World { domains: vec![("lab.test", "brand_new_status")], ..World::default() }).await;
    let headline = keyed(&stand, &dns, FULL).await.report.headline;
    assert!(headline.contains(unproven), "{headline}");
}

#[tokio::test]
async fn each_status_of_a_domain_has_its_own_verdict_and_fix() {
    let dns = Dns::serve(right).await;
    for (status, verdict, telling) in [
        ("verified", Verdict::Pass, "verified, eu-west-1"),
        ("not_started", Verdict::Fail, "Nobody had Resend look"),
        ("pending", Verdict::Fail, "still looking"),
        ("failed", Verdict::Fail, "did not find"),
        ("temporary_failure", Verdict::Fail, "no longer finds"),
        ("partially_verified", Verdict::Warn, "something else is not"),
        ("partially_failed", Verdict::Fail, "no longer to be found"),
        ("brand_new_status", Verdict::Warn, "not known here"),
    ] {
        let stand = StandIn::serve(World { domains: vec![("lab.test", status)], ..World::default() }).await;
        let report = keyed(&stand, &dns, FULL).await.report;
        let check = named(&report, "domain");
        assert_eq!(check.verdict, verdict, "{status}: {check:?}");
        assert!(words(check).contains(telling), "{status}: {}", words(check));
        let from = match status {
            "verified" | "partially_verified" => Verdict::Pass,
            "brand_new_status" => Verdict::Warn,
            _ => Verdict::Fail,
        };
        assert_eq!(named(&report, "from").verdict, from, "{status}: the two say the same");
        let key = named(&report, "record TXT resend._domainkey.lab.test");
        if matches!(status, "pending" | "failed" | "not_started") {
            assert!(key.verdict == Verdict::Warn && words(key).contains("The record is right"), "{status}: {key:?}");
        }
    }
    for (domains, telling) in [
        (vec![], "There is no domain in the account"),
        (vec![("third.test", "verified")], "has third.test"),
        (vec![("updates.lab.test", "verified")], "one does not cover the other"),
    ] {
        let stand = StandIn::serve(World { domains, ..World::default() }).await;
        let report = keyed(&stand, &dns, FULL).await.report;
        assert!(words(named(&report, "domain")).contains(telling), "{:?}", named(&report, "domain"));
        assert_eq!(named(&report, "domain").verdict, Verdict::Fail);
        assert_eq!(named(&report, "dkim resend").verdict, Verdict::Pass, "DNS is looked at all the same");
    }
}

#[tokio::test]
async fn live_dns_is_held_against_the_apis_own_records_and_each_difference_is_named() {
    type Change = fn(&str, RecordType) -> Option<Reply>;
    let cases: [(&str, &str, Change); 9] = [
        ("record MX send.lab.test", "leads to the region us-east-1, and this domain is in eu-west-1", |name, kind| {
            let wrong = || vec![exchange("send.lab.test", 10, "feedback-smtp.us-east-1.amazonses.com")];
            (name == "send.lab.test" && kind == RecordType::MX).then(|| Reply::Records(wrong()))
        }),
        ("record MX send.lab.test", "2 MX records", |name, kind| {
            let two = || {
                vec![
                    exchange("send.lab.test", 10, "feedback-smtp.eu-west-1.amazonses.com"),
                    exchange("send.lab.test", 20, "mx.lab.test"),
                ]
            };
            (name == "send.lab.test" && kind == RecordType::MX).then(|| Reply::Records(two()))
        }),
        (
            "record MX send.lab.test",
            "stands at send.lab.test.lab.test: the name of the zone was doubled",
            |name, kind| match name {
                "send.lab.test" if kind == RecordType::MX => Some(Reply::None(60)),
                "send.lab.test.lab.test" => {
                    Some(Reply::Records(vec![exchange(name, 10, "feedback-smtp.eu-west-1.amazonses.com")]))
                }
                "lab.test.lab.test" => Some(Reply::None(60)),
                _ => None,
            },
        ),
        ("record TXT send.lab.test", "stands at lab.test itself, and belongs at send.lab.test", |name, kind| {
            match (name, kind) {
                ("send.lab.test", RecordType::TXT) => Some(Reply::None(60)),
                ("lab.test", RecordType::TXT) => {
                    Some(Reply::Records(vec![text(name, &["v=spf1 include:amazonses.com ~all"])]))
                }
                _ => None,
            }
        }),
        ("record TXT send.lab.test", "more than one SPF record", |name, kind| {
            let two = || {
                vec![
                    text("send.lab.test", &["v=spf1 include:amazonses.com ~all"]),
                    text("send.lab.test", &["v=spf1 -all"]),
                ]
            };
            (name == "send.lab.test" && kind == RecordType::TXT).then(|| Reply::Records(two()))
        }),
        ("record TXT resend._domainkey.lab.test", "cut off after 198 of 216", |name, _| {
            (name == "resend._domainkey.lab.test").then(|| Reply::Records(vec![text(name, &[&DKIM[..200]])]))
        }),
        ("record TXT resend._domainkey.lab.test", "not the one Resend signs with", |name, _| {
            (name == "resend._domainkey.lab.test")
                .then(|| Reply::Records(vec![text(name, &[&DKIM.replace("ozG0BS0", "AAAAAAA")])]))
        }),
        ("record TXT resend._domainkey.lab.test", "orange cloud", |name, kind| match (name, kind) {
            ("resend._domainkey.lab.test", RecordType::A) => Some(Reply::Records(vec![address(name, "172.67.1.2")])),
            ("resend._domainkey.lab.test", _) => Some(Reply::None(60)),
            _ => None,
        }),
        ("record TXT resend._domainkey.lab.test", "There is no TXT record", |name, _| {
            (name == "resend._domainkey.lab.test").then_some(Reply::Code(ResponseCode::NXDomain))
        }),
    ];
    let stand = StandIn::serve(account()).await;
    for (name, telling, change) in cases {
        let dns = Dns::serve(move |name, kind| change(name, kind).unwrap_or_else(|| right(name, kind))).await;
        let report = keyed(&stand, &dns, FULL).await.report;
        let check = named(&report, name);
        assert_eq!(check.verdict, Verdict::Fail, "{telling}: {check:?}");
        assert!(words(check).contains(telling), "{telling}: {}", words(check));
        assert_eq!(named(&report, "records").verdict, Verdict::Fail);
    }
    let dns =
        Dns::serve(|name, kind| if name.starts_with("links.") { Reply::None(60) } else { right(name, kind) }).await;
    let report = keyed(&stand, &dns, FULL).await.report;
    assert_eq!(
        named(&report, "record CNAME links.lab.test").verdict,
        Verdict::Warn,
        "tracking is nothing that sending needs"
    );
    let below =
        look(Asking { stand: &stand, dns: &dns, key: FULL, domain: "updates.lab.test", from: None, send_to: None })
            .await
            .report;
    named(&below, "record TXT resend._domainkey.updates.lab.test");
}

#[tokio::test]
async fn too_many_requests_is_waited_out_as_the_headers_say_three_times_and_no_more() {
    let dns = Dns::serve(right).await;
    let stand = StandIn::serve(World { limited: (3, 0), ..account() }).await;
    let report = keyed(&stand, &dns, FULL).await.report;
    assert_eq!((report.permission, report.limits.waited), (Some(Permission::Full), 3));
    assert!(words(named(&report, "rate limit")).contains("waited out 429 3 times"));
    assert_eq!(stand.lines()[..4].to_vec(), vec!["GET /domains?limit=100"; 4]);

    let stand = StandIn::serve(World { limited: (4, 0), ..account() }).await;
    let report = keyed(&stand, &dns, FULL).await.report;
    assert!(words(named(&report, "key")).contains("after 3 waits"), "{:?}", named(&report, "key"));
    assert_eq!(stand.lines().len(), 4);

    let stand = StandIn::serve(World { limited: (1, 1), ..account() }).await;
    let begun = Instant::now();
    assert_eq!(
        keyed(&stand, &dns, SENDING).await.report.permission,
        Some(Permission::Sending),
        "refused before it is counted"
    );
    let report = keyed(&stand, &dns, FULL).await.report;
    assert!(begun.elapsed() >= Duration::from_secs(1) && report.limits.waited == 1);

    for (world, telling) in [
        (World { limited: (1, 3600), ..account() }, "wait 3600 s"),
        (World { limited: (9, 0), quota: Some("daily_quota_exceeded"), ..account() }, "quota of emails is used up"),
    ] {
        let stand = StandIn::serve(world).await;
        let begun = Instant::now();
        let report = keyed(&stand, &dns, FULL).await.report;
        assert!(words(named(&report, "key")).contains(telling), "{:?}", named(&report, "key"));
        assert!(begun.elapsed() < Duration::from_secs(5) && stand.lines().len() == 1);
    }
}

#[tokio::test]
async fn a_test_email_is_one_email_however_often_it_had_to_be_sent() {
    let dns = Dns::serve(right).await;
    let stand = StandIn::serve(World { cut: 1, ..account() }).await;
    let send =
        |key, from, to| look(Asking { stand: &stand, dns: &dns, key, domain: "lab.test", from, send_to: Some(to) });
    let report = send(FULL, None, "delivered@resend.dev").await.report;
    let check = named(&report, "test email");
    assert_eq!(check.verdict, Verdict::Pass, "{check:?}");
    let sent = report.sent.clone().unwrap();
    assert_eq!(sent.last_event.as_deref(), Some("delivered"));
    assert!(words(check).contains(&sent.token) && words(check).contains("delivered: mail-0"));
    {
        let world = stand.world.lock().unwrap();
        let keys: Vec<&str> = world
            .requests
            .iter()
            .filter(|(line, _)| line == "POST /emails")
            .map(|(_, key)| key.as_deref().unwrap())
            .collect();
        assert_eq!(keys, [sent.idempotency_key.as_str(); 2], "cut, and sent again under the same key");
        assert_eq!(world.emails.len(), 1);
    }
    stand.world.lock().unwrap().limited = (2, 0);
    let limited = send(SENDING, Some("Kinde <hello@lab.test>"), OWNER).await.report;
    assert_eq!(limited.sent.unwrap().last_event, None, "a sending key cannot read it");
    let world = stand.world.lock().unwrap();
    assert_eq!((world.emails.len(), world.requests.iter().filter(|(line, _)| line == "POST /emails").count()), (2, 5));
}

#[tokio::test]
async fn whatever_resend_refuses_to_send_is_explained_and_what_it_would_refuse_is_not_sent() {
    let dns = Dns::serve(right).await;
    let stand = StandIn::serve(account()).await;
    for (key, domain, from, to, telling) in [
        (SCOPED, "other.test", "a@other.test", OWNER, "bound to another domain"),
        (SENDING, "lab.test", "a@updates.lab.test", OWNER, "updates.example.com does not cover example.com"),
        (SENDING, "lab.test", "onboarding@resend.dev", "ada@acme.io", "your own account alone"),
        (SENDING, "lab.test", "a@lab.test", "ada@example.com", "takes no mail for ada@example.com"),
        (SENDING, "lab.test", "a@lab.test", "nobody", "no address mail could go to"),
        (FULL, "lab.test", "a@lab.test", "bounced@resend.dev", "what bounced@resend.dev is for"),
    ] {
        let before = stand.lines().iter().filter(|line| *line == "POST /emails").count();
        let report =
            look(Asking { stand: &stand, dns: &dns, key, domain, from: Some(from), send_to: Some(to) }).await.report;
        let check = named(&report, "test email");
        let all = format!("{} {}", words(check), check.fix.as_deref().unwrap_or_default());
        assert!(all.contains(telling), "{from} → {to}: {all}");
        let after = stand.lines().iter().filter(|line| *line == "POST /emails").count();
        assert_eq!(after - before, usize::from(!matches!(to, "ada@example.com" | "nobody")));
    }
    let onboarding = look(Asking {
        stand: &stand,
        dns: &dns,
        key: SENDING,
        domain: "lab.test",
        from: Some("onboarding@resend.dev"),
        send_to: None,
    })
    .await;
    assert!(words(named(&onboarding.report, "from")).contains("none of Kinde's users"));
}

#[tokio::test]
async fn an_answer_that_is_not_resends_is_told_apart_from_a_bad_key() {
    let dns = Dns::serve(right).await;
    let html = "<!doctype html><title>Welcome to nginx</title>";
    for (status, kind, body, telling) in [
        (200, "text/html", html.to_owned(), "not as Resend's API does"),
        (404, "text/html", html.to_owned(), "not how Resend's API answers: <!doctype html>"),
        (301, "text/html", String::new(), "answered 301"),
        (200, "application/json", "{}".to_owned(), "not as Resend's API does"),
        (200, "application/json", "[[[[[[".to_owned(), "not as Resend's API does"),
        (403, "text/plain", "error code: 1010".to_owned(), "turned the request away (1010)"),
        (
            500,
            "application/json",
            r#"{"statusCode":500,"name":"application_error","message":"x"}"#.to_owned(),
            "trouble of its own",
        ),
        (503, "text/html", "<h1>down</h1>".to_owned(), "trouble of its own"),
        (418, "application/json", r#"{"name":"teapot","message":"short and stout"}"#.to_owned(), "short and stout"),
        (403, "application/json", r#"{"name":7,"message":["x"]}"#.to_owned(), "answered 403"),
    ] {
        let stand = StandIn::serve(World { always: Some((status, kind, body.clone())), ..World::default() }).await;
        let report = keyed(&stand, &dns, SENDING).await.report;
        let check = named(&report, "key");
        assert_eq!(check.verdict, Verdict::Fail, "{body}");
        assert!(words(check).contains(telling), "{body}: {}", words(check));
    }
    let mut gone = StandIn::serve(World::default()).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    gone.base.set_port(Some(free.local_addr().unwrap().port())).unwrap();
    drop(free);
    assert!(words(named(&keyed(&gone, &dns, SENDING).await.report, "key")).contains("Nothing answered"));
}

#[tokio::test]
async fn no_key_is_shown_anywhere_in_any_encoding_whatever_resend_answers() {
    let dns = Dns::serve(right).await;
    let echo = |status: u16, kind: &'static str, body: &str| World {
        always: Some((status, kind, body.to_owned())),
        ..World::default()
    };
    let worlds = || {
        [
            account(),
            World { limited: (4, 0), ..account() },
            echo(
                403,
                "application/json",
                r#"{"statusCode":403,"name":"ECHO","message":"The key ECHO is not welcome"}"#,
            ),
            echo(500, "text/plain", "panic at ECHO: authorization=Bearer ECHO"),
            echo(200, "application/json", r#"{"data":"ECHO"}"#),
            echo(
                200,
                "application/json",
                r#"{"has_more":false,"data":[{"id":"ECHO","name":"lab.test","status":"ECHO","region":"ECHO"}]}"#,
            ),
        ]
    };
    for key in [FULL, SENDING, SCOPED, SUSPENDED, BAD] {
        let base64 = base64::engine::general_purpose::STANDARD;
        for world in worlds() {
            let stand = StandIn::serve(world).await;
            let asking = Asking {
                stand: &stand,
                dns: &dns,
                key,
                domain: "lab.test",
                from: None,
                send_to: Some("delivered@resend.dev"),
            };
            let shown = look(asking).await.shown;
            let secret = &key[3..];
            let encoded = percent_encoding::utf8_percent_encode(key, percent_encoding::NON_ALPHANUMERIC).to_string();
            for form in [secret.to_owned(), base64.encode(key), base64.encode(format!("resend:{key}")), encoded] {
                assert!(!shown.contains(&form), "{form} in {shown}");
            }
        }
    }
}

#[tokio::test]
async fn a_look_that_is_stopped_ends_at_once_and_names_what_was_not_looked_at() {
    let dns = Dns::serve(right).await;
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let http = Http::new(Recorder::silent(), Clock::real()).unwrap();
    let plan = Plan {
        base: resend::base_url(&format!("http://{}", silent.local_addr().unwrap())).unwrap(),
        key: Secret::new(SENDING),
        domain: "lab.test".to_owned(),
        from: None,
        send_to: None,
    };
    let resolver = Resolver::new(DnsServer::At(dns.address)).unwrap();
    let cancel = CancellationToken::new();
    let stopping = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        cancel.cancel();
    };
    let begun = Instant::now();
    let (report, ()) = tokio::join!(resend::check(&plan, &http, &resolver, &|_| {}, &cancel), stopping);
    assert!(report.cancelled && begun.elapsed() < Duration::from_secs(2));
    assert_eq!(report.checks.len(), resend::CHECKS.len());
    assert_eq!(named(&report, "key").why.as_deref(), Some("Not looked at: you stopped it"));
}
