//! An SMTP server, looked at from this computer the way Kinde's servers will use it.
//!
//! The dialogue is our own over tokio and rustls, since no client library tells enough of it: the greeting, every keyword of
//! EHLO before and after TLS, the whole certificate chain whatever it is worth, each reply word for word. Three rules hold
//! it:
//!
//! - **The password goes over good TLS alone**, once, and AUTH is never tried again by itself: accounts are locked by that.
//!   For 127.0.0.1 and ::1 a plan may lift the first half.
//! - **A secret is masked where a line is made**: a command is given with what the transcript may say of it, and what a
//!   server says is searched for the run's secrets in every encoding before anything keeps it.
//! - **After the 220 to STARTTLS nothing may follow in plain text**; what does ends the run.
//!
//! A pass from here says nothing of Kinde's own network: [`FROM_HERE`] stands above every check.

mod ehlo;
mod hide;
mod message;
mod plan;
mod probe;
mod reach;
mod reply;
mod run;
mod script;
mod setting;
mod stage;
mod talk;
mod tls;
mod told;
mod wire;
mod words;

pub use plan::{Limits, Plan};
pub use run::check;
pub use setting::Setting;
pub use stage::{Progress, Stage};
pub use tls::read_roots;
pub use told::{Address, Certificate, Correction, Line, Outcome, Sent, Side, TlsFacts};

/// Stands above every check: a pass here is no pass of Kinde's own network.
pub const FROM_HERE: &str = "From this computer. Kinde's servers will connect later.";
