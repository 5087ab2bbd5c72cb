//! The replacement, cut at every call and in every way: never both gone, never silent.

use std::sync::{Arc, Mutex};

use kinde_panel::kinde::Webhook;
use kinde_panel::webhooks::{AtLimit, Change, Refusal, Saved, Why, create, delete, recover, save};
use tokio_util::sync::CancellationToken;

use super::kinde::{Fault, How, Kinde, definition, nobody};

const OLD: &str = "https://old.acme.com/kinde";
const NEW: &str = "https://new.acme.com/kinde";

const ONCE: fn(usize, How) -> Fault = |at, how| Fault { at, how, to_the_end: false };

fn change(opened: &Webhook, at_limit: AtLimit) -> Change {
    let mut wanted = opened.definition.clone();
    NEW.clone_into(&mut wanted.endpoint);
    Change { opened: opened.clone(), wanted, at_limit }
}

async fn start(limit: Option<usize>) -> (Kinde, Webhook) {
    let kinde = Kinde::start().await;
    kinde.put(&definition("Other", "https://other.acme.com"));
    let opened = kinde.put(&definition("Orders", OLD));
    kinde.set(|world| world.limit = limit);
    (kinde, opened)
}

async fn run(kinde: &Kinde, opened: &Webhook, at_limit: AtLimit) -> Result<Saved, Refusal> {
    save(&kinde.ends(), &change(opened, at_limit), &nobody, &CancellationToken::new()).await
}

/// Endpoints of the webhooks named Orders.
fn orders(kinde: &Kinde) -> Vec<String> {
    let of = |webhook: Webhook| (webhook.definition.name == "Orders").then_some(webhook.definition.endpoint);
    kinde.webhooks().into_iter().filter_map(of).collect()
}

async fn recovered(kinde: &Kinde) -> Vec<String> {
    let all = recover(&kinde.ends(), &nobody, &CancellationToken::new()).await.unwrap();
    all.into_iter().map(|it| it.words).collect()
}

#[tokio::test]
async fn the_new_one_is_created_and_seen_before_the_old_one_is_deleted() {
    let (kinde, opened) = start(None).await;
    let Saved::Replaced(replaced) = run(&kinde, &opened, AtLimit::Refuse).await.unwrap() else { panic!() };
    let calls: Vec<String> = kinde.seen().iter().map(|call| call.split(" {").next().unwrap().to_owned()).collect();
    assert_eq!(
        calls,
        [
            "GET /api/v1/webhooks",
            "POST /api/v1/webhooks",
            "GET /api/v1/webhooks",
            &format!("DELETE /api/v1/webhooks/{}", opened.id)
        ]
    );
    assert_eq!(orders(&kinde), [NEW]);
    assert_eq!((replaced.old, replaced.webhook.id), (opened.id, kinde.webhooks()[1].id.clone()));
    assert!(recovered(&kinde).await.is_empty());
}

#[tokio::test]
async fn whichever_call_fails_and_however_exactly_one_is_left_and_it_is_told_which() {
    for (limit, at_limit, calls) in [(None, AtLimit::Refuse, 4), (Some(2), AtLimit::DeleteFirst, 6)] {
        for at in 0..calls {
            for how in [How::Status(403), How::Status(400), How::Status(500), How::Cut, How::CutAfter, How::ErrorAfter]
            {
                let (kinde, opened) = start(limit).await;
                kinde.fault(at, how, false);
                let outcome = run(&kinde, &opened, at_limit).await;
                let case = format!("{how:?} at call {at}, limit {limit:?}: {:?}", kinde.seen());
                let left = orders(&kinde);
                match &outcome {
                    Ok(_) => assert_eq!(left, [NEW], "{case}"),
                    Err(refusal) => {
                        // Created twice where Kinde did it and did not say so is not gone, and is told.
                        assert!(left.iter().any(|it| it == OLD), "{case}: {left:?} {refusal:?}");
                        assert!(!refusal.error.title.is_empty() && !refusal.error.detail.is_empty(), "{case}");
                        if left.len() > 1 {
                            let told = &refusal.error;
                            let asks = told.detail.contains("is there too");
                            assert!(asks || told.hint.contains("leaves exactly one"), "{case}: {told:?}");
                            kinde.decide(&told.detail);
                        }
                    }
                }
                let words = recovered(&kinde).await;
                kinde.decide(&words.concat());
                assert_eq!(orders(&kinde).len(), 1, "{case}");
                assert!(recovered(&kinde).await.is_empty(), "{case}");
            }
        }
    }
}

