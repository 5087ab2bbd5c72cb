use super::*;
use crate::check::Verdict;

fn told(status: u16, headers: &[(&str, &str)], body: &str) -> Check {
    to("http://localhost:3000/api/webhook", status, headers, body)
}

fn to(url: &str, status: u16, headers: &[(&str, &str)], body: &str) -> Check {
    let forwarded = Forwarded { url: url.to_owned(), status: Some(status), ms: 1, ..Forwarded::default() };
    let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let outcome = Outcome { forwarded: &forwarded, headers: &headers, body };
    let sent = Sent { url, ..Sent::default() };
    let mut checks = explain(&sent, &outcome, Framework::Express);
    assert_eq!(checks.len(), 1);
    let check = checks.remove(0);
    assert!(CHECKS.contains(&check.name.as_str()), "{}", check.name);
    assert!(check.verdict == Verdict::Pass || check.why.is_some() && check.fix.is_some(), "{check:?}");
    check
}

fn unanswered(url: &str, error: &str) -> Check {
    let forwarded =
        Forwarded { url: url.to_owned(), status: None, ms: 1, error: Some(error.to_owned()), ..Forwarded::default() };
    explain(&Sent { url, ..Sent::default() }, &Outcome::kept(&forwarded, None), Framework::FastApi).remove(0)
}

const HTML: (&str, &str) = ("content-type", "text/html; charset=utf-8");
const JSON: (&str, &str) = ("content-type", "application/json");

