//! A webhook's target: keeps every request as it came, and answers what the test says.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Request line and headers.
    pub head: String,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

type Answer = dyn Fn(&Seen) -> u16 + Send + Sync;

pub struct Sink {
    pub url: String,
    seen: Arc<(Mutex<Vec<Seen>>, Condvar)>,
}

impl Sink {
    /// Answers the status `answer` says; 0 is no answer for as long as the other side waits.
    pub fn new(answer: impl Fn(&Seen) -> u16 + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hooks", listener.local_addr().unwrap());
        let seen = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let (log, answer): (_, Arc<Answer>) = (Arc::clone(&seen), Arc::new(answer));
        spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                spawn(move || {
                    converse(stream, &log, &*answer);
                });
            }
        });
        Self { url, seen }
    }

    pub fn good() -> Self {
        Self::new(|_| 200)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.0.lock().unwrap().clone()
    }

    /// Waits until `count` requests came, and answers them all.
    pub fn wait_for(&self, count: usize) -> Vec<Seen> {
        let (seen, more) = &*self.seen;
        let patience = Duration::from_secs(120);
        let (seen, late) = more.wait_timeout_while(seen.lock().unwrap(), patience, |seen| seen.len() < count).unwrap();
        assert!(!late.timed_out(), "{} of {count} requests came", seen.len());
        seen.clone()
    }
}

fn spawn(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().name("sink".to_owned()).spawn(work).unwrap();
}

fn converse(mut stream: TcpStream, log: &(Mutex<Vec<Seen>>, Condvar), answer: &Answer) -> Option<()> {
    let mut taken = Vec::new();
    let more = |taken: &mut Vec<u8>, stream: &mut TcpStream| {
        let mut buffer = [0; 16 << 10];
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        taken.extend_from_slice(&buffer[..count]);
        Some(())
    };
    loop {
        let end = loop {
            if let Some(end) = taken.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            more(&mut taken, &mut stream)?;
        };
        let mut seen = Seen { head: String::from_utf8(taken[..end].to_vec()).unwrap(), body: Vec::new() };
        let length: usize = seen.header("content-length").and_then(|length| length.parse().ok()).unwrap_or_default();
        while taken.len() < end + 4 + length {
            more(&mut taken, &mut stream)?;
        }
        seen.body = taken[end + 4..end + 4 + length].to_vec();
        taken.drain(..end + 4 + length);
        let status = answer(&seen);
        log.0.lock().unwrap().push(seen);
        log.1.notify_all();
        if status == 0 {
            // Until the other side goes away.
            while more(&mut taken, &mut stream).is_some() {}
            return None;
        }
        write!(stream, "HTTP/1.1 {status} x\r\ncontent-length: 12\r\n\r\nanswered {status}").ok()?;
    }
}
