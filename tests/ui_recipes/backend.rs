//! The backend's side of the room, on the sandbox: what is made, kept, registered, checked and walked.

use std::collections::BTreeMap;
use std::time::Duration;

use kinde_panel::backend::recipes::{Ask, Command, Event, Saved};
use kinde_panel::backend::{self, Backend, End, JobId, sandbox, shell};
use kinde_panel::check::Verdict;
use kinde_panel::clock::Clock;
use kinde_panel::error::{Category, UserError};
use kinde_panel::net::Exchange;
use kinde_panel::recipes::{self, Call, ChangeState, Given, Outcome, Plan, State, Stayed, Why};
use kinde_panel::sandbox::{Facts, Faults};
use kinde_panel::secrets::{Secret, SecretStore};
use kinde_panel::store::DataDir;
use kinde_panel::tenant::{Profile, Profiles, SANDBOX_PROFILE};

use crate::stage::CANARY;

struct Behind {
    backend: Backend,
    woken: std::sync::mpsc::Receiver<()>,
    folder: tempfile::TempDir,
    job: JobId,
    exchanges: Vec<Exchange>,
    ended: Option<End>,
}

impl Behind {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (wake, woken) = std::sync::mpsc::sync_channel(4096);
        let wake = move || wake.try_send(()).unwrap_or_default();
        let backend = Backend::start(folder.path().to_owned(), SecretStore::memory(), Clock::real(), wake, None);
        Self { backend: backend.unwrap(), woken, folder, job: 0, exchanges: Vec::new(), ended: None }
    }

    fn begin(&mut self, command: impl Into<backend::Command>) {
        self.job += 1;
        self.backend.run(self.job, command.into()).unwrap();
    }

    /// The next event of the room that is no single check; `None` where the job ended.
    fn next(&mut self) -> Option<Event> {
        loop {
            while let Some(stamped) = self.backend.next_event() {
                match stamped.event {
                    backend::Event::Recipes(Event::Looked(_) | Event::Kept(_)) => {}
                    backend::Event::Recipes(event) => return Some(event),
                    backend::Event::Shell(shell::Event::Exchange(exchange)) => self.exchanges.push(*exchange),
                    backend::Event::Ended(end) if stamped.job == self.job => {
                        self.ended = Some(end);
                        return None;
                    }
                    _ => {}
                }
            }
            self.woken.recv_timeout(Duration::from_secs(60)).expect("the backend answers");
        }
    }

    fn ask(&mut self, command: Command) -> Event {
        self.begin(command);
        let event = self.next().expect("an answer");
        while self.next().is_some() {}
        event
    }

    fn plan(&mut self, ask: Ask) -> Result<Box<Plan>, UserError> {
        match self.ask(Command::Plan(Box::new(ask))) {
            Event::Planned(result) => result,
            other => panic!("{other:?}"),
        }
    }

    fn apply(&mut self, plan: Box<Plan>) -> Vec<kinde_panel::check::Check> {
        match self.ask(Command::Apply { profile: SANDBOX_PROFILE, plan }) {
            Event::Applied(result) => result.unwrap(),
            other => panic!("{other:?}"),
        }
    }

    fn judged(&mut self, ask: Ask) -> Result<Box<Outcome>, UserError> {
        match self.ask(Command::Run(Box::new(ask))) {
            Event::Judged(result) => result,
            other => panic!("{other:?}"),
        }
    }

    fn facts(&self) -> Facts {
        kinde_panel::sandbox::facts(&self.folder.path().join("sandbox")).unwrap()
    }

    fn profile(&self) -> Profile {
        Profiles::of(&DataDir::open(self.folder.path()).unwrap()).get(SANDBOX_PROFILE).unwrap().unwrap()
    }

    fn fault(&mut self, faults: Faults) {
        for command in [sandbox::Command::Start, sandbox::Command::SetFaults(faults)] {
            self.begin(command);
            while self.next().is_some() {}
        }
    }
}

fn ask(name: &str, call: Call, plain: &[(&str, &str)], secrets: &[(&str, &str)]) -> Ask {
    let plain: BTreeMap<String, String> = plain.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Ask {
        profile: SANDBOX_PROFILE,
        name: name.to_owned(),
        call,
        given: Given {
            plain: plain.clone(),
            secrets: secrets.iter().map(|(k, v)| ((*k).to_owned(), Secret::new(*v))).collect(),
        },
        keep: plain,
        let_go: Vec::new(),
    }
}

