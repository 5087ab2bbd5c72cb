//! Starts and ends the serving of a sandbox folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::delivery::engine::Engine;
use super::delivery::line::AttemptLine;
use super::delivery::store::Store;
use super::delivery::{attempts, post};
use super::error::SandboxError;
use super::facts::Facts;
use super::running::{self, Lock, Running, find};
use super::serve::{self, Door};
use super::state::{self, Ports};
use super::using::Using;
use super::world::{Beginning, World};
use super::{ca, presets};
use crate::clock::Clock;
use crate::net::{Http, Recorder};
use crate::secrets::Secret;

/// How a sandbox is served.
#[derive(Debug, Clone)]
pub struct Options {
    /// Port of the HTTP address; `None`: that of the last run while free, else a new one.
    pub port: Option<u16>,
    /// Port of the HTTPS address, likewise.
    pub https_port: Option<u16>,
    /// Port of the mail server that begins in plain text, likewise. The one that speaks TLS from the first byte takes the
    /// port behind it while that is free, else another.
    pub smtp_port: Option<u16>,
    /// How much faster than Kinde the delivery schedule runs.
    pub time_scale: f64,
    /// Somebody will read [`Served::attempts`].
    pub attempts: bool,
    /// Delivers only what is published from now on. What waits keeps its times: it is for a sandbox that stays.
    pub only_new: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { port: None, https_port: None, smtp_port: None, time_scale: 1.0, attempts: false, only_new: false }
    }
}

/// Attempts as they are made.
pub type Attempts = tokio::sync::broadcast::Receiver<Arc<AttemptLine>>;

/// A sandbox this process serves, until [`Served::stop`] or drop. Holds the folder.
pub struct Served {
    running: Running,
    world: Arc<World>,
    stop: CancellationToken,
    delivering: tokio::task::JoinHandle<()>,
    attempts: Option<Attempts>,
    /// Released last, after the listeners were told to end.
    lock: Lock,
}

impl std::fmt::Debug for Served {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Served").field("running", &self.running).finish_non_exhaustive()
    }
}

