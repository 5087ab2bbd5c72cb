//! Against a stand-in for the agent that speaks its documented API: the endpoints of newer agents, the tunnels of older ones.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::*;
use crate::tunnel::tests::{Kept, Stage, serve, short, stage};
use crate::tunnel::{Found, Way, offered};

/// What the stand-in has and was asked.
#[derive(Default)]
struct State {
    /// Without endpoints, as an older agent.
    old: bool,
    endpoints: Vec<Value>,
    requests: Vec<Value>,
    status: Option<&'static str>,
    refuses: Option<&'static str>,
    asked: Vec<String>,
    dead: bool,
}

type Shared = Arc<Mutex<State>>;

async fn agent(state: State) -> (Shared, Wish) {
    let shared: Shared = Arc::new(Mutex::new(state));
    let of_server = Arc::clone(&shared);
    let address = serve(move |what, body| {
        let mut state = of_server.lock().unwrap();
        let (method, path) = what.split_once(' ').unwrap();
        let path = path.split('?').next().unwrap();
        if !matches!((method, path), ("GET", "/api/endpoints" | "/api/tunnels" | "/api/status")) {
            state.asked.push(what.to_owned());
        }
        if state.dead {
            return (500, "gone".to_owned());
        }
        match (method, path) {
            ("GET", "/api/endpoints") if !state.old => (200, json!({"endpoints": state.endpoints}).to_string()),
            ("GET", "/api/tunnels") => (200, json!({"tunnels": state.endpoints, "uri": "/api/tunnels"}).to_string()),
            ("POST", "/api/tunnels") => {
                let wanted: Value = serde_json::from_slice(body).unwrap();
                if let Some(said) = state.refuses {
                    let answer = json!({"error_code": 103, "status_code": 502, "msg": "failed to start tunnel",
                        "details": {"err": said}});
                    return (502, answer.to_string());
                }
                // The public side of the stand-in is the receiver itself.
                let made = json!({"name": wanted["name"], "public_url": wanted["addr"], "proto": wanted["proto"],
                    "config": {"addr": wanted["addr"], "inspect": true}});
                state.endpoints.push(made.clone());
                (201, made.to_string())
            }
            ("DELETE", path) => {
                let name = path.rsplit('/').next().unwrap().to_owned();
                state.endpoints.retain(|it| it["name"] != name);
                (204, String::new())
            }
            ("GET", "/api/status") => match state.status {
                Some(status) => (200, json!({"status": status, "agent_version": "3.9.0"}).to_string()),
                None => (404, String::new()),
            },
            ("GET", "/api/requests/http") => (200, json!({"uri": path, "requests": state.requests}).to_string()),
            _ => (404, String::new()),
        }
    })
    .await;
    let wish = Wish { way: Way::Ngrok, server: Some(format!("http://{address}")), ..Wish::default() };
    (shared, wish)
}

fn port(stage: &Stage) -> u16 {
    stage.ends.door.address().port()
}

fn new_endpoint(stage: &Stage) -> Value {
    let port = port(stage);
    json!({"name": "command_line", "uri": "/api/endpoints/command_line", "url": format!("http://127.0.0.1:{port}"),
        "upstream": {"url": format!("http://localhost:{port}"), "protocol": "http1"}, "inspect": true})
}

fn captured(id: &str, at: &str, more: &Value) -> Value {
    let body = "eyJhbGciOiJSUzI1NiJ9.eyJ0eXBlIjoidXNlci5jcmVhdGVkIn0.c2ln";
    let raw = format!("POST /api/hook HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let mut one = json!({"uri": format!("/api/requests/http/{id}"), "id": id, "tunnel_name": "command_line", "start": at,
        "duration": 3_893_202, "request": {"method": "POST", "proto": "HTTP/1.1", "uri": "/api/hook",
            "headers": {"Content-Type": ["application/jwt"], "Webhook-Id": [id]}, "raw": STANDARD.encode(raw)},
        "response": {"status": "502 Bad Gateway", "status_code": 502, "raw": ""}});
    for (pointer, value) in more.as_object().unwrap() {
        *one.pointer_mut(pointer).unwrap() = value.clone();
    }
    one
}