const CALLBACK: &str = "https://tool.example.com/oidc/callback";

#[test]
fn a_callback_is_added_by_post_what_was_there_stays_and_the_check_then_finds_it() {
    let mut behind = Behind::start();
    let before = behind.facts().web_application().unwrap().redirect_urls.clone();
    assert!(!before.contains(&CALLBACK.to_owned()));
    let wanted = || ask("openid-provider", Call::Generate, &[("callback_url", CALLBACK)], &[]);
    let failing = behind.judged(Ask { call: Call::Check, ..wanted() }).unwrap();
    assert_eq!(failing.verdict(), Verdict::Fail, "{failing:?}");
    assert_eq!(recipes::of_profile(&behind.profile(), "openid-provider"), State::Fails);

    let plan = behind.plan(wanted()).unwrap();
    assert!(matches!(plan.changes[..], [ref change] if matches!(change.state, ChangeState::Add)), "{plan:?}");
    assert_eq!(behind.facts().web_application().unwrap().redirect_urls, before, "a plan writes nothing");
    let checks = behind.apply(plan);
    assert!(checks.iter().all(|check| check.verdict == Verdict::Pass), "{checks:?}");
    let after = behind.facts().web_application().unwrap().redirect_urls.clone();
    assert!(after.contains(&CALLBACK.to_owned()));
    assert!(before.iter().all(|url| after.contains(url)), "{before:?} {after:?}");
    let written: Vec<&Exchange> = behind
        .exchanges
        .iter()
        .filter(|exchange| exchange.url.contains("auth_redirect_urls") && exchange.method != "GET")
        .collect();
    assert!(matches!(written[..], [one] if one.method == "POST"), "{written:?}");

    let again = behind.plan(wanted()).unwrap();
    assert!(!again.writes(), "{again:?}");
    let good = behind.judged(Ask { call: Call::Check, ..wanted() }).unwrap();
    assert_ne!(good.verdict(), Verdict::Fail, "{good:?}");
    assert_eq!(recipes::of_profile(&behind.profile(), "openid-provider"), State::Works);
}

#[test]
fn a_client_id_of_nobody_fails_where_it_is_looked_up_and_where_the_sign_in_begins() {
    let mut behind = Behind::start();
    let nobody = [("callback_url", CALLBACK), ("client_id", "ffffffffffffffffffffffffffffffff")];
    let outcome = behind.judged(ask("openid-provider", Call::Check, &nobody, &[])).unwrap();
    for (name, words) in [("registered", "no application with this client ID"), ("authorize", "know this client ID")] {
        let check = outcome.checks.iter().find(|check| check.name == name).unwrap();
        assert_eq!(check.verdict, Verdict::Fail, "{check:?}");
        assert!(check.why.as_ref().unwrap().contains(words), "{check:?}");
    }
}

#[test]
fn a_callback_that_is_not_registered_is_told_as_that_by_the_sign_in_too() {
    let mut behind = Behind::start();
    let outcome = behind.judged(ask("openid-provider", Call::Check, &[("callback_url", CALLBACK)], &[])).unwrap();
    let check = outcome.checks.iter().find(|check| check.name == "authorize").unwrap();
    assert_eq!(check.verdict, Verdict::Fail);
    assert!(check.why.as_ref().unwrap().starts_with(CALLBACK), "{check:?}");
}

