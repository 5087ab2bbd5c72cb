//! Shopify Multipass: `shopify-multipass`.

mod judge;
pub mod token;

use std::sync::LazyLock;

use aws_lc_rs::rand;
use jiff::{SignedDuration, Timestamp, Unit};
use serde_json::{Map, Value};
use url::Url;

use super::issuer::{self, Issuer};
use super::outcome::failed;
use super::proof::GENERATED;
use super::values::moment;
use super::{
    Around, Call, Content, EnvFile, Generated, Outcome, Pending, Proof, Recipe, Values, address, sign_in, verify,
};
use crate::check::{Check, Verdict};
use crate::clock::rfc3339;
use crate::error::{Category, UserError};
use crate::secrets::Secret;

static CONTENT: LazyLock<Content> =
    LazyLock::new(|| Content::parse(include_str!("../../../assets/recipes/shopify-multipass/recipe.toml")));

const LIBRARY: &str = include_str!("../../../assets/recipes/shopify-multipass/multipass.ts");
const ROUTE: &str = include_str!("../../../assets/recipes/shopify-multipass/route.ts");

/// Where Kinde's SDK takes people back to, in an app on this machine.
const CALLBACK: &str = "http://localhost:3000/api/auth/kinde_callback";
/// A store that nobody has, for the simulation.
const SOME_STORE: &str = "example.myshopify.com";
/// For how long Shopify takes a token.
const GOOD_FOR: SignedDuration = SignedDuration::from_mins(15);

/// The members of a customer that are taken as they are, in the order they are written.
const OPTIONAL: [&str; 6] = ["first_name", "last_name", "tag_string", "identifier", "remote_ip", "return_to"];

/// The recipe.
#[derive(Debug)]
pub struct ShopifyMultipass;

impl Recipe for ShopifyMultipass {
    fn content(&self) -> &'static Content {
        &CONTENT
    }

    fn proof(&self, call: Call) -> Proof {
        match call {
            Call::Simulate => Proof::All(&["id token", GENERATED]),
            _ => Proof::All(&["signature", "store"]),
        }
    }

    fn judges_given(&self, values: &Values) -> bool {
        // Otherwise the store is asked.
        values.text("spend") != Some("yes")
    }

    fn generate<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Generated> {
        Box::pin(async move {
            let store = store(values.need("store")?)?;
            let secret = values.secret("multipass_secret");
            let Issuer { address: issuer, note } = issuer::of(around).await?;
            let mut made = Generated::default();
            made.file("lib/multipass.ts", LIBRARY);
            made.file("app/api/multipass/route.ts", ROUTE);
            let client_id = around.tenant()?.profile.web_client_id.clone().unwrap_or_default();
            made.env(
                EnvFile::local()
                    .comment("Kinde: the Quickstart page of the application has these")
                    .plain("KINDE_ISSUER_URL", &issuer)
                    .plain("KINDE_SITE_URL", "http://localhost:3000")
                    .plain("KINDE_CLIENT_ID", &client_id)
                    .secret("KINDE_CLIENT_SECRET", around.client_secret)
                    .comment("Shopify: the store without https://, and the secret of Settings > Customer accounts > Multipass")
                    .plain("SHOPIFY_STORE", &store)
                    .secret("SHOPIFY_MULTIPASS_SECRET", secret),
            );
            made.put("store", store.as_str());
            made.put("install", CONTENT.install.clone().unwrap_or_default());
            let mut notes = Vec::new();
            let customer = customer(values, &store, around).await?;
            match (customer, secret) {
                (Some((customer, from_token)), Some(secret)) => {
                    let at = moment(values, "created_at", around.http.clock().now())?;
                    let token = token(secret, customer, at)?;
                    made.put("url", url(&store, &token)?.as_str());
                    made.put("token", token);
                    made.put("valid_until", written(at.saturating_add(GOOD_FOR).unwrap_or(at)));
                    notes.push("The token signs its customer in once, within 15 minutes".to_owned());
                    if !from_token {
                        notes.push(
                            "Only an address that was verified may be sent: Shopify takes it for proof".to_owned(),
                        );
                    }
                }
                (Some(_), None) => notes.push("No token was made: the Multipass secret is not known".to_owned()),
                (None, _) => notes.push("No token was made: give an email, or an ID token".to_owned()),
            }
            notes.extend(note);
            made.put("notes", notes);
            Ok(made)
        })
    }

    fn check<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let mut outcome = Outcome::default();
            let at = moment(values, "at", around.http.clock().now())?;
            let text = values.need("token")?;
            let secret = values.need_secret("multipass_secret")?;
            let token = judge::token_in(text);
            let home = match values.text("store") {
                Some(text) => Some(home(&store(text)?)?),
                None => judge::home_in(text),
            };
            judge::token(&mut outcome, around, &token, secret, at, home.as_ref());
            if values.text("spend") == Some("yes") {
                judge::spend(&mut outcome, around, values, &token).await;
            } else {
                outcome.add(around, Check::skipped("store", "Opening it uses the token up: spend=yes does so"));
            }
            Ok(outcome)
        })
    }

    fn simulate<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let mut outcome = Outcome::default();
            let secret = match values.secret("multipass_secret") {
                Some(secret) => secret.clone(),
                None => Secret::new("1234567890abcdef1234567890abcdef"),
            };
            let shop = match values.text("store") {
                Some(text) => store(text)?,
                None => SOME_STORE.to_owned(),
            };
            // A word that cannot be used is told before anybody signs in.
            let mut customer = customer_of(values, &shop)?;
            let signed_in = sign_in::first_user(&mut outcome, around, CALLBACK).await?;
            if outcome.verdict() == Verdict::Fail {
                return Ok(outcome);
            }
            match signed_in {
                Some(signed_in) => {
                    customer = match customer_of_claims(&signed_in.claims, customer) {
                        Ok(customer) => customer,
                        Err(error) => {
                            outcome.add(around, failed("email", &error));
                            return Ok(outcome);
                        }
                    };
                    outcome.put("claims", signed_in.claims);
                }
                None => {
                    customer.insert("email".to_owned(), "ada@example.com".into());
                }
            }
            let why = "The panel makes the token by the rules of lib/multipass.ts, and the route itself was not run: start the \
                       app and open /api/multipass signed in";
            outcome.add(around, Check::skipped(GENERATED, why));
            judge::store_of_its_own(&mut outcome, around, &secret, customer, &shop)?;
            Ok(outcome)
        })
    }
}

