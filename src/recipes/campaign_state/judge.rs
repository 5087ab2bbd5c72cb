//! Reads a campaign back: from an address that a person pasted, and at the end of a round trip on this machine.

use jiff::Timestamp;
use serde_json::{Map, Value};
use url::Url;

use super::codec::{self, Body, Campaign, Fault, Read};
use super::{SCOPE, random, redirect_uri};
use crate::check::{Check, Verdict};
use crate::clock::rfc3339;
use crate::error::UserError;
use crate::jwt::encode_base64url;
use crate::recipes::sign_in::{self, Way};
use crate::recipes::values::moment;
use crate::recipes::{Around, Outcome, Values};

/// Judges the address a browser was sent back to, as the generated receiver does.
pub fn address(outcome: &mut Outcome, around: Around<'_>, address: &str, values: &Values) -> Result<(), UserError> {
    let at = moment(values, "at", around.http.clock().now())?;
    let pairs = match pairs_of(address) {
        Ok(pairs) => pairs,
        Err(check) => {
            outcome.add(around, check);
            return Ok(());
        }
    };
    let pick = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    if let Some(error) = pick("error") {
        let described = pick("error_description").unwrap_or("no description");
        outcome.add(
            around,
            Check::fail("address", format!("Kinde sent the browser back with an error: {described}"), advice(error))
                .seen(error.to_owned()),
        );
    } else {
        outcome.add(around, Check::pass("address").seen(format!("{} parameters", pairs.len())));
    }
    let state = pick("state").unwrap_or_default();
    let Some(read) = state_checks(outcome, around, state) else { return Ok(()) };
    outcome.add(
        around,
        match values.secret("key").map(|key| codec::key(key.expose())) {
            None => Check::skipped("signature", "The signing key is not known here: give key too"),
            Some(Err(why)) => Check::fail(
                "signature",
                format!("The signing key cannot be used: {why}"),
                "Give the value of CAMPAIGN_STATE_KEY: 64 hexadecimal digits",
            ),
            Some(Ok(key)) => signature(&read, &key),
        },
    );
    outcome.add(around, age(&read.body, at));
    outcome.add(
        around,
        match values.text("nonce") {
            None => Check::skipped("nonce", "The cookie's nonce is not known here: give nonce too"),
            Some(nonce) => belongs(&read, nonce),
        },
    );
    told(outcome, around, &read.body);
    Ok(())
}

/// The pairs of a whole address, or of a query alone.
fn pairs_of(address: &str) -> Result<Vec<(String, String)>, Check> {
    let text = address.trim().trim_matches(['"', '\'', '<', '>']);
    let query = match Url::parse(text) {
        Ok(url) => url.query().or_else(|| url.fragment()).unwrap_or_default().to_owned(),
        Err(_) if text.contains("state=") => text.trim_start_matches(['?', '#']).to_owned(),
        Err(error) => {
            return Err(Check::fail(
                "address",
                format!("This is no address: {error}"),
                "Copy the whole address line of the browser, from http to the end",
            ));
        }
    };
    Ok(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
}

/// What to do about an error of the authorize endpoint (RFC 6749 section 4.1.2.1).
fn advice(error: &str) -> &'static str {
    match error {
        "access_denied" => "The person cancelled, or may not use this application: try again as another user",
        "invalid_scope" => "Ask for openid profile email, and offline for a refresh token",
        "login_required" => "Leave prompt=none out",
        _ => "Look the error up in Kinde's documentation, and compare the authorize address with the one made here",
    }
}

