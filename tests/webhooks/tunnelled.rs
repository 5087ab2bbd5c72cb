//! What the window asks for: a tenant's events sent here through a tunnel, whose address changes while it stands.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use kinde_panel::backend::public::{Event, Link};
use kinde_panel::backend::{self, End};
use kinde_panel::tunnel::{self, Way};
use serde_json::{Value, json};

use super::borrow::{definitions, tenant};
use super::kinde::How;
use super::stand_in::serve;
use super::window::{RECEIVER, SENDING, Window};

/// An ngrok agent: what it forwards to the receiver's `port`, which a test may take away. What is made on it then has the
/// name `localhost`.
fn agent(port: u16) -> (tunnel::Wish, Arc<Mutex<Vec<Value>>>) {
    let forward = move |name: &str, host: &str| {
        json!({"name": name, "url": format!("http://{host}:{port}"), "public_url": format!("http://{host}:{port}"),
            "upstream": {"url": format!("http://localhost:{port}"), "protocol": "http1"}})
    };
    let endpoints = Arc::new(Mutex::new(vec![forward("command_line", "127.0.0.1")]));
    let all = Arc::clone(&endpoints);
    let address = serve(move |what, _| {
        let mut all = all.lock().unwrap();
        match what.split('?').next().unwrap() {
            "GET /api/endpoints" => (200, json!({"endpoints": *all}).to_string()),
            "POST /api/tunnels" => {
                let made = forward("made", "localhost");
                all.push(made.clone());
                (201, made.to_string())
            }
            "DELETE /api/tunnels/made" => {
                all.retain(|it| it["name"] != "made");
                (204, String::new())
            }
            "GET /api/requests/http" => {
                let body = "eyJhbGciOiJSUzI1NiJ9.eyJ0eXBlIjoidXNlci5jcmVhdGVkIn0.c2ln";
                let raw = format!("POST /api/hook HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                let raw = base64::engine::general_purpose::STANDARD.encode(raw);
                let one = json!({"id": "1", "tunnel_name": "command_line", "start": "2024-05-01T09:00:00Z",
                    "request": {"method": "POST", "uri": "/api/hook", "raw": raw,
                        "headers": {"Content-Type": ["application/jwt"], "Webhook-Id": ["w0"]}},
                    "response": {"status_code": 502}});
                (200, json!({"requests": [one]}).to_string())
            }
            _ => (404, String::new()),
        }
    });
    (tunnel::Wish { way: Way::Ngrok, server: Some(format!("http://{address}")), ..tunnel::Wish::default() }, endpoints)
}

#[tokio::test(flavor = "multi_thread")]
async fn through_a_tunnel_what_was_captured_is_kept_and_the_webhook_follows_to_another_address_once_kinde_answers() {
    let tenant = tenant(None).await;
    let kinde = &tenant.kinde;
    let mut window = Window::over(kinde).await;
    let (here, port, _settings) = window.listen().await;
    let (wish, endpoints) = agent(port);
    let steer = window.send(Some(wish));
    // Rescued requests and the webhook come in any order.
    let (mut endpoint, mut rescued) = (None, None);
    while endpoint.is_none() || rescued.is_none() {
        let told = |event| match event {
            backend::Event::Public(event @ (Event::Webhook(_) | Event::Rescued(_))) => Some(event),
            _ => None,
        };
        match window.wait(SENDING, told).await {
            Event::Webhook(Link::There(borrowed)) => endpoint = Some(borrowed.webhook.definition.endpoint),
            Event::Rescued(count) => rescued = Some(count.unwrap()),
            _ => {}
        }
    }
    assert_eq!((endpoint.as_ref(), rescued), (Some(&here), Some(1)));

    kinde.fault(0, How::Cut, true);
    endpoints.lock().unwrap().clear();
    let refused = loop {
        match window.link().await {
            Link::Making => {}
            Link::Refused(refused) => break refused.error,
            other => panic!("{other:?}"),
        }
    };
    assert!(refused.title.contains("could not follow") && refused.hint.contains("tried again at"), "{refused:?}");
    kinde.heal();
    // Nobody presses anything.
    let there = here.replace("127.0.0.1", "localhost");
    loop {
        match window.link().await {
            Link::Making | Link::Refused(_) => {}
            Link::There(borrowed) => break assert_eq!(borrowed.webhook.definition.endpoint, there),
            other => panic!("{other:?}"),
        }
    }
    assert!(kinde.webhooks().iter().all(|it| it.definition.endpoint != here));

    steer.send_modify(|steer| steer.stop = true);
    assert!(matches!(window.ended().await, End::Done));
    assert_eq!(definitions(kinde), tenant.before);
    assert!(endpoints.lock().unwrap().is_empty(), "what was made on the agent is taken down");
    window.backend.cancel(RECEIVER);
}