#[tokio::test]
async fn when_kinde_goes_away_in_the_middle_the_next_start_leaves_exactly_one() {
    for (limit, at_limit, calls) in [(None, AtLimit::Refuse, 4), (Some(2), AtLimit::DeleteFirst, 6)] {
        for at in 0..calls {
            for how in [How::Status(500), How::Cut, How::CutAfter] {
                let (kinde, opened) = start(limit).await;
                kinde.fault(at, how, true);
                let outcome = run(&kinde, &opened, at_limit).await;
                let case = format!("{how:?} from call {at}, limit {limit:?}: {:?}", kinde.seen());
                if outcome.is_ok() {
                    assert_eq!(orders(&kinde), [NEW], "{case}");
                } else {
                    // While it is away nothing can be put right, and that is said and kept.
                    recovered(&kinde).await;
                }
                kinde.heal();
                let words = recovered(&kinde).await;
                kinde.decide(&words.concat());
                assert_eq!(orders(&kinde).len(), 1, "{case}: {words:?}");
            }
        }
    }
}

#[tokio::test]
async fn killed_at_any_call_the_next_start_leaves_exactly_one_and_says_which() {
    for (limit, at_limit, calls) in [(None, AtLimit::Refuse, 4), (Some(2), AtLimit::DeleteFirst, 6)] {
        for at in 0..calls {
            for how in [How::Hang, How::HangAfter] {
                let (kinde, opened) = start(limit).await;
                kinde.fault(at, how, false);
                let (ends, change) = (kinde.ends(), change(&opened, at_limit));
                let job =
                    tokio::spawn(async move { save(&ends, &change, &nobody, &CancellationToken::new()).await.is_ok() });
                kinde.hanging.notified().await;
                job.abort();
                assert!(job.await.unwrap_err().is_cancelled());
                let case = format!("{how:?} at call {at}, limit {limit:?}");
                let before = orders(&kinde);
                let words = recovered(&kinde).await;
                // Only where Kinde made it and told no id are there two, and the person is asked.
                assert_eq!(orders(&kinde).len() == 2, words.concat().contains("is there too"), "{case}: {words:?}");
                kinde.decide(&words.concat());
                let left = orders(&kinde);
                assert_eq!(left.len(), 1, "{case}: {before:?} {words:?}");
                // The first call is made before there is anything to write down.
                assert_eq!(words.len(), usize::from(at > 0), "{case}: {words:?}");
                for words in words {
                    assert!(words.contains("old endpoint") == (left[0] == OLD), "{case}: {words} {left:?}");
                }
                assert!(recovered(&kinde).await.is_empty(), "{case}");
            }
        }
    }
}

#[tokio::test]
async fn a_replacement_that_runs_is_no_leftover_for_another_command() {
    let (kinde, opened) = start(None).await;
    kinde.fault(3, How::Hang, false);
    let (ends, change) = (kinde.ends(), change(&opened, AtLimit::Refuse));
    let job = tokio::spawn(async move { save(&ends, &change, &nobody, &CancellationToken::new()).await.is_ok() });
    kinde.hanging.notified().await;
    assert!(recovered(&kinde).await.is_empty());
    assert_eq!(orders(&kinde), [OLD, NEW]);
    job.abort();
}

#[tokio::test]
async fn at_the_plans_limit_it_is_refused_until_the_person_allows_to_delete_first() {
    let (kinde, opened) = start(Some(2)).await;
    let refusal = run(&kinde, &opened, AtLimit::Refuse).await.unwrap_err();
    assert!(matches!(refusal.why, Why::Limit), "{refusal:?}");
    assert_eq!(orders(&kinde), [OLD]);
    run(&kinde, &opened, AtLimit::DeleteFirst).await.unwrap();
    assert_eq!(orders(&kinde), [NEW]);
}

#[tokio::test]
async fn a_replacement_refused_after_the_old_one_was_deleted_creates_the_old_one_again() {
    let (kinde, opened) = start(Some(2)).await;
    kinde.fault(4, How::Status(400), false);
    let refusal = run(&kinde, &opened, AtLimit::DeleteFirst).await.unwrap_err();
    assert_eq!(orders(&kinde), [OLD]);
    assert!(refusal.error.detail.contains("created again from the journal"), "{refusal:?}");
    let again = kinde.webhooks().into_iter().find(|it| it.definition.name == "Orders").unwrap();
    assert!(again.id != opened.id && refusal.error.detail.contains(&again.id), "the new id is told");
}

