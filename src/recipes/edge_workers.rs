//! Edge workers: `edge-workers`.

use std::sync::LazyLock;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::fill::{fill, quoted};
use super::issuer::{self, Issuer};
use super::outcome::{failed, unanswered};
use super::{Around, Call, Content, EnvFile, Generated, Outcome, Pending, Proof, Recipe, Values, address, test_env};
use crate::check::Check;
use crate::error::{Category, UserError};
use crate::inspector::decode::{Issuers, Keys, Kind, Options, judge};
use crate::inspector::forward::Target;
use crate::net::Request;
use crate::sandbox::{self, Order};
use crate::secrets::Secret;

static CONTENT: LazyLock<Content> =
    LazyLock::new(|| Content::parse(include_str!("../../assets/recipes/edge-workers/recipe.toml")));

const VERIFY: &str = include_str!("../../assets/recipes/edge-workers/verify.ts");
const CLOUDFLARE: &str = include_str!("../../assets/recipes/edge-workers/cloudflare.ts");
const WRANGLER: &str = include_str!("../../assets/recipes/edge-workers/wrangler.toml");
const NEXT: &str = include_str!("../../assets/recipes/edge-workers/next.ts");
const NUXT: &str = include_str!("../../assets/recipes/edge-workers/nuxt.ts");
const DENO: &str = include_str!("../../assets/recipes/edge-workers/deno.ts");

/// What a token of the sandbox is for where nobody named an audience.
const SOME_AUDIENCE: &str = "https://api.example.com";

/// The recipe.
#[derive(Debug)]
pub struct EdgeWorkers;

impl Recipe for EdgeWorkers {
    fn content(&self) -> &'static Content {
        &CONTENT
    }

    fn proof(&self, call: Call) -> Proof {
        match call {
            Call::Simulate => Proof::All(&["good token"]),
            // On the sandbox its own; on a tenant the token that the tenant issues.
            _ => Proof::Any(&["good token", "token of the tenant"]),
        }
    }

    fn generate<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Generated> {
        Box::pin(async move {
            let Issuer { address, note } = issuer::of(around).await?;
            let issuer = address.as_str();
            let audience = values.text("audience").unwrap_or_default();
            let clients = values.text("clients").unwrap_or_default();
            let env = |file: EnvFile| {
                file.comment("The tenant whose tokens are taken")
                    .plain("KINDE_ISSUER_URL", issuer)
                    .comment("The audience of your API; empty: any")
                    .plain("KINDE_AUDIENCE", audience)
                    .comment("Client IDs of the applications whose tokens are taken, parted by commas; empty: all")
                    .plain("KINDE_CLIENT_IDS", clients)
            };
            let verifier = |path: &str| VERIFY.replacen("lib/verify-kinde-token.ts", path, 1);
            let mut made = Generated::default();
            let (address, run) = match values.need("runtime")? {
                "next" => {
                    made.file("app/api/me/route.ts", NEXT);
                    made.file("lib/verify-kinde-token.ts", VERIFY);
                    made.env(env(EnvFile::local()));
                    ("http://localhost:3000/api/me", "npm run dev")
                }
                "nuxt" => {
                    made.file("server/api/me.get.ts", NUXT);
                    let path = "server/utils/verify-kinde-token.ts";
                    made.file(path, verifier(path));
                    made.env(env(EnvFile::nuxt()));
                    ("http://localhost:3000/api/me", "npm run dev")
                }
                "deno" => {
                    made.file("main.ts", DENO);
                    made.file("verify-kinde-token.ts", verifier("verify-kinde-token.ts"));
                    made.env(env(EnvFile::deno()));
                    ("http://localhost:8000/", "deno run --allow-net --allow-env --env-file main.ts")
                }
                _ => {
                    let name = worker_name(values.need("name")?)?;
                    made.file("src/index.ts", CLOUDFLARE);
                    let path = "src/verify-kinde-token.ts";
                    made.file(path, verifier(path));
                    let fills = [
                        ("name", quoted(name)),
                        ("issuer", quoted(issuer)),
                        ("audience", quoted(audience)),
                        ("clients", quoted(clients)),
                    ];
                    let fills: Vec<(&str, &str)> = fills.iter().map(|(name, value)| (*name, value.as_str())).collect();
                    made.file("wrangler.toml", fill(WRANGLER, &fills));
                    made.env(env(EnvFile::dev_vars()));
                    ("http://localhost:8787/", "npx wrangler dev")
                }
            };
            test_env::put_with(&mut made, around, issuer).await?;
            if let Some(note) = note {
                made.note(&note);
            }
            made.put("run", run);
            made.put("url", address);
            made.put("curl", format!("curl -i -H \"Authorization: Bearer $KINDE_TOKEN\" {address}"));
            Ok(made)
        })
    }

    fn check<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let mut outcome = Outcome::default();
            ask_all(&mut outcome, around, values.need("url")?, values.text("audience")).await?;
            Ok(outcome)
        })
    }

    fn simulate<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let mut outcome = Outcome::default();
            match values.text("url") {
                Some(url) => ask_all(&mut outcome, around, url, values.text("audience")).await?,
                None => through_stand_in(&mut outcome, around, values.text("audience")).await?,
            }
            Ok(outcome)
        })
    }
}

