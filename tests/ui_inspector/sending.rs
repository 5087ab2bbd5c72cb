//! A tenant's events sent here: the form, each state of the chain, and what is put back.

use kinde_panel::backend::public::{Command as Ask, Event as Told, Link, Offered, Sending, Steer, WebhookWish};
use kinde_panel::backend::{End, history::Wish as Receiver};
use kinde_panel::check::Check;
use kinde_panel::kinde::{Definition, Domain, Webhook};
use kinde_panel::tunnel::{Found, Offer, State, Way, Wish};
use kinde_panel::webhooks::{AtLimit, Borrowed, Catalogue, How, Refusal, Why};
use url::Url;

use super::live::*;

const ADDRESS: &str = "http://127.0.0.1:4444/k/7f3a90b1c2d34e5f8a9b0c1d2e3f4a5b";
const PUBLIC: &str = "https://calm-fox.ngrok-free.app/k/7f3a90b1c2d34e5f8a9b0c1d2e3f4a5b";

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(NOW + second).unwrap()
}

fn webhook(id: &str, name: &str, endpoint: &str) -> Webhook {
    let event_types = vec!["user.created".to_owned(), "user.updated".to_owned()];
    let definition = Definition { name: name.into(), description: None, endpoint: endpoint.into(), event_types };
    Webhook { id: id.into(), definition, created_on: None }
}

fn orders() -> Webhook {
    webhook("webhook_1", "Orders", "https://hooks.acme.com/orders")
}

pub(super) fn here(how: How) -> Link {
    Link::There(Box::new(Borrowed { webhook: webhook("webhook_9", "Kinde Panel", PUBLIC), how }))
}

pub(super) fn acme(guarded: bool) -> Profile {
    let mut profile = Profile::new("acme-staging", Domain::parse("acme").unwrap());
    profile.client_id = Some("client".into());
    profile.environment = Some(kinde_panel::tenant::EnvironmentFacts {
        code: None,
        name: None,
        is_live: Some(guarded),
        kinde_domain: None,
        custom_domain: None,
        read_at: at(0),
    });
    profile
}

pub(super) fn room_of(profile: Profile, theme: Theme) -> Harness {
    let mut harness = room(theme);
    harness.state_mut().profile = Some(profile);
    harness.state_mut().with(|state, cx, actions| {
        state.forget(actions);
        state.entered(cx, actions);
    });
    harness.state_mut().page(Vec::new(), false, 0);
    harness.run();
    harness
}

/// The last thing asked of the job about a tenant's events that `wanted` knows.
fn asked<T>(harness: &mut Harness, wanted: impl Fn(Ask) -> Option<T>) -> (JobId, T) {
    harness.state_mut().ran(|_, command| match command {
        Command::Public(command) => wanted(command),
        _ => None,
    })
}

pub(super) fn tell(harness: &mut Harness, job: JobId, told: Told) {
    harness.state_mut().with(|state, _, actions| state.on_public(job, told, actions));
    harness.run_steps(4);
}

fn ways() -> Vec<Offer> {
    let offer = |way, state, words: &str, fix: Option<&str>| Offer {
        way,
        state,
        words: words.to_owned(),
        fix: fix.map(str::to_owned),
    };
    vec![
        offer(
            Way::Ngrok,
            Found::Running("https://calm-fox.ngrok-free.app".into()),
            "Runs, and leads to port 4444",
            None,
        ),
        offer(
            Way::Cloudflared,
            Found::Missing,
            "Not installed here",
            Some("Install cloudflared, then open this again"),
        ),
        offer(Way::Localtunnel, Found::Ready, "Built in: nothing to install", None),
        offer(Way::Own, Found::Ready, "A tunnel or proxy of your own", None),
    ]
}

fn offered() -> Offered {
    let webhooks = vec![orders(), webhook("webhook_2", "CRM", "https://crm.acme.com/kinde")];
    let error = UserError::new(Category::Auth, "not asked");
    Offered { ways: ways(), webhooks: Ok(webhooks.into()), types: Ok(Catalogue::of(Err(error))) }
}

