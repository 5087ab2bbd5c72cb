//! Every colour, size and radius of the window, in two levels: a palette, and the roles views may use.
//!
//! A view never names a colour or a number of its own: it asks [`super::theme::tokens`] for a role.

use egui::Color32;

/// Spacing on the 4-point grid, from the gap inside a control to the gap between sections.
pub mod space {
    /// 4 points: between an icon and its word.
    pub const XS: f32 = 4.0;
    /// 8 points: between two controls.
    pub const SM: f32 = 8.0;
    /// 12 points: inside a card, between two groups.
    pub const MD: f32 = 12.0;
    /// 16 points: between two cards.
    pub const LG: f32 = 16.0;
    /// 24 points: between two sections.
    pub const XL: f32 = 24.0;
    /// 32 points: around an empty state.
    pub const XXL: f32 = 32.0;
}

/// Text sizes in points.
pub mod text {
    /// Notes, table headers, badges.
    pub const SMALL: f32 = 12.0;
    /// Everything a person reads.
    pub const BODY: f32 = 13.5;
    /// Ids, addresses, JSON.
    pub const MONO: f32 = 12.5;
    /// The name of a card or group.
    pub const TITLE: f32 = 15.0;
    /// The name of a room.
    pub const HEADING: f32 = 19.0;
}

/// Corner radii in points.
pub mod radius {
    /// Badges, key hints.
    pub const SMALL: u8 = 4;
    /// Buttons and fields.
    pub const CONTROL: u8 = 6;
    /// Cards, callouts, menus, dialogs.
    pub const CARD: u8 = 8;
}

/// Fixed sizes in points: what never changes does not jump.
pub mod size {
    /// A button or field.
    pub const CONTROL: f32 = 28.0;
    /// A small button.
    pub const CONTROL_SMALL: f32 = 24.0;
    /// A row of a list or table.
    pub const ROW: f32 = 28.0;
    /// The header of a table.
    pub const TABLE_HEADER: f32 = 28.0;
    /// An icon beside text.
    pub const ICON: f32 = 15.0;
    /// The label column of a form.
    pub const LABEL_COLUMN: f32 = 150.0;
    /// The widest a field grows.
    pub const FIELD_MAX: f32 = 520.0;
    /// The widest prose grows.
    pub const PROSE_MAX: f32 = 640.0;
    /// A dialog.
    pub const MODAL: f32 = 440.0;
}

/// The three colours of one kind of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tone {
    /// Behind the message.
    pub fill: Color32,
    /// The mark.
    pub icon: Color32,
    /// Words on the fill, or on the page.
    pub text: Color32,
}

/// The roles of one theme.
#[derive(Debug, PartialEq, Eq)]
pub struct Tokens {
    /// True for the dark theme.
    pub dark: bool,
    /// The page.
    pub page: Color32,
    /// The rail and the top bar.
    pub rail: Color32,
    /// A card on the page.
    pub card: Color32,
    /// Menus, dialogs, toasts.
    pub raised: Color32,
    /// Behind what is typed, and behind code.
    pub field: Color32,
    /// Around a field, between a table's header and its rows.
    pub line: Color32,
    /// Around a field the pointer is on.
    pub line_strong: Color32,
    /// A secondary button at rest.
    pub control: Color32,
    /// A button under the pointer.
    pub control_hover: Color32,
    /// A button held down.
    pub control_active: Color32,
    /// A row under the pointer.
    pub row_hover: Color32,
    /// The chosen row.
    pub row_selected: Color32,
    /// Words that matter most.
    pub text_strong: Color32,
    /// Words.
    pub text: Color32,
    /// Notes and labels.
    pub text_subdued: Color32,
    /// The one accent: the primary button.
    pub accent: Color32,
    /// The primary button under the pointer.
    pub accent_hover: Color32,
    /// Words on the accent.
    pub on_accent: Color32,
    /// The accent as words or as a thin line on the page.
    pub accent_text: Color32,
    /// The button that destroys.
    pub danger: Color32,
    /// The same under the pointer.
    pub danger_hover: Color32,
    /// Words on it.
    pub on_danger: Color32,
    /// Behind chosen text.
    pub selection: Color32,
    /// The ring around what has the keyboard.
    pub focus: Color32,
    /// The soft ring outside it.
    pub focus_halo: Color32,
    /// Something to know.
    pub info: Tone,
    /// As it should be.
    pub success: Tone,
    /// Works, but look.
    pub warn: Tone,
    /// Does not work.
    pub error: Tone,
    /// Neither good nor bad.
    pub neutral: Tone,
    /// Over the page, under a dialog.
    pub backdrop: Color32,
    /// Under menus and dialogs.
    pub shadow: Color32,
    /// What a profile may be marked with.
    pub profile: [Color32; 8],
}

