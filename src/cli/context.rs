//! What every command is given: services, the chosen profile, and the way to print.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::environment::Variables;
use super::{Exit, Global, print};
use crate::check::{self, Check, Verdict};
use crate::error::{Category, UserError};
use crate::kinde::M2m;
use crate::sandbox::{self, Served, Using};
use crate::services::Services;
use crate::tenant::{EnvironmentFacts, Guard, Profile, Tenant};

/// What every command is given.
#[derive(Debug, Clone)]
pub struct Context {
    /// Store, client, secrets, clock, profiles.
    pub services: Services,
    /// `--profile`.
    pub profile: Option<String>,
    /// `--json`.
    pub json: bool,
    /// Cancelled by Ctrl-C and SIGTERM.
    pub cancel: CancellationToken,
    variables: Variables,
    serving: Serving,
}

/// The sandbox, where this command serves it itself.
type Serving = Arc<Mutex<Held>>;

#[derive(Debug, Default)]
struct Held {
    served: Option<Served>,
    /// Serves it once nobody else does.
    watch: Option<tokio::task::JoinHandle<()>>,
}

fn held(serving: &Serving) -> MutexGuard<'_, Held> {
    serving.lock().unwrap_or_else(PoisonError::into_inner)
}

/// For how long a command counts as one that is done in a moment: who serves the sandbox for itself waits that long.
const MOMENT: Duration = Duration::from_secs(2);
/// How often a command that takes longer looks whether the sandbox is still served.
const LOOK: Duration = Duration::from_millis(100);

/// What a command needs of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// The tenant with its M2M application.
    Tenant,
    /// `decode`, `listen`, `doctor`, recipes: `KINDE_DOMAIN` alone counts.
    Domain,
}

/// Who chose the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// `--profile`.
    Flag,
    /// The `KINDE_*` variables.
    Variables,
    /// Nobody: the sandbox.
    Default,
}

/// A clap value parser for words that must hold something: `--app ''` is unusable, and not an app without a name.
///
/// # Errors
/// When nothing but white space is in it.
pub(super) fn non_empty(word: &str) -> Result<String, &'static str> {
    if word.trim().is_empty() { Err("it is empty") } else { Ok(word.to_owned()) }
}

/// The profile a command works on.
#[derive(Debug, Clone)]
pub struct Picked {
    /// The profile; `saved` is false for that of the variables.
    pub profile: Profile,
    /// Who chose it.
    pub from: From,
    /// Credentials of the environment variables: they go before the keyring's.
    pub m2m: Option<M2m>,
}

impl Context {
    /// A context over `services` for these flags and variables.
    pub fn new(services: Services, global: &Global, variables: Variables) -> Self {
        Self {
            services,
            profile: global.profile.clone(),
            json: global.json,
            cancel: CancellationToken::new(),
            variables,
            serving: Arc::default(),
        }
    }

    /// The profile by the rules of the command line: `--profile`, else the `KINDE_*` variables, else the sandbox.
    /// Names it on stderr.
    ///
    /// # Errors
    /// When `--profile` names none, or `KINDE_DOMAIN` holds no domain, or the profiles cannot be read.
    pub fn pick_profile(&self, wants: Wants) -> Result<Picked, UserError> {
        let picked = self.choose(wants)?;
        let by = match picked.from {
            From::Flag => "",
            From::Variables => " (from the KINDE_* variables, not saved)",
            From::Default => " (the default; choose with --profile)",
        };
        self.say(&format!("Profile: {}{by}", picked.profile.name));
        Ok(picked)
    }

    fn choose(&self, wants: Wants) -> Result<Picked, UserError> {
        if let Some(name) = &self.profile {
            return self.named(name);
        }
        if let Some(domain) = self.variables.domain()? {
            if let Some(m2m) = self.variables.m2m() {
                let profile = Profile::unsaved(domain, Some(m2m.client_id.clone()));
                return Ok(Picked { profile, from: From::Variables, m2m: Some(m2m) });
            }
            if wants == Wants::Domain {
                return Ok(Picked { profile: Profile::unsaved(domain, None), from: From::Variables, m2m: None });
            }
        }
        let missing = self.variables.missing();
        if !missing.is_empty() {
            self.say(&format!("The KINDE_* variables are not used: {} not set", missing.join(", ")));
        }
        let sandbox = self.services.profiles.get(crate::tenant::SANDBOX_PROFILE)?.unwrap_or_else(Profile::sandbox);
        Ok(Picked { profile: sandbox, from: From::Default, m2m: None })
    }

