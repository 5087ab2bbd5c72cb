//! Webhooks against a Kinde of a few lines on this machine, with every call cut.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may stop at the first surprise"
)]

mod borrow;
mod cut;
#[cfg(target_os = "linux")]
mod killed;
mod kinde;
mod manage;
mod plan;
mod process;
#[cfg(unix)]
mod register;
mod replace;
#[cfg(unix)]
#[path = "../public/stand_in.rs"]
mod stand_in;
mod strays;
mod trigger;
#[cfg(unix)]
mod tunnelled;
mod window;
