//! Signing in: PLAIN (RFC 4616) and LOGIN, with the made-up user and password.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// The base64 text of a SASL response, decoded; `None` where it is none.
pub fn decode(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    STANDARD.decode(text).ok().map(Zeroizing::new)
}

/// User and password of a PLAIN response: `authorize-as NUL user NUL password`. Who signs in acts for nobody else.
pub fn plain(response: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut parts = response.split(|&byte| byte == 0);
    let (on_behalf, user, password) = (parts.next()?, parts.next()?, parts.next()?);
    (parts.next().is_none() && (on_behalf.is_empty() || on_behalf == user)).then_some((user, password))
}

/// Whether these are the sandbox's own.
pub fn is_right(given: (&[u8], &[u8]), known: (&str, &str)) -> bool {
    let same = |a: &[u8], b: &str| aws_lc_rs::constant_time::verify_slices_are_equal(a, b.as_bytes()).is_ok();
    same(given.0, known.0) & same(given.1, known.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_response_is_split_and_one_for_somebody_else_is_refused() {
        assert_eq!(plain(b"\0ada\0secret"), Some((&b"ada"[..], &b"secret"[..])));
        assert_eq!(plain(b"ada\0ada\0secret"), Some((&b"ada"[..], &b"secret"[..])));
        for response in [&b"grace\0ada\0secret"[..], b"ada\0secret", b"\0ada\0secret\0x", b""] {
            assert_eq!(plain(response), None, "{response:?}");
        }
        assert!(is_right((b"ada", b"secret"), ("ada", "secret")));
        assert!(
            !is_right((b"ada", b"secret "), ("ada", "secret")) && !is_right((b"Ada", b"secret"), ("ada", "secret"))
        );
    }
}
