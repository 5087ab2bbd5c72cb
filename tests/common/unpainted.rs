//! The window without its picture: its real state over the real backend, and the layout of each frame, at the pace at
//! which a window draws. Nothing is painted.

use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use egui::epaint::ClippedShape;
use kinde_panel::action::{Action, InspectorAsk, Room};
use kinde_panel::app::{Order, Prefs, Shell};
use kinde_panel::backend::history::Event as History;
use kinde_panel::backend::{Backend, End, Event, Stamped};
use kinde_panel::clock::Clock;
use kinde_panel::secrets::SecretStore;
use kinde_panel::tenant::SANDBOX_PROFILE;
use kinde_panel::ui::theme;

/// A screen shows so many pictures a second.
const FRAME: Duration = Duration::from_micros(16_667);
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The Inspector of the sandbox's profile.
pub struct Unpainted {
    shell: Shell,
    backend: Backend,
    context: egui::Context,
    woken: Receiver<()>,
    begun: Instant,
    last: Instant,
    /// When the next frame is wanted, whatever the backend does.
    due: Option<Instant>,
    /// Where the receiver is.
    url: Option<String>,
    /// The room has rows, or knows that there are none.
    ready: bool,
}

impl Unpainted {
    /// Opens the Inspector over the data folder `folder`, and waits for its first rows.
    pub fn over(folder: &Path) -> Self {
        let (wake, woken) = sync_channel(1);
        let wake = move || wake.try_send(()).unwrap_or_default();
        let backend = Backend::start(folder.to_owned(), SecretStore::memory(), Clock::real(), wake, None).unwrap();
        let prefs = Prefs { room: Room::Inspector, profile: Some(SANDBOX_PROFILE), ..Prefs::default() };
        let shell = Shell::new(prefs, String::new(), Clock::real(), None);
        let context = egui::Context::default();
        theme::install(&context);
        let now = Instant::now();
        let mut window =
            Self { shell, backend, context, woken, begun: now, last: now, due: Some(now), url: None, ready: false };
        window.until(|window| window.ready);
        window
    }

    /// Asks something of the Inspector, as a press of its button does.
    pub fn ask(&mut self, ask: InspectorAsk) {
        self.shell.act(Action::Inspector(ask));
        self.due = Some(Instant::now());
    }

    /// Waits until the receiver is up; where it is.
    pub fn address(&mut self) -> String {
        self.until(|window| window.url.is_some());
        self.url.clone().unwrap()
    }

    /// Draws until `done`.
    fn until(&mut self, done: impl Fn(&Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !done(self) {
            assert!(self.wait(end), "the window waits for ever");
            self.frame(Vec::new());
        }
    }

    /// Waits until a frame is to be drawn: something came or was asked for, and the screen is ready for the next. False
    /// where none is before `end`.
    pub fn wait(&mut self, end: Instant) -> bool {
        let due = self.due.unwrap_or(end).min(end);
        if self.woken.recv_timeout(due.saturating_duration_since(Instant::now())).is_err() && due == end {
            return false;
        }
        std::thread::sleep((self.last + FRAME).saturating_duration_since(Instant::now()));
        true
    }

    /// Draws a frame that `input` came before: how long events, state and layout took, and what would be painted.
    pub fn frame(&mut self, input: Vec<egui::Event>) -> (Duration, Vec<ClippedShape>) {
        let size = egui::vec2(1180.0, 780.0);
        let raw = egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, size)),
            time: Some(self.begun.elapsed().as_secs_f64()),
            focused: true,
            events: input,
            ..egui::RawInput::default()
        };
        self.last = Instant::now();
        while let Some(stamped) = self.backend.next_event() {
            if let Event::History(event) = &stamped.event {
                match event {
                    History::Listening(up) => self.url = Some(up.as_ref().unwrap().url.clone()),
                    History::Page(page) => self.ready |= page.is_ok(),
                    _ => {}
                }
            }
            self.shell.on_event(stamped);
        }
        self.hand_over();
        let shell = &mut self.shell;
        let mut output = self.context.run_ui(raw, |ui| shell.frame(ui));
        // Nobody draws them.
        output.textures_delta.clear();
        self.hand_over();
        let took = self.last.elapsed();
        let after = output.viewport_output.values().map(|one| one.repaint_delay).min().unwrap_or(Duration::MAX);
        self.due = Instant::now().checked_add(after);
        (took, output.shapes)
    }

    fn hand_over(&mut self) {
        for order in self.shell.take_orders() {
            match order {
                Order::Run(job, command) => {
                    if self.backend.run(job, command).is_err() {
                        self.shell.on_event(Stamped { job, event: Event::Ended(End::Refused) });
                    }
                }
                Order::Cancel(job) => self.backend.cancel(job),
            }
        }
    }
}