#[tokio::test]
async fn a_new_webhook_that_the_list_shows_late_is_waited_for_and_one_it_never_shows_is_taken_back() {
    let (kinde, opened) = start(None).await;
    kinde.set(|world| world.lagging = 0);
    let ends = kinde.ends();
    // The list before must be whole: the lag begins once the new one is there.
    let world = Arc::clone(&kinde.world);
    let lag = move |step: kinde_panel::step::Step| {
        if step.id == "create" && step.state == kinde_panel::step::StepState::Done {
            world.lock().unwrap().lagging = 1;
        }
    };
    save(&ends, &change(&opened, AtLimit::Refuse), &lag, &CancellationToken::new()).await.unwrap();
    assert_eq!(orders(&kinde), [NEW]);

    let (kinde, opened) = start(None).await;
    let world = Arc::clone(&kinde.world);
    let lag = move |step: kinde_panel::step::Step| {
        if step.id == "create" && step.state == kinde_panel::step::StepState::Done {
            world.lock().unwrap().lagging = 5;
        }
    };
    let refusal =
        save(&kinde.ends(), &change(&opened, AtLimit::Refuse), &lag, &CancellationToken::new()).await.unwrap_err();
    kinde.set(|world| world.lagging = 0);
    assert_eq!(orders(&kinde), [OLD], "{refusal:?}");
}

#[tokio::test]
async fn cancelled_before_the_old_one_is_deleted_the_new_one_is_taken_back() {
    let (kinde, opened) = start(None).await;
    let cancel = CancellationToken::new();
    let token = cancel.clone();
    let steps = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&steps);
    let sink = move |step: kinde_panel::step::Step| {
        if step.id == "listed" && step.state == kinde_panel::step::StepState::Done {
            token.cancel();
        }
        kept.lock().unwrap().push(step);
    };
    let refusal = save(&kinde.ends(), &change(&opened, AtLimit::Refuse), &sink, &cancel).await.unwrap_err();
    assert!(matches!(refusal.why, Why::Cancelled));
    assert_eq!(orders(&kinde), [OLD]);
    assert!(steps.lock().unwrap().iter().any(|step| step.id == "settled"));
}

#[tokio::test]
async fn without_the_scope_to_delete_the_old_one_no_new_one_is_made() {
    for (limit, at_limit) in [(None, AtLimit::Refuse), (Some(2), AtLimit::DeleteFirst)] {
        let (kinde, opened) = start(limit).await;
        kinde.set(|world| world.scope = "read:webhooks create:webhooks".into());
        let refusal = run(&kinde, &opened, at_limit).await.unwrap_err();
        assert!(refusal.error.title.contains("delete:webhooks"), "{refusal:?}");
        assert!(kinde.seen().iter().all(|call| call.starts_with("GET")), "{:?}", kinde.seen());
    }
}

#[tokio::test]
async fn without_a_journal_nothing_is_sent() {
    let (kinde, opened) = start(None).await;
    let mut ends = kinde.ends();
    let dir = tempfile::tempdir().unwrap();
    let data = kinde_panel::store::DataDir::open(dir.path().join("data")).unwrap();
    std::fs::create_dir(data.file("history.db")).unwrap();
    ends.journal = kinde_panel::store::Journal::of(&data);
    let refusal = save(&ends, &change(&opened, AtLimit::Refuse), &nobody, &CancellationToken::new()).await.unwrap_err();
    assert!(refusal.error.detail.contains("Without a journal"), "{refusal:?}");
    assert!(kinde.seen().iter().all(|call| call.starts_with("GET")), "{:?}", kinde.seen());
}