/// A name as Cloudflare takes it.
fn worker_name(text: &str) -> Result<&str, UserError> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.len() <= 63 && text.chars().all(fits) && !text.starts_with('-') && !text.ends_with('-') {
        return Ok(text);
    }
    Err(UserError::new(Category::Input, "name is no name of a worker")
        .detail(text.to_owned())
        .hint("Lower-case letters, digits and dashes, 63 at most: kinde-api")
        .about("name"))
}

/// One token, and whether a sound worker takes it.
struct Case {
    name: &'static str,
    token: String,
    good: bool,
    risk: &'static str,
}

/// The tokens: a good one, and what must be refused. Blocking for as long as some keys take to make.
fn cases(dir: &std::path::Path, issuer: &str, audience: Option<&str>, now: Timestamp) -> Result<Vec<Case>, UserError> {
    let at = now.as_second();
    let claims = json!({
        "aud": [audience.unwrap_or(SOME_AUDIENCE)],
        "azp": "0123456789abcdef0123456789abcdef",
        "exp": at + 3600,
        "gty": ["client_credentials"],
        "iat": at,
        "iss": issuer,
        "jti": uuid::Uuid::new_v4().to_string(),
        "scp": ["read:things"],
        "sub": "kp_0123456789abcdef0123456789abcdef",
        "v": "2",
    });
    let with = |changes: Value| {
        let mut changed = claims.clone();
        if let (Some(members), Some(changes)) = (changed.as_object_mut(), changes.as_object()) {
            members.extend(changes.clone());
        }
        sandbox::sign(dir, changed.to_string().as_bytes(), now).map_err(UserError::from)
    };
    let forged = |forge: &str| {
        let order = Order {
            event_type: "user.created".to_owned(),
            payload: Some(claims.clone()),
            repeat: 1,
            forge: Some(forge.to_owned()),
            ..Order::default()
        };
        let made = sandbox::make(dir, &order, now).map_err(UserError::from)?;
        let body = made.into_iter().next().map(|made| made.body).unwrap_or_default();
        String::from_utf8(body).map_err(|_| UserError::new(Category::Internal, "A forgery is no text"))
    };
    // No `scp` and no `scope`: for the app that signed the person in, not for an API.
    let id_token = json!({
        "aud": ["0123456789abcdef0123456789abcdef"],
        "auth_time": at,
        "azp": "0123456789abcdef0123456789abcdef",
        "email": "ada@example.com",
        "exp": at + 3600,
        "iat": at,
        "iss": issuer,
        "sub": "kp_0123456789abcdef0123456789abcdef",
    });
    let id_token = sandbox::sign(dir, id_token.to_string().as_bytes(), now).map_err(UserError::from)?;
    let case = |name, token, good, risk| Case { name, token, good, risk };
    let forger = "It does not check the signature: anybody can be anybody";
    let algorithm = "It lets the token choose its algorithm";
    let mut all = vec![
        case("good token", with(json!({}))?, true, "It refuses what Kinde issues"),
        case(
            "expired token",
            with(json!({"iat": at - 7200, "exp": at - 3600}))?,
            false,
            "A token that was stolen once is good for ever",
        ),
        case("other issuer", with(json!({"iss": "https://other.kinde.com"}))?, false, "It does not look at the issuer"),
        case("key of nobody", forged("other-key")?, false, forger),
        case("unknown key id", forged("unknown-kid")?, false, forger),
        case("changed payload", forged("tampered-payload")?, false, forger),
        case("alg none", forged("alg-none")?, false, algorithm),
        case("hs256 with the pem", forged("key-confusion-pem")?, false, algorithm),
        case("id token", id_token, false, "It takes an ID token, which says who signed in and gives no access"),
        case("malformed token", "not.a.token".to_owned(), false, "It takes what is no token"),
    ];
    if audience.is_some() {
        let risk = "It takes a token that was issued for another API";
        all.insert(3, case("other audience", with(json!({"aud": ["https://other.example"]}))?, false, risk));
    }
    Ok(all)
}

