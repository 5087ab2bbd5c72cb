//! Kinde's wire: the domain, machine to machine tokens, the Management API, discovery.
//!
//! Knows addresses, parameters and error bodies; decides nothing about profiles and prints nothing. Facts come from
//! Kinde's OpenAPI document (paths are named beside each call) and its pages on token errors.

pub mod api;
pub mod applications;
pub mod discovery;
pub mod domain;
pub mod env_vars;
pub mod error;
pub mod event_types;
pub mod jwks;
pub mod model;
pub mod token;
pub mod webhooks;
pub mod writes;

pub use api::KindeApi;
pub use applications::{Addresses, Application};
pub use domain::Domain;
pub use env_vars::EnvironmentVariable;
pub use error::{ApiError, ApiErrorKind, TokenError, TokenErrorKind};
pub use model::{AuthUrl, Environment, ProviderToken, Subject, User, UserPage, Wire, parse_time};
pub use token::{AccessToken, M2m, TokenSource};
pub use webhooks::{Definition, Event, EventType, Reply, Webhook, WebhookPatch};
pub use writes::{MARK, Marked, Thing, new_mark};
