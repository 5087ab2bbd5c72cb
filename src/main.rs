//! Kinde Panel's program.

use std::io::Write as _;
use std::process::ExitCode;

use kinde_panel::cli::{self, Asked, Exit};

fn main() -> ExitCode {
    match cli::run(std::env::args_os()) {
        Asked::Ended(exit) => exit.into(),
        Asked::Window(_) => {
            let line = "This build has no window yet. Headless: kinde-panel doctor, kinde-panel --help for all";
            writeln!(std::io::stderr().lock(), "{line}").ok();
            Exit::CouldNot.into()
        }
    }
}
