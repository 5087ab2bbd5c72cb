//! The sandbox over real sockets, by the panel's own HTTP client: what a tenant promises, this one keeps.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod api;
mod applications;
mod control;
mod providers;
mod serving;
mod sign_in;
mod stage;
mod walks;
