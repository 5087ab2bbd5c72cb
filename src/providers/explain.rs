//! A provider's refusal in plain words. Pure: an answer in, a cause and a fix out.

use serde_json::Value;

use super::Provider;
use crate::check::Check;
use crate::net::{Answer, NetError};
use crate::secrets::Secret;

/// The most characters of a plain sentence that are kept.
const LINE: usize = 300;

/// What a provider said, taken out of its own shape of error: a code, and a sentence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// Its code, for example `accessNotConfigured` or `AADSTS7000215`.
    pub code: String,
    /// Its sentence.
    pub message: String,
}

impl Said {
    /// Reads any of the six shapes.
    pub fn read(body: &[u8]) -> Self {
        let Ok(json) = serde_json::from_slice::<Value>(body) else {
            // A sentence as plain text; a page is none.
            let text = String::from_utf8_lossy(body);
            let line = text.trim().lines().next().unwrap_or_default();
            let message = if line.starts_with('<') { String::new() } else { line.chars().take(LINE).collect() };
            return Self { code: String::new(), message };
        };
        let text = |pointer: &str| match json.pointer(pointer) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let first = |pointers: &[&str]| {
            pointers.iter().map(|pointer| text(pointer)).find(|text| !text.is_empty()).unwrap_or_default()
        };
        let message =
            first(&["/error/message", "/error_description", "/errors/0/detail", "/errors/0/title", "/message"]);
        let mut code = first(&[
            "/error/details/0/reason",
            "/error/errors/0/reason",
            "/error/status",
            "/error/code",
            "/error",
            "/errors/0/code_name",
            "/code",
        ]);
        if let Some(at) = message.find("AADSTS") {
            code = message.get(at..).unwrap_or_default().chars().take_while(char::is_ascii_alphanumeric).collect();
        }
        Self { code, message }
    }

    /// True where code or sentence holds `mark`, in any letter case.
    pub fn has(&self, mark: &str) -> bool {
        let mark = mark.to_lowercase();
        self.code.to_lowercase().contains(&mark) || self.message.to_lowercase().contains(&mark)
    }

    /// Evidence: status, code and sentence on one line, at most 240 characters.
    pub fn evidence(&self, status: u16) -> String {
        let mut text = status.to_string();
        if !self.code.is_empty() {
            text.push_str(&format!(" {}", self.code));
        }
        if !self.message.is_empty() && self.message != self.code {
            text.push_str(&format!(": {}", self.message));
        }
        text.chars().filter(|c| !c.is_control()).take(240).collect()
    }
}

/// The failing check for an answer that is no success.
pub(super) fn refusal(name: &str, provider: &Provider, answer: &Answer, token: &Secret) -> Check {
    let said = Said::read(&answer.body);
    let (why, fix) = words(provider, answer, &said);
    Check::fail(name, why, fix)
        .seen(token.redact(&said.evidence(answer.status)))
        .took(std::time::Duration::from_millis(answer.ms))
}

/// The failing check for no answer at all.
pub(super) fn silence(name: &str, provider: &Provider, error: &NetError) -> Check {
    Check::fail(
        name,
        format!("{} could not be asked: {}", provider.name, error.reason),
        "Check that this machine is online and that no proxy stands between, then probe again. The token itself may be good",
    )
    .seen(error.host.clone())
}

