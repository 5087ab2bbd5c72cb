//! Takes a Multipass token apart and judges it as Shopify would.

use jiff::Timestamp;
use serde_json::{Map, Value};
use url::Url;

use super::token::{self, Fault};
use super::{GOOD_FOR, store, url};
use crate::check::{Check, Verdict};
use crate::clock::rfc3339;
use crate::error::UserError;
use crate::net::Request;
use crate::recipes::outcome::failed;
use crate::recipes::{Around, Outcome, Values};
use crate::secrets::Secret;

/// The token in what was pasted: itself, or the last part of an address.
pub fn token_in(text: &str) -> String {
    let text = text.trim().trim_matches(['"', '\'']);
    let text = text.split_once("/multipass/").map_or(text, |(_, token)| token);
    let text = text.split(['?', '#']).next().unwrap_or_default();
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The store's address, where an address was pasted.
pub fn home_in(text: &str) -> Option<Url> {
    let text = text.trim().trim_matches(['"', '\'']);
    Url::parse(text).ok().filter(|_| text.contains("/multipass/"))
}

/// True for what looks like an email address.
pub fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else { return false };
    !name.is_empty() && host.contains('.') && !host.starts_with('.') && !text.contains(char::is_whitespace)
}

/// Form, MAC, content and age of `token`. `home`: any address of the store, where it is known.
pub fn token(
    outcome: &mut Outcome,
    around: Around<'_>,
    token: &str,
    secret: &Secret,
    at: Timestamp,
    home: Option<&Url>,
) {
    outcome.add(around, form(token));
    if token::decode(token).is_err() {
        return;
    }
    let plain = match token::open(secret, token) {
        Ok(plain) => plain,
        Err(Fault::Padding) => {
            outcome.add(around, Check::pass("signature").seen("HMAC-SHA256"));
            outcome.add(
                around,
                Check::fail(
                    "content",
                    "It was made with this secret, and what it covers cannot be decrypted",
                    "Encrypt with AES-128-CBC and PKCS#7 padding, with the first half of the secret's SHA-256 as the key",
                ),
            );
            return;
        }
        Err(_) => {
            outcome.add(
                around,
                Check::fail(
                    "signature",
                    "It was not made with this secret, or was changed since",
                    "Compare the secret with Shopify admin > Settings > Customer accounts > Multipass; blanks and quotes of an .env line become part of it",
                ),
            );
            return;
        }
    };
    outcome.add(around, Check::pass("signature").seen("HMAC-SHA256"));
    let Some(Ok(customer)) = std::str::from_utf8(&plain).ok().map(serde_json::from_str::<Map<String, Value>>) else {
        outcome.add(around, Check::fail("content", "What is inside is no JSON object", "Encrypt the customer as JSON"));
        return;
    };
    outcome.add(around, Check::pass("content").seen(format!("{} members", customer.len())));
    outcome.add(around, email(&customer));
    for check in created_at(&customer, at) {
        outcome.add(around, check);
    }
    if let Some(check) = return_to(&customer, home) {
        outcome.add(around, check);
    }
    outcome.put("customer", customer);
}

fn form(token: &str) -> Check {
    const NAME: &str = "form";
    match token::decode(token) {
        Err(Fault::Encoding) => Check::fail(NAME, "It is not base64url", "Copy the whole token, and nothing else")
            .seen(format!("{} characters", token.len())),
        Err(_) => Check::fail(
            NAME,
            "It is too short, or not of whole blocks: something was cut off",
            "Copy the whole token, up to its `=`",
        )
        .seen(format!("{} characters", token.len())),
        Ok(bytes) => {
            let seen = format!("{} bytes", bytes.len());
            if token.contains(['+', '/']) {
                Check::warn(
                    NAME,
                    "It is written in plain base64; `/` breaks the address",
                    "Write `-` for `+` and `_` for `/`",
                )
                .seen(seen)
            } else if !token.len().is_multiple_of(4) {
                Check::warn(NAME, "Its padding (`=`) is missing", "Keep the padding: Shopify's own examples have it")
                    .seen(seen)
            } else {
                Check::pass(NAME).seen(seen)
            }
        }
    }
}

fn email(customer: &Map<String, Value>) -> Check {
    match customer.get("email").and_then(Value::as_str) {
        Some(email) if is_email(email) => Check::pass("email").seen(email.to_owned()),
        Some(email) => Check::fail("email", "It is no email address", "Send the verified address of the person")
            .seen(email.to_owned()),
        None => Check::fail("email", "There is none, and Shopify needs one", "Send the verified address of the person"),
    }
}