#[tokio::test]
async fn what_kinde_carries_out_only_after_it_was_looked_at_is_put_right_by_the_next_start() {
    // Deleting first: no answer came twice, the old one was still listed, and then it goes after all.
    let (kinde, opened) = start(Some(2)).await;
    kinde.faults(&[ONCE(3, How::Cut), ONCE(4, How::Cut)]);
    let refusal = run(&kinde, &opened, AtLimit::DeleteFirst).await.unwrap_err();
    assert!(refusal.error.detail.contains("Kinde may still carry it out"), "{refusal:?}");
    kinde.set(|world| world.webhooks.retain(|it| it["id"] != *opened.id));
    let words = recovered(&kinde).await;
    assert_eq!(orders(&kinde), [OLD], "{words:?}");

    // Creating: no answer came, the new one was not listed, and then it appears.
    let (kinde, opened) = start(None).await;
    kinde.fault(1, How::Cut, false);
    run(&kinde, &opened, AtLimit::Refuse).await.unwrap_err();
    let late = kinde.put(&definition("Orders", NEW));
    let words = recovered(&kinde).await;
    assert!(words[0].contains(&format!("{} is there too", late.id)), "{words:?}");
    assert!(recovered(&kinde).await.is_empty(), "it is asked once");
    assert_eq!(orders(&kinde), [OLD, NEW], "nobody can tell whose it is");
}

#[tokio::test]
async fn a_webhook_that_was_there_before_is_never_taken_for_the_half_made_one() {
    let (kinde, opened) = start(None).await;
    let twin = kinde.put(&definition("Orders", NEW));
    kinde.fault(1, How::Cut, false);
    run(&kinde, &opened, AtLimit::Refuse).await.unwrap_err();
    recovered(&kinde).await;
    assert!(kinde.webhooks().iter().any(|it| it.id == twin.id));
    assert_eq!(orders(&kinde), [OLD, NEW]);
}

#[tokio::test]
async fn creating_the_old_one_again_is_cut_anywhere_and_still_leaves_exactly_one() {
    // Call 4 deletes the old one first, call 5 is refused, calls 6 and 7 look and create the old one again.
    for at in 5..8 {
        for how in [How::Status(500), How::Cut, How::CutAfter, How::ErrorAfter, How::HangAfter, How::Hang] {
            let (kinde, opened) = start(Some(2)).await;
            kinde.faults(&[ONCE(4, How::Status(400)), ONCE(at, how)]);
            let case = format!("{how:?} at call {at}");
            if matches!(how, How::Hang | How::HangAfter) {
                let (ends, change) = (kinde.ends(), change(&opened, AtLimit::DeleteFirst));
                let job =
                    tokio::spawn(async move { save(&ends, &change, &nobody, &CancellationToken::new()).await.is_ok() });
                tokio::select! {
                    () = kinde.hanging.notified() => {}
                    () = async { while !job.is_finished() { tokio::task::yield_now().await } } => {}
                }
                job.abort();
                job.await.ok();
            } else {
                run(&kinde, &opened, AtLimit::DeleteFirst).await.unwrap_err();
            }
            kinde.heal();
            let calls = kinde.seen();
            let words = recovered(&kinde).await;
            assert_eq!(orders(&kinde), [OLD], "{case}: {words:?} {calls:#?}");
            assert!(recovered(&kinde).await.is_empty(), "{case}: {words:?}");
        }
    }
}

#[tokio::test]
async fn cancelled_while_the_new_one_is_not_listed_yet_it_is_taken_away_by_its_id() {
    let (kinde, opened) = start(None).await;
    let cancel = CancellationToken::new();
    let (token, lag) = (cancel.clone(), kinde.lag_once_created(9));
    let sink = move |step: kinde_panel::step::Step| {
        if step.id == "listed" && step.state == kinde_panel::step::StepState::Done {
            token.cancel();
        }
        lag(step);
    };
    let refusal = save(&kinde.ends(), &change(&opened, AtLimit::Refuse), &sink, &cancel).await.unwrap_err();
    assert!(matches!(refusal.why, Why::Cancelled), "{refusal:?}");
    assert_eq!(orders(&kinde), [OLD], "{refusal:?}");
}

#[tokio::test]
async fn an_old_one_that_was_changed_during_the_replacement_is_not_deleted() {
    for (limit, at_limit) in [(None, AtLimit::Refuse), (Some(2), AtLimit::DeleteFirst)] {
        let (kinde, opened) = start(limit).await;
        let world = Arc::clone(&kinde.world);
        let id = opened.id.clone();
        let sink = move |step: kinde_panel::step::Step| {
            if step.id == "create" && step.state != kinde_panel::step::StepState::Running {
                let mut world = world.lock().unwrap();
                let old = world.webhooks.iter_mut().find(|it| it["id"] == *id).unwrap();
                old["description"] = "by somebody else".into();
            }
        };
        let refusal =
            save(&kinde.ends(), &change(&opened, at_limit), &sink, &CancellationToken::new()).await.unwrap_err();
        assert!(matches!(refusal.why, Why::Changed(_)), "{refusal:?}");
        assert_eq!(orders(&kinde), [OLD], "{refusal:?}");
        assert!(kinde.webhooks().iter().any(|it| it.id == opened.id));
        assert!(recovered(&kinde).await.is_empty());
    }
}

