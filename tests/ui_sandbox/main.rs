//! The Sandbox room under a hand that clicks and types.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

#[path = "../common/mod.rs"]
mod common;
mod deliveries;
mod faults;
mod mail;
mod overview;
mod pictures;
mod send;
mod stage;
