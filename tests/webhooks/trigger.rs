//! Trigger: each type the API can cause, made and undone; killed half-way, the next start cleans up.

use kinde_panel::error::Category;
use kinde_panel::kinde::event_types::{Cause, known};
use kinde_panel::webhooks::{recover, trigger};
use tokio_util::sync::CancellationToken;

use super::kinde::{How, Kinde, nobody};

fn types() -> Vec<&'static str> {
    known().iter().filter(|it| matches!(it.trigger, Cause::Api(_))).map(|it| it.event_type.as_str()).collect()
}

fn left(kinde: &Kinde) -> usize {
    kinde.world.lock().unwrap().things.len()
}

async fn recovered(kinde: &Kinde) -> Vec<String> {
    // So much later that nothing is carried out late any more.
    let all = recover(&kinde.ends_later(3600), &nobody, &CancellationToken::new()).await.unwrap();
    all.into_iter().map(|it| it.words).collect()
}

#[tokio::test]
async fn each_type_the_api_can_cause_is_made_and_undone() {
    for event_type in types().into_iter().filter(|it| *it != "subscriber.created") {
        let kinde = Kinde::start().await;
        let done = trigger(&kinde.ends(), event_type, false, &nobody, &CancellationToken::new()).await;
        let done = done.unwrap_or_else(|refusal| panic!("{event_type}: {refusal:?}"));
        assert!(done.events.iter().any(|it| it == event_type) && !done.kept && !done.id.is_empty(), "{done:?}");
        assert_eq!(left(&kinde), 0, "{event_type}: {:?}", kinde.seen());
        let methods: Vec<String> = kinde.seen().iter().map(|call| call.split(' ').next().unwrap().to_owned()).collect();
        let (verb, change) = (event_type.rsplit('.').next().unwrap(), methods.contains(&"PATCH".to_owned()));
        assert_eq!(change, verb == "updated", "{event_type}: the smallest change, {methods:?}");
        assert_eq!(methods.iter().filter(|it| *it == "DELETE").count(), 1, "{event_type}");
        assert!(recovered(&kinde).await.is_empty(), "{event_type}");
    }
}

#[tokio::test]
async fn kept_things_stay_and_are_no_leftovers() {
    for event_type in types() {
        let kinde = Kinde::start().await;
        let done = trigger(&kinde.ends(), event_type, true, &nobody, &CancellationToken::new()).await.unwrap();
        assert_eq!(left(&kinde), usize::from(!event_type.ends_with(".deleted")), "{event_type}");
        assert_eq!(done.kept, !event_type.ends_with(".deleted"));
        assert!(recovered(&kinde).await.is_empty(), "{event_type}");
    }
}

#[tokio::test]
async fn what_takes_a_person_or_a_payment_or_cannot_be_undone_is_refused_with_a_sentence() {
    let kinde = Kinde::start().await;
    let refused: Vec<&str> = known()
        .iter()
        .filter(|it| matches!(it.trigger, Cause::Cannot(..)))
        .map(|it| it.event_type.as_str())
        .chain(["subscriber.created", "user.exploded"])
        .collect();
    assert_eq!(refused.len(), 16);
    for event_type in refused {
        let refusal =
            trigger(&kinde.ends(), event_type, false, &nobody, &CancellationToken::new()).await.unwrap_err().error;
        assert_eq!(refusal.category, Category::Input, "{event_type}");
        assert!(!refusal.detail.is_empty() && !refusal.hint.is_empty(), "{event_type}: {refusal:?}");
    }
    assert!(kinde.seen().is_empty());
}

#[tokio::test]
async fn without_the_scope_to_undo_it_nothing_is_made() {
    let kinde = Kinde::start().await;
    kinde.set(|world| world.scope = "create:users read:users".into());
    let refusal = trigger(&kinde.ends(), "user.created", false, &nobody, &CancellationToken::new()).await.unwrap_err();
    assert!(refusal.error.title.contains("delete:users"), "{refusal:?}");
    assert!(kinde.seen().is_empty());
    trigger(&kinde.ends(), "user.created", true, &nobody, &CancellationToken::new()).await.unwrap();
}

