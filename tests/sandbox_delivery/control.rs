//! Keys, a new beginning, and what is forgotten by itself.

use std::path::Path;

use kinde_panel::clock::Clock;
use kinde_panel::net::{Http, Recorder};
use kinde_panel::sandbox::{Control, Options, Order, Rotation, Served, facts};
use serde_json::Value;

use super::sink::Sink;
use super::tenant::Tenant;

async fn serve(dir: &Path) -> (Served, Control) {
    let served = Served::start(dir, Options::default(), Clock::real()).await.unwrap();
    let http = Http::new(Recorder::silent(), Clock::real()).unwrap();
    let control = Control::new(http, served.running()).unwrap();
    (served, control)
}

/// Key IDs of the published key set, as a command reads it from the folder.
fn kids(dir: &Path) -> Vec<String> {
    let jwks: Value = serde_json::from_str(&facts(dir).unwrap().jwks).unwrap();
    jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_new_key_signs_and_the_old_one_stays_published_or_goes_as_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    let (served, control) = serve(dir.path()).await;
    let first = kids(dir.path());
    let kept = control.rotate_keys(Rotation::KeepOld).await.unwrap();
    assert_eq!((&kept.old_kid, kept.old_is_published), (&first[0], true));
    assert_eq!(kids(dir.path()), [kept.kid.clone(), first[0].clone()]);
    assert_eq!(served.facts().jwks, facts(dir.path()).unwrap().jwks, "running or not, the same keys");
    let dropped = control.rotate_keys(Rotation::DropOld).await.unwrap();
    assert_eq!((dropped.old_kid, dropped.old_is_published), (kept.kid, false));
    assert_eq!(kids(dir.path()), [dropped.kid]);
}

#[tokio::test]
async fn a_reset_forgets_what_was_done_and_keeps_what_others_were_told() {
    let dir = tempfile::tempdir().unwrap();
    let (served, control) = serve(dir.path()).await;
    let before = served.facts();
    control.set_webhook_limit(Some(1)).await.unwrap();
    let order = Order { event_type: "user.created".into(), repeat: 2, ..Order::default() };
    assert_eq!(control.publish(&order).await.unwrap().events.len(), 2);
    control.reset().await.unwrap();
    assert_eq!(control.webhook_limit().await.unwrap(), None);
    let db = rusqlite::Connection::open(dir.path().join("deliveries.db")).unwrap();
    assert_eq!(db.query_row("SELECT count(*) FROM events", [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    let after = served.facts();
    assert_eq!((&after.client_id, &after.jwks), (&before.client_id, &before.jwks));
    assert_eq!(after.client_secret.expose(), before.client_secret.expose());
}

#[tokio::test]
async fn events_of_a_month_ago_are_forgotten_unless_a_delivery_still_waits() {
    let tenant = Tenant::new(1.0).await;
    let webhook = tenant.webhook("http://127.0.0.1:9/", &["user.created"]).await;
    let put = |db: &rusqlite::Connection, name: &str, state: &str, next: Option<i64>| {
        db.execute(
            "INSERT INTO events (event_id, type, source, at, claims, content_type, body) VALUES (?1, 't', 'api', 0, '{}', '', x'')",
            [name],
        )
        .unwrap();
        db.execute(
            "INSERT INTO deliveries (event, webhook, request_id, url, accepted, next, state) VALUES (?1, ?2, 'r', 'u', 0, ?3, ?4)",
            (db.last_insert_rowid(), &webhook, next, state),
        )
        .unwrap();
    };
    let tenant = tenant
        .again(|db| {
            put(db, "done", "delivered", None);
            put(db, "waiting", "waiting", Some(i64::MAX));
        })
        .await;
    tenant.until("SELECT group_concat(event_id) = 'waiting' FROM events").await;
}

#[tokio::test]
async fn a_delivery_on_the_wire_is_a_bare_jwt_with_its_id_in_a_header() {
    let dir = tempfile::tempdir().unwrap();
    let sink = Sink::good();
    let http = Http::new(Recorder::silent(), Clock::real()).unwrap();
    let order = Order { event_type: "user.created".into(), repeat: 1, ..Order::default() };
    kinde_panel::sandbox::send_to(dir.path(), &order, &sink.url, &http, |_| {}).await.unwrap();
    let seen = &sink.wait_for(1)[0];
    assert!(seen.head.starts_with("POST /hooks HTTP/1.1"), "{}", seen.head);
    assert_eq!(seen.header("content-type"), Some("application/jwt"));
    assert!(seen.header("webhook-id").is_some_and(|id| !id.is_empty()));
    assert_eq!(seen.text().split('.').count(), 3);
    assert!(seen.header("authorization").is_none() && seen.header("cookie").is_none());
}
