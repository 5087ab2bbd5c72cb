//! The types a secret travels in: as text, or as bytes where it is none.

use std::sync::Arc;

use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// What stands where a secret was.
pub const MASK: &str = "•••";

/// A secret text: wiped from memory when dropped, without `Display` or `Serialize`, masked in `Debug`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text in as a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself, for the one place that sends it. Never format it into anything that is kept.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// True for the empty text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Enough to recognise it by and not to use it: its kind's prefix and last four characters (`gho_…abcd`).
    ///
    /// A text under 20 characters is all mask: eight known characters would be too much of it.
    pub fn masked(&self) -> String {
        let text = self.0.as_str();
        let count = text.chars().count();
        if count < 20 {
            return MASK.to_owned();
        }
        let prefix: String = ["gho_", "ghu_", "ghp_", "ghs_", "ghr_", "glpat-", "ya29.", "eyJ"]
            .into_iter()
            .find(|prefix| text.starts_with(prefix))
            .unwrap_or_default()
            .to_owned();
        let tail: String = text.chars().skip(count - 4).collect();
        format!("{prefix}…{tail}")
    }

    /// `text` with every occurrence of this secret masked, plain and percent-encoded.
    pub fn redact(&self, text: &str) -> String {
        // A secret of a few characters would mask half of any text and prove nothing.
        if self.0.len() < 4 {
            return text.to_owned();
        }
        let encoded: String =
            percent_encoding::utf8_percent_encode(&self.0, percent_encoding::NON_ALPHANUMERIC).to_string();
        let form: String = url::form_urlencoded::byte_serialize(self.0.as_bytes()).collect();
        [self.0.as_str(), &encoded, &form].into_iter().fold(text.to_owned(), |text, written| {
            if text.contains(written) { text.replace(written, MASK) } else { text }
        })
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(MASK)
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// Bytes that are no text and may hold a secret: wiped from memory with their last clone, masked in `Debug`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SecretBytes(Arc<Zeroizing<Vec<u8>>>);

impl SecretBytes {
    /// Takes bytes in as a secret.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Zeroizing::new(bytes)))
    }

    /// The bytes themselves. Never write them into anything that is kept.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_a_secret() {
        let shown = format!("{:?}", Some(Secret::new("hunter2-hunter2-hunter2")));
        assert_eq!(shown, "Some(•••)");
        assert_eq!(format!("{:?}", SecretBytes::new(b"hunter2".to_vec())), MASK);
    }

    #[test]
    fn a_masked_token_keeps_its_kind_and_its_last_four_characters() {
        assert_eq!(Secret::new("gho_16C7e42F292c6912E7710c838347Ae178B4a").masked(), "gho_…8B4a");
        assert_eq!(Secret::new("short").masked(), MASK);
    }

    #[test]
    fn redaction_finds_a_secret_in_its_encoded_forms_too() {
        let secret = Secret::new("p@ss word/1");
        for text in ["a=p@ss word/1", "a=p%40ss%20word%2F1", "a=p%40ss+word%2F1"] {
            assert_eq!(secret.redact(text), format!("a={MASK}"), "{text}");
        }
    }
}