#[test]
fn a_client_secret_is_tried_where_the_tool_uses_it_and_a_wrong_one_fails_the_check() {
    let mut behind = Behind::start();
    let own = behind.facts().web_application().unwrap().client_secret.clone().unwrap();
    let team = ("team", "mirosaurus");
    let plan = behind.plan(ask("cloudflare-zero-trust", Call::Generate, &[team], &[])).unwrap();
    behind.apply(plan);
    for (name, plain) in [("wordpress", ("site", "http://127.0.0.1:9")), ("cloudflare-zero-trust", team)] {
        for (given, wanted) in
            [(Some(CANARY), Verdict::Fail), (None, Verdict::Skipped), (Some(own.expose()), Verdict::Pass)]
        {
            let secrets = given.map(|secret| ("client_secret", secret));
            let outcome = behind.judged(ask(name, Call::Check, &[plain], secrets.as_slice())).unwrap();
            let check = outcome.checks.iter().find(|check| check.name == "client secret").unwrap();
            assert_eq!(check.verdict, wanted, "{name}: {check:?}");
            assert!(!format!("{outcome:?}").contains(CANARY), "{outcome:?}");
            if name == "cloudflare-zero-trust" {
                let state = match wanted {
                    Verdict::Fail => State::Fails,
                    Verdict::Skipped => State::Partly,
                    _ => State::Works,
                };
                assert_eq!(recipes::of_profile(&behind.profile(), name), state, "{outcome:#?}");
            }
        }
    }
    assert!(behind.exchanges.iter().any(|exchange| exchange.url.ends_with("/oauth2/token")));
    for exchange in &behind.exchanges {
        let told = format!("{exchange:?}");
        assert!(!told.contains(CANARY) && !told.contains(own.expose()), "{told}");
    }
}

#[test]
fn a_simulated_sign_in_says_that_it_is_the_sandbox_s_own_application_and_not_what_was_given() {
    let mut behind = Behind::start();
    for (name, plain) in
        [("cloudflare-zero-trust", ("team", "foo")), ("wordpress", ("site", "https://blog.example.com"))]
    {
        let given = [plain, ("client_id", "0123456789abcdef0123456789abcdef")];
        let outcome = behind.judged(ask(name, Call::Simulate, &given, &[("client_secret", CANARY)])).unwrap();
        let check = |name: &str| outcome.checks.iter().find(|check| check.name == name).unwrap();
        assert_eq!(check("client secret").verdict, Verdict::Skipped, "{outcome:#?}");
        assert!(check("client secret").why.as_ref().unwrap().contains("not what was given"), "{outcome:#?}");
        assert_eq!(check("token").seen.as_deref(), Some("for the sandbox's own application, by its own secret"));
    }
}

#[test]
fn the_variables_of_trustpath_are_set_the_secret_ones_sensitive_and_in_no_exchange() {
    let mut behind = Behind::start();
    let secrets = [("m2m_client_secret", CANARY), ("trustpath_api_key", CANARY)];
    let wanted = || ask("trustpath", Call::Generate, &[("m2m_client_id", "workflow")], &secrets);
    let plan = behind.plan(wanted()).unwrap();
    assert!(plan.changes.len() == 3 && plan.changes.iter().all(|change| matches!(change.state, ChangeState::Add)));
    let checks = behind.apply(plan);
    assert!(checks.iter().all(|check| check.verdict == Verdict::Pass), "{checks:?}");
    let again = behind.plan(wanted()).unwrap();
    let states: Vec<&ChangeState> = again.changes.iter().map(|change| &change.state).collect();
    assert!(
        matches!(states[..], [ChangeState::There, ChangeState::Update { .. }, ChangeState::Update { .. }]),
        "{again:?}"
    );
    let other = ask("trustpath", Call::Generate, &[("m2m_client_id", "another")], &secrets);
    let changed = behind.plan(other).unwrap();
    assert!(matches!(changed.changes[0].state, ChangeState::Update { .. }), "{changed:?}");
    assert!(behind.exchanges.iter().any(|exchange| exchange.url.contains("environment_variables")));
    for exchange in &behind.exchanges {
        assert!(!format!("{exchange:?}").contains(CANARY), "{exchange:?}");
    }
    let kept = std::fs::read_to_string(behind.folder.path().join("profiles.json")).unwrap();
    assert!(kept.contains("another") && !kept.contains(CANARY), "inputs are kept, secrets are not: {kept}");
    for file in ["state.json", "state.json.bak"] {
        let held = std::fs::read_to_string(behind.folder.path().join("sandbox").join(file)).unwrap();
        assert!(held.contains("KINDE_WF_M2M_CLIENT_ID") && !held.contains(CANARY), "{file}: {held}");
    }
}

