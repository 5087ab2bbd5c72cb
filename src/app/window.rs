//! The real window: eframe, the backend thread, and what happens when neither can start.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::broken;
use super::prefs::{KEY, Place, Prefs, WINDOW};
use super::shell::{Order, Shell};
use crate::backend::{Backend, End, Event, Stamped};
use crate::clock::Clock;
use crate::error::{Category, UserError};
use crate::net::Recorder;
use crate::secrets::SecretStore;
use crate::ui::gallery::{self, GalleryState};
use crate::ui::theme;

/// How long one frame may spend on events.
const EVENT_BUDGET: Duration = Duration::from_millis(8);

/// What the window was started with.
#[derive(Clone, Default)]
pub struct Flags {
    /// The widget gallery instead of the panel.
    pub gallery: bool,
    /// Says `frame N` on stderr as each frame begins, for the tests and benches.
    pub trace_frames: bool,
    /// Instead of 10 minutes for a walk.
    pub walk_timeout: Option<Duration>,
    /// Sees every exchange, redacted.
    pub trace: Option<Recorder>,
}

/// Opens the window on `data_dir` and runs it to its end.
///
/// # Errors
/// When there is no display to open it on: one line that names what is missing. When the panel could not start: what the
/// window said.
pub fn run(data_dir: PathBuf, flags: Flags) -> Result<(), UserError> {
    display_named()?;
    let icon = eframe::icon_data::from_png_bytes(include_bytes!("../../assets/icon.png")).ok();
    let mut viewport = egui::ViewportBuilder::default()
        .with_title("Kinde Panel")
        .with_app_id("kinde-panel")
        .with_inner_size([1180.0, 780.0])
        .with_min_inner_size([820.0, 520.0]);
    if let Some(icon) = icon {
        viewport = viewport.with_icon(Arc::new(icon));
    }
    let options = eframe::NativeOptions {
        viewport,
        renderer: eframe::Renderer::Glow,
        // Read by eframe, written by the backend.
        persistence_path: Some(data_dir.join("window.ron")),
        persist_window: false,
        ..Default::default()
    };
    let failed = Arc::new(OnceLock::new());
    let failure = Arc::clone(&failed);
    eframe::run_native(
        "Kinde Panel",
        options,
        Box::new(move |cc| {
            theme::install(&cc.egui_ctx);
            let kept = cc.storage.and_then(|storage| storage.get_string(KEY));
            let prefs = Prefs::read(kept.as_deref());
            cc.egui_ctx.set_theme(prefs.theme);
            cc.egui_ctx.set_zoom_factor(prefs.zoom);
            let place = Place::new(cc.storage.and_then(|storage| eframe::get_value(storage, WINDOW)));
            let window = Window::new(data_dir, prefs, place, flags, &cc.egui_ctx);
            if let Window::Broken { error } = &window {
                failure.set(error.clone()).ok();
                cc.egui_ctx.send_viewport_cmd(egui::ViewportCommand::MinInnerSize(broken::SIZE));
                cc.egui_ctx.send_viewport_cmd(egui::ViewportCommand::InnerSize(broken::SIZE));
            }
            Ok(Box::new(window))
        }),
    )
    .map_err(|error| no_display(&error.to_string()))?;
    failed.get().cloned().map_or(Ok(()), Err)
}

/// On Linux a window needs an address to open at; elsewhere it is always there.
fn display_named() -> Result<(), UserError> {
    let named = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if cfg!(target_os = "linux") && !["WAYLAND_DISPLAY", "WAYLAND_SOCKET", "DISPLAY"].into_iter().any(named) {
        return Err(no_display("neither WAYLAND_DISPLAY nor DISPLAY is set"));
    }
    Ok(())
}

fn no_display(reason: &str) -> UserError {
    // winit puts the source line it failed at before its words: only the words help.
    let reason = reason.rsplit(": ").next().unwrap_or(reason).split_whitespace().collect::<Vec<_>>().join(" ");
    UserError::new(Category::File, "There is no display to open a window on")
        .detail(reason)
        .hint("Set DISPLAY or WAYLAND_DISPLAY, or go headless: kinde-panel <command>, see kinde-panel --help")
}

enum Window {
    Panel { shell: Box<Shell>, backend: Backend, place: Box<Place>, frames: Frames },
    Gallery { state: Box<GalleryState>, frames: Frames },
    Broken { error: UserError },
}

/// Counts the frames for the tests and benches.
struct Frames {
    traced: bool,
    count: u64,
}

impl Frames {
    /// A frame begins. Frame 0 asks for one more: as frame 1 begins, frame 0 was presented.
    fn begin(&mut self, ctx: &egui::Context) {
        if self.traced {
            use std::io::Write as _;
            writeln!(std::io::stderr().lock(), "frame {}", self.count).ok();
            if self.count == 0 {
                ctx.request_repaint();
            }
        }
        self.count += 1;
    }
}

impl Window {
    fn new(data_dir: PathBuf, prefs: Prefs, place: Place, flags: Flags, ctx: &egui::Context) -> Self {
        let frames = Frames { traced: flags.trace_frames, count: 0 };
        if flags.gallery {
            return Self::Gallery { state: Box::default(), frames };
        }
        let wake = ctx.clone();
        let clock = Clock::real();
        let shown = data_dir.display().to_string();
        let woken = move || wake.request_repaint();
        match Backend::start(data_dir, SecretStore::os(), clock.clone(), woken, flags.trace) {
            Ok(backend) => {
                let shell = Box::new(Shell::new(prefs, shown, clock, flags.walk_timeout));
                Self::Panel { shell, backend, place: Box::new(place), frames }
            }
            Err(error) => Self::Broken { error },
        }
    }

    fn hand_over(shell: &mut Shell, backend: &mut Backend) {
        for order in shell.take_orders() {
            match order {
                Order::Run(job, command) => {
                    if backend.run(job, command).is_err() {
                        shell.on_event(Stamped { job, event: Event::Ended(End::Refused) });
                    }
                }
                Order::Cancel(job) => backend.cancel(job),
            }
        }
    }
}

impl eframe::App for Window {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        let Self::Panel { shell, backend, .. } = self else { return };
        let begun = Instant::now();
        while let Some(event) = backend.next_event() {
            shell.on_event(event);
            if begun.elapsed() > EVENT_BUDGET {
                ctx.request_repaint();
                break;
            }
        }
        Self::hand_over(shell, backend);
        // Here too: a hidden window draws no frame.
        if shell.wants_to_quit() {
            ctx.send_viewport_cmd(egui::ViewportCommand::Close);
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        match self {
            Self::Panel { shell, backend, place, frames } => {
                frames.begin(ui.ctx());
                shell.frame(ui);
                Self::hand_over(shell, backend);
                place.look(ui.ctx(), frame);
                backend.keep(shell.prefs().file(place.settings()));
                if shell.wants_to_quit() {
                    ui.ctx().send_viewport_cmd(egui::ViewportCommand::Close);
                }
            }
            Self::Gallery { state, frames } => {
                frames.begin(ui.ctx());
                egui::CentralPanel::default().show(ui, |ui| {
                    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| gallery::ui(ui, state));
                });
            }
            Self::Broken { error } => {
                if broken::ui(ui, error) {
                    ui.ctx().send_viewport_cmd(egui::ViewportCommand::Close);
                }
            }
        }
    }

    fn persist_egui_memory(&self) -> bool {
        // What a text field remembers of itself is nobody's business after the end.
        false
    }
}