#[tokio::test]
async fn whichever_call_fails_nothing_is_left_now_or_after_the_next_start() {
    for event_type in types().into_iter().filter(|it| *it != "subscriber.created") {
        for at in 0..4 {
            for how in [How::Status(403), How::Status(500), How::Cut, How::CutAfter] {
                let kinde = Kinde::start().await;
                kinde.fault(at, how, false);
                let outcome = trigger(&kinde.ends(), event_type, false, &nobody, &CancellationToken::new()).await;
                let case = format!("{event_type} {how:?} at {at}: {outcome:?} {:?}", kinde.seen());
                if left(&kinde) > 0 {
                    let told = outcome.unwrap_err().error;
                    assert!(told.hint.contains("next command or start"), "{case}");
                }
                recovered(&kinde).await;
                assert_eq!(left(&kinde), 0, "{case}");
            }
        }
    }
}

#[tokio::test]
async fn killed_at_any_call_the_next_start_takes_away_what_was_made() {
    for event_type in types().into_iter().filter(|it| *it != "subscriber.created") {
        for how in [How::Hang, How::HangAfter] {
            for at in 0..4 {
                let kinde = Kinde::start().await;
                // Somebody's own: it is never touched.
                kinde.ends().api.create_thing(kinde_panel::kinde::Thing::Role, "mine").await.unwrap();
                kinde.fault(at, how, false);
                let ends = kinde.ends();
                let job = tokio::spawn(async move {
                    trigger(&ends, event_type, false, &nobody, &CancellationToken::new()).await.is_ok()
                });
                let finished = async {
                    while !job.is_finished() {
                        tokio::task::yield_now().await;
                    }
                };
                let reached = tokio::select! {
                    () = kinde.hanging.notified() => true,
                    () = finished => false,
                };
                job.abort();
                assert_eq!(job.await.is_err(), reached);
                if !reached {
                    // It makes fewer calls.
                    assert!(at >= 2, "{event_type} at {at}");
                    continue;
                }
                let words = recovered(&kinde).await;
                assert_eq!(left(&kinde), 1, "{event_type} {how:?} at {at}: {words:?}");
                assert!(words.len() == 1 && words[0].contains(event_type), "{words:?}");
                assert!(recovered(&kinde).await.is_empty());
            }
        }
    }
}

#[tokio::test]
async fn what_cannot_be_cleaned_up_yet_is_told_and_kept_for_the_next_start() {
    let kinde = Kinde::start().await;
    kinde.fault(1, How::Status(500), true);
    let refusal = trigger(&kinde.ends(), "role.created", false, &nobody, &CancellationToken::new()).await.unwrap_err();
    assert!(refusal.error.title.contains("still there"), "{refusal:?}");
    let words = recovered(&kinde).await;
    assert!(words[0].contains("could not be taken away yet"), "{words:?}");
    kinde.heal();
    recovered(&kinde).await;
    assert_eq!(left(&kinde), 0);
}

#[tokio::test]
async fn what_is_made_only_after_it_was_looked_for_is_taken_away_by_the_next_start() {
    for event_type in ["user.created", "role.updated", "permission.deleted", "organization.created"] {
        let kinde = Kinde::start().await;
        kinde.fault(0, How::Late, false);
        let refusal = trigger(&kinde.ends(), event_type, false, &nobody, &CancellationToken::new()).await.unwrap_err();
        assert!(refusal.error.detail.contains("was not seen"), "{refusal:?}");
        // It is looked for while it may still come, by one look and without a word: that was told.
        let calls = kinde.seen().len();
        let soon = recover(&kinde.ends(), &nobody, &CancellationToken::new()).await.unwrap();
        assert!(soon.is_empty(), "{soon:?}");
        assert_eq!(kinde.seen().len(), calls + 1, "{:?}", kinde.seen());
        kinde.carry_out();
        assert_eq!(left(&kinde), 1);
        recovered(&kinde).await;
        assert_eq!(left(&kinde), 0, "{event_type}");
        assert!(recovered(&kinde).await.is_empty());
    }
}

