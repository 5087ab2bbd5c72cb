//! Kinde Panel's program: a command runs without a window, no command opens it.

use std::process::ExitCode;
use std::time::Duration;

use kinde_panel::cli::{self, Asked, Exit, Global, WindowFlags};
use kinde_panel::error::UserError;
use kinde_panel::{app, report};

/// The variable that says how much is told on stderr: `off`, `error`, `warn` (the usual), `info`.
const LOG: &str = "KINDE_PANEL_LOG";

fn main() -> ExitCode {
    log();
    match cli::run(std::env::args_os()) {
        Asked::Ended(exit) => exit.into(),
        Asked::Window(global, flags) => match window(&global, &flags) {
            Ok(()) => Exit::Good.into(),
            Err(error) => cli::no_window(&error, global.json).into(),
        },
    }
}

/// The panel's own words go to stderr. Those of the libraries do not: they may hold what was sent.
fn log() {
    use tracing_subscriber::filter::{LevelFilter, Targets};
    use tracing_subscriber::layer::SubscriberExt as _;

    let level = std::env::var(LOG).ok().and_then(|level| level.trim().parse().ok()).unwrap_or(LevelFilter::WARN);
    let ours = Targets::new().with_target("kinde_panel", level);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    let subscriber = tracing_subscriber::registry().with(lines).with(ours);
    // Nobody else sets one; were it otherwise, there is a log all the same.
    tracing::subscriber::set_global_default(subscriber).ok();
}

fn window(global: &Global, flags: &WindowFlags) -> Result<(), UserError> {
    let data_dir = cli::data_dir(global)?;
    report::install(&data_dir);
    app::run(
        data_dir,
        app::Flags {
            gallery: flags.gallery,
            trace_frames: flags.trace_frames,
            walk_timeout: flags.walk_timeout.map(Duration::from_secs),
            trace: cli::tracer(global),
        },
    )
}
