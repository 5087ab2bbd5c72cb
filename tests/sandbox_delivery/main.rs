//! The sandbox delivers: to real sockets, from the command line, forged where that is wanted, and through a kill.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod control;
mod forgeries;
mod killed;
mod process;
mod send;
mod sink;
