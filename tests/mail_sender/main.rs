//! What DNS and Resend say of a sender: over real servers on loopback and over stand-ins with every fault.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod cli;
#[path = "../common/dns.rs"]
mod dns;
mod mistakes;
mod resend;
mod resolver;
mod servers;
mod stand_in;
