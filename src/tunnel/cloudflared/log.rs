//! What cloudflared says on stderr, line by line: its address, its metrics server, and its troubles in its own words.

use url::Url;

use crate::error::{Category, UserError};

/// How many of its last lines are kept.
const KEPT: usize = 6;

/// What it has said so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    /// The tunnel's public base.
    pub url: Option<Url>,
    /// Host and port of its metrics server.
    pub metrics: Option<String>,
    /// Why it cannot go on.
    pub trouble: Option<Trouble>,
    /// QUIC does not come through.
    pub no_udp: bool,
    /// A connection to Cloudflare stands.
    pub registered: bool,
    /// Its last words.
    pub last: Vec<String>,
}

/// Why there is no tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// 429, or Cloudflare's 1015.
    TooMany,
    /// Cloudflare was not reached.
    Unreachable,
    /// Cloudflare's answer was none.
    Refused,
}

impl Trouble {
    pub(super) fn told(self, last: &[String]) -> UserError {
        let detail = last.join(" ");
        match self {
            Self::TooMany => UserError::new(Category::Api, "Cloudflare gives no more quick tunnels for now")
                .detail(format!("It limits how many are made from one network (429, error code 1015). {detail}"))
                .hint("Wait some minutes, or use ngrok or localtunnel meanwhile; a named tunnel has no such limit"),
            Self::Unreachable => UserError::new(Category::Network, "cloudflared cannot reach Cloudflare")
                .detail(detail)
                .hint("Check that this machine is online and that no firewall stands between"),
            Self::Refused => UserError::new(Category::Api, "Cloudflare gave no quick tunnel")
                .detail(detail)
                .hint("Try again in some minutes; ngrok and localtunnel do the same"),
        }
    }
}

impl Said {
    /// Takes in one line.
    pub(super) fn hear(&mut self, line: &str) {
        if let Some(url) = line.split_whitespace().find_map(quick_tunnel) {
            self.url.get_or_insert(url);
        }
        if let Some(at) = line.find("Starting metrics server on ") {
            let rest = line.get(at + "Starting metrics server on ".len()..).unwrap_or_default();
            self.metrics = rest.split("/metrics").next().map(|it| it.trim().to_owned()).filter(|it| !it.is_empty());
        }
        self.registered |= line.contains("Registered tunnel connection");
        let quic = line.contains("quic") || line.contains("QUIC");
        self.no_udp |= quic && (line.contains("timeout") || line.contains("Failed to dial"));
        let says = |words: &[&str]| words.iter().any(|word| line.contains(word));
        let trouble = if says(&["status_code=\"429", "429 Too Many Requests", "error code: 1015"]) {
            Some(Trouble::TooMany)
        } else if says(&["failed to request quick Tunnel"]) {
            Some(Trouble::Unreachable)
        } else if says(&[
            "failed to unmarshal quick Tunnel",
            "failed to parse quick Tunnel ID",
            "failed to read quick-tunnel",
        ]) {
            Some(Trouble::Refused)
        } else {
            None
        };
        // Where it says both, the limit is the reason.
        if trouble.is_some() && self.trouble != Some(Trouble::TooMany) {
            self.trouble = trouble;
        }
        let line: String = line.trim().chars().take(300).collect();
        if !line.is_empty() && !line.contains("+---") {
            if self.last.len() >= KEPT {
                self.last.remove(0);
            }
            self.last.push(line);
        }
    }
}

/// The base that a word names, where it is a quick tunnel's: a host under `trycloudflare.com` that is not the service
/// itself.
pub(super) fn quick_tunnel(word: &str) -> Option<Url> {
    let word = word.trim_matches(|c: char| matches!(c, '|' | '"' | '\'' | ',' | ' '));
    let whole = if word.contains("://") { word.to_owned() } else { format!("https://{word}") };
    let url = Url::parse(&whole).ok().filter(|url| url.scheme() == "https" && matches!(url.path(), "" | "/"))?;
    let name = url.host_str()?.strip_suffix(".trycloudflare.com")?;
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    (plain && name != "api" && name != "www").then_some(url)
}

/// The base that its metrics server names, which is what its service gave: a bare host as a rule. The service need not be
/// Cloudflare's, and is never its own tunnel.
pub(super) fn by_metrics(hostname: &str) -> Option<Url> {
    let whole = if hostname.contains("://") { hostname.to_owned() } else { format!("https://{hostname}") };
    let url = Url::parse(&whole).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    url.host_str().is_some_and(|host| !host.is_empty() && host != "api.trycloudflare.com").then_some(url)
}
