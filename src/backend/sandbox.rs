//! Being written.

use super::Job;

/// What the screen asks.
#[derive(Debug)]
pub enum Command {}

/// What comes back.
#[derive(Debug)]
pub enum Event {}

/// Runs one command to its end.
pub async fn run(command: Command, job: Job) {
    drop(job);
    match command {}
}