pub(super) fn press(harness: &mut Harness, name: &str) {
    harness.get_by_role_and_label(Role::Button, name).click();
    harness.run_steps(4);
}

fn seen(harness: &Harness, words: &str) -> bool {
    harness.query_all_by_label_contains(words).next().is_some()
}

/// Opens the form and answers what there is to choose from.
pub(super) fn opened(harness: &mut Harness) {
    press(harness, "Send this tenant's events here");
    let (job, ()) = asked(harness, |command| matches!(command, Ask::Offer { .. }).then_some(()));
    tell(harness, job, Told::Offered(Box::new(offered())));
}

/// Presses the button of the form and answers that the receiver is up: what is asked then, and the receiver's job.
fn begun(harness: &mut Harness, button: &str) -> (JobId, Box<Sending>, JobId) {
    press(harness, button);
    let (receiver, wish) = harness.state_mut().asked(|command| match command {
        history::Command::Listen { wish, .. } => Some(wish),
        _ => None,
    });
    assert_eq!(wish, Receiver::default());
    let up = Up { url: ADDRESS.to_owned(), port: 4444 };
    harness.state_mut().tell(receiver, Event::Listening(Ok(up)));
    let (job, sending) = asked(harness, |command| match command {
        Ask::Send(sending) => Some(sending),
        _ => None,
    });
    harness.run_steps(4);
    (job, sending, receiver)
}

/// It is begun on the sandbox: two clicks.
pub(super) fn on_the_sandbox(theme: Theme) -> (Harness, JobId, Box<Sending>, JobId) {
    let mut harness = room_of(Profile::sandbox(), theme);
    opened(&mut harness);
    let (job, sending, receiver) = begun(&mut harness, "Send events here");
    (harness, job, sending, receiver)
}

/// It is begun through ngrok.
pub(super) fn through_ngrok(theme: Theme) -> (Harness, JobId, Box<Sending>, JobId) {
    let mut harness = room_of(acme(false), theme);
    opened(&mut harness);
    let (job, sending, receiver) = begun(&mut harness, "Send events here");
    (harness, job, sending, receiver)
}

pub(super) fn tunnel(harness: &mut Harness, job: JobId, state: State) {
    tell(harness, job, Told::Tunnel(Box::new(state)));
}

pub(super) fn up() -> State {
    State::Up { url: Url::parse(PUBLIC).unwrap(), checks: vec![Check::pass("arrives")], checked_at: at(2) }
}

fn ended(harness: &mut Harness, job: JobId) {
    harness.state_mut().with(|state, _, actions| state.on_end(job, End::Done, actions));
    harness.run_steps(4);
}

/// Opens the form from below the chain, changes it by `change`, and presses its button.
fn changed(harness: &mut Harness, change: impl FnOnce(&mut Harness)) {
    harness.set_size(egui::vec2(1000.0, 1400.0));
    harness.run_steps(4);
    press(harness, "Choose another way\u{2026}");
    let (look, ()) = asked(harness, |command| matches!(command, Ask::Offer { .. }).then_some(()));
    tell(harness, look, Told::Offered(Box::new(offered())));
    change(harness);
    press(harness, "Send events here");
}

#[test]
fn two_clicks_on_the_sandbox_ask_for_a_receiver_and_for_a_webhook_without_a_tunnel() {
    let (mut harness, job, sending, _) = on_the_sandbox(Theme::Dark);
    assert!(sending.through.is_none());
    let wanted = WebhookWish { name: "Kinde Panel".into(), ..WebhookWish::default() };
    assert_eq!(*sending.steer.borrow(), Steer { webhook: wanted, ..Steer::default() });
    tell(&mut harness, job, Told::Webhook(Link::Making));
    assert!(seen(&harness, "making the webhook"));
    tell(&mut harness, job, Told::Webhook(here(How::Added)));
    assert!(seen(&harness, "receiving on") && seen(&harness, "webhook \u{201c}Kinde Panel\u{201d}"));
    assert!(seen(&harness, "Waiting for the first webhook"));
    press(&mut harness, "Trigger an event");
    assert!(harness.state().actions.iter().any(|action| matches!(action, Action::OpenTrigger)));
}