/// The bodies are what Express 5, Hono 4, Next.js 16 and FastAPI answered when they were run with these faults.
#[test]
fn what_real_frameworks_answer_is_told_by_its_cause() {
    let page =
        |text: &str| format!("<!DOCTYPE html>\n<html lang=\"en\">\n<body>\n<pre>{text}</pre>\n</body>\n</html>\n");
    for (check, status, kind, body) in [
        ("parser", 500, HTML, page("JsonWebTokenError: jwt must be provided<br> &nbsp; &nbsp;at module.exports [as verify]")),
        ("parser", 500, HTML, page("JsonWebTokenError: jwt must be a string<br>")),
        ("parser", 400, HTML, page("SyntaxError: Unexpected token &#39;e&#39;, &quot;eyJhbGciOi&quot;... is not valid JSON<br>")),
        ("parser", 500, HTML, page("JWSInvalid: Compact JWS must be a string or Uint8Array<br>")),
        ("parser", 500, HTML, page("JWSInvalid: Invalid Compact JWS<br>")),
        ("parser", 500, HTML, page("TypeError: Cannot read properties of null (reading &#39;header&#39;)<br>")),
        ("claims", 500, HTML, page("JsonWebTokenError: jwt issuer invalid. expected: https://acme.kinde.com<br>")),
        ("claims", 500, HTML, page("JsonWebTokenError: jwt audience invalid. expected: x<br>")),
        ("claims", 500, HTML, page("JWTClaimValidationFailed: missing required &quot;iss&quot; claim<br>")),
        ("claims", 500, HTML, page("JWTClaimValidationFailed: missing required &quot;aud&quot; claim<br>")),
        ("key", 500, HTML, page("JWKSNoMatchingKey: no applicable key found in the JSON Web Key Set<br>")),
        ("key", 500, HTML, page("SigningKeyNotFoundError: Unable to find a signing key that matches &#39;nope&#39;<br>")),
        ("environment", 500, HTML, page("ArgumentError: Invalid JWKS URI: The provided URI is not a valid URL.<br>")),
        ("environment", 500, HTML, page("TypeError: Invalid URL<br>")),
        ("environment", 500, HTML, page("SyntaxError: Unexpected token &#39;&lt;&#39;, &quot;&lt;!DOCTYPE &quot;... is not valid JSON<br>")),
        ("environment", 500, HTML, page("SyntaxError: Unexpected token &lt; in JSON at position 0<br>")),
        ("environment", 500, HTML, page("JOSEError: Expected 200 OK from the JSON Web Key Set HTTP response<br>")),
        ("path", 404, HTML, page("Cannot POST /api/webhook")),
        ("answer", 500, ("content-type", "text/plain;charset=UTF-8"), "Internal Server Error".to_owned()),
        ("path", 404, ("content-type", "text/plain;charset=UTF-8"), "404 Not Found".to_owned()),
        ("parser", 422, JSON, r#"{"detail":[{"type":"dict_type","loc":["body"],"msg":"Input should be a valid dictionary","input":"eyJ"}]}"#.to_owned()),
        ("parser", 422, JSON, r#"{"detail":[{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from"}]}"#.to_owned()),
        ("parser", 422, JSON, r#"{"detail":[{"type":"missing","loc":["query","payload"],"msg":"Field required","input":null}]}"#.to_owned()),
        ("answer", 500, ("date", ""), String::new()),
        ("method", 405, ("date", ""), String::new()),
        ("method", 405, JSON, r#"{"detail":"Method Not Allowed"}"#.to_owned()),
        ("path", 404, JSON, r#"{"detail":"Not Found"}"#.to_owned()),
        ("claims", 400, JSON, r#"{"detail":"Token is missing the \"iss\" claim"}"#.replace("\\\"", "&quot;")),
        ("parser", 400, JSON, r#"{"detail":"Not enough segments"}"#.to_owned()),
        ("environment", 400, JSON, r#"{"detail":"Invalid JWKS URI scheme '': only 'http' and 'https' are supported."}"#.to_owned()),
        ("signature", 400, JSON, r#"{"detail":"Signature verification failed"}"#.to_owned()),
    ] {
        let found = told(status, &[kind], &body);
        assert_eq!((found.name.as_str(), found.verdict), (check, Verdict::Fail), "{body}");
    }
}

#[test]
fn only_200_is_what_kinde_documents_and_an_empty_object_is_looked_at_twice() {
    assert_eq!(told(200, &[], "ok").verdict, Verdict::Pass);
    assert_eq!(told(200, &[], "").verdict, Verdict::Pass);
    for status in [201, 202, 204] {
        let check = told(status, &[], "");
        assert_eq!((check.name.as_str(), check.verdict), ("status", Verdict::Warn));
    }
    assert_eq!(told(200, &[JSON], "{}").name, "parser");
    assert_eq!(told(200, &[HTML], "ok").verdict, Verdict::Pass, "Express calls what is sent so");
}

#[test]
fn a_redirect_to_a_sign_in_is_told_from_a_slash_and_from_another_address() {
    let to_login = told(307, &[("location", "/api/auth/login?post_login_redirect_url=canary")], "");
    assert_eq!(to_login.name, "auth");
    assert!(!to_login.seen.unwrap().contains("canary"), "a query may hold anything");
    let slash = told(307, &[("location", "http://localhost:3000/api/webhook/")], "");
    assert_eq!(slash.name, "slash");
    assert!(slash.why.unwrap().contains("sent /api/webhook, served /api/webhook/"));
    assert_eq!(told(308, &[("location", "https://localhost:3000/api/webhook")], "").name, "path");
    assert_eq!(told(302, &[], "").name, "auth");
    let login = "<html><form><input type=\"password\"></form></html>";
    assert_eq!(told(200, &[HTML], login).name, "auth");
    assert_eq!(told(200, &[HTML], "<html><div id=root></div></html>").verdict, Verdict::Warn);
}

#[test]
fn a_path_without_a_handler_stands_beside_where_it_answered_before_and_where_the_framework_has_it() {
    let url = "http://localhost:3000/webhook";
    let forwarded = Forwarded { status: Some(404), ..Forwarded::default() };
    let known = [Known { path: "/api/kinde".to_owned(), status: 200 }];
    let sent = Sent { url, known: &known, ..Sent::default() };
    let check = explain(&sent, &Outcome::kept(&forwarded, None), Framework::NextJs).remove(0);
    assert!(check.why.unwrap().ends_with("sent /webhook, and it answered 200 at /api/kinde before"));
    assert_eq!(check.fix.unwrap(), "Send to /api/kinde, or move the handler");
    let beside: Vec<(String, String)> =
        paths(&sent, Framework::NextJs).into_iter().map(|place| (place.path, place.note)).collect();
    let pair = |path: &str, note: &str| (path.to_owned(), note.to_owned());
    assert_eq!(
        beside,
        [
            pair("/webhook", "wants app/webhook/route.ts, which exports POST"),
            pair("/api/kinde", "200 there"),
            pair("/api/kinde-webhook", "is app/api/kinde-webhook/route.ts"),
        ]
    );
    let sent = Sent { known: &[], ..sent };
    let check = explain(&sent, &Outcome::kept(&forwarded, None), Framework::NextJs).remove(0);
    assert!(check.why.unwrap().ends_with("usual in Next.js is /api/kinde-webhook (app/api/kinde-webhook/route.ts)"));
    let sent = Sent { url: "http://localhost:3000/api/kinde-webhook", ..sent };
    let check = explain(&sent, &Outcome::kept(&forwarded, None), Framework::NextJs).remove(0);
    assert!(check.why.unwrap().contains("Next.js answers it by app/api/kinde-webhook/route.ts"));
    assert_eq!(paths(&sent, Framework::Other).len(), 1, "nothing is known to compare with");
}

#[test]
fn the_sandbox_is_named_where_an_application_that_points_at_a_tenant_refuses_it() {
    let forwarded = Forwarded { url: "http://localhost/".to_owned(), status: Some(400), ms: 1, ..Forwarded::default() };
    let outcome =
        Outcome { forwarded: &forwarded, headers: &[], body: "no applicable key found in the JSON Web Key Set" };
    for (by_sandbox, words) in [(true, "the sandbox signed this"), (false, "another environment")] {
        let check = explain(&Sent { by_sandbox, ..Sent::default() }, &outcome, Framework::Hono).remove(0);
        assert!(check.name == "key" && check.why.unwrap().contains(words));
    }
}

#[test]
fn of_a_401_without_a_reason_both_causes_are_named_and_the_sandbox_where_it_signed() {
    let forwarded = Forwarded { url: "http://localhost/".to_owned(), status: Some(401), ms: 1, ..Forwarded::default() };
    let outcome = Outcome { forwarded: &forwarded, headers: &[], body: "Unauthorized" };
    let told =
        |by_sandbox: bool| explain(&Sent { by_sandbox, ..Sent::default() }, &outcome, Framework::NextJs).remove(0);
    for (by_sandbox, name) in [(false, "auth"), (true, "key")] {
        let check = told(by_sandbox);
        let why = check.why.unwrap();
        assert_eq!(check.name, name);
        assert!(
            why.contains("middleware") && why.contains("handler") && why.contains("sandbox") == by_sandbox,
            "{why}"
        );
    }
    let outcome = Outcome { body: "Please sign in", ..outcome };
    let check = explain(&Sent { by_sandbox: true, ..Sent::default() }, &outcome, Framework::NextJs).remove(0);
    assert!(check.name == "auth" && check.why.unwrap().contains("before the handler is reached"));
}

#[test]
fn a_slash_too_many_before_the_key_set_is_told_from_a_variable_that_is_missing() {
    for (body, words) in [
        ("getaddrinfo: https://acme.kinde.com//.well-known/jwks.json", "slash too many"),
        ("Failed: https:///.well-known/jwks.json", "is missing"),
        ("Failed: https://.well-known/jwks.json", "is missing"),
        ("undefined/.well-known/jwks.json", "is missing"),
    ] {
        let check = told(400, &[], body);
        assert!(check.name == "environment" && check.why.as_ref().unwrap().contains(words), "{body}: {check:?}");
    }
}

#[test]
fn each_status_with_a_meaning_of_its_own_is_told_by_it() {
    for (status, body, check) in [
        (401, "Unauthorized", "auth"),
        (401, "{\"error\":\"missing API key\"}", "auth"),
        (401, "{\"error\":\"invalid signature\"}", "signature"),
        (403, "CSRF verification failed", "csrf"),
        (422, "ActionController::InvalidAuthenticityToken", "csrf"),
        (419, "Page Expired", "csrf"),
        (403, "Blocked request. This host (\"x\") is not allowed.", "proxy"),
        (413, "", "size"),
        (415, "Unsupported Media Type: application/jwt", "parser"),
        (502, "Bad Gateway", "proxy"),
        (400, "{\"message\":\"undefined/.well-known/jwks.json\"}", "environment"),
        (418, "", "answer"),
    ] {
        assert_eq!(told(status, &[], body).name, check, "{status} {body}");
    }
}

#[test]
fn where_nothing_was_answered_the_reason_is_told_and_the_port_of_the_framework_named() {
    let plain = "http://localhost:3000/hook";
    let closed = unanswered(plain, "nothing listens there: Connection refused (os error 111)");
    assert!(closed.name == "listening" && closed.fix.unwrap().contains("FastAPI listens on 8000"));
    assert_eq!(unanswered(plain, "no answer in time: no answer within 30 s").name, "slow");
    assert_eq!(unanswered(plain, "its name has no address: x").name, "listening");
    assert_eq!(
        unanswered(plain, "the connection broke off: connection closed before message completed").name,
        "answer"
    );
    assert_eq!(unanswered(plain, "the answer is too long: more than 1048576 bytes").name, "answer");
    let to_tls = unanswered(plain, "the connection broke off: invalid HTTP version parsed");
    assert!(to_tls.name == "tls" && to_tls.fix.unwrap().contains("https://"));
    let secure = "https://localhost:3000/hook";
    let to_plain = unanswered(secure, "TLS did not come about: received corrupt message of type InvalidContentType");
    assert!(to_plain.name == "tls" && to_plain.why.unwrap().contains("plain HTTP"));
    assert_eq!(unanswered(secure, "TLS did not come about: invalid peer certificate: UnknownIssuer").name, "tls");
}
