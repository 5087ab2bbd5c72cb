//! A Resend on this machine, written from its OpenAPI: keys of every kind, domains in every status, limits, idempotency.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

pub const FULL: &str = "re_Full1Canary_8f14e45fceea167a5a36dedd4bea2543";
pub const SENDING: &str = "re_Send2Canary_c9f0f895fb98ab9159f51fd0297e236d";
/// May send from `lab.test` alone.
pub const SCOPED: &str = "re_Scop3Canary_45c48cce2e2d7fbdea1afc51c7c6ad26";
pub const SUSPENDED: &str = "re_Susp4Canary_d3d9446802a44259755d38e6d163e820";
pub const BAD: &str = "re_Bad55Canary_6512bd43d9caa6e02c990b0a82652dca";
/// The account's own address.
pub const OWNER: &str = "owner@acme.test";

/// The key that Resend signs with in this account.
pub const DKIM: &str = "p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDozG0BS0hNGA1sAiZqIBDLO3s/xr6JeKqUU7ZGsWW3OSwNbFfJvQJRgaYWXNkhcehHu7S/wmzheJ2h8H0bk/x6r4pnN0H2pYWcFSWhz92aB7K6dhWFLQt4DhUHjLhKzGy6vICvYROLJRpEFiU3JTCfa9WosYVasQjiP1w6ll1w9wIDAQAB";

/// What a test sets, and what happened.
#[derive(Debug, Default)]
pub struct World {
    /// Name and status of the account's domains; all in eu-west-1.
    pub domains: Vec<(&'static str, &'static str)>,
    /// How many of the next requests get 429, and the seconds of `retry-after`.
    pub limited: (u32, u64),
    /// A 429 of this name instead of `rate_limit_exceeded`.
    pub quota: Option<&'static str>,
    /// How many of the next emails are taken in and the connection then cut.
    pub cut: u32,
    /// An answer to everything: status, content type, body.
    pub always: Option<(u16, &'static str, String)>,
    /// Line of request and idempotency key, in order.
    pub requests: Vec<(String, Option<String>)>,
    /// Id of the email, by idempotency key.
    pub emails: BTreeMap<String, Value>,
    /// How often it was asked what became of an email.
    pub looks: u32,
}

/// The server.
#[derive(Debug, Clone)]
pub struct StandIn {
    pub base: Url,
    pub world: Arc<Mutex<World>>,
}

impl StandIn {
    pub async fn serve(world: World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let world = Arc::new(Mutex::new(world));
        let kept = Arc::clone(&world);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(answer(socket, Arc::clone(&kept)));
            }
        });
        Self { base, world }
    }

    pub fn lines(&self) -> Vec<String> {
        self.world.lock().unwrap().requests.iter().map(|(line, _)| line.clone()).collect()
    }
}

struct Asked {
    line: String,
    headers: BTreeMap<String, String>,
    body: Value,
}

async fn read(socket: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let mut lines = head.lines();
            let line = lines.next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
            let headers: BTreeMap<String, String> = lines
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
                .collect();
            let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return Some(Asked { line, headers, body: serde_json::from_str(body).unwrap_or_default() });
            }
        }
        let read = socket.read(&mut buffer).await.ok()?;
        if read == 0 {
            return None;
        }
        bytes.extend_from_slice(&buffer[..read]);
    }
}

async fn answer(mut socket: TcpStream, world: Arc<Mutex<World>>) {
    let Some(asked) = read(&mut socket).await else { return };
    let answer = {
        let mut world = world.lock().unwrap();
        let key = asked.headers.get("idempotency-key").cloned();
        world.requests.push((asked.line.clone(), key.clone()));
        let answer = respond(&mut world, &asked);
        let cut = asked.line.starts_with("POST") && answer.0 == 200 && world.cut > 0;
        if cut {
            world.cut -= 1;
        }
        (!cut).then_some((answer, world.limited))
    };
    let Some(((status, kind, body), (limited, seconds))) = answer else { return };
    let after = if status == 429 { format!("retry-after: {seconds}\r\n") } else { String::new() };
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\nratelimit-limit: 5\r\n\
         ratelimit-policy: 5;w=1\r\nratelimit-remaining: {}\r\nratelimit-reset: 1\r\n{after}\r\n",
        body.len(),
        if limited > 0 { 0 } else { 4 }
    );
    socket.write_all(head.as_bytes()).await.ok();
    socket.write_all(body.as_bytes()).await.ok();
}

