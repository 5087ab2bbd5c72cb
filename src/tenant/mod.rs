//! A tenant as a person keeps it: profiles, what is remembered of each, `.env` import, scopes by room, the doctor.
//!
//! Holds no secret: those stand in the secret store under the profile's id. Decides whether an environment is guarded.

pub mod add;
pub mod doctor;
pub mod env_import;
mod keys;
mod open;
pub mod own_secret;
pub mod places;
mod profile;
mod profiles;
mod public;
pub mod scopes;

pub use open::{SecretTrouble, Tenant};
pub use profile::{
    EnvironmentFacts, Guard, KeptRecipe, LastRecipe, LastUser, LastWalk, Profile, ProfileKind, RememberedApp,
    SANDBOX_PROFILE, WEB_CLIENT_SECRET_FIELD,
};
pub use profiles::{Profiles, default_name};
pub use public::PublicChoices;
