//! The resolver against a server that answers as it is told.

use std::time::Duration;

use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RecordType;
use kinde_panel::mail::resolver::{Answer, Data, DnsServer, Failure, FailureKind, Kind, Resolver};

use crate::dns::{Dns, Reply, address, alias, exchange, text};

async fn ask(dns: &Dns, name: &str, kind: Kind) -> Result<Answer, Failure> {
    let resolver = Resolver::new(DnsServer::At(dns.address)).unwrap().patience(Duration::from_millis(300));
    resolver.ask(name, kind).await
}

#[tokio::test]
async fn each_reason_for_having_no_records_is_told_apart() {
    let dns = Dns::serve(|name, _| match name {
        "nothing.test" => Reply::Code(ResponseCode::NXDomain),
        "nodata.test" => Reply::None(120),
        "broken.test" => Reply::Code(ResponseCode::ServFail),
        "refused.test" => Reply::Code(ResponseCode::Refused),
        "elsewhere.test" => Reply::Elsewhere,
        "odd.test" => Reply::Code(ResponseCode::NotImp),
        _ => Reply::Silence,
    })
    .await;
    for (name, kind, negative_ttl) in [
        ("nothing.test", FailureKind::NxDomain, Some(300)),
        ("nodata.test", FailureKind::NoData, Some(120)),
        ("broken.test", FailureKind::ServFail, None),
        ("refused.test", FailureKind::Refused, None),
        ("elsewhere.test", FailureKind::NotItsServer, None),
        ("silent.test", FailureKind::Timeout, None),
    ] {
        let failure = ask(&dns, name, Kind::Mx).await.unwrap_err();
        assert_eq!((failure.kind.clone(), failure.negative_ttl), (kind, negative_ttl), "{name}");
        assert!(failure.why().contains(name), "{}", failure.why());
    }
    assert!(matches!(ask(&dns, "odd.test", Kind::Mx).await.unwrap_err().kind, FailureKind::Other(_)));
    let bad = ask(&dns, "a b.test", Kind::Mx).await.unwrap_err();
    assert!(matches!(bad.kind, FailureKind::BadName(_)));
}

#[tokio::test]
async fn a_and_aaaa_are_questions_of_their_own_with_their_time_to_live() {
    let dns = Dns::serve(|name, kind| match (name, kind) {
        ("both.test", RecordType::A) => {
            Reply::Records(vec![address("both.test", "192.0.2.1"), address("both.test", "192.0.2.2")])
        }
        ("both.test", RecordType::AAAA) => Reply::Records(vec![address("both.test", "2001:db8::1")]),
        _ => Reply::None(60),
    })
    .await;
    let four = ask(&dns, "both.test", Kind::A).await.unwrap();
    assert_eq!(four.ips(), ["192.0.2.1".parse::<std::net::IpAddr>().unwrap(), "192.0.2.2".parse().unwrap()]);
    assert_eq!((four.ttl(), four.chain.len()), (60, 0));
    assert_eq!(ask(&dns, "both.test", Kind::Aaaa).await.unwrap().ips()[0].to_string(), "2001:db8::1");
    assert_eq!(dns.asked(), ["udp A both.test", "udp AAAA both.test"]);
}

#[tokio::test]
async fn a_chain_of_aliases_is_followed_and_kept_whether_the_server_follows_it_or_not() {
    let dns = Dns::serve(|name, kind| match (name, kind) {
        ("in-one.test", RecordType::TXT) => {
            // Out of order, as some servers write it.
            Reply::Records(vec![text("c.test", &["found"]), alias("b.test", "c.test"), alias("in-one.test", "b.test")])
        }
        ("step.test", _) => Reply::Records(vec![alias("step.test", "b.test")]),
        ("b.test", _) => Reply::Records(vec![alias("b.test", "c.test")]),
        ("c.test", RecordType::TXT) => Reply::Records(vec![text("c.test", &["fo", "und"])]),
        ("circle.test", _) => Reply::Records(vec![alias("circle.test", "other.test")]),
        ("other.test", _) => Reply::Records(vec![alias("other.test", "circle.test")]),
        ("dangling.test", _) => Reply::Records(vec![alias("dangling.test", "gone.test")]),
        _ => Reply::Code(ResponseCode::NXDomain),
    })
    .await;
    for name in ["in-one.test", "step.test"] {
        let found = ask(&dns, name, Kind::Txt).await.unwrap();
        assert_eq!(
            (found.name.as_str(), found.texts(), &found.chain[..]),
            ("c.test", vec!["found".to_owned()], &["b.test".to_owned(), "c.test".to_owned()][..])
        );
    }
    let alias = ask(&dns, "step.test", Kind::Cname).await.unwrap();
    assert_eq!(alias.records[0].data, Data::Cname("b.test".to_owned()), "an alias that is asked for is not followed");
    let dangling = ask(&dns, "dangling.test", Kind::Txt).await.unwrap_err();
    assert_eq!((dangling.kind, dangling.chain), (FailureKind::NxDomain, vec!["gone.test".to_owned()]));
    let circle = ask(&dns, "circle.test", Kind::Txt).await.unwrap_err();
    assert!(circle.why().contains("circle"), "{}", circle.why());
}

#[tokio::test]
async fn an_answer_too_long_for_udp_is_fetched_by_tcp() {
    let long = "x".repeat(255);
    let dns = Dns::serve(move |name, _| Reply::Truncated(vec![text(name, &[long.as_str(); 20])])).await;
    let found = ask(&dns, "long.test", Kind::Txt).await.unwrap();
    assert_eq!(found.texts()[0].len(), 20 * 255);
    assert_eq!(dns.asked(), ["udp TXT long.test", "tcp TXT long.test"]);
}

#[tokio::test]
async fn mail_servers_come_by_preference_and_the_null_one_has_no_name() {
    let dns = Dns::serve(|name, _| match name {
        "null.test" => Reply::Records(vec![exchange(name, 0, ".")]),
        _ => Reply::Records(vec![exchange(name, 20, "b.test"), exchange(name, 10, "a.test")]),
    })
    .await;
    assert_eq!(ask(&dns, "x.test", Kind::Mx).await.unwrap().exchanges(), [(10, "a.test"), (20, "b.test")]);
    assert_eq!(ask(&dns, "null.test", Kind::Mx).await.unwrap().exchanges(), [(0, "")]);
}

#[tokio::test]
async fn the_servers_of_a_zone_are_asked_without_recursion_at_the_port_of_a_lab() {
    let dns = Dns::serve(|name, _| Reply::Records(vec![text(name, &["here"])])).await;
    let direct = Resolver::new(DnsServer::At(dns.address)).unwrap().directly(&[dns.address.ip()]);
    assert_eq!(direct.ask("zone.test", Kind::Txt).await.unwrap().texts(), ["here"]);
    assert_eq!(dns.asked(), ["udp TXT zone.test, itself"]);
}
