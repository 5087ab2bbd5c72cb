//! The rung `claims`, and what kind of token the claims make.

use jiff::Timestamp;

use super::decode::{Issuers, Kind};
use super::rung::{Findings, span};
use crate::check::Check;
use crate::clock::rfc3339;
use crate::jwt::{Doubles, Json};

/// How far clocks may be apart, in seconds.
pub(super) const LEEWAY: i64 = 60;

/// The kind that the claims make.
pub(super) fn kind_of(claims: &Json, typ: Option<&str>) -> Kind {
    let has = |name: &str| claims.get(name).is_some();
    let text = |name: &str| claims.get(name).and_then(Json::as_text).is_some();
    let webhook = text("type") && (has("event_id") || has("timestamp") || has("source"));
    if webhook && has("data") && !has("scp") && !has("scope") && !has("azp") {
        return Kind::Webhook;
    }
    let machine = match claims.get("gty") {
        Some(Json::List(items)) => items.iter().any(|item| item.as_text() == Some("client_credentials")),
        Some(Json::Text(text)) => text == "client_credentials",
        _ => false,
    };
    if machine {
        return Kind::M2m;
    }
    let access_type =
        typ.is_some_and(|typ| typ.eq_ignore_ascii_case("at+jwt") || typ.eq_ignore_ascii_case("application/at+jwt"));
    if access_type || ["scp", "scope", "permissions", "feature_flags"].into_iter().any(has) {
        return Kind::Access;
    }
    if has("sub") && ["at_hash", "nonce", "auth_time", "email", "given_name", "id_token"].into_iter().any(has) {
        return Kind::Id;
    }
    if has("azp") && has("iss") { Kind::Access } else { Kind::Other }
}

/// The moment a numeric date names; `None` where no calendar has it.
pub(super) fn moment(value: &Json) -> Option<Timestamp> {
    let seconds = value.as_f64().filter(|seconds| seconds.abs() < 2.0e11)?;
    // In range by the line above; fractions of a second do not matter here.
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    Timestamp::from_second(seconds.floor() as i64).ok()
}

/// What the `claims` rung needs to know besides the claims.
pub(super) struct Context<'a> {
    pub forced: Option<Kind>,
    pub found: Kind,
    pub issuers: &'a Issuers,
    pub whose: &'a str,
    pub at: Timestamp,
}

/// Judges types, times, issuer and kind.
pub(super) fn judge_claims(claims: &Json, doubled: &Doubles, cx: &Context<'_>) -> Check {
    let mut findings = Findings::default();
    let kind = cx.forced.unwrap_or(cx.found);
    wrong_kind(&mut findings, cx);
    types(&mut findings, claims, kind);
    times(&mut findings, claims, cx.at);
    if matches!(kind, Kind::Access | Kind::Id | Kind::M2m) && claims.get("exp").is_none() {
        findings.fail(
            "`exp` is missing, so it would never expire",
            "Kinde's access and ID tokens always have `exp`: find out who made this one",
        );
    }
    issuer(&mut findings, claims, kind, cx);
    if kind == Kind::Other {
        unknown_kind(&mut findings, claims, cx);
    }
    if !doubled.is_empty() {
        findings.fail(
            format!("Ambiguous: {doubled}, and programs disagree on which one counts"),
            "Look at the raw payload; Kinde never writes a claim twice",
        );
    }
    let good = match kind {
        Kind::Webhook => {
            let event = claims.get("type").and_then(Json::as_text).unwrap_or_default();
            Some(format!("Event {event}. A Kinde webhook has no iss, aud, exp or iat: the key alone proves its issuer"))
        }
        _ => claims
            .get("exp")
            .and_then(moment)
            .map(|exp| format!("Expires in {}, at {}", span(exp.as_second() - cx.at.as_second()), rfc3339(exp))),
    };
    findings.into_check("claims", good)
}

/// Nothing is known of what it must have; a token of Kinde's that is no webhook has both of these.
fn unknown_kind(findings: &mut Findings, claims: &Json, cx: &Context<'_>) {
    if claims.get("exp").is_none() {
        findings.warn(
            "`exp` is missing, so nothing ends it",
            "A program that accepts it accepts it for ever: find out who made it and what for",
        );
    }
    if claims.get("iss").is_none() && *cx.issuers != Issuers::Any {
        findings.warn(
            format!("`iss` is missing: the key alone says that it is of {}", cx.whose),
            "Find out who made it and what for",
        );
    }
}

fn wrong_kind(findings: &mut Findings, cx: &Context<'_>) {
    let Some(forced) = cx.forced else { return };
    let same = forced == cx.found || (forced == Kind::Access && cx.found == Kind::M2m);
    if !same && (forced == Kind::Webhook || cx.found != Kind::Other) {
        findings.fail(
            format!("This is {}, not {}", cx.found.with_article(), forced.with_article()),
            match cx.found {
                Kind::Webhook => "Webhooks are signed with the same keys as access tokens: check `type` and `data` before taking one for the other",
                Kind::Id => "An ID token is for the application itself; send the access token to an API",
                _ => "Check which token the sender put here; its signature alone does not tell the kinds apart",
            },
        );
    }
}

