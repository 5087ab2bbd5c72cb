//! What the shell itself asks for: the profiles, a browser, the keyring.

use super::Job;
use crate::error::{Category, UserError};
use crate::net::Exchange;
use crate::secrets::KeyringState;
use crate::tenant::Profile;

/// What the shell asks.
#[derive(Debug)]
pub enum Command {
    /// Read `profiles.json` again.
    ReadProfiles,
    /// Open an address in the system's browser.
    OpenUrl(String),
    /// Look for the keyring again, and move this run's secrets into it.
    ProbeKeyring,
}

/// What comes back.
#[derive(Debug)]
pub enum Event {
    /// The profiles as they are on disk.
    Profiles(Result<Vec<Profile>, UserError>),
    /// The profiles' file was damaged and was taken from the copy beside it: what and where, in words.
    Restored(String),
    /// One HTTP exchange, redacted.
    Exchange(Box<Exchange>),
    /// What is known of the keyring now, and how many secrets moved into it.
    Keyring(KeyringState, usize),
    /// The system asks the program to end.
    AskedToEnd,
    /// No browser could be opened: the address, and why.
    NoBrowser(String, UserError),
}

/// Runs one command to its end.
pub async fn run(command: Command, job: Job) {
    match command {
        Command::ReadProfiles => {
            let profiles = job.services.profiles.clone();
            let read = tokio::task::spawn_blocking(move || profiles.list()).await.unwrap_or_else(|_| {
                Err(UserError::new(Category::Internal, "Reading the profiles broke off").hint("Try again"))
            });
            job.send(Event::Profiles(read)).await;
            if let Some(words) = job.services.take_restored() {
                job.send(Event::Restored(words)).await;
            }
        }
        Command::OpenUrl(url) => {
            let asked = url.clone();
            let opened = tokio::task::spawn_blocking(move || open::that_detached(asked)).await;
            let reason = match opened {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error.to_string(),
                Err(_) => "the call broke off".to_owned(),
            };
            let error = UserError::new(Category::File, "No browser could be opened")
                .detail(reason)
                .hint("Copy the address and open it yourself");
            job.send(Event::NoBrowser(url, error)).await;
        }
        Command::ProbeKeyring => {
            let moved = job.services.secrets.keep_for_good().await;
            job.send(Event::Keyring(job.services.secrets.state(), moved)).await;
        }
    }
}
