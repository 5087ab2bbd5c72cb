//! The sandbox delivers: to real sockets, from the command line, forged where that is wanted, and through a kill.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod api;
mod brief;
mod control;
mod forgeries;
mod killed;
mod off;
mod process;
mod schedule;
mod send;
mod sink;
mod tenant;
