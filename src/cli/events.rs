//! `events`: the history of a profile: listed, shown, searched, exported, imported, replayed, judged again.

use std::io::BufReader;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::history::{Room, arrow, row, trouble, words};
use super::{Context, Exit, decode};
use crate::error::{Category, UserError};
use crate::inspector::export::{self, Which};
use crate::inspector::forward::{Outcome, Sent, Target, answered_before, explain};
use crate::inspector::search::{self, When};
use crate::inspector::{import, replay};
use crate::store::attempts::{Answer, Filter, Forwarded, Standing, Whole};

/// How many are read from the history at a time.
const AT_ONCE: usize = 500;

/// The words of `events`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// The attempts, newest first
    List(Page),
    /// One attempt with its verdict, headers and body
    Show {
        /// Its number
        seq: i64,
    },
    /// The attempts that a search finds: words, type:user.*, verdict:failed, id:…, data.user.email:…, since:2h
    Search {
        /// What to look for
        #[arg(required = true, num_args = 1..)]
        query: Vec<String>,
        #[command(flatten)]
        page: Page,
    },
    /// Write all attempts to a file, a line of JSON each
    Export {
        /// Where to
        file: PathBuf,
    },
    /// Keep what stands in a file: an export, HAR, a raw HTTP request, curl lines, tokens
    Import {
        /// The file
        file: PathBuf,
    },
    /// Send the kept bytes of an attempt once more
    Replay {
        /// Its number
        seq: i64,
        /// Where to
        #[arg(long, value_name = "URL")]
        to: String,
    },
    /// Judge every attempt again, by the keys of now
    Reverify,
}

#[derive(Debug, clap::Args)]
struct Page {
    /// At most so many; 0 is all
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Those below this number alone
    #[arg(long, value_name = "SEQ")]
    before: Option<i64>,
    /// Of this event type; one that ends in * is a beginning. May stand several times
    #[arg(long = "type", value_name = "TYPE", value_parser = super::context::non_empty)]
    types: Vec<String>,
    /// What they came to: verified, good, failed, not_verified, unknown_key, unsigned, encrypted, unreadable or pending
    #[arg(long, value_name = "VERDICT", value_parser = standings)]
    verdict: Vec<Standings>,
    /// Received at or after: 2026-11-24T12:04:00Z, 2026-11-24, 12:04, or how long ago as 2h
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    since: Option<When>,
    /// Received before
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    until: Option<When>,
}

#[derive(Debug, Clone)]
struct Standings(Vec<Standing>);

fn standings(word: &str) -> Result<Standings, String> {
    Standing::named(word).map(Standings).ok_or_else(|| format!("it is one of {}", search::VERDICTS.join(", ")))
}

fn moment(word: &str) -> Result<When, &'static str> {
    When::read(word).ok_or("write it like 2026-11-24T12:04:00Z, 2026-11-24, 12:04, or how long ago as 2h")
}

/// Does what the words say.
///
/// # Errors
/// When the words are unusable, or the history or a file cannot be used.
pub async fn run(args: Args, cx: &Context) -> Result<Exit, UserError> {
    // Unusable words are told before anything is opened.
    let now = cx.services.clock.now();
    let query = match &args.command {
        Command::Search { query, .. } => search::parse(&query.join(" "))?.filter(now),
        _ => Filter::default(),
    };
    let target = match &args.command {
        Command::Replay { to, .. } => Some(Target::parse(to, false)?),
        _ => None,
    };
    let mut room = Room::open(cx, None, None).await?;
    match args.command {
        Command::List(page) | Command::Search { page, .. } => list(cx, &mut room, query, page).await,
        Command::Show { seq } => show(cx, &mut room, seq).await,
        Command::Export { file } => write(cx, &room, &file).await,
        Command::Import { file } => read(cx, &mut room, &file).await,
        Command::Replay { seq, .. } => match target {
            Some(target) => send(cx, &room, seq, &target).await,
            None => Ok(Exit::Unusable),
        },
        Command::Reverify => reverify(cx, &mut room).await,
    }
}