#[tokio::test]
async fn a_running_endpoint_of_the_receivers_port_is_adopted_and_never_taken_down() {
    for old in [false, true] {
        let stage = stage().await;
        let mut endpoint = new_endpoint(&stage);
        if old {
            let url = endpoint["url"].clone();
            endpoint = json!({"name": "command_line (http)", "public_url": url, "proto": "http",
                "config": {"addr": format!("localhost:{}", port(&stage)), "inspect": true}});
        }
        let other = json!({"name": "b", "url": "https://b.ngrok.app", "upstream": {"url": "3000"}});
        let (shared, wish) = agent(State { old, endpoints: vec![other, endpoint], ..State::default() }).await;
        let mut kept = Kept::wish(wish, stage.ends.clone());
        let (all, _) = kept.until("up").await;
        assert_eq!(all, ["opening", "testing", "up"]);
        kept.end().await;
        let asked = shared.lock().unwrap().asked.clone();
        assert!(asked.iter().all(|it| it.starts_with("GET /api/requests/http")), "{asked:?}");
    }
}

#[tokio::test]
async fn an_endpoint_is_made_on_an_agent_that_leads_elsewhere_and_taken_down_at_the_end() {
    let stage = stage().await;
    let other = json!({"name": "b", "url": "https://b.ngrok.app", "upstream": {"url": "http://localhost:3000"}});
    let (shared, wish) = agent(State { endpoints: vec![other], ..State::default() }).await;
    let mut kept = Kept::wish(wish, stage.ends.clone());
    kept.until("up").await;
    kept.end().await;
    let state = shared.lock().unwrap();
    assert_eq!(state.endpoints.len(), 1, "{:?}", state.endpoints);
    assert_eq!(state.asked.last().unwrap(), &format!("DELETE /api/tunnels/kinde-panel-{}", port(&stage)));
}

#[tokio::test]
async fn no_agent_a_stranger_and_an_agent_that_makes_none_each_have_their_words() {
    let stage = stage().await;
    let ended = async |wish: Wish| {
        let mut kept = Kept::wish(wish, stage.ends.clone());
        loop {
            if let crate::tunnel::State::Ended { error, .. } = kept.next().await {
                return error;
            }
        }
    };
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = Wish { way: Way::Ngrok, server: Some(format!("http://{closed}")), ..Wish::default() };
    let error = ended(nobody).await;
    assert!(
        error.title.contains("No ngrok agent") && error.hint.contains(&format!("127.0.0.1:{}", port(&stage))),
        "{error:?}"
    );
    let stranger = serve(|_, _| (200, "<html>hello</html>".to_owned())).await;
    let error = ended(Wish { way: Way::Ngrok, server: Some(format!("http://{stranger}")), ..Wish::default() }).await;
    assert!(error.title.contains("no ngrok agent"), "{error:?}");
    let said = "failed to start tunnel: Your account may not run more than 3 endpoints.\n\nERR_NGROK_324";
    let other = json!({"name": "b", "url": "https://b.ngrok.app", "upstream": {"url": "http://localhost:3000"}});
    let (_shared, wish) = agent(State { endpoints: vec![other], refuses: Some(said), ..State::default() }).await;
    let error = ended(wish).await;
    assert!(error.detail.contains("ERR_NGROK_324") && error.detail.contains("https://b.ngrok.app"), "{error:?}");
}

#[tokio::test]
async fn what_was_captured_before_the_receiver_started_is_told_once_the_oldest_first_and_nothing_else() {
    let stage = stage().await;
    let long = STANDARD.encode("POST / HTTP/1.1\r\n\r\nshort");
    let json_body = STANDARD.encode("POST / HTTP/1.1\r\n\r\n{}");
    let requests = vec![
        captured("later", "2026-11-24T10:00:01Z", &json!({})),
        captured("second", "2026-11-24T09:59:00Z", &json!({})),
        captured("first", "2026-11-24T10:00:00+02:00", &json!({"/response": null})),
        captured("other", "2026-11-24T09:00:00Z", &json!({"/tunnel_name": "b"})),
        captured("get", "2026-11-24T09:00:00Z", &json!({"/request/method": "GET"})),
        captured(
            "cut",
            "2026-11-24T09:00:00Z",
            &json!({"/request/headers": {"Content-Length": ["9999"]}, "/request/raw": long}),
        ),
        captured("json", "2026-11-24T09:00:00Z", &json!({"/request/headers": {}, "/request/raw": json_body})),
        captured(&format!("{}x", crate::inspector::receiver::MARK), "2026-11-24T09:00:00Z", &json!({})),
        json!({"no": "request"}),
    ];
    let (_shared, wish) = agent(State { endpoints: vec![new_endpoint(&stage)], requests, ..State::default() }).await;
    let mut kept = Kept::wish(wish, stage.ends.clone());
    kept.until("up").await;
    let crate::tunnel::State::Rescued(items) = kept.next().await else { panic!() };
    let told: Vec<_> = items
        .iter()
        .map(|item| (item.headers.iter().find(|(name, _)| name == "Webhook-Id").unwrap().1.as_str(), item.responded))
        .collect();
    assert_eq!(told, [("first", None), ("second", Some(502))]);
    assert_eq!(items[0].received_at, Some("2026-11-24T08:00:00Z".parse().unwrap()));
    assert!(items.iter().all(|item| item.body.starts_with(b"eyJ") && item.via == Some("ngrok")));
    kept.end().await;
}

