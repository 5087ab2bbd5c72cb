//! A Kinde tenant on this machine.
//!
//! The sandbox answers what a real tenant answers, with the measured behaviour and the error bodies of Kinde, over
//! HTTP and HTTPS on 127.0.0.1, with a stand-in for each provider a connected app may lead to. Everything in it is made
//! up: its secrets live in its own folder and may be printed.
//!
//! One process serves a data folder: it holds `lock` and writes `running.json`. [`find`] tells whether one does,
//! [`attach`] uses that one or serves the sandbox itself, [`attach_briefly`] does so for a single command, [`facts()`] needs no server at all. [`Control`] sets the faults
//! of whichever process serves. Nothing here draws, and nothing here reads a person's profiles or keyring.

mod access;
mod applications;
mod ask;
mod ca;
mod connected;
mod control;
mod delivery;
mod direct;
mod error;
mod facts;
mod faults;
mod follow;
mod forge;
mod keys;
mod management;
mod oauth;
mod order;
mod organizations;
mod pages;
mod presets;
mod providers;
mod roles;
mod routes;
mod running;
mod samples;
mod schemas;
mod serve;
mod served;
mod smtp;
mod state;
mod token;
mod users;
mod using;
mod variables;
mod webhooks;
mod wellknown;
mod world;

pub use control::{Control, Mails, Published, Rotated, Rotation, Sample, SentBody, WebhookView};
pub use delivery::attempts::{AnswerBody, AttemptView, DeliveryView};
pub use delivery::line::AttemptLine;
pub use delivery::schedule::wait_before;
pub use direct::{Made, make, send_to, sign};
pub use error::SandboxError;
pub use facts::{FactApp, FactApplication, FactOrg, FactUser, Facts, facts};
pub use faults::{Down, Faults, ProviderFault, RateLimit};
pub use forge::{Forgery, forgeries};
pub use order::Order;
pub use running::{Running, find};
pub use schemas::{Live, keep_schemas};
pub use served::{Attached, Attempts, Options, Served, attach, attach_briefly};
pub use smtp::{MailBody, MailPart, MailView, USER as SMTP_USER};
pub use using::Using;
