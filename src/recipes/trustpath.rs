//! Fraud detection with TrustPath: `trustpath`.

use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Map, Value, json};
use url::Url;

use super::fill::fill;
use super::outcome::{failed, unanswered};
use super::{
    Around, Call, ChangeState, Content, Generated, Outcome, Pending, Proof, Recipe, Values, Wish, address, apply,
    sign_in,
};
use crate::check::{Check, Verdict};
use crate::error::{Category, UserError};
use crate::kinde::{EnvironmentVariable, M2m, TokenSource};
use crate::net::{Answer, Request, Value as Text};
use crate::secrets::Secret;
use crate::tenant::Tenant;

static CONTENT: LazyLock<Content> =
    LazyLock::new(|| Content::parse(include_str!("../../assets/recipes/trustpath/recipe.toml")));

const WORKFLOW: &str = include_str!("../../assets/recipes/trustpath/workflow.ts");
const KINDE_JSON: &str = include_str!("../../assets/recipes/trustpath/kinde.json");
const PACKAGE: &str = include_str!("../../assets/recipes/trustpath/package.json");
const PATH: &str = "kindeSrc/environment/workflows/FraudDetectionWorkflow.ts";

const CLIENT_ID: &str = "KINDE_WF_M2M_CLIENT_ID";
const CLIENT_SECRET: &str = "KINDE_WF_M2M_CLIENT_SECRET";
const API_KEY: &str = "TRUSTPATH_API_KEY";

/// What the API key holds in the sandbox: TrustPath is not asked with it.
const MADE_UP_KEY: &str = "made-up-trustpath-api-key";

/// An address of nobody (RFC 5737).
const SOME_IP: &str = "203.0.113.7";
/// Where an app on this machine takes people back to, for the simulation.
const CALLBACK: &str = "http://localhost:3000/api/auth/kinde_callback";

/// What a person may be given who is not let in, or let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    In,
    Denied,
}

impl End {
    fn word(self) -> &'static str {
        match self {
            Self::In => "signs in",
            Self::Denied => "is denied",
        }
    }
}

/// Answers of TrustPath: the name, status, body, and what the workflow reads of it.
const ANSWERS: [(&str, &str, &str); 8] = [
    ("approve", r#"200 {"data":{"score":{"state":"approve","value":3}}}"#, "approve"),
    ("review", r#"200 {"data":{"score":{"state":"review","value":55}}}"#, "review"),
    ("decline", r#"200 {"data":{"score":{"state":"decline","value":97}}}"#, "decline"),
    ("server error", "500 <html>Internal Server Error</html>", "unknown"),
    ("timeout", "no answer in time", "unknown"),
    ("odd answer", r#"200 {"ok":true}"#, "unknown"),
    ("unknown state", r#"200 {"data":{"score":{"state":"maybe"}}}"#, "unknown"),
    ("api key not set", "nothing is sent", "unknown"),
];

/// The recipe.
#[derive(Debug)]
pub struct TrustPath;

impl Recipe for TrustPath {
    fn content(&self) -> &'static Content {
        &CONTENT
    }

    fn proof(&self, call: Call) -> Proof {
        match call {
            Call::Simulate => Proof::Nobody,
            // The workflow fetches a user before it asks TrustPath, with what the variables hold.
            _ => Proof::All(&["state", "read:users", "variables"]),
        }
    }

    fn generate<'a>(&'a self, values: &'a Values, _around: Around<'a>) -> Pending<'a, Generated> {
        Box::pin(async move {
            let (on_failure, on_review) = (values.need("on_failure")?, values.need("on_review")?);
            // A workflow that breaks off does what one does that catches its trouble.
            let (action, words) = match on_failure {
                "closed" => ("stop", "nobody signs in"),
                _ => ("continue", "people sign in"),
            };
            let index = if values.need("ip_position")? == "last" { "-1" } else { "0" };
            let fills = [
                ("failure_action", action),
                ("failure_words", words),
                ("on_failure", on_failure),
                ("on_review", on_review),
                ("ip_index", index),
            ];
            let mut made = Generated::default();
            made.file("kinde.json", KINDE_JSON);
            made.file("package.json", PACKAGE);
            made.file(PATH, fill(WORKFLOW, &fills));
            made.put("variables", [CLIENT_ID, CLIENT_SECRET, API_KEY].join("\n"));
            made.put("request", request_body(SOME_IP, "ada@example.com", "account_register", somebody()));
            Ok(made)
        })
    }

    fn wishes(&self, values: &Values, _tenant: &Tenant) -> Result<Vec<Wish>, UserError> {
        let (client_id, client_secret) = (values.need("m2m_client_id")?, values.need_secret("m2m_client_secret")?);
        Ok(wished(client_id, client_secret, values.need_secret("trustpath_api_key")?))
    }

    fn check<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let mut outcome = Outcome::default();
            evaluate(&mut outcome, around, values).await?;
            outcome.add(around, application(values, around).await);
            outcome.add(around, variables(around).await);
            Ok(outcome)
        })
    }

    fn simulate<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let mut outcome = Outcome::default();
            let (closed, deny) = (values.need("on_failure")? == "closed", values.need("on_review")? == "deny");
            // TrustPath is not asked and nothing is run, so no row of it is a check that passed.
            let signed_in = sign_in::first_user(&mut outcome, around, CALLBACK).await?;
            if outcome.verdict() == Verdict::Fail {
                return Ok(outcome);
            }
            if let Some(signed_in) = signed_in {
                outcome.put("request", question(&signed_in.claims));
                set_in_sandbox(&mut outcome, around).await;
            }
            let why = "The table is worked out by the rules of the generated workflow: TrustPath was not asked";
            outcome.add(around, Check::skipped("workflow", why));
            let table = ANSWERS.map(|(name, answer, verdict)| {
                json!({"answer": name, "example": answer, "person": end_of(verdict, closed, deny).word()})
            });
            if !closed {
                let why = "While TrustPath is out of reach nobody is checked";
                outcome.add(
                    around,
                    Check::warn("fail open", why, "Choose closed where that is worse than nobody signing in"),
                );
            }
            outcome.put("table", table.to_vec());
            Ok(outcome)
        })
    }
}