    /// One of client id and client secret set, and the other not: a secret that a job of CI was not given.
    pub(super) fn half_set(&self) -> Option<Check> {
        let (set, missing) = match (&self.variables.client_id, &self.variables.client_secret) {
            (Some(_), None) => ("KINDE_MANAGEMENT_CLIENT_ID", "KINDE_MANAGEMENT_CLIENT_SECRET"),
            (None, Some(_)) => ("KINDE_MANAGEMENT_CLIENT_SECRET", "KINDE_MANAGEMENT_CLIENT_ID"),
            _ => return None,
        };
        let fix = "Set both, or neither to look at the domain alone";
        Some(Check::fail("m2m application", format!("{set} is set, and {missing} is not, or is empty"), fix))
    }

    /// `--profile NAME`: a saved profile, or the domain of the variables.
    fn named(&self, name: &str) -> Result<Picked, UserError> {
        if let Some(profile) = self.services.profiles.find(name)? {
            // The client secret: environment, else keyring. Another application's secret is not this one's.
            let id = profile.client_id.clone();
            let m2m = self.variables.client_secret.clone().zip(id).and_then(|(client_secret, client_id)| {
                let same = self.variables.client_id.as_ref().is_none_or(|named| *named == client_id);
                let here =
                    self.variables.domain().ok().flatten().is_none_or(|named| profile.issuers().contains(&named));
                (same && here).then(|| M2m { client_id, client_secret, audience: profile.audience.clone() })
            });
            return Ok(Picked { profile, from: From::Flag, m2m });
        }
        let domain = self
            .variables
            .domain()?
            .filter(|domain| crate::kinde::Domain::parse(name).is_ok_and(|named| named == *domain));
        if let Some(domain) = domain {
            let m2m = self.variables.m2m();
            let profile = Profile::unsaved(domain, m2m.as_ref().map(|m2m| m2m.client_id.clone()));
            return Ok(Picked { profile, from: From::Flag, m2m });
        }
        let names: Vec<String> = self.services.profiles.list()?.into_iter().map(|profile| profile.name).collect();
        Err(UserError::new(Category::Input, format!("There is no profile {name}"))
            .detail(format!("Saved here: {}", names.join(", ")))
            .hint("Name one of these, or set KINDE_DOMAIN to its domain"))
    }

    /// Opens the tenant of the picked profile. A sandbox that nobody serves is served by this command while it runs.
    ///
    /// # Errors
    /// See [`Services::tenant`]; when the sandbox cannot be served.
    pub async fn tenant(&self, picked: &Picked) -> Result<Tenant, UserError> {
        if picked.profile.is_sandbox() {
            let attached = sandbox::attach_briefly(&self.services.sandbox_dir(), self.services.clock.clone()).await?;
            if let Some(served) = attached.served {
                held(&self.serving).served = Some(served);
            } else if let Some(using) = attached.using {
                self.watch(using);
            }
            return self.services.sandbox_tenant(&picked.profile, &attached.running).await;
        }
        match &picked.m2m {
            Some(m2m) => self.services.tenant_with(&picked.profile, Some(m2m.clone())),
            None => self.services.tenant(&picked.profile).await,
        }
    }

    /// Refuses to write to a live environment that nobody named. What cannot be read counts as live.
    ///
    /// # Errors
    /// The refusal, exit 2.
    pub async fn may_write(&self, picked: &Picked, tenant: &Tenant) -> Result<(), UserError> {
        if picked.from == From::Flag || !picked.profile.guard().is_on() {
            return Ok(());
        }
        let why = match self.as_it_is(picked, tenant).await.guard() {
            Guard::Open => return Ok(()),
            Guard::Live => "Kinde calls its environment live",
            Guard::Unread => "Its environment could not be read, and counts as live",
            Guard::ByChoice => "You asked for the guard",
        };
        let name = tenant.domain.authority();
        Err(UserError::new(Category::Input, format!("Writing to {name} needs its name"))
            .detail(why)
            .hint(format!("Add --profile {name} when this is the tenant you mean")))
    }

