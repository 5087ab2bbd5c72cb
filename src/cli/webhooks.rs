//! `webhooks`: list, create, change, replace, delete; as a file: export, plan, apply.

use serde_json::{Value, json};

use super::print::plain;
use super::webhook_files as files;
use super::{Context, Exit, Picked, Wants};
use crate::check::{self, Verdict};
use crate::error::{Category, UserError};
use crate::kinde::{Definition, Webhook, event_types};
use crate::step::{Step, StepState};
use crate::store::Journal;
use crate::tenant::Tenant;
use crate::webhooks::ids::{Pasted, no_id, what_is};
use crate::webhooks::{self, AtLimit, Change, Ends, Leftovers, Refusal, Saved, Why};

/// The words of `webhooks`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List the tenant's webhooks
    List,
    /// List the event types a webhook can have
    Types,
    /// Create a webhook
    Create(Create),
    /// Change a webhook; a new endpoint replaces it
    Update(Update),
    /// Delete a webhook
    Delete {
        /// Webhook ID: webhook_…
        id: String,
    },
    /// Write the tenant's webhooks to a file to edit
    Export {
        /// Where to; - for standard output
        file: String,
    },
    /// Say what would make the tenant's webhooks those of a file
    Plan {
        /// An export; - for standard input
        file: String,
    },
    /// Make the tenant's webhooks those of a file
    Apply {
        /// An export; - for standard input
        file: String,
    },
}

#[derive(Debug, clap::Args)]
struct Create {
    /// Its name
    #[arg(long)]
    name: String,
    /// Where Kinde delivers
    #[arg(long, value_name = "URL")]
    endpoint: String,
    /// Event types
    #[arg(long = "event", value_name = "TYPE", required = true, num_args = 1..)]
    events: Vec<String>,
    /// What it is for
    #[arg(long, value_name = "D")]
    description: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true).args(["name", "endpoint", "events", "description"]))]
struct Update {
    /// Webhook ID: webhook_…
    id: String,
    /// A new name
    #[arg(long)]
    name: Option<String>,
    /// A new endpoint: replaces the webhook, which then has a new id
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// All event types it shall have
    #[arg(long = "event", value_name = "TYPE", num_args = 1..)]
    events: Vec<String>,
    /// A new description; empty takes it away
    #[arg(long, value_name = "D")]
    description: Option<String>,
}

/// The tenant a command of this room works on.
pub(super) struct Room<'a> {
    pub(super) ends: Ends,
    picked: Picked,
    tenant: Tenant,
    pub(super) cx: &'a Context,
}

impl<'a> Room<'a> {
    /// Opens the tenant, and puts right first what an earlier run left half done. `writes`: this command writes, which
    /// a live environment that nobody named refuses. What was looked at before and is only watched is looked at again by
    /// those that write alone.
    ///
    /// # Errors
    /// When the tenant cannot be opened, or may not be written to.
    pub(super) async fn open(cx: &'a Context, writes: bool) -> Result<Self, UserError> {
        Self::of(cx, cx.pick_profile(Wants::Tenant)?, writes).await
    }

    /// The same, for a profile that was picked before.
    ///
    /// # Errors
    /// When the tenant cannot be opened, or may not be written to.
    pub(super) async fn of(cx: &'a Context, picked: Picked, writes: bool) -> Result<Self, UserError> {
        let opening = async {
            let tenant = cx.tenant(&picked).await?;
            let ends = Ends::of(&tenant, &Journal::of(&cx.services.data))?;
            if writes {
                cx.may_write(&picked, &tenant).await?;
            }
            Ok::<_, UserError>((tenant, ends))
        };
        // Until here nothing is written anywhere: Ctrl-C ends it at once.
        let opened = cx.cancel.run_until_cancelled(opening).await;
        let (tenant, ends) = opened.unwrap_or_else(|| {
            Err(UserError::new(Category::Input, "Cancelled").detail("Nothing was written to the tenant"))
        })?;
        let room = Self { ends, picked, tenant, cx };
        if let Err(error) = room.recover(writes).await {
            cx.say(&format!("What an earlier run may have left was not looked at: {}. {}", error.title, error.detail));
        }
        Ok(room)
    }

