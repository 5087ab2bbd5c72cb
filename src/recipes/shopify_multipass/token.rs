//! Shopify's Multipass token: AES-128-CBC over JSON, with an HMAC-SHA256 behind it, in base64url with padding.
//!
//! Key and MAC key are the two halves of the SHA-256 of the secret. Source: Shopify's page on Multipass.

use aws_lc_rs::cipher::{
    AES_128, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{self, GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose::URL_SAFE as WRITTEN};

use crate::secrets::Secret;

const BLOCK: usize = 16;
const MAC: usize = 32;

/// Padding may be missing in what is read: what was copied often lost it.
const READ: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a text is no Multipass token of this secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Not base64url.
    Encoding,
    /// Too short, or not of whole blocks: cut.
    Length(usize),
    /// The MAC does not hold.
    Mac,
    /// The MAC holds, and what it covers cannot be decrypted.
    Padding,
}

struct Keys {
    cipher: [u8; BLOCK],
    mac: hmac::Key,
}

fn keys(secret: &Secret) -> Keys {
    let hash = digest::digest(&digest::SHA256, secret.expose().as_bytes());
    let (cipher_half, mac_half) = hash.as_ref().split_at(BLOCK);
    let mut cipher = [0; BLOCK];
    cipher.copy_from_slice(cipher_half);
    Keys { cipher, mac: hmac::Key::new(hmac::HMAC_SHA256, mac_half) }
}

/// A token over `json` with this initialisation vector, which must be new and random for every token.
///
/// # Errors
/// When the crypto library refuses.
pub fn seal(secret: &Secret, json: &str, iv: [u8; BLOCK]) -> Result<String, &'static str> {
    let keys = keys(secret);
    let failed = |_| "the text could not be encrypted";
    let key = UnboundCipherKey::new(&AES_128, &keys.cipher).map_err(failed)?;
    let mut sealed = json.as_bytes().to_vec();
    PaddedBlockEncryptingKey::cbc_pkcs7(key)
        .and_then(|key| key.less_safe_encrypt(&mut sealed, EncryptionContext::Iv128(FixedLength::from(iv))))
        .map_err(failed)?;
    let mut token = iv.to_vec();
    token.append(&mut sealed);
    let mac = hmac::sign(&keys.mac, &token);
    token.extend_from_slice(mac.as_ref());
    Ok(WRITTEN.encode(token))
}

/// What is in `token`.
///
/// # Errors
/// When it is no token of this secret.
pub fn open(secret: &Secret, token: &str) -> Result<Vec<u8>, Fault> {
    let bytes = decode(token)?;
    let (sealed, mac) = bytes.split_at_checked(bytes.len() - MAC).ok_or(Fault::Length(bytes.len()))?;
    let keys = keys(secret);
    hmac::verify(&keys.mac, sealed, mac).map_err(|_| Fault::Mac)?;
    let (iv, text) = sealed.split_at_checked(BLOCK).ok_or(Fault::Length(bytes.len()))?;
    let iv: [u8; BLOCK] = iv.try_into().map_err(|_| Fault::Length(bytes.len()))?;
    let mut text = text.to_vec();
    let key = UnboundCipherKey::new(&AES_128, &keys.cipher).map_err(|_| Fault::Padding)?;
    let plain = PaddedBlockDecryptingKey::cbc_pkcs7(key)
        .and_then(|key| key.decrypt(&mut text, DecryptionContext::Iv128(FixedLength::from(iv))).map(|it| it.to_vec()))
        .map_err(|_| Fault::Padding)?;
    Ok(plain)
}

/// The bytes of a token: vector, whole blocks, MAC.
///
/// # Errors
/// When it is no base64, or not of that length.
pub fn decode(token: &str) -> Result<Vec<u8>, Fault> {
    let plain = general_purpose::GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let bytes = READ.decode(token).or_else(|_| plain.decode(token)).map_err(|_| Fault::Encoding)?;
    let least = BLOCK + BLOCK + MAC;
    if bytes.len() < least || !(bytes.len() - MAC).is_multiple_of(BLOCK) {
        return Err(Fault::Length(bytes.len()));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "1234567890abcdef1234567890abcdef";
    const JSON: &str = r#"{"created_at":"2026-11-23T15:00:00Z","email":"nic@example.com"}"#;
    /// Made by two other implementations, with the bytes 0 to 15 as vector.
    const VECTOR: &str = "AAECAwQFBgcICQoLDA0ODxyvQbGLmzcWU_6xP2COK6LJWHAqLMYbPeHn-mCCbPo0qP5eab-Z-gjRakir18ZOtDbEuxhgUW30h-BOsQM8d6efAC_6rfoZsroSNiFBbD98to0Pp1W2t1YOb7JqfaeE1Q==";

    fn iv() -> [u8; 16] {
        std::array::from_fn(|at| u8::try_from(at).unwrap())
    }

    #[test]
    fn a_token_is_byte_for_byte_that_of_the_other_implementations() {
        let secret = Secret::new(SECRET);
        assert_eq!(seal(&secret, JSON, iv()).unwrap(), VECTOR);
        assert_eq!(open(&secret, VECTOR).unwrap(), JSON.as_bytes());
    }

    #[test]
    fn a_token_that_lost_its_padding_or_was_written_in_plain_base64_is_still_read() {
        let secret = Secret::new(SECRET);
        assert!(open(&secret, VECTOR.trim_end_matches('=')).is_ok());
        assert!(open(&secret, &VECTOR.replace('-', "+").replace('_', "/")).is_ok());
    }

    #[test]
    fn another_secret_a_changed_letter_and_a_cut_token_are_told_apart() {
        let secret = Secret::new(SECRET);
        assert_eq!(open(&Secret::new("another"), VECTOR), Err(Fault::Mac));
        let changed = VECTOR.replacen("Qbg", "QbG", 1).replacen("AAEC", "AAED", 1);
        assert_eq!(open(&secret, &changed), Err(Fault::Mac));
        assert_eq!(open(&secret, &VECTOR[..40]), Err(Fault::Length(30)));
        assert_eq!(open(&secret, "not a token!"), Err(Fault::Encoding));
        assert_eq!(open(&secret, ""), Err(Fault::Length(0)));
    }

    #[test]
    fn any_text_comes_back_as_it_was() {
        let secret = Secret::new("k");
        for length in [0, 1, 15, 16, 17, 1000] {
            let text = "é".repeat(length);
            assert_eq!(open(&secret, &seal(&secret, &text, iv()).unwrap()).unwrap(), text.as_bytes());
        }
    }
}
