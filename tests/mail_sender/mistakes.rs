//! `mail dns` over real DNS servers: a domain where all is right, and one mistake after the other.

use kinde_panel::check::{Check, Verdict, worst};
use kinde_panel::mail::dns::{self, CHECKS, Plan, Report};
use kinde_panel::mail::resolver::Resolver;
use tokio_util::sync::CancellationToken;

use crate::servers::{self, Servers};

async fn look(resolver: &Resolver, domain: &str, selectors: &[&str]) -> Report {
    let plan =
        Plan { domain: domain.to_owned(), selectors: selectors.iter().map(|&selector| selector.to_owned()).collect() };
    dns::check(&plan, resolver, &|_| {}, &CancellationToken::new()).await
}

fn named<'a>(report: &'a Report, name: &str) -> &'a Check {
    let names: Vec<&str> = report.checks.iter().map(|check| check.name.as_str()).collect();
    report.checks.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("no {name} among {names:?}"))
}

/// The domain (its `.bad.test` left out), the check that names the mistake, how badly it ends, and a word of it.
const MISTAKES: [(&str, &str, Verdict, &str); 45] = [
    ("two-spf", "spf", Verdict::Fail, "2 SPF records"),
    ("eleven", "spf look-ups", Verdict::Fail, "costs 11 look-ups"),
    ("voids", "spf look-ups", Verdict::Fail, "3 look-ups find nothing"),
    ("circle", "spf", Verdict::Fail, "circle.bad.test to b.circle.bad.test to circle.bad.test"),
    ("ptr", "spf policy", Verdict::Warn, "uses ptr"),
    ("plus-all", "spf policy", Verdict::Fail, "+all"),
    ("no-all", "spf policy", Verdict::Warn, "no all"),
    ("typo", "spf", Verdict::Fail, "include was meant"),
    ("joined", "spf", Verdict::Fail, "run together"),
    ("bad-ip", "spf", Verdict::Fail, "300.1.2.3 is no IPv4"),
    ("empty-include", "spf", Verdict::Fail, "nospf.mailhost.test has no SPF record"),
    ("open-include", "spf policy", Verdict::Fail, "everybody.mailhost.test ends in +all"),
    ("quoted-spf", "spf", Verdict::Fail, "quotation marks"),
    ("early-all", "spf policy", Verdict::Warn, "include:spf.mailhost.test is never read"),
    ("dead-redirect", "spf", Verdict::Fail, "gone.bad.test does not exist"),
    ("cut-key", "dkim s1", Verdict::Fail, "cut off after 237"),
    ("revoked", "dkim s1", Verdict::Fail, "revoked"),
    ("two-keys", "dkim s1", Verdict::Fail, "2 keys"),
    ("quoted-key", "dkim s1", Verdict::Fail, "Quotation marks"),
    ("weak-key", "dkim s1", Verdict::Fail, "512 bits"),
    ("wrong-version", "dkim s1", Verdict::Fail, "v=DKIM2"),
    (
        "doubled",
        "dkim resend",
        Verdict::Fail,
        "resend._domainkey.doubled.bad.test.bad.test: the name of the zone was doubled",
    ),
    ("doubled", "return path mx", Verdict::Fail, "send.doubled.bad.test.bad.test"),
    ("orange", "dkim resend", Verdict::Fail, "orange cloud"),
    ("dangling", "dkim s1", Verdict::Fail, "alias (CNAME) of gone.mailhost.test"),
    ("no-underscore", "dkim resend", Verdict::Fail, "without the underscore"),
    ("key-at-top", "dmarc", Verdict::Fail, "DKIM key stands at key-at-top.bad.test itself"),
    ("wild", "dkim", Verdict::Warn, "wildcard"),
    ("two-dmarc", "dmarc", Verdict::Fail, "2 DMARC records"),
    ("no-policy", "dmarc", Verdict::Fail, "no p="),
    ("no-policy", "dmarc", Verdict::Fail, "rua=dmarc@bad.test is no address"),
    ("small-dmarc", "dmarc", Verdict::Fail, "does not begin with v=DMARC1"),
    ("far-reports", "dmarc reports", Verdict::Warn, "mailhost.test has not agreed"),
    ("dmarc-at-top", "dmarc", Verdict::Fail, "DMARC record stands at dmarc-at-top.bad.test itself"),
    ("doubled-dmarc", "dmarc", Verdict::Fail, "_dmarc.doubled-dmarc.bad.test.bad.test"),
    ("bare-dmarc", "dmarc", Verdict::Fail, "without the underscore"),
    ("null-mx", "mx", Verdict::Fail, "null MX"),
    ("ip-mx", "mx", Verdict::Fail, "the address 192.0.2.25"),
    ("alias-mx", "mx", Verdict::Fail, "alias (CNAME) of mx.lab.test"),
    ("dead-mx", "mx", Verdict::Fail, "nowhere.bad.test, which has no address"),
    ("region", "return path mx", Verdict::Fail, "region us-west-2"),
    ("two-send", "return path mx", Verdict::Fail, "2 MX records"),
    ("at-top", "return path mx", Verdict::Fail, "stands at at-top.bad.test itself"),
    ("at-top", "return path spf", Verdict::Fail, "stands at at-top.bad.test, and Resend looks for it at send.at-top"),
    ("strict", "alignment", Verdict::Warn, "aspf=s"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_where_all_is_right_passes_and_every_mistake_is_named_where_it_is() {
    if servers::skipped() {
        return;
    }
    let servers = Servers::start().await;
    let resolver = servers.resolver();
    for (domain, keys) in
        [("lab.test", ["dkim resend", "dkim s1"]), ("updates.lab.test", ["dkim resend", "dkim resend"])]
    {
        let right = look(&resolver, domain, &[]).await;
        let bad: Vec<&Check> =
            right.checks.iter().filter(|check| !matches!(check.verdict, Verdict::Pass | Verdict::Skipped)).collect();
        assert!(bad.is_empty(), "{domain}: {bad:#?}");
        assert_eq!(right.headline, format!("{domain} is set up to send"));
        for name in
            CHECKS.into_iter().filter(|name| *name != "dkim").chain(keys).chain(["return path mx", "return path spf"])
        {
            named(&right, name);
        }
        assert!(named(&right, "name servers").seen.as_ref().unwrap().contains("ns1.lab.test, ns2.lab.test"));
    }
    for (name, check, verdict, words) in MISTAKES {
        let report = look(&resolver, &format!("{name}.bad.test"), &[]).await;
        let found = named(&report, check);
        assert_eq!(found.verdict, verdict, "{name}: {found:#?}");
        let (why, fix) = (found.why.as_deref().unwrap(), found.fix.as_deref().unwrap());
        assert!(why.contains(words) && !fix.is_empty(), "{name}: {found:#?}");
        let trouble = worst(&report.checks);
        assert!(trouble >= verdict && !report.headline.contains("is set up"), "{name}: {}", report.headline);
    }
    let nothing = look(&resolver, "nothing.bad.test", &[]).await;
    assert_eq!(named(&nothing, "alignment").verdict, Verdict::Fail);
    assert!(named(&nothing, "mx").why.as_ref().unwrap().contains("address of the website"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tree_of_an_spf_record_counts_as_a_receiver_does() {
    if servers::skipped() {
        return;
    }
    let servers = Servers::start().await;
    let report = look(&servers.resolver(), "lab.test", &[]).await;
    let root = report.spf.unwrap();
    assert_eq!((root.term.as_str(), root.children.len(), report.spf_cost), ("lab.test", 3, (3, 0)));
    let [mx, include, all] = &root.children[..] else { panic!("{root:#?}") };
    assert_eq!((mx.lookups_here, mx.running_total), (1, 1));
    assert_eq!((include.domain.as_str(), include.running_total, include.children.len()), ("spf.mailhost.test", 2, 3));
    assert_eq!((include.children[1].running_total, include.children[1].children.len()), (3, 2));
    assert_eq!((all.lookups_here, all.running_total), (0, 3));
    let eleven = look(&servers.resolver(), "eleven.bad.test", &[]).await;
    assert_eq!(eleven.spf_cost, (11, 0));
    assert_eq!(eleven.spf.unwrap().children[10].running_total, 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_and_not_yet_visible_is_told_and_judged_as_published() {
    if servers::skipped() {
        return;
    }
    let servers = Servers::start().await;
    let resolver = servers.resolver();
    let before = look(&resolver, "lab.test", &["fresh"]).await;
    assert_eq!(named(&before, "dkim fresh").verdict, Verdict::Fail, "the resolver now keeps that there is none");
    let key = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDozG0BS0hNGA1sAiZqIBDLO3s/xr6JeKqUU7ZGsWW3OSwNbFfJvQJRgaYWXNkhcehHu7S/wmzheJ2h8H0bk/x6r4pnN0H2pYWcFSWhz92aB7K6dhWFLQt4DhUHjLhKzGy6vICvYROLJRpEFiU3JTCfa9WosYVasQjiP1w6ll1w9wIDAQAB";
    let line = format!("fresh._domainkey TXT \"v=DKIM1; p={key}\"");
    servers.publish("lab.test", &line, "fresh._domainkey.lab.test").await;
    let after = look(&resolver, "lab.test", &["fresh"]).await;
    assert_ne!(named(&after, "dkim fresh").verdict, Verdict::Fail, "{:?}", named(&after, "dkim fresh"));
    let visibility = named(&after, "visibility");
    assert_eq!(visibility.verdict, Verdict::Warn);
    let why = visibility.why.as_deref().unwrap();
    assert!(why.contains("Published, not yet visible to you: the TXT record at fresh._domainkey.lab.test"), "{why}");
    assert!(why.contains("for up to 5 min"), "{why}");
    let seen_by_itself = look(&servers.first(), "lab.test", &["fresh"]).await;
    assert_eq!(named(&seen_by_itself, "visibility").verdict, Verdict::Pass);
}

#[tokio::test(flavor = "multi_thread")]
async fn name_servers_that_do_not_keep_the_zone_or_lag_behind_are_named() {
    if servers::skipped() {
        return;
    }
    let servers = Servers::start().await;
    let resolver = servers.resolver();
    let lame = named(&look(&resolver, "lame.test", &[]).await, "name servers").clone();
    let why = lame.why.unwrap();
    assert_eq!(lame.verdict, Verdict::Warn);
    assert!(why.contains("ns2.lab.test is listed as name server of lame.test and does not keep that zone"), "{why}");
    assert!(why.contains("gone.bad.test is listed as name server of lame.test and has no address"), "{why}");
    let drift = named(&look(&resolver, "drift.test", &[]).await, "name servers").clone();
    let why = drift.why.unwrap();
    assert!(why.contains("not in the same state (ns1.lab.test 2, ns2.lab.test 1)"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_that_cannot_be_asked_about_ends_in_one_failing_check_each_in_words_of_its_own() {
    if servers::skipped() {
        return;
    }
    let servers = Servers::start().await;
    let (resolver, itself) = (servers.resolver(), servers.first());
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let hole = Resolver::new(kinde_panel::mail::resolver::DnsServer::At(silent.local_addr().unwrap())).unwrap();
    let hole = hole.patience(std::time::Duration::from_millis(200));
    for (resolver, domain, words) in [
        (&resolver, "no-such-name.lab.test", "does not exist (NXDOMAIN)"),
        (&resolver, "broken.test", "SERVFAIL"),
        (&itself, "example.org", "REFUSED"),
        (&hole, "lab.test", "did not answer in time"),
        (&resolver, "co.uk", "public suffix"),
        (&resolver, "192.0.2.1", "IP address"),
        (&resolver, "localhost", "without a dot"),
        (&resolver, "a b.example", "no domain name"),
        (&resolver, "\u{1f980}..example", "no domain name"),
    ] {
        let report = look(resolver, domain, &[]).await;
        let check = named(&report, "domain");
        assert_eq!(check.verdict, Verdict::Fail, "{domain}");
        assert!(check.why.as_ref().unwrap().contains(words), "{domain}: {check:?}");
        let rest = report.checks.iter().filter(|check| check.name != "domain");
        assert!(
            rest.clone().count() == CHECKS.len() - 1 && rest.clone().all(|check| check.verdict == Verdict::Skipped),
            "{domain}"
        );
    }
}

#[tokio::test]
async fn a_look_that_is_stopped_keeps_what_it_has_and_says_so() {
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let resolver = Resolver::new(kinde_panel::mail::resolver::DnsServer::At(silent.local_addr().unwrap())).unwrap();
    let cancel = CancellationToken::new();
    let plan = Plan { domain: "lab.test".to_owned(), selectors: Vec::new() };
    let looking = dns::check(&plan, &resolver, &|_| {}, &cancel);
    cancel.cancel();
    let report = looking.await;
    assert!(report.cancelled && report.checks.len() == CHECKS.len());
    assert!(report.checks.iter().all(|check| check.why.as_deref() == Some("Not looked at: you stopped it")));
}
