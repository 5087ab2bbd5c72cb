//! The sandbox's mail server over real sockets: what a provider's answers, this one answers, and what it took can be read.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod clients;
mod dialogue;
mod kept;
mod stage;