#[expect(clippy::disallowed_methods, reason = "the one place where colours are made")]
const fn hex(rgb: u32) -> Color32 {
    let [_, r, g, b] = rgb.to_be_bytes();
    Color32::from_rgb(r, g, b)
}

const fn veil(rgb: u32, alpha: u8) -> Color32 {
    let [_, r, g, b] = rgb.to_be_bytes();
    // Premultiplied by hand: the unmultiplied constructor is not const.
    let a = alpha as u16;
    Color32::from_rgba_premultiplied(
        (r as u16 * a / 255) as u8,
        (g as u16 * a / 255) as u8,
        (b as u16 * a / 255) as u8,
        alpha,
    )
}

const fn tone(fill: u32, icon: u32, text: u32) -> Tone {
    Tone { fill: hex(fill), icon: hex(icon), text: hex(text) }
}

/// The dark theme: near-black greys.
pub static DARK: Tokens = Tokens {
    dark: true,
    page: hex(0x0011_1214),
    rail: hex(0x000b_0c0d),
    card: hex(0x0018_1a1c),
    raised: hex(0x001f_2124),
    field: hex(0x000b_0c0d),
    line: hex(0x002a_2d31),
    line_strong: hex(0x0042_464c),
    control: hex(0x0026_292d),
    control_hover: hex(0x0031_353a),
    control_active: hex(0x003c_4147),
    row_hover: hex(0x001c_1e21),
    row_selected: hex(0x001b_2742),
    text_strong: hex(0x00f4_f5f6),
    text: hex(0x00cd_d0d4),
    text_subdued: hex(0x0093_98a0),
    accent: hex(0x003f_63e0),
    accent_hover: hex(0x004a_6de8),
    on_accent: hex(0x00ff_ffff),
    accent_text: hex(0x008f_aaff),
    danger: hex(0x00b4_2d36),
    danger_hover: hex(0x00c7_3a43),
    on_danger: hex(0x00ff_ffff),
    selection: hex(0x0029_3f80),
    focus: hex(0x007b_9aff),
    focus_halo: veil(0x007b_9aff, 76),
    info: tone(0x0015_2036, 0x0074_a4ff, 0x00ae_c8ff),
    success: tone(0x0012_2a1e, 0x004c_c38a, 0x008d_e0b6),
    warn: tone(0x002d_2412, 0x00f0_b429, 0x00f3_cf7a),
    error: tone(0x0032_181b, 0x00ff_6a70, 0x00ff_a3a7),
    neutral: tone(0x0025_282c, 0x0093_98a0, 0x00cd_d0d4),
    backdrop: Color32::from_black_alpha(140),
    shadow: Color32::from_black_alpha(110),
    profile: [
        hex(0x006f_9bff),
        hex(0x004c_c38a),
        hex(0x00f0_b429),
        hex(0x00ff_7a80),
        hex(0x00b8_8cff),
        hex(0x003f_c5d4),
        hex(0x00ff_9552),
        hex(0x009a_a0a8),
    ],
};