#[test]
fn stop_puts_everything_back_first_shows_it_and_then_stops_receiving() {
    let (mut harness, job, sending, receiver) = on_the_sandbox(Theme::Dark);
    tell(&mut harness, job, Told::Webhook(here(How::Added)));
    harness.state_mut().actions.clear();
    press(&mut harness, "Stop");
    assert!(sending.steer.borrow().stop);
    let cancelled = |harness: &Harness, wanted| {
        harness.state().actions.iter().any(|action| matches!(action, Action::Cancel(job) if *job == wanted))
    };
    assert!(!cancelled(&harness, receiver), "what is still delivered arrives");
    tell(&mut harness, job, Told::Webhook(Link::Returning));
    assert!(seen(&harness, "putting it back"));
    tell(&mut harness, job, Told::Webhook(Link::Back("\u{201c}Kinde Panel\u{201d} was taken away again".into())));
    ended(&mut harness, job);
    assert!(cancelled(&harness, receiver));
    assert!(seen(&harness, "Everything is put back") && seen(&harness, "was taken away again"));
    press(&mut harness, "Dismiss what was put back");
    assert!(!seen(&harness, "Everything is put back"));
}

#[test]
fn the_palette_puts_the_webhook_back_and_receives_on() {
    let (mut harness, job, sending, receiver) = on_the_sandbox(Theme::Dark);
    tell(&mut harness, job, Told::Webhook(here(How::Added)));
    harness.state_mut().with(|state, cx, actions| state.ask(InspectorAsk::StopSending, cx, actions));
    assert!(sending.steer.borrow().stop);
    harness.state_mut().actions.clear();
    tell(&mut harness, job, Told::Webhook(Link::Back("It is back".into())));
    ended(&mut harness, job);
    let stopped = |action: &Action| matches!(action, Action::Cancel(job) if *job == receiver);
    assert!(!harness.state().actions.iter().any(stopped));
    assert!(seen(&harness, "Send events here"), "it can be begun again from the chain");
}

#[test]
fn what_runs_already_is_chosen_and_what_is_missing_says_how_to_get_it() {
    let (mut harness, job, sending, _) = through_ngrok(Theme::Dark);
    assert_eq!(sending.through.as_ref().map(|wish| wish.way), Some(Way::Ngrok));
    tunnel(&mut harness, job, State::Opening("Asking the agent".into()));
    assert!(seen(&harness, "ngrok: opening"));
    tunnel(&mut harness, job, State::Testing { url: Url::parse(PUBLIC).unwrap() });
    assert!(seen(&harness, "ngrok: testing"));
    tunnel(&mut harness, job, up());
    assert!(seen(&harness, "calm-fox.ngrok-free.app") && seen(&harness, "no webhook yet"));
    let error = UserError::new(Category::Network, "ngrok ended").detail("Its agent does not answer").hint("Start it");
    let down = State::Down { url: None, error, checks: Vec::new(), again_at: Some(at(9)) };
    tunnel(&mut harness, job, down);
    assert!(seen(&harness, "ngrok: lost, again") && seen(&harness, "ngrok ended"));
    assert!(seen(&harness, "does not reach this machine now"), "nothing is promised meanwhile");
    let mut harness = room_of(acme(false), Theme::Dark);
    opened(&mut harness);
    assert!(seen(&harness, "Not installed here. Install cloudflared"));
}

