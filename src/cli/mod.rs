//! The command line: one file a command, the same domain functions as the window.
//!
//! A command parses its words, awaits the room's functions and prints. It never imports the window or its backend.

mod connect;
mod context;
mod decode;
mod doctor;
mod environment;
mod event;
mod events;
mod history;
mod listen;
mod mail;
mod print;
mod public;
mod recipe;
mod register;
mod sandbox;
mod secret_input;
mod send;
mod stdin;
mod token;
mod trigger;
mod webhook_files;
mod webhooks;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{CommandFactory as _, FromArgMatches as _};

pub use context::{Context, From, Picked, Wants};
pub use environment::Variables;

use crate::clock::Clock;
use crate::error::{Category, UserError};
use crate::net::Recorder;
use crate::report;
use crate::secrets::SecretStore;
use crate::services::Services;
use crate::store::DataDir;

/// How a command ended, as the process's exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, and every verdict is good.
    Good = 0,
    /// Done, and a verdict is bad.
    Bad = 1,
    /// The call's words are unusable.
    Unusable = 2,
    /// It could not be done.
    CouldNot = 3,
    /// Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    /// The exit code of an error: unusable words are told apart from what could not be done.
    pub fn of(error: &UserError) -> Self {
        if error.category == Category::Input { Self::Unusable } else { Self::CouldNot }
    }
}

impl std::convert::From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A desktop control panel for developers who integrate Kinde; without a command it opens the window.
#[derive(Debug, clap::Parser)]
#[command(name = "kinde-panel", bin_name = "kinde-panel", version, disable_help_subcommand = true)]
struct Words {
    #[command(flatten)]
    global: Global,
    #[command(flatten)]
    window: WindowFlags,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Flags that every command takes.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Global {
    /// The profile to use: its name, or its domain
    #[arg(long, global = true, display_order = 901, value_name = "NAME", value_parser = context::non_empty)]
    pub profile: Option<String>,
    /// Where settings, history and the sandbox keep their files
    #[arg(long, global = true, display_order = 902, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Machine output on stdout: one object, or one object a line
    #[arg(long, global = true, display_order = 903)]
    pub json: bool,
    /// The HTTP exchanges, without secrets, on stderr
    #[arg(long, global = true, display_order = 904)]
    pub trace: bool,
}

/// Flags of the window, for its tests and benches.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct WindowFlags {
    /// The widget gallery instead of the panel
    #[arg(long, hide = true)]
    pub gallery: bool,
    /// Says `frame N` on stderr as each frame begins
    #[arg(long, hide = true)]
    pub trace_frames: bool,
    /// How long a walk waits for consent
    #[arg(long, hide = true, value_name = "SECONDS")]
    pub walk_timeout: Option<u64>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Walk a connected app to its token, or revoke a session
    Connect(connect::Args),
    /// Judge a token or a webhook body, rung by rung
    Decode(decode::Args),
    /// Diagnose the profile's tenant
    Doctor(doctor::Args),
    /// Print one event of Kinde's
    Event(event::Args),
    /// List, show, search, export, import, replay and judge again what was received
    Events(events::Args),
    /// Receive webhooks on this machine, keep and judge them, until stopped
    Listen(listen::Args),
    /// Check whether Kinde will be able to send mail
    Mail(mail::Args),
    /// Work a third-party tool of Kinde's guides: list, show, generate, check, simulate
    Recipe(recipe::Args),
    /// Run the sandbox tenant until stopped
    Sandbox(sandbox::Args),
    /// Send an event of the sandbox, or a forged one
    Send(send::Args),
    /// Print an access token of the profile, or of a connected-app session
    Token(token::Args),
    /// Make an event happen in the tenant, and undo it
    Trigger(trigger::Args),
    /// List, create, change and delete webhooks, one by one or as a file
    Webhooks(webhooks::Args),
}

impl Command {
    async fn run(self, cx: &Context) -> Result<Exit, UserError> {
        match self {
            Self::Connect(args) => connect::run(args, cx).await,
            Self::Decode(args) => decode::run(args, cx).await,
            Self::Doctor(args) => doctor::run(args, cx).await,
            Self::Event(args) => event::run(args, cx).await,
            Self::Events(args) => events::run(args, cx).await,
            Self::Listen(args) => listen::run(args, cx).await,
            Self::Mail(args) => mail::run(args, cx).await,
            Self::Recipe(args) => recipe::run(args, cx).await,
            Self::Sandbox(args) => sandbox::run(args, cx).await,
            Self::Send(args) => send::run(args, cx).await,
            Self::Token(args) => token::run(args, cx).await,
            Self::Trigger(args) => trigger::run(args, cx).await,
            Self::Webhooks(args) => webhooks::run(args, cx).await,
        }
    }

    /// True for a command that serves until it is stopped: it ends itself cleanly by [`Context::cancel`], with exit 0.
    fn serves(&self) -> bool {
        match self {
            Self::Listen(_) | Self::Sandbox(_) => true,
            Self::Connect(_)
            | Self::Decode(_)
            | Self::Doctor(_)
            | Self::Event(_)
            | Self::Events(_)
            | Self::Mail(_)
            | Self::Recipe(_)
            | Self::Send(_)
            | Self::Token(_)
            | Self::Trigger(_)
            | Self::Webhooks(_) => false,
        }
    }