    async fn may_write(&self) -> Result<(), UserError> {
        self.cx.may_write(&self.picked, &self.tenant).await
    }

    async fn recover(&self, writes: bool) -> Result<(), UserError> {
        let which = if writes { Leftovers::All } else { Leftovers::New };
        let left = self.ends.left_over().await?;
        if !left.iter().any(|entry| writes || !webhooks::is_watched(entry)) {
            return Ok(());
        }
        // Whoever holds them keeps everybody else from putting them right.
        drop(left);
        if !writes && let Err(refusal) = self.may_write().await {
            self.cx.say(&format!("An earlier run left something to put right. {}", refusal.as_text()));
            return Ok(());
        }
        for left in webhooks::recover_of(&self.ends, which, &|step| self.step(&step), &self.cx.cancel).await? {
            self.cx.say(&format!("{} {}", if left.settled { "Put right:" } else { "Left open:" }, left.words));
        }
        Ok(())
    }

    /// A step on stderr, once it says something.
    pub(super) fn step(&self, step: &Step) {
        let mark = match step.state {
            StepState::Done => "✔",
            StepState::Failed => "✖",
            StepState::Running if step.id == "wait" => "◌",
            StepState::Running | StepState::Waiting => return,
        };
        let ms = step.ms.map(|ms| format!(" ({ms} ms)")).unwrap_or_default();
        let detail = step.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
        self.cx.say(&format!("{mark} {}{ms}{detail}", step.title));
    }

    pub(super) async fn list(&self) -> Result<(Vec<Webhook>, Value), UserError> {
        self.read_list(false).await
    }

    /// Reads the list; `quietly`, a wait that Kinde asks for is all that is said of it.
    pub(super) async fn read_list(&self, quietly: bool) -> Result<(Vec<Webhook>, Value), UserError> {
        let sink = |step: Step| {
            if !quietly || step.id == "wait" {
                self.step(&step);
            }
        };
        let reply = self.ends.list(&sink, &self.cx.cancel).await?;
        Ok((reply.it, reply.body))
    }

    /// A command for the same tenant.
    pub(super) fn command(&self, words: &str) -> String {
        let folder = self.cx.services.data.root().to_string_lossy().into_owned();
        crate::net::command(words, &self.picked.profile.name, &folder)
    }

    /// The API's own answer with `--json`, else words.
    pub(super) fn told(&self, answer: &Value, words: &str) -> Exit {
        if self.cx.json {
            self.cx.line(answer);
        } else {
            self.cx.answer(words);
        }
        Exit::Good
    }

    /// Refuses event types that the tenant's own list does not name. Where that cannot be read Kinde judges them, and
    /// one that this program does not know either is only told of.
    ///
    /// Gives the tenant's list; empty where it was not asked for or cannot be read.
    pub(super) async fn knows(&self, event_types: &[String]) -> Result<Vec<String>, UserError> {
        if event_types.is_empty() {
            return Ok(Vec::new());
        }
        // That the list cannot be read is no failure of what was asked for: only a wait is shown.
        let sink = |step: Step| {
            if step.id == "wait" {
                self.step(&step);
            }
        };
        let catalogue = webhooks::offered(&self.ends, &sink, &self.cx.cancel).await?;
        let Some(check) = catalogue.judge(event_types, &[]) else { return Ok(catalogue.known_here()) };
        let why = check.why.unwrap_or_default();
        if catalogue.live.is_err() {
            self.cx.say(&format!("! {why}"));
            return Ok(Vec::new());
        }
        Err(UserError::new(Category::Input, "An event type cannot be used")
            .detail(why)
            .hint("kinde-panel webhooks types lists those of the tenant"))
    }

