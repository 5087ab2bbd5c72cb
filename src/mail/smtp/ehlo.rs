//! What a server offers: the lines of its answer to EHLO (RFC 5321 §4.1.1.1), unknown ones kept as they are.

use super::reply::Reply;

/// What a server offers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Offers {
    /// One keyword a line, with its parameters, as the server wrote it.
    pub lines: Vec<String>,
}

impl Offers {
    /// Reads the answer to EHLO: its first line is the server's greeting.
    pub fn of(reply: &Reply) -> Self {
        Self {
            lines: reply
                .lines
                .iter()
                .skip(1)
                .map(|line| line.trim().to_owned())
                .filter(|line| !line.is_empty())
                .collect(),
        }
    }

    /// The parameters of a keyword; `None` where it is not offered.
    pub fn get(&self, keyword: &str) -> Option<Vec<&str>> {
        self.lines.iter().find_map(|line| {
            let mut words = line.split_whitespace();
            words.next().filter(|word| word.eq_ignore_ascii_case(keyword))?;
            Some(words.collect())
        })
    }

    /// True where it is offered.
    pub fn has(&self, keyword: &str) -> bool {
        self.get(keyword).is_some()
    }

    /// The ways of signing in, in capitals. `AUTH=LOGIN` is how very old software wrote it.
    pub fn auth(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for line in &self.lines {
            let upper = line.to_ascii_uppercase();
            let Some(rest) =
                upper.strip_prefix("AUTH").filter(|rest| rest.starts_with([' ', '=', '\t']) || rest.is_empty())
            else {
                continue;
            };
            for word in rest.split(|c: char| c.is_whitespace() || c == '=').filter(|word| !word.is_empty()) {
                if !found.iter().any(|known| known == word) {
                    found.push(word.to_owned());
                }
            }
        }
        found
    }

    /// The largest message in bytes; `None` where there is no fixed limit, or none is said.
    pub fn size(&self) -> Option<u64> {
        self.get("SIZE")?.first()?.parse().ok().filter(|size| *size > 0)
    }

    /// The keywords in one line, as evidence.
    pub fn text(&self) -> String {
        self.lines.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(lines: &[&str]) -> Offers {
        let lines =
            std::iter::once("mail.acme.test at your service").chain(lines.iter().copied()).map(str::to_owned).collect();
        Offers::of(&Reply { code: 250, lines, bare_lf: false })
    }

    #[test]
    fn known_keywords_are_read_and_unknown_ones_are_kept() {
        let offers = offers(&["SIZE 10240000", "auth PLAIN login", "AUTH=LOGIN PLAIN", "X-ODD one two", "STARTTLS"]);
        assert_eq!(offers.auth(), ["PLAIN", "LOGIN"]);
        assert_eq!(offers.size(), Some(10_240_000));
        assert!(offers.has("starttls") && !offers.has("SMTPUTF8"));
        assert!(offers.text().contains("X-ODD one two"));
    }

    #[test]
    fn a_size_of_nothing_is_no_limit_and_a_keyword_that_only_begins_alike_is_another() {
        assert_eq!(offers(&["SIZE 0"]).size(), None);
        assert_eq!(offers(&["SIZE"]).size(), None);
        assert!(offers(&["AUTHENTICATE x"]).auth().is_empty());
        assert!(offers(&["AUTH"]).auth().is_empty());
    }
}