async fn made(around: Around<'_>, audience: Option<&str>) -> Result<Vec<Case>, UserError> {
    let (dir, now) = (around.sandbox.to_owned(), around.http.clock().now());
    let (issuer, audience) = (around.tenant()?.domain.as_str().to_owned(), audience.map(str::to_owned));
    let made = tokio::task::spawn_blocking(move || cases(&dir, &issuer, audience.as_deref(), now)).await;
    made.map_err(|error| UserError::new(Category::Internal, "The tokens were not made").detail(error.to_string()))?
}

/// Brings every token to the worker at `url`. The sandbox signs: a worker of a real tenant must refuse its good one too.
async fn ask_all(
    outcome: &mut Outcome,
    around: Around<'_>,
    url: &str,
    audience: Option<&str>,
) -> Result<(), UserError> {
    let target = Target::parse(url, true).map_err(|error| error.about("url"))?;
    let tenant = around.tenant()?;
    let by_sandbox = tenant.profile.is_sandbox();
    outcome.put("url", target.shown());
    outcome.put("issuer", tenant.domain.as_str());
    let none = ask("no token", &target, None, around).await;
    // One that answers no GET would answer the rest alike.
    let silent = !none.as_ref().is_ok_and(|answer| answer.status != 405);
    outcome.add(
        around,
        match none {
            Ok(answer) => refused("no token", &answer, "It answers whoever comes"),
            Err(check) => check,
        },
    );
    if silent {
        return Ok(());
    }
    for case in made(around, audience).await? {
        let (name, good) =
            if case.good && !by_sandbox { ("token of another tenant", false) } else { (case.name, case.good) };
        let check = match ask(name, &target, Some(Secret::new(case.token)), around).await {
            Err(check) => check,
            Ok(answer) if good => taken(name, &answer, case.risk),
            Ok(answer) => refused(
                name,
                &answer,
                if name == case.name { case.risk } else { "It takes a token that another tenant signed" },
            ),
        };
        outcome.add(around, check);
    }
    if !by_sandbox {
        outcome.add(around, own_token(&target, around).await);
    }
    Ok(())
}