async fn list(cx: &Context, room: &mut Room, query: Filter, page: Page) -> Result<Exit, UserError> {
    let now = cx.services.clock.now();
    room.intake.judge_pending().await?;
    let mut filter = query;
    // What the flags say narrows what the search says.
    let asked: Vec<Standing> = page.verdict.into_iter().flat_map(|standings| standings.0).collect();
    if !asked.is_empty() {
        let both = |standing: &Standing| filter.standings.is_empty() || filter.standings.contains(standing);
        let both: Vec<Standing> = asked.into_iter().filter(both).collect();
        if both.is_empty() {
            return Ok(Exit::Good);
        }
        filter.standings = both;
    }
    if !page.types.is_empty() {
        if filter.types.is_empty() {
            filter.types = page.types;
        } else {
            // Those that both mean, out of the types there are.
            let known = room.attempts.types(&room.owner).await?;
            let flags = Filter { types: page.types, ..Filter::default() };
            filter.types = flags.types_of(&filter.types_of(&known));
            if filter.types.is_empty() {
                return Ok(Exit::Good);
            }
        }
    }
    let since = page.since.map(|when| when.moment(now));
    filter.since = filter.since.max(since);
    let until = page.until.map(|when| when.moment(now));
    filter.until = [filter.until, until].into_iter().flatten().min();
    filter.before = page.before;
    let mut left = if page.limit == 0 { usize::MAX } else { page.limit };
    while left > 0 {
        filter.limit = left.min(AT_ONCE);
        let rows = room.attempts.page(&room.owner, filter.clone()).await?;
        for attempt in &rows {
            if cx.json {
                cx.line(&row(attempt));
            } else {
                cx.answer(&words(attempt));
            }
        }
        left -= rows.len();
        match rows.last() {
            Some(last) if rows.len() == filter.limit => filter.before = Some(last.seq),
            _ => break,
        }
    }
    Ok(Exit::Good)
}

async fn show(cx: &Context, room: &mut Room, seq: i64) -> Result<Exit, UserError> {
    room.intake.judge_pending().await?;
    let Some(whole) = room.attempts.whole(&room.owner, seq).await? else {
        return Err(UserError::new(Category::Input, format!("There is no attempt {seq}"))
            .detail("Not in the history of this profile, or deleted since")
            .hint("`events list` shows the numbers; another profile is named with --profile"));
    };
    let kept: Option<Value> = whole.decode.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let judged = match &kept {
        Some(_) => None,
        None => Some(room.intake.look_again(&whole).await?),
    };
    let forwards = forwards(room, &whole).await?;
    if cx.json {
        let mut line = row(&whole.attempt);
        let told = kept.or_else(|| judged.and_then(|judged| serde_json::to_value(&judged.decoded).ok()));
        if let Some(members) = line.as_object_mut() {
            members.insert("decode".to_owned(), told.unwrap_or_default());
            members.insert("headers".to_owned(), json!(whole.headers));
            members.insert("body_b64".to_owned(), STANDARD.encode(&whole.body).into());
            let answers: Vec<Value> = forwards.into_iter().map(|forward| forward.json).collect();
            members.insert("answers".to_owned(), answers.into());
        }
        cx.line(&line);
        return Ok(Exit::Good);
    }
    cx.answer(&words(&whole.attempt));
    match judged {
        Some(judged) => decode::print_for_people(cx, &judged.decoded),
        None => cx.answer("A token that is no webhook: kept without its signature, and judged when it came"),
    }
    let headers: Vec<String> =
        whole.headers.iter().map(|(name, value)| decode::plain(&format!("{name}: {value}"))).collect();
    cx.answer(&format!("\nHeaders\n{}", headers.join("\n")));
    for forward in forwards {
        cx.answer(&forward.words);
    }
    Ok(Exit::Good)
}

/// A forward with what it was answered and why that is not the 200 Kinde wants.
struct Told {
    json: Value,
    words: String,
}

async fn forwards(room: &Room, whole: &Whole) -> Result<Vec<Told>, UserError> {
    let attempt = &whole.attempt;
    let mut answers = room.attempts.answers(&room.owner, attempt.seq).await?;
    answers.resize(attempt.forwarded.len(), None);
    let mut all = Vec::new();
    for (on, answer) in attempt.forwarded.iter().zip(&answers) {
        let known = answered_before(&room.attempts, &room.owner, on).await;
        let by_sandbox = on.edited || room.by_sandbox;
        let sent = Sent { url: &on.url, by_sandbox, known: &known, ..Sent::default() };
        let outcome = Outcome::kept(on, answer.as_ref());
        let json = json!({
            "headers": answer.as_ref().map(|answer| &answer.headers),
            "body": answer.as_ref().map(|answer| &answer.body),
            "body_bytes": answer.as_ref().map(|answer| answer.size),
            "checks": explain(&sent, &outcome, room.framework),
        });
        let why = trouble(&sent, &outcome, room.framework).map(|why| format!("\n{why}")).unwrap_or_default();
        all.push(Told { json, words: format!("\n{}{why}", went(on, answer.as_ref())) });
    }
    Ok(all)
}