/// The variables that the workflow reads.
fn wished(client_id: &str, client_secret: &Secret, api_key: &Secret) -> Vec<Wish> {
    let secret = |key: &str, value: &Secret| Wish::Variable {
        key: key.to_owned(),
        value: Text::Secret(value.clone()),
        is_secret: true,
    };
    vec![
        Wish::Variable { key: CLIENT_ID.to_owned(), value: Text::from(client_id), is_secret: false },
        secret(CLIENT_SECRET, client_secret),
        secret(API_KEY, api_key),
    ]
}

/// Sets the variables in the sandbox by the calls that set them in a tenant, and reads them back. They hold the sandbox's own
/// application and a made-up key: a person's secrets have no place in its files. One that is there already stays as it is.
async fn set_in_sandbox(outcome: &mut Outcome, around: Around<'_>) {
    let api = match around.tenant().and_then(Tenant::api) {
        Ok(api) => api,
        Err(error) => return outcome.add(around, failed("variables", &error)),
    };
    let own = api.tokens().m2m();
    let mut plan = apply::plan(api, wished(&own.client_id, &own.client_secret, &Secret::new(MADE_UP_KEY))).await;
    plan.changes.retain(|change| !matches!(change.state, ChangeState::Update { .. }));
    let sent = apply::carry_out(api, &plan, &|_| (), around.cancel).await;
    let there = match api.environment_variables().await {
        Ok(reply) => reply.it,
        Err(error) => return outcome.add(around, failed("variables", &UserError::from(error))),
    };
    for key in [CLIENT_ID, CLIENT_SECRET, API_KEY] {
        let trouble = sent.iter().find(|check| check.name.as_str() == key && check.verdict != Verdict::Pass);
        outcome.add(around, trouble.cloned().unwrap_or_else(|| read_back(key, &there)));
    }
}

/// A variable as the API lists it: there, and sensitive where it holds a secret.
fn read_back(key: &str, there: &[EnvironmentVariable]) -> Check {
    let Some(found) = there.iter().find(|variable| variable.key == key) else {
        let why = "It was set, and it is not in the list of variables";
        return Check::fail(key, why, "Look at what the sandbox answered, in Activity");
    };
    let hidden = found.is_secret && found.value.is_none();
    if key != CLIENT_ID && !hidden {
        let why = "Everybody who may see the variables can read it";
        return Check::warn(key, why, "Set it again as sensitive").seen("its value is given back");
    }
    Check::pass(key).seen(if hidden { "sensitive: its value is not given back" } else { "not sensitive" })
}

