//! Webhooks: list, create, save, delete, plan, trigger and look up, off the UI thread.
//!
//! Calls the room's functions and carries their steps. Whether a person was asked first is the screen's to see to; what
//! an earlier run left is put right here where that may be done without asking.

mod seen;

use std::path::Path;
use std::sync::Arc;

use uuid::Uuid;

pub use seen::Expected;

use super::Job;
use crate::error::{Category, UserError};
use crate::kinde::{Definition, Webhook};
use crate::net;
use crate::step::Step;
use crate::store::Journal;
use crate::store::attempts::Attempt;
use crate::tenant::Profile;
use crate::webhooks::{
    self, Applied, AtLimit, Catalogue, Change, Created, Ends, Found, Item, Leftovers, Recovered, Refusal, Saved,
    Triggered,
};

/// The largest file that is read as a plan, in bytes.
const LIMIT: u64 = 4 << 20;

/// What the screen asks.
#[derive(Debug, Clone)]
pub enum Command {
    /// What earlier runs left, of every profile: put right where nobody has to be asked.
    RecoverAll,
    /// What earlier runs left of one profile: the person said so.
    Recover {
        /// Whose.
        profile: Uuid,
    },
    /// Every webhook, and how many things an earlier run left.
    List {
        /// Whose.
        profile: Uuid,
    },
    /// The event types to choose from.
    Types {
        /// Whose.
        profile: Uuid,
    },
    /// Makes a webhook.
    Create {
        /// Where.
        profile: Uuid,
        /// As typed.
        definition: Definition,
    },
    /// Saves an edit: patched or replaced.
    Save {
        /// Where.
        profile: Uuid,
        /// From what to what.
        change: Box<Change>,
    },
    /// Deletes a webhook.
    Delete {
        /// Where.
        profile: Uuid,
        /// As it is shown.
        webhook: Box<Webhook>,
    },
    /// Makes a deleted webhook again.
    Undo {
        /// Where.
        profile: Uuid,
        /// As it was.
        webhook: Box<Webhook>,
    },
    /// Looks an event up.
    LookUp {
        /// Where.
        profile: Uuid,
        /// As pasted.
        pasted: String,
    },
    /// Causes an event and undoes it.
    Trigger {
        /// Where.
        profile: Uuid,
        /// Its type.
        event_type: String,
        /// Leave what was made for it.
        keep: bool,
    },
    /// Watches the history for what arrives of an event that was caused.
    Watch {
        /// Whose history.
        profile: Uuid,
        /// What is waited for.
        expected: Expected,
    },
    /// Writes the webhooks to a file the person chooses.
    Export {
        /// Whose.
        profile: Uuid,
        /// Name to propose.
        name: String,
        /// All of them.
        webhooks: Vec<Webhook>,
    },
    /// Reads a file the person chooses as a plan.
    Import {
        /// For whom.
        profile: Uuid,
    },
    /// Applies what was ticked of a plan.
    Apply {
        /// Where.
        profile: Uuid,
        /// What was ticked, in the plan's order.
        items: Vec<Item>,
        /// What to do at the plan's limit.
        at_limit: AtLimit,
    },
}

/// Every webhook of a tenant.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    /// As Kinde lists them. Shared: a screen looks at them while it changes.
    pub webhooks: Arc<Vec<Webhook>>,
    /// The call as a curl line that runs.
    pub curl: String,
    /// Origin of the Management API: `https://acme.kinde.com`.
    pub origin: String,
}

/// A file read as a plan.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Its name without the folders.
    pub file: String,
    /// Line by line.
    pub items: Vec<Item>,
}

