//! What comes from elsewhere: idle, loading, ready, failed. One type, and one function that draws it.

use std::time::Duration;

use egui::{Align2, FontId, Role, Ui, WidgetInfo, vec2};

use super::button::Button;
use super::callout::Callout;
use super::icons::Icon;
use super::theme::tokens;
use super::tokens::{size, text};
use crate::error::UserError;

/// How long it may take before a person is told that it takes time, in seconds.
const GRACE: f64 = 0.15;

/// Something that is fetched. While it loads again, and when that fails, the old value stays.
#[derive(Debug, Clone, Default)]
pub enum Load<T> {
    /// Nobody asked yet.
    #[default]
    Idle,
    /// Asked. `since` is set by the view on the first frame that shows it.
    Loading {
        /// egui's time of the first frame.
        since: Option<f64>,
        /// What was there before.
        old: Option<T>,
    },
    /// Here it is.
    Ready(T),
    /// It could not be had.
    Failed {
        /// Why, in words.
        error: UserError,
        /// What was there before.
        old: Option<T>,
    },
}

impl<T> Load<T> {
    /// Asked: keeps what is there.
    pub fn start(&mut self) {
        let old = std::mem::take(self).into_value();
        *self = Self::Loading { since: None, old };
    }

    /// It came.
    pub fn ready(&mut self, value: T) {
        *self = Self::Ready(value);
    }

    /// It failed: keeps what was there.
    pub fn fail(&mut self, error: UserError) {
        let old = std::mem::take(self).into_value();
        *self = Self::Failed { error, old };
    }

    /// Ends in either way.
    pub fn finish(&mut self, result: Result<T, UserError>) {
        match result {
            Ok(value) => self.ready(value),
            Err(error) => self.fail(error),
        }
    }

    /// Gives up loading: back to the old value, or to idle.
    pub fn cancel(&mut self) {
        if let Self::Loading { old, .. } = self {
            *self = old.take().map_or(Self::Idle, Self::Ready);
        }
    }

    /// Lets go of the value there is. What is on its way stays on its way.
    pub fn forget(&mut self) {
        *self = match std::mem::take(self) {
            Self::Loading { since, .. } => Self::Loading { since, old: None },
            _ => Self::Idle,
        };
    }

    /// The value there is, fresh or old.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Ready(value) => Some(value),
            Self::Loading { old, .. } | Self::Failed { old, .. } => old.as_ref(),
            Self::Idle => None,
        }
    }

    /// The same, to change.
    pub fn value_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Ready(value) => Some(value),
            Self::Loading { old, .. } | Self::Failed { old, .. } => old.as_mut(),
            Self::Idle => None,
        }
    }

    /// The value there is, taken out.
    pub fn into_value(self) -> Option<T> {
        match self {
            Self::Ready(value) => Some(value),
            Self::Loading { old, .. } | Self::Failed { old, .. } => old,
            Self::Idle => None,
        }
    }

    /// True while it is on its way.
    pub fn is_loading(&self) -> bool {
        matches!(self, Self::Loading { .. })
    }

    /// True before anyone asked.
    pub fn is_idle(&self) -> bool {
        matches!(self, Self::Idle)
    }
}

/// What a person pressed in a [`LoadView`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadAsk {
    /// The idle state's button.
    Start,
    /// "Try again" after a failure.
    Retry,
    /// "Cancel" while it loads.
    Cancel,
}

/// How a [`Load`] is shown.
///
/// ```text
/// LoadView::new("Reading users…").idle("No users read yet", "Read users").show(ui, &mut users, |ui, users| …);
/// ```
#[must_use = "it shows when `show` is called"]
pub struct LoadView<'a> {
    loading: &'a str,
    idle: Option<(&'a str, &'a str)>,
    cancel: bool,
}

impl<'a> LoadView<'a> {
    /// `loading` says what is going on ("Reading users…").
    pub fn new(loading: &'a str) -> Self {
        Self { loading, idle: None, cancel: false }
    }

    /// A sentence for the idle state and its button. Without them idle shows nothing.
    pub fn idle(mut self, sentence: &'a str, button: &'a str) -> Self {
        self.idle = Some((sentence, button));
        self
    }

