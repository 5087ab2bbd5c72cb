//! What was asked for against what was granted. Pure.

use url::Url;

use super::Provider;
use crate::check::Check;

/// The scopes that an auth URL asks for; empty where the address does not name them.
pub fn asked_in(auth_url: &str) -> Vec<String> {
    Url::parse(auth_url)
        .ok()
        .and_then(|url| url.query_pairs().find(|(name, _)| name == "scope").map(|(_, scopes)| split(&scopes)))
        .unwrap_or_default()
}

/// Scopes as a list: providers part them by blanks or by commas.
pub(super) fn split(text: &str) -> Vec<String> {
    text.split([' ', ',', '+']).filter(|scope| !scope.is_empty()).map(str::to_owned).collect()
}

/// The receipt: granted in words, and a warning over what was asked for and not given.
pub(super) fn receipt(provider: &Provider, granted: &[String], asked: &[String]) -> Check {
    let shown = if granted.is_empty() { "none".to_owned() } else { granted.join(", ") };
    let missing: Vec<&str> =
        asked.iter().filter(|scope| !covers(provider, granted, scope)).map(String::as_str).collect();
    if !missing.is_empty() {
        return Check::warn(
            "scopes",
            format!("Asked for and not granted: {}", missing.join(", ")),
            format!(
                "Switch them on at {} as well as on Kinde's Permissions tab, then connect again; a person may also have left them out",
                provider.name
            ),
        )
        .seen(format!("Granted: {shown}"));
    }
    let known: Vec<String> = granted
        .iter()
        .filter_map(|scope| provider.scope_meaning(scope).map(|means| format!("{scope}: {means}")))
        .collect();
    let check = Check::pass("scopes").seen(format!("Granted: {shown}"));
    match (asked.is_empty(), known.is_empty()) {
        (true, true) => check.because("The address from Kinde does not say what was asked for"),
        (_, false) => check.because(known.join(" · ")),
        (false, true) => check.because("All that was asked for"),
    }
}

/// True where `scope` is granted, under its own or its full name, or never shows up in an answer.
fn covers(provider: &Provider, granted: &[String], scope: &str) -> bool {
    // Microsoft answers without these four, and Google spells two of them out in full.
    let silent = matches!(scope, "offline_access" | "openid" | "profile" | "email");
    let short = |name: &str| name.rsplit('/').next().unwrap_or(name).to_lowercase();
    (silent && matches!(provider.id.as_str(), "microsoft_365" | "google_drive"))
        || granted.iter().any(|have| have == scope || short(have) == short(scope))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;
    use crate::providers::find;

    #[test]
    fn the_scopes_asked_for_are_read_from_the_address() {
        assert_eq!(asked_in("https://a.example/auth?scope=read_user%20api&x=1"), ["read_user", "api"]);
        assert!(asked_in("https://a.example/auth?x=1").is_empty());
    }

    #[test]
    fn a_scope_that_was_not_granted_warns_and_says_where_to_switch_it_on() {
        let check = receipt(find("gitlab").unwrap(), &["read_user".into()], &["read_user".into(), "api".into()]);
        assert_eq!(check.verdict, Verdict::Warn);
        assert!(check.why.unwrap().ends_with("not granted: api"));
        assert!(check.fix.unwrap().contains("Permissions tab"));
    }

    #[test]
    fn a_scope_counts_under_its_full_and_its_short_name() {
        let granted = ["https://graph.microsoft.com/Calendars.Read".to_owned()];
        let asked = ["Calendars.Read".to_owned(), "offline_access".to_owned()];
        assert_eq!(receipt(find("microsoft_365").unwrap(), &granted, &asked).verdict, Verdict::Pass);
    }
}
