//! `recipe`: list, show, generate, check, simulate.

mod generate;
mod given;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::print::plain;
use super::{Context, Exit, Picked, Wants};
use crate::check::Verdict;
use crate::error::{Category, UserError};
use crate::inspector::key_source::owner_id;
use crate::recipes::{self, Around, Call, Ended, Generated, History, Outcome, Recipe, Values};
use crate::secrets::{Kept, Secret};
use crate::store::attempts::Attempts;
use crate::tenant::{Profile, SANDBOX_PROFILE, Tenant};

/// The words of `recipe`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List the recipes, each with its state for the profile
    List,
    /// Say what a recipe asks for and which files it makes
    Show {
        /// The recipe
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Make the files and values of a recipe
    Generate {
        #[command(flatten)]
        words: given::Words,
        /// The folder to write the files below
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Replace files that are there already; an environment file keeps its lines, gets what it lacks, and takes what
        /// you give in this call
        #[arg(long)]
        force: bool,
    },
    /// Look whether the real thing works, or judge a token or an address
    Check {
        #[command(flatten)]
        words: given::Words,
    },
    /// Walk the same path on this machine, against the sandbox
    Simulate {
        #[command(flatten)]
        words: given::Words,
    },
}

/// Runs it.
///
/// # Errors
/// When a word is unusable, an input is missing, or a file is there already.
pub async fn run(args: Args, cx: &Context) -> Result<Exit, UserError> {
    match args.what {
        What::List => {
            list(&cx.pick_profile(Wants::Domain)?.profile, cx);
            Ok(Exit::Good)
        }
        What::Show { name } => {
            let recipe = find(&name)?;
            show(recipe, cx);
            Ok(Exit::Good)
        }
        What::Generate { words, out, force } => generate::run(&words, out.as_deref(), force, cx).await,
        What::Check { words } => judged(&words, Call::Check, cx).await,
        What::Simulate { words } => judged(&words, Call::Simulate, cx).await,
    }
}

async fn judged(words: &given::Words, call: Call, cx: &Context) -> Result<Exit, UserError> {
    let job = Job::prepare(words, call, None, cx).await?;
    let around = job.around(cx);
    let outcome = async {
        match call {
            Call::Simulate => recipes::simulate(job.recipe, &job.values, around).await,
            Call::Check | Call::Generate => recipes::check(job.recipe, &job.values, around).await,
        }
    };
    let outcome = cx.cancel.run_until_cancelled(outcome).await.unwrap_or_else(|| Err(cancelled()))?;
    let ended = recipes::to_remember(job.recipe, call, &job.values, &outcome);
    job.remember(ended, outcome.verdict() == Verdict::Warn, cx);
    Ok(told(&outcome, call, job.recipe, cx))
}

fn cancelled() -> UserError {
    UserError::new(Category::Input, "Cancelled").detail("It was not done to its end")
}

fn find(name: &str) -> Result<&'static dyn Recipe, UserError> {
    recipes::find(name).ok_or_else(|| {
        let names: Vec<&str> = recipes::all().iter().map(|recipe| recipe.content().name.as_str()).collect();
        UserError::new(Category::Input, format!("There is no recipe {name}"))
            .detail(format!("There are {}", names.join(", ")))
            .hint("kinde-panel recipe list says what each is for")
    })
}

/// A call of a recipe, with everything it needs.
struct Job {
    recipe: &'static dyn Recipe,
    call: Call,
    values: Values,
    /// The inputs that a person gave for this very call, by key.
    typed: BTreeSet<String>,
    /// Where the secrets stand that were taken from the folder's own files: `NAME in PATH`.
    already: Vec<String>,
    picked: Picked,
    tenant: Option<Tenant>,
    history: Option<(Attempts, String)>,
    client_secret: Option<Secret>,
    sandbox: PathBuf,
}