    /// Offers Cancel while it loads: for what may take longer than two seconds.
    pub fn cancellable(mut self) -> Self {
        self.cancel = true;
        self
    }

    /// Draws the state there is; `ready` draws the value. An empty value is `ready`'s: see `empty_state`.
    pub fn show<T>(self, ui: &mut Ui, load: &mut Load<T>, ready: impl FnOnce(&mut Ui, &mut T)) -> Option<LoadAsk> {
        match load {
            Load::Idle => {
                let (sentence, button) = self.idle?;
                super::empty::empty_state(ui, None, sentence, Some(button)).then_some(LoadAsk::Start)
            }
            Load::Ready(value) => {
                ready(ui, value);
                None
            }
            Load::Loading { since, old } => {
                let slow = is_slow(ui, since);
                match old {
                    Some(old) => {
                        // The note stands over the corner, so that nothing moves when it comes and goes.
                        let corner = ui.max_rect().right_top();
                        ui.scope(|ui| {
                            if slow {
                                ui.multiply_opacity(0.5);
                            }
                            ready(ui, old);
                        });
                        if slow {
                            let font = FontId::proportional(text::SMALL);
                            let colour = tokens(ui).text_subdued;
                            ui.painter().text(corner, Align2::RIGHT_TOP, self.loading, font, colour);
                        }
                        None
                    }
                    None => self.line(ui, slow),
                }
            }
            Load::Failed { error, old } => {
                let ask =
                    Callout::user_error(error).show_with(ui, |ui| Button::secondary("Try again").show(ui).clicked());
                if let Some(old) = old {
                    ui.scope(|ui| {
                        ui.multiply_opacity(0.5);
                        ready(ui, old);
                    });
                }
                ask.then_some(LoadAsk::Retry)
            }
        }
    }

    fn line(&self, ui: &mut Ui, slow: bool) -> Option<LoadAsk> {
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL);
            if !slow {
                return None;
            }
            loading(ui, self.loading);
            (self.cancel && Button::ghost("Cancel").small().show(ui).clicked()).then_some(LoadAsk::Cancel)
        })
        .inner
    }
}

/// One line that says what is going on. It stands still: an idle window draws no frames.
pub fn loading(ui: &mut Ui, words: &str) {
    let t = tokens(ui);
    let galley = ui.painter().layout_no_wrap(words.to_owned(), FontId::proportional(text::BODY), t.text_subdued);
    let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x + 21.0, 20.0), egui::Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Status, true, words));
    Icon::Running.paint(ui.painter(), egui::pos2(rect.left() + 7.5, rect.center().y), size::ICON, t.text_subdued);
    ui.painter().galley(
        egui::pos2(rect.left() + 21.0, rect.center().y - galley.size().y / 2.0),
        galley,
        t.text_subdued,
    );
}

fn is_slow(ui: &Ui, since: &mut Option<f64>) -> bool {
    let now = ui.input(|input| input.time);
    let since = *since.get_or_insert(now);
    let left = GRACE - (now - since);
    if left > 0.0 {
        ui.ctx().request_repaint_after(Duration::from_secs_f64(left));
    }
    left <= 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Category;

    #[test]
    fn what_was_there_stays_while_it_loads_again_and_when_that_fails() {
        let mut load = Load::Ready(7);
        load.start();
        assert_eq!(load.value(), Some(&7));
        load.fail(UserError::new(Category::Network, "Nothing answered"));
        assert_eq!(load.value(), Some(&7));
        load.start();
        load.cancel();
        assert!(matches!(load, Load::Ready(7)));
    }

    #[test]
    fn a_value_that_is_let_go_of_is_gone_and_what_is_on_its_way_still_comes() {
        let mut load = Load::Ready(7);
        load.start();
        load.forget();
        assert!(load.is_loading() && load.value().is_none());
        load.cancel();
        assert!(load.is_idle(), "there is no old value to go back to");
        load.ready(8);
        load.forget();
        assert!(load.is_idle());
    }
}
