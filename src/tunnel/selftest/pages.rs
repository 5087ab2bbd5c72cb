//! Answers of tunnel services themselves, known by their marks: nobody is at the other end, or a page stands between.
//!
//! From ngrok's error reference, Cloudflare's error pages, localtunnel's server and what its users report; the texts change,
//! the codes rarely do.

use crate::net::Answer;

/// Whose answer it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Page {
    /// The service answers in the place of the tunnel, which is gone or cannot go on. `{port}` is the receiver's.
    Dead { whose: String, why: String, fix: String },
    /// A page for people.
    Between { whose: String, fix: String },
}

fn dead(whose: &str, why: &str, fix: &str) -> Option<Page> {
    Some(Page::Dead { whose: whose.to_owned(), why: why.to_owned(), fix: fix.to_owned() })
}

fn between(whose: &str, fix: &str) -> Option<Page> {
    Some(Page::Between { whose: whose.to_owned(), fix: fix.to_owned() })
}

/// The service whose mark `answer` from `host` carries.
pub(super) fn of(answer: &Answer, host: &str) -> Option<Page> {
    let text = answer.text();
    let body = text.to_ascii_lowercase();
    if let Some(code) = ngrok_code(answer, &text) {
        return ngrok(&code, &body);
    }
    cloudflare(answer, &body).or_else(|| localtunnel(answer, &body, host)).or_else(|| others(answer, &body))
}

/// `ERR_NGROK_6024`: in a header, and in the page.
fn ngrok_code(answer: &Answer, text: &str) -> Option<String> {
    let code = |text: &str| {
        let at = text.find("ERR_NGROK_")?;
        let digits: String = text.get(at + "ERR_NGROK_".len()..)?.chars().take_while(char::is_ascii_digit).collect();
        (!digits.is_empty()).then_some(digits)
    };
    answer.header("ngrok-error-code").and_then(code).or_else(|| code(text))
}

fn ngrok(code: &str, body: &str) -> Option<Page> {
    let whose = format!("ngrok's answer ERR_NGROK_{code}");
    match code {
        "6024" => between(
            "ngrok's warning for visitors",
            "It is shown to browsers of free accounts: a webhook's sender passes. Where it stands here all the same, add a \
             traffic policy that skips it, or use another tunnel",
        ),
        "3200" | "3208" => dead(
            &whose,
            "The ngrok endpoint is offline: its agent has ended, or has another address now",
            "Start it again with: ngrok http 127.0.0.1:{port}",
        ),
        "8012" if body.contains("[::1]") => dead(
            &whose,
            "ngrok forwards to the IPv6 address ::1, and the receiver listens on 127.0.0.1",
            "Name the address instead of localhost: ngrok http 127.0.0.1:{port}",
        ),
        "8012" => dead(
            &whose,
            "ngrok cannot reach the port it forwards to: it is not the receiver's",
            "Forward to the receiver: ngrok http 127.0.0.1:{port}",
        ),
        "702" | "725" | "727" | "734" => dead(
            &whose,
            "The ngrok account has reached a limit of its plan",
            "Wait for the next period, or use cloudflared or localtunnel meanwhile",
        ),
        _ => dead(
            &whose,
            &format!("ngrok answers with its own error ERR_NGROK_{code}"),
            &format!("See https://ngrok.com/docs/errors/err_ngrok_{code}/"),
        ),
    }
}

fn cloudflare(answer: &Answer, body: &str) -> Option<Page> {
    if answer.header("cf-mitigated").is_some_and(|it| it.eq_ignore_ascii_case("challenge")) {
        return between(
            "Cloudflare's challenge",
            "Let the path pass without a challenge: a WAF rule for it with the action Skip",
        );
    }
    let by_cloudflare = answer.header("server").is_some_and(|it| it.eq_ignore_ascii_case("cloudflare"));
    let code = |number: &str| {
        body.contains(&format!("error code: {number}")) || by_cloudflare && body.contains(&format!("error {number}"))
    };
    if code("1015") {
        return dead(
            "Cloudflare's error 1015",
            "Cloudflare limits the rate of this address",
            "Wait some minutes before anything is sent there again",
        );
    }
    if code("1033") || answer.status == 530 {
        return dead(
            "Cloudflare's error 1033",
            "No cloudflared is connected to this tunnel: it has ended, or is still connecting",
            "Start it again with: cloudflared tunnel --url http://127.0.0.1:{port}",
        );
    }
    if answer.status == 502 && body.contains("unable to reach the origin service") {
        return dead(
            "cloudflared's error 502",
            "cloudflared cannot reach the port it forwards to: it is not the receiver's",
            "Forward to the receiver: cloudflared tunnel --url http://127.0.0.1:{port}",
        );
    }
    None
}

fn localtunnel(answer: &Answer, body: &str, host: &str) -> Option<Page> {
    let theirs = host.ends_with("loca.lt") || host.ends_with("localtunnel.me");
    let asks = ["tunnel password", "friendly reminder", "bypass-tunnel-reminder"].iter().any(|it| body.contains(it));
    if asks && (theirs || body.contains("localtunnel") || body.contains("loca.lt")) {
        return between(
            "localtunnel's reminder page",
            "It is shown to browsers: a webhook's sender passes. Where it stands here all the same, use another tunnel",
        );
    }
    // Its server knows no client of that name, or has none of its sockets.
    let unknown = answer.status == 404 && body.trim() == "404";
    if unknown || theirs && matches!(answer.status, 404 | 502 | 503 | 504) {
        return dead(
            "localtunnel's server",
            "localtunnel's server has no client of this name",
            "Start the tunnel again; the name may be given to somebody else meanwhile",
        );
    }
    None
}

fn others(answer: &Answer, body: &str) -> Option<Page> {
    let html = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
    if html && ["visual studio", "devtunnels"].iter().any(|it| body.contains(it)) && answer.status != 200 {
        return between("The sign-in of dev tunnels", "Make the port public: devtunnel host --allow-anonymous");
    }
    None
}

/// What to do where a redirect leads to somebody's sign-in.
pub(super) fn login(location: &str) -> Option<&'static str> {
    let known = [
        ("cloudflareaccess.com", "Cloudflare Access asks for a login: add a Bypass policy for the receiver's path"),
        ("tunnels.api.visualstudio.com", "The port is private: make it public (devtunnel host --allow-anonymous)"),
        ("github.dev", "The port is private: set its visibility to Public"),
        ("github.com/login", "The port is private: set its visibility to Public"),
        ("accounts.google.com", "The address asks for a Google login: let the receiver's path pass without"),
        ("ngrok.com", "ngrok asks for a login: take OAuth off the endpoint's traffic policy"),
    ];
    known.into_iter().find(|(host, _)| location.contains(host)).map(|(_, fix)| fix)
}
