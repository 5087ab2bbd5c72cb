//! `webhooks export`, `plan` and `apply`: the tenant's webhooks as a file.

use std::io::Read as _;

use serde_json::{Value, json};

use super::print::plain;
use super::webhooks::{Room, at_the_limit};
use super::{Context, Exit};
use crate::error::{Category, UserError};
use crate::kinde::Definition;
use crate::step::Step;
use crate::webhooks::{self, AtLimit, Deed, Refusal};

/// Refuses an export over a file that is there. What is no file, as a pipe, is written to.
fn is_free(file: &str) -> Result<(), UserError> {
    match std::fs::symlink_metadata(file).and_then(|_| std::fs::metadata(file)) {
        Ok(about) if about.is_file() => Err(UserError::new(Category::Input, "That file is there already")
            .detail("An export never writes over a file. Nothing was read or written")
            .hint("Name another file, or move that one away; - writes to standard output")),
        Ok(about) if about.is_dir() => Err(UserError::new(Category::Input, "That is a folder")
            .detail("Nothing was read or written")
            .hint("Name a file in it")),
        _ => Ok(()),
    }
}

fn write_new(file: &str, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true);
    let is_pipe = std::fs::metadata(file).is_ok_and(|about| !about.is_file());
    let mut opened = if is_pipe { options.open(file)? } else { options.create_new(true).open(file)? };
    opened.write_all(text.as_bytes()).inspect_err(|_| {
        // Half an export would be taken for a whole one.
        if !is_pipe {
            std::fs::remove_file(file).ok();
        }
    })
}

pub(super) async fn export(file: &str, cx: &Context) -> Result<Exit, UserError> {
    if file != "-" {
        is_free(file)?;
    }
    let room = Room::open(cx, false).await?;
    let (list, _) = room.list().await?;
    let text = webhooks::export(&list);
    if file == "-" {
        let whole: Value = serde_json::from_str(&text).unwrap_or_default();
        return Ok(room.told(&whole, text.trim_end()));
    }
    let name = file.to_owned();
    let writing = tokio::task::spawn_blocking(move || write_new(&name, &text));
    let Some(written) = cx.cancel.run_until_cancelled(writing).await else {
        return Err(UserError::new(Category::Input, "Cancelled").detail("The file was not written to its end"));
    };
    written.map_err(std::io::Error::other).and_then(|it| it).map_err(|error| {
        UserError::new(Category::File, "The file could not be written")
            .detail(error.to_string())
            .hint("Name a file in a folder that exists and may be written to")
    })?;
    let count = if list.len() == 1 { "1 webhook".to_owned() } else { format!("{} webhooks", list.len()) };
    Ok(room.told(&json!({"count": list.len(), "file": file}), &format!("{count} in {file}")))
}

