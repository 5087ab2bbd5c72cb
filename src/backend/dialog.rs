//! The file chooser of the desktop, and what is said where there is none.
//!
//! On Linux the chooser is the desktop portal's, else `zenity`. With neither, asking for a file ends like a press on
//! Cancel: only a look at what is there can tell the two apart, and it is taken each time nothing was chosen.

use std::path::PathBuf;

use rfd::AsyncFileDialog;

use crate::error::UserError;

/// Asks for a file to open; `None` when the person chose none. `instead` is another way to the same end, as it follows
/// `Or `: it is told where there is no chooser.
///
/// # Errors
/// Where there is no file chooser.
pub async fn open(dialog: AsyncFileDialog, instead: &str) -> Result<Option<PathBuf>, UserError> {
    told(dialog.pick_file().await, instead).await
}

/// Asks where to save a file; as [`open()`].
///
/// # Errors
/// Where there is no file chooser.
pub async fn save(dialog: AsyncFileDialog, instead: &str) -> Result<Option<PathBuf>, UserError> {
    told(dialog.save_file().await, instead).await
}

/// Asks for a folder; as [`open()`].
///
/// # Errors
/// Where there is no file chooser.
pub async fn folder(dialog: AsyncFileDialog, instead: &str) -> Result<Option<PathBuf>, UserError> {
    told(dialog.pick_folder().await, instead).await
}

async fn told(chosen: Option<rfd::FileHandle>, instead: &str) -> Result<Option<PathBuf>, UserError> {
    match chosen {
        Some(file) => Ok(Some(file.path().to_owned())),
        None => missing(instead).await.map_or(Ok(None), Err),
    }
}

/// macOS and Windows always have theirs.
#[cfg(not(target_os = "linux"))]
async fn missing(_: &str) -> Option<UserError> {
    None
}