#[test]
fn a_secret_key_of_supabase_is_refused_before_it_is_kept_and_one_that_was_kept_goes() {
    let mut behind = Behind::start();
    let secret_key = format!("sb_secret_{CANARY}");
    let remembered = Profiles::of(&DataDir::open(behind.folder.path()).unwrap()).update(SANDBOX_PROFILE, |profile| {
        let kept = profile.recipes.entry("supabase".to_owned()).or_default();
        kept.inputs.insert("publishable_key".to_owned(), secret_key.clone());
        kept.inputs.insert("project".to_owned(), "abc".to_owned());
    });
    remembered.unwrap();
    let plain = [("project", "abc"), ("publishable_key", secret_key.as_str())];
    let wanted = |call| ask("supabase", call, &plain, &[]);
    let error = match behind.ask(Command::Run(Box::new(wanted(Call::Generate)))) {
        Event::Made(Err(error)) => error,
        other => panic!("{other:?}"),
    };
    let checked = behind.judged(wanted(Call::Check)).unwrap_err();
    let simulated = behind.judged(wanted(Call::Simulate)).unwrap_err();
    let planned = behind.plan(wanted(Call::Generate)).unwrap_err();
    for error in [error, checked, simulated, planned] {
        assert_eq!(error.category, Category::Input);
        assert!(error.hint.contains("Project Settings > API Keys"), "{error:?}");
        assert!(!format!("{error:?}").contains(CANARY), "{error:?}");
    }
    let kept = behind.profile().recipes["supabase"].inputs.clone();
    assert_eq!(kept, [("project".to_owned(), "abc".to_owned())].into(), "the rest of what was remembered stays");
    let text = std::fs::read_to_string(behind.folder.path().join("profiles.json")).unwrap();
    assert!(!text.contains(CANARY), "{text}");
}

#[test]
fn a_simulation_of_trustpath_sets_the_variables_in_the_sandbox_reads_them_back_and_leaves_those_that_are_there() {
    let mut behind = Behind::start();
    let secrets = [("m2m_client_secret", CANARY), ("trustpath_api_key", CANARY)];
    let walk = |behind: &mut Behind| {
        let outcome =
            behind.judged(ask("trustpath", Call::Simulate, &[("m2m_client_id", "workflow")], &secrets)).unwrap();
        for (name, seen) in [
            ("KINDE_WF_M2M_CLIENT_ID", "not sensitive"),
            ("KINDE_WF_M2M_CLIENT_SECRET", "sensitive: its value is not given back"),
            ("TRUSTPATH_API_KEY", "sensitive: its value is not given back"),
        ] {
            let check =
                outcome.checks.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("{outcome:#?}"));
            assert_eq!((check.verdict, check.seen.as_deref()), (Verdict::Pass, Some(seen)), "{check:?}");
        }
    };
    walk(&mut behind);
    let state = std::fs::read_to_string(behind.folder.path().join("sandbox").join("state.json")).unwrap();
    assert!(state.contains("TRUSTPATH_API_KEY") && !state.contains(CANARY), "what a person typed is in no file");

    let own = || ask("trustpath", Call::Generate, &[("m2m_client_id", "workflow")], &secrets);
    let plan = behind.plan(own()).unwrap();
    assert!(plan.changes.iter().all(|change| matches!(change.state, ChangeState::Update { .. })), "{plan:?}");
    behind.apply(plan);
    walk(&mut behind);
    let plan = behind.plan(own()).unwrap();
    assert!(matches!(plan.changes[0].state, ChangeState::There), "what a person set stays: {plan:?}");
    let made = |exchange: &&Exchange| exchange.method == "POST" && exchange.url.contains("environment_variables");
    assert_eq!(behind.exchanges.iter().filter(made).count(), 3, "each was made once");
}

#[test]
fn what_is_made_for_a_real_tenant_names_the_sandbox_for_the_simulation_and_the_tenant_for_the_rest() {
    let mut behind = Behind::start();
    let domain = kinde_panel::kinde::Domain::parse("acme").unwrap();
    let acme = Profiles::of(&DataDir::open(behind.folder.path()).unwrap()).add(Profile::new("acme", domain)).unwrap();
    for name in ["nextjs", "edge-workers"] {
        let wanted = Ask { profile: acme.id, ..ask(name, Call::Generate, &[], &[]) };
        let Event::Made(Ok(made)) = behind.ask(Command::Run(Box::new(wanted))) else { panic!() };
        let sandbox = behind.facts().issuer_last.expect("it was started for its address");
        assert_eq!(made.values["test_env"], format!("KINDE_ISSUER_URL={sandbox}"), "{name}");
        assert_eq!(made.values["tenant_env"], "KINDE_ISSUER_URL=https://acme.kinde.com", "{name}");
    }
}