/// What becomes of a person: the rule of the generated workflow.
fn end_of(verdict: &str, closed: bool, deny_review: bool) -> End {
    match verdict {
        "decline" => End::Denied,
        "review" if deny_review => End::Denied,
        "unknown" if closed => End::Denied,
        _ => End::In,
    }
}

fn request_body(ip: &str, email: &str, event_type: &str, user: Value) -> Value {
    json!({"ip": ip, "email": email, "user": user, "event_type": event_type})
}

fn somebody() -> Value {
    json!({"user_id": "kp_0123456789abcdef0123456789abcdef", "first_name": "Ada", "last_name": "Lovelace"})
}

/// What the workflow sends to TrustPath of a person who signed in before, by the claims of the ID token.
fn question(claims: &Map<String, Value>) -> Value {
    let of = |name: &str| claims.get(name).cloned().unwrap_or_default();
    let user = json!({"user_id": of("sub"), "first_name": of("given_name"), "last_name": of("family_name")});
    request_body(SOME_IP, of("email").as_str().unwrap_or_default(), "account_login", user)
}

/// Where TrustPath's API is: https, or on this machine.
fn api(values: &Values) -> Result<Url, UserError> {
    let text = values.need("api")?;
    let refused = |why: String| {
        UserError::new(Category::Input, "api is no address of TrustPath")
            .detail(why)
            .hint("Leave it out: it is https://api.trustpath.io")
            .about("api")
    };
    let url = Url::parse(text).map_err(|error| refused(error.to_string()))?;
    if url.scheme() != "https" && !address::is_loopback(&url) {
        return Err(refused("The API key would go over the net in clear text".to_owned()));
    }
    url.join("/v1/risk/evaluate").map_err(|error| refused(error.to_string()))
}

/// Asks TrustPath about one address and email.
async fn evaluate(outcome: &mut Outcome, around: Around<'_>, values: &Values) -> Result<(), UserError> {
    let key = values.need_secret("trustpath_api_key")?;
    let ip = values.need("ip")?;
    if ip.parse::<std::net::IpAddr>().is_err() {
        return Err(UserError::new(Category::Input, "ip is no IP address")
            .detail(ip.to_owned())
            .hint("For example 203.0.113.7")
            .about("ip"));
    }
    let body = request_body(ip, values.need("email")?, values.need("event_type")?, somebody());
    let request = Request::post("Ask TrustPath", api(values)?).bearer(key.clone()).json(body);
    let answer = match around.http.send(request).await {
        Ok(answer) => answer,
        Err(error) => {
            outcome.add(around, unanswered("evaluate", "what stands in for TrustPath", error));
            return Ok(());
        }
    };
    for check in judge(&answer, key) {
        outcome.add(around, check);
    }
    let told = answer.json().map_or_else(|| Value::from(key.redact(&answer.text())), |body| without(key, body));
    outcome.put("answer", told);
    Ok(())
}

/// A server may send back what it was sent.
fn without(key: &Secret, body: Value) -> Value {
    serde_json::from_str(&key.redact(&body.to_string())).unwrap_or(Value::Null)
}

fn judge(answer: &Answer, key: &Secret) -> Vec<Check> {
    let took = Duration::from_millis(answer.ms);
    let status = format!("HTTP {}", answer.status);
    let evaluate = |check: Check| check.seen(status.clone()).took(took);
    let not_judged = || Check::skipped("state", "TrustPath gave no verdict");
    let refusal = match answer.status {
        200..=299 => None,
        401 | 403 => Some((
            "TrustPath does not take the API key".to_owned(),
            "Copy it again from the console > (your name) > API Keys",
        )),
        404 => Some(("There is nothing at this address".to_owned(), "Leave api out: it is https://api.trustpath.io")),
        422 | 400 => Some((
            format!("TrustPath does not take the question: {}", key.redact(&shorten(&answer.text()))),
            "Check ip and email; the raw answer stands under values",
        )),
        429 => Some(("TrustPath asks to slow down".to_owned(), "Wait a minute; look at the plan's limits")),
        _ => Some((
            "TrustPath has trouble of its own".to_owned(),
            "Try again later. In the meantime the workflow does what you chose for no answer",
        )),
    };
    if let Some((why, fix)) = refusal {
        return vec![evaluate(Check::fail("evaluate", why, fix)), not_judged()];
    }
    let body = answer.json();
    let state = body.as_ref().and_then(|body| body.pointer("/data/score/state")).and_then(Value::as_str);
    let score = body.as_ref().and_then(|body| {
        ["/data/score/value", "/data/score/score", "/data/score/total"].iter().find_map(|path| body.pointer(path))
    });
    let score = score.map(|score| format!(", score {score}")).unwrap_or_default();
    let judged = match state {
        Some(state @ ("approve" | "review" | "decline")) => Check::pass("state").seen(format!("{state}{score}")),
        Some(other) => Check::warn(
            "state",
            "It is none of approve, review and decline: the workflow does what you chose for no answer",
            "Look at the raw answer, and tell TrustPath",
        )
        .seen(other.to_owned()),
        None => Check::fail(
            "state",
            "The answer has no data.score.state, which the workflow reads",
            "Look at the raw answer: TrustPath may have changed it",
        ),
    };
    let approved = state == Some("approve");
    let mut checks = vec![evaluate(Check::pass("evaluate")), judged];
    if approved {
        checks.push(Check::skipped(
            "rules",
            "approve is also what is answered while no rules are set: add some in Threat Rules",
        ));
    }
    checks
}