#[cfg(target_os = "linux")]
async fn missing(instead: &str) -> Option<UserError> {
    let lacks = linux::lacks(std::env::var_os("PATH"), zbus::connection::Builder::session()).await?;
    Some(linux::told(&lacks, instead))
}

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::OsString;
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Duration;

    use zbus::connection::Builder;

    use crate::error::{Category, UserError};

    /// What stands between a person and a file chooser.
    #[derive(Debug, PartialEq, Eq)]
    pub(super) enum Lacks {
        /// No portal answers.
        Portal,
        /// A portal answers, and the library that calls it is not there.
        Library,
    }

    /// What is missing, where no chooser can have come up.
    pub(super) async fn lacks(path: Option<OsString>, bus: zbus::Result<Builder<'_>>) -> Option<Lacks> {
        if has_zenity(path).await {
            None
        } else if !portal_answers(bus).await {
            Some(Lacks::Portal)
        } else if !library_is_loaded().await {
            Some(Lacks::Library)
        } else {
            None
        }
    }

    pub(super) fn told(lacks: &Lacks, instead: &str) -> UserError {
        let (detail, install) = match lacks {
            Lacks::Portal => (
                "No desktop portal answers on the session bus, and `zenity` is not installed",
                "Install `xdg-desktop-portal` with the part for your desktop, or `zenity`",
            ),
            Lacks::Library => (
                "The desktop portal is called through `libdbus-1.so.3`, which is not installed; nor is `zenity`",
                "Install `libdbus` or `zenity`",
            ),
        };
        UserError::new(Category::File, "This desktop has no file chooser")
            .detail(detail)
            .hint(format!("{install}. Or {instead}"))
    }

    async fn has_zenity(path: Option<OsString>) -> bool {
        let look = move || {
            std::env::split_paths(&path.unwrap_or_default()).any(|folder| {
                let about = std::fs::metadata(folder.join("zenity"));
                about.is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
            })
        };
        // A folder of the path may be on another machine.
        tokio::task::spawn_blocking(look).await.unwrap_or_default()
    }

    /// Asks the portal for the version of its chooser: one without a part for this desktop has no chooser to show.
    async fn portal_answers(bus: zbus::Result<Builder<'_>>) -> bool {
        let ask = async {
            let connection = bus?.build().await?;
            let body = ("org.freedesktop.portal.FileChooser", "version");
            let (name, path) = ("org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop");
            connection.call_method(Some(name), path, Some("org.freedesktop.DBus.Properties"), "Get", &body).await
        };
        // The chooser was asked just before: what is started by asking is up by now.
        tokio::time::timeout(Duration::from_secs(5), ask).await.is_ok_and(|answer| answer.is_ok())
    }

    /// Whether the library is in this process: it is loaded when a chooser is first asked for, and stays.
    async fn library_is_loaded() -> bool {
        tokio::fs::read_to_string("/proc/self/maps").await.map_or(true, |maps| maps.contains("/libdbus-1.so"))
    }

    #[cfg(test)]
    mod tests {
        use std::io::{BufRead as _, BufReader, Write as _};
        use std::process::{Child, Command, Stdio};

        use super::*;

        /// A session bus of its own, with nobody on it.
        struct Bus {
            daemon: Child,
            address: String,
        }

        impl Bus {
            fn start(folder: &std::path::Path) -> Self {
                let mut daemon = Command::new("dbus-daemon")
                    .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
                    .arg(format!("--address=unix:dir={}", folder.display()))
                    // Without services to start: those of this machine's desktop are none of its business.
                    .env("XDG_DATA_DIRS", folder)
                    .env("XDG_DATA_HOME", folder)
                    .env("XDG_RUNTIME_DIR", folder)
                    .stdout(Stdio::piped())
                    .stderr(Stdio::null())
                    .spawn()
                    .expect("dbus-daemon, of the package that brings dbus-run-session");
                let mut address = String::new();
                BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
                Self { daemon, address: address.trim().to_owned() }
            }

            fn builder(&self) -> zbus::Result<Builder<'static>> {
                Builder::address(self.address.as_str())
            }
        }

        impl Drop for Bus {
            fn drop(&mut self) {
                self.daemon.kill().ok();
                self.daemon.wait().ok();
            }
        }

        fn skipped() -> bool {
            let skip = std::env::var("KINDE_PANEL_SKIP").unwrap_or_default();
            let skipped = skip.split_whitespace().any(|word| word == "keyring");
            if skipped {
                writeln!(std::io::stderr(), "SKIPPED: no D-Bus here, by your choice").ok();
            }
            skipped
        }

        struct Chooser;

        #[zbus::interface(name = "org.freedesktop.portal.FileChooser")]
        impl Chooser {
            #[zbus(property, name = "version")]
            fn version(&self) -> u32 {
                4
            }
        }

        #[tokio::test]
        async fn with_no_portal_and_no_zenity_what_to_install_and_what_to_do_instead_is_told() {
            if skipped() {
                return;
            }
            let folder = tempfile::tempdir().unwrap();
            let bus = Bus::start(folder.path());
            let path = || Some(folder.path().as_os_str().to_owned());
            assert_eq!(lacks(path(), bus.builder()).await, Some(Lacks::Portal));
            assert_eq!(lacks(None, bus.builder()).await, Some(Lacks::Portal));
            let error = told(&Lacks::Portal, "paste the token");
            assert!(error.detail.contains("portal") && error.detail.contains("`zenity`"), "{error:?}");
            assert!(error.hint.contains("`xdg-desktop-portal`") && error.hint.ends_with("Or paste the token"));
            // A file of the name alone is no program.
            let zenity = folder.path().join("zenity");
            std::fs::write(&zenity, "").unwrap();
            assert_eq!(lacks(path(), bus.builder()).await, Some(Lacks::Portal));
            std::fs::set_permissions(&zenity, std::fs::Permissions::from_mode(0o755)).unwrap();
            assert_eq!(lacks(path(), bus.builder()).await, None);
        }

        #[tokio::test]
        async fn a_portal_without_a_chooser_or_without_the_library_that_calls_it_is_no_chooser() {
            if skipped() {
                return;
            }
            let folder = tempfile::tempdir().unwrap();
            let bus = Bus::start(folder.path());
            let portal = bus.builder().unwrap().name("org.freedesktop.portal.Desktop").unwrap().build().await.unwrap();
            // From here on it answers, if only that there is no such object.
            portal.object_server();
            assert_eq!(lacks(None, bus.builder()).await, Some(Lacks::Portal));
            portal.object_server().at("/org/freedesktop/portal/desktop", Chooser).await.unwrap();
            // Nothing in this process asked for a file, so the library is not in it.
            assert_eq!(lacks(None, bus.builder()).await, Some(Lacks::Library));
        }

        #[tokio::test]
        async fn where_there_is_no_bus_at_all_there_is_no_portal() {
            let folder = tempfile::tempdir().unwrap();
            let address = format!("unix:path={}/none", folder.path().display());
            assert_eq!(lacks(None, Builder::address(address.as_str())).await, Some(Lacks::Portal));
        }
    }
}
