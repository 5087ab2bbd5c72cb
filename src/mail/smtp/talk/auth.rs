//! Signing in: AUTH PLAIN (RFC 4616) or LOGIN, once and never again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{Session, lost};
use crate::check::Check;
use crate::mail::presets::inline;
use crate::mail::replies::{At, explain};
use crate::mail::smtp::reply::Reply;
use crate::mail::smtp::run::{Run, Stop, because};
use crate::mail::smtp::stage::Stage;
use crate::mail::smtp::wire::{Broke, Wire};
use crate::secrets::MASK;

const NAME: &str = "auth";
/// The longest command line a server must take (RFC 5321 §4.5.3.1.4), less its end.
const LONGEST_COMMAND: usize = 510;

/// Signs in, or says why not. What is left of the session stays usable where the server offers no sign-in at all.
pub(super) async fn sign_in(run: &mut Run<'_>, session: &mut Session) -> Result<(), Stop> {
    run.begin(Stage::Auth);
    let offered = session.offers.auth();
    let seen = if offered.is_empty() { "no AUTH is offered".to_owned() } else { format!("AUTH {}", offered.join(" ")) };
    let has = |way: &str| offered.iter().any(|known| known == way);
    let plain = has("PLAIN");
    if !plain && !has("LOGIN") {
        run.finish(no_way(&offered).seen(seen));
        // Nothing signs in, and nothing secret was sent: whether the server takes mail all the same is worth knowing.
        return if offered.is_empty() { Ok(()) } else { because("nobody can sign in") };
    }
    if run.plan.form.password.is_empty() {
        let check = Check::skipped(NAME, "Not run because no password was given");
        run.finish(check.seen(seen));
        return because("nobody signed in");
    }
    let reply = if plain { with_plain(run, &mut session.wire).await } else { with_login(run, &mut session.wire).await };
    let reply = match reply {
        Ok(reply) => reply,
        Err(broke) => {
            let check = lost(run, Stage::Auth, &broke, At::Auth);
            run.finish(check);
            return because("the connection broke");
        }
    };
    if reply.code == 235 {
        let way = if plain { "PLAIN" } else { "LOGIN" };
        run.finish(Check::pass(NAME).seen(format!("AUTH {way}: {}", reply.text())));
        return Ok(());
    }
    let check = refused(run, &reply);
    run.finish(check);
    because("sign-in failed")
}

fn no_way(offered: &[String]) -> Check {
    let tokens = ["XOAUTH2", "OAUTHBEARER"];
    if offered.is_empty() {
        Check::fail(
            NAME,
            "The server offers no sign-in: it is for incoming mail, or a relay that goes by IP address",
            "Use the provider's server for sending, on 587 or 465: Kinde signs in with user and password",
        )
    } else if offered.iter().all(|way| tokens.contains(&way.as_str())) {
        Check::fail(
            NAME,
            "The server takes OAuth alone (XOAUTH2), and Kinde can use user and password only",
            "This account cannot be used: take another provider, for example Resend",
        )
    } else {
        Check::fail(
            NAME,
            format!("The server takes neither PLAIN nor LOGIN, only {}", offered.join(", ")),
            "Switch on AUTH PLAIN over TLS on the server: Kinde signs in with user and password",
        )
    }
}

/// A refusal, with what the provider wants as user and password where the words do not say it.
fn refused(run: &Run<'_>, reply: &Reply) -> Check {
    let text = reply.text();
    let explained = explain(&text, Some(At::Auth), run.preset);
    let mut fix = explained.fix;
    if let Some(preset) = run.preset.filter(|preset| reply.code == 535 && explained.source != preset.name) {
        fix = format!(
            "{fix}. {}: the user is {}; the password is {}",
            preset.name,
            inline(&preset.user_hint),
            inline(&preset.password_hint)
        );
    }
    Check::fail(NAME, explained.means, fix).seen(text)
}

async fn with_plain(run: &mut Run<'_>, wire: &mut Wire) -> Result<Reply, Broke> {
    let form = &run.plan.form;
    let raw = Zeroizing::new(format!("\0{}\0{}", form.user, form.password.expose()));
    let encoded = Zeroizing::new(STANDARD.encode(raw.as_bytes()));
    let limit = run.plan.limits.reply;
    let whole = Zeroizing::new(format!("AUTH PLAIN {}", encoded.as_str()));
    let reply = if whole.len() <= LONGEST_COMMAND {
        wire.command(&mut run.script, &whole, &format!("AUTH PLAIN {MASK}"), limit).await?
    } else {
        wire.command(&mut run.script, "AUTH PLAIN", "AUTH PLAIN", limit).await?
    };
    // A server that did not take the words with the command asks for them.
    if reply.code == 334 { wire.command(&mut run.script, &encoded, MASK, limit).await } else { Ok(reply) }
}

async fn with_login(run: &mut Run<'_>, wire: &mut Wire) -> Result<Reply, Broke> {
    let form = &run.plan.form;
    let limit = run.plan.limits.reply;
    let mut reply = wire.command(&mut run.script, "AUTH LOGIN", "AUTH LOGIN", limit).await?;
    for word in [form.user.as_str(), form.password.expose()] {
        if reply.code != 334 {
            return Ok(reply);
        }
        let encoded = Zeroizing::new(STANDARD.encode(word));
        reply = wire.command(&mut run.script, &encoded, MASK, limit).await?;
    }
    Ok(reply)
}
