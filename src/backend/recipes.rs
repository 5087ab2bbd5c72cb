//! What the Recipes room asks for: what is kept of a recipe, its jobs, a plan and carrying it out, and files to save.
//!
//! Calls the recipes and answers with events; keeps nothing of its own. Whether a person was asked before something is
//! written to a tenant is the screen's to see to.

use std::collections::BTreeMap;
use std::path::PathBuf;

use uuid::Uuid;

use super::Job;
use crate::check::{Check, Verdict};
use crate::error::{Category, UserError};
use crate::inspector::key_source::owner_id;
use crate::recipes::{
    self, Around, Artefact, Beside, Call, Content, Ended, From, Generated, Given, History, Input, Outcome, Plan,
    Recipe, Stayed, Values, secret_field,
};
use crate::sandbox;
use crate::secrets::{Kept, Secret};
use crate::store::attempts::Attempts;
use crate::tenant::{KeptRecipe, Profile, SANDBOX_PROFILE, Tenant, WEB_CLIENT_SECRET_FIELD};

/// What the room asks.
#[derive(Debug, Clone)]
pub enum Command {
    /// What is known for the fields of a recipe besides what the profile remembers.
    Open {
        /// Whose.
        profile: Uuid,
        /// Which recipe.
        name: String,
    },
    /// Generate, check or simulate. Heeds its token: what was found so far is told.
    Run(Box<Ask>),
    /// Compare what the recipe wishes with what the tenant has. Writes nothing to the tenant.
    Plan(Box<Ask>),
    /// Carry out the plan as it was shown. Heeds its token: what is not begun is not sent.
    Apply {
        /// Where.
        profile: Uuid,
        /// What was shown.
        plan: Box<Plan>,
    },
    /// Forget the inputs and secrets that are kept of a recipe, and how it stands. The web application's secret stays: others
    /// use it.
    Forget {
        /// Whose.
        profile: Uuid,
        /// Which recipe.
        name: String,
        /// Its own secrets may be deleted. Else nothing is forgotten where one is kept.
        secrets: bool,
    },
    /// Remember again what was forgotten of a recipe, where nothing came in its place. Secrets are no part of it.
    Remember {
        /// For whom.
        profile: Uuid,
        /// Of which recipe.
        name: String,
        /// As it was.
        before: Box<KeptRecipe>,
    },
    /// Let the person choose a folder.
    PickFolder,
    /// Write files below a folder.
    Save {
        /// As typed or chosen.
        folder: String,
        /// Those that were ticked.
        files: Vec<Artefact>,
        /// Those that were shown to be there already.
        shown: Vec<String>,
        /// The folder is made where there is none: the person was told.
        make: bool,
    },
}

/// A job of a recipe.
#[derive(Debug, Clone)]
pub struct Ask {
    /// For whom.
    pub profile: Uuid,
    /// Which recipe.
    pub name: String,
    /// What it is asked to do.
    pub call: Call,
    /// As typed.
    pub given: Given,
    /// Plain inputs to remember; secrets and tokens are none.
    pub keep: BTreeMap<String, String>,
    /// Secret inputs that are to be kept no more.
    pub let_go: Vec<String>,
}

/// What is known for the fields of a recipe.
#[derive(Debug, Clone, Default)]
pub struct Opened {
    /// Plain inputs that are known from elsewhere.
    pub known: BTreeMap<String, String>,
    /// Secret inputs that are kept.
    pub secrets: BTreeMap<String, Secret>,
    /// Client ID that the web application's secret among them belongs to.
    pub web_secret_of: String,
    /// Why kept secrets could not be read.
    pub trouble: Option<UserError>,
}

/// What became of saving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saved {
    /// Written.
    Written {
        /// Into this folder.
        folder: PathBuf,
        /// Variables of an environment file that stayed as they were.
        kept: Vec<Stayed>,
    },
    /// These are there already, and nothing was written.
    There(Vec<String>),
    /// There is no such folder, and nothing was written.
    NoFolder,
}