#[test]
fn a_webhook_is_created_once_for_an_endpoint() {
    let mut behind = Behind::start();
    let wanted = || ask("nextjs", Call::Generate, &[("endpoint", "http://localhost:3000/api/kinde-webhook")], &[]);
    let plan = behind.plan(wanted()).unwrap();
    let checks = behind.apply(plan);
    assert!(checks.iter().all(|check| check.verdict == Verdict::Pass), "{checks:?}");
    assert!(!behind.plan(wanted()).unwrap().writes());
}

#[test]
fn an_event_type_that_the_tenant_does_not_know_is_refused_instead_of_planned() {
    let mut behind = Behind::start();
    let wanted = |events| {
        let plain = [("endpoint", "http://localhost:3000/api/kinde-webhook"), ("events", events)];
        ask("nextjs", Call::Generate, &plain, &[])
    };
    let error = behind.plan(wanted("user.created nonsense.type")).unwrap_err();
    assert!(error.category == Category::Input && error.title.contains("nonsense.type"), "{error:?}");
    assert!(behind.plan(wanted("user.created")).unwrap().writes());
}

#[test]
fn a_missing_scope_makes_a_plan_that_knows_nothing_and_writes_nothing() {
    let mut behind = Behind::start();
    let scopes = vec!["read:applications_redirect_uris".to_owned()];
    behind.fault(Faults { missing_scopes: scopes, ..Faults::default() });
    let wanted = ask("openid-provider", Call::Generate, &[("callback_url", CALLBACK)], &[]);
    let plan = behind.plan(wanted).unwrap();
    let ChangeState::Unknown(error) = &plan.changes[0].state else { panic!("{plan:?}") };
    assert_eq!(error.category, Category::Auth);
    assert!(!plan.writes() && format!("{error:?}").contains("read:applications_redirect_uris"), "{error:?}");
}

#[test]
fn every_recipe_is_simulated_without_an_account_and_is_remembered_as_that() {
    let mut behind = Behind::start();
    for recipe in recipes::all() {
        let name = recipe.content().name.as_str();
        let plain: &[(&str, &str)] = match name {
            "bravo-studio" => &[("callback_url", "https://a01x.callbacks.bravostudio.app")],
            "cloudflare-zero-trust" => &[("team", "mirosaurus")],
            "openid-provider" => &[("callback_url", CALLBACK)],
            "wordpress" => &[("site", "https://blog.example.com")],
            _ => &[],
        };
        let outcome = behind.judged(ask(name, Call::Simulate, plain, &[])).unwrap();
        assert!(matches!(outcome.verdict(), Verdict::Pass | Verdict::Warn), "{name}: {outcome:#?}");
        if ["cloudflare-zero-trust", "openid-provider"].contains(&name) {
            let mut rows: Vec<&str> = outcome.checks.iter().map(|check| check.name.as_str()).collect();
            rows.sort_unstable();
            let twice = rows.windows(2).find(|two| two[0] == two[1]);
            assert!(twice.is_none(), "{name}: {twice:?}");
            assert!(rows.contains(&"without pkce"), "both ways were walked: {rows:?}");
        }
        // Where the panel does what the tool or the written code would do, none of that ran, whoever signed in.
        let alone = ["trustpath", "nextjs", "zapier", "edge-workers", "shopify-multipass", "supabase"].contains(&name);
        let wanted = if alone { State::WorkedOut } else { State::Simulated };
        assert_eq!(recipes::of_profile(&behind.profile(), name), wanted, "{name}: {outcome:#?}");
        assert!(recipes::used_at(&behind.profile(), name).is_some());
    }
}

#[test]
fn a_thing_that_is_pasted_to_be_judged_says_nothing_of_its_recipe() {
    let mut behind = Behind::start();
    for (name, plain, secret) in [
        ("supabase", ("token", "nonsense"), "jwt_secret"),
        ("shopify-multipass", ("token", "nonsense"), "multipass_secret"),
        ("campaign-state", ("callback_url", "http://localhost:3000/cb?error=access_denied"), "key"),
    ] {
        let outcome = behind.judged(ask(name, Call::Check, &[plain], &[(secret, CANARY)])).unwrap();
        assert_eq!(outcome.verdict(), Verdict::Fail, "{name}: {outcome:#?}");
        assert_eq!(recipes::of_profile(&behind.profile(), name), State::New, "{name}");
        assert!(recipes::used_at(&behind.profile(), name).is_some(), "{name}");
    }
}

