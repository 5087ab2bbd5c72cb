//! Every job that writes, dropped at each of its awaits in turn, as a kill would: what is there after the next start.

use std::pin::Pin;
use std::task::{Context, Poll};

use kinde_panel::kinde::event_types::{Cause, known};
use kinde_panel::webhooks::{AtLimit, Change, apply, borrow, plan, recover, save, trigger};
use tokio_util::sync::CancellationToken;

use super::borrow::{self as loans, definitions, wish};
use super::kinde::{Fault, How, Kinde, definition, nobody};

const OLD: &str = "https://old.acme.com/kinde";
const NEW: &str = "https://new.acme.com/kinde";

fn go() -> CancellationToken {
    CancellationToken::new()
}

/// A job that is dropped where it stands after so many polls: then it gives nothing.
struct Cut<F> {
    job: Pin<Box<F>>,
    left: usize,
}

impl<F: Future> Future for Cut<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.left -= 1;
        match self.job.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if self.left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// With one thread for what blocks: what a dropped job had under way there is done before anything that comes later.
fn run(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build();
    runtime.unwrap().block_on(work);
}

/// Runs `job` anew, each time one await further, until it comes to its end; after each time `judge` looks at what is
/// left. At least `awaits` of them.
async fn at_each_await<F: Future>(
    awaits: usize,
    start: impl AsyncFn() -> Kinde,
    job: impl Fn(&Kinde) -> F,
    judge: impl AsyncFn(&Kinde, String),
) {
    for polls in 1.. {
        let kinde = start().await;
        let ended = Cut { job: Box::pin(job(&kinde)), left: polls }.await.is_some();
        kinde.quiet().await;
        kinde.heal();
        judge(&kinde, format!("after {polls} polls: {:?}", kinde.seen())).await;
        if ended {
            assert!(polls > awaits, "it ended after {polls}");
            return;
        }
    }
}

async fn recovered(kinde: &Kinde, case: &str) -> Vec<String> {
    let later = kinde.ends_later(3600);
    let words: Vec<String> = recover(&later, &nobody, &go()).await.unwrap().into_iter().map(|it| it.words).collect();
    let again = recover(&later, &nobody, &go()).await.unwrap();
    assert!(again.is_empty(), "{case}: {words:?}, and then {again:?}");
    words
}

fn endpoints(kinde: &Kinde) -> Vec<String> {
    kinde.webhooks().into_iter().map(|it| it.definition.endpoint).collect()
}

#[test]
fn a_replacement_dropped_at_any_await_leaves_exactly_one_with_room_and_without_and_where_it_is_refused() {
    run(async {
        let refused = [Fault { at: 4, how: How::Status(400), to_the_end: false }];
        for (limit, at_limit, faults, awaits) in [
            (None, AtLimit::Refuse, &[][..], 8),
            (Some(1), AtLimit::DeleteFirst, &[][..], 12),
            (Some(1), AtLimit::DeleteFirst, &refused[..], 14),
        ] {
            let start = async || {
                let kinde = Kinde::start().await;
                kinde.put(&definition("Orders", OLD));
                kinde.set(|world| world.limit = limit);
                kinde.faults(faults);
                kinde
            };
            let job = |kinde: &Kinde| {
                let (ends, opened) = (kinde.ends(), kinde.webhooks()[0].clone());
                async move {
                    let change = Change { opened, wanted: definition("Orders", NEW), at_limit };
                    save(&ends, &change, &nobody, &go()).await.is_ok()
                }
            };
            let judge = async |kinde: &Kinde, case: String| {
                let before = endpoints(kinde);
                let words = recovered(kinde, &case).await;
                let left = endpoints(kinde);
                assert_eq!(left.len(), 1, "{case}: {before:?} {words:?}");
                if left != before {
                    assert!(!words.is_empty(), "{case}: silent, {before:?} {left:?}");
                }
            };
            at_each_await(awaits, start, job, judge).await;
        }
    });
}

#[test]
fn a_plan_dropped_at_any_await_loses_nothing_at_the_limit() {
    run(async {
        let start = async || {
            let kinde = Kinde::start().await;
            kinde.put(&definition("move", OLD));
            kinde.put(&definition("drop", "https://drop.acme.com"));
            kinde.set(|world| world.limit = Some(2));
            kinde
        };
        let job = |kinde: &Kinde| {
            let (ends, now) = (kinde.ends(), kinde.webhooks());
            async move {
                let wanted = [definition("move", NEW), definition("new", "https://fresh.acme.com")];
                apply(&ends, &plan(&now, &wanted, false), AtLimit::Refuse, &|_, _| {}, &go()).await
            }
        };
        let judge = async |kinde: &Kinde, case: String| {
            // Where two replacements were cut, the first may need the room that the second gives back.
            recover(&kinde.ends_later(3600), &nobody, &go()).await.unwrap();
            let words = recovered(kinde, &case).await;
            let mut left: Vec<String> = kinde.webhooks().into_iter().map(|it| it.definition.name).collect();
            left.sort();
            assert!(left == ["drop", "move"] || left == ["move", "new"], "{case}: {left:?} {words:?}");
        };
        at_each_await(20, start, job, judge).await;
    });
}

#[test]
fn a_trigger_of_each_type_dropped_at_any_await_leaves_nothing() {
    run(async {
        for it in known().iter().filter(|it| matches!(it.trigger, Cause::Api(_))) {
            let event_type = it.event_type.as_str();
            // What cannot be taken away again is only told of.
            let stays = event_type == "subscriber.created";
            let job = |kinde: &Kinde| {
                let ends = kinde.ends();
                async move { trigger(&ends, event_type, stays, &nobody, &go()).await.is_ok() }
            };
            let judge = async |kinde: &Kinde, case: String| {
                let before = kinde.world.lock().unwrap().things.len();
                let words = recovered(kinde, &case).await;
                let left = kinde.world.lock().unwrap().things.len();
                if stays {
                    assert_eq!(left, before, "{case}");
                } else {
                    assert_eq!(left, 0, "{event_type} {case}: {words:?}");
                }
            };
            at_each_await(4, Kinde::start, job, judge).await;
        }
    });
}

#[test]
fn a_loan_dropped_at_any_await_of_its_beginning_a_move_and_its_end_leaves_the_tenant_as_it_was() {
    run(async {
        for (limit, aside, at_limit, awaits) in [
            (None, false, AtLimit::Refuse, 12),
            (None, true, AtLimit::Refuse, 24),
            (Some(2), true, AtLimit::DeleteFirst, 30),
        ] {
            let start = async || loans::tenant(limit).await.kinde;
            let job = |kinde: &Kinde| {
                let (ends, orders) = (kinde.ends(), kinde.webhooks().remove(1));
                async move {
                    let wish = wish(aside.then_some(&orders), at_limit);
                    let mut loan = borrow(&ends, &wish, &nobody, &go()).await.unwrap();
                    loan.move_to(&ends, "https://swift-owl.acme.com/k/1", &nobody, &go()).await.unwrap();
                    loan.give_back(&ends, &nobody).await.unwrap();
                }
            };
            let before = definitions(&start().await);
            let judge = async |kinde: &Kinde, case: String| {
                let words = recovered(kinde, &case).await;
                assert_eq!(definitions(kinde), before, "{case}: {words:?}");
                assert_eq!(kinde.ends().left_over().await.unwrap().len(), 0, "{case}");
            };
            at_each_await(awaits, start, job, judge).await;
        }
    });
}