/// What a source holds, which may be one without an end.
fn bounded(source: impl std::io::Read) -> std::io::Result<String> {
    let mut text = String::new();
    source.take(webhooks::MAX_FILE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > webhooks::MAX_FILE {
        return Err(std::io::Error::other("It is larger than 4 MiB"));
    }
    Ok(text)
}

/// The webhooks of the file.
async fn read(file: &str, cx: &Context) -> Result<Vec<Definition>, UserError> {
    let read = if file == "-" {
        super::stdin::text(&cx.cancel).await?
    } else {
        let name = file.to_owned();
        let reading = tokio::task::spawn_blocking(move || bounded(std::fs::File::open(name)?));
        // A pipe that nobody writes to has no end: the thread that reads stays behind.
        let Some(read) = cx.cancel.run_until_cancelled(reading).await else {
            return Err(UserError::new(Category::Input, "Cancelled").detail("The file was not read to its end"));
        };
        read.map_err(std::io::Error::other).and_then(|text| text)
    };
    let text = read.map_err(|error| {
        UserError::new(Category::File, "The file could not be read")
            .detail(error.to_string())
            .hint("Name a file that webhooks export wrote")
    })?;
    webhooks::import(&text)
}

/// What makes the tenant's webhooks those of the file.
async fn planned(wanted: &[Definition], room: &Room<'_>) -> Result<Vec<webhooks::Item>, UserError> {
    webhooks::plan_here(&room.ends, wanted, &|step| room.step(&step), &room.cx.cancel).await
}

pub(super) async fn plan(file: &str, cx: &Context) -> Result<Exit, UserError> {
    let wanted = read(file, cx).await?;
    let room = Room::open(cx, false).await?;
    let items = planned(&wanted, &room).await?;
    let lines: Vec<String> = items.iter().map(plan_line).collect();
    room.told(&json!({"plan": items.iter().map(webhooks::Item::json).collect::<Vec<_>>()}), &lines.join("\n"));
    Ok(if items.iter().any(|item| item.trouble().is_some()) { Exit::Bad } else { Exit::Good })
}

fn plan_line(item: &webhooks::Item) -> String {
    // As it stands in the tenant; what is new has no id, and is known by where it delivers.
    let endpoint = item.was.as_ref().map(|was| &was.definition).or(item.wanted.as_ref()).map(|it| plain(&it.endpoint));
    let id = item.was.as_ref().map(|was| format!("  {}", plain(&was.id))).unwrap_or_default();
    let mut line =
        format!("{:<8} {}  {}{id}", word(item.deed), plain(&item.name), endpoint.as_deref().unwrap_or_default());
    for part in item.diff().iter().flat_map(webhooks::Diff::lines) {
        let text = |text: &Option<String>| text.as_deref().map_or_else(|| "nothing".to_owned(), plain);
        line.push_str(&format!("\n         {} → {}", text(&part.before), text(&part.after)));
    }
    for trouble in item.troubles() {
        line.push_str(&format!("\n         ✖ {}", trouble.why.as_deref().unwrap_or_default()));
    }
    line
}

fn word(deed: Deed) -> &'static str {
    match deed {
        Deed::Create => "create",
        Deed::Update => "update",
        Deed::Replace => "replace",
        Deed::Delete => "delete",
        Deed::Keep => "keep",
    }
}

pub(super) async fn apply(file: &str, cx: &Context) -> Result<Exit, UserError> {
    let wanted = read(file, cx).await?;
    let room = Room::open(cx, true).await?;
    let items = planned(&wanted, &room).await?;
    let told = |index: usize, mut step: Step| {
        // Which of the file's webhooks it is about.
        if let Some(item) = items.get(index) {
            step.title = format!("{}: {}", item.name, step.title);
        }
        room.step(&step);
    };
    let mut applied = webhooks::apply(&room.ends, &items, AtLimit::Refuse, &told, &cx.cancel).await;
    for it in applied.iter_mut().filter(|it| it.deed == Deed::Replace) {
        it.refused =
            it.refused.take().map(|refusal| Refusal { why: refusal.why.clone(), error: at_the_limit(refusal) });
    }
    let lines: Vec<Value> = applied
        .iter()
        .map(
            |it| json!({"do": it.deed, "name": it.name, "id": it.id, "error": it.refused.as_ref().map(|it| &it.error)}),
        )
        .collect();
    let text: Vec<String> = applied
        .iter()
        .map(|it| {
            let told = |it: &Refusal| format!("\n         ✖ {}\n           {}", it.error, it.error.hint);
            let refused = it.refused.as_ref().map(told).unwrap_or_default();
            let id = it.id.as_ref().map(|id| format!("  {}", plain(id))).unwrap_or_default();
            format!("{:<8} {}{id}{refused}", word(it.deed), plain(&it.name))
        })
        .collect();
    room.told(&json!({"applied": lines}), &text.join("\n"));
    Ok(if applied.iter().any(|it| it.refused.is_some()) { Exit::Bad } else { Exit::Good })
}
