//! Whether a client secret from the keyring is the one that was typed last.
//!
//! A keyring that refuses keeps what it had: an older secret, perhaps of another application. So a profile keeps two
//! bytes that follow from the secret it was given last: enough to tell another one, far too little to find it by.

use uuid::Uuid;

use crate::secrets::Secret;

/// Two bytes of a digest over profile, client ID and secret, as hexadecimal digits.
pub fn check_of(profile: Uuid, client_id: &str, secret: &Secret) -> String {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    for part in [profile.as_bytes().as_slice(), client_id.as_bytes(), &[0], secret.expose().as_bytes()] {
        context.update(part);
    }
    context.finish().as_ref().iter().take(2).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_secret_another_application_and_another_profile_are_told_apart_by_four_digits() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let secret = Secret::new("first");
        let check = check_of(one, "id", &secret);
        assert_eq!((check.len(), check_of(one, "id", &secret)), (4, check.clone()));
        for other in
            [check_of(one, "id", &Secret::new("second")), check_of(one, "id2", &secret), check_of(two, "id", &secret)]
        {
            assert_ne!(other, check);
        }
    }
}