/// A forward for a person: the line, and the answer as it came.
fn went(on: &Forwarded, answer: Option<&Answer>) -> String {
    let came = match (on.status, &on.error) {
        (Some(status), _) => format!("{status} · {} ms", on.ms),
        (None, error) => error.clone().unwrap_or_else(|| "no answer".to_owned()),
    };
    let mut text = decode::plain(&format!("{} {}  {came}", arrow(on), on.url));
    if let Some(answer) = answer {
        for (name, value) in &answer.headers {
            text.push_str(&format!("\n  {}", decode::plain(&format!("{name}: {value}"))));
        }
        if !answer.body.is_empty() {
            text.push('\n');
        }
        for line in answer.body.lines() {
            text.push_str(&format!("\n  {}", decode::plain(line)));
        }
        if answer.cut {
            text.push_str(&format!("\n  … of {} bytes", answer.size));
        }
    }
    text
}

async fn write(cx: &Context, room: &Room, file: &Path) -> Result<Exit, UserError> {
    let written = export::export_to(&room.attempts, &room.owner, Which::Matching(Box::default()), file).await;
    let count = written.map_err(|error| error.told(file))?;
    told(cx, count, 0, file, "written to");
    Ok(Exit::Good)
}

async fn read(cx: &Context, room: &mut Room, file: &Path) -> Result<Exit, UserError> {
    let opened = std::fs::File::open(file).map_err(|error| {
        UserError::new(Category::File, "The file could not be opened")
            .detail(format!("{}: {error}", file.display()))
            .hint("Check its name")
    })?;
    let imported = import::import(Box::new(BufReader::new(opened)), &mut room.intake).await?;
    for reason in imported.reasons() {
        cx.say(&format!("Skipped. {reason}"));
    }
    if imported.on_its_word > 0 {
        cx.say(&format!(
            "{} verdicts stand as the file says: those are no webhooks, and are kept without their signatures",
            imported.on_its_word
        ));
    }
    if imported.unknown > 0 {
        cx.say(&format!(
            "{} that the file calls verified were signed with keys that are unknown here: reverify judges them again",
            imported.unknown
        ));
    }
    told(cx, imported.count, imported.skipped, file, "read from");
    Ok(Exit::Good)
}

fn told(cx: &Context, count: usize, skipped: usize, file: &Path, done: &str) {
    if cx.json {
        cx.line(&json!({"count": count, "skipped": skipped, "file": file.display().to_string()}));
    } else {
        let skipped = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
        cx.answer(&format!("{count} attempts {done} {}{skipped}", file.display()));
    }
}

async fn send(cx: &Context, room: &Room, seq: i64, target: &Target) -> Result<Exit, UserError> {
    let replayed = replay::replay(&room.attempts, &cx.services.http, &room.owner, seq, target).await?;
    let by_sandbox = room.by_sandbox;
    let sent = Sent { url: &replayed.response.forwarded.url, by_sandbox, known: &replayed.known, ..Sent::default() };
    if let Some(why) = trouble(&sent, &Outcome::of(&replayed.response), room.framework) {
        cx.say(&why);
    }
    let forwarded = replayed.response.forwarded;
    let attempt = room.attempts.whole(&room.owner, seq).await?.map(|whole| whole.attempt);
    if cx.json {
        cx.line(&json!({"delivery": {
            "url": forwarded.url,
            "status": forwarded.status,
            "ms": forwarded.ms,
            "body_sha256": attempt.as_ref().map(|attempt| &attempt.body_sha256),
            "event_id": attempt.as_ref().and_then(|attempt| attempt.event_id.as_ref()),
            "webhook_id": attempt.as_ref().and_then(|attempt| attempt.webhook_id.as_ref()),
            "error": forwarded.error,
        }}));
    } else {
        cx.answer(&format!("Attempt {seq} {}", went(&forwarded, None)));
    }
    Ok(if forwarded.status == Some(200) { Exit::Good } else { Exit::Bad })
}

async fn reverify(cx: &Context, room: &mut Room) -> Result<Exit, UserError> {
    room.intake.judge_pending().await?;
    let sum = room.intake.reverify().await?;
    if cx.json {
        cx.line(&json!({"checked": sum.checked, "changed": sum.changed}));
    } else {
        let worse = if sum.worse > 0 { format!(", {} of them for the worse", sum.worse) } else { String::new() };
        cx.answer(&format!("{} attempts judged again, {} changed{worse}", sum.checked, sum.changed));
    }
    Ok(if sum.worse > 0 { Exit::Bad } else { Exit::Good })
}
