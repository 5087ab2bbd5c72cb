//! The address a browser ended on: what Kinde says by it. Pure.

use url::Url;

use crate::check::Check;
use crate::error::{Category, UserError};
use crate::secrets::Secret;

/// The name of the check of an address a browser ended on.
pub const LANDING: &str = "landing";

/// What an address tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Landed {
    /// The session that Kinde confirmed.
    pub session_id: Option<Secret>,
    /// The error's code, for example `access_denied`.
    pub error: Option<String>,
    /// The error in the provider's words.
    pub description: Option<String>,
    /// The number on Kinde's own error page.
    pub page_code: Option<u32>,
    /// Where a provider's code still waits for Kinde: the browser never reached Kinde.
    pub stuck_before_kinde: bool,
}

impl Landed {
    /// Reads query pairs.
    pub(super) fn of(url: &Url) -> Self {
        let mut landed = Self::default();
        for (name, value) in url.query_pairs() {
            let text = value.trim();
            if text.is_empty() {
                continue;
            }
            match name.as_ref() {
                "session_id" => landed.session_id = Some(Secret::new(text)),
                "error" => landed.error = Some(text.to_owned()),
                "error_description" => landed.description = Some(text.to_owned()),
                "error_code" | "code" => landed.page_code = landed.page_code.or_else(|| known_code(text)),
                _ => {}
            }
        }
        landed.stuck_before_kinde = url.path().ends_with("/connected_apps/callback")
            && url.query_pairs().any(|(name, _)| name == "code")
            && landed.page_code.is_none();
        landed
    }

    /// What it means for the walk whose session is `session`.
    pub fn check(&self, session: Option<&Secret>) -> Check {
        if let Some(error) = &self.error {
            let said = self.description.clone().unwrap_or_default();
            let seen = clean(&if said.is_empty() { error.clone() } else { format!("{error}: {said}") });
            let (why, fix) = error_words(error);
            return Check::fail(LANDING, why, fix).seen(seen);
        }
        if let Some(code) = self.page_code {
            let (why, fix) = page_words(code);
            return Check::fail(LANDING, why, fix).seen(format!("Kinde's page code {code}"));
        }
        if self.stuck_before_kinde {
            return Check::fail(
                LANDING,
                "The provider sent the browser back, and Kinde's callback page did not finish",
                "Load that address once more; if Kinde then shows a number, paste the address again or type the number",
            );
        }
        match (&self.session_id, session) {
            (Some(landed), Some(ours)) if landed == ours => {
                Check::pass(LANDING).because("Kinde confirmed this very session; the token can be fetched")
            }
            (Some(_), Some(_)) => Check::warn(
                LANDING,
                "The address carries another session than the one this walk waits for",
                "Perhaps an older tab was finished: its session is in the list below. Or finish the newest tab",
            ),
            (Some(_), None) => Check::pass(LANDING).because("The address carries a session; its token can be fetched"),
            (None, _) => Check::warn(
                LANDING,
                "The address carries neither session_id nor error",
                "Paste the whole address, with all that follows the question mark",
            ),
        }
    }
}

/// Reads what a person pasted: an address, a query on its own, or the number on Kinde's error page.
///
/// # Errors
/// Where it is none of these; the text is not repeated, since it may hold a session.
pub fn read_pasted(text: &str) -> Result<Landed, UserError> {
    let text = text.trim().trim_matches(['"', '\'', '<', '>', '`']).trim();
    if text.is_empty() {
        return Err(unreadable("Nothing was pasted"));
    }
    // In an address a number may be a port or part of a name.
    let address = text.contains("://") || text.contains('=');
    if let Some(code) = known_code(text.trim_start_matches(|c: char| !c.is_ascii_digit())).filter(|_| !address) {
        return Ok(Landed { page_code: Some(code), ..Landed::default() });
    }
    if let Some(code) = any_code(text) {
        return Ok(Landed { page_code: Some(code), ..Landed::default() });
    }
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .or_else(|| {
            let query = text.contains('=').then(|| text.trim_start_matches('?'))?;
            let path = if query.contains('?') {
                format!("https://{query}")
            } else {
                format!("https://pasted.invalid/?{query}")
            };
            Url::parse(&path).ok()
        })
        .ok_or_else(|| unreadable("This is no address"))?;
    let mut landed = Landed::of(&url);
    if landed == Landed::default() {
        landed.page_code = url.path_segments().into_iter().flatten().find_map(known_code);
    }
    // Some providers answer in the fragment.
    if landed == Landed::default()
        && let Some(fragment) = url.fragment()
        && let Ok(inner) = Url::parse(&format!("https://pasted.invalid/?{fragment}"))
    {
        landed = Landed::of(&inner);
    }
    Ok(landed)
}

fn unreadable(title: &str) -> UserError {
    UserError::new(Category::Input, title)
        .detail("What is wanted is the address in the bar of the browser once it stopped")
        .hint("Copy the whole address, beginning with http, and paste it here")
}

/// One of the three page codes that Kinde documents for connected apps.
fn known_code(text: &str) -> Option<u32> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    let rest_is_word = text.chars().nth(digits.len()).is_some_and(char::is_alphanumeric);
    digits.parse().ok().filter(|code| matches!(code, 928 | 1829 | 9881) && !rest_is_word)
}

/// A number on its own, with no more than words before it ("Error 1234"): a page code that Kinde does not document for
/// connected apps.
fn any_code(text: &str) -> Option<u32> {
    let at = text.find(|c: char| c.is_ascii_digit())?;
    let (words, digits) = text.split_at(at);
    let apart = words.chars().last().is_none_or(|c| c == ' ' || c == '#' || c == ':');
    let only_words = words.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '#' | ':'));
    (apart && only_words && (3..=5).contains(&digits.len())).then(|| digits.parse().ok())?
}