/// Presence, length and form of the state; what it says, where it can be read.
fn state_checks(outcome: &mut Outcome, around: Around<'_>, state: &str) -> Option<Read> {
    let length = state.chars().count();
    let seen = format!("{length} characters");
    outcome.add(
        around,
        match length {
            0 => Check::fail(
                "state",
                "The address has no state",
                "Copy the whole address; a `#` or `&` in a state must be encoded",
            ),
            _ if length < codec::MIN_LENGTH => Check::fail(
                "state",
                "Kinde refuses a state of fewer than 8 characters",
                "Make it with the generated sender",
            )
            .seen(seen),
            _ if length > codec::MAX_LENGTH => Check::fail(
                "state",
                format!("Over {} characters it does not fit through every proxy", codec::MAX_LENGTH),
                "Shorten the campaign's names, or keep them in a table and pass a number",
            )
            .seen(seen),
            _ if length > codec::LONG => Check::warn(
                "state",
                "It is long for something that stands in an address",
                "Shorten the campaign's names",
            )
            .seen(seen),
            _ => Check::pass("state").seen(seen),
        },
    );
    if length == 0 {
        return None;
    }
    match codec::read(state) {
        Ok(read) => {
            outcome.add(around, Check::pass("encoding").seen("base64url of JSON, and a signature"));
            Some(read)
        }
        Err(fault) => {
            let (why, fix) = match fault {
                Fault::Blank => (
                    "It holds a blank: plain base64 writes `+`, which a query gives back as a blank",
                    "Write base64url (`-` and `_`), as the generated code does",
                ),
                Fault::NoSignature => (
                    "It has no signature: whoever opened this address may have written it",
                    "Sign it, as the generated code does; do not believe what it says",
                ),
                Fault::Empty | Fault::Encoding => (
                    "It is not base64url: it was cut, changed, or made by something else",
                    "Copy the whole address, or make the state with the generated sender",
                ),
                Fault::Content => (
                    "It was cut, changed, or made by something else: inside is not what the generated sender writes",
                    "Copy the whole address, or make the state with the generated sender",
                ),
            };
            outcome.add(around, Check::fail("encoding", why, fix));
            None
        }
    }
}

fn signature(read: &Read, key: &[u8; 32]) -> Check {
    if read.is_signed_with(key) {
        Check::pass("signature").seen("HMAC-SHA256")
    } else {
        Check::fail(
            "signature",
            "It was not signed with this key: changed on the way, made by somebody else, or with another key",
            "Believe nothing it says. Compare CAMPAIGN_STATE_KEY of sender and receiver",
        )
    }
}

fn age(body: &Body, at: Timestamp) -> Check {
    let age = at.as_second().saturating_sub(body.t);
    let seen = Timestamp::from_second(body.t).map_or_else(|_| body.t.to_string(), rfc3339);
    if age > codec::MAX_AGE {
        let words = if age < 172_800 { format!("{} minutes", age / 60) } else { format!("{} days", age / 86_400) };
        Check::fail("age", format!("It is {words} old; the receiver takes it for an hour"), "Begin the sign-in again")
            .seen(seen)
    } else if age < -codec::MAX_AHEAD {
        Check::fail("age", "It was made in the future: a clock is wrong", "Set the clock of sender or receiver right")
            .seen(seen)
    } else {
        Check::pass("age").seen(format!("{age} s, made {seen}"))
    }
}

fn belongs(read: &Read, nonce: &str) -> Check {
    if read.belongs_to(nonce) {
        Check::pass("nonce").seen("the browser's own")
    } else {
        Check::fail(
            "nonce",
            "It belongs to another browser: this sign-in was begun elsewhere, or the cookie was written over since",
            "Begin the sign-in again in this browser; refuse it in the app",
        )
    }
}

/// What it says, and whether that should stand in an address.
fn told(outcome: &mut Outcome, around: Around<'_>, body: &Body) {
    let named: Vec<(&str, &str)> =
        body.campaign.pairs().into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let members: Map<String, Value> =
        named.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    let personal: Vec<&str> = named.iter().filter(|(_, value)| is_personal(value)).map(|(name, _)| *name).collect();
    let seen = if named.is_empty() {
        "no campaign".to_owned()
    } else {
        named.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(" · ")
    };
    outcome.add(
        around,
        if personal.is_empty() {
            Check::pass("campaign").seen(seen)
        } else {
            Check::warn(
                "campaign",
                format!("{} looks like an email address, which now stands in logs and histories", personal.join(", ")),
                "Pass a number in its place",
            )
        },
    );
    outcome.put("campaign", members);
    outcome.put("nonce", body.n.as_str());
    outcome.put("issued_at", Timestamp::from_second(body.t).map_or(Value::Null, |at| rfc3339(at).into()));
}

/// True for what looks like an email address.
pub fn is_personal(value: &str) -> bool {
    value.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
}

