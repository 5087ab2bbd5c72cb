//! MAIL and RCPT, first as a dry run that RSET ends, then for the one real message.

use super::{Session, lost};
use crate::check::Check;
use crate::mail::replies::At;
use crate::mail::smtp::message::{self, TestMessage};
use crate::mail::smtp::reply::Reply;
use crate::mail::smtp::run::{Run, Stop, because};
use crate::mail::smtp::script::Script;
use crate::mail::smtp::stage::Stage;
use crate::mail::smtp::told::Sent;
use crate::mail::smtp::wire::Broke;
use crate::mail::smtp::words;

/// What a designed sign-in mail weighs, in bytes: announced in the dry run, so that a limit below it is found.
const LIKE_KINDES: usize = 50_000;

/// A command of the envelope, as it is sent.
fn mail(run: &Run<'_>, session: &Session, size: usize) -> Option<String> {
    let from = message::envelope(&run.plan.form.sender_email)?;
    let size = if session.offers.has("SIZE") { format!(" SIZE={size}") } else { String::new() };
    let utf8 = if from.is_ascii() { "" } else { " SMTPUTF8" };
    Some(format!("MAIL FROM:<{from}>{size}{utf8}"))
}

async fn command(run: &mut Run<'_>, session: &mut Session, line: &str) -> Result<Reply, Broke> {
    let limit = run.plan.limits.reply;
    let shown = run.script.masked(line);
    session.wire.command(&mut run.script, line, &shown, limit).await
}

/// May the user send as this sender, and is the recipient taken? Nothing is sent.
pub(super) async fn dry_run(run: &mut Run<'_>, session: &mut Session) -> Result<(), Stop> {
    run.begin(Stage::Sender);
    let (Some(mail), Some(to)) = (mail(run, session, LIKE_KINDES), message::envelope(run.plan.recipient())) else {
        return because("an address cannot be used");
    };
    if !mail.is_ascii() && !session.offers.has("SMTPUTF8") {
        let check = Check::fail(
            Stage::Sender.name(),
            "The sender has letters that are not ASCII before its @, and the server does not take such addresses",
            "Use an address of plain letters",
        );
        run.finish(check.seen("no SMTPUTF8 is offered"));
        return because("the sender was refused");
    }
    let reply = match command(run, session, &mail).await {
        Ok(reply) => reply,
        Err(broke) => return gone(run, Stage::Sender, &broke, At::Sender),
    };
    if let Some(limit) = session.offers.size().filter(|limit| reply.is_good() && *limit < LIKE_KINDES as u64) {
        let check = Check::warn(
            Stage::Sender.name(),
            format!("The server takes messages of {limit} bytes at most, and a designed sign-in mail has some 50 kB"),
            "Raise the server's message size limit",
        );
        run.finish(check.seen(reply.text()));
    } else {
        ended(run, Stage::Sender, &reply, At::Sender)?;
    }
    run.begin(Stage::Recipient);
    let reply = match command(run, session, &format!("RCPT TO:<{to}>")).await {
        Ok(reply) => reply,
        Err(broke) => return gone(run, Stage::Recipient, &broke, At::Recipient),
    };
    let done = ended(run, Stage::Recipient, &reply, At::Recipient);
    // Whatever came: nothing of this is to be sent.
    command(run, session, "RSET").await.ok();
    done
}

fn gone<T>(run: &mut Run<'_>, stage: Stage, broke: &Broke, at: At) -> Result<T, Stop> {
    let check = lost(run, stage, broke, at);
    run.finish(check);
    because("the connection broke")
}

/// Ends a stage of the envelope with the server's answer. A refusal for now is a warning.
fn ended(run: &mut Run<'_>, stage: Stage, reply: &Reply, at: At) -> Result<(), Stop> {
    let name = stage.name();
    let whom = if stage == Stage::Sender { "sender" } else { "recipient" };
    if reply.is_good() {
        let check = Check::pass(name).seen(reply.text());
        run.finish(match reply.code {
            251 => check.because("The server will forward it"),
            252 => check.because("The server does not tell whether there is such a recipient, and will try"),
            _ => check,
        });
        Ok(())
    } else if reply.is_temporary() {
        run.finish(words::put_off(name, reply, at, run.preset));
        because(format!("the {whom} was put off"))
    } else {
        run.finish(words::refused(name, reply, at, run.preset));
        because(format!("the {whom} was refused"))
    }
}

/// Sends one real message.
pub(super) async fn send(run: &mut Run<'_>, session: &mut Session) -> Result<(), Stop> {
    run.begin(Stage::Send);
    let now = run.clock.now();
    let Some(message) = message::build(run.plan, run.preset, now) else { return because("an address cannot be used") };
    let (Some(mail), Some(to)) = (mail(run, session, message.bytes.len()), message::envelope(run.plan.recipient()))
    else {
        return because("an address cannot be used");
    };
    for (line, wanted) in [(mail, 2), (format!("RCPT TO:<{to}>"), 2), ("DATA".to_owned(), 3)] {
        match command(run, session, &line).await {
            Ok(reply) if reply.code / 100 == wanted => {}
            Ok(reply) => {
                run.finish(words::refused(Stage::Send.name(), &reply, At::Data, run.preset));
                return because("the message was refused");
            }
            Err(broke) => return gone(run, Stage::Send, &broke, At::Data),
        }
    }
    run.script.client(&format!("({} bytes: the test message, then a dot)", message.bytes.len()));
    let limit = run.plan.limits.reply;
    let sent = session.wire.send(&message::data(&message.bytes), limit).await;
    let reply = match sent {
        Ok(()) => hear(&mut run.script, session, limit).await,
        Err(broke) => Err(broke),
    };
    match reply {
        Ok(reply) if reply.is_good() => {
            taken(run, message, to, &reply);
            Ok(())
        }
        Ok(reply) => {
            run.finish(words::refused(Stage::Send.name(), &reply, At::Data, run.preset));
            because("the message was refused")
        }
        Err(broke) => gone(run, Stage::Send, &broke, At::Data),
    }
}

async fn hear(script: &mut Script<'_>, session: &mut Session, limit: std::time::Duration) -> Result<Reply, Broke> {
    session.wire.reply(script, limit).await
}

/// The server took the message.
fn taken(run: &mut Run<'_>, message: TestMessage, to: String, reply: &Reply) {
    let text = reply.text();
    let queue_id = message::queue_id(&text);
    let log = match run.preset.and_then(|preset| preset.log_url.as_ref()) {
        Some(url) => format!("the provider's log tells what became of it: {url}"),
        None => "the server's log tells what became of it".to_owned(),
    };
    let why = format!("Taken is not delivered: look for the token {} in the mailbox of {to}; {log}", message.token);
    run.finish(Check::pass(Stage::Send.name()).seen(text.clone()).because(why));
    run.outcome.sent = Some(Sent {
        to,
        subject: message.subject,
        token: message.token,
        message_id: message.message_id,
        reply: text,
        queue_id,
    });
}