#[tokio::test]
async fn one_just_like_it_that_somebody_made_by_hand_later_is_left_alone_and_told() {
    let (kinde, opened) = start(None).await;
    kinde.fault(1, How::Cut, false);
    run(&kinde, &opened, AtLimit::Refuse).await.unwrap_err();
    let twin = kinde.put(&definition("Orders", NEW));
    let words = recovered(&kinde).await;
    assert!(words[0].contains(&twin.id) && words[0].contains("Nothing was deleted"), "{words:?}");
    assert_eq!(orders(&kinde), [OLD, NEW]);
    assert!(recovered(&kinde).await.is_empty() && recovered_later(&kinde).await.is_empty(), "it is asked once");
    assert_eq!(orders(&kinde), [OLD, NEW]);
}

#[tokio::test]
async fn the_person_who_was_asked_keeps_the_new_one_and_hears_no_more_of_it() {
    let (kinde, opened) = start(None).await;
    kinde.fault(1, How::CutAfter, false);
    let refusal = run(&kinde, &opened, AtLimit::Refuse).await.unwrap_err();
    assert!(refusal.error.detail.contains("is there too"), "{refusal:?}");
    delete(&kinde.ends(), &opened, &nobody, &CancellationToken::new()).await.unwrap();
    assert!(recovered(&kinde).await.is_empty() && recovered_later(&kinde).await.is_empty());
    assert_eq!(orders(&kinde), [NEW]);
}

#[tokio::test]
async fn what_is_watched_is_looked_at_by_what_writes_alone_once_and_without_a_word() {
    use kinde_panel::webhooks::{Leftovers, recover_of};
    let (kinde, opened) = start(Some(2)).await;
    kinde.faults(&[ONCE(3, How::Cut), ONCE(4, How::Cut)]);
    run(&kinde, &opened, AtLimit::DeleteFirst).await.unwrap_err();
    let calls = kinde.seen().len();
    let steps = Mutex::new(Vec::new());
    let keep = |step: kinde_panel::step::Step| steps.lock().unwrap().push(step.title);
    let look = async |which| recover_of(&kinde.ends(), which, &keep, &CancellationToken::new()).await.unwrap();
    assert!(look(Leftovers::New).await.is_empty());
    assert_eq!(kinde.seen().len(), calls, "what only reads asks nobody");
    assert!(look(Leftovers::Watched).await.is_empty());
    assert!(kinde.seen().len() > calls && steps.lock().unwrap().is_empty(), "{steps:?}");
}

#[tokio::test]
async fn where_both_are_gone_the_definition_is_told_in_full() {
    let (kinde, opened) = start(None).await;
    kinde.fault(3, How::Status(500), true);
    run(&kinde, &opened, AtLimit::Refuse).await.unwrap_err();
    kinde.heal();
    kinde.set(|world| world.webhooks.clear());
    let words = recovered(&kinde).await;
    assert!(words[0].contains(OLD) && words[0].contains("user.updated"), "{words:?}");
}

async fn recovered_later(kinde: &Kinde) -> Vec<String> {
    let all = recover(&kinde.ends_later(601), &nobody, &CancellationToken::new()).await.unwrap();
    all.into_iter().map(|it| it.words).collect()
}

