//! Our widgets: they know egui and layer 1, and nothing of Kinde.
//!
//! Call [`theme::install`] once on the context; then every widget here is a function of `&mut Ui`, or a small
//! builder with `show`. Views name no colour, size or icon of their own: see [`tokens`] and [`icons`].

pub mod button;
pub mod callout;
pub mod copy_button;
pub mod field;
pub mod focus;
pub mod gallery;
pub mod icons;
pub mod label;
pub mod theme;
pub mod tokens;

pub use button::{Button, danger_button, ghost_button, icon_button, primary_button, secondary_button};
pub use callout::{Callout, Mood};
pub use copy_button::{copy_button, copy_icon};
pub use field::{FieldRow, form_row, text_field};
pub use icons::Icon;
pub use label::{heading, line, mono, prose, small, strong, subdued, title};
pub use theme::{tokens, tokens_of};
