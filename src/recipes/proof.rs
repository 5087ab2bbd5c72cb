//! What must have been seen before a recipe is called green: the checks that decide.
//!
//! That nothing failed is not enough. A receiver that refuses everybody refuses every forgery too, and a look-up that was
//! left out finds nothing wrong.
//!
//! One rule holds for every simulation: what decides was answered by something that ran, by a person's own code, by the
//! tool, or by the sandbox in the place of the tenant. What the panel itself works out in the place of code that a recipe
//! writes, or of the tool, decides nothing: the check that would stands there skipped, and says what was not run.

use super::{Call, Outcome, Recipe, Values};
use crate::check::{Check, Verdict};

/// The check that decides where the panel does in a simulation what the code would do that a recipe writes: that it ran.
pub const GENERATED: &str = "generated code";

/// What decides whether a recipe works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// A check of each of these names was made, and passed.
    All(&'static [&'static str]),
    /// A check of one of these names was made, and passed.
    Any(&'static [&'static str]),
    /// Nothing does: the tool is not asked, what becomes of it is worked out on this machine.
    Nobody,
}

impl Proof {
    /// The first thing that is left open; `None` where everything that decides was seen.
    fn open(self, checks: &[Check]) -> Option<Open<'_>> {
        match self {
            Self::All(names) => names.iter().find(|name| !passed(checks, name)).map(|name| open(checks, name)),
            Self::Any(names) if names.iter().any(|name| passed(checks, name)) => None,
            Self::Any(names) => {
                let mut all = names.iter().map(|name| open(checks, name));
                Some(all.find(|open| open.0.is_some()).unwrap_or(Open(None)))
            }
            Self::Nobody => Some(Open(None)),
        }
    }
}

fn named<'a>(checks: &'a [Check], name: &str) -> impl Iterator<Item = &'a Check> {
    checks.iter().filter(move |check| check.name == name)
}

/// True where there are checks of that name, and each passed.
fn passed(checks: &[Check], name: &str) -> bool {
    named(checks, name).next().is_some() && named(checks, name).all(|check| check.verdict == Verdict::Pass)
}

fn open<'a>(checks: &'a [Check], name: &str) -> Open<'a> {
    Open(named(checks, name).find(|check| check.verdict != Verdict::Pass))
}

/// A check that decides and did not pass; `None` where there was none.
struct Open<'a>(Option<&'a Check>);

/// How a call came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Nothing was looked at.
    Nothing,
    /// Everything that decides was seen to be as it should be.
    Good,
    /// Nothing failed, and something that decides was not seen.
    Partly,
    /// Something failed.
    Failed,
}

/// How `call` of `recipe` ended.
pub fn ending(recipe: &dyn Recipe, call: Call, outcome: &Outcome) -> Ended {
    let proof = recipe.proof(call);
    match outcome.verdict() {
        Verdict::Fail => Ended::Failed,
        _ if proof.open(&outcome.checks).is_none() => Ended::Good,
        Verdict::Skipped if proof != Proof::Nobody => Ended::Nothing,
        _ => Ended::Partly,
    }
}

/// How `call` of `recipe` ended as far as it says how the recipe stands: a thing that was pasted to be judged says nothing of it.
pub fn to_remember(recipe: &dyn Recipe, call: Call, values: &Values, outcome: &Outcome) -> Ended {
    if call == Call::Check && recipe.judges_given(values) { Ended::Nothing } else { ending(recipe, call, outcome) }
}

