//! Whether what the palette offers can be done now.

use super::shell::Shell;
use crate::action::{Action, Room};
use crate::secrets::KeyringState;
use crate::tenant::SANDBOX_PROFILE;

impl Shell {
    /// False where choosing it would do nothing, or show a room that is not there.
    pub(super) fn can(&mut self, action: &Action) -> bool {
        match action {
            Action::Go(Room::Sandbox) => self.on_the_sandbox(),
            Action::Sandbox(ask) => self.on_the_sandbox() && self.screens.sandbox.can(*ask),
            Action::ExploreSandbox => self.prefs.profile != Some(SANDBOX_PROFILE) || self.room != Room::ConnectedApps,
            Action::RetryKeyring => self.keyring != KeyringState::Ready,
            Action::SetTheme(theme) => self.prefs.theme != *theme,
            Action::ZoomReset => (self.prefs.zoom - 1.0).abs() > 0.001,
            Action::OpenTrigger => self.profile().is_some(),
            Action::Tenant(ask) => self.with_cx(|screens, cx, _| screens.tenant.can(*ask, cx)),
            Action::ConnectedApps(ask) => self.with_cx(|screens, cx, _| screens.connected_apps.can(*ask, cx)),
            Action::Webhooks(ask) => self.with_cx(|screens, cx, _| screens.webhooks.can(*ask, cx)),
            Action::Inspector(ask) => self.with_cx(|screens, cx, _| screens.inspector.can(*ask, cx)),
            _ => true,
        }
    }
}