#[tokio::test]
async fn a_call_that_is_carried_out_after_the_next_starts_have_looked_still_leaves_exactly_one() {
    // Deleting the old one first at the plan's limit, twice. Creating the new one: before or after that.
    for (limit, at_limit, at) in [
        (Some(2), AtLimit::DeleteFirst, &[3, 4][..]),
        (None, AtLimit::Refuse, &[1]),
        (Some(2), AtLimit::DeleteFirst, &[4]),
    ] {
        let case = format!("call {at:?}, limit {limit:?}");
        let (kinde, opened) = start(limit).await;
        kinde.faults(&at.iter().map(|at| ONCE(*at, How::Late)).collect::<Vec<_>>());
        let refusal = run(&kinde, &opened, at_limit).await.unwrap_err();
        assert!(refusal.error.detail.contains("Kinde may still carry it out"), "{case}: {refusal:?}");
        kinde.heal();
        assert!(recovered(&kinde).await.is_empty(), "{case}: it was told");
        assert_eq!(orders(&kinde), [OLD], "{case}");
        kinde.set(|world| world.limit = None);
        kinde.carry_out();
        assert_ne!(orders(&kinde), [OLD], "{case}");
        let words = recovered(&kinde).await;
        kinde.decide(&words.concat());
        assert_eq!(orders(&kinde), [OLD], "{case}: {words:?}");
        assert!(recovered(&kinde).await.is_empty(), "{case}");
        recovered_later(&kinde).await;
        let calls = kinde.seen().len();
        assert!(recovered_later(&kinde).await.is_empty(), "{case}");
        assert_eq!(kinde.seen().len(), calls, "{case}: it is watched no longer");
        assert_eq!(orders(&kinde), [OLD], "{case}");
    }
}

#[tokio::test]
async fn a_deletion_that_kinde_did_not_answer_is_asked_for_once_more_and_the_replacement_is_done() {
    for how in [How::Status(500), How::Cut, How::CutAfter, How::ErrorAfter, How::Late] {
        for (limit, at_limit) in [(None, AtLimit::Refuse), (Some(2), AtLimit::DeleteFirst)] {
            let (kinde, opened) = start(limit).await;
            kinde.fault(3, how, false);
            let case = format!("{how:?}, limit {limit:?}");
            assert!(run(&kinde, &opened, at_limit).await.is_ok(), "{case}");
            kinde.carry_out();
            assert!(recovered(&kinde).await.is_empty() && recovered_later(&kinde).await.is_empty(), "{case}");
            assert_eq!(orders(&kinde), [NEW], "{case}");
        }
    }
}

#[tokio::test]
async fn while_the_old_ones_deletion_may_be_on_its_way_the_new_one_is_kept_so_that_never_both_are_gone() {
    // Asked twice, and the second time refused outright or left open as well.
    for again in [How::Late, How::Status(500), How::Status(403)] {
        for carried_out in [true, false] {
            let case = format!("{again:?}, carried out {carried_out}");
            let (kinde, opened) = start(None).await;
            kinde.faults(&[ONCE(3, How::Late), ONCE(5, again)]);
            let refusal = run(&kinde, &opened, AtLimit::Refuse).await.unwrap_err();
            let told = &refusal.error;
            assert_eq!(told.title, "\u{201c}Orders\u{201d} is half replaced", "{case}");
            assert!(told.detail.contains("both deliver") && told.detail.contains("once more"), "{case}: {told:?}");
            assert!(told.hint.contains("is deleted then") && told.hint.contains("To keep it"), "{case}: {told:?}");
            assert_eq!(orders(&kinde), [OLD, NEW], "{case}");
            if carried_out {
                kinde.carry_out();
                assert_eq!(orders(&kinde), [NEW], "{case}");
            }
            kinde.heal();
            let words = recovered(&kinde).await;
            assert!(words[0].contains("has its new endpoint"), "{case}: {words:?}");
            kinde.carry_out();
            assert!(recovered(&kinde).await.is_empty() && recovered_later(&kinde).await.is_empty(), "{case}");
            assert_eq!(orders(&kinde), [NEW], "{case}");
        }
    }
}

#[tokio::test]
async fn where_kinde_goes_on_refusing_the_deletion_the_new_one_is_taken_back_once_none_can_be_on_its_way() {
    let (kinde, opened) = start(None).await;
    kinde.faults(&[ONCE(3, How::Cut), ONCE(5, How::Status(403))]);
    run(&kinde, &opened, AtLimit::Refuse).await.unwrap_err();
    // List and deletion: within the ten minutes both are kept, after them the old one alone.
    kinde.faults(&[ONCE(1, How::Status(403)), ONCE(3, How::Status(403))]);
    assert!(recovered(&kinde).await.is_empty(), "it was told");
    assert_eq!(orders(&kinde), [OLD, NEW]);
    let words = recovered_later(&kinde).await;
    assert!(words[0].contains("the half-made replacement was taken away"), "{words:?}");
    assert_eq!(orders(&kinde), [OLD]);
}