/// The light theme: calm light greys.
pub static LIGHT: Tokens = Tokens {
    dark: false,
    page: hex(0x00fa_fafb),
    rail: hex(0x00f0_f1f3),
    card: hex(0x00f2_f3f5),
    raised: hex(0x00ff_ffff),
    field: hex(0x00ff_ffff),
    line: hex(0x00d9_dce0),
    line_strong: hex(0x00b4_b9c0),
    control: hex(0x00e4_e6ea),
    control_hover: hex(0x00d9_dce1),
    control_active: hex(0x00cc_d0d6),
    row_hover: hex(0x00ee_f0f2),
    row_selected: hex(0x00df_e8fd),
    text_strong: hex(0x0010_1215),
    text: hex(0x0032_363c),
    text_subdued: hex(0x0061_6770),
    accent: hex(0x002f_55d4),
    accent_hover: hex(0x0025_48bd),
    on_accent: hex(0x00ff_ffff),
    accent_text: hex(0x0028_4cc8),
    danger: hex(0x00c0_2f39),
    danger_hover: hex(0x00a8_252f),
    on_danger: hex(0x00ff_ffff),
    selection: hex(0x00c5_d5fb),
    focus: hex(0x002f_55d4),
    focus_halo: veil(0x002f_55d4, 76),
    info: tone(0x00e6_effd, 0x002b_69d1, 0x001e_4c9c),
    success: tone(0x00e2_f5ea, 0x0017_7a47, 0x0012_5f38),
    warn: tone(0x00fc_f1d6, 0x0091_6100, 0x0073_4d00),
    error: tone(0x00fd_e8e9, 0x00c0_2f39, 0x009b_1f29),
    neutral: tone(0x00e4_e6ea, 0x0061_6770, 0x0032_363c),
    backdrop: Color32::from_black_alpha(70),
    shadow: Color32::from_black_alpha(40),
    profile: [
        hex(0x002f_62d9),
        hex(0x0017_7a47),
        hex(0x00a5_7000),
        hex(0x00c7_3540),
        hex(0x0076_47c9),
        hex(0x000d_7f8f),
        hex(0x00b8_550c),
        hex(0x0061_6770),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    /// The contrast ratio of WCAG 2.2 between two opaque colours.
    fn contrast(a: Color32, b: Color32) -> f32 {
        let luminance = |colour: Color32| {
            let [r, g, b, _] = egui::Rgba::from(colour).to_array();
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn words_can_be_read_on_everything_they_stand_on_in_both_themes() {
        for tokens in [&DARK, &LIGHT] {
            let mut pairs = vec![
                (tokens.on_accent, tokens.accent),
                (tokens.on_accent, tokens.accent_hover),
                (tokens.on_danger, tokens.danger),
                (tokens.accent_text, tokens.page),
            ];
            for ground in [tokens.page, tokens.rail, tokens.card, tokens.raised, tokens.field, tokens.row_selected] {
                pairs.extend([(tokens.text, ground), (tokens.text_subdued, ground), (tokens.text_strong, ground)]);
            }
            for tone in [tokens.info, tokens.success, tokens.warn, tokens.error, tokens.neutral] {
                pairs.extend([(tone.text, tone.fill), (tone.text, tokens.page), (tokens.text, tone.fill)]);
            }
            for (ink, ground) in pairs {
                assert!(contrast(ink, ground) >= 4.5, "{ink:?} on {ground:?}: {}", contrast(ink, ground));
            }
        }
    }

    #[test]
    fn marks_and_the_focus_ring_stand_out_by_three_to_one() {
        for tokens in [&DARK, &LIGHT] {
            for mark in [tokens.info.icon, tokens.success.icon, tokens.warn.icon, tokens.error.icon, tokens.focus] {
                assert!(contrast(mark, tokens.page) >= 3.0, "{mark:?}");
            }
            for mark in tokens.profile {
                assert!(contrast(mark, tokens.rail) >= 3.0, "{mark:?}");
            }
        }
    }
}
