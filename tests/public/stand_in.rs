//! Loopback stand-ins: an HTTP server that answers by a closure, and a `cloudflared` that says what the real one says.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

type Answers = dyn Fn(&str, &[u8]) -> (u16, String) + Send + Sync;

/// Answers every request (method and path, body) by `answers`, a connection a request, as long as the test runs.
pub fn serve(answers: impl Fn(&str, &[u8]) -> (u16, String) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answers: Arc<Answers> = Arc::new(answers);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answers = Arc::clone(&answers);
            std::thread::spawn(move || answer(stream, &*answers));
        }
    });
    address
}

fn answer(mut stream: TcpStream, answers: &Answers) -> Option<()> {
    let mut bytes = Vec::new();
    let (what, body) = loop {
        let mut some = [0; 8192];
        let read = stream.read(&mut some).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&some[..read]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let length = head.to_ascii_lowercase();
        let length =
            length.split("content-length: ").nth(1).and_then(|it| it.lines().next()?.parse().ok()).unwrap_or(0);
        if bytes.len() >= end + 4 + length {
            let line = head.lines().next()?.rsplit_once(' ')?.0.to_owned();
            break (line, bytes[end + 4..].to_vec());
        }
    };
    let (status, text) = answers(&what, &body);
    let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", text.len());
    stream.write_all(format!("{head}{text}").as_bytes()).ok()
}

/// A `cloudflared` in `dir` that says these lines and goes on; its process id stands in `dir/pid`, its words in `dir/words`.
pub fn cloudflared(dir: &Path, lines: &[&str], goes_on: bool) -> PathBuf {
    let said: String = lines.iter().map(|line| format!("echo '{line}' >&2\n")).collect();
    let words = "printf '%s\\n' \"$@\" > \"${0%/*}/words\"\necho $$ > \"${0%/*}/pid\"\n";
    let end = if goes_on { "exec sleep 600" } else { "exit 1" };
    let file = dir.join("cloudflared");
    std::fs::write(&file, format!("#!/bin/sh\n{words}{said}{end}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    file
}