/// What comes back.
#[derive(Debug)]
pub enum Event {
    /// What is known for the fields.
    Opened(Box<Opened>),
    /// Where the secrets of a job are kept.
    Kept(Kept),
    /// A check is done.
    Looked(Check),
    /// Files and values.
    Made(Result<Box<Generated>, UserError>),
    /// A check or simulation came to its end.
    Judged(Result<Box<Outcome>, UserError>),
    /// What would change.
    Planned(Result<Box<Plan>, UserError>),
    /// What came of each change.
    Applied(Result<Vec<Check>, UserError>),
    /// Nothing was forgotten: these secret inputs, by key, are kept and would be deleted.
    HasSecrets(Vec<String>),
    /// What was kept is gone.
    Forgotten {
        /// Whose it was.
        profile: Uuid,
        /// What it was, without its secrets.
        before: Box<KeptRecipe>,
        /// Whether it is.
        result: Result<(), UserError>,
    },
    /// What was forgotten is remembered again.
    Remembered(Result<(), UserError>),
    /// The folder that was chosen; `None` where none was.
    Folder(Result<Option<PathBuf>, UserError>),
    /// What became of saving.
    Saved(Result<Saved, UserError>),
}

impl Command {
    /// Whether it may be dropped wherever it is.
    pub(super) fn only_reads(&self) -> bool {
        matches!(self, Self::Open { .. } | Self::PickFolder)
    }
}

/// Does what is asked and sends the answer.
pub async fn run(command: Command, job: Job) {
    let event = match command {
        Command::Open { profile, name } => Event::Opened(Box::new(open(&job, profile, &name).await)),
        Command::Run(ask) => match run_call(&job, *ask).await {
            Some(event) => event,
            None => return,
        },
        Command::Plan(ask) => {
            let plan = job.cancel.run_until_cancelled(plan(&job, &ask));
            match plan.await {
                Some(result) => Event::Planned(result.map(Box::new)),
                None => return,
            }
        }
        Command::Apply { profile, plan } => Event::Applied(apply(&job, profile, &plan).await),
        Command::Forget { profile, name, secrets } => {
            let before = job.profile(profile).await.ok().and_then(|mut profile| profile.recipes.remove(&name));
            let before = Box::new(before.unwrap_or_default());
            let kept = if secrets { Ok(Vec::new()) } else { own_secrets(&job, profile, &name).await };
            match kept {
                Ok(kept) if !kept.is_empty() => Event::HasSecrets(kept),
                Ok(_) => Event::Forgotten { profile, before, result: forget(&job, profile, &name).await },
                Err(error) => Event::Forgotten { profile, before, result: Err(error) },
            }
        }
        Command::Remember { profile, name, before } => {
            let edit = |profile: &mut Profile| remember_again(profile.recipes.entry(name).or_default(), *before);
            Event::Remembered(job.services.profiles.update(profile, edit).map(|_| ()))
        }
        Command::PickFolder => Event::Folder(pick_folder().await),
        Command::Save { folder, files, shown, make } => Event::Saved(save(&folder, files, shown, make).await),
    };
    job.send(event).await;
}

fn find(name: &str) -> Result<&'static dyn Recipe, UserError> {
    recipes::find(name).ok_or_else(|| {
        UserError::new(Category::Internal, "There is no such recipe").detail(name.to_owned()).hint("Choose another")
    })
}

async fn open(job: &Job, profile: Uuid, name: &str) -> Opened {
    let mut opened = Opened::default();
    let Some(recipe) = recipes::find(name) else { return opened };
    let inputs = || recipe.content().inputs.iter();
    let web = match web_application(job, profile).await {
        Ok(known) => known,
        Err(error) => {
            opened.trouble = Some(error);
            WebApplication::default()
        }
    };
    opened.web_secret_of = web.secret_of;
    if let Some(id) = web.id {
        let fields = inputs().filter(|input| input.from == Some(From::WebClientId));
        opened.known.extend(fields.map(|input| (input.key.clone(), id.clone())));
    }
    for input in inputs().filter(|input| input.secret) {
        let kept = match input.from {
            Some(From::WebClientSecret) => Ok(web.secret.clone()),
            _ => job.services.secrets.get(profile, &secret_field(name, input)).await,
        };
        match kept {
            Ok(Some(secret)) => {
                opened.secrets.insert(input.key.clone(), secret);
            }
            Ok(None) => {}
            Err(error) => opened.trouble = Some(error.into()),
        }
    }
    opened
}

/// What is known of a profile's web application.
#[derive(Default)]
struct WebApplication {
    id: Option<String>,
    secret: Option<Secret>,
    /// Client ID that the secret belongs to.
    secret_of: String,
}

