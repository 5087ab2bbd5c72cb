//! Creating, changing, deleting, planning, looking up: what is sent, and what is refused before it is.

use std::sync::{Arc, Mutex};

use kinde_panel::error::Category;
use kinde_panel::step::{Step, StepState};
use kinde_panel::webhooks::{
    AtLimit, Change, Deed, Refusal, Saved, Why, apply, create, delete, export, import, look_up, offered, plan, save,
    undo_delete,
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::kinde::{How, Kinde, definition, nobody};

const URL: &str = "https://hooks.acme.com/kinde";

fn go() -> CancellationToken {
    CancellationToken::new()
}

fn writes(kinde: &Kinde) -> Vec<String> {
    kinde.seen().into_iter().filter(|call| !call.starts_with("GET")).collect()
}

#[tokio::test]
async fn a_webhook_is_created_tidied_and_the_apis_own_answer_comes_back() {
    let kinde = Kinde::start().await;
    let mut wanted = definition(" Orders ", &format!(" {URL}\n"));
    wanted.event_types.push("user.created".into());
    let created = create(&kinde.ends(), &wanted, &nobody, &go()).await.unwrap();
    assert_eq!(created.answer["webhook"]["id"], created.webhook.id);
    assert_eq!(kinde.webhooks()[0].definition, definition("Orders", URL));
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_before_anything_is_sent() {
    let kinde = Kinde::start().await;
    let mut ends = kinde.ends();
    ends.on_this_machine = false;
    for wanted in [definition("", URL), definition("a", "http://localhost:3000"), definition("a", "https://10.0.0.1/")]
    {
        let refusal = create(&ends, &wanted, &nobody, &go()).await.unwrap_err();
        assert!(matches!(refusal.why, Why::Unusable(_)), "{refusal:?}");
        assert_eq!(refusal.error.category, Category::Input);
        assert!(!refusal.error.hint.is_empty());
    }
    assert!(kinde.seen().is_empty());
}

#[tokio::test]
async fn a_refusal_is_told_in_kindes_words_whether_errors_is_an_object_or_a_list() {
    let kinde = Kinde::start().await;
    kinde.fault(0, How::Status(400), false);
    let refusal = create(&kinde.ends(), &definition("a", URL), &nobody, &go()).await.unwrap_err();
    assert!(refusal.error.detail.contains("INJECTED"), "{refusal:?}");
    kinde.set(|world| {
        world.faults.clear();
        world.limit = Some(0);
    });
    let refusal = create(&kinde.ends(), &definition("a", URL), &nobody, &go()).await.unwrap_err();
    assert!(matches!(refusal.why, Why::Limit) && refusal.error.detail.contains("WEBHOOK_LIMIT"), "{refusal:?}");
}

#[tokio::test]
async fn an_answer_that_never_came_says_that_it_may_have_been_created() {
    let kinde = Kinde::start().await;
    kinde.fault(0, How::CutAfter, false);
    let refusal = create(&kinde.ends(), &definition("a", URL), &nobody, &go()).await.unwrap_err();
    assert!(refusal.error.detail.contains("may have been created"), "{refusal:?}");
}

#[tokio::test]
async fn an_edit_sends_only_what_changed_and_nothing_where_nothing_did() {
    let kinde = Kinde::start().await;
    let opened = kinde.put(&definition("Orders", URL));
    let mut wanted = opened.definition.clone();
    wanted.event_types.reverse();
    let change = |wanted| Change { opened: opened.clone(), wanted, at_limit: AtLimit::Refuse };
    let saved = save(&kinde.ends(), &change(wanted.clone()), &nobody, &go()).await.unwrap();
    assert!(matches!(saved, Saved::Unchanged) && kinde.seen().is_empty());
    wanted.name = "Shop".into();
    let Saved::Updated { webhook, answer } = save(&kinde.ends(), &change(wanted), &nobody, &go()).await.unwrap() else {
        panic!()
    };
    assert_eq!(writes(&kinde), [format!("PATCH /api/v1/webhooks/{} {{\"name\":\"Shop\"}}", opened.id)]);
    assert_eq!(
        (webhook.definition.name.as_str(), answer["webhook"]["id"].as_str()),
        ("Shop", Some(opened.id.as_str()))
    );
}

#[tokio::test]
async fn a_webhook_that_changed_or_went_meanwhile_is_not_written() {
    let kinde = Kinde::start().await;
    let opened = kinde.put(&definition("Orders", URL));
    kinde.set(|world| world.webhooks[0]["description"] = json!("by somebody else"));
    for endpoint in [URL, "https://elsewhere.acme.com"] {
        let wanted = definition("Shop", endpoint);
        let change = Change { opened: opened.clone(), wanted, at_limit: AtLimit::DeleteFirst };
        let refusal = save(&kinde.ends(), &change, &nobody, &go()).await.unwrap_err();
        let Why::Changed(now) = refusal.why else { panic!("{refusal:?}") };
        assert_eq!(now.definition.description.as_deref(), Some("by somebody else"));
    }
    let refusal = delete(&kinde.ends(), &opened, &nobody, &go()).await.unwrap_err();
    assert!(matches!(refusal.why, Why::Changed(_)));
    kinde.set(|world| world.webhooks.clear());
    let refusal = delete(&kinde.ends(), &opened, &nobody, &go()).await.unwrap_err();
    assert!(matches!(refusal.why, Why::Gone));
    assert!(writes(&kinde).is_empty(), "{:?}", kinde.seen());
}

#[tokio::test]
async fn a_deletion_is_undone_under_a_new_id() {
    let kinde = Kinde::start().await;
    let opened = kinde.put(&definition("Orders", URL));
    delete(&kinde.ends(), &opened, &nobody, &go()).await.unwrap();
    assert!(kinde.webhooks().is_empty());
    let again = undo_delete(&kinde.ends(), &opened, &nobody, &go()).await.unwrap();
    assert_eq!(kinde.webhooks()[0].definition, opened.definition);
    assert_ne!(again.webhook.id, opened.id);
}

#[tokio::test]
async fn a_429_is_waited_out_as_long_as_kinde_says_and_the_wait_is_shown() {
    let kinde = Kinde::start().await;
    kinde.fault(0, How::Status(429), false);
    let steps: Arc<Mutex<Vec<Step>>> = Arc::default();
    let kept = Arc::clone(&steps);
    let sink = move |step| kept.lock().unwrap().push(step);
    create(&kinde.ends(), &definition("Orders", URL), &sink, &go()).await.unwrap();
    let steps = steps.lock().unwrap();
    let waits: Vec<&Step> = steps.iter().filter(|step| step.id == "wait").collect();
    assert_eq!(waits.iter().map(|step| step.state).collect::<Vec<_>>(), [StepState::Running, StepState::Done]);
    assert!(waits[0].detail.as_deref().unwrap().contains("1 s"));
    assert_eq!(kinde.webhooks().len(), 1);
}

#[tokio::test]
async fn a_wait_for_kinde_ends_when_the_person_cancels() {
    let kinde = Kinde::start().await;
    kinde.fault(0, How::Status(429), true);
    let cancel = go();
    let token = cancel.clone();
    let sink = move |step: Step| {
        if step.id == "wait" {
            token.cancel();
        }
    };
    let refusal = create(&kinde.ends(), &definition("Orders", URL), &sink, &cancel).await.unwrap_err();
    assert!(matches!(refusal.why, Why::Cancelled));
}

#[tokio::test]
async fn a_set_up_is_copied_to_another_tenant_by_its_file() {
    let (staging, production) = (Kinde::start().await, Kinde::start().await);
    for (name, url) in [("a", "https://a.acme.com"), ("b", "https://b.acme.com"), ("c", "https://c.acme.com")] {
        staging.put(&definition(name, url));
    }
    production.put(&definition("a", "https://old.acme.com"));
    production.put(&definition("b", "https://b.acme.com"));
    production.put(&definition("gone", "https://gone.acme.com"));
    let wanted = import(&export(&staging.webhooks())).unwrap();
    let items = plan(&production.webhooks(), &wanted, false);
    let steps: Arc<Mutex<Vec<usize>>> = Arc::default();
    let kept = Arc::clone(&steps);
    let sink = move |index, _| kept.lock().unwrap().push(index);
    let applied = apply(&production.ends(), &items, AtLimit::Refuse, &sink, &go()).await;
    assert!(applied.iter().all(|it| it.refused.is_none()), "{applied:?}");
    assert_eq!(export(&production.webhooks()), export(&staging.webhooks()));
    assert_eq!(steps.lock().unwrap().first(), Some(&2), "what is missing is created first");
}

#[tokio::test]
async fn at_the_plans_limit_a_creation_waits_for_the_deletions_of_the_plan() {
    let kinde = Kinde::start().await;
    kinde.put(&definition("old", "https://old.acme.com"));
    kinde.set(|world| world.limit = Some(1));
    let items = plan(&kinde.webhooks(), &[definition("new", URL)], false);
    assert_eq!(items.iter().map(|item| item.deed).collect::<Vec<_>>(), [Deed::Create, Deed::Delete]);
    let applied = apply(&kinde.ends(), &items, AtLimit::Refuse, &|_, _| {}, &go()).await;
    assert!(applied.iter().all(|it| it.refused.is_none()), "{applied:?}");
    assert_eq!(kinde.webhooks()[0].definition.name, "new");
}

#[tokio::test]
async fn one_line_of_a_plan_that_is_refused_does_not_stop_the_others() {
    let kinde = Kinde::start().await;
    kinde.put(&definition("a", "https://a.acme.com"));
    let wanted = [definition("a", "https://a2.acme.com"), definition("b", URL)];
    let items = plan(&kinde.webhooks(), &wanted, false);
    kinde.set(|world| world.webhooks[0]["name"] = json!("renamed"));
    let applied = apply(&kinde.ends(), &items, AtLimit::Refuse, &|_, _| {}, &go()).await;
    assert!(matches!(&applied[0].refused, Some(Refusal { why: Why::Changed(_), .. })), "{applied:?}");
    assert!(applied[1].refused.is_none() && applied[1].id.is_some());
}

#[tokio::test]
async fn the_types_to_choose_from_are_the_tenants_and_the_known_ones_where_its_list_cannot_be_read() {
    let kinde = Kinde::start().await;
    let catalogue = offered(&kinde.ends(), &nobody, &go()).await.unwrap();
    assert_eq!(catalogue.types.len(), 27);
    let note = catalogue.stand_in_note().unwrap();
    assert!(note.contains("read:event_types") && note.contains("27"), "{note}");
    kinde.set(|world| world.event_types = Some(vec!["invoice.paid".into(), "user.created".into()]));
    let catalogue = offered(&kinde.ends(), &nobody, &go()).await.unwrap();
    let names: Vec<&str> = catalogue.types.iter().map(|it| it.event_type.as_str()).collect();
    assert_eq!(names, ["user.created", "invoice.paid"]);
    assert_eq!(catalogue.stand_in_note(), None);
}

#[tokio::test]
async fn an_event_is_looked_up_with_either_spelling_of_its_timestamp_and_says_when_it_was_made() {
    let kinde = Kinde::start().await;
    let id = "event_018f331a3178f7fef284b95fe6770384";
    for timestamp in [json!("2024-05-01T17:41:45.592145+10:00"), json!(1_714_549_305)] {
        let event = json!({"event_id": id, "type": "user.updated", "source": "admin", "timestamp": timestamp, "data": {"user": {}}});
        kinde.set(|world| world.events = vec![event]);
        let found = look_up(&kinde.ends(), &format!("\"event_id\": \"{id}\""), &nobody, &go()).await.unwrap();
        assert_eq!(found.reply.it.timestamp.unwrap().as_second(), 1_714_549_305, "{timestamp}");
        assert_eq!(found.made_at.unwrap().as_second(), 1_714_549_305);
    }
    let refusal = look_up(&kinde.ends(), "webhook_1", &nobody, &go()).await.unwrap_err();
    assert!(refusal.error.category == Category::Input && refusal.error.detail.contains("Webhook ID"), "{refusal:?}");
    let refusal = look_up(&kinde.ends(), "event_nothere", &nobody, &go()).await.unwrap_err();
    assert!(refusal.error.category == Category::Api && refusal.error.title.contains("does not know"), "{refusal:?}");
}

#[tokio::test]
async fn an_id_that_was_pasted_wrong_stays_one_segment_of_the_path() {
    let kinde = Kinde::start().await;
    kinde.ends().api.delete_webhook("../event_types?x=1#y").await.unwrap_err();
    let seen = kinde.seen();
    assert!(seen[0].starts_with("DELETE /api/v1/webhooks/%"), "{seen:?}");
}

#[tokio::test]
async fn a_renamed_entry_is_patched_and_blanks_around_a_name_are_no_change() {
    let kinde = Kinde::start().await;
    let opened = kinde.put(&definition(" Orders ", URL));
    let now = kinde.webhooks();
    let deeds = |wanted: &[kinde_panel::kinde::Definition]| -> Vec<Deed> {
        plan(&now, wanted, false).iter().map(|item| item.deed).collect()
    };
    assert_eq!(deeds(&import(&export(&now)).unwrap()), [Deed::Keep]);
    assert_eq!(deeds(&[definition("Shop", URL)]), [Deed::Update]);
    let items = plan(&now, &[definition("Shop", URL)], false);
    let applied = apply(&kinde.ends(), &items, AtLimit::Refuse, &|_, _| {}, &go()).await;
    assert_eq!(applied[0].id.as_ref(), Some(&opened.id), "{applied:?}");
    assert_eq!(kinde.webhooks()[0].definition.name, "Shop");

    let mut none = definition("Shop", URL);
    none.event_types.clear();
    assert!(plan(&kinde.webhooks(), &[none], false)[0].trouble().is_some(), "an update without event types");
}

#[tokio::test]
async fn nothing_is_deleted_where_what_comes_in_its_place_was_refused() {
    for how in [How::Status(403), How::Status(500), How::Cut] {
        let kinde = Kinde::start().await;
        kinde.put(&definition("old", "https://old.acme.com"));
        let items = plan(&kinde.webhooks(), &[definition("new", URL)], false);
        kinde.fault(0, how, false);
        let applied = apply(&kinde.ends(), &items, AtLimit::Refuse, &|_, _| {}, &go()).await;
        let refused = applied[1].refused.as_ref().unwrap();
        assert!(refused.error.title.contains("Nothing was deleted"), "{applied:?}");
        assert_eq!(kinde.webhooks()[0].definition.name, "old", "{how:?}");
    }
}

#[tokio::test]
async fn at_the_limit_one_of_both_is_left_whichever_call_fails() {
    // The creation that is refused at the limit, a look, the deletion, the creation, a look.
    for at in 0..5 {
        for how in [How::Status(403), How::Status(500), How::Cut, How::CutAfter] {
            let kinde = Kinde::start().await;
            kinde.put(&definition("old", "https://old.acme.com"));
            kinde.set(|world| world.limit = Some(1));
            let items = plan(&kinde.webhooks(), &[definition("new", URL)], false);
            kinde.fault(at, how, false);
            let applied = apply(&kinde.ends(), &items, AtLimit::Refuse, &|_, _| {}, &go()).await;
            let case = format!("{how:?} at {at}: {applied:?} {:?}", kinde.seen());
            assert_eq!(kinde.webhooks().len(), 1, "{case}");
            let done = applied.iter().all(|it| it.refused.is_none());
            assert_eq!(kinde.webhooks()[0].definition.name, if done { "new" } else { "old" }, "{case}");
        }
    }
}

#[tokio::test]
async fn a_replacement_without_room_goes_once_a_deletion_made_room() {
    let kinde = Kinde::start().await;
    kinde.put(&definition("move", "https://old.acme.com"));
    kinde.put(&definition("drop", "https://drop.acme.com"));
    kinde.set(|world| world.limit = Some(2));
    let items = plan(&kinde.webhooks(), &[definition("move", URL)], false);
    let applied = apply(&kinde.ends(), &items, AtLimit::Refuse, &|_, _| {}, &go()).await;
    assert!(applied.iter().all(|it| it.refused.is_none()), "{applied:?}");
    assert_eq!(kinde.webhooks().iter().map(|it| it.definition.endpoint.as_str()).collect::<Vec<_>>(), [URL]);
}

#[tokio::test]
async fn a_change_or_deletion_without_an_answer_is_looked_for_and_answered_with_an_object() {
    let kinde = Kinde::start().await;
    let opened = kinde.put(&definition("Orders", URL));
    let change = Change { opened: opened.clone(), wanted: definition("Shop", URL), at_limit: AtLimit::Refuse };
    kinde.fault(1, How::Late, false);
    let refusal = save(&kinde.ends(), &change, &nobody, &go()).await.unwrap_err();
    assert!(refusal.error.detail.contains("may be changed all the same"), "{refusal:?}");
    kinde.fault(1, How::CutAfter, false);
    let Saved::Updated { webhook, answer } = save(&kinde.ends(), &change, &nobody, &go()).await.unwrap() else {
        panic!()
    };
    assert!(webhook.definition.name == "Shop" && answer.is_object(), "{answer}");
    kinde.fault(1, How::CutAfter, false);
    let answer = delete(&kinde.ends(), &webhook, &nobody, &go()).await.unwrap();
    assert_eq!(answer, json!({"deleted": {"id": opened.id}}));
}
