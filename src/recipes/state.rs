//! How a recipe stands for a profile, and what is remembered of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::{Call, Content, Ended, Values};
use crate::tenant::{LastRecipe, Profile};

/// How a recipe stands for a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing was done with it yet.
    New,
    /// Its files were made, and nothing has been looked at.
    Generated,
    /// What becomes of it was worked out on this machine, and the tool was not asked.
    WorkedOut,
    /// The same path went well on this machine.
    Simulated,
    /// The real thing was looked at, nothing failed, and something that decides was not seen.
    Partly,
    /// The real thing was looked at and is as it should be.
    Works,
    /// It was looked at and is not as it should be.
    Fails,
}

impl State {
    /// As shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Generated => "generated",
            Self::WorkedOut => "worked out",
            Self::Simulated => "simulated",
            Self::Partly => "partly checked",
            Self::Works => "works",
            Self::Fails => "fails",
        }
    }
}

/// How the recipe of that name stands for `profile`.
pub fn of_profile(profile: &Profile, name: &str) -> State {
    let Some(last) = profile.recipes.get(name).and_then(|kept| kept.last.as_ref()) else { return State::New };
    match (last.call.as_str(), last.ok, last.partly) {
        (_, false, _) => State::Fails,
        ("check", true, true) => State::Partly,
        ("check", true, false) => State::Works,
        ("simulate", true, true) => State::WorkedOut,
        ("simulate", true, false) => State::Simulated,
        _ => State::Generated,
    }
}

/// Remembers how `call` ended. A call in which nothing was looked at leaves the last one as it was.
pub fn remember(profile: &mut Profile, name: &str, call: Call, ended: Ended, at: Timestamp) {
    let kept = profile.recipes.entry(name.to_owned()).or_default();
    kept.used = Some(at);
    if ended == Ended::Nothing {
        return;
    }
    // That files were made again says nothing new of what was looked at.
    if call == Call::Generate && kept.last.as_ref().is_some_and(|last| last.call != Call::Generate.word()) {
        return;
    }
    if call == Call::Simulate && kept.last.as_ref().is_some_and(|last| outlasts(last, ended)) {
        return;
    }
    let (ok, partly) = (ended != Ended::Failed, ended == Ended::Partly);
    kept.last = Some(LastRecipe { at, call: call.word().to_owned(), ok, partly, warns: false });
}

/// True where what is remembered says more than a simulation that ended so: it does not ask what failed in a check, and where it
/// goes well what was seen of the real thing, or of the whole path, stands.
fn outlasts(last: &LastRecipe, ended: Ended) -> bool {
    if last.call == Call::Check.word() {
        return !last.ok || ended != Ended::Failed;
    }
    last.call == Call::Simulate.word() && last.ok && !last.partly && ended == Ended::Partly
}

/// Forgets everything that is remembered of a recipe: its inputs, and how it stands.
pub fn forget(profile: &mut Profile, name: &str) {
    profile.recipes.remove(name);
}

/// Remembers that the check that was remembered just now, and went well, warns of something.
pub fn remember_warning(profile: &mut Profile, name: &str) {
    if let Some(last) = profile.recipes.get_mut(name).and_then(|kept| kept.last.as_mut()) {
        last.warns = true;
    }
}

/// True where the recipe of that name works, and the check that found so warns of something.
pub fn warns(profile: &Profile, name: &str) -> bool {
    let last = profile.recipes.get(name).and_then(|kept| kept.last.as_ref());
    of_profile(profile, name) == State::Works && last.is_some_and(|last| last.warns)
}

/// How the recipe of that name stands for `profile`, in the words of window and command line alike.
pub fn standing(profile: &Profile, name: &str) -> &'static str {
    if warns(profile, name) { "works, warns" } else { of_profile(profile, name).word() }
}

/// The check or simulation that the recipe of that name fails by.
pub fn last_failure<'a>(profile: &'a Profile, name: &str) -> Option<&'a LastRecipe> {
    profile.recipes.get(name)?.last.as_ref().filter(|last| !last.ok)
}

/// When the recipe of that name was used last.
pub fn used_at(profile: &Profile, name: &str) -> Option<Timestamp> {
    let kept = profile.recipes.get(name)?;
    kept.used.or(kept.last.as_ref().map(|last| last.at))
}