/// The profile's web application. The sandbox's is made up, and in its folder.
async fn web_application(job: &Job, profile: Uuid) -> Result<WebApplication, UserError> {
    if profile == SANDBOX_PROFILE {
        let dir = job.services.sandbox_dir();
        let facts = tokio::task::spawn_blocking(move || sandbox::facts(&dir)).await.map_err(|error| {
            UserError::new(Category::Internal, "Reading the sandbox's files broke off").detail(error.to_string())
        })??;
        let Some(app) = facts.web_application() else { return Ok(WebApplication::default()) };
        return Ok(WebApplication {
            id: Some(app.client_id.clone()),
            secret: app.client_secret.clone(),
            secret_of: app.client_id.clone(),
        });
    }
    let kept = job.profile(profile).await?;
    let secret = job.services.secrets.get(profile, WEB_CLIENT_SECRET_FIELD).await?;
    let secret_of = kept.web_secret_owner().to_owned();
    Ok(WebApplication { id: kept.web_client_id, secret, secret_of })
}

/// A recipe with everything that a call of it needs.
struct Prepared {
    recipe: &'static dyn Recipe,
    values: Values,
    tenant: Option<Tenant>,
    history: Option<(Attempts, String)>,
    sandbox: PathBuf,
    client_secret: Option<Secret>,
}

async fn prepare(job: &Job, ask: &Ask) -> Result<Prepared, UserError> {
    let recipe = find(&ask.name)?;
    let content = recipe.content();
    let profile = job.profile(ask.profile).await?;
    // Before any network: a word that cannot be used is told at once.
    Values::of(content, ask.given.clone(), Some(&profile))?;
    // A simulation is always the sandbox's.
    let whose = if ask.call == Call::Simulate { SANDBOX_PROFILE } else { ask.profile };
    let tenant = if content.wants_tenant(ask.call) { Some(job.tenant(whose).await?) } else { None };
    // What is made names the sandbox's address, which is known once it was served.
    if ask.call == Call::Generate
        && content.names_sandbox()
        && let Err(error) = job.tenant(SANDBOX_PROFILE).await
    {
        tracing::info!(%error, "the sandbox was not started for its address");
    }
    let profile = tenant.as_ref().map_or(&profile, |tenant| &tenant.profile);
    let values = Values::of(content, ask.given.clone(), Some(profile))?;
    let history = if content.reads_history(ask.call) { history(job, profile).await } else { None };
    let client_secret = match ask.call {
        Call::Generate => web_application(job, ask.profile).await.ok().and_then(|web| web.secret),
        Call::Check | Call::Simulate => None,
    };
    Ok(Prepared { recipe, values, tenant, history, sandbox: job.services.data.folder("sandbox")?, client_secret })
}

/// What was received for `profile`. One that cannot be opened leaves open what only it can show.
async fn history(job: &Job, profile: &Profile) -> Option<(Attempts, String)> {
    match job.attempts.get(&job.services).await {
        Ok(attempts) => Some((attempts, owner_id(profile))),
        Err(error) => {
            tracing::warn!(%error, "the history was not opened for a recipe");
            None
        }
    }
}

/// `None` where it was cancelled before it had an answer.
async fn run_call(job: &Job, ask: Ask) -> Option<Event> {
    if let Err(error) = admit(job, &ask) {
        return Some(refused(ask.call, error));
    }
    keep(job, &ask).await;
    let (events, id) = (job.events.clone(), job.id);
    // Posted, and not sent: a check waits for nobody, and there are a few dozen of them.
    let tell = move |check: &Check| events.post(id, Event::Looked(check.clone()).into());
    let work = async {
        let prepared = prepare(job, &ask).await?;
        let around = Around {
            http: &job.services.http,
            tenant: prepared.tenant.as_ref(),
            history: prepared.history.as_ref().map(|(attempts, owner)| History { attempts, owner }),
            sandbox: &prepared.sandbox,
            client_secret: prepared.client_secret.as_ref(),
            tell: &tell,
            cancel: &job.cancel,
        };
        let (recipe, values) = (prepared.recipe, &prepared.values);
        Ok::<_, UserError>(match ask.call {
            Call::Generate => {
                let made = recipes::generate(recipe, values, around).await?;
                if let Some(kept) = job.services.keep_recipe_secrets(ask.profile, &ask.name, &made.secrets).await {
                    job.send(Event::Kept(kept)).await;
                }
                (Ended::Good, Event::Made(Ok(Box::new(made))))
            }
            Call::Check => judged(&prepared, ask.call, recipes::check(recipe, values, around).await?),
            Call::Simulate => judged(&prepared, ask.call, recipes::simulate(recipe, values, around).await?),
        })
    };
    match job.cancel.run_until_cancelled(work).await? {
        Ok((ended, event)) => {
            let warns = matches!(&event, Event::Judged(Ok(outcome)) if outcome.verdict() == Verdict::Warn);
            remember(job, &ask, ended, warns);
            Some(event)
        }
        Err(error) => Some(refused(ask.call, error)),
    }
}

