//! How a tenant's events sent here look: the form, the chain while it stands, and what goes wrong with it.

use kinde_panel::backend::public::{Event as Told, Link};
use kinde_panel::check::Check;
use kinde_panel::tunnel::State;
use kinde_panel::webhooks::{How, Refusal, Why};

use super::live::*;
use super::sending::{acme, at, here, on_the_sandbox, opened, press, room_of, tell, through_ngrok, tunnel, up};

/// The form over what was found here: ngrok runs.
fn form(theme: Theme) -> Harness {
    let mut harness = room_of(acme(false), theme);
    opened(&mut harness);
    harness
}

/// localtunnel before a live environment.
fn consent(theme: Theme) -> Harness {
    let mut harness = room_of(acme(true), theme);
    harness.set_size(vec2(1000.0, 900.0));
    harness.run_steps(4);
    opened(&mut harness);
    harness.get_by_label("localtunnel").click();
    harness.run_steps(4);
    harness
}

/// Receiver, tunnel and webhook stand.
fn there(theme: Theme) -> Harness {
    let (mut harness, job, _, _) = through_ngrok(theme);
    tunnel(&mut harness, job, up());
    tell(&mut harness, job, Told::Webhook(here(How::Added)));
    harness
}

/// The tunnel is lost and comes again.
fn lost(theme: Theme) -> Harness {
    let (mut harness, job, _, _) = through_ngrok(theme);
    tunnel(&mut harness, job, up());
    tell(&mut harness, job, Told::Webhook(here(How::Added)));
    let error = UserError::new(Category::Network, "ngrok ended")
        .detail("Its agent does not answer on 127.0.0.1:4040 any more")
        .hint("Start it again: ngrok http 4444");
    let checks = vec![
        Check::pass("address").seen("calm-fox.ngrok-free.app"),
        Check::fail("arrives", "Nothing arrived within 10 s", "Start the tunnel again"),
    ];
    tunnel(&mut harness, job, State::Down { url: None, error, checks, again_at: Some(at(9)) });
    harness
}

/// The self-test found a page for browsers in between.
fn failed(theme: Theme) -> Harness {
    let (mut harness, job, _, _) = through_ngrok(theme);
    let error = UserError::new(Category::Network, "Webhooks do not come through")
        .detail("A page for browsers answers in place of this machine")
        .hint("Choose another way, or sign in to ngrok");
    let checks = vec![
        Check::pass("address").seen("calm-fox.ngrok-free.app"),
        Check::fail("interstitial", "A page for browsers answers in place of this machine", "Choose another way"),
        Check::skipped("bytes", "not run because nothing arrived"),
    ];
    tunnel(&mut harness, job, State::Ended { error, checks });
    harness
}

/// The address changed, and the webhook could not follow yet.
fn behind(theme: Theme) -> Harness {
    let (mut harness, job, _, _) = through_ngrok(theme);
    tunnel(&mut harness, job, up());
    tell(&mut harness, job, Told::Webhook(here(How::Added)));
    let error =
        UserError::new(Category::Network, "The webhook could not follow to the new address: Kinde cannot be reached")
            .detail("acme.kinde.com does not answer")
            .hint("It is tried again at 12:04:33. Look at this machine's network");
    tell(&mut harness, job, Told::Webhook(Link::Refused(Box::new(Refusal { why: Why::Failed, error }))));
    harness
}

/// One that pointed here before does not take everything that is wanted.
fn already(theme: Theme) -> Harness {
    let (mut harness, job, _, _) = through_ngrok(theme);
    tunnel(&mut harness, job, up());
    let missing = ["role.created", "role.updated", "invoice.paid"].map(str::to_owned).to_vec();
    tell(&mut harness, job, Told::Webhook(here(How::Already { missing })));
    harness
}

/// The plan has no room.
fn limit(theme: Theme) -> Harness {
    let (mut harness, job, _, _) = through_ngrok(theme);
    tunnel(&mut harness, job, up());
    let error = UserError::new(Category::Api, "The plan has no room for another webhook")
        .detail("Kinde says: You have reached the limit of your plan")
        .hint("Let another stand aside meanwhile, or delete one that is not needed");
    tell(&mut harness, job, Told::Webhook(Link::Refused(Box::new(Refusal { why: Why::Limit, error }))));
    harness
}

/// It could not be put back yet.
fn not_back(theme: Theme) -> Harness {
    let (mut harness, job, _, _) = on_the_sandbox(theme);
    tell(&mut harness, job, Told::Webhook(here(How::Added)));
    press(&mut harness, "Stop");
    let error = UserError::new(Category::Network, "\u{201c}Kinde Panel\u{201d} is not put back yet: no connection")
        .detail("api.acme.com does not answer")
        .hint("Look at the network");
    tell(&mut harness, job, Told::Webhook(Link::NotBack { error, again_at: Some(at(5)) }));
    harness
}

type Scene = fn(Theme) -> Harness;

#[test]
fn each_state_of_a_tenants_events_sent_here_looks_as_it_was_judged() {
    let scenes: [(&str, Scene); 9] = [
        ("form", form),
        ("consent", consent),
        ("there", there),
        ("already", already),
        ("behind", behind),
        ("lost", lost),
        ("failed", failed),
        ("limit", limit),
        ("not_back", not_back),
    ];
    let mut results = SnapshotResults::new();
    for (theme, word) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        for (name, scene) in scenes {
            let mut harness = scene(theme);
            common::picture(&mut harness, format!("sending_{name}_{word}"));
            results.extend_harness(&mut harness);
        }
    }
}