/// `created_at` as it stands, and the age that follows from it.
fn created_at(customer: &Map<String, Value>, at: Timestamp) -> Vec<Check> {
    const FORM: &str = "created_at";
    let not_judged = || Check::skipped("age", "It does not say when it was made");
    let text = match customer.get(FORM) {
        Some(Value::String(text)) => text,
        Some(Value::Number(number)) => {
            let why = "It is a number; Shopify wants ISO 8601";
            return vec![
                Check::fail(FORM, why, "Write new Date().toISOString(), and not the iat of a token")
                    .seen(number.to_string()),
                not_judged(),
            ];
        }
        None => {
            let why = "There is none: a library leaves it out where it is given as undefined";
            return vec![Check::fail(FORM, why, "Write new Date().toISOString()"), not_judged()];
        }
        Some(other) => {
            let check = Check::fail(FORM, "It is no text", "Write new Date().toISOString()").seen(other.to_string());
            return vec![check, not_judged()];
        }
    };
    let Some(made) = moment_of(text) else {
        let check = Check::fail(FORM, "It is not ISO 8601 with a time zone", "Write it like 2026-11-23T15:00:00Z")
            .seen(text.clone());
        return vec![check, not_judged()];
    };
    let age = at.duration_since(made);
    let minutes = age.as_mins();
    let judged = if age > GOOD_FOR {
        let words = if minutes < 2880 { format!("{minutes} minutes") } else { format!("{} days", minutes / 1440) };
        Check::fail(
            "age",
            format!("It is {words} old; Shopify takes it for 15 minutes"),
            "Make a new one with the time of now",
        )
    } else if age.as_secs() < -60 {
        Check::fail("age", "It was made in the future: a clock is wrong", "Set the clock right")
    } else {
        Check::pass("age")
    };
    vec![Check::pass(FORM).seen(text.clone()), judged.seen(format!("{} s at {}", age.as_secs(), rfc3339(at)))]
}

/// RFC 3339, and the offset without a colon that ISO 8601 allows too (`-0500`).
fn moment_of(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%z", text).ok())
}

/// The page to end on must be the store's: what leads elsewhere was chosen by whoever made the link.
fn return_to(customer: &Map<String, Value>, home: Option<&Url>) -> Option<Check> {
    const NAME: &str = "return_to";
    let text = customer.get(NAME)?.as_str().unwrap_or_default();
    let page = Url::parse(text).ok();
    let check = match (page, home) {
        (Some(page), Some(home)) if page.origin() == home.origin() => Check::pass(NAME),
        (Some(page), None) if page.scheme() == "https" => {
            Check::skipped(NAME, "Whether it is a page of the store takes the store: give store too")
        }
        (Some(page), Some(home)) if page.scheme() == "https" => Check::warn(
            NAME,
            format!(
                "It is no page of {}: a customer who was just signed in ends elsewhere",
                home.host_str().unwrap_or_default()
            ),
            "Send a page of the store, as the generated route does; give the store's primary domain as store where it has one",
        ),
        _ => Check::warn(NAME, "It is no whole https address", "Send a whole address of the store"),
    };
    Some(check.seen(text.to_owned()))
}

/// Opens the address at the store and follows nothing.
pub async fn spend(outcome: &mut Outcome, around: Around<'_>, values: &Values, token: &str) {
    const NAME: &str = "store";
    let address = values.need("store").and_then(store).and_then(|store| url(&store, token));
    let address = match address {
        Ok(address) => address,
        Err(error) => return outcome.add(around, failed(NAME, &error)),
    };
    // The token is a credential until it is used up.
    let shown = address.join("/account/login/multipass/").unwrap_or_else(|_| address.clone());
    let request = Request::get("Sign in at the store with the token", address.clone())
        .beginning(64 * 1024)
        .hiding(Secret::new(token));
    let answer = match around.http.send(request).await {
        Ok(answer) => answer,
        Err(error) => return outcome.add(around, failed(NAME, &UserError::from(error))),
    };
    let seen = format!("HTTP {} of {shown}", answer.status);
    let check = match answer.status {
        300..=399 => {
            let page =
                outcome.values.get("customer").and_then(|customer| customer.get("return_to")).and_then(Value::as_str);
            led_to(&address, answer.header("location").unwrap_or_default(), page, &seen)
        }
        422 => Check::fail(
            NAME,
            "The store calls it an invalid Multipass request",
            "Compare the secret, and make a new token",
        )
        .seen(seen),
        404 => Check::fail(
            NAME,
            "The store has no such page: Multipass is off, or it is another store",
            "Switch Multipass on, and check the store's address",
        )
        .seen(seen),
        _ => {
            Check::warn(NAME, "The store answered neither yes nor no", "Open the address in a browser with a new token")
                .seen(seen)
        }
    };
    outcome.add(around, check);
}