#[test]
fn forgetting_the_inputs_of_a_recipe_puts_its_state_back_to_new() {
    let mut behind = Behind::start();
    behind.judged(ask("openid-provider", Call::Simulate, &[("callback_url", CALLBACK)], &[])).unwrap();
    assert_eq!(recipes::of_profile(&behind.profile(), "openid-provider"), State::Simulated);
    let forget = Command::Forget { profile: SANDBOX_PROFILE, name: "openid-provider".to_owned(), secrets: false };
    assert!(matches!(behind.ask(forget), Event::Forgotten { result: Ok(()), .. }));
    assert_eq!(recipes::of_profile(&behind.profile(), "openid-provider"), State::New);
    assert!(!behind.profile().recipes.contains_key("openid-provider"), "nothing of it is kept");
}

#[test]
fn a_campaign_goes_to_the_sandbox_s_sign_in_and_comes_back_from_it() {
    let mut behind = Behind::start();
    let outcome = behind.judged(ask("campaign-state", Call::Simulate, &[("campaign", "a+b & c#d")], &[])).unwrap();
    let check = |name: &str| outcome.checks.iter().find(|check| check.name == name).map(|check| check.verdict);
    for name in ["authorize", "sign in", "echo", "signature", "campaign"] {
        assert_eq!(check(name), Some(Verdict::Pass), "{name}: {outcome:#?}");
    }
    // The state itself is masked there, as a token would be.
    let sign_in = |exchange: &Exchange| {
        let url = url::Url::parse(&exchange.url).unwrap();
        let mut pairs = url.query_pairs();
        url.path() == "/oauth2/auth"
            && pairs.any(|(name, value)| name == "redirect_uri" && value.ends_with("/auth/campaign/callback"))
    };
    assert!(behind.exchanges.iter().any(sign_in), "the sandbox was asked: {:?}", behind.exchanges);
    assert_eq!(outcome.values["campaign"]["campaign"], "a+b & c#d");
}

#[test]
fn the_sandbox_s_own_application_fills_the_fields_and_what_is_typed_is_there_again() {
    let mut behind = Behind::start();
    let open = |name: &str| Command::Open { profile: SANDBOX_PROFILE, name: name.to_owned() };
    let Event::Opened(opened) = behind.ask(open("cloudflare-zero-trust")) else { panic!() };
    let web = behind.facts();
    let web = web.web_application().unwrap();
    assert_eq!(opened.known["client_id"], web.client_id);
    assert_eq!(Some(&opened.secrets["client_secret"]), web.client_secret.as_ref());
    let made = ask("cloudflare-zero-trust", Call::Generate, &[("team", "mirosaurus")], &[]);
    let Event::Made(Ok(made)) = behind.ask(Command::Run(Box::new(made))) else { panic!() };
    assert_eq!(made.values["callback_url"], "https://mirosaurus.cloudflareaccess.com/cdn-cgi/access/callback");
    assert_eq!(behind.profile().recipes["cloudflare-zero-trust"].inputs["team"], "mirosaurus");

    let shop = ask("shopify-multipass", Call::Generate, &[("store", "acme")], &[("multipass_secret", CANARY)]);
    let Event::Made(Ok(_)) = behind.ask(Command::Run(Box::new(shop.clone()))) else { panic!() };
    let Event::Opened(opened) = behind.ask(open("shopify-multipass")) else { panic!() };
    assert_eq!(opened.secrets["multipass_secret"], Secret::new(CANARY));
    let emptied =
        Ask { given: Given::default(), keep: BTreeMap::new(), let_go: vec!["multipass_secret".into()], ..shop };
    behind.ask(Command::Run(Box::new(emptied)));
    let Event::Opened(opened) = behind.ask(open("shopify-multipass")) else { panic!() };
    assert!(opened.secrets.is_empty(), "it was taken out of its field");
    let kept = std::fs::read_to_string(behind.folder.path().join("profiles.json")).unwrap();
    assert!(!kept.contains(CANARY));
}