/// From the sender over the sandbox's sign-in to the receiver, and then everything that must be refused.
pub async fn round_trip(
    outcome: &mut Outcome,
    around: Around<'_>,
    site: &str,
    campaign: Campaign,
) -> Result<(), UserError> {
    let key = random::<32>()?;
    let now = around.http.clock().now();
    let body = Body { v: 1, n: encode_base64url(&random::<16>()?), t: now.as_second(), campaign };
    let state = codec::write(&key, &body);
    outcome.add(around, Check::pass("sender").seen(format!("state of {} characters", state.len())));
    let callback = redirect_uri(site);
    let way = Way { callback: &callback, scope: SCOPE, pkce: false, profile: false, state: Some(&state) };
    let Some(signed_in) = sign_in::walk(outcome, around, way).await? else { return Ok(()) };
    outcome.add(
        around,
        if signed_in.state == state {
            Check::pass("echo").seen("the same state, letter for letter")
        } else {
            Check::fail("echo", "The state came back changed", "Report it: the encoding should survive every address")
        },
    );
    read_back(outcome, around, &signed_in.state, &body, &key, now);
    Ok(())
}

/// What the receiver makes of the state that came back, and of forgeries of it.
pub fn read_back(
    outcome: &mut Outcome,
    around: Around<'_>,
    returned: &str,
    body: &Body,
    key: &[u8; 32],
    now: Timestamp,
) {
    let Some(read) = state_checks(outcome, around, returned) else { return };
    outcome.add(around, signature(&read, key));
    outcome.add(around, age(&read.body, now));
    outcome.add(around, belongs(&read, &body.n));
    outcome.add(
        around,
        if read.body == *body {
            Check::pass("campaign").seen("what the sender put in")
        } else {
            Check::fail("campaign", "The receiver reads another campaign than was sent", "Report it")
        },
    );
    for (name, forged) in forged(returned, body, key) {
        outcome.add(around, refused(name, &forged, key, now, &body.n));
    }
    told_values(outcome, body);
}

fn told_values(outcome: &mut Outcome, body: &Body) {
    let (mut head, mut row) = (Vec::new(), Vec::new());
    let mut members = Map::new();
    for (name, value) in body.campaign.pairs() {
        head.push(name.to_owned());
        row.push(format!("\"{}\"", value.unwrap_or_default().replace('"', "\"\"")));
        if let Some(value) = value {
            members.insert(name.to_owned(), value.into());
        }
    }
    outcome.put("campaign", members);
    outcome.put("csv", format!("{}\n{}\n", head.join(","), row.join(",")));
}

/// What a receiver must refuse.
fn forged(state: &str, body: &Body, key: &[u8; 32]) -> [(&'static str, String); 6] {
    let (part, mac) = state.rsplit_once('.').unwrap_or((state, ""));
    let mine =
        Body { campaign: Campaign { source: Some("somebody else".to_owned()), ..Campaign::default() }, ..body.clone() };
    let other_part = codec::write(&[0; 32], &mine);
    let other_part = other_part.rsplit_once('.').map(|(part, _)| part.to_owned()).unwrap_or_default();
    let old = Body { t: body.t - codec::MAX_AGE - 1, ..body.clone() };
    let stranger = Body { n: encode_base64url(b"another browser!"), ..body.clone() };
    [
        ("changed campaign refused", format!("{other_part}.{mac}")),
        ("cut state refused", state.chars().take(state.len() - 5).collect()),
        ("unsigned state refused", part.to_owned()),
        ("other key refused", codec::write(&[7; 32], body)),
        ("old state refused", codec::write(key, &old)),
        ("other browser refused", codec::write(key, &stranger)),
    ]
}

fn refused(name: &str, state: &str, key: &[u8; 32], now: Timestamp, nonce: &str) -> Check {
    let reason = match codec::read(state) {
        Err(_) => Some("form"),
        Ok(read) if !read.is_signed_with(key) => Some("signature"),
        Ok(read) if age(&read.body, now).verdict == Verdict::Fail => Some("age"),
        Ok(read) if !read.belongs_to(nonce) => Some("nonce"),
        Ok(_) => None,
    };
    match reason {
        Some(reason) => Check::pass(name).seen(format!("by its {reason}")),
        None => Check::fail(name, "The receiver would take it", "Report it"),
    }
}
