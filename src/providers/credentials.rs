//! Tells genuine client credentials from wrong ones by a code that no provider ever gave out.
//!
//! A token endpoint that complains about the code has accepted id and secret; one that complains about the client has
//! not. Where a provider looks at the code first, the answer is an honest "cannot tell". Error names: RFC 6749 §5.2 and
//! each provider's own pages; live behaviour was not measured here.

use url::Url;

use super::explain::{Said, aadsts, silence};
use super::{Provider, reach};
use crate::check::{Check, Verdict};
use crate::net::{Answer, Http, Request};
use crate::secrets::Secret;

/// A code nobody was given.
const BOGUS_CODE: &str = "kinde-panel-checks-the-client-only";

/// Asks `provider`'s token endpoint with a bogus code. Nothing is created or spent at the provider.
///
/// One check `client`, and one `secret_form` before it where the secret gives itself away by its form.
pub async fn check_credentials(
    http: &Http,
    provider: &Provider,
    base: Option<&Url>,
    client_id: &str,
    secret: &Secret,
    callback: &str,
) -> Vec<Check> {
    let mut checks: Vec<Check> = form_trouble(provider, client_id, secret).into_iter().collect();
    if checks.iter().any(|check| check.verdict == Verdict::Fail) {
        return checks;
    }
    let Some(url) = reach(&provider.token, base) else {
        checks.push(Check::skipped("client", "The address of this provider cannot be built"));
        return checks;
    };
    let request = Request::post(format!("Check client credentials ({})", provider.name), url)
        .header("accept", "application/json")
        .form(vec![
            ("grant_type", "authorization_code".into()),
            ("code", BOGUS_CODE.into()),
            ("redirect_uri", callback.into()),
            ("client_id", client_id.into()),
            ("client_secret", secret.clone().into()),
        ]);
    checks.push(match http.send(request).await {
        Ok(answer) => judge(provider, &answer, secret),
        Err(error) => silence("client", provider, &error),
    });
    checks
}

/// What can be seen without asking anybody.
fn form_trouble(provider: &Provider, client_id: &str, secret: &Secret) -> Option<Check> {
    let text = secret.expose();
    let fail = |why: &str, fix: &str| Some(Check::fail("secret_form", why, fix));
    if client_id.trim().is_empty() || text.trim().is_empty() {
        return fail("Client ID or client secret is empty", "Copy both from the provider's page");
    }
    if client_id.trim() != client_id || text.trim() != text {
        return fail(
            "There is a blank or a line end at the start or end",
            "Take it off here and in Kinde: it is sent as it stands and makes the credentials wrong",
        );
    }
    if provider.id == "microsoft_365" && uuid::Uuid::parse_str(text).is_ok() {
        return fail(
            "The secret has the form of a Secret ID, not of a Value",
            "Make a new client secret under Certificates and secrets and copy the column Value",
        );
    }
    if client_id == text {
        return fail("Client ID and client secret are the same text", "Copy the two from their own fields");
    }
    if provider.id == "github" && client_id.chars().all(|c| c.is_ascii_digit()) {
        return fail("This is the App ID of the GitHub App", "Copy the Client ID below it; it starts with Iv");
    }
    if provider.id == "google_drive" && !client_id.ends_with(".apps.googleusercontent.com") {
        return Some(Check::warn(
            "secret_form",
            "A Google client ID ends in .apps.googleusercontent.com",
            "Copy the client ID, not the project number or name",
        ));
    }
    None
}

/// Reads the token endpoint's complaint.
fn judge(provider: &Provider, answer: &Answer, secret: &Secret) -> Check {
    let said = Said::read(&answer.body);
    let seen = secret.redact(&said.evidence(answer.status));
    let name = &provider.name;
    let took = std::time::Duration::from_millis(answer.ms);
    let check = if answer.status == 429 {
        Check::warn("client", format!("{name} is asked too often"), "Wait a minute and check again")
    } else if answer.status >= 500 {
        Check::warn("client", format!("{name} has trouble of its own, so it cannot be told"), "Check again later")
    } else if said.has("AADSTS7000215")
        || said.has("AADSTS7000222")
        || said.has("AADSTS700016")
        || said.has("AADSTS90002")
    {
        let (why, fix) = aadsts(&said);
        Check::fail("client", why, fix)
    } else if said.has("redirect_uri_mismatch") || said.has("AADSTS50011") {
        Check::fail(
            "client",
            format!("{name} knows the client, and not the callback address"),
            "Register Provider to Kinde there, letter by letter",
        )
    } else if said.has("incorrect_client_credentials") || said.has("invalid_client") || said.has("unauthorized_client")
    {
        wrong(provider, &said)
    } else if provider.id == "discord" && answer.json().is_some_and(|json| json.get("client_id").is_some()) {
        Check::fail(
            "client",
            "Discord does not know this client ID: it is a number of 17 to 20 digits",
            "Copy the client ID from the OAuth2 page",
        )
    } else if provider.id == "github" && answer.status == 404 {
        Check::fail(
            "client",
            "GitHub does not know this client ID",
            "Copy the Client ID of the app, not its App ID or name",
        )
    } else if said.code == "AADSTS70000" {
        // "The provided value for the code is not valid": told only to a client that has shown its secret.
        accepted(provider)
    } else if said.has("bad_verification_code") || said.has("invalid_grant") {
        genuine(provider)
    } else {
        Check::warn(
            "client",
            format!("Cannot tell: {name} complained about something else than the code or the client"),
            "Go on; if they are wrong, Kinde shows page code 1829 after consent",
        )
    };
    check.seen(seen).took(took)
}