type Answer = (u16, &'static str, String);

fn refuse(status: u16, name: &str, message: &str) -> Answer {
    (status, "application/json", json!({"statusCode": status, "name": name, "message": message}).to_string())
}

fn good(value: &Value) -> Answer {
    (200, "application/json", value.to_string())
}

fn respond(world: &mut World, asked: &Asked) -> Answer {
    if let Some(always) = world.always.clone() {
        // Whoever answers everything alike may repeat the key as well.
        let key = asked.headers.get("authorization").cloned().unwrap_or_default();
        return (always.0, always.1, always.2.replace("ECHO", key.trim_start_matches("Bearer ")));
    }
    if !asked.headers.contains_key("user-agent") {
        return (403, "text/plain", "error code: 1010".to_owned());
    }
    let key = asked.headers.get("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let sending = asked.line == "POST /emails";
    match key {
        None => return refuse(401, "missing_api_key", "Missing API Key"),
        Some(SUSPENDED) => return refuse(403, "suspended_api_key", "This API key is suspended"),
        Some(FULL) => {}
        Some(SENDING | SCOPED) if sending => {}
        Some(SENDING | SCOPED) => {
            return refuse(401, "restricted_api_key", "This API key is restricted to only send emails");
        }
        Some(other) => {
            let message = format!("API key is invalid: {other}");
            return refuse(if sending { 401 } else { 400 }, "validation_error", &message);
        }
    }
    if world.limited.0 > 0 {
        world.limited.0 -= 1;
        let name = world.quota.unwrap_or("rate_limit_exceeded");
        return refuse(429, name, "Too many requests. You can only make 5 requests per second");
    }
    let (path, query) =
        asked.line.split_once(' ').unwrap().1.split_once('?').unwrap_or((asked.line.split_once(' ').unwrap().1, ""));
    match path {
        "/domains" => domains(world, query),
        "/emails" if sending => email(world, asked, key == Some(SCOPED)),
        _ if path.starts_with("/domains/") => domain(world, path.trim_start_matches("/domains/")),
        _ if path.starts_with("/emails/") => what_became(world, path.trim_start_matches("/emails/")),
        _ => refuse(404, "not_found", "The requested endpoint does not exist"),
    }
}

/// Two a page, whatever is asked for, so that there are pages.
fn domains(world: &World, query: &str) -> Answer {
    let after = query.split('&').find_map(|pair| pair.strip_prefix("after=id-"));
    let start = after.map_or(0, |id| id.parse::<usize>().unwrap() + 1);
    let page: Vec<Value> = world
        .domains
        .iter()
        .enumerate()
        .skip(start)
        .take(2)
        .map(|(index, (name, status))| {
            json!({"id": format!("id-{index}"), "name": name, "status": status, "region": "eu-west-1",
                "created_at": "2026-10-26T20:21:26.347412+00:00", "open_tracking": false, "click_tracking": false,
                "capabilities": {"sending": "enabled", "receiving": "disabled"}})
        })
        .collect();
    good(&json!({"object": "list", "has_more": start + page.len() < world.domains.len(), "data": page}))
}

fn domain(world: &World, id: &str) -> Answer {
    let found = id.strip_prefix("id-").and_then(|index| world.domains.get(index.parse::<usize>().unwrap()));
    let Some((name, status)) = found else { return refuse(404, "not_found", "Domain not found") };
    // Of a domain below its organization's, the label stands in the names.
    let below = name.strip_suffix("lab.test").map_or("", |below| below.trim_end_matches('.'));
    let under = |front: &str| if below.is_empty() { front.to_owned() } else { format!("{front}.{below}") };
    let (sending, tracking) = match *status {
        "partially_verified" => ("verified", "pending"),
        "partially_failed" => ("failed", "verified"),
        other => (other, other),
    };
    good(&json!({
        "object": "domain", "id": id, "name": name, "status": status, "region": "eu-west-1",
        "created_at": "2026-10-26 20:21:26.347412+00", "open_tracking": false, "click_tracking": true,
        "capabilities": {"sending": "enabled", "receiving": "disabled"},
        "records": [
            {"record": "SPF", "name": under("send"), "type": "MX", "ttl": "Auto", "status": sending,
             "value": "feedback-smtp.eu-west-1.amazonses.com", "priority": 10},
            {"record": "SPF", "name": under("send"), "type": "TXT", "ttl": "Auto", "status": sending,
             "value": "\"v=spf1 include:amazonses.com ~all\""},
            {"record": "DKIM", "name": under("resend._domainkey"), "type": "TXT", "ttl": "Auto", "status": sending, "value": DKIM},
            {"record": "Tracking", "name": format!("links.{name}"), "type": "CNAME", "ttl": "Auto", "status": tracking,
             "value": "links1.resend-dns.com."},
        ]
    }))
}

fn email(world: &mut World, asked: &Asked, scoped: bool) -> Answer {
    let from = asked.body["from"].as_str().unwrap_or_default().trim_end_matches('>');
    let own = from.rsplit_once('@').map_or("", |(_, domain)| domain).to_owned();
    let to = asked.body["to"][0].as_str().unwrap_or_default().to_owned();
    if to.ends_with("@example.com") {
        return refuse(422, "validation_error", "Invalid `to` field. Please use our testing email address instead");
    }
    if own == "resend.dev" && to != OWNER && !to.ends_with("@resend.dev") {
        let message = format!("You can only send testing emails to your own email address ({OWNER}).");
        return refuse(403, "validation_error", &message);
    }
    if scoped && own != "lab.test" {
        return refuse(403, "validation_error", &format!("This API key is not authorized to send emails from {own}"));
    }
    if own != "resend.dev" && !world.domains.contains(&(own.as_str(), "verified")) {
        let message = format!(
            "The {own} domain is not verified. Please, add and verify your domain on https://resend.com/domains"
        );
        return refuse(403, "validation_error", &message);
    }
    let Some(key) = asked.headers.get("idempotency-key") else {
        return refuse(400, "invalid_idempotency_key", "The stand-in wants one");
    };
    let number = world.emails.len();
    let kept = world.emails.entry(key.clone()).or_insert_with(|| json!({"id": format!("mail-{number}"), "to": to}));
    good(&json!({"id": kept["id"]}))
}

fn what_became(world: &mut World, id: &str) -> Answer {
    world.looks += 1;
    let looks = world.looks;
    let Some(email) = world.emails.values().find(|email| email["id"] == id) else {
        return refuse(404, "not_found", "Email not found");
    };
    let to = email["to"].as_str().unwrap();
    let end =
        ["bounced", "complained", "suppressed"].into_iter().find(|end| to.starts_with(end)).unwrap_or("delivered");
    good(&json!({"object": "email", "id": id, "to": [to], "last_event": if looks == 1 { "sent" } else { end }}))
}