/// The customer to sign in, and whether an ID token vouches for the address; `None` where neither is given.
async fn customer(
    values: &Values,
    store: &str,
    around: Around<'_>,
) -> Result<Option<(Map<String, Value>, bool)>, UserError> {
    let customer = customer_of(values, store)?;
    let Some(id_token) = values.text("id_token") else {
        return Ok(customer.contains_key("email").then_some((customer, false)));
    };
    let of_token = |error: UserError| error.about("id_token");
    let claims = verify::id_token(around, id_token).await.map_err(of_token)?;
    Ok(Some((customer_of_claims(&claims, customer).map_err(of_token)?, true)))
}

/// The customer that the claims of a verified ID token stand for.
fn customer_of_claims(
    claims: &Map<String, Value>,
    mut typed: Map<String, Value>,
) -> Result<Map<String, Value>, UserError> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let refused = |title: &str, detail: &str| {
        Err(UserError::new(Category::Input, title).detail(detail).hint("Let the person verify it at Kinde first"))
    };
    let Some(email) = text("email") else {
        return refused("The ID token has no email", "It was asked for without the scope email");
    };
    if claims.get("email_verified").and_then(Value::as_bool) != Some(true) {
        return refused(
            "The email of the ID token is not verified",
            "Whoever typed it would be signed in as its owner",
        );
    }
    let mut whole = Map::from_iter([("email".to_owned(), Value::from(email))]);
    for (member, claim) in [("first_name", "given_name"), ("last_name", "family_name")] {
        if let Some(text) = text(claim) {
            whole.insert(member.to_owned(), text.into());
        }
    }
    // What was typed goes before what the token says, the address alone excepted.
    typed.remove("email");
    whole.extend(typed);
    Ok(whole)
}

/// The customer as typed, for the store at that host.
fn customer_of(values: &Values, store: &str) -> Result<Map<String, Value>, UserError> {
    let names = std::iter::once("email").chain(OPTIONAL);
    let mut customer: Map<String, Value> =
        names.filter_map(|name| Some((name.to_owned(), values.text(name)?.into()))).collect();
    if let Some(ip) = values.text("remote_ip")
        && ip.parse::<std::net::IpAddr>().is_err()
    {
        return Err(UserError::new(Category::Input, "remote_ip is no IP address")
            .detail(ip.to_owned())
            .hint("For example 203.0.113.7")
            .about("remote_ip"));
    }
    if let Some(text) = values.text("return_to") {
        customer.insert("return_to".to_owned(), page(store, text)?.as_str().into());
    }
    Ok(customer)
}

/// The page of the store that `text` names, whole or by its path: what the generated route takes, and nothing else.
fn page(store: &str, text: &str) -> Result<Url, UserError> {
    let home = home(store)?;
    let page = home.join(text).ok().filter(|page| page.origin() == home.origin());
    page.ok_or_else(|| {
        UserError::new(Category::Input, "return_to is no page of the store")
            .detail(format!("{text} is not at {home}"))
            .hint(format!("For example {home}cart. Where the store has a domain of its own, give that as store"))
            .about("return_to")
    })
}

