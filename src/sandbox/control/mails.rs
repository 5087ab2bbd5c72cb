//! What the sandbox's mail server took: listed, read, waited for, thrown away.

use std::time::Duration;

use http::Method;
use serde::{Deserialize, Serialize};

use super::{Control, parse};
use crate::sandbox::ask::{Ask, Reply};
use crate::sandbox::error::SandboxError;
use crate::sandbox::smtp::{self, MailBody, MailView};
use crate::sandbox::world::World;

/// How long a call may wait for a new message: less than a client's patience.
const WAIT: Duration = Duration::from_secs(50);
/// The most messages that are told at once.
const MOST: u32 = 200;

/// The messages that are kept, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mails {
    /// The messages.
    pub mails: Vec<MailView>,
    /// The number of the newest that ever came: what to wait behind.
    pub newest: i64,
}

impl Control {
    /// The messages that the mail server keeps, newest first. With `after`, waits until one came after that number, and
    /// for so long at most that the connection stays.
    ///
    /// # Errors
    /// When the sandbox does not answer.
    pub async fn mails(&self, after: Option<i64>) -> Result<Mails, SandboxError> {
        let path = after.map_or_else(|| "mails".to_owned(), |after| format!("mails?after={after}"));
        parse(&self.send(Method::GET, &path, "Mail of the sandbox", None).await?)
    }

    /// A message in full; `None` where it is not kept any more.
    ///
    /// # Errors
    /// When the sandbox does not answer.
    pub async fn mail(&self, id: i64) -> Result<Option<MailBody>, SandboxError> {
        parse(&self.send(Method::GET, &format!("mail?id={id}"), "A message of the sandbox", None).await?)
    }

    /// Throws every message away; how many there were.
    ///
    /// # Errors
    /// When the sandbox does not answer.
    pub async fn clear_mails(&self) -> Result<usize, SandboxError> {
        parse(&self.send(Method::POST, "mails/clear", "Clear the sandbox's mail", None).await?)
    }
}

/// Answers `GET /mails`.
pub(super) async fn list(world: &World, ask: &Ask) -> Result<Mails, SandboxError> {
    if let Some(after) = ask.query("after").and_then(|text| text.parse::<i64>().ok()) {
        let mut newest = world.mails.subscribe();
        tokio::select! {
            _ = newest.wait_for(|newest| *newest > after) => {}
            () = world.ending.cancelled() => {}
            () = tokio::time::sleep(WAIT) => {}
        }
    }
    let newest = *world.mails.borrow();
    let mails = world.store.read(|connection| smtp::page(connection, MOST)).await?;
    Ok(Mails { newest: mails.first().map_or(newest, |mail| mail.id.max(newest)), mails })
}

/// Answers `GET /mail`.
pub(super) async fn one(world: &World, ask: &Ask) -> Reply {
    let id = ask.query("id").and_then(|text| text.parse::<i64>().ok()).unwrap_or_default();
    let found = world.store.read(move |connection| smtp::one(connection, id)).await;
    let found = match found {
        Ok(found) => found,
        Err(error) => return Reply::text(500, &error.to_string()),
    };
    // A large one takes a moment to be taken apart.
    let body = tokio::task::spawn_blocking(move || found.map(|(view, raw)| smtp::read(view, &raw))).await;
    match body {
        Ok(body) => super::answer::written(&body),
        Err(error) => Reply::text(500, &error.to_string()),
    }
}

/// Answers `POST /mails/clear`.
pub(super) async fn clear(world: &World) -> Result<usize, SandboxError> {
    world.store.write(smtp::clear).await
}
