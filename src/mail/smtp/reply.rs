//! One reply of a server: RFC 5321 §4.2, with the enhanced code of RFC 2034.

/// A reply, whole. Its texts are masked already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    /// The three digits.
    pub code: u16,
    /// What stands after them, line by line.
    pub lines: Vec<String>,
    /// A line ended without CR.
    pub bare_lf: bool,
}

impl Reply {
    /// True for 2xx.
    pub fn is_good(&self) -> bool {
        self.code / 100 == 2
    }

    /// True for 4xx: the same may pass later.
    pub fn is_temporary(&self) -> bool {
        self.code / 100 == 4
    }

    /// The reply in one line, as evidence.
    pub fn text(&self) -> String {
        // Microsoft and Google repeat the enhanced code in every line.
        let first = self.lines.first().map(String::as_str).unwrap_or_default();
        let prefix = first.split(' ').next().filter(|word| is_enhanced(word));
        let rest = self
            .lines
            .iter()
            .skip(1)
            .map(|line| prefix.and_then(|prefix| line.strip_prefix(prefix)).unwrap_or(line).trim());
        let words: Vec<&str> = std::iter::once(first.trim()).chain(rest).filter(|line| !line.is_empty()).collect();
        format!("{} {}", self.code, words.join(" ")).trim_end().to_owned()
    }
}

/// True for `4.2.0`.
fn is_enhanced(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()))
}

/// One line of a reply.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ReplyLine {
    pub code: u16,
    /// More lines follow.
    pub more: bool,
    pub text: String,
}

/// Reads one line without its end; `None` where it is none of SMTP.
pub(super) fn parse_line(line: &str) -> Option<ReplyLine> {
    let (digits, rest) = (line.get(..3)?, line.get(3..)?);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || !(b'2'..=b'5').contains(digits.as_bytes().first()?) {
        return None;
    }
    let code = digits.parse().ok()?;
    let (more, text) = match rest.chars().next() {
        None => (false, ""),
        Some('-') => (true, rest.get(1..).unwrap_or_default()),
        Some(' ') => (false, rest.get(1..).unwrap_or_default()),
        Some(_) => return None,
    };
    Some(ReplyLine { code, more, text: text.to_owned() })
}

/// Bytes of a line as text: what is no UTF-8 and what would steer a terminal stands by its number.
pub(super) fn readable(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() && c != '\t' {
                out.push_str(&format!("\\x{:02x}", u32::from(c)));
            } else {
                out.push(c);
            }
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_reply_are_read_and_others_are_not() {
        for (line, wanted) in [
            ("220 mail.acme.test ESMTP", Some((220, false, "mail.acme.test ESMTP"))),
            ("250-SIZE 1", Some((250, true, "SIZE 1"))),
            ("250", Some((250, false, ""))),
            ("250 ", Some((250, false, ""))),
            ("HTTP/1.1 400 Bad Request", None),
            ("SSH-2.0-OpenSSH_9.2", None),
            ("25", None),
            ("2500 x", None),
            ("199 x", None),
            ("ä50 x", None),
        ] {
            let found = parse_line(line);
            let found = found.as_ref().map(|line| (line.code, line.more, line.text.as_str()));
            assert_eq!(found, wanted, "{line}");
        }
    }

    #[test]
    fn a_reply_of_many_lines_is_one_sentence() {
        let lines =
            ["5.7.9 Application-specific password required.", "5.7.9 For more information, go to", "5.7.9  https://x"];
        let reply = Reply { code: 534, lines: lines.map(str::to_owned).to_vec(), bare_lf: false };
        assert_eq!(
            reply.text(),
            "534 5.7.9 Application-specific password required. For more information, go to https://x"
        );
        assert!(!reply.is_good() && !reply.is_temporary());
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_by_their_number() {
        assert_eq!(readable(b"ok \xe4\x1b[31m \xc3\xa4"), "ok \\xe4\\x1b[31m ä");
    }
}
