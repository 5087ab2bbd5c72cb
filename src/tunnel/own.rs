//! An address by hand: nothing is opened, and only the self-test says how it stands.

use std::time::Duration;

use url::Url;

use super::keeper::{Failed, Line};
use super::{Ends, Wish};

/// How often it is tested again: nothing else tells of a loss.
const RETEST: Duration = Duration::from_secs(30);

pub(super) struct Own {
    wish: Wish,
    path: String,
}

impl Own {
    pub(super) fn new(wish: &Wish, ends: &Ends) -> Self {
        Self { wish: wish.clone(), path: ends.door.path().to_owned() }
    }
}

/// The endpoint below a base: the receiver's path is added where `base` ends with a slash or has no path.
pub(super) fn endpoint(mut base: Url, path: &str) -> Url {
    if base.path().ends_with('/') {
        let whole = format!("{}{}", base.path().trim_end_matches('/'), path);
        base.set_path(&whole);
    }
    base
}

impl Line for Own {
    fn opening(&self) -> String {
        "Looking at the address".to_owned()
    }

    fn retest(&self) -> Duration {
        RETEST
    }

    async fn open(&mut self) -> Result<Url, Failed> {
        let url = self.wish.own_url().map_err(Failed::Never)?;
        Ok(endpoint(url, &self.path))
    }

    async fn close(self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_receivers_path_is_added_to_a_base_and_a_whole_endpoint_stays_as_it_is() {
        for (typed, whole) in [
            ("https://dev.example.com", "https://dev.example.com/k/1"),
            ("https://dev.example.com/", "https://dev.example.com/k/1"),
            ("https://dev.example.com/tunnel/", "https://dev.example.com/tunnel/k/1"),
            ("https://smee.io/abc", "https://smee.io/abc"),
            ("https://dev.example.com/k/1", "https://dev.example.com/k/1"),
        ] {
            assert_eq!(endpoint(Url::parse(typed).unwrap(), "/k/1").as_str(), whole);
        }
    }
}
