//! The argument of MAIL and RCPT: an address in angle brackets and parameters behind it (RFC 5321 section 4.1.2).

/// What is wrong with an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// No address in angle brackets.
    Syntax,
    /// What stands in the brackets is no address.
    Address,
    /// A parameter that is not known here.
    Parameter,
}

/// `FROM:<ada@example.com> SIZE=120`, after its keyword. An empty address is answered as such: only MAIL takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// The address.
    pub address: String,
    /// The size the client announced, in bytes.
    pub size: Option<usize>,
}

impl Path {
    /// Reads `text`, which begins with `keyword` (`FROM:` or `TO:`) in any case.
    pub fn read(text: &str, keyword: &str) -> Result<Self, Wrong> {
        let head = text.get(..keyword.len()).filter(|head| head.eq_ignore_ascii_case(keyword)).ok_or(Wrong::Syntax)?;
        let rest = text.get(head.len()..).unwrap_or_default().trim_start();
        let (address, parameters) =
            rest.strip_prefix('<').and_then(|rest| rest.split_once('>')).ok_or(Wrong::Syntax)?;
        if !(address.is_empty() || is_address(address)) {
            return Err(Wrong::Address);
        }
        let mut size = None;
        for parameter in parameters.split_ascii_whitespace() {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match name.to_ascii_uppercase().as_str() {
                "SIZE" => size = Some(value.parse().map_err(|_| Wrong::Parameter)?),
                "BODY" if ["7BIT", "8BITMIME"].iter().any(|known| value.eq_ignore_ascii_case(known)) => {}
                "SMTPUTF8" if value.is_empty() => {}
                "AUTH" => {}
                _ => return Err(Wrong::Parameter),
            }
        }
        Ok(Self { address: address.to_owned(), size })
    }
}

/// Roughly: something before an at sign and a domain behind it, without blanks and control characters.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    !local.is_empty()
        && !domain.is_empty()
        && text.len() <= 320
        && !text.chars().any(|c| c.is_control() || c == '<' || (c.is_whitespace() && !local.starts_with('"')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_and_its_parameters_are_read_in_any_case_and_spacing() {
        let read = |text: &str| Path::read(text, "FROM:");
        let path = |address: &str, size| Ok(Path { address: address.to_owned(), size });
        assert_eq!(read("FROM:<ada@example.com>"), path("ada@example.com", None));
        assert_eq!(read("from: <ada@example.com> size=12 BODY=8bitmime SMTPUTF8"), path("ada@example.com", Some(12)));
        assert_eq!(read("FROM:<>"), path("", None));
        assert_eq!(read("FROM:<ünï@exämple.com>"), path("ünï@exämple.com", None));
        for text in ["FROM:ada@example.com", "TO:<a@b>", "FRO", "FROM:<ada@example.com", "äöü"] {
            assert_eq!(read(text), Err(Wrong::Syntax), "{text}");
        }
        for text in ["FROM:<ada>", "FROM:<@b>", "FROM:<a@>", "FROM:<a b@c>", "FROM:<a\0@b>"] {
            assert_eq!(read(text), Err(Wrong::Address), "{text}");
        }
        for text in ["FROM:<a@b> SIZE=x", "FROM:<a@b> RET=FULL", "FROM:<a@b> BODY=BINARYMIME"] {
            assert_eq!(read(text), Err(Wrong::Parameter), "{text}");
        }
    }
}
