//! Just enough DER to see what a public key in a PEM file is: SubjectPublicKeyInfo (RFC 5280) and RSAPublicKey (RFC 8017).

/// A public key found in DER.
pub(super) enum Spki {
    /// Modulus and exponent, without leading zeros.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// The curve's name in a JWK and the uncompressed point.
    Ec { curve: &'static str, point: Vec<u8> },
    /// The 32 bytes of an Ed25519 key.
    Ed25519(Vec<u8>),
}

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// Reads one element of `tag` off the front: its content and what follows.
fn element(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    if *first != tag {
        return None;
    }
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match *length {
        short @ 0..=0x7f => (usize::from(short), rest),
        0x81 => rest.split_first().map(|(a, rest)| (usize::from(*a), rest))?,
        0x82 => rest
            .split_at_checked(2)
            .map(|(two, rest)| (two.iter().fold(0usize, |sum, byte| sum << 8 | usize::from(*byte)), rest))?,
        _ => return None,
    };
    rest.split_at_checked(length)
}

pub(super) fn without_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}

/// `RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }`
pub(super) fn rsa_public_key(der: &[u8]) -> Option<Spki> {
    let (body, after) = element(0x30, der)?;
    let (n, rest) = element(0x02, body)?;
    let (e, rest) = element(0x02, rest)?;
    (after.is_empty() && rest.is_empty())
        .then(|| Spki::Rsa { n: without_zeros(n).to_vec(), e: without_zeros(e).to_vec() })
}

/// `SubjectPublicKeyInfo ::= SEQUENCE { algorithm SEQUENCE { OID, parameters }, subjectPublicKey BIT STRING }`
pub(super) fn spki(der: &[u8]) -> Option<Spki> {
    let (body, after) = element(0x30, der)?;
    let (algorithm, rest) = element(0x30, body)?;
    let (bits, rest) = element(0x03, rest)?;
    let (unused, key) = bits.split_first()?;
    if !after.is_empty() || !rest.is_empty() || *unused != 0 {
        return None;
    }
    let (oid, parameters) = element(0x06, algorithm)?;
    match oid {
        RSA => rsa_public_key(key),
        EC => {
            let curve = match element(0x06, parameters)?.0 {
                P256 => "P-256",
                P384 => "P-384",
                P521 => "P-521",
                _ => return None,
            };
            Some(Spki::Ec { curve, point: key.to_vec() })
        }
        ED25519 => Some(Spki::Ed25519(key.to_vec())),
        _ => None,
    }
}
