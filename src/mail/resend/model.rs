//! What Resend's API answers, as far as it is looked at. Members that are missing are no error: the shapes grow.

use serde::Deserialize;

/// A page of `GET /domains`: without records.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Domains {
    /// True where more follow.
    #[serde(default)]
    pub has_more: bool,
    /// The domains.
    pub data: Vec<Domain>,
}

/// A domain of the account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Domain {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `not_started`, `pending`, `verified`, `failed`, `partially_verified`, `partially_failed`.
    #[serde(default)]
    pub status: String,
    /// Where it is hosted, such as `eu-west-1`.
    #[serde(default)]
    pub region: String,
    /// When it was added, in Resend's writing.
    #[serde(default)]
    pub created_at: String,
    /// What it may be used for.
    #[serde(default)]
    pub capabilities: Option<Capabilities>,
    /// The records it needs; only `GET /domains/{id}` tells.
    #[serde(default)]
    pub records: Vec<Record>,
}

impl Domain {
    /// Whether Resend sends as this domain: by its status, and where that does not say it by what Resend says of the records
    /// that sending needs. The list of domains comes without records.
    pub fn sends(&self) -> Sends {
        let mut needed = self.records.iter().filter(|record| record.is_for_sending()).peekable();
        let listed = needed.peek().is_some();
        let verified = listed && needed.all(|record| record.status == "verified");
        if self.capabilities.as_ref().is_some_and(|capabilities| capabilities.sending == "disabled") {
            return Sends::No;
        }
        match self.status.as_str() {
            "verified" => Sends::Yes,
            "partially_verified" | "partially_failed" if verified => Sends::Yes,
            "partially_verified" | "partially_failed" if !listed => Sends::Unknown,
            "partially_verified" | "partially_failed" | "not_started" | "pending" | "failed" | "temporary_failure" => {
                Sends::No
            }
            _ => Sends::Unknown,
        }
    }
}

/// Whether Resend sends as a domain, as far as the API tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sends {
    /// It does.
    Yes,
    /// It refuses with 403.
    No,
    /// What the API says does not tell it.
    Unknown,
}

/// `enabled` or `disabled`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Capabilities {
    /// Sending.
    #[serde(default)]
    pub sending: String,
    /// Receiving.
    #[serde(default)]
    pub receiving: String,
}

/// A record that Resend asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Record {
    /// `SPF`, `DKIM`, `Receiving`, `Tracking`, `TrackingCAA`.
    #[serde(default)]
    pub record: String,
    /// Its name, in full or without the zone's.
    pub name: String,
    /// `MX`, `TXT`, `CNAME`, `CAA`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `pending`, `verified`, `failed`, `temporary_failure`, `not_started`.
    #[serde(default)]
    pub status: String,
    /// What has to stand there; TXT sometimes within quotation marks.
    pub value: String,
    /// Preference of an MX.
    #[serde(default)]
    pub priority: Option<u16>,
}

impl Record {
    /// True for what sending needs.
    pub fn is_for_sending(&self) -> bool {
        matches!(self.record.as_str(), "SPF" | "DKIM")
    }
}

/// `POST /emails`.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Accepted {
    /// The email's id.
    pub id: String,
}

/// `GET /emails/{id}`.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Email {
    /// `queued`, `sent`, `delivered`, `delivery_delayed`, `bounced`, `complained`, `suppressed`, `failed` …
    #[serde(default)]
    pub last_event: Option<String>,
}