impl Job {
    /// `out` is the folder that is written to, where one is.
    async fn prepare(words: &given::Words, call: Call, out: Option<&Path>, cx: &Context) -> Result<Self, UserError> {
        let recipe = find(&words.name)?;
        let content = recipe.content();
        let picked = cx.pick_profile(Wants::Domain)?;
        // Before any network: a word that cannot be used is told at once.
        let given::Read { given, typed, already } = words.read(content, call, out, &picked, cx).await?;
        recipes::admit(recipe, &given)?;
        Values::of(content, given.clone(), Some(&picked.profile))?;
        let tenant = if content.wants_tenant(call) { Some(open(&picked, call, cx).await?) } else { None };
        // What is made names the sandbox's address, which is known once it was served.
        if call == Call::Generate
            && content.names_sandbox()
            && !picked.profile.is_sandbox()
            && let Err(error) = open(&picked, Call::Simulate, cx).await
        {
            cx.say(&format!(
                "The sandbox was not started, so its address is not named: {}. {}",
                error.title, error.hint
            ));
        }
        // The sandbox's profile learns its application's client ID when it is opened.
        let profile = tenant.as_ref().map_or(&picked.profile, |tenant| &tenant.profile);
        let values = Values::of(content, given, Some(profile))?;
        let sandbox = cx.services.data.folder("sandbox")?;
        let history = if content.reads_history(call) { history(&picked.profile, cx).await } else { None };
        let client_secret = if call == Call::Generate { given::client_secret(&picked, cx).await } else { None };
        Ok(Self { recipe, call, values, typed, already, picked, tenant, history, client_secret, sandbox })
    }

    fn around<'a>(&'a self, cx: &'a Context) -> Around<'a> {
        Around {
            http: &cx.services.http,
            tenant: self.tenant.as_ref(),
            history: self.history.as_ref().map(|(attempts, owner)| History { attempts, owner }),
            sandbox: &self.sandbox,
            client_secret: self.client_secret.as_ref(),
            tell: &|_| (),
            cancel: &cx.cancel,
        }
    }

    /// Keeps the secrets that were made because none was given, where the window looks for them too, and says where they are.
    async fn keep(&self, made: &Generated, cx: &Context) {
        let content = self.recipe.content();
        let Some(input) = made.secrets.keys().find_map(|key| content.input(key)) else { return };
        let profile = &self.picked.profile;
        let kept = if profile.saved {
            cx.services.keep_recipe_secrets(profile.id, &content.name, &made.secrets).await
        } else {
            None
        };
        let (label, key) = (&input.label, &input.key);
        let why = match kept {
            Some(Kept::Keyring) => {
                return cx
                    .say(&format!("{label}: a new one, kept in the system keyring. The next call takes the same"));
            }
            Some(Kept::ThisRun) => "the system keyring did not take it",
            None => "it is kept for saved profiles alone",
        };
        cx.say(&format!(
            "{label}: a new one, and the next call makes another: {why}. --secret {key}=FILE names your own"
        ));
    }

    /// Keeps how it ended with a saved profile. What cannot be kept is no failure of the job.
    fn remember(&self, ended: Ended, warns: bool, cx: &Context) {
        let profile = &self.picked.profile;
        if !profile.saved {
            return;
        }
        let (name, call, now) = (&self.recipe.content().name, self.call, cx.services.clock.now());
        let kept = cx.services.profiles.update(profile.id, |profile| {
            recipes::remember(profile, name, call, ended, now);
            if warns && call == Call::Check && ended == Ended::Good {
                recipes::remember_warning(profile, name);
            }
        });
        if let Err(error) = kept {
            tracing::warn!(%error, "how the recipe ended was not kept");
        }
    }
}

/// What was received for `profile`. None of it, or one that cannot be opened, leaves open what only it can show.
async fn history(profile: &Profile, cx: &Context) -> Option<(Attempts, String)> {
    let path = cx.services.data.file("history.db");
    let open = move || path.exists().then(|| Attempts::open(&path));
    match tokio::task::spawn_blocking(open).await.ok()?? {
        Ok(attempts) => Some((attempts, owner_id(profile))),
        Err(error) => {
            tracing::warn!(%error, "the history was not opened for a recipe");
            None
        }
    }
}

/// The tenant for a call: a simulation is always the sandbox's.
async fn open(picked: &Picked, call: Call, cx: &Context) -> Result<Tenant, UserError> {
    if call != Call::Simulate || picked.profile.is_sandbox() {
        return cx.tenant(picked).await;
    }
    let profile = cx.services.profiles.get(SANDBOX_PROFILE)?.unwrap_or_else(Profile::sandbox);
    cx.tenant(&Picked { profile, from: picked.from, m2m: None }).await
}

fn list(profile: &Profile, cx: &Context) {
    let all = recipes::all().iter().map(|recipe| {
        let content = recipe.content();
        (content, recipes::standing(profile, &content.name))
    });
    if cx.json {
        let recipes: Vec<Value> =
            all.map(|(content, state)| json!({"name": content.name, "title": content.title, "state": state})).collect();
        return cx.line(&json!({ "recipes": recipes }));
    }
    let lines: Vec<String> =
        all.map(|(content, state)| format!("{:<22} {state:<14} {}", content.name, content.title)).collect();
    cx.answer(&lines.join("\n"));
}

