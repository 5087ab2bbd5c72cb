//! The Email room under a hand that clicks and types.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod accounts;
#[path = "../common/mod.rs"]
mod common;
mod form;
mod handover;
mod headers;
mod pictures;
mod result;
#[path = "../common/stage.rs"]
mod scene;
mod stage;