#[tokio::test]
async fn an_old_one_that_somebody_changed_while_its_deletion_was_open_is_not_deleted_once_more() {
    let (kinde, opened) = start(None).await;
    kinde.faults(&[ONCE(3, How::Cut), ONCE(5, How::Cut)]);
    run(&kinde, &opened, AtLimit::Refuse).await.unwrap_err();
    kinde.heal();
    kinde.set(|world| {
        let old = world.webhooks.iter_mut().find(|it| it["id"] == *opened.id).unwrap();
        old["description"] = "by somebody else".into();
    });
    recovered(&kinde).await;
    recovered_later(&kinde).await;
    assert_eq!(orders(&kinde), [OLD, NEW]);
}

#[tokio::test]
async fn a_webhook_that_was_replaced_or_deleted_on_purpose_after_a_failed_try_is_not_created_again() {
    for replaced in [true, false] {
        for (limit, at_limit, at, how) in [
            (Some(2), AtLimit::DeleteFirst, &[3, 4][..], How::Late),
            (Some(2), AtLimit::DeleteFirst, &[3, 4], How::Cut),
            (None, AtLimit::Refuse, &[1], How::Cut),
        ] {
            let case = format!("{how:?} at {at:?}, replaced {replaced}");
            let (kinde, opened) = start(limit).await;
            kinde.faults(&at.iter().map(|at| ONCE(*at, how)).collect::<Vec<_>>());
            run(&kinde, &opened, at_limit).await.unwrap_err();
            kinde.heal();
            recovered(&kinde).await;
            if replaced {
                run(&kinde, &opened, at_limit).await.unwrap();
            } else {
                delete(&kinde.ends(), &opened, &nobody, &CancellationToken::new()).await.unwrap();
                // What the person then makes by hand is nobody else's to take away.
                create(&kinde.ends(), &definition("Orders", NEW), &nobody, &CancellationToken::new()).await.unwrap();
            }
            assert!(recovered(&kinde).await.is_empty(), "{case}");
            kinde.carry_out();
            assert!(recovered(&kinde).await.is_empty(), "{case}");
            assert_eq!(orders(&kinde), [NEW], "{case}");
        }
    }
}

#[tokio::test]
async fn what_the_person_creates_after_a_failed_replacement_is_not_taken_for_its_half() {
    let (kinde, opened) = start(None).await;
    kinde.fault(1, How::Cut, false);
    run(&kinde, &opened, AtLimit::Refuse).await.unwrap_err();
    create(&kinde.ends(), &definition("Orders", NEW), &nobody, &CancellationToken::new()).await.unwrap();
    let words = recovered(&kinde).await;
    assert_eq!(orders(&kinde), [OLD, NEW], "{words:?}");
}

#[tokio::test]
async fn another_command_leaves_an_earlier_try_alone_while_the_same_webhook_is_replaced_once_more() {
    let (kinde, opened) = start(None).await;
    kinde.fault(1, How::Cut, false);
    run(&kinde, &opened, AtLimit::Refuse).await.unwrap_err();
    kinde.fault(3, How::Hang, false);
    let (ends, change) = (kinde.ends(), change(&opened, AtLimit::Refuse));
    let job = tokio::spawn(async move { save(&ends, &change, &nobody, &CancellationToken::new()).await.is_ok() });
    kinde.hanging.notified().await;
    assert!(recovered(&kinde).await.is_empty());
    assert_eq!(orders(&kinde), [OLD, NEW]);
    job.abort();
}

#[tokio::test]
async fn what_a_run_without_a_saved_profile_left_is_put_right_by_the_profile_of_that_tenant_and_by_no_other() {
    let (kinde, opened) = start(Some(2)).await;
    kinde.fault(4, How::HangAfter, false);
    let mut ends = kinde.ends();
    (ends.owner, ends.on_this_machine) = (ends.api.domain().to_string(), false);
    let change = change(&opened, AtLimit::DeleteFirst);
    let job = tokio::spawn(async move { save(&ends, &change, &nobody, &CancellationToken::new()).await.is_ok() });
    kinde.hanging.notified().await;
    job.abort();
    job.await.unwrap_err();
    let elsewhere = Kinde::start().await;
    let mut other = kinde.ends();
    (other.api, other.on_this_machine) = (elsewhere.ends().api, false);
    assert!(recover(&other, &nobody, &CancellationToken::new()).await.unwrap().is_empty());
    let mut saved = kinde.ends();
    saved.on_this_machine = false;
    assert_eq!(recover(&saved, &nobody, &CancellationToken::new()).await.unwrap().len(), 1);
    assert_eq!(orders(&kinde).len(), 1);
}