fn show(recipe: &dyn Recipe, cx: &Context) {
    let content = recipe.content();
    if cx.json {
        let inputs: Vec<Value> = content
            .inputs
            .iter()
            .map(|input| {
                json!({
                    "key": input.key,
                    "required": !input.required.is_empty(),
                    "secret": input.secret,
                    "default": input.default,
                    "help": input.help,
                })
            })
            .collect();
        return cx.line(&json!({
            "name": content.name,
            "title": content.title,
            "inputs": inputs,
            "files": content.files,
        }));
    }
    let mut text = format!("{}\n\n{}\n\nYou need", content.title, content.does);
    for need in &content.needs {
        text.push_str(&format!("\n  - {need}"));
    }
    text.push_str("\n\nInputs");
    for input in &content.inputs {
        let flag = if input.secret { "--secret" } else { "--set" };
        let calls: Vec<&str> = input.required.iter().map(|call| call.word()).collect();
        let mut facts = Vec::new();
        if !calls.is_empty() {
            facts.push(format!("needed by {}", calls.join(" and ")));
        }
        facts.extend(input.default.as_ref().map(|default| format!("default {default}")));
        if !input.choices.is_empty() {
            facts.push(input.choices.join(" or "));
        }
        let facts = if facts.is_empty() { String::new() } else { format!("  ({})", facts.join("; ")) };
        text.push_str(&format!("\n  {flag} {}{facts}\n      {}", input.key, input.help));
    }
    text.push_str("\n\nFiles");
    for file in &content.files {
        text.push_str(&format!("\n  {file}{}", for_choices(content.choices_of(file))));
    }
    if let Some(install) = &content.install {
        text.push_str(&format!("\n\n{install}"));
    }
    text.push_str("\n\nSteps");
    for (number, step) in (1..).zip(&content.steps) {
        let only = for_choices(step.only.iter().map(String::as_str).collect());
        text.push_str(&format!("\n  {number}. {}{only}", step.text));
        for (label, words) in
            [("note", &step.note), ("differs from Kinde's guide", &step.corrected), ("open", &step.link)]
        {
            if let Some(words) = words {
                text.push_str(&format!("\n       {label}: {words}"));
            }
        }
    }
    if !content.corrections.is_empty() {
        text.push_str("\n\nWhere the guide errs");
    }
    for correction in &content.corrections {
        text.push_str(&format!("\n  {}\n      {}\n      Here: {}", correction.guide, correction.why, correction.here));
    }
    text.push_str(&format!("\n\nFacts last checked {}", content.checked));
    cx.answer(&text);
}

/// Of what is not for everybody, the choices that it is for.
fn for_choices(choices: Vec<&str>) -> String {
    if choices.is_empty() { String::new() } else { format!("  ({})", choices.join(" or ")) }
}

/// Values one below the other; text as it stands, lists and objects as JSON.
fn values(values: &serde_json::Map<String, Value>) -> String {
    let width = values.keys().map(String::len).max().unwrap_or_default();
    let mut text = String::new();
    for (name, value) in values {
        match value {
            Value::String(value) if value.contains('\n') => text.push_str(&format!("\n{name}\n{value}\n")),
            Value::String(value) => text.push_str(&format!("{name:<width$}  {}\n", plain(value))),
            Value::Array(items) if items.iter().all(Value::is_string) => {
                for item in items.iter().filter_map(Value::as_str) {
                    text.push_str(&format!("{name:<width$}  {}\n", plain(item)));
                }
            }
            other => text.push_str(&format!("{name:<width$}  {other}\n")),
        }
    }
    text
}

fn told(outcome: &Outcome, call: Call, recipe: &dyn Recipe, cx: &Context) -> Exit {
    let verdict = outcome.verdict();
    if cx.json {
        cx.line(&json!({"verdict": verdict, "checks": outcome.checks, "values": outcome.values}));
    } else {
        let (_, headline) = recipes::summed_up(recipe, call, outcome);
        cx.checks(&plain(&headline), &tamed(outcome));
        let text = values(&outcome.values);
        if !text.is_empty() {
            cx.answer(&format!("\n{}", text.trim_end()));
        }
    }
    if verdict == Verdict::Fail { Exit::Bad } else { Exit::Good }
}

/// What is in a check came from whoever made the token: it must not steer the terminal.
fn tamed(outcome: &Outcome) -> Vec<crate::check::Check> {
    let tame = |text: &Option<String>| text.as_deref().map(plain);
    outcome
        .checks
        .iter()
        .map(|check| crate::check::Check {
            seen: tame(&check.seen),
            why: tame(&check.why),
            fix: tame(&check.fix),
            ..check.clone()
        })
        .collect()
}
