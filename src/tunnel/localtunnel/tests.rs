//! What its server may answer to a registration, by a stand-in. Everything else is tested against the real server, in
//! `tests/localtunnel`.

use std::sync::{Arc, Mutex};

use serde_json::json;

use super::*;
use crate::tunnel::State;
use crate::tunnel::tests::{Kept, serve, stage};

async fn ended(wish: Wish) -> UserError {
    let stage = stage().await;
    let mut kept = Kept::wish(wish, stage.ends.clone());
    loop {
        if let State::Ended { error, .. } = kept.next().await {
            return error;
        }
    }
}

fn at(address: std::net::SocketAddr, name: Option<&str>) -> Wish {
    Wish { server: Some(format!("http://{address}")), name: name.map(str::to_owned), ..Wish::default() }
}

#[tokio::test]
async fn what_is_no_localtunnel_server_is_said_with_what_it_answered() {
    for (status, answer, words) in [
        (200, "<html>hello</html>".to_owned(), "no JSON"),
        (200, json!({"port": 9, "url": "http://a.b"}).to_string(), "no usable id"),
        (200, json!({"id": "a", "port": 0, "url": "http://a.b"}).to_string(), "no usable port"),
        (200, json!({"id": "a", "port": 99_999, "url": "http://a.b"}).to_string(), "no usable port"),
        (200, json!({"id": "a", "port": 9, "url": "nonsense"}).to_string(), "no usable url"),
        (403, json!({"message": "Invalid subdomain."}).to_string(), "403 Invalid subdomain."),
        (404, "nothing here".to_owned(), "404 nothing here"),
        (503, "down".to_owned(), "503 down"),
    ] {
        let address = serve(move |_, _| (status, answer.clone())).await;
        let error = ended(at(address, None)).await;
        assert!(error.detail.contains(words) && !error.hint.is_empty(), "{words}: {error:?}");
    }
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = ended(at(closed, None)).await;
    assert!(error.title.contains("cannot be reached") && error.hint.contains("ngrok"), "{error:?}");
}

#[tokio::test]
async fn a_name_that_is_given_to_another_is_refused_where_it_was_chosen_and_another_taken_where_it_was_not() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let stage = stage().await;
    let base = format!("http://{}", stage.ends.door.address());
    let address = serve(move |what, _| {
        seen.lock().unwrap().push(what.to_owned());
        (200, json!({"id": "shy-dog-7", "port": 9, "max_conn_count": 1, "url": base}).to_string())
    })
    .await;
    let error = ended(at(address, Some("my-kinde-dev"))).await;
    assert!(error.title.contains("my-kinde-dev is in use") && error.detail.contains("shy-dog-7"), "{error:?}");
    assert_eq!(*asked.lock().unwrap(), ["GET /my-kinde-dev"], "asked once: trying again changes nothing");
    asked.lock().unwrap().clear();
    let mut kept = Kept::wish(at(address, None), stage.ends.clone());
    kept.until("up").await;
    let first = asked.lock().unwrap()[0].clone();
    assert!(first.starts_with("GET /kinde-") && first.len() == 27, "{first}");
    kept.end().await;
}

#[tokio::test]
async fn a_server_that_fails_when_it_is_asked_of_a_tunnel_that_works_makes_it_no_lost_one() {
    // One that told of the name before, and one that never did.
    for told_before in [true, false] {
        let stage = stage().await;
        let base = format!("http://{}", stage.ends.door.address());
        let connections = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = connections.local_addr().unwrap().port();
        let held = tokio::spawn(async move {
            let mut all = Vec::new();
            loop {
                all.push(connections.accept().await.unwrap());
            }
        });
        let asked = Arc::new(Mutex::new(0));
        let count = Arc::clone(&asked);
        let address = serve(move |what, _| {
            if !what.ends_with("/status") {
                let name = what.trim_start_matches("GET /");
                return (200, json!({"id": name, "port": port, "max_conn_count": 2, "url": base}).to_string());
            }
            let mut count = count.lock().unwrap();
            *count += 1;
            if told_before && *count == 1 {
                return (200, json!({"connected_sockets": 2}).to_string());
            }
            (502, "Bad Gateway".to_owned())
        })
        .await;
        let mut kept = Kept::wish(at(address, None), stage.ends.clone());
        kept.until("up").await;
        // The service cannot say: where it used to, the test is made again at once, and passes.
        let begun = tokio::time::Instant::now();
        while *asked.lock().unwrap() < 6 {
            assert!(begun.elapsed() < Duration::from_secs(10), "it is asked no more");
            match kept.told.try_recv() {
                Ok(state) => assert!(matches!(state, State::Up { .. }), "{told_before}: {state:?}"),
                Err(_) => sleep(Duration::from_millis(5)).await,
            }
        }
        kept.end().await;
        held.abort();
    }
}
