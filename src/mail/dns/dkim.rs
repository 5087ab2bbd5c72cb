//! DKIM keys in DNS (RFC 6376 §3.6): reading one, and what is wrong with it. No network.

use base64::Engine as _;

use super::finding::Finding;
use super::tags::Tags;
use crate::mail::resolver::{Answer, Data};

/// A key, as far as it could be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Key {
    /// `2048-bit RSA`, `Ed25519`; `None` where there is none to use.
    pub kind: Option<String>,
    /// Bits of an RSA key.
    pub bits: Option<usize>,
}

/// How base64 is read here: with its padding or without.
const BASE64: base64::engine::GeneralPurpose = base64::engine::GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    base64::engine::GeneralPurposeConfig::new()
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Reads the records of a selector's name. `small` is the least RSA size that needs no word, in bits.
pub fn read(name: &str, answer: &Answer, small: usize) -> (Key, Vec<Finding>) {
    let texts = answer.texts();
    let keys: Vec<&String> = texts.iter().filter(|text| looks_like_key(text)).collect();
    match keys[..] {
        [] => (
            Key::default(),
            vec![Finding::fail(
                format!("What stands at {name} is no DKIM key"),
                "Replace it by the record that your provider shows for DKIM",
            )],
        ),
        [text] => {
            let strings = answer.records.iter().find_map(|record| match &record.data {
                Data::Txt(strings) if String::from_utf8_lossy(&strings.concat()) == text.as_str() => {
                    Some(strings.len())
                }
                _ => None,
            });
            one(name, text, strings.unwrap_or(1), small)
        }
        _ => (
            Key::default(),
            vec![Finding::fail(
                format!("{} keys stand at {name}, and receivers may take either or none", keys.len()),
                "Leave the one that your provider shows, and remove the others",
            )],
        ),
    }
}

fn looks_like_key(text: &str) -> bool {
    let plain = text.trim_start_matches(['"', '\'', ' ', '\\']).to_ascii_lowercase();
    plain.starts_with("v=dkim") || Tags::read(&plain).get("p").is_some()
}

fn one(name: &str, text: &str, strings: usize, small: usize) -> (Key, Vec<Finding>) {
    let mut findings = Vec::new();
    if text.contains(['"', '\'', '\\']) {
        findings.push(Finding::fail(
            format!("Quotation marks or backslashes stand in the key at {name} itself, where receivers read them as part of it"),
            "Enter the value without quotation marks",
        ));
    }
    let clean: String = text.chars().filter(|c| !"\"'\\".contains(*c)).collect();
    let tags = Tags::read(&clean);
    if let Some(version) = tags.get("v") {
        if version != "DKIM1" {
            findings.push(Finding::fail(
                format!("The key at {name} says v={version}, and receivers take v=DKIM1 alone"),
                "Write v=DKIM1, in these capitals, or leave the tag out",
            ));
        } else if tags.first() != Some("v") {
            findings.push(Finding::fail(
                format!("In the key at {name}, v=DKIM1 has to stand first"),
                "Put v=DKIM1; at the beginning",
            ));
        }
    }
    let kind = tags.get("k").unwrap_or("rsa").to_ascii_lowercase();
    if let Some(hashes) = tags.get("h")
        && !hashes.split(':').any(|hash| hash.trim().eq_ignore_ascii_case("sha256"))
    {
        findings.push(Finding::fail(
            format!("The key at {name} allows the hash {hashes} alone, which nobody signs with any more"),
            "Leave the tag h= out",
        ));
    }
    if let Some(services) = tags.get("s")
        && !services.split(':').any(|service| matches!(service.trim(), "*" | "email"))
    {
        findings.push(Finding::fail(
            format!("The key at {name} is not meant for mail (s={services})"),
            "Leave the tag s= out",
        ));
    }
    if tags.get("t").is_some_and(|flags| flags.split(':').any(|flag| flag.trim() == "y")) {
        findings.push(Finding::warn(
            format!("The key at {name} says t=y, testing: receivers treat what it signs as unsigned"),
            "Leave the tag t=y out once it works",
        ));
    }
    if let Some(twice) = tags.twice() {
        findings.push(Finding::fail(format!("In the key at {name}, {twice}= stands twice"), "Leave one of them"));
    }
    let Some(p) = tags.get("p") else {
        findings.push(Finding::fail(
            format!("The record at {name} has no p=, which holds the key"),
            "Enter the whole value that your provider shows",
        ));
        return (Key::default(), findings);
    };
    let packed: String = p.chars().filter(|c| !c.is_whitespace()).collect();
    if packed.is_empty() {
        findings.push(Finding::fail(
            format!("The key at {name} is revoked: p= is empty"),
            "Enter the key that your provider shows now, or set DKIM up anew there",
        ));
        return (Key::default(), findings);
    }
    let key = match material(&kind, &packed) {
        Ok(key) => key,
        Err(trouble) => {
            findings.push(trouble.finding(name, &packed, strings));
            return (Key::default(), findings);
        }
    };
    if let Some(bits) = key.bits.filter(|bits| *bits < small.max(1024)) {
        findings.push(if bits < 1024 {
            Finding::fail(
                format!("The key at {name} has {bits} bits, and receivers take none under 1024 (RFC 8301)"),
                "Have your provider make a key of 2048 bits",
            )
        } else {
            Finding::warn(
                format!("The key at {name} has {bits} bits; 2048 are advised (RFC 8301)"),
                "Have your provider make a key of 2048 bits, where it can",
            )
        });
    }
    (key, findings)
}

