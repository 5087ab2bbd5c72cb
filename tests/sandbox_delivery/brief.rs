//! A command that serves the sandbox for itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use kinde_panel::sandbox::Order;

use super::sink::Sink;
use super::tenant::Tenant;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_serves_the_sandbox_for_itself_delivers_what_is_new_and_leaves_what_waits_as_it_is() {
    let tenant = Tenant::new(1000.0).await;
    let status = Arc::new(AtomicU16::new(503));
    let answer = Arc::clone(&status);
    let sink = Sink::new(move |_| answer.load(Ordering::SeqCst));
    tenant.webhook(&sink.url, &["user.created"]).await;
    let order = Order { event_type: "user.created".into(), repeat: 1, ..Order::default() };
    tenant.control.publish(&order).await.unwrap();
    tenant.until("SELECT attempts > 0 FROM deliveries").await;

    let due = |db: &rusqlite::Connection| {
        assert_eq!(db.execute("UPDATE deliveries SET attempts = 3, next = 1 WHERE state = 'waiting'", []).unwrap(), 1);
    };
    let tenant = tenant.again_briefly(due).await;
    status.store(200, Ordering::SeqCst);
    tenant.control.publish(&order).await.unwrap();
    tenant.until("SELECT state = 'delivered' FROM deliveries WHERE id = 2").await;
    assert_eq!(tenant.number("SELECT attempts FROM deliveries WHERE id = 1"), 3, "no attempt was made");
    assert_eq!(tenant.number("SELECT next FROM deliveries WHERE id = 1"), 1, "and it is as due as it was");

    let tenant = tenant.again(|_| ()).await;
    tenant.until("SELECT state = 'delivered' FROM deliveries WHERE id = 1").await;
}