#[test]
fn what_was_forgotten_is_remembered_again_at_a_word_where_nothing_came_in_its_place() {
    let mut behind = Behind::start();
    let made = ask("cloudflare-zero-trust", Call::Generate, &[("team", "mirosaurus")], &[]);
    behind.ask(Command::Run(Box::new(made)));
    let name = "cloudflare-zero-trust";
    let kept = behind.profile().recipes[name].clone();
    let forget = Command::Forget { profile: SANDBOX_PROFILE, name: name.to_owned(), secrets: false };
    let Event::Forgotten { profile, before, result: Ok(()) } = behind.ask(forget) else { panic!() };
    assert!(behind.profile().recipes.get(name).is_none_or(|there| there.inputs.is_empty()));
    assert_eq!(*before, kept);
    let remember = || Command::Remember { profile, name: name.to_owned(), before: before.clone() };
    let Event::Remembered(Ok(())) = behind.ask(remember()) else { panic!() };
    assert_eq!(behind.profile().recipes[name], kept);
    behind.ask(Command::Run(Box::new(ask(name, Call::Generate, &[("team", "another")], &[]))));
    behind.ask(remember());
    assert_eq!(behind.profile().recipes[name].inputs["team"], "another");
}

#[test]
fn a_secret_that_is_kept_is_not_forgotten_before_somebody_agreed() {
    let mut behind = Behind::start();
    let name = "shopify-multipass";
    let shop = ask(name, Call::Generate, &[("store", "acme")], &[("multipass_secret", CANARY)]);
    behind.ask(Command::Run(Box::new(shop)));
    let forget = |secrets| Command::Forget { profile: SANDBOX_PROFILE, name: name.to_owned(), secrets };
    let Event::HasSecrets(kept) = behind.ask(forget(false)) else { panic!() };
    assert_eq!(kept, ["multipass_secret"]);
    let open = || Command::Open { profile: SANDBOX_PROFILE, name: name.to_owned() };
    let Event::Opened(opened) = behind.ask(open()) else { panic!() };
    assert_eq!(opened.secrets["multipass_secret"], Secret::new(CANARY));
    assert_eq!(behind.profile().recipes[name].inputs["store"], "acme");
    let Event::Forgotten { result: Ok(()), .. } = behind.ask(forget(true)) else { panic!() };
    let Event::Opened(opened) = behind.ask(open()) else { panic!() };
    assert!(opened.secrets.is_empty() && !behind.profile().recipes.contains_key(name));
    let Event::Forgotten { result: Ok(()), .. } = behind.ask(forget(false)) else { panic!("none is kept") };
}

#[test]
fn a_client_secret_that_was_kept_stays_that_of_its_client_id_when_another_is_typed() {
    let mut behind = Behind::start();
    let domain = kinde_panel::kinde::Domain::parse("acme").unwrap();
    let acme = Profiles::of(&DataDir::open(behind.folder.path()).unwrap()).add(Profile::new("acme", domain)).unwrap();
    let make = |behind: &mut Behind, name: &str, plain: &[(&str, &str)], secrets: &[(&str, &str)]| {
        let wanted = Ask { profile: acme.id, ..ask(name, Call::Generate, plain, secrets) };
        let Event::Made(Ok(made)) = behind.ask(Command::Run(Box::new(wanted))) else { panic!("{name}") };
        made.files.iter().find(|file| file.is_private()).unwrap().exact().expose().contains(CANARY)
    };
    let site = ("site", "https://blog.example.com");
    assert!(make(&mut behind, "wordpress", &[site, ("client_id", "first")], &[("client_secret", CANARY)]));
    let reddit = ("source", "reddit");
    assert!(!make(&mut behind, "campaign-state", &[reddit, ("client_id", "second")], &[]), "typed just now");
    let open = Command::Open { profile: acme.id, name: "wordpress".to_owned() };
    let Event::Opened(opened) = behind.ask(open) else { panic!() };
    assert_eq!((opened.known["client_id"].as_str(), opened.web_secret_of.as_str()), ("second", "first"));
    assert_eq!(opened.secrets["client_secret"], Secret::new(CANARY));
    assert!(make(&mut behind, "campaign-state", &[reddit, ("client_id", "first")], &[]), "its own again");
    assert!(make(&mut behind, "wordpress", &[site, ("client_id", "third")], &[("client_secret", CANARY)]));
    assert!(make(&mut behind, "campaign-state", &[reddit], &[]), "it was given with the third");
}

