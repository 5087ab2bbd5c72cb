//! The one icon set: our own 16-unit SVG drawings, shown as text glyphs so that they take the text's colour at any zoom.
//!
//! An icon is never the only name of a thing: a widget that shows one alone takes a name beside it.

use egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Response, Sense, Ui, vec2};

macro_rules! icons {
    ($($(#[$doc:meta])* $name:ident = $file:literal,)+) => {
        /// One drawing of the set.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Icon {
            $($(#[$doc])* $name,)+
        }

        impl Icon {
            /// Every icon, in the order of the set.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The file's stem, for the gallery.
            pub fn file(self) -> &'static str {
                match self { $(Self::$name => $file,)+ }
            }

            fn svg(self) -> &'static [u8] {
                match self { $(Self::$name => include_bytes!(concat!("../../assets/icons/", $file, ".svg")),)+ }
            }
        }
    };
}

icons! {
    /// Tenant.
    Tenant = "tenant",
    /// Connected apps.
    Apps = "apps",
    /// Webhook.
    Webhook = "webhook",
    /// Inspector.
    Inspector = "inspector",
    /// Search.
    Search = "search",
    /// Mail.
    Mail = "mail",
    /// Recipes.
    Recipe = "recipe",
    /// Sandbox.
    Sandbox = "sandbox",
    /// Settings.
    Settings = "settings",
    /// Activity.
    Activity = "activity",
    /// Copy.
    Copy = "copy",
    /// Check.
    Check = "check",
    /// Cross.
    Cross = "cross",
    /// Warning.
    Warning = "warning",
    /// Skip.
    Skip = "skip",
    /// Done.
    CircleCheck = "circle_check",
    /// Failed.
    CircleCross = "circle_cross",
    /// Circle.
    Circle = "circle",
    /// Dot.
    Dot = "dot",
    /// Running.
    Running = "running",
    /// Clock.
    Clock = "clock",
    /// Play.
    Play = "play",
    /// Stop.
    Stop = "stop",
    /// Refresh.
    Refresh = "refresh",
    /// Opens in the browser.
    External = "external",
    /// Plus.
    Plus = "plus",
    /// Trash.
    Trash = "trash",
    /// Edit.
    Edit = "edit",
    /// Chevron right.
    ChevronRight = "chevron_right",
    /// Chevron down.
    ChevronDown = "chevron_down",
    /// Chevron up.
    ChevronUp = "chevron_up",
    /// Chevron left.
    ChevronLeft = "chevron_left",
    /// Eye.
    Eye = "eye",
    /// Eye off.
    EyeOff = "eye_off",
    /// Lock.
    Lock = "lock",
    /// Unlock.
    Unlock = "unlock",
    /// Key.
    Key = "key",
    /// User.
    User = "user",
    /// Org.
    Org = "org",
    /// Download.
    Download = "download",
    /// Upload.
    Upload = "upload",
    /// Sun.
    Sun = "sun",
    /// Moon.
    Moon = "moon",
    /// Info.
    Info = "info",
    /// Help.
    Help = "help",
    /// Terminal.
    Terminal = "terminal",
    /// Paste.
    Paste = "paste",
    /// Filter.
    Filter = "filter",
    /// Bell.
    Bell = "bell",
    /// Menu.
    Menu = "menu",
    /// More.
    More = "more",
    /// Logo.
    Logo = "logo",
    /// Pause.
    Pause = "pause",
    /// Link.
    Link = "link",
    /// File.
    File = "file",
    /// Folder.
    Folder = "folder",
}

/// The private-use character the set begins at.
const FIRST: u32 = 0xF_0000;

impl Icon {
    /// The character that stands for the icon once [`install`] has run.
    pub fn glyph(self) -> char {
        char::from_u32(FIRST + self as u32).unwrap_or(' ')
    }

    /// Paints the icon `size` points high around `centre`.
    pub fn paint(self, painter: &Painter, centre: Pos2, size: f32, colour: Color32) {
        painter.text(centre, Align2::CENTER_CENTER, self.glyph(), FontId::proportional(size), colour);
    }

    /// Shows the icon as a picture with a name; it takes `size` points in both directions.
    pub fn show(self, ui: &mut Ui, size: f32, colour: Color32, name: &str) -> Response {
        let (rect, response) = ui.allocate_exact_size(vec2(size, size), Sense::hover());
        self.paint_in(ui, rect, colour);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, name));
        response
    }

    /// Paints the icon to fill `rect`'s height.
    pub fn paint_in(self, ui: &Ui, rect: Rect, colour: Color32) {
        self.paint(ui.painter(), rect.center(), rect.height(), colour);
    }
}

/// Makes the set known to `ctx`. Calling it again does nothing.
pub fn install(ctx: &egui::Context) {
    for icon in Icon::ALL {
        match egui_extras::SvgGlyph::from_bytes(icon.svg()) {
            Ok(glyph) => {
                let glyph = glyph.with_color(false).with_height(1.0).with_baseline_offset(BASELINE);
                ctx.add_glyph_rasterizer(glyph.into_rasterizer(icon.glyph()));
            }
            Err(error) => tracing::warn!("The icon {} cannot be read: {error}", icon.file()),
        }
    }
}

/// How far above the baseline an icon stands, in em: lets its middle fall on the middle of a text row.
const BASELINE: f32 = -0.16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_icon_can_be_drawn() {
        for icon in Icon::ALL {
            let glyph = egui_extras::SvgGlyph::from_bytes(icon.svg()).unwrap();
            assert!(glyph.rasterize(16.0).is_some(), "{icon:?}");
        }
    }
}
