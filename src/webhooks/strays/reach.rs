//! Whether anybody answers where webhooks point: each host is asked once, for its front page and without a body.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::super::endpoint;
use crate::net::{Answer, Http, NetError, NetErrorKind, Request};

/// How long a host may take.
const PATIENCE: Duration = Duration::from_secs(6);
/// How many are asked at the same time.
const TOGETHER: usize = 8;

/// Whether somebody answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// It names this machine, a private network, or no place at all.
    Here,
    /// There is nobody: no such name, nothing that listens, a tunnel that has ended.
    Gone,
    /// No answer came in time, or none that Kinde could use.
    Silent,
    /// Somebody answers.
    Answers,
    /// It could not be found out from here.
    Unknown,
}

/// The same with words for a person.
#[derive(Debug, Clone)]
pub(super) struct Reached {
    pub reach: Reach,
    pub words: String,
}

fn reached(reach: Reach, words: impl Into<String>) -> Reached {
    Reached { reach, words: words.into() }
}

/// Asks the hosts of all these endpoints. Gives what is known of each endpoint.
pub(super) async fn all<'a>(
    endpoints: impl Iterator<Item = &'a str>,
    http: &Http,
    cancel: &CancellationToken,
) -> BTreeMap<String, Reached> {
    let mut known = BTreeMap::new();
    let mut hosts: BTreeMap<Url, Vec<String>> = BTreeMap::new();
    for endpoint in endpoints {
        let parsed = Url::parse(endpoint).ok().filter(|url| url.has_host() && matches!(url.scheme(), "http" | "https"));
        match parsed {
            None => drop(known.insert(endpoint.to_owned(), reached(Reach::Gone, "It is no web address"))),
            Some(url) => hosts.entry(front(url)).or_default().push(endpoint.to_owned()),
        }
    }
    let mut hosts = hosts.into_iter();
    let mut asking = JoinSet::new();
    let ask = |asking: &mut JoinSet<_>, (url, endpoints): (Url, Vec<String>)| {
        let http = http.clone();
        asking.spawn(async move { (ask(&http, &url).await, endpoints) });
    };
    hosts.by_ref().take(TOGETHER).for_each(|host| ask(&mut asking, host));
    while let Some(Some(asked)) = cancel.run_until_cancelled(asking.join_next()).await {
        if let Ok((reached, endpoints)) = asked {
            known.extend(endpoints.into_iter().map(|endpoint| (endpoint, reached.clone())));
        }
        if let Some(host) = hosts.next() {
            ask(&mut asking, host);
        }
    }
    known
}

/// The front page of a host: the path of a webhook is its own.
fn front(mut url: Url) -> Url {
    url.set_path("/");
    url.set_query(None);
    url.set_fragment(None);
    // Both fail only for addresses that cannot have them.
    url.set_username("").ok();
    url.set_password(None).ok();
    url
}

async fn ask(http: &Http, url: &Url) -> Reached {
    let here = endpoint::names_this_machine(url);
    if here == Some(false) {
        return reached(Reach::Here, "It names a private network or no place at all");
    }
    let request = Request::get("See whether somebody answers there", url.clone()).timeout(PATIENCE).beginning(2048);
    let asked = http.send(request).await;
    let asked = match &asked {
        Ok(answer) => answered(url, answer),
        Err(error) => failed(error),
    };
    // Whatever answers on this machine is no place for a tenant on the internet: whose it is decides.
    match (here, asked.reach) {
        (Some(true), Reach::Gone) => reached(Reach::Gone, format!("{}, on this machine", asked.words)),
        (Some(true), _) => reached(Reach::Here, asked.words),
        _ => asked,
    }
}