/// Why a key cannot be read.
enum Trouble {
    NotBase64,
    Cut,
    NoKey,
    UnknownKind(String),
}

impl Trouble {
    fn finding(self, name: &str, packed: &str, strings: usize) -> Finding {
        match self {
            Self::NotBase64 => Finding::fail(
                format!("The key at {name} holds characters that no key has: it was damaged on the way"),
                "Copy the value anew from your provider's page",
            ),
            Self::Cut => {
                let at = packed.len();
                let one = if strings == 1 { ", perhaps since one string of a TXT record holds 255" } else { "" };
                Finding::fail(
                    format!("The key at {name} is cut off after {at} characters{one}"),
                    "Enter the whole value; where the panel takes 255 characters at once, split it into two quoted strings with nothing between",
                )
            }
            Self::NoKey => Finding::fail(
                format!("What p= holds at {name} is no public key"),
                "Copy the value anew from your provider's page",
            ),
            Self::UnknownKind(kind) => Finding::fail(
                format!("The key at {name} is of the kind {kind}, which no receiver knows"),
                "Use an RSA or Ed25519 key",
            ),
        }
    }
}

fn material(kind: &str, packed: &str) -> Result<Key, Trouble> {
    if packed.chars().any(|c| !(c.is_ascii_alphanumeric() || "+/=".contains(c))) {
        return Err(Trouble::NotBase64);
    }
    // A lone last character is half of nothing: the rest is still worth a look.
    let whole = packed.trim_end_matches('=');
    let usable = if whole.len() % 4 == 1 { whole.get(..whole.len() - 1).unwrap_or(whole) } else { whole };
    let der = BASE64.decode(usable).map_err(|_| Trouble::NotBase64)?;
    match kind {
        // RFC 8463 §4: the 32 bytes themselves.
        "ed25519" if der.len() == 32 => Ok(Key { kind: Some("Ed25519".to_owned()), bits: None }),
        "ed25519" if der.len() < 32 => Err(Trouble::Cut),
        "ed25519" => Err(Trouble::NoKey),
        "rsa" => rsa_bits(&der).map(|bits| Key { kind: Some(format!("{bits}-bit RSA")), bits: Some(bits) }),
        other => Err(Trouble::UnknownKind(other.to_owned())),
    }
}

/// The size of an RSA key, as SubjectPublicKeyInfo (RFC 5280 §4.1) or as the bare RSAPublicKey some publish.
fn rsa_bits(der: &[u8]) -> Result<usize, Trouble> {
    if der.first() != Some(&0x30) {
        return Err(Trouble::NoKey);
    }
    let (_, body, _) = element(der)?;
    let (first, content, rest) = element(body)?;
    let modulus = match first {
        // SEQUENCE of the algorithm, then a BIT STRING (its first byte counts unused bits) with the key.
        0x30 => {
            let (0x03, bits, _) = element(rest)? else { return Err(Trouble::NoKey) };
            let (0x30, key, _) = element(bits.get(1..).unwrap_or_default())? else { return Err(Trouble::NoKey) };
            let (0x02, modulus, _) = element(key)? else { return Err(Trouble::NoKey) };
            modulus
        }
        0x02 => content,
        _ => return Err(Trouble::NoKey),
    };
    let number: Vec<u8> = modulus.iter().copied().skip_while(|byte| *byte == 0).collect();
    let Some(first) = number.first() else { return Err(Trouble::NoKey) };
    let zeros = usize::try_from(first.leading_zeros()).unwrap_or_default();
    Ok(number.len() * 8 - zeros)
}