/// What comes back.
#[derive(Debug)]
pub enum Event {
    /// A step of the job.
    Step(Step),
    /// A step of one line of a plan.
    ItemStep(usize, Step),
    /// What was left of a profile, and how it stands now.
    Recovered {
        /// Its name.
        profile: String,
        /// One by one; empty where nothing was left.
        result: Result<Vec<Recovered>, UserError>,
    },
    /// Something was left, and the environment asks first.
    LeftOver {
        /// Whose.
        profile: Uuid,
        /// Its name.
        name: String,
        /// How many.
        count: usize,
    },
    /// Every webhook.
    Listed(Result<Listed, UserError>),
    /// The event types.
    Types(Result<Catalogue, UserError>),
    /// It was made, or not.
    Created(Result<Created, Refusal>),
    /// It was saved, or not.
    Saved(Result<Saved, Refusal>),
    /// It was deleted, or not.
    Deleted {
        /// Where.
        profile: Uuid,
        /// As it was.
        webhook: Box<Webhook>,
        /// What came of it.
        result: Result<(), Refusal>,
    },
    /// It was made again, or not.
    Undone(Result<Created, Refusal>),
    /// Every attempt of an event that was received here, newest first.
    Seen(Result<Vec<Attempt>, UserError>),
    /// What arrived so far of what is waited for, newest first.
    Arrived(Result<Vec<Attempt>, UserError>),
    /// The event.
    LookedUp(Result<Found, Refusal>),
    /// It was caused, or not.
    Triggered(Result<Triggered, Refusal>),
    /// Where it was written; `None` where the person changed their mind.
    Exported(Result<Option<String>, UserError>),
    /// The plan; `None` where the person changed their mind.
    Planned(Result<Option<Planned>, UserError>),
    /// What came of each line of a plan.
    Applied(Result<Vec<Applied>, UserError>),
}

impl Command {
    /// Whether it only reads: then it may be dropped wherever it is.
    pub(super) fn only_reads(&self) -> bool {
        matches!(
            self,
            Self::List { .. }
                | Self::Types { .. }
                | Self::LookUp { .. }
                | Self::Watch { .. }
                | Self::Import { .. }
                | Self::Export { .. }
        )
    }
}

impl Command {
    /// The tenant it writes to on the person's word.
    fn writes_to(&self) -> Option<Uuid> {
        match self {
            Self::Create { profile, .. }
            | Self::Save { profile, .. }
            | Self::Delete { profile, .. }
            | Self::Undo { profile, .. }
            | Self::Trigger { profile, .. }
            | Self::Apply { profile, .. } => Some(*profile),
            _ => None,
        }
    }
}

/// Does what was asked. Answers carry the job's id.
pub async fn run(command: Command, job: Job) {
    let told = job.clone();
    let sink = move |step: Step| told.post(Event::Step(step));
    if let Some(profile) = command.writes_to() {
        look_again(profile, &job).await;
    }
    let event = match command {
        Command::RecoverAll => return recover_all(&job).await,
        Command::Recover { profile } => {
            let name = job.profile(profile).await.map(|profile| profile.name).unwrap_or_default();
            let result = match ends(profile, &job).await {
                Ok(ends) => webhooks::recover(&ends, &sink, &job.cancel).await,
                Err(error) => Err(error),
            };
            Event::Recovered { profile: name, result }
        }
        Command::List { profile } => {
            if let Err(error) = left_over(profile, Leftovers::New, &job).await {
                job.send(Event::Recovered { profile: String::new(), result: Err(error) }).await;
            }
            Event::Listed(list(profile, &sink, &job).await)
        }
        Command::Types { profile } => Event::Types(match ends(profile, &job).await {
            Ok(ends) => {
                let offered = webhooks::offered(&ends, &sink, &job.cancel).await.map_err(UserError::from);
                if let Ok(Ok(live)) = offered.as_ref().map(|offered| &offered.live) {
                    job.services.keep_schemas(ends.api.domain(), live.it.clone()).await;
                }
                offered
            }
            Err(error) => Err(error),
        }),
        Command::Create { profile, definition } => Event::Created(match ends(profile, &job).await {
            Ok(ends) => webhooks::create(&ends, &definition, &sink, &job.cancel).await,
            Err(error) => Err(failed(error)),
        }),
        Command::Save { profile, change } => Event::Saved(match ends(profile, &job).await {
            Ok(ends) => webhooks::save(&ends, &change, &sink, &job.cancel).await,
            Err(error) => Err(failed(error)),
        }),
        Command::Delete { profile, webhook } => {
            let result = match ends(profile, &job).await {
                Ok(ends) => webhooks::delete(&ends, &webhook, &sink, &job.cancel).await.map(drop),
                Err(error) => Err(failed(error)),
            };
            Event::Deleted { profile, webhook, result }
        }
        Command::Undo { profile, webhook } => Event::Undone(match ends(profile, &job).await {
            Ok(ends) => webhooks::undo_delete(&ends, &webhook, &sink, &job.cancel).await,
            Err(error) => Err(failed(error)),
        }),
        Command::LookUp { profile, pasted } => {
            if let Some(seen) = seen::of_event(profile, &pasted, &job).await {
                job.send(Event::Seen(seen)).await;
            }
            Event::LookedUp(match ends(profile, &job).await {
                Ok(ends) => webhooks::look_up(&ends, &pasted, &sink, &job.cancel).await,
                Err(error) => Err(failed(error)),
            })
        }
        Command::Watch { profile, expected } => return seen::watch(profile, &expected, &job).await,
        Command::Trigger { profile, event_type, keep } => Event::Triggered(match ends(profile, &job).await {
            Ok(ends) => webhooks::trigger(&ends, &event_type, keep, &sink, &job.cancel).await,
            Err(error) => Err(failed(error)),
        }),
        Command::Export { profile, name, webhooks } => Event::Exported(export(profile, &name, &webhooks, &job).await),
        Command::Import { profile } => Event::Planned(import(profile, &sink, &job).await),
        Command::Apply { profile, items, at_limit } => Event::Applied(match ends(profile, &job).await {
            Ok(ends) => {
                let told = job.clone();
                let sink = move |index: usize, step: Step| told.post(Event::ItemStep(index, step));
                Ok(webhooks::apply(&ends, &items, at_limit, &sink, &job.cancel).await)
            }
            Err(error) => Err(error),
        }),
    };
    job.send(event).await;
}

