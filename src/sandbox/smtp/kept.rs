//! The messages as rows: kept, listed, looked at, and the oldest let go.

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use crate::sandbox::delivery::events::moment;

/// So many messages are kept, and so many bytes of them.
const MESSAGES: i64 = 200;
const BYTES: i64 = 64 << 20;

/// A message that has just come.
pub struct NewMail {
    /// What the client was told it is queued as.
    pub queue_id: String,
    /// When.
    pub received: Timestamp,
    /// Sender of the envelope; empty for none.
    pub from: String,
    /// Recipients of the envelope.
    pub to: Vec<String>,
    /// What the client called itself.
    pub helo: String,
    /// The protocol of the TLS around it.
    pub tls: Option<String>,
    /// Its subject, decoded.
    pub subject: Option<String>,
    /// As it was sent.
    pub body: Arc<[u8]>,
}

/// A message in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailView {
    /// Its number.
    pub id: i64,
    /// What the client was told it is queued as.
    pub queue_id: String,
    /// When it came.
    pub received: Timestamp,
    /// Sender of the envelope; empty for none.
    pub from: String,
    /// Recipients of the envelope.
    pub to: Vec<String>,
    /// Its subject, decoded.
    pub subject: Option<String>,
    /// In bytes.
    pub size: u64,
    /// The protocol of the TLS it came over.
    pub tls: Option<String>,
}

/// Keeps a message below its trace headers, and lets the oldest go where there are too many; answers its number.
pub fn keep(connection: &Connection, mail: &NewMail) -> rusqlite::Result<i64> {
    let mut raw = trace(mail).into_bytes();
    raw.extend_from_slice(&mail.body);
    let to = serde_json::json!(mail.to).to_string();
    connection
        .prepare_cached(
            "INSERT INTO mails (queue_id, received, sender, rcpt, subject, size, tls, raw)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            mail.queue_id,
            mail.received.as_microsecond(),
            mail.from,
            to,
            mail.subject,
            i64::try_from(mail.body.len()).unwrap_or(i64::MAX),
            mail.tls,
            raw,
        ])?;
    let id = connection.last_insert_rowid();
    connection.execute(
        "DELETE FROM mails WHERE id <= ?1 - ?2 OR id <= (
             SELECT coalesce(max(id), 0) FROM (
                 SELECT id, sum(size) OVER (ORDER BY id DESC) AS total FROM mails) WHERE total > ?3 AND id < ?1)",
        params![id, MESSAGES, BYTES],
    )?;
    Ok(id)
}

/// The two headers that the last server puts on top (RFC 5321 section 4.4).
fn trace(mail: &NewMail) -> String {
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_string(&mail.received).unwrap_or_default();
    // What a client said is put in as far as a header may hold it.
    let plain = |text: &str| text.chars().filter(|c| !c.is_control() && !"()\\".contains(*c)).collect::<String>();
    let with = if mail.tls.is_some() { "ESMTPSA" } else { "ESMTPA" };
    let to = match mail.to.as_slice() {
        [one] => format!(" for <{}>", plain(one)),
        _ => String::new(),
    };
    format!(
        "Return-Path: <{}>\r\nReceived: from {} ([127.0.0.1])\r\n\tby localhost (Kinde Panel sandbox) with {with} id {}{to};\r\n\t{date}\r\n",
        plain(&mail.from),
        plain(&mail.helo),
        mail.queue_id,
    )
}

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<MailView> {
    let to: String = row.get(4)?;
    Ok(MailView {
        id: row.get(0)?,
        queue_id: row.get(1)?,
        received: moment(row.get(2)?),
        from: row.get(3)?,
        to: serde_json::from_str(&to).unwrap_or_default(),
        subject: row.get(5)?,
        size: u64::try_from(row.get::<_, i64>(6)?).unwrap_or_default(),
        tls: row.get(7)?,
    })
}

const COLUMNS: &str = "id, queue_id, received, sender, rcpt, subject, size, tls";

/// The newest messages first, at most `limit`.
pub fn page(connection: &Connection, limit: u32) -> rusqlite::Result<Vec<MailView>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM mails ORDER BY id DESC LIMIT ?1"))?
        .query_map([limit], row)?
        .collect()
}

/// A message with all of its bytes.
pub fn one(connection: &Connection, id: i64) -> rusqlite::Result<Option<(MailView, Vec<u8>)>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS}, raw FROM mails WHERE id = ?1"))?
        .query_row([id], |found| Ok((row(found)?, found.get(8)?)))
        .optional()
}

/// The number of the newest message that ever came; 0 where none did.
pub fn newest(connection: &Connection) -> rusqlite::Result<i64> {
    connection
        .query_row("SELECT seq FROM sqlite_sequence WHERE name = 'mails'", [], |row| row.get(0))
        .optional()
        .map(Option::unwrap_or_default)
}

/// Lets all of them go. Their numbers are not given out again.
pub fn clear(connection: &Connection) -> rusqlite::Result<usize> {
    connection.execute("DELETE FROM mails", [])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../delivery/mails.sql")).unwrap();
        connection
    }

    fn mail(body: &[u8]) -> NewMail {
        NewMail {
            queue_id: "5ABD00".to_owned(),
            received: "2026-11-23T12:00:00Z".parse().unwrap(),
            from: "ada@example.com".to_owned(),
            to: vec!["grace@example.com".to_owned()],
            helo: "laptop\r\nX-Forged: 1".to_owned(),
            tls: Some("TLSv1.3".to_owned()),
            subject: Some("hi".to_owned()),
            body: body.into(),
        }
    }

    #[test]
    fn the_newest_are_kept_by_number_and_by_size_and_the_newest_always() {
        let connection = open();
        for _ in 0..MESSAGES + 5 {
            keep(&connection, &mail(b"Subject: x\r\n\r\nx")).unwrap();
        }
        let page_of = |connection: &Connection| page(connection, 1000).unwrap();
        assert_eq!(page_of(&connection).len(), MESSAGES as usize);
        assert_eq!(page_of(&connection)[0].id, MESSAGES + 5);
        clear(&connection).unwrap();
        let big = vec![b'x'; 10 << 20];
        for _ in 0..9 {
            keep(&connection, &mail(&big)).unwrap();
        }
        assert_eq!(page_of(&connection).len(), 6, "64 MiB of 10 MiB each");
        assert_eq!(newest(&connection).unwrap(), MESSAGES + 14, "numbers go on after a clear");
    }

    #[test]
    fn trace_headers_stand_above_the_message_and_hold_no_line_of_the_client_s_own_making() {
        let connection = open();
        let id = keep(&connection, &mail(b"Subject: hi\r\n\r\nx")).unwrap();
        let (view, raw) = one(&connection, id).unwrap().unwrap();
        assert_eq!((view.subject.as_deref(), view.size), (Some("hi"), 16));
        let raw = String::from_utf8(raw).unwrap();
        let (head, body) = raw.split_once("Subject: hi").unwrap();
        assert_eq!(body, "\r\n\r\nx");
        assert!(
            head.starts_with(
                "Return-Path: <ada@example.com>\r\nReceived: from laptopX-Forged: 1 ([127.0.0.1])\r\n\tby localhost"
            ),
            "{head}"
        );
        assert!(
            head.contains("with ESMTPSA id 5ABD00 for <grace@example.com>;\r\n\tMon, 23 Nov 2026 12:00:00"),
            "{head}"
        );
        assert_eq!(one(&connection, 99).unwrap(), None);
    }
}