/// The tenant's own machine to machine token, where there is one: the only one at hand that must be taken.
async fn own_token(target: &Target, around: Around<'_>) -> Check {
    const NAME: &str = "token of the tenant";
    // It opens the tenant's Management API to whoever reads along.
    if target.url().scheme() != "https" && !address::is_loopback(target.url()) {
        let why = "The panel's own token for the Management API does not go over the net in clear text: give the worker's \
                   https address";
        return Check::skipped(NAME, why);
    }
    let Some(api) = around.tenant.and_then(|tenant| tenant.api.as_ref()) else {
        return Check::skipped(
            NAME,
            "Minting one takes a machine to machine application; try it with a user's token and curl",
        );
    };
    let token = match api.tokens().token().await {
        Ok(token) => token,
        Err(error) => return failed(NAME, &UserError::from(error)),
    };
    match ask(NAME, target, Some(token.secret), around).await {
        Err(check) => check,
        Ok(answer)
            if answer.status == 401
                && answer.reason.as_deref().is_some_and(|why| why == "audience" || why == "client") =>
        {
            let why = "It is refused for its audience or client alone, so signature and issuer hold: the panel's token is for the Management API";
            Check::skipped(NAME, why)
        }
        Ok(answer) => taken(NAME, &answer, "It refuses what your tenant issues"),
    }
}

/// A route for another method refuses before it looks at a token, so its answer says nothing of the token.
const OTHER_METHOD: &str = "The route is not there for GET, which the panel asks with: it did not look at the token";
const ANSWER_GET: &str = "Give the address of a route that answers GET and asks for the same token, or let this one answer \
                          GET for the check";

struct Answered {
    status: u16,
    reason: Option<String>,
    ms: u64,
}

async fn ask(name: &str, target: &Target, token: Option<Secret>, around: Around<'_>) -> Result<Answered, Check> {
    let mut request = Request::get(format!("Ask the worker: {name}"), target.url().clone()).beginning(16 * 1024);
    request.bearer = token;
    match around.http.send(request).await {
        Ok(answer) => Ok(Answered {
            status: answer.status,
            reason: answer
                .json()
                .as_ref()
                .and_then(|body| body.get("error"))
                .and_then(Value::as_str)
                .map(str::to_owned),
            ms: answer.ms,
        }),
        Err(error) => Err(unanswered(name, "your worker", error)),
    }
}

impl Answered {
    fn onto(&self, check: Check) -> Check {
        let reason = self.reason.as_ref().map(|reason| format!(", {reason}")).unwrap_or_default();
        check.seen(format!("HTTP {}{reason}", self.status)).took(Duration::from_millis(self.ms))
    }
}

fn refused(name: &str, answer: &Answered, risk: &str) -> Check {
    answer.onto(match answer.status {
        401 | 403 => Check::pass(name),
        400 => Check::warn(
            name,
            "It answers 400; 401 says that another token may help",
            "Answer 401 with WWW-Authenticate",
        ),
        404 => {
            Check::fail(name, "There is nothing at this path", "Give the address of the route that asks for a token")
        }
        405 => Check::fail(name, OTHER_METHOD, ANSWER_GET),
        500.. => Check::warn(
            name,
            "It breaks over it in place of refusing it",
            "Answer 401 to what does not verify; look at the worker's log",
        ),
        300..=399 => Check::warn(
            name,
            "It sends whoever comes to another page",
            "Answer 401: a program that calls an API follows no sign-in page",
        ),
        _ => Check::fail(name, risk, "Verify as the generated code does, before anything else"),
    })
}

fn taken(name: &str, answer: &Answered, risk: &str) -> Check {
    if (200..300).contains(&answer.status) {
        return answer.onto(Check::pass(name));
    }
    if answer.status == 405 {
        return answer.onto(Check::fail(name, OTHER_METHOD, ANSWER_GET));
    }
    let fix = match answer.reason.as_deref() {
        Some("issuer" | "unknown key") => {
            "Set the worker's KINDE_ISSUER_URL to the tenant that signs: for this check the address under `issuer`"
        }
        Some("audience") => "Give the worker's audience to the check as well, or take it out of the worker",
        Some("client") => "Take KINDE_CLIENT_IDS out for this check",
        _ => "Look at the worker's log; its KINDE_ISSUER_URL must be the tenant that signs",
    };
    answer.onto(Check::fail(name, risk, fix))
}

