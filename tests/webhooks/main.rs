//! Webhooks against a Kinde of a few lines on this machine, with every call cut.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
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
mod strays;
mod trigger;
mod window;
