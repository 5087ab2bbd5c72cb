//! What was left in a tenant: found with its reason, deleted when ticked, and what is under way is none of it.

use kinde_panel::clock::Clock;
use kinde_panel::net::{Http, Recorder};
use kinde_panel::webhooks::{AtLimit, Likely, Looked, Stray, What, Wish, borrow, clean, look, trigger};
use tokio_util::sync::CancellationToken;

use super::borrow::wish;
use super::kinde::{Kinde, definition, nobody};

/// Nothing listens there.
const CLOSED: &str = "http://127.0.0.1:1/kinde";

fn go() -> CancellationToken {
    CancellationToken::new()
}

async fn looked(kinde: &Kinde, on_this_machine: bool) -> Looked {
    let mut ends = kinde.ends();
    ends.on_this_machine = on_this_machine;
    look(&ends, &Http::new(Recorder::silent(), Clock::real()).unwrap(), &nobody, &go()).await
}

fn named<'a>(looked: &'a Looked, name: &str) -> Option<&'a Stray> {
    looked.strays.iter().find(|stray| match &stray.what {
        What::Webhook(webhook) => webhook.definition.name == name,
        What::Thing { name: own, .. } => own.contains(name),
    })
}

#[tokio::test]
async fn a_webhook_that_leads_nowhere_is_left_and_one_that_is_answered_is_in_use_on_a_kinde_of_this_machine() {
    let kinde = Kinde::start().await;
    kinde.put(&definition("Dead", CLOSED));
    kinde.put(&definition("Alive", &format!("{}/hook", kinde.origin)));
    let here = looked(&kinde, true).await;
    assert_eq!(here.webhooks, 2);
    let dead = named(&here, "Dead").expect("nobody listens there");
    assert!(dead.likely == Likely::Left && dead.why.contains("Nothing listens"), "{dead:?}");
    assert!(named(&here, "Alive").is_none(), "{here:?}");
    // A tenant on the internet reaches neither.
    let there = looked(&kinde, false).await;
    assert!(named(&there, "Alive").is_some_and(|it| it.why.contains("this machine")), "{there:?}");
}

#[tokio::test]
async fn what_a_trigger_left_is_found_and_deleted_and_what_cannot_be_read_is_said() {
    let kinde = Kinde::start().await;
    trigger(&kinde.ends(), "role.created", true, &nobody, &go()).await.unwrap();
    kinde.put(&definition("Dead", CLOSED));
    let found = looked(&kinde, true).await;
    let role = named(&found, "kinde_panel_").expect("a test role is left");
    assert!(role.likely == Likely::Left && role.why.contains("test role"), "{role:?}");
    // This Kinde has no search of users.
    assert!(found.unread.iter().any(|unread| unread.what == "users"), "{:?}", found.unread);
    for stray in &found.strays {
        clean(&kinde.ends(), stray, &nobody, &go()).await.unwrap();
    }
    assert!(kinde.webhooks().is_empty() && kinde.world.lock().unwrap().things.is_empty());
}

#[tokio::test]
async fn what_is_borrowed_right_now_is_no_leftover_and_what_a_killed_panel_borrowed_is() {
    let kinde = Kinde::start().await;
    let wish = Wish { endpoint: CLOSED.to_owned(), ..wish(None, AtLimit::Refuse) };
    let loan = borrow(&kinde.ends(), &wish, &nobody, &go()).await.unwrap();
    let during = looked(&kinde, true).await;
    assert!(named(&during, "Kinde Panel").is_none(), "{during:?}");
    drop(loan);
    let after = looked(&kinde, true).await;
    assert!(named(&after, "Kinde Panel").is_some_and(|it| it.why.contains("A Kinde Panel made it")), "{after:?}");
}

#[tokio::test]
async fn one_that_changed_since_the_look_is_not_deleted() {
    let kinde = Kinde::start().await;
    kinde.put(&definition("Dead", CLOSED));
    let found = looked(&kinde, true).await;
    kinde.set(|world| world.webhooks[0]["endpoint"] = "https://hooks.acme.com".into());
    assert!(clean(&kinde.ends(), &found.strays[0], &nobody, &go()).await.is_err());
    assert_eq!(kinde.webhooks().len(), 1);
}