/// The mark and the sentence that sum an outcome up. The mark is that of the worst check, and never that of a pass while
/// something that decides is open.
pub fn summed_up(recipe: &dyn Recipe, call: Call, outcome: &Outcome) -> (Verdict, String) {
    let title = &recipe.content().title;
    let good = if call == Call::Simulate { "the path holds on this machine" } else { "as it should be" };
    let headline = |words: &str| outcome.headline(&format!("{title}: {words}"));
    let worst = outcome.verdict();
    match ending(recipe, call, outcome) {
        Ended::Partly if worst == Verdict::Warn => (worst, headline(good)),
        Ended::Partly if recipe.proof(call) == Proof::Nobody => {
            (Verdict::Skipped, format!("{title}: worked out on this machine, the tool was not asked"))
        }
        Ended::Partly => {
            let open = recipe.proof(call).open(&outcome.checks).and_then(|open| open.0?.why.clone());
            let why = open.unwrap_or_else(|| "What decides was not seen".to_owned());
            let how = if call == Call::Simulate { "worked out on this machine" } else { "partly checked" };
            (Verdict::Skipped, format!("{title}: {how}. {why}"))
        }
        Ended::Nothing | Ended::Good | Ended::Failed => (worst, headline(good)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinde::{KindeApi, M2m, TokenSource};
    use crate::recipes::genuine::with_one;
    use crate::recipes::tests::{Reply, Stage, serve, values};
    use crate::recipes::{Around, check, find, simulate};
    use crate::secrets::Secret;
    use crate::tenant::Profile;

    type Pairs<'a> = &'a [(&'a str, &'a str)];

    /// How a call ends, and its outcome. What decides a check is always among its checks.
    async fn ended(stage: &Stage, name: &str, call: Call, plain: Pairs<'_>, secrets: Pairs<'_>) -> (Ended, Outcome) {
        let recipe = find(name).unwrap();
        let given = values(recipe, plain, secrets);
        let outcome = match call {
            Call::Simulate => simulate(recipe, &given, stage.around()).await,
            _ => check(recipe, &given, stage.around()).await,
        };
        let outcome = outcome.unwrap();
        if let Proof::All(names) = recipe.proof(call) {
            for name in names {
                assert!(outcome.checks.iter().any(|check| check.name == *name), "{name}: {outcome:#?}");
            }
        }
        let ended = ending(recipe, call, &outcome);
        let (mark, words) = summed_up(recipe, call, &outcome);
        assert_eq!(mark == Verdict::Pass, ended == Ended::Good && outcome.verdict() == Verdict::Pass, "{words}");
        (ended, outcome)
    }

    /// A stage whose profile is the sandbox's: what the sandbox signs is the tenant's own.
    fn sandbox() -> Stage {
        let mut stage = Stage::at("acme");
        stage.tenant.profile = Profile::sandbox();
        stage
    }

    #[tokio::test]
    async fn a_route_that_refuses_everybody_is_partly_checked_and_one_that_took_a_genuine_event_works() {
        let wall = serve(|_, _| Reply::of(401, "who are you?"));
        let url = format!("{wall}/api/kinde-webhook");
        let (how, outcome) = ended(&Stage::at("acme"), "nextjs", Call::Check, &[("url", &url)], &[]).await;
        assert_eq!((how, outcome.verdict()), (Ended::Partly, Verdict::Pass), "{outcome:#?}");
        let (_, words) = summed_up(find("nextjs").unwrap(), Call::Check, &outcome);
        assert!(words.contains("partly checked") && words.contains("Simulate"), "{words}");
        let (how, outcome) = ended(&sandbox(), "nextjs", Call::Check, &[("url", &route())], &[]).await;
        assert_eq!(how, Ended::Good, "{outcome:#?}");
    }

    /// A route that keeps the rules of the generated one, for events that are not too old.
    fn route() -> String {
        let sound = serve(|at, line| match (at, line.starts_with("GET")) {
            (_, true) => Reply::of(405, ""),
            (1, _) => Reply::of(200, r#"{"outcome":"handled"}"#),
            (2 | 3, _) => Reply::of(200, r#"{"outcome":"duplicate"}"#),
            _ => Reply::of(400, "{}"),
        });
        format!("{sound}/api/kinde-webhook")
    }

    #[tokio::test]
    async fn a_route_of_a_real_tenant_works_once_it_took_an_event_that_the_tenant_signed_and_the_history_kept() {
        let stage = Stage::at("acme");
        let attempts = crate::store::attempts::Attempts::open(&stage.sandbox.path().join("history.db")).unwrap();
        let history = crate::recipes::History { attempts: &attempts, owner: "acme" };
        let around = Around { history: Some(history), ..stage.around() };
        let nextjs = find("nextjs").unwrap();
        let look_for = async |url: &str, event: &str| {
            check(nextjs, &values(nextjs, &[("url", url), ("event", event)], &[]), around).await.unwrap()
        };
        let look = async |url: &str| look_for(url, "user.created").await;
        let keep = async |hours| {
            let signed = stage.http.clock().now() - jiff::SignedDuration::from_hours(hours);
            with_one(&attempts, "acme", stage.sandbox.path(), signed, "verified", true).await;
        };
        let wall = serve(|_, line| Reply::of(if line.starts_with("GET") { 405 } else { 400 }, "{}"));
        let wall = format!("{wall}/api/kinde-webhook");
        let outcome = look(&wall).await;
        assert_eq!(ending(nextjs, Call::Check, &outcome), Ended::Partly, "none is kept: {outcome:#?}");
        assert!(summed_up(nextjs, Call::Check, &outcome).1.contains("Listen in the Inspector"), "{outcome:#?}");

        keep(48).await;
        let outcome = look(&wall).await;
        assert_eq!(ending(nextjs, Call::Check, &outcome), Ended::Partly, "an old one shows little: {outcome:#?}");
        let old = outcome.checks.iter().find(|check| check.name == "old genuine event").unwrap();
        assert_eq!(old.verdict, Verdict::Pass, "{old:?}");
        let lax =
            serve(|_, line| Reply::of(if line.starts_with("GET") { 405 } else { 200 }, r#"{"outcome":"handled"}"#));
        let outcome = look(&format!("{lax}/api/kinde-webhook")).await;
        let old = outcome.checks.iter().find(|check| check.name == "old genuine event").unwrap();
        assert_eq!(old.verdict, Verdict::Warn, "it is signed by the tenant, and only old: {old:?}");
        assert!(old.fix.as_ref().unwrap().contains("37 hours"), "{old:?}");

        keep(2).await;
        let outcome = look_for(&wall, "permission.updated").await;
        assert_eq!(ending(nextjs, Call::Check, &outcome), Ended::Partly, "none of this type is kept: {outcome:#?}");
        assert!(!outcome.values.contains_key("event"), "nothing was posted that nobody chose: {outcome:#?}");
        let (_, words) = summed_up(nextjs, Call::Check, &outcome);
        assert!(words.contains("No permission.updated") && words.contains("Kept are user.created"), "{words}");
        let outcome = look(&route()).await;
        assert_eq!(ending(nextjs, Call::Check, &outcome), Ended::Good, "{outcome:#?}");
        assert_eq!(outcome.values["event"], "user.created of 2 h ago, attempt 2");
        let outcome = look(&wall).await;
        assert_eq!(ending(nextjs, Call::Check, &outcome), Ended::Failed, "it refuses its own tenant: {outcome:#?}");
    }

    #[tokio::test]
    async fn a_worker_that_refuses_everybody_is_partly_checked_and_one_that_took_a_token_works() {
        let wall = serve(|_, _| Reply::of(401, "{}"));
        let (how, outcome) = ended(&Stage::at("acme"), "edge-workers", Call::Check, &[("url", &wall)], &[]).await;
        assert_eq!((how, outcome.verdict()), (Ended::Partly, Verdict::Pass), "{outcome:#?}");
        let sound = serve(|at, _| Reply::of(if at == 1 { 200 } else { 401 }, "{}"));
        let (how, outcome) = ended(&sandbox(), "edge-workers", Call::Check, &[("url", &sound)], &[]).await;
        assert_eq!(how, Ended::Good, "{outcome:#?}");
    }

    /// A tenant that takes every sign-in and every secret, and a WordPress whose callback answers `plugin`.
    fn tenant(plugin: fn() -> Reply) -> String {
        tenant_whose_token_endpoint(|| Reply::of(400, r#"{"error":"invalid_grant"}"#), plugin)
    }

    fn tenant_whose_token_endpoint(answers: fn() -> Reply, plugin: fn() -> Reply) -> String {
        let dir = tempfile::tempdir().unwrap();
        let jwks = crate::sandbox::facts(dir.path()).unwrap().jwks;
        serve(move |_, line| {
            let host = line.rsplit(' ').next().unwrap();
            let at = |path: &str| format!("http://{host}{path}");
            if line.contains("/.well-known/openid-configuration") {
                let mut document = serde_json::Map::new();
                let domain = crate::kinde::Domain::parse(&at("")).unwrap();
                crate::recipes::oidc::Endpoints::of(&domain).put(&mut document);
                document.insert("id_token_signing_alg_values_supported".to_owned(), serde_json::json!(["RS256"]));
                document.insert("response_types_supported".to_owned(), serde_json::json!(["code"]));
                return Reply::of(200, &serde_json::Value::Object(document).to_string());
            }
            match line {
                _ if line.contains("/.well-known/jwks") => Reply::of(200, &jwks),
                _ if line.contains("/oauth2/auth") => Reply::to(&at("/auth/login")),
                _ if line.contains("/oauth2/token") => answers(),
                _ if line.contains("openid-connect-authorize") => plugin(),
                _ => Reply::of(404, ""),
            }
        })
    }

    fn no_code() -> Reply {
        Reply::to("https://blog.example.com/wp-login.php?login-error=no-code")
    }

    #[tokio::test]
    async fn a_tool_whose_sign_in_was_not_begun_is_partly_checked_and_one_whose_was_works() {
        let stage = Stage::at(&tenant(no_code));
        for (name, given) in [
            ("bravo-studio", ("callback_url", "https://a01x.callbacks.bravostudio.app")),
            ("cloudflare-zero-trust", ("team", "mirosaurus")),
            ("openid-provider", ("callback_url", "https://tool.example.com/oidc/callback")),
        ] {
            let secret: &[(&str, &str)] = if name == "cloudflare-zero-trust" { &[CLIENT_SECRET] } else { &[] };
            let (how, outcome) = ended(&stage, name, Call::Check, &[given], secret).await;
            assert_eq!(how, Ended::Partly, "{name}: {outcome:#?}");
            let (how, outcome) = ended(&stage, name, Call::Check, &[given, ("client_id", "id")], secret).await;
            assert_eq!(how, Ended::Good, "{name}: {outcome:#?}");
        }
    }

    const CLIENT_SECRET: (&str, &str) = ("client_secret", "CanarySecretCanary1");

    #[tokio::test]
    async fn a_tool_works_where_the_tenant_took_its_client_secret_and_one_that_is_wrong_fails() {
        let refused = || Reply::of(401, r#"{"error":"invalid_client","error_description":"CanarySecretCanary1"}"#);
        let taken = || Reply::of(400, r#"{"error":"invalid_grant"}"#);
        let gone = || Reply::of(503, "CanarySecretCanary1");
        for (token, secret, wanted, said) in [
            (taken as fn() -> Reply, &[CLIENT_SECRET][..], Ended::Good, "as it should be"),
            (taken, &[], Ended::Partly, "give client_id and client_secret"),
            (gone, &[CLIENT_SECRET], Ended::Partly, "HTTP 503"),
            (refused, &[CLIENT_SECRET], Ended::Failed, "does not take this secret"),
        ] {
            let address = tenant_whose_token_endpoint(token, no_code);
            for (name, given) in [("cloudflare-zero-trust", ("team", "foo")), ("wordpress", ("site", address.as_str()))]
            {
                let plain = [given, ("client_id", "id")];
                let (how, outcome) = ended(&Stage::at(&address), name, Call::Check, &plain, secret).await;
                assert_eq!(how, wanted, "{name}: {outcome:#?}");
                let (_, words) = summed_up(find(name).unwrap(), Call::Check, &outcome);
                assert!(words.contains(said), "{name}: {words}");
                assert!(!format!("{outcome:?}").contains("Canary"), "{name}: {outcome:#?}");
            }
        }
    }

    #[tokio::test]
    async fn a_wordpress_without_the_plugin_s_own_answer_is_partly_checked() {
        let home = || Reply::of(200, "<h1>Hello world</h1>");
        let www = || Reply::to("https://www.blog.example.com/wp-admin/admin-ajax.php");
        for (plugin, client, wanted) in [
            (no_code as fn() -> Reply, Some("id"), Ended::Good),
            (no_code, None, Ended::Partly),
            (home, Some("id"), Ended::Partly),
            (www, Some("id"), Ended::Partly),
        ] {
            let address = tenant(plugin);
            let plain: Vec<(&str, &str)> =
                std::iter::once(("site", address.as_str())).chain(client.map(|id| ("client_id", id))).collect();
            let (how, outcome) = ended(&Stage::at(&address), "wordpress", Call::Check, &plain, &[CLIENT_SECRET]).await;
            assert_eq!(how, wanted, "{outcome:#?}");
        }
    }

    #[tokio::test]
    async fn a_supabase_project_in_which_no_row_was_seen_is_partly_checked() {
        const USER: &str = "kp_1a";
        let secret = [("jwt_secret", "kinde-client-secret-0123456789abcdefABCDEFGHIJ")];
        for (rows, wanted) in [("[]", Ended::Partly), (r#"[{"user_id":"kp_1a"}]"#, Ended::Good)] {
            let project = serve(move |at, _| match at {
                0 => Reply::of(200, &format!("\"{USER}\"")),
                1 => Reply::of(200, rows),
                2 | 3 => Reply::of(200, "[]"),
                _ => Reply::of(401, "{}"),
            });
            let plain = [("project", project.as_str()), ("publishable_key", "sb_publishable_x"), ("user_id", USER)];
            let (how, outcome) = ended(&Stage::at("acme"), "supabase", Call::Check, &plain, &secret).await;
            assert_eq!(how, wanted, "{outcome:#?}");
        }
        let claims = crate::recipes::supabase::token::Claims::of(USER, crate::clock::Clock::real().now().as_second());
        let token = crate::recipes::supabase::token::mint(&crate::secrets::Secret::new(secret[0].1), &claims);
        let (how, outcome) = ended(&Stage::at("acme"), "supabase", Call::Check, &[("token", &token)], &secret).await;
        assert_eq!((how, outcome.verdict()), (Ended::Partly, Verdict::Pass), "{outcome:#?}");
    }

    #[tokio::test]
    async fn the_other_tools_work_only_where_they_themselves_answered() {
        let stage = Stage::at("acme");
        let zapier = serve(|_, _| Reply::of(200, r#"{"status":"success"}"#));
        let url = format!("{zapier}/hooks/catch/1/a/");
        let (how, outcome) = ended(&stage, "zapier", Call::Check, &[("url", &url)], &[]).await;
        assert_eq!(how, Ended::Partly, "whether a webhook delivers there was not seen: {outcome:#?}");

        let secret = [("multipass_secret", "1234567890abcdef1234567890abcdef")];
        let shop = serve(|_, _| Reply::to("/account"));
        let store = shop.trim_start_matches("http://");
        let plain = [("store", store), ("email", "ada@example.com")];
        let multipass = find("shopify-multipass").unwrap();
        let made = crate::recipes::generate(multipass, &values(multipass, &plain, &secret), stage.around()).await;
        let token = made.unwrap().values["token"].as_str().unwrap().to_owned();
        for (spend, wanted) in [("no", Ended::Partly), ("yes", Ended::Good)] {
            let plain = [("store", store), ("token", &token), ("spend", spend)];
            let (how, outcome) = ended(&stage, "shopify-multipass", Call::Check, &plain, &secret).await;
            assert_eq!(how, wanted, "{outcome:#?}");
        }

        let stage = Stage::at(&tenant(no_code));
        let plain = [("client_id", "id"), ("source", "reddit")];
        let (how, outcome) = ended(&stage, "campaign-state", Call::Check, &plain, &[]).await;
        assert_eq!(how, Ended::Partly, "no campaign came back: {outcome:#?}");
    }

    /// A tenant that mints tokens with `scope`, and has `variables` for its workflows.
    fn with_api(scope: &'static str, variables: &'static str) -> Stage {
        let address = serve(move |_, line| match line {
            _ if line.contains("/oauth2/token") => {
                Reply::of(200, &format!(r#"{{"access_token":"opaque","expires_in":3600,"scope":"{scope}"}}"#))
            }
            _ if line.contains("/environment_variables") => {
                Reply::of(200, &format!(r#"{{"environment_variables":[{variables}]}}"#))
            }
            _ => Reply::of(404, ""),
        });
        let mut stage = Stage::at(&address);
        let m2m = M2m { client_id: "panel".to_owned(), client_secret: Secret::new("CanaryPanel1"), audience: None };
        let (http, domain) = (stage.http.clone(), stage.tenant.domain.clone());
        let tokens = TokenSource::new(http.clone(), domain.clone(), m2m, None);
        stage.tenant.api = Some(KindeApi::new(http, domain, tokens));
        stage
    }

    #[tokio::test]
    async fn trustpath_works_where_it_answered_and_the_workflow_can_reach_both_sides() {
        const ALL: &str = r#"{"id":"1","key":"KINDE_WF_M2M_CLIENT_ID","is_secret":false},
            {"id":"2","key":"KINDE_WF_M2M_CLIENT_SECRET","is_secret":true},{"id":"3","key":"TRUSTPATH_API_KEY","is_secret":true}"#;
        const TWO: &str = r#"{"id":"1","key":"KINDE_WF_M2M_CLIENT_ID","is_secret":false},
            {"id":"2","key":"KINDE_WF_M2M_CLIENT_SECRET","is_secret":true}"#;
        let key = ("trustpath_api_key", "CanaryKeyCanary1");
        let whole = [key, ("m2m_client_secret", "CanarySecretCanary1")];
        for (state, scope, variables, secrets, wanted) in [
            ("approve", "read:users", ALL, &whole[..], Ended::Good),
            ("maybe", "read:users", ALL, &whole, Ended::Partly),
            ("approve", "read:users", ALL, &[key], Ended::Partly),
            ("approve", "read:users write:users", ALL, &whole, Ended::Partly),
            ("approve", "read:events", ALL, &whole, Ended::Failed),
            ("approve", "read:users", TWO, &whole, Ended::Failed),
        ] {
            let api = serve(move |_, _| Reply::of(200, &format!(r#"{{"data":{{"score":{{"state":"{state}"}}}}}}"#)));
            let plain = [("api", api.as_str()), ("m2m_client_id", "workflow")];
            let (how, outcome) = ended(&with_api(scope, variables), "trustpath", Call::Check, &plain, secrets).await;
            assert_eq!(how, wanted, "{state} {scope}: {outcome:#?}");
        }
        let api = serve(|_, _| Reply::of(200, r#"{"data":{"score":{"state":"approve"}}}"#));
        let plain = [("api", api.as_str()), ("m2m_client_id", "workflow")];
        let (how, outcome) = ended(&Stage::at("acme"), "trustpath", Call::Check, &plain, &[key]).await;
        assert_eq!(how, Ended::Partly, "neither the application nor the variables were seen: {outcome:#?}");
        let (_, words) = summed_up(find("trustpath").unwrap(), Call::Check, &outcome);
        assert!(words.contains("partly checked") && words.contains("m2m_client_secret"), "{words}");
    }

    #[tokio::test]
    async fn a_simulation_that_runs_none_of_the_generated_code_is_worked_out_and_one_that_a_route_answered_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let jwks = crate::sandbox::facts(dir.path()).unwrap().jwks;
        let mut stage = Stage::at(&serve(move |_, _| Reply::of(200, &jwks)));
        stage.tenant.profile = Profile::sandbox();
        stage.sandbox = dir;
        for name in ["nextjs", "zapier", "edge-workers"] {
            let (how, outcome) = ended(&stage, name, Call::Simulate, &[], &[]).await;
            assert_eq!(how, Ended::Partly, "{name}: {outcome:#?}");
            let (mark, words) = summed_up(find(name).unwrap(), Call::Simulate, &outcome);
            assert_eq!(mark, Verdict::Skipped, "{words}");
            assert!(words.contains("worked out on this machine") && words.contains("was not run"), "{words}");
        }
        let worker = serve(|at, _| Reply::of(if at == 1 { 200 } else { 401 }, "{}"));
        for (name, url) in [("nextjs", route()), ("edge-workers", worker)] {
            let (how, outcome) = ended(&stage, name, Call::Simulate, &[("url", &url)], &[]).await;
            assert_eq!(how, Ended::Good, "{name}: {outcome:#?}");
        }
    }

    #[tokio::test]
    async fn what_asks_nobody_is_worked_out_and_never_green() {
        for (name, said) in [
            ("trustpath", "worked out on this machine"),
            ("shopify-multipass", "No sandbox was opened"),
            ("supabase", "No sandbox was opened"),
        ] {
            for failure in ["open", "closed"] {
                let plain: &[(&str, &str)] = if name == "trustpath" { &[("on_failure", failure)] } else { &[] };
                let (how, outcome) = ended(&Stage::at("acme"), name, Call::Simulate, plain, &[]).await;
                assert_eq!(how, Ended::Partly, "{outcome:#?}");
                let (mark, words) = summed_up(find(name).unwrap(), Call::Simulate, &outcome);
                assert!(mark == Verdict::Warn || words.contains(said), "{words}");
            }
        }
    }
}
