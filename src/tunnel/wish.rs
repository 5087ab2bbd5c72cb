//! What a person wants: plain data, and whether it can be used at all.

use serde::{Deserialize, Serialize};
use url::Url;

use super::Way;
use crate::error::{Category, UserError};

/// The localtunnel server that its own client uses.
pub(super) const LOCALTUNNEL: &str = "https://localtunnel.me";
/// Where an ngrok agent answers on this machine, unless its `web_addr` says otherwise.
pub(super) const NGROK: &str = "http://127.0.0.1:4040";

/// Which tunnel is wanted. Holds no secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wish {
    /// Whose.
    pub way: Way,
    /// The address, for [`Way::Own`]: a base where its path is empty or ends with a slash, else the whole endpoint.
    pub own: Option<String>,
    /// The localtunnel server, or where ngrok's agent answers; `None`: the usual one.
    pub server: Option<String>,
    /// The name wanted of localtunnel; `None`: any.
    pub name: Option<String>,
}

impl Wish {
    /// What `--public` names: an address, or a way by its word.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(word: &str) -> Result<Self, UserError> {
        let way = [Way::Ngrok, Way::Cloudflared, Way::Localtunnel]
            .into_iter()
            .find(|way| way.word().eq_ignore_ascii_case(word.trim()));
        let wish = match way {
            Some(way) => Self { way, ..Self::default() },
            None => Self { way: Way::Own, own: Some(word.trim().to_owned()), ..Self::default() },
        };
        wish.check()?;
        Ok(wish)
    }

    /// Whether what was typed can be used, from the words alone.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn check(&self) -> Result<(), UserError> {
        match self.way {
            Way::Own => self.own_url().map(|_| ()),
            Way::Ngrok => self.server_url(NGROK).map(|_| ()),
            Way::Localtunnel => {
                self.server_url(LOCALTUNNEL)?;
                self.name.as_deref().map_or(Ok(()), check_name)
            }
            Way::Cloudflared => Ok(()),
        }
    }

    /// The address by hand.
    pub(super) fn own_url(&self) -> Result<Url, UserError> {
        let text = self.own.as_deref().unwrap_or_default().trim();
        let refuse = |detail: String| {
            UserError::new(Category::Input, "This is no public address")
                .detail(detail)
                .hint("Name ngrok, cloudflared or localtunnel, or give the address whole: https://dev.example.com/")
        };
        if text.is_empty() {
            return Err(refuse("Nothing was typed".to_owned()));
        }
        let url = http_url(text).ok_or_else(|| refuse(format!("It does not begin with https://: {text}")))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("It carries a user name or a password, which Kinde would show".to_owned()));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse(format!("It carries more than host and path: {text}")));
        }
        Ok(url)
    }

    /// The server, or the usual one.
    pub(super) fn server_url(&self, usual: &str) -> Result<Url, UserError> {
        let text = self.server.as_deref().map(str::trim).filter(|text| !text.is_empty()).unwrap_or(usual);
        http_url(text).ok_or_else(|| {
            UserError::new(Category::Input, format!("This is no address of a {} server", self.way.title()))
                .detail(format!("It does not begin with http:// or https://: {text}"))
                .hint(format!("Give it whole, like {usual}, or leave it empty for that one"))
        })
    }
}

fn http_url(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// localtunnel's own rule for names.
fn check_name(name: &str) -> Result<(), UserError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    let ends = bytes.first().copied().is_some_and(plain) && bytes.last().copied().is_some_and(plain);
    let good = (4..=63).contains(&bytes.len()) && ends && bytes.iter().all(|byte| plain(*byte) || *byte == b'-');
    if good && !(bytes.contains(&b'-') && bytes.len() < 6) {
        return Ok(());
    }
    Err(UserError::new(Category::Input, "localtunnel takes no such name")
        .detail(format!("A name has 4 to 63 letters a-z and digits, from 6 on with hyphens within: {name}"))
        .hint("Choose another name, or leave it empty for any"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_takes_a_way_by_its_word_or_an_address_and_says_what_is_wrong_with_anything_else() {
        assert_eq!(Wish::parse("ngrok").unwrap().way, Way::Ngrok);
        assert_eq!(Wish::parse(" Localtunnel ").unwrap().way, Way::Localtunnel);
        let own = Wish::parse("https://dev.example.com").unwrap();
        assert_eq!((own.way, own.own_url().unwrap().as_str()), (Way::Own, "https://dev.example.com/"));
        for word in [
            "",
            "ngork",
            "dev.example.com",
            "ftp://x",
            "https://",
            "https://a:b@c.de/",
            "https://a.de/?x=1",
            "https://a.de/#x",
        ] {
            let error = Wish::parse(word).unwrap_err();
            assert_eq!(error.category, Category::Input, "{word}");
            assert!(!error.detail.is_empty() && error.hint.contains("cloudflared"), "{word}: {error:?}");
        }
    }

    #[test]
    fn a_name_is_held_against_localtunnels_own_rule() {
        for name in ["abcd", "a2b3c4", "my-kinde-dev", &"x".repeat(63)] {
            check_name(name).unwrap();
        }
        for name in ["", "abc", "a-bc", "Abcd", "-abcdef", "abcdef-", "a.bcdef", "name with blanks", &"x".repeat(66)] {
            check_name(name).unwrap_err();
        }
        let wish = Wish { name: Some("my.dev".to_owned()), ..Wish::default() };
        assert!(wish.check().unwrap_err().hint.contains("another name"));
        let wish = Wish { server: Some("localtunnel.me".to_owned()), ..Wish::default() };
        assert!(wish.check().unwrap_err().title.contains("localtunnel server"));
    }
}