/// The plain inputs of `values` that may be remembered: no secret, no token.
pub fn inputs(content: &Content, values: &Values) -> BTreeMap<String, String> {
    let inputs = content.inputs.iter().filter(|input| !input.secret && !input.private);
    inputs.filter_map(|input| Some((input.key.clone(), values.text(&input.key)?.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_works_only_after_a_check_and_files_made_again_do_not_hide_it() {
        let mut profile = Profile::sandbox();
        let at = Timestamp::UNIX_EPOCH;
        assert_eq!(of_profile(&profile, "x"), State::New);
        remember(&mut profile, "x", Call::Generate, Ended::Good, at);
        assert_eq!(of_profile(&profile, "x"), State::Generated);
        remember(&mut profile, "x", Call::Simulate, Ended::Partly, at);
        assert_eq!(of_profile(&profile, "x"), State::WorkedOut);
        remember(&mut profile, "x", Call::Simulate, Ended::Good, at);
        assert_eq!(of_profile(&profile, "x"), State::Simulated);
        remember(&mut profile, "x", Call::Check, Ended::Partly, at);
        assert_eq!(of_profile(&profile, "x"), State::Partly);
        remember(&mut profile, "x", Call::Check, Ended::Good, at);
        remember(&mut profile, "x", Call::Generate, Ended::Good, at);
        let later = Timestamp::MAX;
        remember(&mut profile, "x", Call::Check, Ended::Nothing, later);
        assert_eq!(used_at(&profile, "x"), Some(later), "it was used, though nothing was looked at");
        assert_eq!(of_profile(&profile, "x"), State::Works);
        remember(&mut profile, "x", Call::Check, Ended::Failed, at);
        assert_eq!(of_profile(&profile, "x"), State::Fails);
    }

    #[test]
    fn a_simulation_that_goes_well_takes_no_place_of_what_says_more_and_one_that_failed_is_told() {
        let mut profile = Profile::sandbox();
        let at = Timestamp::UNIX_EPOCH;
        for (checked, state) in [(Ended::Good, State::Works), (Ended::Partly, State::Partly)] {
            remember(&mut profile, "x", Call::Check, checked, at);
            for simulated in [Ended::Good, Ended::Partly] {
                remember(&mut profile, "x", Call::Simulate, simulated, Timestamp::MAX);
                assert_eq!(of_profile(&profile, "x"), state, "{simulated:?}");
            }
        }
        remember(&mut profile, "x", Call::Simulate, Ended::Failed, at);
        assert_eq!(of_profile(&profile, "x"), State::Fails);
        remember(&mut profile, "x", Call::Simulate, Ended::Good, at);
        remember(&mut profile, "x", Call::Simulate, Ended::Partly, at);
        assert_eq!(of_profile(&profile, "x"), State::Simulated);
        forget(&mut profile, "x");
        assert_eq!((of_profile(&profile, "x"), used_at(&profile, "x")), (State::New, None));
    }

    #[test]
    fn a_recipe_that_works_and_warns_does_so_until_the_next_check() {
        let mut profile = Profile::sandbox();
        let at = Timestamp::UNIX_EPOCH;
        remember(&mut profile, "x", Call::Check, Ended::Good, at);
        assert!(!warns(&profile, "x"));
        remember_warning(&mut profile, "x");
        assert!(warns(&profile, "x") && of_profile(&profile, "x") == State::Works);
        assert_eq!(standing(&profile, "x"), "works, warns");
        remember(&mut profile, "x", Call::Check, Ended::Good, at);
        assert!(!warns(&profile, "x") && standing(&profile, "x") == "works");
    }

    #[test]
    fn a_check_that_failed_is_hidden_by_no_simulation_and_by_the_next_check_that_goes_well() {
        let mut profile = Profile::sandbox();
        let at = Timestamp::UNIX_EPOCH;
        remember(&mut profile, "x", Call::Simulate, Ended::Failed, at);
        assert_eq!(last_failure(&profile, "x").map(|last| last.call.as_str()), Some("simulate"));
        remember(&mut profile, "x", Call::Simulate, Ended::Good, at);
        assert_eq!((of_profile(&profile, "x"), last_failure(&profile, "x")), (State::Simulated, None));
        remember(&mut profile, "x", Call::Check, Ended::Failed, at);
        remember(&mut profile, "x", Call::Simulate, Ended::Good, Timestamp::MAX);
        assert_eq!(of_profile(&profile, "x"), State::Fails);
        assert_eq!(last_failure(&profile, "x").map(|last| last.at), Some(at));
        remember(&mut profile, "x", Call::Check, Ended::Partly, at);
        assert_eq!((of_profile(&profile, "x"), last_failure(&profile, "x")), (State::Partly, None));
    }
}