#[test]
fn localtunnel_is_agreed_to_once_and_a_live_environment_refuses_it_until_then() {
    let mut harness = room_of(acme(false), Theme::Dark);
    harness.set_size(egui::vec2(1000.0, 1400.0));
    harness.run_steps(4);
    opened(&mut harness);
    harness.get_by_label("localtunnel").click();
    harness.run_steps(4);
    assert!(seen(&harness, "unencrypted"));
    press(&mut harness, "Allow and send events here");
    let (_, choices) = asked(&mut harness, |command| match command {
        Ask::Choose { choices, .. } => Some(choices),
        _ => None,
    });
    assert!(choices.localtunnel_allowed && !choices.live_allowed);
    let kept: Wish = serde_json::from_value(choices.wish.clone().unwrap()).unwrap();
    assert_eq!(kept.way, Way::Localtunnel);
    // Once it is allowed nobody asks again, and it is what the form opens with.
    let mut allowed = acme(false);
    allowed.public = choices;
    let mut harness = room_of(allowed, Theme::Dark);
    harness.set_size(egui::vec2(1000.0, 1400.0));
    harness.run_steps(4);
    opened(&mut harness);
    assert!(!seen(&harness, "unencrypted"));
    let (_, sending, _) = begun(&mut harness, "Send events here");
    assert_eq!(sending.through.unwrap().way, Way::Localtunnel);

    let mut harness = room_of(acme(true), Theme::Dark);
    harness.set_size(egui::vec2(1000.0, 1400.0));
    harness.run_steps(4);
    opened(&mut harness);
    assert!(seen(&harness, "is a live environment") && seen(&harness, "Every event of its users"));
    harness.get_by_label("localtunnel").click();
    harness.run_steps(4);
    let off = |harness: &Harness| {
        use egui_kittest::kittest::NodeT as _;
        let button = harness.get_by_role_and_label(Role::Button, "Allow and send events here");
        button.accesskit_node().is_disabled()
    };
    assert!(off(&harness));
    harness.get_by_role_and_label(Role::CheckBox, "Allow localtunnel for this environment").click();
    harness.run_steps(4);
    assert!(!off(&harness));
    press(&mut harness, "Allow and send events here");
    let (_, choices) = asked(&mut harness, |command| match command {
        Ask::Choose { choices, .. } => Some(choices),
        _ => None,
    });
    assert!(choices.live_allowed && !choices.localtunnel_allowed, "each is agreed to for itself");
}

#[test]
fn an_address_by_hand_is_judged_as_it_is_typed() {
    let mut harness = room_of(acme(false), Theme::Dark);
    opened(&mut harness);
    harness.get_by_label("My own address").click();
    harness.run_steps(4);
    let type_in = |harness: &mut Harness, text: &str| {
        harness.get_by_role_and_label(Role::TextInput, "Address").focus();
        harness.run_steps(3);
        harness.get_by_role_and_label(Role::TextInput, "Address").type_text(text);
        harness.run_steps(4);
    };
    type_in(&mut harness, "dev.example.com");
    assert!(seen(&harness, "does not begin with https"));
    harness.get_by_role_and_label(Role::TextInput, "Address").focus();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run_steps(2);
    type_in(&mut harness, "https://dev.example.com/");
    let (_, sending, _) = begun(&mut harness, "Send events here");
    assert_eq!(sending.through.unwrap().own.as_deref(), Some("https://dev.example.com/"));
}

#[test]
fn at_the_plans_limit_another_may_stand_aside_and_the_tunnel_stays_meanwhile() {
    let (mut harness, job, sending, _) = through_ngrok(Theme::Dark);
    tunnel(&mut harness, job, up());
    let error = UserError::new(Category::Api, "The plan has no room for another webhook").detail("Kinde says so");
    tell(&mut harness, job, Told::Webhook(Link::Refused(Box::new(Refusal { why: Why::Limit, error }))));
    assert!(seen(&harness, "The plan has no room"));
    press(&mut harness, "Let another stand aside\u{2026}");
    let (look, ()) = asked(&mut harness, |command| matches!(command, Ask::Offer { .. }).then_some(()));
    tell(&mut harness, look, Told::Offered(Box::new(offered())));
    harness.get_by_label("Instead of").click();
    harness.run_steps(4);
    harness.get_by_label("Orders").click();
    harness.run_steps(4);
    assert!(seen(&harness, "stands aside for"));
    press(&mut harness, "Send events here");
    let steer = sending.steer.borrow().clone();
    assert_eq!((steer.tries, steer.stop), (1, false));
    assert_eq!(steer.webhook.instead_of, Some(orders()));
    assert_eq!((steer.webhook.at_limit, steer.webhook.name.as_str()), (AtLimit::DeleteFirst, "Orders"));
    assert_eq!(steer.webhook.event_types, orders().definition.event_types, "it gets what that one gets");
}

