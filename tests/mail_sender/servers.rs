//! Real DNS servers on loopback, as private processes: two NSD that keep the zones of `zones/`, and an Unbound that resolves
//! and caches, as a person's own DNS server does. All on one port of 127.0.0.1, .2 and .3.

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kinde_panel::mail::resolver::{DnsServer, Kind, Resolver};

/// The zones, whose files lie in `zones/` under these names.
const ZONES: [&str; 6] = ["lab.test", "bad.test", "mailhost.test", "amazonses.com", "lame.test", "drift.test"];
/// Kept by nobody who has its file: NSD answers SERVFAIL for it.
const BROKEN: &str = "broken.test";

const RESOLVER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);
const FIRST: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const SECOND: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// True where a person declined the packages these tests need; said aloud.
pub fn skipped() -> bool {
    let skip = std::env::var("KINDE_PANEL_SKIP").unwrap_or_default();
    let skipped = skip.split_whitespace().any(|word| word == "mail");
    if skipped {
        writeln!(std::io::stderr(), "SKIPPED: no mail and DNS servers here, by your choice").ok();
    }
    skipped
}

/// The three servers; they end with the value.
pub struct Servers {
    dir: tempfile::TempDir,
    port: u16,
    children: Vec<Child>,
}

impl Drop for Servers {
    fn drop(&mut self) {
        for child in &mut self.children {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

impl Servers {
    /// Starts them, and waits until each of them answers.
    pub async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        let zones = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail_sender/zones");
        let mut children = Vec::new();
        for (ip, number, serial) in [(FIRST, "first", "2"), (SECOND, "second", "1")] {
            let own = dir.path().join(number);
            fs::create_dir(&own).unwrap();
            for zone in ZONES {
                let text = fs::read_to_string(zones.join(zone)).unwrap();
                fs::write(own.join(zone), text.replace("SERIAL", serial)).unwrap();
            }
            children.push(nsd(&own, ip, port, number == "second"));
        }
        children.push(unbound(dir.path(), port));
        let servers = Self { dir, port, children };
        for ip in [RESOLVER, FIRST, SECOND] {
            servers.answers(ip, "lab.test").await;
        }
        servers
    }

    /// Where the resolver listens.
    pub fn address(&self) -> SocketAddr {
        (RESOLVER, self.port).into()
    }

    /// Asks the resolver.
    pub fn resolver(&self) -> Resolver {
        Resolver::new(DnsServer::At(self.address())).unwrap()
    }

    /// Asks the first of the zones' own servers as if it were a resolver.
    pub fn first(&self) -> Resolver {
        Resolver::new(DnsServer::At((FIRST, self.port).into())).unwrap()
    }

    /// Adds `line` to the file of `zone` on both servers, and waits until they have read it: `shows` is a name with a TXT
    /// record that it brings.
    pub async fn publish(&self, zone: &str, line: &str, shows: &str) {
        for (number, child) in ["first", "second"].into_iter().zip(&self.children) {
            let file = self.dir.path().join(number).join(zone);
            let text = fs::read_to_string(&file).unwrap().replace("2026113001", "2026113002");
            fs::write(file, format!("{text}\n{line}\n")).unwrap();
            let hung_up = Command::new("kill").args(["-HUP", &child.id().to_string()]).status().unwrap();
            assert!(hung_up.success());
        }
        for ip in [FIRST, SECOND] {
            self.answers(ip, shows).await;
        }
    }

    async fn answers(&self, ip: Ipv4Addr, name: &str) {
        let kind = if name.starts_with("lab.") { Kind::Soa } else { Kind::Txt };
        let begun = Instant::now();
        loop {
            let resolver = Resolver::new(DnsServer::At((ip, self.port).into())).unwrap();
            if resolver.patience(Duration::from_millis(200)).ask(name, kind).await.is_ok() {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{ip} does not answer: {}", self.logs());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn logs(&self) -> String {
        ["first/log", "second/log", "unbound.log"]
            .into_iter()
            .map(|name| format!("{name}:\n{}\n", fs::read_to_string(self.dir.path().join(name)).unwrap_or_default()))
            .collect()
    }
}

/// A port that is free for UDP and TCP on all three addresses.
fn free_port() -> u16 {
    for _ in 0..50 {
        let held = UdpSocket::bind((RESOLVER, 0)).unwrap();
        let port = held.local_addr().unwrap().port();
        let others = [FIRST, SECOND].map(|ip| UdpSocket::bind((ip, port)));
        let streams = [RESOLVER, FIRST, SECOND].map(|ip| TcpListener::bind((ip, port)));
        if others.iter().all(Result::is_ok) && streams.iter().all(Result::is_ok) {
            return port;
        }
    }
    panic!("no port is free on all three addresses");
}

fn nsd(dir: &Path, ip: Ipv4Addr, port: u16, second: bool) -> Child {
    let mut conf = format!(
        "server:\n ip-address: {ip}@{port}\n username: \"\"\n chroot: \"\"\n zonesdir: \"{dir}\"\n database: \"\"\n \
         pidfile: \"{dir}/pid\"\n xfrdfile: \"{dir}/xfrd\"\n zonelistfile: \"{dir}/zones\"\n xfrdir: \"{dir}\"\n \
         logfile: \"{dir}/log\"\n server-count: 1\n rrl-ratelimit: 0\nremote-control:\n control-enable: no\n",
        dir = dir.display()
    );
    for zone in ZONES {
        // The second server was never told of this one.
        if second && zone == "lame.test" {
            continue;
        }
        conf.push_str(&format!("zone:\n name: {zone}\n zonefile: {zone}\n"));
    }
    conf.push_str(&format!("zone:\n name: {BROKEN}\n zonefile: {BROKEN}\n"));
    let file = dir.join("conf");
    fs::write(&file, conf).unwrap();
    daemon("nsd", &["-d", "-c"], &file)
}

fn unbound(dir: &Path, port: u16) -> Child {
    let mut conf = format!(
        "server:\n interface: {RESOLVER}@{port}\n do-daemonize: no\n username: \"\"\n chroot: \"\"\n directory: \"{dir}\"\n \
         pidfile: \"\"\n use-syslog: no\n logfile: \"{dir}/unbound.log\"\n do-not-query-localhost: no\n do-ip6: no\n \
         module-config: \"iterator\"\n qname-minimisation: no\n access-control: 127.0.0.0/8 allow\n num-threads: 1\n \
         local-zone: \"test.\" nodefault\nremote-control:\n control-enable: no\n",
        dir = dir.display()
    );
    for zone in ZONES.into_iter().chain([BROKEN]) {
        conf.push_str(&format!("stub-zone:\n name: {zone}\n stub-addr: {FIRST}@{port}\n"));
    }
    // Whatever is not here is nowhere: no question leaves this machine.
    conf.push_str(&format!("forward-zone:\n name: .\n forward-addr: {FIRST}@{port}\n"));
    let file = dir.join("unbound.conf");
    fs::write(&file, conf).unwrap();
    daemon("unbound", &["-d", "-c"], &file)
}

fn daemon(name: &str, words: &[&str], conf: &Path) -> Child {
    let program: PathBuf = ["/usr/sbin", "/usr/local/sbin", "/usr/bin"]
        .into_iter()
        .map(|folder| Path::new(folder).join(name))
        .find(|program| program.exists())
        .unwrap_or_else(|| {
            panic!("{name} is missing: tests/run installs it, and KINDE_PANEL_SKIP=mail leaves this out")
        });
    Command::new(program)
        .args(words)
        .arg(conf)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
