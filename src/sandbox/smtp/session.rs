//! One conversation: what each command is answered (RFC 5321), and when (RFC 3207, RFC 4954, RFC 1870).

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

use super::addresses::{Path, Wrong};
use super::kept::{self, NewMail};
use super::wire::{Body, Broken, Line, Wire};
use super::{MESSAGE, RECIPIENTS, USER, auth, read};
use crate::sandbox::presets;
use crate::sandbox::world::World;

/// So many commands a conversation may have.
const COMMANDS: usize = 2000;
/// So many commands it may get wrong, and so many passwords.
const MISTAKES: usize = 20;
const PASSWORDS: usize = 5;

/// How a part of a conversation ended.
pub enum End<S> {
    /// It is over.
    Over,
    /// TLS begins on the stream.
    StartTls(S),
}

/// Where a conversation stands.
struct Session<S> {
    wire: Wire<S>,
    world: Arc<World>,
    /// The protocol of the TLS around it, for example `TLSv1.3`.
    tls: Option<String>,
    /// What the client called itself, once it greeted.
    helo: Option<String>,
    /// It greeted with EHLO.
    extended: bool,
    signed_in: bool,
    wrong_passwords: usize,
    mistakes: usize,
    mail: Option<Envelope>,
}

/// What was said of the message that is coming.
#[derive(Default)]
struct Envelope {
    from: String,
    to: Vec<String>,
}

/// What follows a reply.
enum Next {
    Go,
    StartTls,
    End,
}