fn shorten(text: &str) -> String {
    text.chars().take(200).collect()
}

/// The application that the workflow fetches users with.
async fn application(values: &Values, around: Around<'_>) -> Check {
    const NAME: &str = "read:users";
    let (Some(client_id), Some(client_secret)) = (values.text("m2m_client_id"), values.secret("m2m_client_secret"))
    else {
        return Check::skipped(NAME, "Give m2m_client_id and m2m_client_secret to have its scopes looked at");
    };
    let domain = match around.tenant() {
        Ok(tenant) => tenant.profile.api_domain().unwrap_or_else(|| tenant.domain.clone()),
        Err(error) => return failed(NAME, &error),
    };
    let m2m = M2m { client_id: client_id.to_owned(), client_secret: client_secret.clone(), audience: None };
    let token = match TokenSource::new(around.http.clone(), domain, m2m, None).token().await {
        Ok(token) => token,
        Err(error) => return failed(NAME, &UserError::from(error)),
    };
    let others: Vec<&str> = token.scopes.iter().map(String::as_str).filter(|scope| *scope != "read:users").collect();
    if others.len() == token.scopes.len() {
        return Check::fail(
            NAME,
            "The application may not read users, so the workflow gets no email to ask about",
            "Switch read:users on: Settings > Applications > (the application) > APIs > Manage scopes",
        );
    }
    if others.is_empty() {
        return Check::pass(NAME).seen("and nothing else");
    }
    Check::warn(
        NAME,
        format!("It may do {} more than the workflow needs", others.len()),
        "Make an application for the workflow with read:users alone",
    )
    .seen(others.join(", "))
}