    /// The webhook of that id.
    async fn named(&self, id: &str) -> Result<Webhook, UserError> {
        let (list, _) = self.list().await?;
        list.into_iter().find(|webhook| webhook.id == id).ok_or_else(|| {
            UserError::new(Category::Api, format!("There is no webhook {id}"))
                .detail("The tenant does not list it: it was deleted, or belongs to another environment")
                .hint("kinde-panel webhooks list shows those there are")
        })
    }
}

/// The Webhook ID that a word names.
fn id_of(word: &str) -> Result<String, UserError> {
    match what_is(word) {
        Pasted::Webhook(id) => Ok(id),
        // Without repeating it: what was pasted may be a token.
        other => Err(UserError::new(Category::Input, "This is no Webhook ID")
            .detail(other.sentence())
            .hint("kinde-panel webhooks list shows each one's id")),
    }
}

/// Refuses what no tenant takes before any is asked. A part that is not given is not judged.
fn usable(name: Option<&str>, endpoint: Option<&str>, events: &[String], text: Option<&str>) -> Result<(), UserError> {
    events.iter().try_for_each(|it| no_id(it))?;
    let definition = Definition {
        name: name.unwrap_or("given").to_owned(),
        description: text.map(str::to_owned),
        endpoint: endpoint.unwrap_or("https://given.example.com").to_owned(),
        event_types: if events.is_empty() { vec!["user.created".to_owned()] } else { events.to_vec() },
    };
    // Whether plain HTTP on loopback will do is the tenant's to say.
    match check::first_trouble(&webhooks::check(&definition, &[], true)) {
        Some(check) if check.verdict == Verdict::Fail => {
            Err(UserError::new(Category::Input, "The webhook cannot be saved like this")
                .detail(check.why.clone().unwrap_or_default())
                .hint(check.fix.clone().unwrap_or_default()))
        }
        _ => Ok(()),
    }
}

/// Does it.
///
/// # Errors
/// When it could not be done, or the words are unusable.
pub async fn run(args: Args, cx: &Context) -> Result<Exit, UserError> {
    match args.what {
        What::List => list(cx).await,
        What::Types => types(cx).await,
        What::Create(words) => create(words, cx).await,
        What::Update(words) => update(words, cx).await,
        What::Delete { id } => delete(&id, cx).await,
        What::Export { file } => files::export(&file, cx).await,
        What::Plan { file } => files::plan(&file, cx).await,
        What::Apply { file } => files::apply(&file, cx).await,
    }
}

async fn list(cx: &Context) -> Result<Exit, UserError> {
    let room = Room::open(cx, false).await?;
    let (list, body) = room.list().await?;
    if list.is_empty() && !cx.json {
        cx.say("The tenant has no webhook yet: kinde-panel webhooks create --help");
        return Ok(Exit::Good);
    }
    let lines: Vec<String> = list.iter().map(in_a_line).collect();
    Ok(room.told(&body, &lines.join("\n")))
}

fn in_a_line(webhook: &Webhook) -> String {
    let Definition { name, endpoint, event_types, .. } = &webhook.definition;
    let events = match event_types.len() {
        1 => "1 event".to_owned(),
        count => format!("{count} events"),
    };
    plain(&format!("{}  {name}  {endpoint}  {events}", webhook.id))
}

async fn types(cx: &Context) -> Result<Exit, UserError> {
    let room = Room::open(cx, false).await?;
    let catalogue = webhooks::offered(&room.ends, &|step| room.step(&step), &cx.cancel).await?;
    if let Ok(live) = &catalogue.live {
        cx.services.keep_schemas(room.ends.api.domain(), live.it.clone()).await;
    }
    if let Some(note) = catalogue.stand_in_note() {
        cx.say(&note);
        if cx.json {
            return catalogue.live.map(|_| Exit::Good);
        }
    }
    let mut text = String::new();
    for category in event_types::Category::ALL {
        let types: Vec<&str> =
            catalogue.types.iter().filter(|it| it.category == category).map(|it| it.event_type.as_str()).collect();
        if !types.is_empty() {
            text.push_str(&format!("{}\n  {}\n", category.title(), types.join("\n  ")));
        }
    }
    match catalogue.live {
        Ok(reply) => Ok(room.told(&reply.body, text.trim_end())),
        Err(error) => {
            cx.answer(text.trim_end());
            Err(error)
        }
    }
}