fn failed(error: UserError) -> Refusal {
    Refusal { why: webhooks::Why::Failed, error }
}

async fn ends(profile: Uuid, job: &Job) -> Result<Ends, UserError> {
    Ends::of(&job.tenant(profile).await?, &Journal::of(&job.services.data))
}

async fn list(profile: Uuid, sink: &webhooks::Sink<'_>, job: &Job) -> Result<Listed, UserError> {
    let ends = ends(profile, job).await?;
    let reply = ends.list(sink, &job.cancel).await?;
    Ok(Listed { webhooks: Arc::new(reply.it), curl: reply.wire.curl, origin: ends.api.domain().to_string() })
}

/// What earlier runs left of a saved profile, counted without asking anybody: what nobody looked at yet, and what was
/// looked at and is only watched.
async fn count(profile: &Profile, job: &Job) -> Result<(usize, usize), UserError> {
    let domain = profile.domain.as_ref().filter(|domain| !domain.is_loopback()).map(ToString::to_string);
    let journal = Journal::of(&job.services.data);
    let left = journal.left_over_at(&profile.id.to_string(), domain.as_deref()).await?;
    let watched = left.iter().filter(|entry| webhooks::is_watched(entry)).count();
    Ok((left.len() - watched, watched))
}

/// How many replacements and triggers of a profile were cut off and are still in the journal, watched ones too.
pub(super) async fn unfinished(profile: Uuid, job: &Job) -> Result<usize, UserError> {
    let (new, watched) = count(&job.profile(profile).await?, job).await?;
    Ok(new + watched)
}