#[test]
fn a_secret_that_was_made_is_kept_and_made_only_once() {
    let mut behind = Behind::start();
    let supabase: &[(&str, &str)] = &[("project", "abcdefghijklmnopqrst")];
    for (name, field, plain) in
        [("supabase", "jwt_secret", supabase), ("campaign-state", "key", &[("source", "reddit")])]
    {
        let make = |behind: &mut Behind, secrets: &[(&str, &str)]| {
            let made = ask(name, Call::Generate, plain, secrets);
            let Event::Made(Ok(made)) = behind.ask(Command::Run(Box::new(made))) else { panic!() };
            let env = made.files.iter().find(|file| file.is_private()).unwrap().exact();
            (made.secrets.get(field).cloned(), env)
        };
        let (made, env) = make(&mut behind, &[]);
        let made = made.expect("none was given");
        let open = Command::Open { profile: SANDBOX_PROFILE, name: name.to_owned() };
        let Event::Opened(opened) = behind.ask(open) else { panic!() };
        assert_eq!(opened.secrets[field], made, "the field has it again");
        let (none, again) = make(&mut behind, &[(field, made.expose())]);
        let line = |env: &Secret| env.expose().lines().find(|line| line.ends_with(made.expose())).map(str::to_owned);
        assert!(none.is_none() && line(&env).is_some() && line(&env) == line(&again));
        let kept = std::fs::read_to_string(behind.folder.path().join("profiles.json")).unwrap();
        assert!(!kept.contains(made.expose()));
    }
}

#[test]
fn files_are_saved_below_a_whole_path_alone_and_what_is_there_is_told_first() {
    let mut behind = Behind::start();
    let made = ask("nextjs", Call::Generate, &[], &[]);
    let Event::Made(Ok(made)) = behind.ask(Command::Run(Box::new(made))) else { panic!() };
    let mut save_as = |folder: &str, shown: &[&str], make: bool| {
        let shown = shown.iter().map(|path| (*path).to_owned()).collect();
        let command = Command::Save { folder: folder.to_owned(), files: made.files.clone(), shown, make };
        match behind.ask(command) {
            Event::Saved(result) => result,
            other => panic!("{other:?}"),
        }
    };
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("app");
    let (route, env) = (folder.join("app/api/kinde-webhook/route.ts"), folder.join(".env.local"));
    let text = folder.to_str().unwrap();
    assert!(save_as("app", &[], true).is_err(), "where would that be?");
    assert_eq!(save_as(text, &[], false).unwrap(), Saved::NoFolder);
    assert!(!folder.exists());
    assert_eq!(save_as(text, &[], true).unwrap(), Saved::Written { folder: folder.clone(), kept: Vec::new() });
    let mut save = |folder: &str, shown: &[&str]| save_as(folder, shown, false);
    std::fs::write(&route, "mine").unwrap();
    std::fs::write(&env, "MINE=1\nKINDE_ISSUER_URL=https://mine.kinde.com\n").unwrap();
    let there = ["app/api/kinde-webhook/route.ts", ".env.local"];
    assert_eq!(save(text, &[]).unwrap(), Saved::There(there.map(str::to_owned).to_vec()));
    assert_eq!(std::fs::read_to_string(&route).unwrap(), "mine");
    let kept = vec![Stayed { name: "KINDE_ISSUER_URL".to_owned(), path: ".env.local".to_owned(), why: Why::Another }];
    assert_eq!(save(text, &there).unwrap(), Saved::Written { folder, kept });
    assert_ne!(std::fs::read_to_string(&route).unwrap(), "mine");
    let lines = std::fs::read_to_string(&env).unwrap();
    assert!(lines.starts_with("MINE=1\nKINDE_ISSUER_URL=https://mine.kinde.com\n"), "{lines}");
}

#[test]
fn a_check_that_nobody_answers_is_ended_by_a_word() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api/kinde-webhook", listener.local_addr().unwrap());
    let mut behind = Behind::start();
    behind.begin(Command::Run(Box::new(ask("nextjs", Call::Check, &[("url", &url)], &[]))));
    // It is asked, and does not answer.
    let (_held, _) = listener.accept().unwrap();
    let job = behind.job;
    behind.backend.cancel(job);
    assert!(behind.next().is_none());
    assert_eq!(behind.ended, Some(End::Cancelled));
    assert_eq!(recipes::of_profile(&behind.profile(), "nextjs"), State::New, "nothing was found");
}