/// What a call comes to that could not be done.
fn refused(call: Call, error: UserError) -> Event {
    match call {
        Call::Generate => Event::Made(Err(error)),
        Call::Check | Call::Simulate => Event::Judged(Err(error)),
    }
}

/// Looks at what was typed before any of it is kept.
fn admit(job: &Job, ask: &Ask) -> Result<(), UserError> {
    let recipe = find(&ask.name)?;
    let keep = Given { plain: ask.keep.clone(), ..Given::default() };
    let admitted = recipes::admit(recipe, &ask.given).and_then(|()| recipes::admit(recipe, &keep));
    if admitted.is_err() {
        // It may be remembered from before it was looked at.
        let forget = |profile: &mut Profile| {
            if let Some(kept) = profile.recipes.get_mut(&ask.name) {
                kept.inputs.retain(|key, text| recipe.admit(key, text).is_ok());
            }
        };
        if let Err(error) = job.services.profiles.update(ask.profile, forget) {
            tracing::warn!(%error, "an input that is a secret may still be remembered");
        }
    }
    admitted
}

fn judged(of: &Prepared, call: Call, outcome: Outcome) -> (Ended, Event) {
    (recipes::to_remember(of.recipe, call, &of.values, &outcome), Event::Judged(Ok(Box::new(outcome))))
}

/// Keeps how it ended with the profile. What cannot be kept is no failure of the job.
fn remember(job: &Job, ask: &Ask, ended: Ended, warns: bool) {
    let now = job.services.clock.now();
    let edit = |profile: &mut Profile| {
        recipes::remember(profile, &ask.name, ask.call, ended, now);
        if warns && ask.call == Call::Check && ended == Ended::Good {
            recipes::remember_warning(profile, &ask.name);
        }
    };
    if let Err(error) = job.services.profiles.update(ask.profile, edit) {
        tracing::warn!(%error, "how the recipe ended was not kept");
    }
}

/// Keeps the inputs with the profile and the secrets in the keyring. What cannot be kept is no failure of the job.
async fn keep(job: &Job, ask: &Ask) {
    let Some(content) = recipes::find(&ask.name).map(recipes::Recipe::content) else { return };
    let kept = job.services.profiles.update(ask.profile, |profile| {
        profile.recipes.entry(ask.name.clone()).or_default().inputs = ask.keep.clone();
        // The sandbox's own application is in its folder.
        if ask.profile != SANDBOX_PROFILE {
            keep_web_application(profile, content, ask);
        }
    });
    if let Err(error) = kept {
        tracing::warn!(%error, "the inputs were not kept");
    }
    let mut worst = None;
    for input in content.inputs.iter().filter(|input| input.secret) {
        let of_the_sandbox = input.from == Some(From::WebClientSecret) && ask.profile == SANDBOX_PROFILE;
        if of_the_sandbox {
            continue;
        }
        let field = secret_field(&ask.name, input);
        let secrets = &job.services.secrets;
        if ask.let_go.contains(&input.key) {
            if let Err(error) = secrets.delete(ask.profile, &field).await {
                tracing::warn!(%error, "a secret that was taken out of its field is still kept");
            }
            continue;
        }
        let Some(secret) = ask.given.secrets.get(&input.key).filter(|secret| !secret.is_empty()) else { continue };
        let same = matches!(secrets.get(ask.profile, &field).await, Ok(Some(kept)) if kept == *secret);
        if !same {
            let kept = secrets.set(ask.profile, &field, secret.clone()).await;
            worst = Some(if worst == Some(Kept::ThisRun) { Kept::ThisRun } else { kept });
        }
    }
    if let Some(kept) = worst {
        job.send(Event::Kept(kept)).await;
    }
}

