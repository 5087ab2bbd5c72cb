//! The application that signs people in to a tool: whether the tenant takes its client secret, and what of it was not given.

use std::time::Duration;

use serde_json::Value;

use super::outcome::failed;
use super::{Around, Values};
use crate::check::Check;
use crate::error::UserError;
use crate::net::{Answer, Request, Value as Text};

/// The check that decides whether the tool can exchange a code: the tenant takes client ID and secret together.
pub const SECRET: &str = "client secret";

/// A code that was never given to anybody.
const NO_CODE: &str = "kinde-panel-dry-run";

/// What a refusal may call itself. Anything else is not repeated: an answer may hold what was sent.
const OTHERS: [&str; 6] = [
    "access_denied",
    "invalid_request",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_grant_type",
];

/// Tries the client secret as the tool does when somebody comes back to `callback`, with a code that was never given: who the
/// application is comes first at a token endpoint (RFC 6749 section 4.1.3), so a refusal of the code alone is good news.
pub async fn secret(values: &Values, callback: &str, around: Around<'_>) -> Check {
    let (Some(client_id), Some(secret)) = (values.text("client_id"), values.secret("client_secret")) else {
        let why = "Trying it takes the application's client ID and secret: give client_id and client_secret";
        return Check::skipped(SECRET, why);
    };
    let tenant = match around.tenant() {
        Ok(tenant) => tenant,
        Err(error) => return failed(SECRET, &error),
    };
    let form = vec![
        ("grant_type", Text::from("authorization_code")),
        ("client_id", Text::from(client_id)),
        ("client_secret", Text::Secret(secret.clone())),
        ("code", Text::from(NO_CODE)),
        ("redirect_uri", Text::from(callback)),
    ];
    let request = Request::post("Try the client secret", tenant.domain.join("/oauth2/token"))
        .header("accept", "application/json")
        .form(form)
        .beginning(64 * 1024);
    match around.http.send(request).await {
        Ok(answer) => judge(&answer).took(Duration::from_millis(answer.ms)),
        Err(error) => failed(SECRET, &UserError::from(error)),
    }
}

/// What is said of it in a simulation.
pub fn not_tried() -> Check {
    let why = "The sandbox's own application signed in here, by its own secret, and not what was given: Check tries that at the \
               tenant";
    Check::skipped(SECRET, why)
}

/// What is still empty in the files of a tool, and where a person finds it. `None` where both were given.
pub fn still_empty(values: &Values, id_stands_in: &str, secret_stands_in: &str) -> Option<String> {
    let id = format!("the client ID in {id_stands_in}");
    let secret = format!("the client secret in {secret_stands_in}");
    let (what, is) = match (values.has("client_id"), values.has("client_secret")) {
        (true, true) => return None,
        (false, true) => (id, "It is"),
        (true, false) => (secret, "It is"),
        (false, false) => (format!("{id}, and {secret}"), "Both are"),
    };
    Some(format!("Still empty: {what}. {is} under Settings > Applications > (the application) > View details in Kinde"))
}

fn judge(answer: &Answer) -> Check {
    let body = answer.json();
    let error = body.as_ref().and_then(|body| body.get("error")).and_then(Value::as_str).unwrap_or_default();
    let status = answer.status;
    match (status, error) {
        (_, "invalid_grant") => Check::pass(SECRET)
            .seen(format!("HTTP {status}, invalid_grant: taken with its client ID, the made-up code alone is refused")),
        (_, "invalid_client") | (401, _) => Check::fail(
            SECRET,
            "The tenant does not take this secret for the client ID: nobody who comes back from the sign-in gets in",
            "Copy both again from Settings > Applications > (the application) > View details. A blank or a line end behind the \
             secret counts as part of it",
        )
        .seen(if error == "invalid_client" { format!("HTTP {status}, invalid_client") } else { format!("HTTP {status}") }),
        _ => {
            let said = OTHERS.into_iter().find(|known| *known == error);
            let said = said.map(|said| format!(", {said}")).unwrap_or_default();
            let cause = match status {
                404 => ": it knows no application of this client ID, or nothing is there",
                429 => ": it asks to slow down",
                _ => "",
            };
            let why = format!("Whether it is right was not seen, the token endpoint answers HTTP {status}{said}{cause}");
            Check::skipped(SECRET, why)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;
    use crate::recipes::tests::{Stage, values};
    use crate::recipes::{find, generate};

    #[tokio::test]
    async fn what_is_still_empty_in_the_files_is_named_with_where_it_is_found() {
        let stage = Stage::at("acme");
        let (id, secret) = (("client_id", "id"), ("client_secret", "Canary0123456789Canary0123456789"));
        for (name, given, id_in, secret_in) in [
            ("cloudflare-zero-trust", ("team", "foo"), "cloudflare/main.tf", " in .env"),
            ("wordpress", ("site", "https://a.example"), "wp-config-kinde.php", "outside-the-web-root/.env"),
        ] {
            let recipe = find(name).unwrap();
            for (with_id, with_secret) in [(false, false), (true, false), (false, true), (true, true)] {
                let plain: Vec<(&str, &str)> = std::iter::once(given).chain(with_id.then_some(id)).collect();
                let secrets: Vec<(&str, &str)> = with_secret.then_some(secret).into_iter().collect();
                let made = generate(recipe, &values(recipe, &plain, &secrets), stage.around()).await.unwrap();
                let notes = made.values.get("notes").map(ToString::to_string).unwrap_or_default();
                assert_eq!(notes.contains("the client ID in") && notes.contains(id_in), !with_id, "{name}: {notes}");
                let named = notes.contains("the client secret in") && notes.contains(secret_in);
                assert_eq!(named, !with_secret, "{name}: {notes}");
                assert_eq!(notes.contains("View details"), !(with_id && with_secret), "{name}: {notes}");
            }
        }
    }

    #[test]
    fn a_refused_code_proves_the_secret_a_refused_client_disproves_it_and_anything_else_leaves_it_open() {
        let judged = |status, body: &str| {
            let body = body.as_bytes().to_vec();
            judge(&Answer { status, headers: Vec::new(), body, ms: 1, exchange: 0, curl: String::new() })
        };
        for (status, body, verdict, said) in [
            (400, r#"{"error":"invalid_grant","error_description":"x"}"#, Verdict::Pass, "invalid_grant"),
            (401, r#"{"error":"invalid_client","error_description":"x"}"#, Verdict::Fail, "HTTP 401, invalid_client"),
            (400, r#"{"error":"invalid_client"}"#, Verdict::Fail, "HTTP 400, invalid_client"),
            (401, "", Verdict::Fail, "HTTP 401"),
            (400, r#"{"error":"invalid_request"}"#, Verdict::Skipped, "HTTP 400, invalid_request"),
            (403, r#"{"error":"unauthorized_client"}"#, Verdict::Skipped, "unauthorized_client"),
            (404, "", Verdict::Skipped, "no application of this client ID"),
            (429, "", Verdict::Skipped, "slow down"),
            (200, r#"{"access_token":"Canary"}"#, Verdict::Skipped, "HTTP 200"),
            (503, "<html>invalid_grant Canary", Verdict::Skipped, "HTTP 503"),
            (400, r#"{"error":"Canary","client_secret":"Canary"}"#, Verdict::Skipped, "HTTP 400"),
        ] {
            let check = judged(status, body);
            assert_eq!(check.verdict, verdict, "{check:?}");
            let told = format!("{check:?}");
            assert!(told.contains(said) && !told.contains("Canary"), "{told}");
        }
    }
}