/// Converses over `stream`, on which TLS of the protocol `tls` is spoken already where there is one. `greet` is false after STARTTLS.
///
/// # Errors
/// When the client goes away or is too slow.
pub async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    world: Arc<World>,
    tls: Option<String>,
    greet: bool,
) -> Result<End<S>, Broken> {
    let mut session = Session {
        wire: Wire::new(stream),
        world,
        tls,
        helo: None,
        extended: false,
        signed_in: false,
        wrong_passwords: 0,
        mistakes: 0,
        mail: None,
    };
    if greet {
        session.wire.say(&["220 localhost ESMTP Kinde Panel sandbox"]).await?;
    }
    for _ in 0..COMMANDS {
        let line = match session.wire.line().await {
            Ok(line) => line,
            Err(Broken::Slow) => {
                session.wire.say(&["421 4.4.2 localhost Nothing was said for a minute"]).await?;
                break;
            }
            Err(broken) => return Err(broken),
        };
        match session.answer(line).await? {
            Next::Go if session.mistakes < MISTAKES && session.wrong_passwords < PASSWORDS => {}
            Next::Go => {
                session.wire.say(&["421 4.7.0 localhost Too many errors"]).await?;
                break;
            }
            Next::StartTls => return Ok(End::StartTls(session.wire.into_stream())),
            Next::End => break,
        }
    }
    session.wire.close().await;
    Ok(End::Over)
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    async fn say(&mut self, reply: &str) -> Result<Next, Broken> {
        if reply.starts_with('5') {
            self.mistakes += 1;
        }
        self.wire.say(&[reply]).await?;
        Ok(Next::Go)
    }

    async fn answer(&mut self, line: Line) -> Result<Next, Broken> {
        let Line::Whole(line) = line else { return self.say("500 5.5.6 That line is too long").await };
        let Ok(line) = String::from_utf8(line) else { return self.say("500 5.5.2 That is no text").await };
        let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let rest = rest.trim();
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.hello(rest, true).await,
            "HELO" => self.hello(rest, false).await,
            "STARTTLS" => self.start_tls(rest).await,
            "AUTH" => self.auth(rest).await,
            "MAIL" => self.mail(rest).await,
            "RCPT" => self.rcpt(rest).await,
            "DATA" => self.data(rest).await,
            "RSET" => {
                self.mail = None;
                self.say("250 2.0.0 Ok").await
            }
            "NOOP" => self.say("250 2.0.0 Ok").await,
            "VRFY" => self.say("252 2.5.0 Everybody is taken, and nobody is written to").await,
            "HELP" => {
                self.say("214 2.0.0 A mail server of the Kinde Panel sandbox: what comes is kept and shown").await
            }
            "QUIT" => {
                self.say("221 2.0.0 Bye").await?;
                Ok(Next::End)
            }
            "EXPN" | "BDAT" | "TURN" | "ETRN" => self.say("502 5.5.1 Not implemented").await,
            _ => self.say("500 5.5.2 Unknown command").await,
        }
    }

    async fn hello(&mut self, name: &str, extended: bool) -> Result<Next, Broken> {
        if name.is_empty() || name.len() > 255 || name.contains(char::is_whitespace) {
            return self.say("501 5.5.4 Say your name or [address] behind it").await;
        }
        self.helo = Some(name.to_owned());
        self.extended = extended;
        self.mail = None;
        if !extended {
            return self.say("250 localhost").await;
        }
        let size = format!("250-SIZE {MESSAGE}");
        // Where TLS is still to come, signing in is not offered: the password would be in the clear.
        let offer = if self.tls.is_some() { "250-AUTH PLAIN LOGIN" } else { "250-STARTTLS" };
        let lines = ["250-localhost", &size, offer, "250-PIPELINING", "250-8BITMIME", "250-SMTPUTF8"];
        self.wire.say(&lines).await?;
        self.say("250 ENHANCEDSTATUSCODES").await
    }

    async fn start_tls(&mut self, rest: &str) -> Result<Next, Broken> {
        if self.tls.is_some() {
            return self.say("503 5.5.1 TLS is spoken already").await;
        }
        if !self.extended {
            return self.say("503 5.5.1 Say EHLO first").await;
        }
        if !rest.is_empty() {
            return self.say("501 5.5.4 STARTTLS stands alone").await;
        }
        self.say("220 2.0.0 Ready to start TLS").await?;
        Ok(Next::StartTls)
    }

    async fn auth(&mut self, rest: &str) -> Result<Next, Broken> {
        if !self.extended {
            return self.say("503 5.5.1 Say EHLO first").await;
        }
        if self.tls.is_none() {
            return self.say("530 5.7.0 Must issue a STARTTLS command first").await;
        }
        if self.signed_in || self.mail.is_some() {
            return self.say("503 5.5.1 You are signed in, or a message has begun").await;
        }
        let (mechanism, initial) = rest.split_once(' ').map_or((rest, None), |(name, text)| (name, Some(text.trim())));
        let right = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => self.plain(initial).await?,
            "LOGIN" => self.login(initial).await?,
            _ => return self.say("504 5.5.4 PLAIN and LOGIN are known here").await,
        };
        match right {
            Ok(true) => {
                self.signed_in = true;
                self.say("235 2.7.0 Authentication successful").await
            }
            Ok(false) => {
                self.wrong_passwords += 1;
                self.say("535 5.7.8 Error: authentication failed").await
            }
            Err(reply) => self.say(reply).await,
        }
    }

    async fn plain(&mut self, initial: Option<&str>) -> Result<Result<bool, &'static str>, Broken> {
        let response = match initial {
            Some(text) => auth::decode(text.as_bytes()).ok_or(NO_BASE64),
            None => self.challenge("334 ").await?,
        };
        Ok(response.and_then(|response| {
            let given = auth::plain(&response).ok_or("501 5.5.2 That is no PLAIN response")?;
            Ok(self.is_right(given))
        }))
    }

    async fn login(&mut self, initial: Option<&str>) -> Result<Result<bool, &'static str>, Broken> {
        let user = match initial {
            Some(text) => auth::decode(text.as_bytes()).ok_or(NO_BASE64),
            None => self.challenge("334 VXNlcm5hbWU6").await?,
        };
        let user = match user {
            Ok(user) => user,
            Err(reply) => return Ok(Err(reply)),
        };
        let password = self.challenge("334 UGFzc3dvcmQ6").await?;
        Ok(password.map(|password| self.is_right((&user, &password))))
    }

    /// Asks for a response and reads it.
    async fn challenge(&mut self, words: &str) -> Result<Result<zeroize::Zeroizing<Vec<u8>>, &'static str>, Broken> {
        self.wire.say(&[words]).await?;
        let Line::Whole(line) = self.wire.line().await? else { return Ok(Err("500 5.5.6 That line is too long")) };
        let line = zeroize::Zeroizing::new(line);
        if line.as_slice() == b"*" {
            return Ok(Err("501 5.7.0 Authentication cancelled"));
        }
        Ok(auth::decode(&line).ok_or(NO_BASE64))
    }

    fn is_right(&self, given: (&[u8], &[u8])) -> bool {
        let password = self.world.state().smtp_password.clone();
        auth::is_right(given, (USER, &password))
    }

    async fn mail(&mut self, rest: &str) -> Result<Next, Broken> {
        if self.helo.is_none() {
            return self.say("503 5.5.1 Say EHLO first").await;
        }
        if self.tls.is_none() {
            return self.say("530 5.7.0 Must issue a STARTTLS command first").await;
        }
        if !self.signed_in {
            return self.say("530 5.7.0 Authentication required").await;
        }
        if self.mail.is_some() {
            return self.say("503 5.5.1 A message has begun: RSET drops it").await;
        }
        match Path::read(rest, "FROM:") {
            Ok(path) if path.size.is_some_and(|size| size > MESSAGE) => {
                self.say("552 5.3.4 Message size exceeds the limit").await
            }
            Ok(path) => {
                self.mail = Some(Envelope { from: path.address, to: Vec::new() });
                self.say("250 2.1.0 Ok").await
            }
            Err(Wrong::Syntax) => self.say("501 5.5.4 Syntax: MAIL FROM:<address>").await,
            Err(Wrong::Address) => self.say("501 5.1.7 Bad sender address syntax").await,
            Err(Wrong::Parameter) => self.say("555 5.5.4 A parameter is not known here").await,
        }
    }

    async fn rcpt(&mut self, rest: &str) -> Result<Next, Broken> {
        let Some(mail) = &mut self.mail else { return self.say("503 5.5.1 Say MAIL first").await };
        let reply = match Path::read(rest, "TO:") {
            Ok(path) if path.address.is_empty() => "501 5.1.3 Bad recipient address syntax",
            Ok(_) if mail.to.len() >= RECIPIENTS => "452 4.5.3 Too many recipients",
            Ok(path) => {
                mail.to.push(path.address);
                "250 2.1.5 Ok"
            }
            Err(Wrong::Syntax) => "501 5.5.4 Syntax: RCPT TO:<address>",
            Err(Wrong::Address) => "501 5.1.3 Bad recipient address syntax",
            Err(Wrong::Parameter) => "555 5.5.4 A parameter is not known here",
        };
        self.say(reply).await
    }

    async fn data(&mut self, rest: &str) -> Result<Next, Broken> {
        if !rest.is_empty() {
            return self.say("501 5.5.4 DATA stands alone").await;
        }
        match &self.mail {
            None => return self.say("503 5.5.1 Say MAIL first").await,
            Some(mail) if mail.to.is_empty() => return self.say("554 5.5.1 No valid recipients").await,
            Some(_) => {}
        }
        self.wire.say(&["354 End data with <CR><LF>.<CR><LF>"]).await?;
        let body = self.wire.body(MESSAGE).await?;
        let mail = self.mail.take().unwrap_or_default();
        let Body::Whole(body) = body else { return self.say("552 5.3.4 Message size exceeds the limit").await };
        // As a provider's: what the panel's own log and a support case go by.
        let body: Arc<[u8]> = body.into();
        let subject = subject(Arc::clone(&body)).await;
        let queue_id = format!("5ABD{}", presets::hex(10).to_ascii_uppercase());
        let new = NewMail {
            queue_id: queue_id.clone(),
            received: self.world.now(),
            from: mail.from,
            to: mail.to,
            helo: self.helo.clone().unwrap_or_default(),
            tls: self.tls.clone(),
            subject,
            body,
        };
        // Taken only once it is on the disk.
        match self.world.store.write(move |connection| kept::keep(connection, &new)).await {
            Ok(id) => {
                self.world.mails.send_if_modified(|newest| {
                    let newer = id > *newest;
                    *newest = id.max(*newest);
                    newer
                });
                self.say(&format!("250 2.0.0 Ok: queued as {queue_id}")).await
            }
            Err(error) => {
                tracing::warn!(%error, "the sandbox could not keep a message");
                self.say("451 4.3.0 The message could not be kept").await
            }
        }
    }
}

/// The subject of a message, read where neither its size nor what is odd about it holds anybody up.
async fn subject(body: Arc<[u8]>) -> Option<String> {
    tokio::task::spawn_blocking(move || read::subject(&body)).await.ok().flatten()
}

const NO_BASE64: &str = "501 5.5.2 That is not base64";