async fn create(words: Create, cx: &Context) -> Result<Exit, UserError> {
    let Create { name, endpoint, events, description } = words;
    usable(Some(&name), Some(&endpoint), &events, description.as_deref())?;
    let definition = Definition { name, description, endpoint, event_types: events };
    let room = Room::open(cx, true).await?;
    let known = room.knows(&definition.event_types).await?;
    warn(&room, &definition, &known);
    let created = webhooks::create(&room.ends, &definition, &|step| room.step(&step), &cx.cancel).await?;
    Ok(room.told(&created.answer, &in_a_line(&created.webhook)))
}

/// Says what is unwise about a definition, without refusing it.
fn warn(room: &Room<'_>, definition: &Definition, known: &[String]) {
    for check in room.ends.check(definition, known).iter().filter(|check| check.verdict == Verdict::Warn) {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        room.cx.say(&format!("! {}. {}", text(&check.why), text(&check.fix)));
    }
}

async fn update(words: Update, cx: &Context) -> Result<Exit, UserError> {
    let id = id_of(&words.id)?;
    usable(words.name.as_deref(), words.endpoint.as_deref(), &words.events, words.description.as_deref())?;
    let room = Room::open(cx, true).await?;
    let opened = room.named(&id).await?;
    let mut wanted = opened.definition.clone();
    if let Some(name) = words.name {
        wanted.name = name;
    }
    if let Some(endpoint) = words.endpoint {
        wanted.endpoint = endpoint;
    }
    if let Some(description) = words.description {
        wanted.description = Some(description);
    }
    if !words.events.is_empty() {
        wanted.event_types = words.events;
    }
    let new: Vec<String> =
        wanted.event_types.iter().filter(|it| !opened.definition.event_types.contains(it)).cloned().collect();
    // Kinde's own list knows better than this one what was there before; of the new ones none is strange by now.
    let known = room.knows(&new).await?;
    warn(&room, &wanted, &known);
    let change = Change { opened, wanted, at_limit: AtLimit::Refuse };
    let saved = webhooks::save(&room.ends, &change, &|step| room.step(&step), &cx.cancel).await;
    match saved {
        Ok(Saved::Unchanged) => {
            let id = &change.opened.id;
            Ok(room.told(&json!({"unchanged": {"id": id}}), &format!("{id} is like that already: nothing was sent")))
        }
        Ok(Saved::Updated { webhook, answer }) => Ok(room.told(&answer, &in_a_line(&webhook))),
        Ok(Saved::Replaced(replaced)) => {
            cx.say(webhooks::REPLACE_NOTE);
            let answer = json!({"replaced": {"old": replaced.old, "new": replaced.webhook.id}});
            Ok(room.told(&answer, &format!("{} replaces {}", replaced.webhook.id, replaced.old)))
        }
        Err(refusal) => Err(at_the_limit(refusal)),
    }
}

/// What a replacement without room may do instead.
pub(super) fn at_the_limit(mut refusal: Refusal) -> UserError {
    if matches!(refusal.why, Why::Limit) {
        refusal.error.hint.push_str(
            "; the window's Replace can delete the old one first, and keeps its definition until the new one is there",
        );
    }
    refusal.error
}

async fn delete(word: &str, cx: &Context) -> Result<Exit, UserError> {
    let id = id_of(word)?;
    let room = Room::open(cx, true).await?;
    let opened = room.named(&id).await?;
    let answer = webhooks::delete(&room.ends, &opened, &|step| room.step(&step), &cx.cancel).await?;
    Ok(room.told(&answer, &format!("{} is deleted", opened.id)))
}