/// Keeps the client ID of the web application, and which one its secret came with.
fn keep_web_application(profile: &mut Profile, content: &Content, ask: &Ask) {
    let key_of =
        |from: From| content.inputs.iter().find(|input| input.from == Some(from)).map(|input| input.key.as_str());
    let id_key = key_of(From::WebClientId);
    if let Some(id) = id_key.and_then(|key| ask.keep.get(key)) {
        profile.take_web_client_id(id);
    }
    let secret = key_of(From::WebClientSecret).and_then(|key| ask.given.secrets.get(key));
    if secret.is_some_and(|secret| !secret.is_empty()) {
        let given = id_key.and_then(|key| ask.given.plain.get(key)).cloned();
        profile.web_secret_of = Some(given.or_else(|| profile.web_client_id.clone()).unwrap_or_default());
    }
}

/// The secret inputs that are of this recipe alone.
fn own(content: &Content) -> impl Iterator<Item = &Input> {
    content.inputs.iter().filter(|input| input.secret && input.from != Some(From::WebClientSecret))
}

/// Those of them that are kept, by key. The keyring is asked: the command line may have kept one since the page was opened.
async fn own_secrets(job: &Job, id: Uuid, name: &str) -> Result<Vec<String>, UserError> {
    let mut kept = Vec::new();
    for input in own(find(name)?.content()) {
        if job.services.secrets.get(id, &secret_field(name, input)).await?.is_some() {
            kept.push(input.key.clone());
        }
    }
    Ok(kept)
}

async fn forget(job: &Job, id: Uuid, name: &str) -> Result<(), UserError> {
    for input in own(find(name)?.content()) {
        job.services.secrets.delete(id, &secret_field(name, input)).await?;
    }
    job.services.profiles.update(id, |profile| recipes::forget(profile, name))?;
    Ok(())
}

/// Takes back what was forgotten, where nothing came in its place.
fn remember_again(kept: &mut KeptRecipe, before: KeptRecipe) {
    let KeptRecipe { inputs, used, last } = before;
    if kept.inputs.is_empty() {
        kept.inputs = inputs;
    }
    kept.used = kept.used.or(used);
    if kept.last.is_none() {
        kept.last = last;
    }
}

async fn plan(job: &Job, ask: &Ask) -> Result<Plan, UserError> {
    admit(job, ask)?;
    keep(job, ask).await;
    let recipe = find(&ask.name)?;
    let tenant = job.tenant(ask.profile).await?;
    let values = Values::of(recipe.content(), ask.given.clone(), Some(&tenant.profile))?;
    let wishes = recipes::wishes(recipe, &values, &tenant).await?;
    Ok(recipes::plan(tenant.api()?, wishes).await)
}

async fn apply(job: &Job, profile: Uuid, plan: &Plan) -> Result<Vec<Check>, UserError> {
    let tenant = job.tenant(profile).await?;
    let (events, id) = (job.events.clone(), job.id);
    let tell = move |check: &Check| events.post(id, Event::Looked(check.clone()).into());
    Ok(recipes::carry_out(tenant.api()?, plan, &tell, &job.cancel).await)
}

async fn pick_folder() -> Result<Option<PathBuf>, UserError> {
    let dialog = rfd::AsyncFileDialog::new().set_title("Choose the folder of your project");
    super::dialog::folder(dialog, "type the folder's path").await
}

async fn save(folder: &str, files: Vec<Artefact>, shown: Vec<String>, make: bool) -> Result<Saved, UserError> {
    let folder = whole(folder)?;
    let work = move || {
        let missing = || folder.metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
        if !make && missing() {
            return Ok(Saved::NoFolder);
        }
        Ok(match recipes::write_beside(&folder, &files, &shown)? {
            Beside::There(there) => Saved::There(there),
            Beside::Written(kept) => Saved::Written { folder, kept },
        })
    };
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(UserError::new(Category::Internal, "The files were not written")
            .detail(error.to_string())
            .hint("Try again"))
    })
}

/// The folder that was typed, `~` being the person's own.
fn whole(typed: &str) -> Result<PathBuf, UserError> {
    let typed = typed.trim();
    let path = match (typed.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(typed),
    };
    if path.is_absolute() {
        return Ok(path);
    }
    Err(UserError::new(Category::Input, "This is not a whole path")
        .detail(format!("{typed} leaves open where it begins"))
        .hint(format!("Type it from the top, like {}", example())))
}

fn example() -> &'static str {
    if cfg!(windows) { r"C:\Users\ada\app" } else { "/home/ada/app, or ~/app" }
}