/// Whether the three variables are there, where the API may be asked.
async fn variables(around: Around<'_>) -> Check {
    const NAME: &str = "variables";
    let Some(api) = around.tenant.and_then(|tenant| tenant.api.as_ref()) else {
        return Check::skipped(
            NAME,
            "Listing them takes a machine to machine application with read:environment_variables",
        );
    };
    let there = match api.environment_variables().await {
        Ok(list) => list.it,
        Err(error) => {
            return Check::skipped(NAME, format!("They could not be listed: {}", UserError::from(error).title));
        }
    };
    let find = |key: &str| there.iter().find(|variable| variable.key == key);
    let lacking: Vec<&str> =
        [CLIENT_ID, CLIENT_SECRET, API_KEY].into_iter().filter(|key| find(key).is_none()).collect();
    if !lacking.is_empty() {
        return Check::fail(
            NAME,
            format!("{} {} not set", lacking.join(" and "), if lacking.len() == 1 { "is" } else { "are" }),
            "Let the panel set them, or enter them under Settings > Data management > Env variables",
        );
    }
    let open: Vec<&str> =
        [CLIENT_SECRET, API_KEY].into_iter().filter(|key| find(key).is_some_and(|it| !it.is_secret)).collect();
    if open.is_empty() {
        return Check::pass(NAME).seen("all three, secret and key sensitive");
    }
    let why = format!("{} can be read by everybody who may see the variables", open.join(" and "));
    Check::warn(NAME, why, "Set it again as sensitive")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipes::tests::{Stage, covers, is_sound, values};
    use crate::recipes::{generate, simulate};

    #[test]
    fn every_step_of_the_guide_is_on_the_page() {
        let subs =
            ["1.1", "1.2", "3.1", "3.2", "3.3", "3.4", "4.1", "4.2", "4.3", "6.1", "6.2", "10.1", "10.2", "10.3"];
        covers(&TrustPath, &[("step", 10, &subs)], &[]);
    }

    #[tokio::test]
    async fn the_workflow_says_what_was_chosen_in_both_places() {
        let stage = Stage::at("acme");
        for (on_failure, action) in [("open", "continue"), ("closed", "stop")] {
            let given = values(&TrustPath, &[("on_failure", on_failure), ("ip_position", "last")], &[]);
            let made = generate(&TrustPath, &given, stage.around()).await.unwrap();
            is_sound(&TrustPath, &made);
            let text = made.files[2].shown();
            assert!(text.contains(&format!("failurePolicy: {{ action: \"{action}\" }}")), "{text}");
            assert!(text.contains(&format!("const ON_FAILURE = \"{on_failure}\" as")) && text.contains("all.at(-1)"));
        }
    }

    #[tokio::test]
    async fn the_table_has_an_end_for_every_answer_and_follows_the_choices() {
        let stage = Stage::at("acme");
        for (on_failure, on_review, denied) in
            [("open", "allow", 1), ("open", "deny", 2), ("closed", "allow", 6), ("closed", "deny", 7)]
        {
            let given = values(&TrustPath, &[("on_failure", on_failure), ("on_review", on_review)], &[]);
            let outcome = simulate(&TrustPath, &given, stage.around()).await.unwrap();
            assert_ne!(outcome.verdict(), Verdict::Fail);
            let table = outcome.values["table"].as_array().unwrap();
            let counted = table.iter().filter(|row| row["person"] == "is denied").count();
            assert_eq!((table.len(), counted), (ANSWERS.len(), denied), "{on_failure} {on_review}");
        }
    }

    #[test]
    fn what_is_asked_about_a_person_is_what_the_id_token_says_of_them() {
        let claims =
            json!({"sub": "kp_1", "email": "grace@example.com", "given_name": "Grace", "family_name": "Hopper"});
        let asked = question(claims.as_object().unwrap());
        assert_eq!((&asked["email"], &asked["event_type"]), (&json!("grace@example.com"), &json!("account_login")));
        let user = json!({"user_id": "kp_1", "first_name": "Grace", "last_name": "Hopper"});
        assert_eq!(asked["user"], user);
    }

    #[test]
    fn the_variables_are_wished_with_the_secret_ones_sensitive_and_hidden() {
        let plain = [("m2m_client_id", "id")];
        let secrets = [("m2m_client_secret", "CanarySecretCanary1"), ("trustpath_api_key", "CanaryKeyCanary1")];
        let stage = Stage::at("acme");
        let wishes = TrustPath.wishes(&values(&TrustPath, &plain, &secrets), &stage.tenant).unwrap();
        let kinds: Vec<bool> = wishes
            .iter()
            .map(|wish| match wish {
                Wish::Variable { is_secret, .. } => *is_secret,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(kinds, [false, true, true]);
        assert!(!format!("{wishes:?}").contains("Canary"));
        assert!(TrustPath.wishes(&values(&TrustPath, &plain, &[]), &stage.tenant).is_err());
    }

    #[test]
    fn a_variable_is_read_back_good_where_it_is_there_and_nobody_reads_a_secret() {
        let there = |value: Option<&str>, is_secret| {
            let value = value.map(str::to_owned);
            [CLIENT_ID, API_KEY].map(|key| EnvironmentVariable {
                id: "env_var_1".to_owned(),
                key: key.to_owned(),
                value: value.clone(),
                is_secret,
            })
        };
        for (key, list, verdict) in [
            (CLIENT_ID, there(Some("id"), false), Verdict::Pass),
            (API_KEY, there(None, true), Verdict::Pass),
            (API_KEY, there(Some("Canary"), false), Verdict::Warn),
            (API_KEY, there(Some("Canary"), true), Verdict::Warn),
            (CLIENT_SECRET, there(None, true), Verdict::Fail),
        ] {
            let check = read_back(key, &list);
            assert_eq!(check.verdict, verdict, "{check:?}");
            assert!(!format!("{check:?}").contains("Canary"), "{check:?}");
        }
    }
}