/// One DER element: tag, content, what follows. Content that is announced and not there was cut off.
fn element(der: &[u8]) -> Result<(u8, &[u8], &[u8]), Trouble> {
    let (&tag, rest) = der.split_first().ok_or(Trouble::Cut)?;
    let (&first, mut rest) = rest.split_first().ok_or(Trouble::Cut)?;
    let mut length = usize::from(first);
    if first & 0x80 != 0 {
        if first & 0x7f > 4 {
            return Err(Trouble::NoKey);
        }
        length = 0;
        for _ in 0..(first & 0x7f) {
            let (&byte, tail) = rest.split_first().ok_or(Trouble::Cut)?;
            length = length * 256 + usize::from(byte);
            rest = tail;
        }
    }
    let (content, tail) = rest.split_at_checked(length).ok_or(Trouble::Cut)?;
    Ok((tag, content, tail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;
    use crate::mail::resolver::{Record, Source};

    /// `openssl genrsa 1024 | openssl rsa -pubout`: a public key of no use, its private half was thrown away.
    const KEY_1024: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDozG0BS0hNGA1sAiZqIBDLO3s/xr6JeKqUU7ZGsWW3OSwNbFfJvQJRgaYWXNkhcehHu7S/wmzheJ2h8H0bk/x6r4pnN0H2pYWcFSWhz92aB7K6dhWFLQt4DhUHjLhKzGy6vICvYROLJRpEFiU3JTCfa9WosYVasQjiP1w6ll1w9wIDAQAB";

    fn answer(texts: &[&[&str]]) -> Answer {
        let record = |strings: &&[&str]| Record {
            data: Data::Txt(strings.iter().map(|string| string.as_bytes().to_vec()).collect()),
            ttl: 60,
        };
        let records = texts.iter().map(record).collect();
        let (name, chain) = ("x._domainkey.example.com".to_owned(), Vec::new());
        Answer { name, chain, records, source: Source::Server, authoritative: false, ms: 0 }
    }

    fn judge(texts: &[&[&str]]) -> (Key, Vec<Finding>) {
        read("x._domainkey.example.com", &answer(texts), 2048)
    }

    #[test]
    fn a_key_in_two_strings_is_one_key() {
        let (front, back) = KEY_1024.split_at(100);
        let (key, findings) = judge(&[&["v=DKIM1; k=rsa; p=", front, back]]);
        assert_eq!(key.bits, Some(1024));
        assert_eq!(findings.iter().map(|finding| finding.verdict).collect::<Vec<_>>(), [Verdict::Warn], "{findings:?}");
        assert!(read("x", &answer(&[&[&format!("p={KEY_1024}")]]), 1024).1.is_empty(), "Resend's own size");
        let ed = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
        assert_eq!(judge(&[&[ed]]).0.kind.as_deref(), Some("Ed25519"));
        assert!(judge(&[&[ed]]).1.is_empty());
    }

    #[test]
    fn every_way_a_key_can_be_damaged_is_named() {
        let cut = &KEY_1024[..180];
        let whole = |front: &str| format!("{front}p={KEY_1024}");
        for (text, words) in [
            (format!("v=DKIM1; p={cut}"), "cut off after 180"),
            (format!("v=DKIM1; p={}", &KEY_1024[..3]), "cut off"),
            ("v=DKIM1; p=".to_owned(), "revoked"),
            ("v=DKIM1; k=rsa".to_owned(), "no p="),
            (whole("v=DKIM2; "), "v=DKIM2"),
            (whole("v=dkim1; "), "v=dkim1"),
            (format!("{}; v=DKIM1", whole("k=rsa; ")), "has to stand first"),
            (whole("v=DKIM1; k=dsa; "), "kind dsa"),
            (whole("v=DKIM1; h=sha1; "), "hash sha1"),
            (whole("v=DKIM1; s=tlsrpt; "), "not meant for mail"),
            (whole("v=DKIM1; t=y; "), "testing"),
            (whole("v=DKIM1; p=; "), "stands twice"),
            (format!("\"v=DKIM1; p={KEY_1024}\""), "Quotation marks"),
            ("v=DKIM1; p=MIGf-_*".to_owned(), "no key has"),
            ("v=DKIM1; p=aGVsbG8gd29ybGQ=".to_owned(), "no public key"),
            ("v=spf1 -all".to_owned(), "no DKIM key"),
        ] {
            let (_, findings) = judge(&[&[&text]]);
            assert!(findings.iter().any(|finding| finding.why.contains(words)), "{text}: {findings:?}");
        }
        let twice = whole("v=DKIM1; ");
        assert!(judge(&[&[&twice], &[&twice]]).1[0].why.contains("2 keys"));
    }
}