/// What it means that the store, asked for `asked`, sends the browser on to `location`. `page` is the token's own `return_to`.
/// Only the page that a customer who is signed in ends on says that one is: a store sends browsers on for much else.
fn led_to(asked: &Url, location: &str, page: Option<&str>, seen: &str) -> Check {
    const NAME: &str = "store";
    let Ok(to) = asked.join(location) else {
        return Check::warn(
            NAME,
            "The store sends the browser on and does not say where to",
            "Open the address in a browser with a new token",
        )
        .seen(seen);
    };
    // Not the whole of it: it may hold the token.
    let seen = format!("{seen}, on to {}", to.host_str().unwrap_or_default());
    let page = page.and_then(|page| Url::parse(page).ok());
    let at_home = to.origin() == asked.origin();
    let is_page = page.is_some_and(|page| (page.path(), page.query()) == (to.path(), to.query()));
    let account = to.path() == "/account";
    if at_home && (account || is_page) {
        return Check::pass(NAME).seen(format!("{seen}{}, signed in", to.path()));
    }
    if !at_home && (account || is_page || to.path() == asked.path()) {
        return Check::warn(
            NAME,
            "The store sends the browser on to another host, and whether it took the token was not seen there",
            "Use the store's primary domain: Shopify admin > Settings > Domains, or the host it was sent on to",
        )
        .seen(seen);
    }
    let shown = to.path().split_once("/multipass/").map_or(to.path(), |(head, _)| head);
    let seen = format!("{seen}{shown}");
    if to.path().contains("/account/login") {
        return Check::fail(
            NAME,
            "The store shows its sign-in page: it did not take the token",
            "Look at the checks above; a token is good once. New customer accounts have no Multipass",
        )
        .seen(seen);
    }
    Check::warn(
        NAME,
        "The store sends the browser to a page that says nothing of who is signed in",
        "Open the address in a browser with a new token. A store behind a password or with new customer accounts answers so",
    )
    .seen(seen)
}

