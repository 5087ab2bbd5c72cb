//! The Inspector by its accessible names: what is pasted and what arrives, how it is told, chosen, and what is done with it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/stage.rs"]
mod stage;

mod choosing;
mod following;
mod live;
mod looks;
mod pasted;
mod receiving;
mod searching;
mod sending;
mod sending_looks;
