//! Lists of `tag=value;` as DKIM (RFC 6376 §3.2) and DMARC (RFC 7489 §6.3) write them.

/// A list of tags, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags {
    /// Name in lower case, and value with its outer white space taken off.
    pub pairs: Vec<(String, String)>,
    /// What stands between two semicolons and is no `tag=value`.
    pub wrong: Vec<String>,
}

impl Tags {
    /// Reads `text`. Nothing is refused: what cannot be read is kept in [`Tags::wrong`].
    pub fn read(text: &str) -> Self {
        let mut tags = Self::default();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some((name, value)) if is_name(name.trim()) => {
                    tags.pairs.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
                }
                _ => tags.wrong.push(part.to_owned()),
            }
        }
        tags
    }

    /// The value of the first tag of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(tag, _)| tag == name).map(|(_, value)| value.as_str())
    }

    /// The name of the first tag.
    pub fn first(&self) -> Option<&str> {
        self.pairs.first().map(|(tag, _)| tag.as_str())
    }

    /// The first tag that stands twice.
    pub fn twice(&self) -> Option<&str> {
        self.pairs
            .iter()
            .enumerate()
            .find(|(index, (tag, _))| self.pairs.iter().take(*index).any(|(earlier, _)| earlier == tag))
            .map(|(_, (tag, _))| tag.as_str())
    }

    /// The tags whose names are none of `known`.
    pub fn unknown(&self, known: &[&str]) -> Vec<&str> {
        self.pairs.iter().map(|(tag, _)| tag.as_str()).filter(|tag| !known.contains(tag)).collect()
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_whatever_the_blanks_and_what_is_none_is_kept() {
        let tags = Tags::read(" V = DMARC1 ;p=none; rua=mailto:a@b.example?x=1;;\"oops\" ; p=reject ");
        assert_eq!(tags.first(), Some("v"));
        assert_eq!((tags.get("p"), tags.get("rua")), (Some("none"), Some("mailto:a@b.example?x=1")));
        assert_eq!((tags.twice(), &tags.wrong[..]), (Some("p"), &["\"oops\"".to_owned()][..]));
        assert_eq!(tags.unknown(&["v", "p"]), ["rua"]);
    }
}