#[tokio::test]
async fn what_was_cut_before_its_call_landed_is_told_once_and_then_only_what_writes_looks_again() {
    use kinde_panel::webhooks::{Leftovers, recover_of};
    let kinde = Kinde::start().await;
    kinde.fault(0, How::Hang, false);
    let ends = kinde.ends();
    let job =
        tokio::spawn(
            async move { trigger(&ends, "user.created", false, &nobody, &CancellationToken::new()).await.is_ok() },
        );
    kinde.hanging.notified().await;
    job.abort();
    job.await.unwrap_err();
    kinde.heal();
    let calls = kinde.seen().len();
    let look = async |which| recover_of(&kinde.ends(), which, &nobody, &CancellationToken::new()).await.unwrap();
    let told = look(Leftovers::New).await;
    assert!(told.len() == 1 && told[0].words.contains("not seen"), "{told:?}");
    assert_eq!(kinde.seen().len(), calls + 1, "one look");
    assert!(look(Leftovers::New).await.is_empty());
    assert_eq!(kinde.seen().len(), calls + 1, "what only reads looks no more");
    assert!(look(Leftovers::All).await.is_empty());
    assert_eq!(kinde.seen().len(), calls + 2, "what writes looks once, and says nothing");
    assert!(recovered(&kinde).await.is_empty(), "nor when it is given up");
    assert_eq!(recovered(&kinde).await.len() + kinde.seen().len(), calls + 3, "nobody looks any more");
}

#[test]
fn each_event_that_is_caused_names_the_webhooks_that_take_it() {
    use kinde_panel::webhooks::{causes, takers};
    let kinds = causes("role.updated", false).unwrap();
    assert_eq!(kinds, ["role.created", "role.updated", "role.deleted"]);
    assert_eq!(causes("role.updated", true).unwrap(), ["role.created", "role.updated"]);
    assert_eq!(causes("role.deleted", true).unwrap(), ["role.created", "role.deleted"]);
    let webhook = |id: &str, types: &[&str]| kinde_panel::kinde::Webhook {
        id: id.into(),
        definition: kinde_panel::kinde::Definition {
            event_types: types.iter().map(|it| (*it).to_owned()).collect(),
            ..super::kinde::definition(id, "https://a.acme.com")
        },
        created_on: None,
    };
    let list = [webhook("a", &["role.updated", "role.created"]), webhook("b", &["role.updated"])];
    let takers = takers(&list, &kinds);
    let ids: Vec<Vec<&str>> = takers.iter().map(|(_, of)| of.iter().map(|it| it.id.as_str()).collect()).collect();
    assert_eq!(ids, [vec!["a"], vec!["a", "b"], vec![]]);
}

#[tokio::test]
async fn a_thing_that_its_list_shows_late_is_waited_for_and_one_it_never_shows_stays_in_the_journal() {
    let kinde = Kinde::start().await;
    kinde.set(|world| world.lagging_things = 3);
    trigger(&kinde.ends(), "permission.updated", false, &nobody, &CancellationToken::new()).await.unwrap();
    assert_eq!(left(&kinde), 0);
    kinde.set(|world| world.lagging_things = 99);
    let refusal =
        trigger(&kinde.ends(), "permission.updated", false, &nobody, &CancellationToken::new()).await.unwrap_err();
    assert!(
        refusal.error.detail.contains("was not seen") && refusal.error.hint.contains("next command"),
        "{refusal:?}"
    );
    kinde.set(|world| world.lagging_things = 0);
    recovered(&kinde).await;
    assert_eq!(left(&kinde), 0);
}

#[tokio::test]
async fn cancelled_while_its_list_lags_it_is_taken_away_all_the_same() {
    let kinde = Kinde::start().await;
    kinde.set(|world| world.lagging_things = 2);
    let cancel = CancellationToken::new();
    let token = cancel.clone();
    let sink = move |step: kinde_panel::step::Step| {
        if step.id == "find" && step.state == kinde_panel::step::StepState::Done {
            token.cancel();
        }
    };
    let refusal = trigger(&kinde.ends(), "permission.created", false, &sink, &cancel).await.unwrap_err();
    assert!(refusal.error.detail.contains("taken away again"), "{refusal:?}");
    assert_eq!(left(&kinde), 0);
}
