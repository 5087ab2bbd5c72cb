//! A room, or a part of one, drawn for a test: its state, what it pushes, and what it may look at.

use std::cell::Cell;

use egui::{Theme, Ui, Vec2};
use egui_kittest::{Harness, SnapshotOptions};
use jiff::Timestamp;
use kinde_panel::action::{Action, Command, JobId};
use kinde_panel::screens::Cx;
use kinde_panel::secrets::KeyringState;
use kinde_panel::tenant::Profile;
use kinde_panel::ui::tokens;

/// What a test holds; `note` is whatever else it keeps.
pub struct World<S, N = ()> {
    pub state: S,
    pub actions: Vec<Action>,
    pub profile: Option<Profile>,
    pub now: Timestamp,
    pub note: N,
    next: Cell<JobId>,
}

impl<S: Default, N: Default> World<S, N> {
    pub fn new(profile: Option<Profile>, now: Timestamp) -> Self {
        Self { state: S::default(), actions: Vec::new(), profile, now, note: N::default(), next: Cell::new(0) }
    }
}

impl<S, N> World<S, N> {
    /// As the window calls a room.
    pub fn with<R>(&mut self, work: impl FnOnce(&mut S, &Cx<'_>, &mut Vec<Action>) -> R) -> R {
        let cx = Cx {
            now: self.now,
            profile: self.profile.as_ref(),
            profiles: self.profile.as_slice(),
            keyring: &KeyringState::Ready,
            data_dir: "",
            next_job: &self.next,
        };
        work(&mut self.state, &cx, &mut self.actions)
    }

    /// The last thing asked of the backend that `wanted` knows; whatever else was pushed is forgotten.
    pub fn ran<T>(&mut self, mut wanted: impl FnMut(JobId, Command) -> Option<T>) -> (JobId, T) {
        let run = self.actions.drain(..).filter_map(|action| match action {
            Action::Run(job, command) => wanted(job, command).map(|wanted| (job, wanted)),
            _ => None,
        });
        run.reduce(|_, last| last).expect("it was not asked")
    }
}

/// Draws `world` by `draw`, on the page's colour.
pub fn harness<S: 'static, N: 'static>(
    which: Theme,
    size: Vec2,
    world: World<S, N>,
    mut draw: impl FnMut(&mut Ui, &mut World<S, N>) + 'static,
) -> Harness<'static, World<S, N>> {
    Harness::builder()
        .with_size(size)
        .with_theme(which)
        .with_os(egui::os::OperatingSystem::Nix)
        .with_options(SnapshotOptions::new().threshold(0.8).max_failed_pixels(40))
        .with_context_setup(crate::common::look)
        .build_ui_state(
            move |ui, world| {
                let page = tokens(ui).page;
                let whole = ui.ctx().content_rect();
                ui.ctx().layer_painter(egui::LayerId::background()).rect_filled(whole, 0, page);
                egui::Frame::new().fill(page).inner_margin(16).show(ui, |ui| draw(ui, world));
            },
            world,
        )
}
