//! `recipe generate`: makes files and values, and writes the files where a folder is named.

use std::path::Path;

use serde_json::json;

use super::super::{Context, Exit};
use super::{Job, cancelled, given, values};
use crate::error::{Category, UserError};
use crate::recipes::{self, Artefact, Call, Ended, Generated, Stayed, Why};

/// Runs it.
///
/// # Errors
/// When a word is unusable, an input is missing, or a file is there already and is not to be replaced.
pub(super) async fn run(
    words: &given::Words,
    out: Option<&Path>,
    force: bool,
    cx: &Context,
) -> Result<Exit, UserError> {
    let job = Job::prepare(words, Call::Generate, out, cx).await?;
    let made = cx.cancel.run_until_cancelled(recipes::generate(job.recipe, &job.values, job.around(cx)));
    let made = made.await.map(|made| made.map_err(|error| traced(error, &job.already)));
    let mut made = made.unwrap_or_else(|| Err(cancelled()))?;
    for place in &job.already {
        made.note(&format!("{place} has a value already: that one is used"));
    }
    let writes = !made.files.is_empty();
    if let Some(out) = out.filter(|_| writes) {
        for Stayed { name, path, why } in write(&job, &made, out, force).await? {
            let words = match why {
                Why::Another => format!("{name} in {path} had another value, which stays"),
                Why::NotOurs => {
                    format!("{name} in {path} is not set: the file names the client ID of another application")
                }
            };
            cx.say(&words);
            made.note(&words);
        }
    }
    job.keep(&made, cx).await;
    job.remember(Ended::Good, false, cx);
    told(&made, out.is_some(), cx);
    match (writes, out.is_some()) {
        (false, true) => {
            let title = &job.recipe.content().title;
            cx.say(&format!("{title} writes no files, so --out has nothing to do: its values stand in the answer"));
        }
        (true, false) if !cx.json => cx.say("Nothing was written: --out DIR writes the files"),
        _ => {}
    }
    Ok(Exit::Good)
}

/// An error about what was given, and where that was taken from where nobody typed it.
fn traced(error: UserError, already: &[String]) -> UserError {
    if error.category != Category::Input || already.is_empty() {
        return error;
    }
    let detail = format!("{}. The value of {} was used", error.detail, already.join(", "));
    error.detail(detail)
}

/// Writes the files below `out`; the variables of environment files that stayed as they were.
async fn write(job: &Job, made: &Generated, out: &Path, force: bool) -> Result<Vec<Stayed>, UserError> {
    let (out, files) = (out.to_owned(), made.files.clone());
    let given = job.recipe.content().variables(&job.typed);
    let write = tokio::task::spawn_blocking(move || {
        if force {
            recipes::write_over(&out, &files, &given)
        } else {
            recipes::write(&out, &files).map(|()| Vec::new())
        }
    });
    write.await.unwrap_or_else(|error| {
        Err(UserError::new(Category::Internal, "The files were not written").detail(error.to_string()))
    })
}

fn told(made: &Generated, written: bool, cx: &Context) {
    let files: Vec<&str> = made.files.iter().map(|file| file.path.as_str()).collect();
    if cx.json {
        return cx.line(&json!({"files": files, "values": made.values}));
    }
    let mut text = String::new();
    for file in &made.files {
        if written {
            let whose = if file.is_private() { "  (yours alone: 0600)" } else { "" };
            text.push_str(&format!("{}{whose}\n", file.path));
        } else {
            text.push_str(&whole(file));
        }
    }
    text.push_str(&values(&made.values));
    cx.answer(text.trim_end());
}

/// A file as it is shown, secrets masked.
fn whole(file: &Artefact) -> String {
    format!("──── {}\n{}\n", file.path, file.shown())
}
