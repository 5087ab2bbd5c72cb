//! Something was answered that is not the 200 Kinde wants, or only looks like it.

use super::{Framework, Outcome, Sent, path_of, paths};
use crate::check::Check;

/// The most of a body that is read for words.
const READ: usize = 16 << 10;

pub(super) fn explain(sent: &Sent<'_>, outcome: &Outcome<'_>, status: u16, framework: Framework) -> Vec<Check> {
    let text = words(outcome.body);
    let says = |some: &[&str]| some.iter().any(|words| text.contains(words));
    let found = redirected(sent, outcome, status)
        .or_else(|| by_status(sent, outcome, status, framework, &text))
        .or_else(|| (status >= 400 || says(&["error"])).then(|| by_words(sent, status, &text)).flatten())
        .or_else(|| page(outcome, status, &text))
        .unwrap_or_else(|| unexplained(sent, status, framework, &text));
    let seen = seen(outcome, status);
    vec![if found.seen.is_some() { found } else { found.seen(seen) }]
}

/// In lower case, with the entities an HTML error page is written in turned back.
pub(super) fn words(body: &str) -> String {
    let head: String = body.chars().take(READ).collect();
    let plain = [("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];
    plain.into_iter().fold(head.to_lowercase(), |text, (entity, plain)| text.replace(entity, plain))
}

/// Status, content type and the first words of the body.
fn seen(outcome: &Outcome<'_>, status: u16) -> String {
    let mut seen = status.to_string();
    if let Some(kind) = outcome.header("content-type") {
        seen.push_str(&format!(" {kind}"));
    }
    let body: String = outcome.body.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(120).collect();
    if !body.is_empty() {
        seen.push_str(&format!(": {body}"));
    }
    seen
}

fn redirected(sent: &Sent<'_>, outcome: &Outcome<'_>, status: u16) -> Option<Check> {
    let location = match status {
        301 | 302 | 303 | 307 | 308 => outcome.header("location").unwrap_or_default(),
        _ => return None,
    };
    let here = url::Url::parse(sent.url).ok();
    let there = here.as_ref().and_then(|here| here.join(location).ok());
    let (from, to) = (path_of(sent.url), there.as_ref().map(|there| there.path().to_owned()).unwrap_or_default());
    let shown = there.as_ref().map_or_else(
        || location.to_owned(),
        |there| {
            let mut there = there.clone();
            there.set_query(None);
            there.to_string()
        },
    );
    let seen = format!("{status} to {shown}");
    if !location.is_empty() && from != to && from.trim_end_matches('/') == to.trim_end_matches('/') {
        let why = format!("The application redirects to the same path with its slash: sent {from}, served {to}");
        let fix =
            "Write the path as it is served, here and in the webhook's endpoint: Kinde counts a redirect as a failure";
        return Some(Check::fail("slash", why, fix).seen(seen));
    }
    if !location.is_empty() && from == to {
        let why = "The application redirects the same path to another address: from http to https, or to another host";
        let fix = "Send to the address it redirects to, and give Kinde that one: it counts a redirect as a failure";
        return Some(Check::fail("path", why, fix).seen(seen));
    }
    let why = "The application sends the request to a sign-in page: an authentication middleware stands in front of the \
               handler, and Kinde does not sign in";
    let fix =
        "Leave the webhook's path out of what the middleware guards: the token's signature is what proves the sender";
    Some(Check::fail("auth", why, fix).seen(seen))
}

fn by_status(sent: &Sent<'_>, outcome: &Outcome<'_>, status: u16, framework: Framework, text: &str) -> Option<Check> {
    let says = |some: &[&str]| some.iter().any(|words| text.contains(words));
    let path = path_of(sent.url);
    Some(match status {
        404 => paths::no_handler(sent, framework, &path),
        405 => {
            let allow = outcome.header("allow").map(|allow| format!(": it takes {allow}")).unwrap_or_default();
            Check::fail("method", format!("The path is right and takes no POST{allow}"), "Add a handler for POST")
        }
        413 => Check::fail(
            "size",
            "The application takes no body of this size",
            "Raise the limit of its body parser for this path; events are a few KiB at most",
        ),
        415 => parser("The application takes only some content types, and application/jwt is not among them"),
        419 => csrf(),
        422 | 403 if says(&["authenticity", "csrf", "cross-site post"]) => csrf(),
        403 if says(&["blocked request", "blocked host", "is not allowed"]) => Check::fail(
            "proxy",
            "The development server does not know the host name it was called by",
            "Add the name to its list of allowed hosts, or send to localhost",
        ),
        422 if says(&["dict_type", "model_attributes_type", "valid dictionary", "json_invalid"]) => {
            parser("The application wants a JSON object and Kinde sends a token")
        }
        422 if says(&["\"query\"", "field required"]) => {
            parser("The handler's parameter is looked for in the query: the body is not read as text")
        }
        401 if says(&["api key", "api-key", "apikey"]) || says(&LOGIN) => Check::fail(
            "auth",
            "The application asks for a sign-in or an API key before the handler is reached",
            "Leave the webhook's path out of what the middleware guards: the token's signature is what proves the sender",
        ),
        401 if !says(&["jwt", "jws", "token", "signature", "claim", "key"]) => refused(sent),
        502..=504 => Check::fail(
            "proxy",
            "A proxy answers in the application's place: it does not reach the application",
            "Start the application behind it, or send to the application's own port",
        ),
        _ => return None,
    })
}

/// 401 and not a word why: who says it, what stands before the handler or the handler itself?
fn refused(sent: &Sent<'_>) -> Check {
    if sent.by_sandbox {
        return Check::fail(
            "key",
            "It was refused and not said why. The sandbox signed it: a handler that points at a tenant rightly refuses that. \
             Or an authentication middleware in front of the handler did",
            "For a trial, set KINDE_ISSUER_URL of the application to the sandbox's address. Where the handler does not run at \
             all, leave the webhook's path out of what the middleware guards",
        );
    }
    Check::fail(
        "auth",
        "It was refused and not said why: by an authentication middleware in front of the handler, or by the handler, which \
         found no key for the signature",
        "Look whether the handler runs. If not, leave the webhook's path out of what the middleware guards; if so, compare its \
         KINDE_ISSUER_URL with the tenant that signed this",
    )
}

/// What a sign-in page or its refusal says.
const LOGIN: [&str; 7] = ["sign in", "sign-in", "signin", "log in", "login", "type=\"password\"", "/oauth2/auth"];

/// What the handler said went wrong.
fn by_words(sent: &Sent<'_>, status: u16, text: &str) -> Option<Check> {
    let says = |some: &[&str]| some.iter().any(|words| text.contains(words));
    const ISSUER: [&str; 8] = [
        "issuer invalid",
        "invalid issuer",
        "invalid_issuer",
        "\"iss\" claim",
        "'iss' claim",
        "unexpected iss",
        "issuer mismatch",
        "invalid iss",
    ];
    const OTHERS: [&str; 10] = [
        "audience invalid",
        "invalid audience",
        "\"aud\" claim",
        "'aud' claim",
        "\"exp\" claim",
        "'exp' claim",
        "\"sub\" claim",
        "\"iat\" claim",
        "missing required claim",
        "exp claim",
    ];
    // The body is a token, which begins with no `<`: what does was fetched in the place of the key set.
    const NO_KEY_SET: [&str; 4] = [
        "unexpected token '<'",
        "unexpected token <",
        "expected 200 ok from the json web key set",
        "failed to parse the json web key set",
    ];
    const ENVIRONMENT: [&str; 10] = [
        "undefined/.well-known",
        "null/.well-known",
        "none/.well-known",
        "invalid jwks uri",
        "failed to parse url",
        "typeerror: invalid url",
        "kinde_issuer_url",
        "jwksuri is required",
        "///.well-known",
        "://.well-known",
    ];
    const PARSER: [&str; 18] = [
        "unexpected token",
        "is not valid json",
        "json at position",
        "end of json",
        "jsondecodeerror",
        "expecting value",
        "malformed json",
        "json::parsererror",
        "invalid json",
        "jwt must be provided",
        "jwt must be a string",
        "compact jws must be",
        "invalid compact jws",
        "not enough segments",
        "invalid token type",
        "jwt malformed",
        "body is undefined",
        "unsupported media type",
    ];
    const KEY: [&str; 6] = [
        "no applicable key",
        "unable to find a signing key",
        "signing key that matches",
        "jwk not found",
        "unknown kid",
        "no matching key",
    ];
    const SIGNATURE: [&str; 3] = ["invalid signature", "signature verification failed", "signature mismatch"];
    const DECODED_NOTHING: [&str; 4] = [
        "cannot read properties of null (reading 'header')",
        "cannot read properties of null (reading 'kid')",
        "cannot destructure property 'header'",
        "reading 'kid'",
    ];
    Some(if says(&ISSUER) {
        Check::fail(
            "claims",
            "The handler wants an issuer, and Kinde's webhooks carry no `iss`",
            "Take the issuer out of what is verified: the key set the signature is checked with says whose it is",
        )
    } else if says(&NO_KEY_SET) {
        Check::fail(
            "environment",
            "The handler asked for the key set and got something else, a web page as a rule: it does not ask the tenant",
            "Set KINDE_ISSUER_URL to the tenant's address, without a path or a slash at its end, and start the application again",
        )
    } else if says(&ENVIRONMENT) {
        Check::fail(
            "environment",
            "The address of the key set is not one: an environment variable is missing where the handler runs",
            "Set KINDE_ISSUER_URL to the tenant's address without a slash at its end, and start the application again",
        )
    } else if says(&["//.well-known"]) {
        Check::fail(
            "environment",
            "The address of the key set has a slash too many: the variable that it is made from ends with one",
            "Take the slash off the end of KINDE_ISSUER_URL, and start the application again",
        )
    } else if says(&PARSER) {
        parser(
            "The handler got no token to read: its body parser expects application/json, and Kinde sends application/jwt",
        )
    } else if says(&DECODED_NOTHING) {
        parser("The handler decoded nothing: it was given an empty body, as a parser for application/json leaves it")
    } else if says(&KEY) {
        let (why, fix) = if sent.by_sandbox {
            (
                "The application knows no key of this name: it points at a tenant, and the sandbox signed this",
                "For a trial, set KINDE_ISSUER_URL of the application to the sandbox's address. To refuse it is right otherwise",
            )
        } else {
            (
                "The application knows no key of this name: it reads the key set of another environment, or an old one",
                "Set KINDE_ISSUER_URL of the application to the environment that signed this, and start it again",
            )
        };
        Check::fail("key", why, fix)
    } else if says(&OTHERS) {
        Check::fail(
            "claims",
            "The handler wants a claim that Kinde's webhooks do not carry: they have no `aud`, `exp`, `iat` or `sub`",
            "Verify the signature alone, with RS256, and judge the age by `timestamp`",
        )
    } else if says(&SIGNATURE) {
        Check::fail(
            "signature",
            "The application finds the signature wrong: it changed the body before verifying, or holds another key",
            "Hand the verifier the body as it came, as text. Where the ladder says here that the signature verifies, the \
             application's key is the wrong one",
        )
    } else if status >= 500 && says(&["econnrefused", "enotfound", "fetch failed", "getaddrinfo"]) {
        Check::fail(
            "key",
            "The application could not fetch the key set: it does not reach the tenant",
            "Try the key set's address from where the application runs; in a container, look at its network and proxy",
        )
    } else {
        return None;
    })
}

/// A web page in the place of a handler's answer.
fn page(outcome: &Outcome<'_>, status: u16, text: &str) -> Option<Check> {
    if !is_page(outcome.header("content-type"), status, text) {
        return None;
    }
    Some(if LOGIN.iter().any(|words| text.contains(words)) {
        Check::fail(
            "auth",
            "A sign-in page came back in place of the handler's answer: an authentication middleware stands in front of it",
            "Leave the webhook's path out of what the middleware guards: the token's signature is what proves the sender",
        )
    } else {
        Check::warn(
            "path",
            "A web page came back: a front end answers every path it does not know, and no handler ran",
            "Send to the server that has the handler: it often listens on another port than the front end",
        )
    })
}

/// Whether a web page came, by its content type and its `text` in lower case.
pub(super) fn is_page(content_type: Option<&str>, status: u16, text: &str) -> bool {
    let start = text.trim_start();
    let html = content_type.is_some_and(|kind| kind.contains("text/html"))
        || start.starts_with("<!doctype html")
        || start.starts_with("<html");
    // Express calls any text HTML: what is good and holds no element is an answer.
    html && (status >= 300 || text.contains('<')) && ((200..300).contains(&status) || status == 401 || status == 403)
}

fn unexplained(sent: &Sent<'_>, status: u16, framework: Framework, text: &str) -> Check {
    match status {
        200 if text.trim() == "{}" => Check::warn(
            "parser",
            "200, and the body is an empty object: a parser that expects application/json may have left the handler nothing",
            "Look whether the handler saw the event: read the body as text",
        ),
        200 => Check::pass("answer").because("200 is what Kinde documents as delivered"),
        201..=299 => Check::warn(
            "status",
            format!("Kinde documents 200 as delivered, and this is {status}: it may try again for 36 h"),
            "Answer 200",
        ),
        500..=599 => Check::fail(
            "answer",
            format!("The handler failed and did not say why: {status}"),
            format!(
                "The terminal that runs {} has the error. A body read as JSON is the usual one: Kinde sends a token, as \
                 application/jwt",
                framework.name()
            ),
        ),
        _ => {
            let own = if sent.by_sandbox {
                "; an application that points at a tenant rightly refuses the sandbox"
            } else {
                ""
            };
            Check::fail(
                "answer",
                format!("The application refused it: {status}{own}"),
                "Read its answer and its terminal. Kinde takes 200 alone for delivered and tries again for 36 h",
            )
        }
    }
}

fn parser(why: &str) -> Check {
    Check::fail("parser", why, "Read the body as text, whatever its content type, and hand that to the verifier")
}

fn csrf() -> Check {
    Check::fail(
        "csrf",
        "The application takes it for a form that was sent from another site",
        "Leave the webhook's path out of that protection: the token's signature is what proves the sender",
    )
}