    /// True for a command that watches [`Context::cancel`] and has a word to say at its end.
    fn takes_leave(&self) -> bool {
        self.serves() || matches!(self, Self::Connect(_)) || self.puts_back()
    }

    /// True for a command that may have something half done in the tenant: cancelled, it puts that right before it ends.
    fn puts_back(&self) -> bool {
        matches!(self, Self::Webhooks(_) | Self::Trigger(_) | Self::Event(_))
    }
}

/// What the words ask for.
#[derive(Debug)]
pub enum Asked {
    /// The window, on this data folder.
    Window(Global, WindowFlags),
    /// Nothing more: a command ran, or help was printed.
    Ended(Exit),
}

/// Runs the command that `args` (with the program's own name first) ask for, to its end.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Asked {
    let args: Vec<OsString> = args.into_iter().collect();
    let json = print::asks_for_json(&args);
    let parsed = Words::command().try_get_matches_from(args).and_then(|matches| Words::from_arg_matches(&matches));
    let words = match parsed {
        Ok(words) => words,
        Err(error) => return Asked::Ended(print::usage(&error, json)),
    };
    let Some(command) = words.command else { return Asked::Window(words.global, words.window) };
    let json = words.global.json;
    Asked::Ended(match start(words.global, command) {
        Ok(exit) => exit,
        Err(error) => {
            print::error(&error, json);
            Exit::of(&error)
        }
    })
}

/// The data folder the flags name, else the platform's own.
///
/// # Errors
/// When no flag names one and the environment names no home.
pub fn data_dir(global: &Global) -> Result<PathBuf, UserError> {
    global.data_dir.clone().or_else(DataDir::default_path).ok_or_else(|| {
        UserError::new(Category::File, "There is no place for the panel's data folder")
            .detail("The environment names no home folder")
            .hint("Name a folder with --data-dir")
    })
}

/// Says in one line on stderr why the window could not be opened; with `--json` the error object stands on stdout.
pub fn no_window(error: &UserError, json: bool) -> Exit {
    if json {
        print::error(error, true);
    }
    let line = format!("kinde-panel: {}: {}. {}", error.title, error.detail, error.hint);
    print::say(&line.replace('\n', " "));
    Exit::CouldNot
}

/// The recorder that `--trace` asks for.
pub fn tracer(global: &Global) -> Option<Recorder> {
    global.trace.then(|| Recorder::to(|exchange| print::trace(&exchange)))
}

fn start(global: Global, command: Command) -> Result<Exit, UserError> {
    let recorder = tracer(&global).unwrap_or_else(Recorder::silent);
    let data_dir = data_dir(&global)?;
    report::install(&data_dir);
    let services = Services::open(&data_dir, recorder, Clock::real(), SecretStore::os())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        UserError::new(Category::Internal, "The command could not be started")
            .detail(error.to_string())
            .hint("The system may be out of threads or memory")
    })?;
    let cx = Context::new(services, &global, Variables::of_process());
    let ended = runtime.block_on(async {
        let ended = until_interrupted(command, &cx).await;
        cx.close().await;
        ended
    });
    // A keyring call or a name look-up may still hang in a thread of its own: nobody waits for it.
    runtime.shutdown_background();
    ended
}

async fn until_interrupted(command: Command, cx: &Context) -> Result<Exit, UserError> {
    let (serves, takes_leave, puts_back) = (command.serves(), command.takes_leave(), command.puts_back());
    let run = command.run(cx);
    tokio::pin!(run);
    tokio::select! {
        // The signals first: from the command's first step on, one that comes is heard.
        biased;
        () = interrupted() => {}
        ended = &mut run => return ended,
    }
    cx.cancel.cancel();
    if !takes_leave {
        return Ok(Exit::Interrupted);
    }
    let exit = if serves { Exit::Good } else { Exit::Interrupted };
    // Cleanly within a second, keeping what was acknowledged; a call that is under way, and what puts it right, may take
    // longer. A second Ctrl-C does not wait.
    let leave = std::time::Duration::from_millis(if puts_back { 20_000 } else { 900 });
    let cut = tokio::select! {
        ended = &mut run => {
            if let Err(error) = &ended && puts_back {
                cx.say(&error.as_text());
            }
            return if serves { ended.map(|_| exit) } else { Ok(exit) };
        }
        () = tokio::time::sleep(leave) => {
            if serves {
                cx.say("Ended, though something was still under way");
            }
            exit
        }
        () = interrupted() => Exit::Interrupted,
    };
    if puts_back {
        cx.say("Something may be half done in the tenant: the next command on this profile looks, and puts it right");
    }
    Ok(cut)
}

/// Ctrl-C or SIGTERM.
async fn interrupted() {
    let ctrl_c = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            tokio::select! {
                Ok(()) = ctrl_c => {}
                Some(()) = terminate.recv() => {}
                else => std::future::pending().await,
            }
            return;
        }
    }
    if ctrl_c.await.is_err() {
        std::future::pending::<()>().await;
    }
}
