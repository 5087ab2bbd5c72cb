//! Our widgets: they know egui and layer 1, and nothing of Kinde.
//!
//! Call [`theme::install`] once on the context; then every widget here is a function of `&mut Ui`, or a small
//! builder with `show`. Views name no colour, size or icon of their own: see [`mod@tokens`] and [`icons`].

pub mod badge;
pub mod button;
pub mod callout;
pub mod card;
pub mod check_list;
pub mod choice;
pub mod code_view;
pub mod combo;
pub mod copy_button;
pub mod empty;
pub mod field;
pub mod focus;
pub mod gallery;
pub mod highlight;
pub mod icons;
pub mod json_tree;
pub mod json_view;
pub mod label;
pub mod link;
pub mod list_row;
pub mod load;
pub mod menu;
pub mod modal;
pub mod notice;
pub mod palette_view;
pub mod paste_box;
pub mod secret_field;
pub mod segmented;
pub mod step_list;
pub mod table;
pub mod theme;
pub mod tokens;
pub mod when;

pub use badge::{
    badge, badge_with, kbd, profile_colour, profile_dot, status, status_width, status_with, verdict, verdict_icon,
    verdict_mark,
};
pub use button::{Button, danger_button, ghost_button, icon_button, primary_button, secondary_button};
pub use callout::{Callout, Mood};
pub use card::{card, disclosure, key_value, key_value_copy, key_value_ui, name_column, section, section_with};
pub use check_list::{check_headline, check_list, check_list_as, check_rows};
pub use choice::{checkbox, checkbox_over, checkbox_row, choice_note, radio, toggle};
pub use code_view::{code_view, source_view};
pub use combo::{combo, combo_item, combo_row};
pub use copy_button::{copy_button, copy_icon};
pub use empty::empty_state;
pub use field::{FieldRow, form_row, form_row_long, text_field, tight_rows};
pub use highlight::Language;
pub use icons::Icon;
pub use json_tree::{JsonKind, JsonNode, JsonTree};
pub use json_view::json_view;
pub use label::{heading, line, marked, mono, prose, small, strong, subdued, title};
pub use link::link;
pub use list_row::ListRow;
pub use load::{Load, LoadAsk, LoadView, loading};
pub use menu::{menu, menu_item};
pub use modal::{Answer, Confirm, dialog};
pub use notice::{Notice, Notices, notice_list, toasts};
pub use palette_view::{PaletteAnswer, PaletteItem, PaletteState, palette};
pub use paste_box::{PasteAnswer, paste_box};
pub use secret_field::{SecretDraft, secret_field, secret_row, secret_row_warned, secret_value};
pub use segmented::{segmented, tabs};
pub use step_list::{step_list, step_list_hinted, step_list_with};
pub use table::{Cells, Col, Table, TableAnswer};
pub use theme::{tokens, tokens_of};
pub use when::{ago, countdown, duration_words, expiry, relative_words};
