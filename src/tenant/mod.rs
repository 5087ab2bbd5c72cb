//! A tenant as a person keeps it: profiles, what is remembered of each, `.env` import, scopes by room, the doctor.
//!
//! Holds no secret: those stand in the secret store under the profile's id. Decides whether an environment is guarded.

mod open;
mod profile;
mod profiles;

pub use open::Tenant;
pub use profile::{EnvironmentFacts, Guard, LastUser, LastWalk, Profile, ProfileKind, RememberedApp, SANDBOX_PROFILE};
pub use profiles::{Profiles, default_name};