/// Puts right what was left of one profile, or says that there is something and that the environment asks first. What
/// is watched was asked about, or belongs to what the person did.
async fn left_over(profile: Uuid, which: Leftovers, job: &Job) -> Result<(), UserError> {
    let profile = job.profile(profile).await?;
    let (new, watched) = count(&profile, job).await?;
    let mut which = which;
    if new > 0 && which != Leftovers::Watched && profile.guard().is_on() {
        job.send(Event::LeftOver { profile: profile.id, name: profile.name.clone(), count: new }).await;
        which = if which == Leftovers::All { Leftovers::Watched } else { return Ok(()) };
    }
    let some = match which {
        Leftovers::All => new + watched,
        Leftovers::New => new,
        Leftovers::Watched => watched,
    };
    if some == 0 {
        return Ok(());
    }
    // Nobody looks at these steps: what came of it is told as one sentence each. What it waits for holds others up.
    let told = job.clone();
    let sink = move |step: Step| {
        if step.id == "wait" {
            told.post(Event::Step(step));
        }
    };
    let result = match ends(profile.id, job).await {
        Ok(ends) => webhooks::recover_of(&ends, which, &sink, &job.cancel).await,
        Err(error) => Err(error),
    };
    // A look that found nothing new is nobody's news.
    if result.as_ref().is_ok_and(Vec::is_empty) {
        return Ok(());
    }
    job.send(Event::Recovered { profile: profile.name, result }).await;
    Ok(())
}

/// Before something is written: a late call of what is watched may have come.
async fn look_again(profile: Uuid, job: &Job) {
    if let Err(error) = left_over(profile, Leftovers::Watched, job).await {
        tracing::warn!(%error, "what is watched was not looked at");
    }
}

async fn recover_all(job: &Job) {
    let profiles = job.services.profiles.clone();
    let Ok(Ok(profiles)) = tokio::task::spawn_blocking(move || profiles.list()).await else {
        // The shell reads them too, and tells why they cannot be read.
        return;
    };
    for profile in profiles {
        if let Err(error) = left_over(profile.id, Leftovers::All, job).await {
            job.send(Event::Recovered { profile: profile.name, result: Err(error) }).await;
        }
    }
}

/// A command of the command line that does the same for the same tenant.
async fn command(words: &str, profile: Uuid, job: &Job) -> String {
    let name = job.profile(profile).await.map(|profile| profile.name).unwrap_or_default();
    net::command(words, &name, &job.services.data.root().to_string_lossy())
}

async fn export(profile: Uuid, name: &str, webhooks: &[Webhook], job: &Job) -> Result<Option<String>, UserError> {
    let dialog = rfd::AsyncFileDialog::new().set_title("Export webhooks").add_filter("JSON", &["json"]);
    let dialog = dialog.set_file_name(name);
    let instead = format!("run `{}`", command("webhooks export FILE", profile, job).await);
    let Some(path) = super::dialog::save(dialog, &instead).await? else {
        return Ok(None);
    };
    write_export(&path, webhooks).await?;
    Ok(Some(path.display().to_string()))
}

async fn write_export(path: &Path, webhooks: &[Webhook]) -> Result<(), UserError> {
    tokio::fs::write(path, webhooks::export(webhooks)).await.map_err(|error| {
        UserError::new(Category::File, "The webhooks could not be written")
            .detail(error.to_string())
            .hint("Choose another folder")
    })
}

async fn import(profile: Uuid, sink: &webhooks::Sink<'_>, job: &Job) -> Result<Option<Planned>, UserError> {
    let dialog = rfd::AsyncFileDialog::new().set_title("Import webhooks").add_filter("JSON", &["json"]);
    let plan = command("webhooks plan FILE", profile, job).await;
    let instead = format!("run `{plan}`, and then the same with `apply`");
    let Some(path) = super::dialog::open(dialog, &instead).await? else {
        return Ok(None);
    };
    let wanted = webhooks::import(&read_plan(&path).await?)?;
    let ends = ends(profile, job).await?;
    // Compared with what is there now, and not with what the screen last saw.
    let items = webhooks::plan_here(&ends, &wanted, sink, &job.cancel).await?;
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Some(Planned { file, items }))
}

async fn read_plan(path: &Path) -> Result<String, UserError> {
    let refuse = |detail: String| {
        UserError::new(Category::File, "The file could not be read")
            .detail(detail)
            .hint("Choose a file that export wrote")
    };
    let about = tokio::fs::metadata(path).await.map_err(|error| refuse(error.to_string()))?;
    if about.is_dir() {
        return Err(refuse("It is a folder".to_owned()));
    }
    if about.len() > LIMIT {
        return Err(refuse("It is larger than 4 MiB".to_owned()));
    }
    tokio::fs::read_to_string(path).await.map_err(|error| refuse(error.to_string()))
}
