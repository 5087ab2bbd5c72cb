//! A kept attempt as text to take elsewhere: a curl line that runs, and a raw HTTP request.
//!
//! Only what came whole is copied: a token that was kept without its signature is not what was sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Where a copied request goes when no target was used before.
pub const USUAL_TARGET: &str = "http://localhost:3000/api/kinde-webhook";
/// The longest body that stands in an argument: Linux takes 128 KiB for one.
const ARGUMENT: usize = 100 * 1024;
/// Headers that travel with a webhook: what its receiver reads.
const TRAVELS: [&str; 3] = ["content-type", "content-encoding", "webhook-id"];

/// A line for a POSIX shell that sends `body` to `target` as it came: the same bytes under the same request ID.
pub fn curl(target: &str, headers: &[(String, String)], body: &[u8]) -> String {
    let mut line = format!("curl -sS -i -X POST {}", quoted(target));
    for (name, value) in travelling(headers) {
        line.push_str(&format!(" \\\n  -H {}", quoted(&format!("{name}: {value}"))));
    }
    match std::str::from_utf8(body) {
        Ok(text) if body.len() <= ARGUMENT && !text.contains('\0') => {
            // Not `--data`: that takes a file's name after `@`.
            format!("{line} \\\n  --data-raw {}\n", quoted(text))
        }
        _ => {
            let lines: Vec<String> =
                STANDARD.encode(body).as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line).into()).collect();
            format!("base64 -d <<'BODY' | {line} \\\n  --data-binary @-\n{}\nBODY\n", lines.join("\n"))
        }
    }
}

/// The request as it goes over the wire, every kept header in its order. `None` where the body is no text, which a
/// clipboard cannot hold.
pub fn raw_http(headers: &[(String, String)], body: &[u8]) -> Option<String> {
    let body = std::str::from_utf8(body).ok()?;
    let mut text = String::from("POST / HTTP/1.1\r\n");
    if !headers.iter().any(|(name, _)| name == "host") {
        text.push_str("host: localhost:3000\r\n");
    }
    for (name, value) in headers {
        // The length is that of these bytes, however they came.
        if !matches!(name.as_str(), "content-length" | "transfer-encoding") {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    text.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    Some(text)
}

/// The headers that travel; the content type that Kinde sends where none is kept.
fn travelling(headers: &[(String, String)]) -> Vec<(&str, &str)> {
    let mut out = Vec::new();
    for name in TRAVELS {
        match headers.iter().find(|(own, _)| own == name) {
            Some((_, value)) => out.push((name, value.as_str())),
            None if name == "content-type" => out.push((name, "application/jwt")),
            None => {}
        }
    }
    out
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers() -> Vec<(String, String)> {
        [
            ("host", "panel.example"),
            ("content-type", "application/jwt"),
            ("webhook-id", "it's 1"),
            ("content-length", "9"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    #[test]
    fn a_raw_request_has_every_header_and_the_length_of_its_own_bytes() {
        let text = raw_http(&headers(), "eyJ.é".as_bytes()).unwrap();
        assert_eq!(
            text,
            "POST / HTTP/1.1\r\nhost: panel.example\r\ncontent-type: application/jwt\r\nwebhook-id: it's 1\r\ncontent-length: 6\r\n\r\neyJ.é"
        );
        assert_eq!(raw_http(&headers(), b"\xff"), None);
    }

    /// What arrived: the head in lower case, and the body.
    #[cfg(unix)]
    fn run(headers: &[(String, String)], body: &[u8]) -> Option<(String, Vec<u8>)> {
        use std::io::{Read as _, Write as _};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook?a=1&b='2'", listener.local_addr().unwrap());
        let length = body.len();
        let receiving = std::thread::Builder::new().spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut got = Vec::new();
            let mut piece = [0; 4096];
            let head = loop {
                let read = socket.read(&mut piece).unwrap();
                got.extend_from_slice(&piece[..read]);
                if let Some(at) = got.windows(4).position(|four| four == b"\r\n\r\n") {
                    break at + 4;
                }
                assert!(read > 0, "curl hung up");
            };
            let text = String::from_utf8_lossy(&got[..head]).to_lowercase();
            if text.contains("expect: 100-continue") {
                socket.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
            }
            while got.len() < head + length {
                let read = socket.read(&mut piece).unwrap();
                assert!(read > 0, "curl hung up");
                got.extend_from_slice(&piece[..read]);
            }
            socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            (text, got.split_off(head))
        });
        let receiving = receiving.unwrap();
        let mut shell = std::process::Command::new("sh");
        shell.arg("-s").env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let mut shell = shell.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn().unwrap();
        shell.stdin.take().unwrap().write_all(curl(&url, headers, body).as_bytes()).unwrap();
        let out = shell.wait_with_output().unwrap();
        assert!(String::from_utf8_lossy(&out.stdout).starts_with("HTTP/1.1 200"), "{out:?}");
        Some(receiving.join().unwrap())
    }

    #[test]
    #[cfg(unix)]
    fn the_curl_line_runs_and_sends_the_original_bytes_under_the_original_request_id() {
        let there = |tool: &str| {
            std::process::Command::new(tool).arg("--version").output().is_ok_and(|output| output.status.success())
        };
        if !there("curl") {
            use std::io::Write as _;
            writeln!(std::io::stderr(), "SKIPPED: the copied curl line was not run, there is no curl").unwrap();
            return;
        }
        let long = vec![b'x'; ARGUMENT + 1];
        let bodies: [&[u8]; 5] =
            [b"eyJ.eyJ.sig", b"\"it's\\n\" $HOME `x`\n", b"@/etc/hostname", b"\x00\xff\xfe bytes", &long];
        for body in bodies {
            let (head, got) = run(&headers(), body).unwrap();
            assert!(got == body, "{} bytes became {}", body.len(), got.len());
            assert!(head.starts_with("post /hook?a=1&b='2' http/1.1"), "{head}");
            assert!(head.contains("\r\ncontent-type: application/jwt\r\n"), "{head}");
            assert!(head.contains("\r\nwebhook-id: it's 1\r\n"), "{head}");
        }
        let (head, _) = run(&[], b"eyJ").unwrap();
        assert!(head.contains("content-type: application/jwt") && !head.contains("webhook-id"), "{head}");
    }
}
