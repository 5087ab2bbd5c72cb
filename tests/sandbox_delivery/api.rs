//! What is changed through the API is told to the webhooks: over a real socket, in Kinde's shapes, signed.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::TcpStream;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use kinde_panel::clock::Clock;
use kinde_panel::inspector::decode::{Issuers, Keys, Kind, Options, TokenVerdict, judge};
use kinde_panel::kinde::event_types::{Cause, known};
use kinde_panel::sandbox::{Faults, Order};
use serde_json::{Value, json};

use super::sink::{Seen, Sink};
use super::tenant::Tenant;

/// The members of `data`'s one member, by event type (kinde-oss/webhooks, its types; a deleted thing is its id).
fn members(event_type: &str) -> (&'static str, &'static [&'static str]) {
    const USER: &[&str] = &[
        "email",
        "first_name",
        "id",
        "is_password_reset_requested",
        "is_suspended",
        "last_name",
        "organizations",
        "phone",
        "username",
    ];
    match event_type {
        "user.created" | "user.updated" => ("user", USER),
        "user.deleted" => ("user", &["id"]),
        "role.created" | "role.updated" => ("role", &["description", "id", "is_default_role", "key", "name"]),
        "role.deleted" => ("role", &["id"]),
        "permission.created" | "permission.updated" => ("permission", &["description", "id", "key", "name"]),
        "permission.deleted" => ("permission", &["id"]),
        "organization.created" => ("organization", &["code", "external_id", "handle", "name"]),
        "organization.updated" => {
            ("organization", &["code", "external_id", "handle", "is_allow_registrations", "name"])
        }
        "organization.deleted" => ("organization", &["code"]),
        "subscriber.created" => ("subscriber", &["email", "first_name", "id", "last_name", "user_id"]),
        other => panic!("the API causes no {other}"),
    }
}

/// Whether `text` is signed by a key of `jwks`, by the crypto library alone: none of the panel's own code.
fn is_signed_by(jwks: &Value, text: &str) -> bool {
    let (signed, signature) = text.rsplit_once('.').unwrap();
    let bytes = |value: &Value| URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&bytes(&signed.split('.').next().unwrap().into())).unwrap();
    assert_eq!((&header["alg"], &header["typ"]), (&json!("RS256"), &json!("JWT")));
    let key = jwks["keys"].as_array().unwrap().iter().find(|key| key["kid"] == header["kid"]).unwrap();
    let parts = aws_lc_rs::signature::RsaPublicKeyComponents { n: bytes(&key["n"]), e: bytes(&key["e"]) };
    let signature = bytes(&signature.into());
    parts.verify(&aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature).is_ok()
}

struct Told {
    tenant: Tenant,
    sink: Sink,
    jwks: Value,
    count: usize,
    types: BTreeSet<String>,
}

impl Told {
    /// Makes a call, and answers what the one event that tells of it says of its subject.
    async fn call(&mut self, method: Method, path: &str, body: Option<Value>, event_type: &str) -> Value {
        let answer = self.tenant.call(method, path, body).await;
        assert!(answer.is_success(), "{path}: {} {}", answer.status, answer.text());
        self.count += 1;
        let seen = self.sink.wait_for(self.count).pop().unwrap();
        self.types.insert(event_type.to_owned());
        self.subject(&seen, event_type).await
    }

