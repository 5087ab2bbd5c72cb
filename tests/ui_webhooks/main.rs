//! The webhooks room, driven by its accessible names: what is pressed, what is asked, what is shown; and what the backend
//! does with it on the sandbox.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test may stop at the first surprise"
)]

#[path = "../common/mod.rs"]
mod common;

mod away;
mod backend;
mod editor;
mod leftovers;
mod list;
mod more;
mod pictures;
mod remove;
mod stage;
