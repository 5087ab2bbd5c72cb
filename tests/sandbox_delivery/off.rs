//! A webhook that fails for 72 hours is switched off, until somebody switches it on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kinde_panel::sandbox::Order;

use super::sink::Sink;
use super::tenant::Tenant;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_was_switched_off_gets_nothing_until_it_is_switched_on_and_then_what_is_new() {
    // 72 hours in a quarter of a second.
    let tenant = Tenant::new(1e6).await;
    let mended = Arc::new(AtomicBool::new(false));
    let works = Arc::clone(&mended);
    let sink = Sink::new(move |_| if works.load(Ordering::SeqCst) { 200 } else { 503 });
    let id = tenant.webhook(&sink.url, &["user.created"]).await;
    let order = Order { event_type: "user.created".into(), repeat: 1, ..Order::default() };
    let off = async {
        while tenant.control.webhooks().await.unwrap()[0].off_since.is_none() {
            tenant.control.publish(&order).await.unwrap();
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(120), off).await.unwrap();
    assert_eq!(tenant.number("SELECT count(*) FROM deliveries WHERE next IS NOT NULL"), 0, "nothing waits");
    let missed = tenant.control.publish(&order).await.unwrap();
    assert_eq!((missed.events.len(), missed.deliveries.len()), (1, 0), "it happened, and is told to nobody");

    mended.store(true, Ordering::SeqCst);
    let before = sink.seen().len();
    tenant.control.switch_on(&id).await.unwrap();
    assert_eq!(tenant.control.webhooks().await.unwrap()[0].off_since, None);
    assert_eq!(tenant.control.publish(&order).await.unwrap().deliveries.len(), 1);
    tenant.until("SELECT state = 'delivered' FROM deliveries ORDER BY id DESC LIMIT 1").await;
    assert_eq!(sink.seen().len(), before + 1, "what was stopped or missed stays so");
    assert_eq!(tenant.number("SELECT count(*) FROM health"), 0);
}