/// The store's first page.
fn home(store: &str) -> Result<Url, UserError> {
    let url = url(store, "")?;
    Ok(url.join("/").unwrap_or(url))
}

/// A token for `customer`, made at `at`.
fn token(secret: &Secret, mut customer: Map<String, Value>, at: Timestamp) -> Result<String, UserError> {
    let email = customer.get("email").and_then(Value::as_str).unwrap_or_default();
    if !judge::is_email(email) {
        return Err(UserError::new(Category::Input, "email is no email address")
            .detail(email.to_owned())
            .hint("For example ada@example.com")
            .about("email"));
    }
    customer.insert("created_at".to_owned(), written(at).into());
    let mut iv = [0; 16];
    rand::fill(&mut iv).map_err(|_| UserError::new(Category::Internal, "The system gave no random numbers"))?;
    token::seal(secret, &Value::Object(customer).to_string(), iv)
        .map_err(|why| UserError::new(Category::Internal, "The token could not be made").detail(why))
}

/// ISO 8601 to the second, which is what Shopify's own example has.
fn written(at: Timestamp) -> String {
    rfc3339(at.round(Unit::Second).unwrap_or(at))
}

/// Where a browser takes the token to.
fn url(store: &str, token: &str) -> Result<Url, UserError> {
    let scheme = if Url::parse(&format!("http://{store}")).is_ok_and(|url| address::is_loopback(&url)) {
        "http"
    } else {
        "https"
    };
    Url::parse(&format!("{scheme}://{store}/account/login/multipass/{token}")).map_err(|error| {
        UserError::new(Category::Input, "store is no address").detail(error.to_string()).about("store")
    })
}

