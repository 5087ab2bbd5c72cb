//! A webhook borrowed and given back: what is there afterwards, whatever fails and whoever changed something meanwhile.

use kinde_panel::kinde::{Definition, Webhook};
use kinde_panel::webhooks::{
    AtLimit, Change, How as Borrowed, Loan, Refusal, Why, Wish, borrow, delete, is_watched, recover, save,
};
use tokio_util::sync::CancellationToken;

use super::kinde::{Fault, How, Kinde, definition, nobody};

const HERE: &str = "https://calm-fox.acme.com/k/1";
const THERE: &str = "https://swift-owl.acme.com/k/1";
const OWN: &str = "https://hooks.acme.com/orders";

pub fn wish(instead_of: Option<&Webhook>, at_limit: AtLimit) -> Wish {
    Wish {
        endpoint: HERE.to_owned(),
        name: instead_of.map_or("Kinde Panel", |old| old.definition.name.as_str()).to_owned(),
        event_types: vec!["user.created".into(), "role.created".into()],
        instead_of: instead_of.cloned(),
        at_limit,
    }
}

/// What of the webhooks is to be the same afterwards: everything but id and day.
pub fn definitions(kinde: &Kinde) -> Vec<Definition> {
    let mut all: Vec<Definition> = kinde.webhooks().into_iter().map(|it| it.definition).collect();
    // An empty description is none.
    for it in &mut all {
        it.description = it.description.take().filter(|text| !text.is_empty());
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

pub struct Tenant {
    pub kinde: Kinde,
    pub orders: Webhook,
    pub before: Vec<Definition>,
}

/// Two webhooks, one of them with a description.
pub async fn tenant(limit: Option<usize>) -> Tenant {
    let kinde = Kinde::start().await;
    let described = Definition { description: Some("of the shop".into()), ..definition("Orders", OWN) };
    kinde.put(&definition("Other", "https://other.acme.com"));
    let orders = kinde.put(&described);
    kinde.set(|world| world.limit = limit);
    let before = definitions(&kinde);
    Tenant { kinde, orders, before }
}

fn go() -> CancellationToken {
    CancellationToken::new()
}

async fn lend(tenant: &Tenant, aside: bool, at_limit: AtLimit) -> Result<Loan, Refusal> {
    let instead_of = aside.then_some(&tenant.orders);
    borrow(&tenant.kinde.ends(), &wish(instead_of, at_limit), &nobody, &go()).await
}

/// What an hour later is put back by the next start, and that a second look finds nothing.
pub async fn recovered(kinde: &Kinde, case: &str) -> Vec<String> {
    let later = kinde.ends_later(3600);
    let words: Vec<String> = recover(&later, &nobody, &go()).await.unwrap().into_iter().map(|it| it.words).collect();
    let again = recover(&later, &nobody, &go()).await.unwrap();
    assert!(again.is_empty(), "{case}: {words:?}, and then {again:?}");
    words
}

fn named(kinde: &Kinde, name: &str) -> Webhook {
    kinde.webhooks().into_iter().find(|it| it.definition.name == name).unwrap()
}

/// `METHOD /path` of each call.
fn calls(kinde: &Kinde) -> Vec<String> {
    kinde.seen().iter().map(|call| call.split(" {").next().unwrap().replace("/api/v1/webhooks", "")).collect()
}

fn edit(kinde: &Kinde, name: &str, change: impl Fn(&mut serde_json::Value)) {
    kinde.set(|world| world.webhooks.iter_mut().filter(|it| it["name"] == name).for_each(&change));
}

#[tokio::test]
async fn one_that_is_added_is_written_down_first_and_taken_away_at_the_end() {
    let tenant = tenant(None).await;
    let mut loan = lend(&tenant, false, AtLimit::Refuse).await.unwrap();
    let here = named(&tenant.kinde, "Kinde Panel");
    assert_eq!((&loan.borrowed().webhook.id, &loan.borrowed().how), (&here.id, &Borrowed::Added));
    assert_eq!((here.definition.endpoint.as_str(), here.definition.event_types.len()), (HERE, 2));
    assert!(here.definition.description.unwrap().contains("goes away at its end"), "who finds it knows what it is");
    assert_eq!(calls(&tenant.kinde), ["GET ", "POST "]);
    // While it lasts nobody takes it for a leftover.
    assert!(recover(&tenant.kinde.ends(), &nobody, &go()).await.unwrap().is_empty());
    tenant.kinde.faults(&[]);
    let words = loan.give_back(&tenant.kinde.ends(), &nobody).await.unwrap().words;
    assert!(words.contains("was taken away again"), "{words}");
    assert_eq!(calls(&tenant.kinde), ["GET ".to_owned(), format!("DELETE /{}", here.id)]);
    assert_eq!(definitions(&tenant.kinde), tenant.before);
    assert!(!loan.owes() && recovered(&tenant.kinde, "").await.is_empty());
    assert_eq!(tenant.kinde.ends().left_over().await.unwrap().len(), 0);
}

#[tokio::test]
async fn one_that_stands_aside_is_made_again_before_its_stand_in_goes_and_is_as_it_was() {
    let tenant = tenant(None).await;
    let mut loan = lend(&tenant, true, AtLimit::Refuse).await.unwrap();
    assert_eq!(loan.borrowed().how, Borrowed::InsteadOf(Box::new(tenant.orders.clone())));
    assert_eq!(calls(&tenant.kinde).last().unwrap(), &format!("DELETE /{}", tenant.orders.id));
    assert_eq!(named(&tenant.kinde, "Orders").definition.endpoint, HERE);
    assert_eq!(tenant.kinde.webhooks().len(), 2);
    tenant.kinde.faults(&[]);
    let words = loan.give_back(&tenant.kinde.ends(), &nobody).await.unwrap().words;
    let again = named(&tenant.kinde, "Orders");
    assert!(words.contains("its own endpoint back") && words.contains(&again.id), "{words}");
    assert_eq!(definitions(&tenant.kinde), tenant.before);
    let order = calls(&tenant.kinde);
    assert_eq!(order[..3], ["GET ", "POST ", "GET "], "{order:?}");
    assert!(order[3].starts_with("DELETE") && order[4] == format!("PATCH /{}", again.id), "{order:?}");
    assert!(recovered(&tenant.kinde, "").await.is_empty());
}

#[tokio::test]
async fn at_the_plans_limit_it_refuses_until_one_may_stand_aside_first_and_gives_that_back_too() {
    let tenant = tenant(Some(2)).await;
    for aside in [false, true] {
        let refused = lend(&tenant, aside, AtLimit::Refuse).await.unwrap_err();
        assert!(matches!(refused.why, Why::Limit), "{refused:?}");
        assert_eq!(definitions(&tenant.kinde), tenant.before);
        assert!(recovered(&tenant.kinde, "").await.is_empty(), "nothing was made");
    }
    let mut loan = lend(&tenant, true, AtLimit::DeleteFirst).await.unwrap();
    assert_eq!(named(&tenant.kinde, "Orders").definition.endpoint, HERE);
    loan.give_back(&tenant.kinde.ends(), &nobody).await.unwrap();
    assert_eq!(definitions(&tenant.kinde), tenant.before);
}

#[tokio::test]
async fn whichever_call_fails_and_however_the_next_start_finds_or_leaves_the_tenant_as_it_was() {
    for (limit, aside, at_limit, most) in
        [(None, false, AtLimit::Refuse, 2), (None, true, AtLimit::Refuse, 4), (Some(2), true, AtLimit::DeleteFirst, 6)]
    {
        for at in 0..most {
            for how in [
                How::Status(403),
                How::Status(400),
                How::Status(500),
                How::Cut,
                How::CutAfter,
                How::ErrorAfter,
                How::Late,
            ] {
                let tenant = tenant(limit).await;
                tenant.kinde.fault(at, how, false);
                let outcome = lend(&tenant, aside, at_limit).await;
                let case = format!("{how:?} at call {at}, aside {aside}, limit {limit:?}: {:?}", tenant.kinde.seen());
                tenant.kinde.heal();
                match outcome {
                    Ok(mut loan) => {
                        assert_eq!(loan.borrowed().webhook.definition.endpoint, HERE, "{case}");
                        loan.give_back(&tenant.kinde.ends(), &nobody).await.unwrap();
                    }
                    Err(refusal) => {
                        assert!(!refusal.error.title.is_empty() && !refusal.error.detail.is_empty(), "{case}");
                    }
                }
                let at_once = definitions(&tenant.kinde);
                if how != How::Late {
                    assert_eq!(at_once, tenant.before, "{case}");
                }
                tenant.kinde.carry_out();
                recovered(&tenant.kinde, &case).await;
                assert_eq!(definitions(&tenant.kinde), tenant.before, "{case}");
                assert_eq!(tenant.kinde.ends().left_over().await.unwrap().len(), 0, "{case}");
            }
        }
    }
}

#[tokio::test]
async fn whichever_call_of_the_return_fails_it_is_said_and_the_next_try_or_the_next_start_does_it() {
    for (limit, aside, at_limit, most) in
        [(None, false, AtLimit::Refuse, 2), (None, true, AtLimit::Refuse, 5), (Some(2), true, AtLimit::DeleteFirst, 6)]
    {
        for at in 0..most {
            for how in [How::Status(403), How::Status(500), How::Cut, How::CutAfter, How::ErrorAfter, How::Late] {
                for dropped in [false, true] {
                    let tenant = tenant(limit).await;
                    let mut loan = lend(&tenant, aside, at_limit).await.unwrap();
                    tenant.kinde.fault(at, how, false);
                    let outcome = loan.give_back(&tenant.kinde.ends(), &nobody).await;
                    let case = format!("{how:?} at {at}, aside {aside}, limit {limit:?}: {:?}", tenant.kinde.seen());
                    tenant.kinde.heal();
                    if let Err(refusal) = outcome {
                        assert!(refusal.error.title.contains("not put back yet"), "{case}: {refusal:?}");
                        assert!(loan.owes(), "{case}");
                        // Neither is ever gone while it could be helped.
                        let left = tenant.kinde.webhooks();
                        assert!(
                            limit.is_some() || !aside || left.iter().any(|it| it.definition.name == "Orders"),
                            "{case}"
                        );
                        if !dropped {
                            loan.give_back(&tenant.kinde.ends(), &nobody).await.unwrap();
                            assert!(how == How::Late || definitions(&tenant.kinde) == tenant.before, "{case}");
                        }
                    }
                    drop(loan);
                    tenant.kinde.carry_out();
                    recovered(&tenant.kinde, &case).await;
                    assert_eq!(definitions(&tenant.kinde), tenant.before, "{case}");
                    assert_eq!(tenant.kinde.ends().left_over().await.unwrap().len(), 0, "{case}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_list_that_lags_behind_leaves_none_too_many_and_none_too_few() {
    for lagging in [1, 2, 3, 4, 6] {
        for aside in [false, true] {
            let tenant = tenant(None).await;
            let sink = tenant.kinde.lag_once_created(lagging);
            let instead_of = aside.then_some(&tenant.orders);
            let lent = borrow(&tenant.kinde.ends(), &wish(instead_of, AtLimit::Refuse), &sink, &go()).await;
            let case = format!("{lagging} {aside}: {:?}", lent.as_ref().err());
            if let Ok(mut loan) = lent {
                tenant.kinde.set(|world| world.lagging = lagging);
                loan.give_back(&tenant.kinde.ends(), &nobody).await.unwrap();
            }
            tenant.kinde.set(|world| world.lagging = 0);
            recovered(&tenant.kinde, &case).await;
            assert_eq!(definitions(&tenant.kinde), tenant.before, "{case}");
        }
    }
}

#[tokio::test]
async fn what_was_changed_in_kinde_meanwhile_is_kept_in_the_one_that_comes_back_and_told_of_one_that_goes() {
    let tenant = tenant(None).await;
    let mut loan = lend(&tenant, true, AtLimit::Refuse).await.unwrap();
    edit(&tenant.kinde, "Orders", |it| it["event_types"] = serde_json::json!(["user.created", "user.deleted"]));
    edit(&tenant.kinde, "Orders", |it| it["name"] = "Orders of the shop".into());
    let words = loan.give_back(&tenant.kinde.ends(), &nobody).await.unwrap().words;
    assert!(words.contains("with what was changed in Kinde meanwhile"), "{words}");
    let now = named(&tenant.kinde, "Orders of the shop").definition;
    assert_eq!((now.endpoint.as_str(), now.description.as_deref()), (OWN, Some("of the shop")));
    // The stand-in took role.created, which was taken from it, and got user.deleted; the others are its own.
    assert_eq!(now.event_types, ["user.created", "user.updated", "user.deleted"]);

    let tenant = self::tenant(None).await;
    let mut loan = lend(&tenant, false, AtLimit::Refuse).await.unwrap();
    edit(&tenant.kinde, "Kinde Panel", |it| it["event_types"] = serde_json::json!(["user.deleted"]));
    let words = loan.give_back(&tenant.kinde.ends(), &nobody).await.unwrap().words;
    assert!(words.contains("changed in Kinde meanwhile") && words.contains("user.deleted"), "{words}");
    assert_eq!(definitions(&tenant.kinde), tenant.before);
}

#[tokio::test]
async fn one_that_somebody_pointed_elsewhere_is_theirs_and_stays() {
    for aside in [false, true] {
        let tenant = tenant(None).await;
        let mut loan = lend(&tenant, aside, AtLimit::Refuse).await.unwrap();
        let id = loan.borrowed().webhook.id.clone();
        kept_elsewhere(&tenant.kinde, &id);
        let words = loan.give_back(&tenant.kinde.ends(), &nobody).await.unwrap().words;
        assert!(words.contains("https://theirs.acme.com") && words.contains("left as it is"), "{words}");
        let all = tenant.kinde.webhooks();
        assert!(all.iter().any(|it| it.id == id), "{all:?}");
        assert_eq!(
            all.iter().filter(|it| it.definition.endpoint == OWN).count(),
            1,
            "what stood aside is back: {all:?}"
        );
    }
}

fn kept_elsewhere(kinde: &Kinde, id: &str) {
    kinde.set(|world| {
        world
            .webhooks
            .iter_mut()
            .filter(|it| it["id"] == *id)
            .for_each(|it| it["endpoint"] = "https://theirs.acme.com".into());
    });
}

#[tokio::test]
async fn one_that_was_deleted_in_kinde_meanwhile_is_no_trouble_and_what_stood_aside_comes_back() {
    for aside in [false, true] {
        let tenant = tenant(None).await;
        let mut loan = lend(&tenant, aside, AtLimit::Refuse).await.unwrap();
        let id = loan.borrowed().webhook.id.clone();
        tenant.kinde.set(|world| world.webhooks.retain(|it| it["id"] != *id));
        let words = loan.give_back(&tenant.kinde.ends(), &nobody).await.unwrap().words;
        assert_eq!(words.contains("not in Kinde any more"), !aside, "{words}");
        assert_eq!(definitions(&tenant.kinde), tenant.before);
    }
}

#[tokio::test]
async fn where_one_points_here_already_nothing_is_written_and_nothing_put_back() {
    let tenant = tenant(None).await;
    let mine = tenant.kinde.put(&definition("Mine", HERE));
    let mut loan = lend(&tenant, false, AtLimit::Refuse).await.unwrap();
    // It stays as it is, so what is wanted and it does not take is told.
    let how = Borrowed::Already { missing: vec!["role.created".into()] };
    assert_eq!((&loan.borrowed().webhook.id, &loan.borrowed().how), (&mine.id, &how));
    assert_eq!(how.missing().as_deref(), Some("It does not take role.created"));
    assert_eq!(Borrowed::Already { missing: Vec::new() }.missing(), None);
    let many = Borrowed::Already { missing: ["a", "b", "c", "d", "e", "f", "g"].map(str::to_owned).to_vec() };
    assert_eq!(many.missing().as_deref(), Some("It does not take a, b, c, d, e and 2 more"));
    let words = loan.give_back(&tenant.kinde.ends(), &nobody).await.unwrap().words;
    assert!(words.contains("stays as it is"), "{words}");
    assert!(calls(&tenant.kinde).iter().all(|call| call.starts_with("GET")));
    assert_eq!(tenant.kinde.webhooks().len(), 3);
}

#[tokio::test]
async fn a_missing_scope_and_an_address_kinde_cannot_reach_are_refused_before_anything_is_made() {
    let tenant = tenant(None).await;
    tenant.kinde.set(|world| world.scope = "read:webhooks create:webhooks".to_owned());
    let refused = lend(&tenant, false, AtLimit::Refuse).await.unwrap_err();
    assert!(refused.error.title.contains("delete:webhooks"), "what cannot be put back is not made: {refused:?}");
    tenant.kinde.set(|world| world.scope = "read:webhooks create:webhooks delete:webhooks".to_owned());
    let refused = lend(&tenant, true, AtLimit::Refuse).await.unwrap_err();
    assert!(refused.error.title.contains("update:webhooks"), "{refused:?}");
    let mut ends = tenant.kinde.ends();
    ends.on_this_machine = false;
    let local = Wish { endpoint: "http://127.0.0.1:4444/k/1".to_owned(), ..wish(None, AtLimit::Refuse) };
    let refused = borrow(&ends, &local, &nobody, &go()).await.unwrap_err();
    assert!(matches!(refused.why, Why::Unusable(_)), "{refused:?}");
    assert_eq!(definitions(&tenant.kinde), tenant.before);
    assert!(calls(&tenant.kinde).iter().all(|call| call.starts_with("GET")));
    assert_eq!(tenant.kinde.ends().left_over().await.unwrap().len(), 0);
}

#[tokio::test]
async fn one_that_changed_since_it_was_shown_does_not_stand_aside() {
    let tenant = tenant(None).await;
    edit(&tenant.kinde, "Orders", |it| it["event_types"] = serde_json::json!(["user.deleted"]));
    let refused = lend(&tenant, true, AtLimit::Refuse).await.unwrap_err();
    assert!(matches!(refused.why, Why::Changed(_)), "{refused:?}");
    assert_eq!(tenant.kinde.webhooks().len(), 2);
    // Nor one that another panel made for itself.
    let tenant = self::tenant(None).await;
    let _loan = lend(&tenant, false, AtLimit::Refuse).await.unwrap();
    let theirs = named(&tenant.kinde, "Kinde Panel");
    let second = Wish { endpoint: THERE.to_owned(), ..wish(Some(&theirs), AtLimit::Refuse) };
    let refused = borrow(&tenant.kinde.ends(), &second, &nobody, &go()).await.unwrap_err();
    assert!(refused.error.title.contains("is borrowed already"), "{refused:?}");
}

#[tokio::test]
async fn when_the_public_address_changes_the_webhook_follows_and_everything_is_put_back_all_the_same() {
    for (limit, aside, at_limit) in
        [(None, false, AtLimit::Refuse), (None, true, AtLimit::Refuse), (Some(2), true, AtLimit::DeleteFirst)]
    {
        let tenant = tenant(limit).await;
        let mut loan = lend(&tenant, aside, at_limit).await.unwrap();
        let name = loan.borrowed().webhook.definition.name.clone();
        edit(&tenant.kinde, &name, |it| it["event_types"] = serde_json::json!(["user.created", "user.deleted"]));
        let ends = tenant.kinde.ends();
        loan.move_to(&ends, THERE, &nobody, &go()).await.unwrap();
        let now = named(&tenant.kinde, &name);
        assert_eq!((now.definition.endpoint.as_str(), &loan.borrowed().webhook.id), (THERE, &now.id));
        assert_eq!(
            now.definition.event_types,
            ["user.created", "user.deleted"],
            "what was changed meanwhile goes along"
        );
        assert_eq!(tenant.kinde.webhooks().iter().filter(|it| it.definition.name == name).count(), 1);
        loan.move_to(&ends, HERE, &nobody, &go()).await.unwrap();
        loan.give_back(&ends, &nobody).await.unwrap();
        if aside {
            let words = named(&tenant.kinde, "Orders").definition;
            assert_eq!((words.endpoint.as_str(), words.description.as_deref()), (OWN, Some("of the shop")));
        } else {
            assert_eq!(definitions(&tenant.kinde), tenant.before);
        }
        assert_eq!(ends.left_over().await.unwrap().len(), 0);
    }
}

#[tokio::test]
async fn whichever_call_of_a_move_fails_all_is_put_back_at_the_end() {
    for (limit, aside, at_limit) in
        [(None, false, AtLimit::Refuse), (None, true, AtLimit::Refuse), (Some(2), true, AtLimit::DeleteFirst)]
    {
        for at in 0..5 {
            for how in [How::Status(400), How::Status(500), How::Cut, How::CutAfter, How::Late] {
                let tenant = tenant(limit).await;
                let mut loan = lend(&tenant, aside, at_limit).await.unwrap();
                tenant.kinde.faults(&[Fault { at, how, to_the_end: false }]);
                let moved = loan.move_to(&tenant.kinde.ends(), THERE, &nobody, &go()).await;
                let case = format!("{how:?} at {at}, aside {aside}, limit {limit:?}: {moved:?}");
                tenant.kinde.heal();
                if moved.is_err() {
                    loan.move_to(&tenant.kinde.ends(), THERE, &nobody, &go()).await.unwrap();
                }
                loan.give_back(&tenant.kinde.ends(), &nobody).await.unwrap();
                tenant.kinde.carry_out();
                recovered(&tenant.kinde, &case).await;
                assert_eq!(definitions(&tenant.kinde), tenant.before, "{case}");
            }
        }
    }
}

#[tokio::test]
async fn a_late_deletion_of_what_stood_aside_is_seen_and_made_good_but_not_where_a_person_deleted_it() {
    for by_person in [false, true] {
        let tenant = tenant(None).await;
        // The deletion breaks off, is not seen, and comes late.
        tenant.kinde.fault(3, How::Late, false);
        let refused = lend(&tenant, true, AtLimit::Refuse).await.unwrap_err();
        tenant.kinde.heal();
        assert!(refused.error.detail.contains("in place as it was"), "{refused:?}");
        assert!(refused.error.detail.contains("may still carry it out"), "{refused:?}");
        assert_eq!(definitions(&tenant.kinde), tenant.before);
        let ends = tenant.kinde.ends();
        assert!(ends.left_over().await.unwrap().iter().all(is_watched), "it is only watched");
        if by_person {
            delete(&ends, &tenant.orders, &nobody, &go()).await.unwrap();
        } else {
            tenant.kinde.carry_out();
        }
        let words = recover(&ends, &nobody, &go()).await.unwrap();
        let there = tenant.kinde.webhooks().iter().any(|it| it.definition.name == "Orders");
        assert_eq!(there, !by_person, "{words:?}");
        recovered(&tenant.kinde, "").await;
        assert_eq!(tenant.kinde.webhooks().len(), if by_person { 1 } else { 2 });
    }
}

#[tokio::test]
async fn what_is_borrowed_can_be_renamed_here_and_is_put_back_with_its_name() {
    let tenant = tenant(None).await;
    let mut loan = lend(&tenant, true, AtLimit::Refuse).await.unwrap();
    let opened = named(&tenant.kinde, "Orders");
    let wanted = Definition { name: "Orders 2".into(), ..opened.definition.clone() };
    let change = Change { opened, wanted, at_limit: AtLimit::Refuse };
    save(&tenant.kinde.ends(), &change, &nobody, &go()).await.unwrap();
    loan.give_back(&tenant.kinde.ends(), &nobody).await.unwrap();
    assert_eq!(named(&tenant.kinde, "Orders 2").definition.endpoint, OWN);
}

#[tokio::test]
async fn killed_while_it_lasts_the_next_start_puts_it_back_and_says_so() {
    for (limit, aside, at_limit) in
        [(None, false, AtLimit::Refuse), (None, true, AtLimit::Refuse), (Some(2), true, AtLimit::DeleteFirst)]
    {
        let tenant = tenant(limit).await;
        drop(lend(&tenant, aside, at_limit).await.unwrap());
        let words = recovered(&tenant.kinde, "").await;
        assert!(words.len() == 1 && words[0].contains("while a webhook pointed here"), "{words:?}");
        assert_eq!(definitions(&tenant.kinde), tenant.before);
    }
}
