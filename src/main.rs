//! Kinde Panel's program: a command runs without a window, no command opens it.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use kinde_panel::cli::{self, Asked, Exit, Global, WindowFlags};
use kinde_panel::error::UserError;
use kinde_panel::{app, report};

fn main() -> ExitCode {
    match cli::run(std::env::args_os()) {
        Asked::Ended(exit) => exit.into(),
        Asked::Window(global, flags) => match window(&global, &flags) {
            Ok(()) => Exit::Good.into(),
            Err(error) => {
                let line = format!("kinde-panel: {}: {}. {}", error.title, error.detail, error.hint);
                writeln!(std::io::stderr().lock(), "{}", line.replace('\n', " ")).ok();
                Exit::CouldNot.into()
            }
        },
    }
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