/// The store's host: `acme`, `https://acme.myshopify.com/admin` and `admin.shopify.com/store/acme` are all
/// `acme.myshopify.com`.
///
/// # Errors
/// When it is no store.
fn store(text: &str) -> Result<String, UserError> {
    let refused = || {
        UserError::new(Category::Input, "store is no address of a store")
            .detail(text.to_owned())
            .hint("It is like acme.myshopify.com: Shopify admin > Settings > Domains")
            .about("store")
    };
    let lower = text.trim().trim_matches(['"', '\'', ';', ' ']).to_ascii_lowercase();
    let rest = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://")).unwrap_or(&lower);
    let rest = match rest.strip_prefix("admin.shopify.com/store/") {
        Some(name) => name.split(['/', '?', '#']).next().unwrap_or_default(),
        None => rest.split(['/', '?', '#']).next().unwrap_or_default(),
    };
    let named = rest.split(':').next().unwrap_or_default();
    if named == "admin.shopify.com" || rest.is_empty() {
        return Err(refused());
    }
    let whole =
        if named.contains('.') || named == "localhost" { rest.to_owned() } else { format!("{rest}.myshopify.com") };
    let url = Url::parse(&format!("https://{whole}")).map_err(|_| refused())?;
    let clean = url.username().is_empty() && url.password().is_none() && url.path() == "/";
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    url.host_str().filter(|_| clean).map(|host| format!("{host}{port}")).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipes::tests::{Stage, covers, is_sound, values};
    use crate::recipes::{check, generate, simulate};

    #[test]
    fn every_section_of_the_guide_is_on_the_page() {
        covers(&ShopifyMultipass, &[], &["needs", "env", "endpoint", "use"]);
    }

    #[tokio::test]
    async fn a_made_token_is_taken_by_the_check_and_by_no_other_secret() {
        let stage = Stage::at("acme");
        let plain = [("store", "https://acme.myshopify.com"), ("email", "ada@example.com"), ("last_name", "Lovelace")];
        let secret = [("multipass_secret", "1234567890abcdef1234567890abcdef")];
        let made =
            generate(&ShopifyMultipass, &values(&ShopifyMultipass, &plain, &secret), stage.around()).await.unwrap();
        is_sound(&ShopifyMultipass, &made);
        let url = made.values["url"].as_str().unwrap();
        assert!(url.starts_with("https://acme.myshopify.com/account/login/multipass/"), "{url}");
        assert!(made.files[2].exact().expose().contains(
            "SHOPIFY_STORE=acme.myshopify.com
"
        ));
        let given = values(&ShopifyMultipass, &[("token", url)], &secret);
        let outcome = check(&ShopifyMultipass, &given, stage.around()).await.unwrap();
        assert_eq!(outcome.verdict(), Verdict::Pass, "{:?}", outcome.checks);
        assert_eq!(outcome.values["customer"]["last_name"], "Lovelace");
        let given = values(&ShopifyMultipass, &[("token", url)], &[("multipass_secret", "wrong")]);
        let outcome = check(&ShopifyMultipass, &given, stage.around()).await.unwrap();
        assert_eq!(crate::check::first_trouble(&outcome.checks).unwrap().name, "signature");
    }

    #[tokio::test]
    async fn the_store_of_our_own_takes_one_token_and_refuses_the_rest() {
        let stage = Stage::at("acme");
        for (given, host) in [(&[("store", "acme")][..], "acme.myshopify.com"), (&[], SOME_STORE)] {
            let given = values(&ShopifyMultipass, given, &[]);
            let outcome = simulate(&ShopifyMultipass, &given, stage.around()).await.unwrap();
            assert_eq!(outcome.verdict(), Verdict::Pass, "{:?}", outcome.checks);
            let url = outcome.values["url"].as_str().unwrap();
            assert!(url.starts_with(&format!("https://{host}/account/login/multipass/")), "{url}");
        }
    }

    #[tokio::test]
    async fn a_page_or_an_ip_address_that_the_check_would_not_take_makes_no_token() {
        let stage = Stage::at("acme");
        let secret = [("multipass_secret", "1234567890abcdef1234567890abcdef")];
        let make = async |name: &str, text: &str| {
            let plain = [("store", "acme"), ("email", "ada@example.com"), (name, text)];
            generate(&ShopifyMultipass, &values(&ShopifyMultipass, &plain, &secret), stage.around()).await
        };
        for (name, wrong) in [
            ("return_to", "https://evil.com/"),
            ("return_to", "//evil.com/cart"),
            ("return_to", "javascript:alert(1)"),
            ("remote_ip", "abc"),
        ] {
            let error = make(name, wrong).await.unwrap_err();
            assert!(error.category == Category::Input && error.title.starts_with(name), "{wrong}: {error:?}");
        }
        for (name, good, written) in [
            ("return_to", "/cart?x=1", "https://acme.myshopify.com/cart?x=1"),
            ("return_to", "https://acme.myshopify.com/cart", "https://acme.myshopify.com/cart"),
            ("remote_ip", "203.0.113.7", "203.0.113.7"),
        ] {
            let made = make(name, good).await.unwrap();
            let given = values(&ShopifyMultipass, &[("token", made.values["url"].as_str().unwrap())], &secret);
            let outcome = check(&ShopifyMultipass, &given, stage.around()).await.unwrap();
            assert_eq!(outcome.verdict(), Verdict::Pass, "{:?}", outcome.checks);
            assert_eq!(outcome.values["customer"][name], written);
        }
    }

    #[test]
    fn the_claims_of_a_sign_in_become_the_customer_and_only_a_verified_address_does() {
        let claims = |verified: bool| {
            let claims = serde_json::json!({"sub": "kp_1", "email": "ada@example.com", "email_verified": verified, "given_name": "Ada"});
            claims.as_object().unwrap().clone()
        };
        let typed =
            Map::from_iter([("email".to_owned(), "eve@example.com".into()), ("tag_string".to_owned(), "a".into())]);
        let customer = customer_of_claims(&claims(true), typed.clone()).unwrap();
        assert_eq!(
            Value::Object(customer),
            serde_json::json!({"email": "ada@example.com", "first_name": "Ada", "tag_string": "a"})
        );
        assert!(customer_of_claims(&claims(false), typed).unwrap_err().title.contains("not verified"));
    }

    #[test]
    fn a_store_is_read_in_the_forms_people_paste_and_anything_else_is_refused() {
        for (typed, host) in [
            ("acme", "acme.myshopify.com"),
            ("acme.myshopify.com", "acme.myshopify.com"),
            ("https://Acme.myshopify.com/", "acme.myshopify.com"),
            ("https://admin.shopify.com/store/acme/settings", "acme.myshopify.com"),
            ("\"acme.myshopify.com\";", "acme.myshopify.com"),
            ("shop.example.com", "shop.example.com"),
            ("127.0.0.1:4000", "127.0.0.1:4000"),
        ] {
            assert_eq!(store(typed).unwrap(), host, "{typed}");
        }
        for wrong in ["", "https://", "https://admin.shopify.com", "me:pw@acme.example", "a b"] {
            assert!(store(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_made_token_says_what_was_given_and_when_as_iso_8601() {
        let secret = Secret::new("s");
        let customer = Map::from_iter([("email".to_owned(), Value::from("ada@example.com"))]);
        let at = Timestamp::from_microsecond(1_795_446_000_123_456).unwrap();
        let token = token(&secret, customer, at).unwrap();
        let text = String::from_utf8(token::open(&secret, &token).unwrap()).unwrap();
        let json: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json, serde_json::json!({"created_at": "2026-11-23T15:00:00Z", "email": "ada@example.com"}));
        assert!(super::token(&secret, Map::from_iter([("email".to_owned(), "no".into())]), at).is_err());
    }
}