/// Kinde's page codes in words (Kinde's page of error codes).
fn page_words(code: u32) -> (&'static str, &'static str) {
    match code {
        928 => (
            "Kinde could not read the configuration of this connected app",
            "In Settings > Connected apps > Configure fill in client ID, client secret and callback, and save",
        ),
        1829 => (
            "Kinde could not exchange the provider's code for a token: the client secret is wrong, or the callback registered at the provider differs",
            "Check the provider's credentials here, compare Provider to Kinde letter by letter, then connect again",
        ),
        9881 => (
            "Kinde could not store the tokens: the provider sent no refresh token it can use",
            "Ask for offline access at the provider (Microsoft: offline_access; Google: take the app's access away in the account and consent afresh), then connect again",
        ),
        _ => (
            "Kinde showed an error page with a number that it does not document for connected apps",
            "Look the number up on Kinde's page of error codes, or send it to Kinde's support with the time",
        ),
    }
}

/// OAuth's error codes in words (RFC 6749 §4.1.2.1).
fn error_words(error: &str) -> (String, &'static str) {
    let why = match error {
        "access_denied" => "Consent was refused: Deny was pressed, or the provider does not let this account in",
        "invalid_scope" => "The provider does not know a permission that Kinde asks for",
        "unauthorized_client" | "invalid_client" => "The provider does not accept the client that Kinde uses",
        "redirect_uri_mismatch" => "The callback that Kinde uses is not registered at the provider",
        "server_error" | "temporarily_unavailable" => "The provider has trouble of its own",
        "login_required" | "interaction_required" | "consent_required" => {
            "The provider wanted the person to do something first"
        }
        _ => {
            return (
                format!("The provider refused with {}", clean(error)),
                "Read the provider's words, then connect again",
            );
        }
    };
    let fix = match error {
        "access_denied" => {
            "Connect again and allow it. Where nobody pressed Deny: an app that Google has in Testing lets only its test users in"
        }
        "invalid_scope" => "Compare Kinde's Permissions tab with what is switched on at the provider",
        "redirect_uri_mismatch" => "Register Provider to Kinde at the provider, letter by letter",
        "unauthorized_client" | "invalid_client" => {
            "Check the provider's credentials here and enter them in Kinde again"
        }
        _ => "Connect again in a moment",
    };
    (why.to_owned(), fix)
}

/// Text from outside, fit for one line.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;

    #[test]
    fn a_session_an_error_and_a_page_code_are_read_from_whatever_is_pasted() {
        let read = |text| read_pasted(text).unwrap();
        assert_eq!(read("https://app.example/cb?session_id=ses_1").session_id.unwrap().expose(), "ses_1");
        assert_eq!(read("?session_id=ses_2&x=1").session_id.unwrap().expose(), "ses_2");
        assert_eq!(read("localhost:3000/cb?session_id=ses_3").session_id.unwrap().expose(), "ses_3");
        let denied = read("https://app.example/cb?error=access_denied&error_description=No%20thanks");
        assert_eq!(denied.description.as_deref(), Some("No thanks"));
        for text in
            ["1829", "Error 1829", "https://acme.kinde.com/error?error_code=1829", "https://acme.kinde.com/error/1829"]
        {
            assert_eq!(read(text).page_code, Some(1829), "{text}");
        }
        assert_eq!(read("https://a.example/cb?code=18290abc").page_code, None);
        for address in ["http://localhost:9881/cb?session_id=ses_4", "https://app928.example/cb?session_id=ses_4"] {
            let landed = read(address);
            assert_eq!((landed.page_code, landed.session_id.unwrap().expose()), (None, "ses_4"), "{address}");
        }
        for (text, code) in [("1234", 1234), ("Error 4036", 4036), ("error code: 777", 777)] {
            let unknown = read(text);
            assert_eq!(unknown.page_code, Some(code), "{text}");
            assert!(unknown.check(None).why.unwrap().contains("does not document"), "{text}");
        }
        for bad in ["", "hello", "ses1234", "0123456789", "12"] {
            assert!(read_pasted(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn each_of_kindes_page_codes_has_a_cause_and_a_fix() {
        for (code, word) in [("928", "configuration"), ("1829", "exchange"), ("9881", "refresh token")] {
            let check = read_pasted(code).unwrap().check(None);
            assert_eq!(check.verdict, Verdict::Fail);
            assert!(check.why.unwrap().contains(word), "{code}");
        }
    }

    #[test]
    fn a_session_of_an_older_tab_is_told_from_the_one_waited_for() {
        let landed = read_pasted("https://a.example/?session_id=ses_old").unwrap();
        assert_eq!(landed.check(Some(&Secret::new("ses_new"))).verdict, Verdict::Warn);
        assert_eq!(landed.check(Some(&Secret::new("ses_old"))).verdict, Verdict::Pass);
        let stuck = read_pasted("https://acme.kinde.com/connected_apps/callback?code=abc&state=x").unwrap();
        assert!(stuck.check(None).why.unwrap().contains("did not finish"));
        assert_eq!(read_pasted("https://a.example/nothing").unwrap().check(None).verdict, Verdict::Warn);
    }

    #[test]
    fn nothing_shown_repeats_a_session() {
        let landed = read_pasted("https://a.example/?session_id=ses_secret").unwrap();
        assert!(!format!("{landed:?}{:?}", landed.check(None)).contains("ses_secret"));
    }
}