fn wrong(provider: &Provider, said: &Said) -> Check {
    let why = if said.has("not found") {
        format!("{} does not know this client ID", provider.name)
    } else if said.has("secret") {
        format!("{} knows the client ID, and the secret is wrong", provider.name)
    } else {
        format!("{} refuses this pair: the client ID or the secret is wrong", provider.name)
    };
    Check::fail(
        "client",
        why,
        "Copy both again from the provider's page; make a new secret where the old one is no longer shown",
    )
}

fn genuine(provider: &Provider) -> Check {
    if provider.id == "microsoft_365" {
        // Entra may turn a bad code down before it looks at the secret, so this is no proof of the secret.
        return Check::warn(
            "client",
            "The client ID is known. The secret was not refused, but Microsoft may look at the code before the secret, so it cannot be told for sure",
            "Make sure it is the column Value, and go on",
        );
    }
    accepted(provider)
}

fn accepted(provider: &Provider) -> Check {
    Check::pass("client")
        .because(format!("{} accepted client ID and secret and complained only about the made-up code", provider.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::find;

    fn judged(id: &str, status: u16, body: &str) -> Check {
        let answer =
            Answer { status, headers: vec![], body: body.as_bytes().to_vec(), ms: 1, exchange: 1, curl: String::new() };
        judge(find(id).unwrap(), &answer, &Secret::new("s3cret-s3cret"))
    }

    #[test]
    fn each_token_endpoint_tells_genuine_credentials_from_wrong_ones() {
        let cases = [
            (
                "google_drive",
                400,
                r#"{"error":"invalid_grant","error_description":"Malformed auth code."}"#,
                Verdict::Pass,
            ),
            (
                "google_drive",
                401,
                r#"{"error":"invalid_client","error_description":"The OAuth client was not found."}"#,
                Verdict::Fail,
            ),
            ("google_drive", 400, r#"{"error":"redirect_uri_mismatch"}"#, Verdict::Fail),
            (
                "github",
                200,
                r#"{"error":"bad_verification_code","error_description":"The code passed is incorrect or expired."}"#,
                Verdict::Pass,
            ),
            ("github", 200, r#"{"error":"incorrect_client_credentials"}"#, Verdict::Fail),
            ("github", 404, r#"{"error":"Not Found"}"#, Verdict::Fail),
            ("gitlab", 400, r#"{"error":"invalid_grant"}"#, Verdict::Pass),
            ("gitlab", 401, r#"{"error":"invalid_client"}"#, Verdict::Fail),
            ("patreon", 400, r#"{"error":"invalid_grant"}"#, Verdict::Pass),
            ("patreon", 401, r#"{"error":"invalid_client"}"#, Verdict::Fail),
            (
                "discord",
                400,
                r#"{"error":"invalid_grant","error_description":"Invalid \"code\" in request."}"#,
                Verdict::Pass,
            ),
            ("discord", 400, r#"{"client_id":["Value \"x\" is not snowflake."]}"#, Verdict::Fail),
            (
                "microsoft_365",
                401,
                r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided."}"#,
                Verdict::Fail,
            ),
            (
                "microsoft_365",
                400,
                r#"{"error":"unauthorized_client","error_description":"AADSTS700016: not found"}"#,
                Verdict::Fail,
            ),
            (
                "microsoft_365",
                400,
                r#"{"error":"invalid_grant","error_description":"AADSTS9002313: malformed"}"#,
                Verdict::Warn,
            ),
            (
                "microsoft_365",
                400,
                r#"{"error":"invalid_grant","error_description":"AADSTS70000: The provided value for the 'code' parameter is not valid."}"#,
                Verdict::Pass,
            ),
            ("gitlab", 418, "teapot", Verdict::Warn),
            ("gitlab", 502, "", Verdict::Warn),
        ];
        for (id, status, body, verdict) in cases {
            assert_eq!(judged(id, status, body).verdict, verdict, "{id} {status} {body}");
        }
    }

    #[test]
    fn a_secret_id_is_recognised_before_anything_is_sent() {
        let provider = find("microsoft_365").unwrap();
        let secret = Secret::new("1fa72783-a7e0-45d1-88ee-ba6df5106300");
        let check = form_trouble(provider, "5f0c2e9e-0000-4000-8000-000000000000", &secret).unwrap();
        assert!(check.why.unwrap().contains("Secret ID"));
        assert!(form_trouble(provider, "id", &Secret::new("abc~Value")).is_none());
        assert!(form_trouble(provider, "id", &Secret::new("abc \n")).is_some());
    }
}
