//! Whether a way may be used for a profile.

use super::Way;
use crate::tenant::Profile;

/// Whether a person has agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Nothing is to be asked, or it was agreed to before.
    Given,
    /// To be asked once, with these words. The profile's `localtunnel_allowed` keeps the answer.
    Ask(&'static str),
    /// The environment is live, or not known to be anything else: refused until a person allows it, with these words. The
    /// profile's `live_allowed` keeps the answer.
    AskLive(&'static str),
}

/// Whether `way` may be used for `profile`.
pub fn consent(way: Way, profile: &Profile) -> Consent {
    let Some(words) = way.warning() else { return Consent::Given };
    // What was agreed to before the environment was live does not count for it.
    match (profile.guard().is_on(), &profile.public) {
        (true, choices) if !choices.live_allowed => Consent::AskLive(words),
        (false, choices) if !choices.localtunnel_allowed => Consent::Ask(words),
        _ => Consent::Given,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinde::Domain;

    #[test]
    fn localtunnel_asks_once_and_a_live_environment_is_asked_for_itself() {
        let mut live = Profile::new("live", Domain::parse("acme").unwrap());
        let mut sandbox = Profile::sandbox();
        for way in [Way::Own, Way::Ngrok, Way::Cloudflared] {
            assert_eq!(consent(way, &live), Consent::Given);
        }
        assert!(matches!(consent(Way::Localtunnel, &sandbox), Consent::Ask(words) if words.contains("unencrypted")));
        sandbox.public.localtunnel_allowed = true;
        assert_eq!(consent(Way::Localtunnel, &sandbox), Consent::Given);
        live.public.localtunnel_allowed = true;
        assert!(matches!(consent(Way::Localtunnel, &live), Consent::AskLive(_)), "agreed to while it was not live");
        live.public.live_allowed = true;
        assert_eq!(consent(Way::Localtunnel, &live), Consent::Given);
    }
}
