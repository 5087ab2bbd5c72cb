//! What goes over the control address, both ways.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sandbox::schemas::Live;

/// Something that happens at a provider, outside Kinde.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    /// The account's owner disconnects the app.
    Disconnect,
    /// Its tokens expire.
    Expire,
}

/// What happens to the connected app of a key.
#[derive(Debug, Serialize, Deserialize)]
pub struct Provider {
    /// Reference key.
    pub key: String,
    /// What happens.
    pub does: Happening,
}

/// The most webhooks the made-up plan allows.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Limit {
    /// `None`: any number.
    pub limit: Option<u32>,
}

/// What becomes of the key that signed until now. Kinde publishes no word on how long its own stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rotation {
    /// It stays in the key set: what it signed still verifies, and access tokens it signed are taken.
    KeepOld,
    /// It and every older one leave the key set at once: what they signed verifies no more, as after a leak.
    DropOld,
}

/// What a rotation did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotated {
    /// Key ID of the key that signs from now on.
    pub kid: String,
    /// Key ID of the one that signed until now.
    pub old_kid: String,
    /// Whether that one is still published.
    pub old_is_published: bool,
}

/// A sample event, before it is signed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Everything the token would say: new ids, the present moment.
    pub payload: Value,
    /// What is peculiar about it.
    pub note: Option<String>,
    /// The live schema it follows, where one is kept that says something of it.
    #[serde(default)]
    pub live: Option<Live>,
}

/// What came of publishing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Ids of the events, in order.
    pub events: Vec<String>,
    /// Numbers of their deliveries, in order; none where no webhook chose the type.
    pub deliveries: Vec<i64>,
}