    /// The profile with what its environment says of itself now; as it was kept where that cannot be read.
    pub(super) async fn as_it_is(&self, picked: &Picked, tenant: &Tenant) -> Profile {
        let mut profile = picked.profile.clone();
        if let Some(api) = &tenant.api
            && let Ok(environment) = api.environment().await
        {
            profile.environment = Some(EnvironmentFacts::of(&environment, self.services.clock.now()));
        }
        profile
    }

    /// Keeps who serves the sandbox from ending for a moment, then serves it as soon as nobody does.
    fn watch(&self, using: Using) {
        let mut now = held(&self.serving);
        if now.served.is_some() || now.watch.is_some() {
            return;
        }
        let (dir, clock, serving) =
            (self.services.sandbox_dir(), self.services.clock.clone(), Arc::clone(&self.serving));
        now.watch = Some(tokio::spawn(async move {
            tokio::time::sleep(MOMENT).await;
            drop(using);
            loop {
                match sandbox::attach_briefly(&dir, clock.clone()).await {
                    Ok(sandbox::Attached { served: Some(served), .. }) => {
                        held(&serving).served = Some(served);
                        return;
                    }
                    Ok(_) => {}
                    Err(error) => tracing::warn!(%error, "the sandbox this command uses ended"),
                }
                tokio::time::sleep(LOOK).await;
            }
        }));
    }

    /// Ends what this command served itself, once no other command is in the middle of using it.
    pub(super) async fn close(&self) {
        let watch = held(&self.serving).watch.take();
        if let Some(watch) = watch {
            watch.abort();
            watch.await.ok();
        }
        let served = held(&self.serving).served.take();
        if let Some(served) = served {
            served.leave(&self.services.sandbox_dir(), &self.cancel).await;
        }
    }

    /// Prints one line of JSON on stdout.
    pub fn line(&self, value: &impl Serialize) {
        print::line(value);
    }

    /// Says something to a person, on stderr.
    pub fn say(&self, text: &str) {
        print::say(text);
    }

    /// Prints text on stdout, as it is: what a command without `--json` answers.
    pub fn answer(&self, text: &str) {
        print::answer(text);
    }

    /// Prints checks for a person, one sentence first, on stdout.
    pub fn checks(&self, headline: &str, checks: &[Check]) {
        print::answer(&print::checks(headline, checks));
    }

