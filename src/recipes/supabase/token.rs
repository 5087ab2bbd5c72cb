//! The token that Supabase takes: HS256 (RFC 7518 section 3.2) over the claims its policies look at.

use aws_lc_rs::hmac;
use serde::Serialize;

use crate::jwt::encode_base64url;
use crate::secrets::Secret;

/// How long a minted token is good, in seconds.
pub const LIFETIME: i64 = 300;
/// The role that the policies are for, and the audience.
pub const AUTHENTICATED: &str = "authenticated";

/// The claims, in the order they are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Claims {
    /// The Kinde user ID.
    pub sub: String,
    /// The email, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The role of the database.
    pub role: String,
    /// The audience.
    pub aud: String,
    /// When it was minted, in seconds of Unix time.
    pub iat: i64,
    /// When it expires.
    pub exp: i64,
}

impl Claims {
    /// Those of `user`, minted at `at`.
    pub fn of(user: &str, at: i64) -> Self {
        Self {
            sub: user.to_owned(),
            email: None,
            role: AUTHENTICATED.to_owned(),
            aud: AUTHENTICATED.to_owned(),
            iat: at,
            exp: at.saturating_add(LIFETIME),
        }
    }
}

/// A token over `claims`.
pub fn mint(secret: &Secret, claims: &Claims) -> String {
    let payload = serde_json::to_string(claims).unwrap_or_default();
    let input =
        format!("{}.{}", encode_base64url(br#"{"alg":"HS256","typ":"JWT"}"#), encode_base64url(payload.as_bytes()));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes()), input.as_bytes());
    format!("{input}.{}", encode_base64url(tag.as_ref()))
}

/// True where `secret` signed `token` with HS256.
pub fn is_signed_with(secret: &Secret, signed: &[u8], signature: &[u8]) -> bool {
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes()), signed, signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::Compact;

    /// Made by the package jsonwebtoken.
    const VECTOR: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJrcF8xMjMiLCJyb2xlIjoiYXV0aGVudGljYXRlZCIsImF1ZCI6ImF1dGhlbnRpY2F0ZWQiLCJpYXQiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMDMwMH0.x7Qu0yhp9RFhD_FNE5QQAqc2rqbf0UrWq1YxMrDzFqQ";

    #[test]
    fn a_minted_token_is_byte_for_byte_that_of_the_other_implementation() {
        let secret = Secret::new("kinde-client-secret-0123456789abcdefABCDEFGHIJ");
        assert_eq!(mint(&secret, &Claims::of("kp_123", 1_700_000_000)), VECTOR);
        let compact = Compact::split(VECTOR.as_bytes()).unwrap();
        assert!(is_signed_with(&secret, compact.signed, &compact.signature));
        assert!(!is_signed_with(&Secret::new("another"), compact.signed, &compact.signature));
    }
}