#[test]
fn another_way_takes_the_place_of_one_that_failed_once_that_is_put_back() {
    let (mut harness, job, sending, _) = through_ngrok(Theme::Dark);
    let error = UserError::new(Category::Network, "Webhooks do not come through").detail("An HTML page answers");
    let checks = vec![Check::fail("interstitial", "A page for browsers answers", "Use another way")];
    tunnel(&mut harness, job, State::Ended { error, checks });
    assert!(seen(&harness, "ngrok: not there") && seen(&harness, "interstitial"), "the self-test is shown");
    press(&mut harness, "Choose another way\u{2026}");
    let (look, ()) = asked(&mut harness, |command| matches!(command, Ask::Offer { .. }).then_some(()));
    tell(&mut harness, look, Told::Offered(Box::new(offered())));
    harness.get_by_label("localtunnel").click();
    harness.run_steps(4);
    press(&mut harness, "Allow and send events here");
    assert!(sending.steer.borrow().stop);
    harness.state_mut().actions.clear();
    tell(&mut harness, job, Told::Webhook(Link::Back(String::new())));
    ended(&mut harness, job);
    let (_, next) = asked(&mut harness, |command| match command {
        Ask::Send(sending) => Some(sending),
        _ => None,
    });
    assert_eq!(next.through.unwrap().way, Way::Localtunnel);
}

#[test]
fn the_same_way_is_begun_anew_where_its_tunnel_has_ended() {
    let (mut harness, job, sending, _) = through_ngrok(Theme::Dark);
    let error = UserError::new(Category::Network, "No ngrok agent runs on this machine").hint("Start one");
    tunnel(&mut harness, job, State::Ended { error, checks: Vec::new() });
    changed(&mut harness, |_| {});
    assert!(sending.steer.borrow().stop, "nobody is there who could try it again");
    harness.state_mut().actions.clear();
    tell(&mut harness, job, Told::Webhook(Link::Back(String::new())));
    ended(&mut harness, job);
    let (_, next) = asked(&mut harness, |command| match command {
        Ask::Send(sending) => Some(sending),
        _ => None,
    });
    assert_eq!(next.through.unwrap().way, Way::Ngrok);
}

#[test]
fn another_webhook_takes_the_place_of_one_that_is_there_and_the_same_one_stays() {
    for other in [false, true] {
        let (mut harness, job, sending, _) = through_ngrok(Theme::Dark);
        tunnel(&mut harness, job, up());
        tell(&mut harness, job, Told::Webhook(here(How::Added)));
        let error = UserError::new(Category::Network, "ngrok ended").detail("Its agent does not answer");
        tunnel(&mut harness, job, State::Down { url: None, error, checks: Vec::new(), again_at: Some(at(9)) });
        changed(&mut harness, |harness| {
            if other {
                harness.get_by_label("Change the webhook").click();
                harness.run_steps(4);
                harness.get_by_role_and_label(Role::TextInput, "Name").focus();
                harness.run_steps(3);
                harness.get_by_role_and_label(Role::TextInput, "Name").type_text(" 2");
                harness.run_steps(4);
            }
        });
        assert_eq!(sending.steer.borrow().stop, other, "what was chosen is not dropped without a word");
        if !other {
            assert_eq!(sending.steer.borrow().tries, 1);
            continue;
        }
        harness.state_mut().actions.clear();
        tell(&mut harness, job, Told::Webhook(Link::Back("It is back".into())));
        ended(&mut harness, job);
        let (_, next) = asked(&mut harness, |command| match command {
            Ask::Send(sending) => Some(sending),
            _ => None,
        });
        assert_eq!(next.steer.borrow().webhook.name, "Kinde Panel 2");
    }
}

#[test]
fn what_a_webhook_that_points_here_already_does_not_take_is_named_with_where_to_change_it() {
    let (mut harness, job, _, _) = through_ngrok(Theme::Dark);
    tunnel(&mut harness, job, up());
    tell(&mut harness, job, Told::Webhook(here(How::Already { missing: Vec::new() })));
    assert!(!seen(&harness, "does not take"));
    let missing = vec!["role.created".into(), "invoice.paid".into()];
    tell(&mut harness, job, Told::Webhook(here(How::Already { missing })));
    assert!(seen(&harness, "does not take role.created, invoice.paid: change it in Webhooks"));
    press(&mut harness, "Go to Webhooks");
    assert!(harness.state().actions.iter().any(|action| matches!(action, Action::Go(Room::Webhooks))));
}