#[tokio::test]
async fn an_agent_that_goes_offline_or_ends_is_a_loss_and_it_is_taken_up_again_when_it_is_back() {
    let stage = stage().await;
    let state = State { endpoints: vec![new_endpoint(&stage)], status: Some("online"), ..State::default() };
    let (shared, wish) = agent(state).await;
    let mut kept = Kept::wish(wish, stage.ends.clone());
    kept.until("up").await;
    shared.lock().unwrap().status = Some("reconnecting");
    let (_, down) = kept.until("down").await;
    assert!(short(&down).contains("lost its connection"), "{down:?}");
    shared.lock().unwrap().status = Some("online");
    kept.until("up").await;
    shared.lock().unwrap().dead = true;
    kept.until("down").await;
    shared.lock().unwrap().dead = false;
    kept.until("up").await;
    shared.lock().unwrap().endpoints.clear();
    let (_, down) = kept.until("down").await;
    assert!(short(&down).contains("forwards to the receiver no more"), "{down:?}");
    // It is made anew, since it was wanted.
    kept.until("up").await;
    // Started again it leads to the same port under another address.
    let other = format!("http://localhost:{}", port(&stage));
    shared.lock().unwrap().endpoints = vec![json!({"name": "command_line", "url": other, "upstream": {"url": other}})];
    kept.until("down").await;
    let (_, up) = kept.until("up").await;
    assert!(matches!(&up, crate::tunnel::State::Up { url, .. } if url.host_str() == Some("localhost")), "{up:?}");
    kept.end().await;
}

#[tokio::test]
async fn the_offers_say_how_each_way_stands() {
    let stage = stage().await;
    let (_shared, wish) = agent(State { endpoints: vec![new_endpoint(&stage)], ..State::default() }).await;
    let offers = offered(&stage.ends.http, Some(port(&stage)), &wish).await;
    assert_eq!((offers[0].way, offers.len()), (Way::Ngrok, 4));
    assert!(matches!(&offers[0].state, Found::Running(base) if base.contains("127.0.0.1")));
    let elsewhere = offered(&stage.ends.http, Some(1), &wish).await;
    let ngrok = elsewhere.iter().find(|offer| offer.way == Way::Ngrok).unwrap();
    assert_eq!(ngrok.state, Found::Ready);
    let nobody = Wish { server: Some("http://127.0.0.1:9".to_owned()), ..wish };
    let offers = offered(&stage.ends.http, Some(4444), &nobody).await;
    let ngrok = offers.iter().find(|offer| offer.way == Way::Ngrok).unwrap();
    assert_eq!((ngrok.state.clone(), ngrok.fix.as_deref()), (Found::Missing, Some("ngrok http 127.0.0.1:4444")));
    assert!(offers.iter().any(|offer| offer.way == Way::Localtunnel && offer.state == Found::Ready));
}

#[test]
fn the_port_of_an_upstream_is_read_in_every_way_it_is_written() {
    let of = |upstream: &str| {
        let url = Url::parse("https://a.ngrok.app").unwrap();
        Forward { name: String::new(), url, upstream: upstream.to_owned() }.local_port()
    };
    for upstream in
        ["4444", "localhost:4444", "http://localhost:4444", "127.0.0.1:4444", "[::1]:4444", "https://localhost:4444/"]
    {
        assert_eq!(of(upstream), Some(4444), "{upstream}");
    }
    for upstream in ["192.168.1.2:4444", "example.com:4444", "", "nonsense"] {
        assert_ne!(of(upstream), Some(4444), "{upstream}");
    }
    assert_eq!(of("http://localhost"), Some(80));
}