impl Served {
    /// Serves the sandbox of `dir` (the data folder's `sandbox`), making it where it is missing.
    ///
    /// # Errors
    /// [`SandboxError::Busy`] while another process serves it, [`SandboxError::Port`] where a named port is taken,
    /// others where the folder cannot be used.
    pub async fn start(dir: &Path, options: Options, clock: Clock) -> Result<Self, SandboxError> {
        let folder = dir.to_owned();
        let now = clock.now();
        // Keys are made on a thread of their own: the first time takes up to a second.
        let Prepared { state, key, tls, store, lock, http: client } = tokio::task::spawn_blocking({
            let clock = clock.clone();
            move || prepare(&folder, now, clock)
        })
        .await
        .map_err(|error| SandboxError::Machine(error.to_string()))??;
        let http = bind(options.port, state.ports.http).await?;
        let https = bind(options.https_port, state.ports.https).await?;
        let (smtp, smtps) = bind_mail(options.smtp_port, state.ports).await?;
        let control = bind(None, None).await?;
        let port = |listener: &TcpListener| {
            listener.local_addr().map(|at| at.port()).map_err(|error| SandboxError::Machine(error.to_string()))
        };
        let (http_port, https_port, control_port) = (port(&http)?, port(&https)?, port(&control)?);
        let (smtp_port, smtps_port) = (port(&smtp)?, port(&smtps)?);
        let running = Running {
            pid: std::process::id(),
            issuer: format!("http://127.0.0.1:{http_port}"),
            https: format!("https://127.0.0.1:{https_port}"),
            smtp: Some(format!("127.0.0.1:{smtp_port}")),
            smtps: Some(format!("127.0.0.1:{smtps_port}")),
            // Absolute: whoever reads it may stand in another folder.
            ca_cert: ca::cert_path(&std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned())),
            control: format!("http://127.0.0.1:{control_port}"),
            control_token: Secret::new(presets::alnum(43)),
        };
        let now = {
            let clock = clock.clone();
            Arc::new(move || clock.now())
        };
        let last = if options.only_new { store.read(attempts::last).await? } else { 0 };
        let engine = Engine::new(store.clone(), options.time_scale, now, post::over(client), last);
        let newest_mail = store.read(super::smtp::newest).await?;
        let stop = CancellationToken::new();
        let world = Arc::new(World::new(Beginning {
            dir: dir.to_owned(),
            state,
            key,
            clock,
            ports: (http_port, https_port),
            control_token: running.control_token.expose().to_owned(),
            store,
            engine,
            newest_mail,
            ending: stop.clone(),
        }));
        {
            let mut state = world.state();
            state.ports = Ports {
                http: Some(http_port),
                https: Some(https_port),
                smtp: Some(smtp_port),
                smtps: Some(smtps_port),
            };
            state.issuer_last = Some(running.issuer.clone());
        }
        world.save().await?;
        let known: Vec<String> = world.state().webhooks.iter().map(|webhook| webhook.id.clone()).collect();
        let known = serde_json::json!(known).to_string();
        world.store.write(move |connection| attempts::stop_unknown(connection, &known)).await?;
        for (listener, tls, door) in
            [(http, None, Door::Http), (https, Some(tls.https), Door::Https), (control, None, Door::Control)]
        {
            tokio::spawn(serve::accept(listener, tls, door, Arc::clone(&world), stop.clone()));
        }
        for (listener, implicit) in [(smtp, false), (smtps, true)] {
            tokio::spawn(super::smtp::accept(listener, tls.smtp.clone(), implicit, Arc::clone(&world), stop.clone()));
        }
        let attempts = options.attempts.then(|| world.engine.lines());
        let delivering = tokio::spawn(Arc::clone(&world.engine).run(stop.clone()));
        // Before it is told to anybody: where that fails, its drop ends what was spawned.
        let served = Self { running, world, stop, delivering, attempts, lock };
        served.lock.announce(&served.running)?;
        Ok(served)
    }

    /// Where it is served.
    pub fn running(&self) -> &Running {
        &self.running
    }

    /// What it is made of.
    pub fn facts(&self) -> Facts {
        Facts::of(&self.world.state(), &self.world.key())
    }

    /// Every attempt at a delivery since the start, where [`Options::attempts`] asked for them; once.
    pub fn attempts(&mut self) -> Option<Attempts> {
        self.attempts.take()
    }

    /// Ends it once nobody else uses it, or at `now`: whoever found it running is not cut off, and whoever comes meanwhile
    /// finds none running, waits and serves it next.
    pub async fn leave(self, dir: &Path, now: &CancellationToken) {
        self.lock.withdraw();
        let unused = async {
            loop {
                if let Some(nobody) = Using::none(dir) {
                    return nobody;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let _nobody = tokio::select! {
            nobody = unused => Some(nobody),
            () = now.cancelled() => None,
            () = tokio::time::sleep(LEAVE) => None,
        };
        self.stop().await;
    }

    /// Ends it: open connections are cut, answers and attempts under way get a moment to end, the folder is free.
    pub async fn stop(mut self) {
        self.stop.cancel();
        self.world.handlers.close();
        // The listeners see the token when they are next polled; their sockets close then.
        let ended = async { tokio::join!(self.world.handlers.wait(), &mut self.delivering) };
        tokio::time::timeout(Duration::from_millis(600), ended).await.ok();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.cancel();
        // Whoever serves the folder next must be the only one that writes there.
        self.world.cut.cancel();
    }
}

/// A sandbox to talk to.
#[derive(Debug)]
pub struct Attached {
    /// Where it is served.
    pub running: Running,
    /// Where this process serves it: kept for as long as it is needed.
    pub served: Option<Served>,
    /// Where another process serves it: keeps a command that does so from ending. Held for a few calls, not for long.
    pub using: Option<Using>,
}

/// The longest a sandbox that is to end waits for those who use it; they hold their mark for less.
const LEAVE: Duration = Duration::from_secs(5);
/// The longest to wait for a process that holds the folder and has not told where it serves it: it begins, or ends.
const PATIENCE: Duration = Duration::from_secs(8);

/// Uses the sandbox of `dir` that is running, or serves it.
///
/// # Errors
/// As [`Served::start`]; `Busy` only where a process holds the folder and does not come to serve it.
pub async fn attach(dir: &Path, clock: Clock) -> Result<Attached, SandboxError> {
    attach_with(dir, Options::default(), clock).await
}

/// As [`attach`], for a command: where it serves the sandbox, it delivers only what is published meanwhile.
///
/// # Errors
/// As [`attach`].
pub async fn attach_briefly(dir: &Path, clock: Clock) -> Result<Attached, SandboxError> {
    attach_with(dir, Options { only_new: true, ..Options::default() }, clock).await
}

async fn attach_with(dir: &Path, options: Options, clock: Clock) -> Result<Attached, SandboxError> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let folder = dir.to_owned();
        // Marked before it is looked for: who serves it for itself alone may be about to end.
        let found = move || Using::mark(&folder).and_then(|using| Some((find(&folder)?, using)));
        if let Some((running, using)) = tokio::task::spawn_blocking(found).await.ok().flatten() {
            return Ok(Attached { running, served: None, using: Some(using) });
        }
        match Served::start(dir, options.clone(), clock.clone()).await {
            Ok(served) => return Ok(Attached { running: served.running.clone(), served: Some(served), using: None }),
            // It is being started by another process: its addresses follow in a moment.
            Err(SandboxError::Busy { .. }) if tokio::time::Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) => return Err(error),
        }
    }
}

