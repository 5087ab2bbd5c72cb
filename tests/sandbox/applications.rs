//! Applications, their addresses, and environment variables.

use crate::stage::Bench;
use http::Method;
use kinde_panel::net::{Answer, Request};
use serde_json::{Value, json};

async fn call(bench: &Bench, method: Method, path: &str, body: Option<Value>) -> Answer {
    let token = bench.mint().await;
    let mut request = Request::new(method, "api", bench.url(&format!("/api/v1/{path}"))).bearer(token);
    if let Some(body) = body {
        request = request.json(body);
    }
    bench.send(request).await
}

#[tokio::test]
async fn applications_are_listed_and_read_with_their_credentials() {
    let bench = Bench::new().await;
    let listed = call(&bench, Method::GET, "applications", None).await.json().unwrap();
    let kinds: Vec<&str> =
        listed["applications"].as_array().unwrap().iter().map(|app| app["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["m2m", "reg", "spa"]);
    let web = &bench.facts.applications[0];
    let read = call(&bench, Method::GET, &format!("applications/{}", web.client_id), None).await.json().unwrap();
    assert_eq!(read["application"]["client_secret"], web.client_secret.as_ref().unwrap().expose());
    let unknown = call(&bench, Method::GET, "applications/nope", None).await;
    assert_eq!(
        (unknown.status, unknown.json().unwrap()["errors"][0]["code"].clone()),
        (400, json!("APPLICATION_NOT_FOUND"))
    );
}

#[tokio::test]
async fn callbacks_are_added_by_post_replaced_by_put_and_taken_away_by_delete() {
    let bench = Bench::new().await;
    let web = &bench.facts.applications[0];
    for (list, member) in [("auth_redirect_urls", "redirect_urls"), ("auth_logout_urls", "logout_urls")] {
        let path = format!("applications/{}/{list}", web.client_id);
        let read = async || call(&bench, Method::GET, &path, None).await.json().unwrap()[member].clone();
        let first = read().await[0].clone();
        let added = json!({"urls": ["https://a.example/cb", "https://a.example/cb"]});
        assert_eq!(call(&bench, Method::POST, &path, Some(added)).await.status, 200);
        assert_eq!(read().await, json!([first, "https://a.example/cb"]));
        let bad = call(&bench, Method::POST, &path, Some(json!({"urls": ["a.example/cb"]}))).await;
        assert_eq!((bad.status, bad.json().unwrap()["errors"][0]["code"].clone()), (400, json!("INVALID_URL")));
        assert_eq!(call(&bench, Method::PUT, &path, Some(json!({"urls": ["myapp://cb"]}))).await.status, 200);
        assert_eq!(read().await, json!(["myapp://cb"]));
        assert_eq!(call(&bench, Method::DELETE, &format!("{path}?urls=myapp%3A%2F%2Fcb"), None).await.status, 200);
        assert_eq!(read().await, json!([]));
    }
    let machine = format!("applications/{}/auth_redirect_urls", bench.facts.client_id);
    assert_eq!(call(&bench, Method::POST, &machine, Some(json!({"urls": ["https://a.example"]}))).await.status, 400);
}

#[tokio::test]
async fn a_secret_variable_shows_its_value_to_nobody_and_every_change_is_answered_in_kindes_codes() {
    let bench = Bench::new().await;
    let body = json!({"key": "TRUSTPATH_API_KEY", "value": "canary", "is_secret": true});
    let made = call(&bench, Method::POST, "environment_variables", Some(body.clone())).await;
    assert_eq!((made.status, made.json().unwrap()["code"].clone()), (201, json!("VARIABLE_CREATED")));
    let id = made.json().unwrap()["environment_variable"]["id"].as_str().unwrap().to_owned();
    let again = call(&bench, Method::POST, "environment_variables", Some(body)).await;
    assert_eq!((again.status, again.json().unwrap()["errors"][0]["code"].clone()), (400, json!("KEY_ALREADY_EXISTS")));
    let listed = call(&bench, Method::GET, "environment_variables", None).await;
    assert!(listed.text().contains("TRUSTPATH_API_KEY") && !listed.text().contains("canary"), "{}", listed.text());
    let path = format!("environment_variables/{id}");
    let again = call(&bench, Method::PATCH, &path, Some(json!({"value": "canary of another day"}))).await;
    assert_eq!(again.status, 200);
    for file in ["state.json", "state.json.bak"] {
        let kept = std::fs::read_to_string(bench.dir.join(file)).unwrap();
        assert!(!kept.contains("canary"), "nobody can read it back, so no file has it: {kept}");
    }
    assert_eq!(call(&bench, Method::PATCH, &path, Some(json!({"is_secret": false}))).await.status, 200);
    let read = call(&bench, Method::GET, &path, None).await.json().unwrap();
    assert_eq!(
        (&read["environment_variable"]["is_secret"], &read["environment_variable"]["value"]),
        (&json!(false), &json!(""))
    );
    let plain = json!({"value": "seen", "is_secret": false});
    let changed = call(&bench, Method::PATCH, &path, Some(plain)).await.json().unwrap();
    assert_eq!(changed["code"], "ENVIRONMENT_VARIABLE_UPDATED");
    let read = call(&bench, Method::GET, &path, None).await.json().unwrap();
    assert_eq!(read["environment_variable"]["value"], "seen");
    let long = json!({"key": "K".repeat(129), "value": "v"});
    assert_eq!(call(&bench, Method::POST, "environment_variables", Some(long)).await.status, 400);
    assert_eq!(call(&bench, Method::DELETE, &path, None).await.json().unwrap()["code"], "ENVIRONMENT_VARIABLE_DELETED");
    assert_eq!(call(&bench, Method::GET, &path, None).await.status, 400);
}
