//! What a plan says before anything is sent, and how it is applied where there is no room.

use std::sync::{Arc, Mutex};

use kinde_panel::kinde::Definition;
use kinde_panel::step::{Step, StepState};
use kinde_panel::webhooks::{AtLimit, Deed, Why, apply, plan, plan_here, recover};
use tokio_util::sync::CancellationToken;

use super::kinde::{How, Kinde, definition, nobody};

const URL: &str = "https://hooks.acme.com/kinde";

fn go() -> CancellationToken {
    CancellationToken::new()
}

fn with_types(name: &str, types: &[&str]) -> Definition {
    let url = format!("https://{name}.acme.com");
    Definition { event_types: types.iter().map(|it| (*it).to_owned()).collect(), ..definition(name, &url) }
}

#[tokio::test]
async fn an_event_type_that_the_tenant_does_not_list_is_trouble_before_anything_is_sent() {
    let kinde = Kinde::start().await;
    kinde.set(|world| world.event_types = Some(vec!["user.created".into(), "invoice.paid".into()]));
    let retired = kinde.put(&with_types("retired", &["user.exploded"]));
    let wanted = [
        with_types("new", &["user.created", "user.crated"]),
        with_types("fresh", &["invoice.paid"]),
        // What a webhook has already is not the file's to answer for; what the file adds to it is.
        Definition { description: Some("x".into()), ..retired.definition.clone() },
        with_types("known", &["role.created"]),
    ];
    let items = plan_here(&kinde.ends(), &wanted, &nobody, &go()).await.unwrap();
    let why = |index: usize| items[index].trouble().and_then(|check| check.why.clone());
    assert!(why(0).unwrap().ends_with("event types: user.crated"), "{items:?}");
    assert!(items[0].json()["trouble"].as_str().unwrap().contains("user.crated"));
    assert_eq!((why(1), why(2)), (None, None));
    assert!(why(3).unwrap().contains("role.created"), "known to the panel, and not to the tenant: {items:?}");

    let applied = apply(&kinde.ends(), &items, AtLimit::Refuse, &|_, _| {}, &go()).await;
    assert!(matches!(&applied[0].refused, Some(refusal) if matches!(refusal.why, Why::Unusable(_))), "{applied:?}");
    let posts = kinde.seen().into_iter().filter(|call| call.starts_with("POST")).count();
    assert_eq!(posts, 1, "only the one without trouble is sent");
}

#[tokio::test]
async fn where_the_tenants_event_types_cannot_be_read_the_known_ones_count_and_those_it_uses() {
    let kinde = Kinde::start().await;
    kinde.put(&with_types("old", &["invoice.paid"]));
    let wanted = [
        with_types("a", &["user.created", "invoice.paid"]),
        with_types("b", &["user.crated"]),
        with_types("old", &["invoice.paid"]),
    ];
    let items = plan_here(&kinde.ends(), &wanted, &nobody, &go()).await.unwrap();
    assert!(items[0].trouble().is_none() && items[2].trouble().is_none(), "{items:?}");
    let check = items[1].trouble().unwrap();
    let why = check.why.as_deref().unwrap();
    assert!(why.contains("user.crated") && why.contains("27") && why.contains("could not be read"), "{check:?}");
    assert!(check.fix.as_deref().unwrap().contains("read:event_types"), "{check:?}");
}

#[tokio::test]
async fn a_plan_that_brings_no_event_type_does_not_ask_for_them() {
    let kinde = Kinde::start().await;
    let opened = kinde.put(&with_types("old", &["user.created"]));
    let wanted = [Definition { name: "renamed".into(), ..opened.definition }];
    plan_here(&kinde.ends(), &wanted, &nobody, &go()).await.unwrap();
    assert_eq!(kinde.seen(), ["GET /api/v1/webhooks"]);
}

/// At the limit of two: one to replace, one to delete, and one to create in its place.
async fn full() -> (Kinde, [Definition; 2]) {
    let kinde = Kinde::start().await;
    kinde.put(&definition("move", "https://old.acme.com"));
    kinde.put(&definition("drop", "https://drop.acme.com"));
    kinde.set(|world| world.limit = Some(2));
    (kinde, [definition("move", URL), definition("new", "https://new.acme.com")])
}

fn there(kinde: &Kinde) -> Vec<(String, String)> {
    let mut all: Vec<_> = kinde.webhooks().into_iter().map(|it| (it.definition.name, it.definition.endpoint)).collect();
    all.sort();
    all
}