fn words(provider: &Provider, answer: &Answer, said: &Said) -> (String, String) {
    let id = provider.id.as_str();
    let name = &provider.name;
    let pair = |why: &str, fix: &str| (why.to_owned(), fix.to_owned());
    if answer.status == 429 || (answer.status == 403 && (said.has("rate limit") || said.has("rateLimit"))) {
        let wait = answer
            .retry_after()
            .map(|wait| wait.as_secs().to_string())
            .or_else(|| answer.json()?.get("retry_after")?.as_f64().map(|seconds| format!("{seconds:.0}")));
        let fix = wait.map_or_else(
            || "Wait a minute and probe again".to_owned(),
            |seconds| format!("Wait {seconds} s and probe again"),
        );
        return (format!("{name} is asked too often by this app or this machine"), fix);
    }
    if answer.status >= 500 {
        return (
            format!("{name} has trouble of its own"),
            format!("Probe again later; look at {name}'s status page if it stays"),
        );
    }
    let again = "Get the token again: Kinde may have refreshed it. If it stays, connect again";
    match (id, answer.status) {
        ("google_drive", 403)
            if said.has("accessNotConfigured") || said.has("SERVICE_DISABLED") || said.has("disabled") =>
        {
            pair(
                "The Google Drive API is not enabled in the Google Cloud project of this client",
                "In that project open Enable APIs and services, enable Google Drive API, wait a minute and probe again",
            )
        }
        ("google_drive", 403) => pair(
            "The token lacks the Drive scope that this call needs",
            "Add the scope on Google's consent screen and on Kinde's Permissions tab, then connect again",
        ),
        ("google_drive", 401) => pair("Google no longer accepts the token: expired or revoked", again),
        ("google_drive", 400) if said.has("invalid") => {
            pair("Google does not know the token: expired or revoked", again)
        }
        ("github", 401) => pair("GitHub no longer accepts the token: expired, revoked or deleted with its app", again),
        ("github", 403) if said.has("user-agent") || said.has("administrative rules") => pair(
            "The request had no User-Agent, which GitHub wants in every call",
            "Send a User-Agent header with your app's name. The panel does; a proxy may take it off",
        ),
        ("github", 403 | 404) => pair(
            "The GitHub App lacks the permission, or is not installed where it is to look",
            "Switch the permission on in the app's settings and on Kinde's Permissions tab, install the app, then connect again",
        ),
        ("gitlab", 401) if said.has("revoked") => pair("The token was revoked at GitLab", "Connect again"),
        ("gitlab", 401) if said.has("expired") => pair("The token has expired: GitLab's live 2 hours", again),
        ("gitlab", 401) => pair("GitLab no longer accepts the token: expired or revoked", again),
        ("gitlab", 403) => {
            let wants = answer.json().and_then(|json| json.get("scope")?.as_str().map(str::to_owned));
            (
                wants.map_or_else(
                    || "The token lacks the scope that this call needs".to_owned(),
                    |scope| format!("The token lacks a scope; one of these is needed: {scope}"),
                ),
                "Tick the scope on the GitLab application and on Kinde's Permissions tab, then connect again"
                    .to_owned(),
            )
        }
        ("patreon", 401) => {
            pair("Patreon no longer accepts the token: expired, or the person disconnected the app", again)
        }
        ("patreon", 403) => pair(
            "Patreon refused: the scope identity is missing, or the request had no User-Agent",
            "Make sure the client is of API version 2 and identity is ticked in Kinde, then connect again",
        ),
        ("patreon", 404) => pair(
            "The client is of API version 1, which does not know this call",
            "Make a new client with Client API Version 2; it cannot be changed afterwards",
        ),
        ("discord", 401) => {
            pair("Discord no longer accepts the token: expired, or the authorization was revoked", again)
        }
        ("discord", 403) => pair(
            "The token lacks the scope that this call needs; naming the account needs identify",
            "Tick identify on Kinde's Permissions tab, then connect again",
        ),
        ("microsoft_365", _) if said.has("AADSTS") => aadsts(said),
        ("microsoft_365", 401) => pair("Microsoft no longer accepts the token: expired or withdrawn", again),
        ("microsoft_365", 403) => pair(
            "The token lacks a delegated calendar permission",
            "Add Calendars.Read as Delegated permission (not Application) in Entra and tick it in Kinde, then connect again",
        ),
        ("microsoft_365", 404) => pair(
            "The account has no mailbox, so there is no calendar to show",
            "Connect with an account that has Exchange Online or Outlook.com",
        ),
        (_, 401) => (format!("{name} no longer accepts the token: expired or revoked"), again.to_owned()),
        (_, 300..=399) => (
            format!("{name} answered with a redirect, which its API never does"),
            "A proxy or a sign-in page stands between; Activity, or --trace on the command line, shows the address"
                .to_owned(),
        ),
        (_, status) => (
            format!("{name} answered {status}, which this panel does not know"),
            "Activity, or --trace on the command line, shows the whole answer".to_owned(),
        ),
    }
}

