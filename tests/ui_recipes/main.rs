//! The Recipes room under a hand that clicks and types, and the backend behind it on the sandbox.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod backend;
mod change;
#[path = "../common/mod.rs"]
mod common;
mod forget;
mod list;
mod other_inputs;
mod page;
mod pictures;
mod refused;
mod save;
#[expect(dead_code, reason = "the tests of other rooms keep a note in it")]
#[path = "../common/stage.rs"]
mod scene;
mod stage;
mod values;
