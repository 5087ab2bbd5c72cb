//! What a person chose for the public address of a profile's receiver: remembered with the profile, no secret.

use serde::{Deserialize, Serialize};

/// The choices.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PublicChoices {
    /// The tunnel wanted last, as the tunnel's room writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wish: Option<serde_json::Value>,
    /// A person has read what localtunnel means, and agreed.
    pub localtunnel_allowed: bool,
    /// The same while the environment was live, or not known to be anything else.
    pub live_allowed: bool,
}

impl PublicChoices {
    /// True where nothing was chosen: nothing is written then.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