/// The Entra codes people meet, in words.
pub(super) fn aadsts(said: &Said) -> (String, String) {
    let (why, fix) = match said.code.as_str() {
        "AADSTS7000215" => (
            "The secret is wrong: most often the Secret ID was pasted in place of the Value",
            "Make a new client secret under Certificates and secrets and copy the column Value",
        ),
        "AADSTS7000222" => (
            "The client secret has expired",
            "Make a new one under Certificates and secrets and put its Value into Kinde",
        ),
        "AADSTS700016" | "AADSTS90002" => (
            "Entra does not know this client ID",
            "Copy Application (client) ID from the app's overview; Object ID and Directory ID are something else",
        ),
        "AADSTS50011" => (
            "The redirect address is not registered for this app",
            "Add Provider to Kinde under Authentication > Web, letter by letter",
        ),
        "AADSTS65001" => (
            "Consent was not given for what is asked",
            "Connect again and allow it; in some organizations an administrator must",
        ),
        "AADSTS50020" | "AADSTS50194" => (
            "The account is from outside what the app registration allows",
            "Under Authentication choose accounts in any organization and personal accounts",
        ),
        "AADSTS9002326" | "AADSTS700025" => (
            "The redirect address is registered under the wrong platform",
            "Move it to the platform Web: a single-page or native client cannot keep Kinde's secret",
        ),
        _ => ("Microsoft refused", "Look the AADSTS code up at https://login.microsoftonline.com/error"),
    };
    (why.to_owned(), fix.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::find;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, headers: vec![], body: body.as_bytes().to_vec(), ms: 3, exchange: 1, curl: String::new() }
    }

    #[test]
    fn each_providers_own_error_becomes_its_own_sentence() {
        let cases = [
            (
                "google_drive",
                403,
                r#"{"error":{"code":403,"message":"Google Drive API has not been used in project 1 before or it is disabled.","errors":[{"reason":"accessNotConfigured"}]}}"#,
                "not enabled",
            ),
            (
                "google_drive",
                403,
                r#"{"error":{"code":403,"errors":[{"reason":"insufficientPermissions"}],"message":"Insufficient Permission"}}"#,
                "lacks the Drive scope",
            ),
            ("google_drive", 401, r#"{"error":{"code":401,"status":"UNAUTHENTICATED"}}"#, "expired or revoked"),
            ("github", 401, r#"{"message":"Bad credentials"}"#, "expired, revoked"),
            ("github", 403, r#"{"message":"Resource not accessible by integration"}"#, "lacks the permission"),
            ("github", 403, r#"{"message":"API rate limit exceeded for user"}"#, "too often"),
            (
                "github",
                403,
                "Request forbidden by administrative rules. Please make sure your request has a User-Agent header",
                "no User-Agent",
            ),
            (
                "gitlab",
                401,
                r#"{"error":"invalid_token","error_description":"Token was revoked. You have to re-authorize from the user."}"#,
                "was revoked",
            ),
            ("gitlab", 403, r#"{"error":"insufficient_scope","scope":"api read_api"}"#, "api read_api"),
            (
                "patreon",
                401,
                r#"{"errors":[{"code_name":"Unauthorized","detail":"The server could not verify"}]}"#,
                "disconnected",
            ),
            ("discord", 401, r#"{"message":"401: Unauthorized","code":0}"#, "revoked"),
            ("discord", 429, r#"{"message":"You are being rate limited.","retry_after":1.4}"#, "too often"),
            (
                "microsoft_365",
                401,
                r#"{"error":{"code":"InvalidAuthenticationToken","message":"x"}}"#,
                "expired or withdrawn",
            ),
            ("microsoft_365", 403, r#"{"error":{"code":"ErrorAccessDenied","message":"x"}}"#, "delegated"),
            (
                "microsoft_365",
                400,
                r#"{"error":"invalid_grant","error_description":"AADSTS65001: The user has not consented"}"#,
                "Consent was not given",
            ),
            ("patreon", 503, "down", "trouble of its own"),
        ];
        for (id, status, body, word) in cases {
            let check =
                refusal("account", find(id).unwrap(), &answer(status, body), &Secret::new("gho_0123456789012345"));
            assert!(check.why.as_ref().unwrap().contains(word), "{id} {status}: {check:?}");
            assert!(!check.fix.unwrap().is_empty());
        }
    }

    #[test]
    fn the_evidence_never_echoes_the_token() {
        let token = Secret::new("gho_0123456789012345");
        let check = refusal(
            "account",
            find("github").unwrap(),
            &answer(401, r#"{"message":"Bad credentials gho_0123456789012345"}"#),
            &token,
        );
        assert!(!check.seen.unwrap().contains("0123456789"));
    }

    #[test]
    fn a_wait_is_read_from_the_header_or_the_body() {
        let (_, fix) = {
            let answer = answer(429, r#"{"retry_after":2.6}"#);
            let said = Said::read(&answer.body);
            words(find("discord").unwrap(), &answer, &said)
        };
        assert_eq!(fix, "Wait 3 s and probe again");
    }
}