/// What the claim `name` must be, where it is something else.
fn misfit(name: &str, value: &Json, kind: Kind) -> Option<&'static str> {
    let text = matches!(value, Json::Text(_));
    let (fits, what) = match name {
        "iss" | "sub" | "jti" | "azp" | "scope" | "nonce" | "email" => (text, "a text"),
        "org_code" => (text || *value == Json::Null, "a text"),
        "exp" | "nbf" | "iat" | "auth_time" => (matches!(value, Json::Number(_)), "a number of seconds"),
        "scp" | "permissions" | "roles" | "org_codes" => (matches!(value, Json::List(_) | Json::Null), "a list"),
        "aud" => {
            let texts = value.as_list().is_some_and(|items| items.iter().all(|item| item.as_text().is_some()));
            (text || texts, "a text or a list of texts")
        }
        "type" | "event_id" | "timestamp" | "event_timestamp" | "source" if kind == Kind::Webhook => (text, "a text"),
        "data" if kind == Kind::Webhook => (matches!(value, Json::Object(_)), "an object"),
        _ => return None,
    };
    (!fits).then_some(what)
}

fn types(findings: &mut Findings, claims: &Json, kind: Kind) {
    /// In the order in which they are told.
    const TYPED: [&str; 23] = [
        "iss",
        "sub",
        "jti",
        "azp",
        "scope",
        "org_code",
        "nonce",
        "email",
        "exp",
        "nbf",
        "iat",
        "auth_time",
        "scp",
        "permissions",
        "roles",
        "org_codes",
        "aud",
        "type",
        "event_id",
        "timestamp",
        "event_timestamp",
        "source",
        "data",
    ];
    // Mostly all fit, and are not looked for one by one.
    let members = claims.members().unwrap_or_default();
    let names = if members.iter().all(|(name, value)| misfit(name, value, kind).is_none()) { &[][..] } else { &TYPED };
    for name in names {
        let Some(value) = claims.get(name) else { continue };
        let Some(what) = misfit(name, value, kind) else { continue };
        findings.fail(
            format!("`{name}` is {}, not {what}", value.kind()),
            format!("Whoever makes this token must write `{name}` as {what}"),
        );
    }
    if kind == Kind::Webhook {
        for name in ["type", "data"] {
            if claims.get(name).is_none() {
                findings.fail(
                    format!("`{name}` is missing"),
                    "Every Kinde webhook has `type` and `data`: find out who made this one",
                );
            }
        }
        for name in ["event_id", "timestamp"] {
            if claims.get(name).is_none() {
                findings.warn(format!("`{name}` is missing"), "Every Kinde webhook seen so far has it");
            }
        }
    }
}

fn times(findings: &mut Findings, claims: &Json, at: Timestamp) {
    let now = at.as_second();
    for name in ["exp", "nbf", "iat"] {
        let Some(value @ Json::Number(text)) = claims.get(name) else { continue };
        let Some(moment) = moment(value) else {
            let milliseconds = value.as_f64().is_some_and(|number| (1.0e11..1.0e14).contains(&number));
            let why = if milliseconds { "it looks like milliseconds" } else { "no calendar has that moment" };
            findings.fail(format!("`{name}` is {text}: {why}"), format!("`{name}` counts seconds since 1970"));
            continue;
        };
        let ahead = moment.as_second() - now;
        match name {
            "exp" if ahead <= -LEEWAY => findings.fail(
                format!("It expired {} ago, at {}", span(ahead), rfc3339(moment)),
                "Get a new token: sign in again, or ask the token endpoint",
            ),
            "nbf" if ahead > LEEWAY => findings.fail(
                format!("It is not valid for another {}, before {}", span(ahead), rfc3339(moment)),
                "Compare this machine's clock with the issuer's",
            ),
            "iat" if ahead > LEEWAY => findings.warn(
                format!("It was issued {} in the future, at {}", span(ahead), rfc3339(moment)),
                "Compare this machine's clock with the issuer's",
            ),
            _ => {}
        }
    }
}

fn issuer(findings: &mut Findings, claims: &Json, kind: Kind, cx: &Context<'_>) {
    if *cx.issuers == Issuers::Any {
        return;
    }
    let iss = claims.get("iss").and_then(Json::as_text);
    let expected = || match cx.issuers {
        Issuers::These(domains) => domains.join(" or "),
        _ => "the sandbox's own address".to_owned(),
    };
    let fits = |iss: &str| match cx.issuers {
        Issuers::Any => true,
        Issuers::These(domains) => domains.iter().any(|domain| domain == iss.trim_end_matches('/')),
        Issuers::Loopback => url::Url::parse(iss).is_ok_and(|url| match url.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        }),
    };
    match iss {
        Some(iss) if !fits(iss) => findings.fail(
            format!("`iss` is {iss}, not {}", expected()),
            "The keys and the issuer must be of one environment. Its custom domain and its kinde.com domain both count once the profile knows both",
        ),
        None if claims.get("iss").is_none() && matches!(kind, Kind::Access | Kind::Id | Kind::M2m) => {
            findings.fail("`iss` is missing", format!("A token of {} names its issuer", cx.whose));
        }
        _ => {}
    }
}