/// Why the generated verifier refuses `token`; `None` where it takes it.
fn stand_in(token: &str, jwks: &[u8], issuer: &str, audience: Option<&str>, now: Timestamp) -> Option<String> {
    let keys = Keys::published("the tenant", jwks, Issuers::These(vec![issuer.to_owned()]));
    let options = Options { kind: Some(Kind::Access), pasted: false, ..Options::pasted(now) };
    let decoded = judge(token.as_bytes(), &keys, &options);
    if let Some(rung) = &decoded.failed {
        return Some(rung.clone());
    }
    let claims: Option<Value> = decoded.payload.text().and_then(|text| serde_json::from_str(text).ok());
    let scoped = claims.as_ref().is_some_and(|claims| {
        claims.get("scp").is_some_and(Value::is_array) || claims.get("scope").is_some_and(Value::is_string)
    });
    if !scoped {
        return Some("scopes".to_owned());
    }
    let wanted = audience?;
    let named = claims.as_ref().and_then(|claims| claims.get("aud")).and_then(Value::as_array);
    let fits = named.is_some_and(|all| all.iter().any(|one| one.as_str() == Some(wanted)));
    (!fits).then(|| "audience".to_owned())
}

async fn through_stand_in(outcome: &mut Outcome, around: Around<'_>, audience: Option<&str>) -> Result<(), UserError> {
    let domain = &around.tenant()?.domain;
    let request = Request::get("Fetch the keys", domain.join("/.well-known/jwks")).header("accept", "application/json");
    let answer = around.http.send(request).await?;
    outcome.add(
        around,
        if answer.is_success() {
            Check::pass("keys").seen(domain.as_str().to_owned())
        } else {
            Check::fail(
                "keys",
                format!("They could not be fetched: HTTP {}", answer.status),
                "Look at the tenant with the doctor",
            )
        },
    );
    for case in made(around, audience.or(Some(SOME_AUDIENCE))).await? {
        let audience = audience.unwrap_or(SOME_AUDIENCE);
        let reason = stand_in(&case.token, &answer.body, domain.as_str(), Some(audience), around.http.clock().now());
        let seen = reason.clone().map_or_else(|| "taken".to_owned(), |reason| format!("refused by its {reason}"));
        let check = match (reason.is_none() == case.good, case.good) {
            // The generated code was not run by this, so it counts for nothing that a good token is taken.
            (true, true) => Check::skipped(
                case.name,
                "By the rules of the generated code it is taken, and the code itself was not run: start the worker and give \
                 its address",
            ),
            (true, false) => Check::pass(case.name),
            (false, _) => Check::fail(case.name, case.risk, "Report it"),
        };
        outcome.add(around, check.seen(seen));
    }
    outcome.put("worker", "The panel's own, by the rules of the generated code");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;
    use crate::recipes::generate;
    use crate::recipes::tests::{Stage, covers, is_sound, values};
    use base64::Engine as _;

    #[test]
    fn every_step_of_the_guide_is_on_the_page() {
        covers(&EdgeWorkers, &[("cloudflare", 7, &["5.1", "5.2"])], &["services"]);
    }

    #[tokio::test]
    async fn each_runtime_gets_its_own_files_and_the_verifier_of_all() {
        let stage = Stage::at("acme").beside_a_sandbox("http://127.0.0.1:4455");
        let mut announced = Vec::new();
        for runtime in ["cloudflare", "next", "nuxt", "deno"] {
            let given = values(&EdgeWorkers, &[("runtime", runtime), ("audience", "https://api.example.com")], &[]);
            let made = generate(&EdgeWorkers, &given, stage.around()).await.unwrap();
            is_sound(&EdgeWorkers, &made);
            let code = made.files.iter().find(|file| file.path.ends_with("verify-kinde-token.ts")).unwrap();
            assert!(code.shown().starts_with(&format!("// {}\n", code.path)), "{}", code.path);
            let env = made.files.iter().find(|file| file.is_private()).unwrap();
            assert!(env.shown().contains("KINDE_AUDIENCE=https://api.example.com\n"), "{runtime}");
            assert_eq!(made.values["test_env"], "KINDE_ISSUER_URL=http://127.0.0.1:4455");
            assert_eq!(made.values["tenant_env"], "KINDE_ISSUER_URL=https://acme.kinde.com");
            announced.extend(made.files.into_iter().map(|file| file.path));
        }
        announced.sort();
        announced.dedup();
        let mut all = CONTENT.files.clone();
        all.sort();
        assert_eq!(announced, all);
        let given = values(&EdgeWorkers, &[("name", "No Name")], &[]);
        assert!(generate(&EdgeWorkers, &given, stage.around()).await.is_err());
    }

    #[test]
    fn the_rules_of_the_generated_verifier_take_the_good_token_alone() {
        let dir = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-11-23T15:00:00Z".parse().unwrap();
        let jwks = sandbox::facts(dir.path()).unwrap().jwks;
        let issuer = "http://127.0.0.1:9";
        for audience in [Some("aud"), None] {
            for case in cases(dir.path(), issuer, audience, now).unwrap() {
                let reason = stand_in(&case.token, jwks.as_bytes(), issuer, audience, now);
                assert_eq!(reason.is_none(), case.good, "{} for {audience:?}: {reason:?}", case.name);
                if case.name == "changed payload" {
                    assert_eq!(reason.as_deref(), Some("signature"));
                    let payload = case.token.split('.').nth(1).unwrap();
                    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
                    let claims: Value = serde_json::from_slice(&payload).unwrap();
                    assert_eq!(claims["iss"], issuer, "whoever only decodes it takes it: {claims}");
                }
            }
        }
    }

    #[tokio::test]
    async fn the_panel_s_own_token_is_sent_over_https_or_to_this_machine_alone() {
        let stage = Stage::at("acme");
        // This tenant has no application to mint one with: whoever gets as far as that would have sent it.
        for (url, sent) in [
            ("http://worker.example/", false),
            ("http://127.0.0.1.example:8787/", false),
            ("https://worker.example/", true),
            ("http://127.0.0.1:8787/", true),
            ("http://localhost:8787/", true),
        ] {
            let check = own_token(&Target::parse(url, true).unwrap(), stage.around()).await;
            assert_eq!(check.verdict, Verdict::Skipped);
            let why = check.why.unwrap();
            assert_eq!(why.contains("clear text"), !sent, "{url}: {why}");
        }
    }

    #[test]
    fn a_worker_that_answers_whoever_comes_fails() {
        let answer = |status, reason: Option<&str>| Answered { status, reason: reason.map(str::to_owned), ms: 1 };
        assert_eq!(refused("x", &answer(401, None), "r").verdict, Verdict::Pass);
        assert_eq!(refused("x", &answer(200, None), "r").verdict, Verdict::Fail);
        assert_eq!(refused("x", &answer(404, None), "r").verdict, Verdict::Fail);
        assert_eq!(refused("x", &answer(500, None), "r").verdict, Verdict::Warn);
        for check in [refused("x", &answer(405, None), "r"), taken("x", &answer(405, None), "r")] {
            assert_eq!((check.verdict, check.why.as_deref()), (Verdict::Fail, Some(OTHER_METHOD)), "a route for POST");
        }
        assert_eq!(taken("x", &answer(200, None), "r").verdict, Verdict::Pass);
        let fix = taken("x", &answer(401, Some("issuer")), "r").fix.unwrap();
        assert!(fix.contains("KINDE_ISSUER_URL"), "{fix}");
    }
}