    async fn subject(&self, seen: &Seen, event_type: &str) -> Value {
        assert_eq!(seen.header("content-type"), Some("application/jwt"));
        let text = seen.text();
        assert!(is_signed_by(&self.jwks, &text), "{event_type}");
        let jwks = self.jwks.to_string();
        let keys = Keys::published("the sandbox", jwks.as_bytes(), Issuers::Loopback);
        let options = Options { kind: Some(Kind::Webhook), pasted: false, ..Options::pasted(Clock::real().now()) };
        let decoded = judge(&seen.body, &keys, &options);
        assert_eq!((decoded.verdict, decoded.failed.as_deref()), (TokenVerdict::Verified, None), "{event_type}");

        let payload = text.split('.').nth(1).unwrap();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        assert_eq!((&claims["type"], &claims["source"]), (&json!(event_type), &json!("api")), "{claims}");
        let usual = ["data", "event_id", "event_timestamp", "source", "timestamp", "type"];
        assert!(claims.as_object().unwrap().keys().all(|name| usual.contains(&name.as_str())), "{claims}");
        let (subject, names) = members(event_type);
        let data = claims["data"].as_object().unwrap();
        assert_eq!(data.keys().collect::<Vec<_>>(), [subject], "{event_type}");
        let have: Vec<&String> = data[subject].as_object().unwrap().keys().collect();
        assert_eq!(have, names, "{event_type}");
        let path = format!("events/{}", claims["event_id"].as_str().unwrap());
        let kept = self.tenant.call(Method::GET, &path, None).await.json().unwrap();
        assert_eq!((&kept["event"]["type"], &kept["event"]["data"]), (&claims["type"], &claims["data"]));
        data[subject].clone()
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_through_the_api_is_told_once_in_its_shape_and_verifies_against_the_published_keys() {
    let tenant = Tenant::new(1.0).await;
    let sink = Sink::good();
    let types: Vec<&str> = known().iter().map(|known| known.event_type.as_str()).collect();
    tenant.webhook(&sink.url, &types).await;
    let jwks = tenant.get("/.well-known/jwks.json").await.json().unwrap();
    let mut told = Told { tenant, sink, jwks, count: 0, types: BTreeSet::new() };
    let (post, patch, delete) = (Method::POST, Method::PATCH, Method::DELETE);

    let new = json!({"profile": {"given_name": "Grace"}, "identities": [{"type": "email", "details": {"email": "g@h.example"}}]});
    let user = told.call(post.clone(), "user", Some(new), "user.created").await;
    assert_eq!((text(&user, "email"), text(&user, "first_name")), ("g@h.example".into(), "Grace".into()));
    assert_eq!((&user["organizations"], &user["phone"]), (&json!([]), &Value::Null));
    let user = text(&user, "id");
    let change = json!({"family_name": "Hopper", "is_suspended": true});
    let path = format!("user?id={user}");
    let changed = told.call(patch.clone(), &path, Some(change), "user.updated").await;
    assert_eq!((text(&changed, "last_name"), &changed["is_suspended"]), ("Hopper".into(), &json!(true)));

    let new = json!({"key": "editor", "name": "Editor", "description": "edits"});
    let role = told.call(post.clone(), "roles", Some(new), "role.created").await;
    assert_eq!((text(&role, "key"), text(&role, "description")), ("editor".into(), "edits".into()));
    let role = text(&role, "id");
    let change = json!({"key": "editor", "name": "Chief editor"});
    let changed = told.call(patch.clone(), &format!("roles/{role}"), Some(change), "role.updated").await;
    assert_eq!((text(&changed, "id"), text(&changed, "name")), (role.clone(), "Chief editor".into()));

    let new = json!({"key": "read:news", "name": "Read"});
    let permission = told.call(post.clone(), "permissions", Some(new), "permission.created").await;
    let permission = text(&permission, "id");
    let path = format!("permissions/{permission}");
    let changed = told.call(patch.clone(), &path, Some(json!({"name": "Read news"})), "permission.updated").await;
    assert_eq!((text(&changed, "key"), text(&changed, "name")), ("read:news".into(), "Read news".into()));

    let new = json!({"name": "Acme", "handle": "acme"});
    let org = told.call(post.clone(), "organization", Some(new), "organization.created").await;
    assert_eq!((text(&org, "name"), text(&org, "handle")), ("Acme".into(), "acme".into()));
    let org = text(&org, "code");
    let change = json!({"name": "Acme Inc", "is_auto_membership_enabled": true});
    let of = format!("organization/{org}");
    let changed = told.call(patch.clone(), &of, Some(change), "organization.updated").await;
    assert_eq!((text(&changed, "name"), &changed["is_allow_registrations"]), ("Acme Inc".into(), &json!(true)));

    // Assignments are changes of the user.
    let given = json!([{"code": org, "permissions": null, "roles": [{"id": role, "key": "editor"}]}]);
    let bare = json!([{"code": org, "permissions": null, "roles": null}]);
    let members = format!("organizations/{org}/users");
    let roles = format!("{members}/{user}/roles");
    let with_role = json!({"users": [{"id": user, "roles": ["editor"]}]});
    let without = json!({"users": [{"id": user, "operation": "delete"}]});
    for (method, path, body, organizations) in [
        (post.clone(), members.clone(), Some(with_role.clone()), given.clone()),
        (delete.clone(), format!("{roles}/{role}"), None, bare),
        (post.clone(), roles, Some(json!({"role_id": role})), given.clone()),
        (patch, members.clone(), Some(without), json!([])),
        (post.clone(), members.clone(), Some(with_role), given),
        (delete.clone(), format!("{members}/{user}"), None, json!([])),
    ] {
        let changed = told.call(method, &path, body, "user.updated").await;
        assert_eq!((text(&changed, "id"), &changed["organizations"]), (user.clone(), &organizations), "{path}");
    }

    let path = "subscribers?first_name=Ada&last_name=L&email=ada%40example.com";
    let subscriber = told.call(post, path, None, "subscriber.created").await;
    assert_eq!((text(&subscriber, "email"), &subscriber["user_id"]), ("ada@example.com".into(), &Value::Null));

    for (path, event_type, id) in [
        (format!("roles/{role}"), "role.deleted", json!({"id": role})),
        (format!("permissions/{permission}"), "permission.deleted", json!({"id": permission})),
        (of, "organization.deleted", json!({"code": org})),
        (format!("user?id={user}"), "user.deleted", json!({"id": user})),
    ] {
        assert_eq!(told.call(delete.clone(), &path, None, event_type).await, id);
        // Once more is refused, and told to nobody.
        assert!(!told.tenant.call(delete.clone(), &path, None).await.is_success(), "{path}");
    }
    let caused = known().iter().filter(|known| matches!(known.trigger, Cause::Api(_)));
    assert_eq!(told.types, caused.map(|known| known.event_type.clone()).collect());
    assert_eq!(told.tenant.number("SELECT count(*) FROM events"), told.count as i64, "one event a change");
    assert_eq!(told.sink.seen().len(), told.count);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_hangs_up_cuts_neither_the_change_nor_its_event_short() {
    let tenant = Tenant::new(1.0).await;
    let sink = Sink::good();
    tenant.webhook(&sink.url, &["user.created"]).await;
    // Long enough for the connection to be gone before the change is made.
    tenant.control.set_faults(&Faults { slow_ms: 300, ..Faults::default() }).await.unwrap();
    let issuer = tenant.served.running().issuer.clone();
    let mut stream = TcpStream::connect(issuer.strip_prefix("http://").unwrap()).unwrap();
    let bearer = tenant.token.expose().to_owned();
    write!(stream, "POST /api/v1/user HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {bearer}\r\ncontent-length: 2\r\n\r\n{{}}").unwrap();
    drop(stream);
    assert_eq!(sink.wait_for(1).len(), 1);
    let db = |sql| tenant.number(sql);
    assert_eq!((db("SELECT count(*) FROM events"), db("SELECT count(*) FROM deliveries")), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delete_ends_what_waits_for_the_webhook_and_a_start_what_waits_for_none() {
    let tenant = Tenant::new(1.0).await;
    let sink = Sink::new(|_| 500);
    let id = tenant.webhook(&sink.url, &["user.created"]).await;
    let order = Order { event_type: "user.created".into(), repeat: 3, ..Order::default() };
    tenant.control.publish(&order).await.unwrap();
    tenant.until("SELECT count(*) = 3 FROM attempts").await;
    let page = tenant.control.deliveries(None, 10).await.unwrap();
    assert!(page.iter().all(|one| one.state == "waiting" && one.next.is_some()), "{page:?}");
    // What the target answered is kept.
    assert_eq!(page[0].attempts[0].answer.as_deref(), Some("answered 500"));
    let answers = tenant.control.body(page[0].id).await.unwrap().answers;
    assert_eq!((answers.len(), answers[0].attempt, answers[0].body.as_str()), (1, 1, "answered 500"));

    assert!(tenant.call(Method::DELETE, &format!("webhooks/{id}"), None).await.is_success());
    let page = tenant.control.deliveries(None, 10).await.unwrap();
    assert!(page.iter().all(|one| one.state == "stopped" && one.next.is_none()), "{page:?}");

    // Killed between the two things a delete writes: the webhook is gone, its deliveries wait.
    let tenant = tenant
        .again(|db| {
            db.execute("UPDATE deliveries SET state = 'waiting', next = 0 WHERE id < 3", []).unwrap();
        })
        .await;
    let page = tenant.control.deliveries(None, 10).await.unwrap();
    assert!(page.iter().all(|one| one.state == "stopped" && one.attempts.len() == 1), "{page:?}");
}
