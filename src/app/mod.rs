//! The shell: frame loop, state, apply, on_event. The only place that knows every screen.
//!
//! What happens each frame:
//!
//! 1. [`Shell::on_event`] takes what the backend sent (within 8 ms, in `logic`, so also while hidden);
//! 2. shortcuts are read, unless something lies over the page;
//! 3. rail, top bar and the open screen draw themselves and push [`Action`]s;
//! 4. palette, notifications and toasts draw over them;
//! 5. `Shell::apply` turns the actions into state and orders;
//! 6. the window hands the orders to the backend.
//!
//! [`Shell`] knows neither eframe nor the backend thread, so that a test can drive it whole.

mod apply;
pub mod broken;
mod chrome;
mod offered;
mod overlay;
mod prefs;
mod shell;
mod window;

pub use prefs::Prefs;
pub use shell::{Order, Shell};
pub use window::{Flags, run};

#[cfg(doc)]
use crate::action::Action;