    /// A whole answer of checks: with `--json` the object, else for a person. The exit code is the verdict's.
    pub fn checked(&self, headline: &str, checks: &[Check]) -> Exit {
        let verdict = check::worst(checks);
        if self.json {
            self.line(&serde_json::json!({"verdict": verdict, "checks": checks}));
        } else {
            self.checks(headline, checks);
        }
        if verdict == Verdict::Fail { Exit::Bad } else { Exit::Good }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::kinde::Domain;
    use crate::net::Recorder;
    use crate::secrets::{Secret, SecretStore};

    fn context(profile: Option<&str>, variables: [Option<&str>; 3]) -> (tempfile::TempDir, Context) {
        let dir = tempfile::tempdir().unwrap();
        let services =
            Services::open(&dir.path().join("data"), Recorder::silent(), Clock::real(), SecretStore::memory()).unwrap();
        let mut saved = Profile::new("Acme Staging", Domain::parse("acme").unwrap());
        saved.client_id = Some("saved".to_owned());
        services.profiles.add(saved).unwrap();
        let [domain, client_id, client_secret] = variables.map(|text| text.map(str::to_owned));
        let variables = Variables { domain, client_id, client_secret: client_secret.map(Secret::new) };
        let global = Global { profile: profile.map(str::to_owned), ..Global::default() };
        (dir, Context::new(services, &global, variables))
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_command_that_takes_long_serves_the_sandbox_itself_once_nobody_does() {
        let (_dir, cx) = context(None, [None; 3]);
        let dir = cx.services.sandbox_dir();
        let other = sandbox::attach_briefly(&dir, cx.services.clock.clone()).await.unwrap().served.unwrap();
        let issuer = other.running().issuer.clone();
        let picked = cx.pick_profile(Wants::Tenant).unwrap();
        cx.tenant(&picked).await.unwrap();
        assert!(held(&cx.serving).served.is_none(), "another one serves it");
        let leave = other.leave(&dir, &cx.cancel);
        tokio::time::timeout(Duration::from_secs(60), leave).await.unwrap();
        let ours = async {
            while held(&cx.serving).served.is_none() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), ours).await.unwrap();
        assert_eq!(sandbox::find(&dir).unwrap().issuer, issuer, "at the same address");
        cx.close().await;
        assert!(sandbox::find(&dir).is_none());
    }

    #[test]
    fn the_profile_is_the_flags_then_the_three_variables_then_the_sandbox() {
        let three = [Some("other.kinde.com"), Some("id"), Some("secret")];
        let (_dir, cx) = context(Some("acme staging"), three);
        let picked = cx.pick_profile(Wants::Tenant).unwrap();
        assert_eq!((picked.profile.name.as_str(), picked.from, picked.m2m), ("Acme Staging", From::Flag, None));

        let (_dir, cx) = context(None, three);
        let picked = cx.pick_profile(Wants::Tenant).unwrap();
        assert_eq!((picked.profile.name.as_str(), picked.from), ("other.kinde.com", From::Variables));
        assert!(!picked.profile.saved && picked.m2m.is_some());
        assert_eq!(cx.services.profiles.list().unwrap().len(), 2, "it is not saved");

        let (_dir, cx) = context(None, [None; 3]);
        assert!(cx.pick_profile(Wants::Tenant).unwrap().profile.is_sandbox());
    }

    #[test]
    fn a_domain_alone_counts_only_where_a_domain_is_enough() {
        let (_dir, cx) = context(None, [Some("other"), None, None]);
        assert_eq!(cx.pick_profile(Wants::Domain).unwrap().profile.name, "other.kinde.com");
        assert!(cx.pick_profile(Wants::Tenant).unwrap().profile.is_sandbox());
        let (_dir, cx) = context(None, [Some("not a domain"), None, None]);
        assert!(cx.pick_profile(Wants::Domain).unwrap_err().title.starts_with("KINDE_DOMAIN"));
    }

    #[test]
    fn the_flag_may_name_a_saved_domain_or_the_domain_of_the_variables_and_nothing_else() {
        let three = [Some("https://other.kinde.com/"), Some("id"), Some("secret")];
        for (flag, name) in [("acme.kinde.com", "Acme Staging"), ("other.kinde.com", "other.kinde.com")] {
            let (_dir, cx) = context(Some(flag), three);
            let picked = cx.pick_profile(Wants::Tenant).unwrap();
            assert_eq!((picked.profile.name.as_str(), picked.from), (name, From::Flag), "{flag}");
        }
        let (_dir, cx) = context(Some("nobody"), three);
        let error = cx.pick_profile(Wants::Tenant).unwrap_err();
        assert_eq!(Exit::of(&error), Exit::Unusable);
        assert!(error.detail.contains("Acme Staging") && error.detail.contains("sandbox"), "{error:?}");
    }

    #[test]
    fn a_saved_profile_takes_its_secret_from_the_environment_only_where_it_is_the_same_application() {
        for (variables, taken) in [
            ([None, None, Some("s")], true),
            ([Some("acme.kinde.com"), Some("saved"), Some("s")], true),
            ([Some("other.kinde.com"), Some("saved"), Some("s")], false),
            ([None, Some("another"), Some("s")], false),
        ] {
            let (_dir, cx) = context(Some("Acme Staging"), variables);
            assert_eq!(cx.pick_profile(Wants::Tenant).unwrap().m2m.is_some(), taken, "{variables:?}");
        }
    }

    #[tokio::test]
    async fn writing_to_what_may_be_live_needs_the_flag() {
        let (_dir, cx) = context(None, [Some("127.0.0.1:9"), Some("id"), Some("secret")]);
        let picked = cx.pick_profile(Wants::Tenant).unwrap();
        let tenant = cx.services.tenant_with(&picked.profile, None).unwrap();
        let error = cx.may_write(&picked, &tenant).await.unwrap_err();
        assert_eq!(Exit::of(&error), Exit::Unusable);
        assert!(error.hint.contains("--profile 127.0.0.1:9"), "{error:?}");
        cx.may_write(&Picked { from: From::Flag, ..picked.clone() }, &tenant).await.unwrap();
        let sandbox = Picked { profile: Profile::sandbox(), from: From::Default, m2m: None };
        cx.may_write(&sandbox, &tenant).await.unwrap();
    }
}