fn answered(url: &Url, answer: &Answer) -> Reached {
    let host = url.host_str().unwrap_or_default();
    let ended = match () {
        () if answer.header("ngrok-error-code").is_some_and(|code| code.starts_with("ERR_NGROK_3")) => Some("ngrok"),
        () if endpoint::is_under(host, "trycloudflare.com") && answer.status == 530 => Some("cloudflared"),
        () if (endpoint::is_under(host, "loca.lt") || endpoint::is_under(host, "localtunnel.me"))
            && matches!(answer.status, 404 | 502 | 503) =>
        {
            Some("localtunnel")
        }
        () => None,
    };
    match ended {
        Some(service) => reached(Reach::Gone, format!("The {service} tunnel at {host} has ended")),
        None => reached(Reach::Answers, format!("{host} answers")),
    }
}

fn failed(error: &NetError) -> Reached {
    let host = &error.host;
    let lower = error.reason.to_ascii_lowercase();
    match error.kind {
        // The resolver did not say that there is no such name: perhaps nobody could be asked.
        NetErrorKind::Dns if lower.contains("temporary") || lower.contains("try again") => {
            reached(Reach::Unknown, format!("The name {host} could not be looked up: {}", error.reason))
        }
        NetErrorKind::Dns => reached(Reach::Gone, format!("The name {host} has no address")),
        NetErrorKind::Connect if lower.contains("refused") => {
            reached(Reach::Gone, format!("Nothing listens at {host}"))
        }
        NetErrorKind::Connect => reached(Reach::Unknown, format!("{host} could not be reached: {}", error.reason)),
        NetErrorKind::Timeout => {
            reached(Reach::Silent, format!("{host} did not answer within {} s", PATIENCE.as_secs()))
        }
        NetErrorKind::Tls => {
            reached(Reach::Silent, format!("Kinde cannot deliver to {host}: its certificate is not accepted"))
        }
        NetErrorKind::TooLong | NetErrorKind::Broken => reached(Reach::Answers, format!("{host} answers")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, header: Option<(&str, &str)>) -> Answer {
        let headers = header.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Answer { status, headers, body: Vec::new(), ms: 1, exchange: 1, curl: String::new() }
    }

    #[test]
    fn a_tunnel_that_has_ended_is_told_from_one_that_answers_and_from_a_host_without_that_page() {
        let gone = ("ngrok-error-code", "ERR_NGROK_3200");
        for (url, answer, reach) in [
            ("https://calm-fox.ngrok-free.app/", answer(404, Some(gone)), Reach::Gone),
            ("https://calm-fox.ngrok-free.app/", answer(404, None), Reach::Answers),
            ("https://a-b.trycloudflare.com/", answer(530, None), Reach::Gone),
            ("https://a-b.trycloudflare.com/", answer(502, None), Reach::Answers),
            ("https://calm-fox.loca.lt/", answer(404, None), Reach::Gone),
            ("https://calm-fox.loca.lt/", answer(401, None), Reach::Answers),
            ("https://hooks.acme.com/", answer(404, None), Reach::Answers),
        ] {
            let told = answered(&Url::parse(url).unwrap(), &answer);
            assert_eq!(told.reach, reach, "{url} {}: {told:?}", answer.status);
        }
    }

    #[test]
    fn a_name_that_nobody_could_be_asked_about_is_not_called_gone() {
        let error = |kind, reason: &str| NetError {
            kind,
            host: "hooks.acme.com".to_owned(),
            reason: reason.to_owned(),
            exchange: 1,
        };
        for (error, reach) in [
            (error(NetErrorKind::Dns, "failed to lookup address: Name or service not known"), Reach::Gone),
            (error(NetErrorKind::Dns, "failed to lookup: Temporary failure in name resolution"), Reach::Unknown),
            (error(NetErrorKind::Connect, "Connection refused (os error 111)"), Reach::Gone),
            (error(NetErrorKind::Connect, "Network is unreachable (os error 101)"), Reach::Unknown),
            (error(NetErrorKind::Timeout, "no answer"), Reach::Silent),
            (error(NetErrorKind::Tls, "certificate expired"), Reach::Silent),
        ] {
            assert_eq!(failed(&error).reach, reach, "{error:?}");
        }
    }
}