#[test]
fn a_webhook_that_is_left_behind_is_told_of_once_wherever_the_person_is() {
    let (mut harness, job, _, _) = through_ngrok(Theme::Dark);
    tunnel(&mut harness, job, up());
    tell(&mut harness, job, Told::Webhook(here(How::Added)));
    // Another profile shows.
    harness.state_mut().profile = Some(Profile::sandbox());
    harness.state_mut().with(kinde_panel::screens::inspector::State::entered);
    harness.state_mut().actions.clear();
    let refused = || {
        let error = UserError::new(Category::Network, "The webhook could not follow to the new address");
        Link::Refused(Box::new(Refusal { why: Why::Failed, error }))
    };
    // It is tried again, and refused again.
    for link in [Link::Making, refused(), Link::Making, refused()] {
        tell(&mut harness, job, Told::Webhook(link));
    }
    let told = |harness: &Harness| {
        let is = |action: &&Action| matches!(action, Action::Notify(_, title, _) if title.starts_with("Events do not arrive"));
        harness.state().actions.iter().filter(is).count()
    };
    assert_eq!(told(&harness), 1);
    tell(&mut harness, job, Told::Webhook(here(How::Added)));
    tell(&mut harness, job, Told::Webhook(refused()));
    assert_eq!(told(&harness), 2, "lost anew");
}

#[test]
fn what_cannot_be_put_back_is_said_with_the_time_of_the_next_try_and_can_be_hurried_or_left() {
    let (mut harness, job, sending, _) = on_the_sandbox(Theme::Dark);
    tell(&mut harness, job, Told::Webhook(here(How::Added)));
    press(&mut harness, "Stop");
    let error = UserError::new(Category::Network, "\u{201c}Kinde Panel\u{201d} is not put back yet: no answer");
    tell(&mut harness, job, Told::Webhook(Link::NotBack { error, again_at: Some(at(5)) }));
    assert!(seen(&harness, "not put back yet") && seen(&harness, "It is tried again at"));
    press(&mut harness, "Try now");
    assert_eq!(sending.steer.borrow().tries, 1);
    press(&mut harness, "Leave it to the next start");
    assert!(sending.steer.borrow().leave);
    ended(&mut harness, job);
    assert!(seen(&harness, "the next start puts it back"));
}

#[test]
fn a_profile_without_an_m2m_application_is_sent_to_the_tenant_room() {
    let mut profile = acme(false);
    profile.client_id = None;
    let mut harness = room_of(profile, Theme::Dark);
    press(&mut harness, "Send this tenant's events here");
    assert!(seen(&harness, "It takes an M2M application"));
    press(&mut harness, "Go to Tenant");
    assert!(harness.state().actions.iter().any(|action| matches!(action, Action::Go(Room::Tenant))));
}

#[test]
fn a_receiver_that_never_came_up_leaves_nothing_begun_and_one_that_ended_has_everything_put_back() {
    let mut harness = room_of(Profile::sandbox(), Theme::Dark);
    opened(&mut harness);
    press(&mut harness, "Send events here");
    let (receiver, ()) =
        harness.state_mut().asked(|command| matches!(command, history::Command::Listen { .. }).then_some(()));
    let taken = UserError::new(Category::Network, "The receiver could not be started");
    harness.state_mut().tell(receiver, Event::Listening(Err(taken)));
    harness.run_steps(4);
    assert!(seen(&harness, "The receiver could not be started"));
    assert!(!harness.state().actions.iter().any(|action| matches!(action, Action::Run(_, Command::Public(_)))));

    let (mut harness, job, sending, receiver) = on_the_sandbox(Theme::Dark);
    tell(&mut harness, job, Told::Webhook(here(How::Added)));
    ended(&mut harness, receiver);
    assert!(sending.steer.borrow().stop);
}
