//! The check of an SMTP server, against a scripted server with every fault and against a real Postfix.
//!
//! Each situation must end in its own right verdict and fix, and in none of them may a secret be seen, in any encoding.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod certs;
#[path = "../common/dns.rs"]
#[expect(dead_code, reason = "the sender's tests use the rest of it")]
mod dns;
mod run;
mod server;

mod certificates;
mod command;
mod envelope;
mod modes;
mod names;
mod noise;
mod postfix;
mod providers;
mod secrets;
mod sign_in;
mod starttls;
