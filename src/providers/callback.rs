//! The Provider to Kinde address: what it must be, and what is wrong with a pasted one. Pure.

use url::Url;

use crate::check::Check;

/// Where every provider sends people back to Kinde.
const PATH: &str = "/connected_apps/callback";

/// The Provider to Kinde addresses of an environment, one for each of its origins: the Kinde domain
/// (`https://acme.kinde.com`), and the custom domain where there is one. Which of them applies stands on the tile.
pub fn callback_urls<'a>(origins: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut urls: Vec<String> = Vec::new();
    for origin in origins {
        let origin = origin.trim().trim_end_matches('/');
        let origin = if origin.contains("://") { origin.to_owned() } else { format!("https://{origin}") };
        let url = format!("{origin}{PATH}");
        if !urls.contains(&url) {
            urls.push(url);
        }
    }
    urls
}

/// Compares an address pasted from the tile, or from the provider's form, with those expected
/// (see [`callback_urls`]). Providers compare letter by letter, so a single slash counts.
pub fn compare_callback(pasted: &str, expected: &[String]) -> Check {
    const NAME: &str = "callback";
    let text = pasted.trim().trim_matches(['"', '\'', '`', '<', '>']).trim();
    let want = expected.first().map_or("", String::as_str);
    let fail = |why: &str, fix: String| Check::fail(NAME, why, fix).seen(shown(text));
    let exactly = format!("Use exactly {want}");
    if text.is_empty() {
        return Check::skipped(NAME, "Paste Provider to Kinde from the tile's Configure page");
    }
    if expected.iter().any(|url| url == text) {
        return Check::pass(NAME).seen(text).because(if expected.first().is_some_and(|first| first == text) {
            "This is the address that the provider must know"
        } else {
            "This is the address on your custom domain: register exactly this one at the provider"
        });
    }
    let Ok(url) = Url::parse(text) else {
        return match Url::parse(&format!("https://{text}")) {
            Ok(url) if url.host_str().is_some_and(|host| host.contains('.')) => {
                fail("The address has no https:// in front", format!("Use exactly {want}"))
            }
            _ => fail("This is not an address", exactly),
        };
    };
    let hosts: Vec<String> =
        expected.iter().filter_map(|e| Url::parse(e).ok()?.host_str().map(str::to_owned)).collect();
    let host = url.host_str().unwrap_or_default();
    let known_host = hosts.iter().any(|known| known == host);
    if url.path().trim_end_matches('/') != PATH {
        return if known_host {
            fail(&format!("The path is {} and must be {PATH}", shown(url.path())), exactly)
        } else {
            fail(
                "This looks like Kinde to application, where your own app wants people back",
                format!("The provider needs Provider to Kinde, the other address on the tile: {want}"),
            )
        };
    }
    if !known_host {
        let known = hosts.join(" or ");
        let why = if host == "kinde.com" || host.contains("<") || host.starts_with("yourdomain") {
            "This is the example from the guide, not the address of your environment".to_owned()
        } else if host.ends_with(".kinde.com") {
            format!("The host {host} is another environment: this profile is {known}")
        } else {
            format!("The host {host} is not known for this profile, which is {known}")
        };
        return fail(
            &why,
            format!("Use {want}, or, when {host} is this environment's custom domain, exactly what the tile shows"),
        );
    }
    if url.scheme() != "https" && !matches!(host, "127.0.0.1" | "localhost") {
        return fail("It begins with http:// and must begin with https://", exactly);
    }
    if url.path().ends_with('/') {
        return fail("There is a slash at the end; providers compare letter by letter", exactly);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return fail("There is something after the path; providers compare letter by letter", exactly);
    }
    if url.port().is_some() {
        return fail("There is a port in it", exactly);
    }
    fail("It differs in letter case or spelling; providers compare letter by letter", exactly)
}

/// `text` cut to a length fit for a sentence, without a query, which may hold a secret.
fn shown(text: &str) -> String {
    text.split(['?', '#']).next().unwrap_or_default().chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;

    fn expected() -> Vec<String> {
        callback_urls(["https://acme.kinde.com", "auth.acme.example/"])
    }

    #[test]
    fn both_domains_have_their_address() {
        assert_eq!(
            expected(),
            ["https://acme.kinde.com/connected_apps/callback", "https://auth.acme.example/connected_apps/callback"]
        );
    }

    #[test]
    fn each_of_the_two_addresses_passes_quoted_or_not() {
        for good in [
            "https://acme.kinde.com/connected_apps/callback",
            " \"https://auth.acme.example/connected_apps/callback\" ",
        ] {
            assert_eq!(compare_callback(good, &expected()).verdict, Verdict::Pass, "{good}");
        }
    }

    #[test]
    fn each_way_to_get_it_wrong_has_its_own_sentence() {
        for (pasted, word) in [
            ("http://acme.kinde.com/connected_apps/callback", "https://"),
            ("acme.kinde.com/connected_apps/callback", "no https://"),
            ("https://acme.kinde.com/connected_apps/callback/", "slash"),
            ("https://acme.kinde.com/connected_app/callback", "path"),
            ("https://acme-dev.kinde.com/connected_apps/callback", "another environment"),
            ("https://app.other.example/connected_apps/callback", "not known"),
            ("https://app.acme.example/api/callback?session_id=ses_1", "Kinde to application"),
            ("https://acme.kinde.com/connected_apps/callback?x=1", "after the path"),
            ("https://yourdomain.kinde.com/connected_apps/callback", "example"),
            ("hello", "not an address"),
        ] {
            let check = compare_callback(pasted, &expected());
            assert_eq!(check.verdict, Verdict::Fail, "{pasted}");
            assert!(check.why.as_ref().unwrap().contains(word), "{pasted}: {check:?}");
            assert!(check.fix.is_some());
            assert!(!check.seen.unwrap().contains("ses_1"));
        }
    }
}