/// Plays the store `shop`: takes a token once, and refuses whatever it must refuse.
pub fn store_of_its_own(
    outcome: &mut Outcome,
    around: Around<'_>,
    secret: &Secret,
    customer: Map<String, Value>,
    shop: &str,
) -> Result<(), UserError> {
    let home = &super::home(shop)?;
    let now = around.http.clock().now();
    let good = super::token(secret, customer.clone(), now)?;
    token(outcome, around, &good, secret, now, Some(home));
    let silent = Around { tell: &|_| (), ..around };
    let verdict = |text: &str, with: &Secret, at: Timestamp| {
        let mut inner = Outcome::default();
        token(&mut inner, silent, text, with, at, Some(home));
        inner.checks.into_iter().find(|check| check.verdict == Verdict::Fail).map(|check| check.name)
    };
    let late =
        now.saturating_add(GOOD_FOR).and_then(|at| at.saturating_add(std::time::Duration::from_secs(1))).unwrap_or(now);
    let middle = good.len() / 2;
    let letter = if good.get(middle..=middle) == Some("A") { "B" } else { "A" };
    let changed =
        format!("{}{letter}{}", good.get(..middle).unwrap_or_default(), good.get(middle + 1..).unwrap_or_default());
    let mut by_number = customer;
    by_number.insert("created_at".to_owned(), now.as_second().into());
    let as_the_guide = token::seal(secret, &Value::Object(by_number).to_string(), [1; 16])
        .map_err(|why| UserError::new(crate::error::Category::Internal, "The token could not be made").detail(why))?;
    for (name, text, with, at, reason) in [
        ("late token refused", good.as_str(), secret, late, "age"),
        ("changed token refused", &changed, secret, now, "signature"),
        ("other secret refused", &good, &Secret::new("another secret"), now, "signature"),
        ("cut token refused", good.get(..50).unwrap_or_default(), secret, now, "form"),
        ("number as time refused", &as_the_guide, secret, now, "created_at"),
    ] {
        let check = match verdict(text, with, at) {
            Some(by) if by == reason => Check::pass(name).seen(format!("by its {by}")),
            Some(by) => Check::fail(name, format!("It was refused by its {by}, not by its {reason}"), "Report it"),
            None => Check::fail(name, "It was taken", "Report it"),
        };
        outcome.add(around, check);
    }
    outcome.put("url", url(shop, &good)?.as_str());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(member: Option<Value>, at: &str) -> Vec<(String, Verdict)> {
        let customer: Map<String, Value> = member.map(|value| ("created_at".to_owned(), value)).into_iter().collect();
        created_at(&customer, at.parse().unwrap())
            .into_iter()
            .map(|check| (check.name.to_string(), check.verdict))
            .collect()
    }

    #[test]
    fn the_time_must_be_iso_8601_and_is_good_for_fifteen_minutes() {
        let text = |text: &str| Some(Value::from(text));
        let at = "2026-11-23T15:15:00Z";
        for (member, form, age) in [
            (text("2026-11-23T15:00:00Z"), Verdict::Pass, Verdict::Pass),
            (text("2026-11-23T10:00:00-0500"), Verdict::Pass, Verdict::Pass),
            (text("2026-11-23T14:59:59.000Z"), Verdict::Pass, Verdict::Fail),
            (text("2026-11-23T15:17:00Z"), Verdict::Pass, Verdict::Fail),
            (text("yesterday"), Verdict::Fail, Verdict::Skipped),
            (Some(Value::from(1_795_446_000)), Verdict::Fail, Verdict::Skipped),
            (None, Verdict::Fail, Verdict::Skipped),
        ] {
            let seen = found(member.clone(), at);
            assert_eq!(seen, [("created_at".to_owned(), form), ("age".to_owned(), age)], "{member:?}");
        }
    }

    #[test]
    fn a_page_to_end_on_that_is_not_the_store_s_is_told_of() {
        let home = Url::parse("https://acme.myshopify.com/account/login/multipass/x").unwrap();
        let look = |page: &str, home: Option<&Url>| {
            return_to(&Map::from_iter([("return_to".to_owned(), Value::from(page))]), home).unwrap()
        };
        for (page, home, verdict) in [
            ("https://acme.myshopify.com/cart", Some(&home), Verdict::Pass),
            ("https://evil.com/", Some(&home), Verdict::Warn),
            ("https://acme.myshopify.com.evil.com/", Some(&home), Verdict::Warn),
            ("https://evil.com/", None, Verdict::Skipped),
            ("/cart", Some(&home), Verdict::Warn),
            ("/cart", None, Verdict::Warn),
        ] {
            assert_eq!(look(page, home).verdict, verdict, "{page} {home:?}");
        }
        assert_eq!(home_in(home.as_str()).unwrap().origin(), home.origin());
        assert!(home_in("AAAA").is_none());
    }

    #[test]
    fn only_the_page_that_a_customer_ends_on_says_that_the_token_was_taken() {
        let asked = Url::parse("https://acme.myshopify.com/account/login/multipass/CanaryToken1").unwrap();
        let cart = Some("https://acme.myshopify.com/cart?x=1");
        for (location, page, verdict) in [
            ("/account", None, Verdict::Pass),
            ("https://acme.myshopify.com/account", cart, Verdict::Pass),
            ("https://acme.myshopify.com/cart?x=1", cart, Verdict::Pass),
            ("/cart?x=1", None, Verdict::Warn),
            ("/cart?x=2", cart, Verdict::Warn),
            ("/", None, Verdict::Warn),
            ("/password", None, Verdict::Warn),
            ("", None, Verdict::Fail),
            ("/account/login", cart, Verdict::Fail),
            ("/en/account/login/multipass/CanaryToken1", None, Verdict::Fail),
            ("/en/account/login?return_url=%2Faccount", None, Verdict::Fail),
            ("https://shop.example.com/account/login/multipass/CanaryToken1", None, Verdict::Warn),
            ("https://shop.example.com/account", None, Verdict::Warn),
            ("https://shop.example.com/cart?x=1", cart, Verdict::Warn),
            ("https://shop.example.com/account/login", None, Verdict::Fail),
            ("https://shopify.com/authentication/1/login", None, Verdict::Warn),
            ("https://[", None, Verdict::Warn),
        ] {
            let check = led_to(&asked, location, page, "HTTP 302");
            assert_eq!(check.verdict, verdict, "{location}: {check:?}");
            let primary = check.fix.as_ref().is_some_and(|fix| fix.contains("primary domain"));
            let forwarded = location.starts_with("https://shop.example.com/") && verdict == Verdict::Warn;
            assert_eq!(primary, forwarded, "{location}: {check:?}");
            assert!(!format!("{check:?}").contains("Canary"), "the token is not shown: {check:?}");
        }
    }

    #[test]
    fn the_token_is_found_in_an_address_too() {
        for text in ["ab-_=", "https://s.myshopify.com/account/login/multipass/ab-_=", "'ab-_%3D?x=1'"] {
            assert_eq!(token_in(text), "ab-_=", "{text}");
        }
    }
}