struct Prepared {
    state: state::State,
    key: super::keys::SigningKey,
    tls: ca::Acceptors,
    store: Store,
    lock: Lock,
    http: Http,
}

fn prepare(dir: &Path, now: jiff::Timestamp, clock: Clock) -> Result<Prepared, SandboxError> {
    crate::store::DataDir::open(dir)?;
    let lock = take(dir)?;
    let (state, key) = state::open(dir, now)?;
    let tls = ca::acceptors(dir, now)?;
    let store = Store::open(dir)?;
    // What a tenant sends is no exchange of the panel: none of it is recorded.
    let http = Http::new(Recorder::silent(), clock).map_err(|error| SandboxError::Machine(error.to_string()))?;
    Ok(Prepared { state, key, tls, store, lock, http })
}

/// Takes the lock, with patience for those who only look whether it is held, and more for who begins or ends.
fn take(dir: &Path) -> Result<Lock, SandboxError> {
    let began = std::time::Instant::now();
    let holder = loop {
        if let Some(lock) = Lock::take(dir)? {
            return Ok(lock);
        }
        let holder = running::read(dir);
        let patience = if holder.is_some() { Duration::from_millis(150) } else { PATIENCE };
        if began.elapsed() >= patience {
            break holder;
        }
        std::thread::sleep(Duration::from_millis(15));
    };
    Err(SandboxError::Busy {
        pid: holder.as_ref().map(|running| running.pid),
        issuer: holder.map(|running| running.issuer),
        dir: PathBuf::from(dir),
    })
}

/// Binds `wanted`, or `last` while it is free, or any port.
async fn bind(wanted: Option<u16>, last: Option<u16>) -> Result<TcpListener, SandboxError> {
    let at = |port: u16| (std::net::Ipv4Addr::LOCALHOST, port);
    if let Some(port) = wanted {
        return TcpListener::bind(at(port)).await.map_err(|source| SandboxError::Port { port, source });
    }
    if let Some(port) = last
        && let Ok(listener) = TcpListener::bind(at(port)).await
    {
        return Ok(listener);
    }
    TcpListener::bind(at(0)).await.map_err(|source| SandboxError::Port { port: 0, source })
}

/// The two mail ports: beside each other where that goes, so that one tells the other.
async fn bind_mail(wanted: Option<u16>, last: Ports) -> Result<(TcpListener, TcpListener), SandboxError> {
    let port = |listener: &TcpListener| listener.local_addr().map(|at| at.port()).ok();
    let smtp = bind(wanted, last.smtp).await?;
    let kept = last.smtps.filter(|_| port(&smtp) == last.smtp);
    let smtps = bind(None, kept.or_else(|| port(&smtp)?.checked_add(1))).await?;
    Ok((smtp, smtps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_start_that_cannot_be_announced_leaves_no_listener_behind() {
        let folder = tempfile::tempdir().unwrap();
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        // No file can take the place of a folder that holds something.
        std::fs::create_dir_all(folder.path().join("running.json/taken")).unwrap();
        let options = Options { port: Some(free.port()), ..Options::default() };
        Served::start(folder.path(), options, Clock::real()).await.unwrap_err();
        let bound = tokio::time::timeout(Duration::from_secs(20), async {
            while TcpListener::bind(free).await.is_err() {
                tokio::task::yield_now().await;
            }
        });
        bound.await.expect("the port is free again");
    }
}