#[tokio::test]
async fn a_replacement_without_room_goes_while_a_deletion_and_a_creation_change_places() {
    let (kinde, wanted) = full().await;
    let items = plan(&kinde.webhooks(), &wanted, false);
    assert_eq!(items.iter().map(|item| item.deed).collect::<Vec<_>>(), [Deed::Replace, Deed::Create, Deed::Delete]);
    let applied = apply(&kinde.ends(), &items, AtLimit::Refuse, &|_, _| {}, &go()).await;
    assert!(applied.iter().all(|it| it.refused.is_none()), "{applied:?}");
    let expected = [("move", URL), ("new", "https://new.acme.com")].map(|(name, url)| (name.into(), url.into()));
    assert_eq!(there(&kinde), expected);
    assert!(recover(&kinde.ends(), &nobody, &go()).await.unwrap().is_empty());
}

#[tokio::test]
async fn wherever_that_is_cut_nothing_is_lost_and_the_next_start_says_what_it_found() {
    // As many calls as it makes; of each, once without and once with what it asks for being done.
    let (kinde, wanted) = full().await;
    let items = plan(&kinde.webhooks(), &wanted, false);
    apply(&kinde.ends(), &items, AtLimit::Refuse, &|_, _| {}, &go()).await;
    let calls = kinde.seen().len();
    assert!(calls >= 10, "{:?}", kinde.seen());
    for at in 0..calls {
        for how in [How::Hang, How::HangAfter] {
            let (kinde, wanted) = full().await;
            let items = plan(&kinde.webhooks(), &wanted, false);
            kinde.fault(at, how, false);
            let ends = kinde.ends();
            let job = tokio::spawn(async move { apply(&ends, &items, AtLimit::Refuse, &|_, _| {}, &go()).await.len() });
            kinde.hanging.notified().await;
            job.abort();
            assert!(job.await.unwrap_err().is_cancelled());
            kinde.heal();
            let case = format!("{how:?} at {at}: {:?}", kinde.seen());
            let mut words = Vec::new();
            // Where two were cut, the first may need the room that the second gives back.
            for _ in 0..3 {
                words.extend(recover(&kinde.ends(), &nobody, &go()).await.unwrap());
                words.iter().for_each(|it| kinde.decide(&it.words));
            }
            let left = there(&kinde);
            let names: Vec<&str> = left.iter().map(|(name, _)| name.as_str()).collect();
            assert!(names == ["drop", "move"] || names == ["move", "new"], "{case}: {left:?} {words:?}");
            assert!(recover(&kinde.ends(), &nobody, &go()).await.unwrap().is_empty(), "{case}: {words:?}");
        }
    }
}

fn keeping(steps: &Arc<Mutex<Vec<Step>>>) -> impl Fn(Step) + Send + Sync + use<> {
    let steps = Arc::clone(steps);
    move |step| steps.lock().unwrap().push(step)
}

#[tokio::test]
async fn what_is_gone_already_when_it_is_to_be_put_right_is_as_good_and_said_so() {
    use kinde_panel::webhooks::trigger;
    for event_type in ["user.updated", "role.updated", "permission.updated", "organization.updated"] {
        let kinde = Kinde::start().await;
        kinde.fault(1, How::HangAfter, false);
        let ends = kinde.ends();
        let job = tokio::spawn(async move { trigger(&ends, event_type, false, &nobody, &go()).await.is_ok() });
        kinde.hanging.notified().await;
        job.abort();
        job.await.ok();
        kinde.heal();
        // Somebody took it away by hand meanwhile.
        kinde.set(|world| world.things.clear());
        let steps: Arc<Mutex<Vec<Step>>> = Arc::default();
        let words = recover(&kinde.ends_later(3600), &keeping(&steps), &go()).await.unwrap();
        assert!(words.len() == 1 && words[0].settled, "{event_type}: {words:?}");
        let steps = steps.lock().unwrap();
        assert!(steps.iter().all(|step| step.state != StepState::Failed), "{event_type}: {steps:#?}");
        let gone = |step: &Step| step.detail.as_deref().is_some_and(|it| it.contains("gone already"));
        // A permission's id was never told: it is looked for, and not found.
        assert_eq!(steps.iter().any(gone), event_type != "permission.updated", "{event_type}: {steps:#?}");
    }
}
