//! What is good to have and nobody needs in order to send: told, never judged bad.

use super::tags::Tags;
use super::view::View;
use crate::check::Check;
use crate::mail::resolver::Kind;

/// `mta-sts` (RFC 8461) and `tls reports` (RFC 8460): how others are to send *to* this domain.
pub async fn checks(view: &View, domain: &str) -> Vec<Check> {
    let (sts, reports) = tokio::join!(
        one(view, format!("_mta-sts.{domain}"), "STSv1"),
        one(view, format!("_smtp._tls.{domain}"), "TLSRPTv1")
    );
    let told = |name: &str, found: Option<String>, what: &str| match found {
        Some(text) => Check::pass(name).seen(text).because(format!("{what} It says nothing about mail that you send")),
        None => Check::skipped(name, format!("There is none, and none is needed in order to send. {what}")),
    };
    vec![
        told("mta-sts", sts, "It asks others to send to this domain over TLS alone."),
        told("tls reports", reports, "It asks others to report trouble with TLS."),
    ]
}

async fn one(view: &View, name: String, version: &str) -> Option<String> {
    let answer = view.guess(&name, Kind::Txt).await.ok()?;
    answer.texts().into_iter().find(|text| Tags::read(text).get("v") == Some(version))
}
