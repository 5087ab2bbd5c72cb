//! How forwards of an attempt went, and what explains those that failed.

use egui::text::LayoutJob;
use egui::{FontId, Frame, Grid, Margin, TextFormat, Ui};

use super::state::{Looked, State, There, What};
use crate::action::Action;
use crate::check::Verdict;
use crate::inspector::forward::{Framework, Known, Outcome, Place, Sent, Target, explain, patch, paths};
use crate::inspector::lens::is_sandbox_kid;
use crate::jwt::Json;
use crate::screens::Cx;
use crate::store::attempts::{Answer, Forwarded};
use crate::ui::tokens::{radius, space, text};
use crate::ui::{
    Button, Icon, Mood, check_rows, code_view, combo, combo_item, disclosure, section_with, small, status, subdued,
    tokens,
};

/// The most forwards that show, the latest first.
const SHOWN: usize = 20;

/// What is asked of a forward.
enum Asked {
    Replay(String),
    Framework(Framework),
}

pub(super) fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let framework = framework(cx);
    let State { what: What::There(there), .. } = &mut *state else { return };
    explain_once(there, framework);
    let there = &**there;
    let attempt = &there.opened.whole.attempt;
    let looked = there.forwards.as_ref().map_or(&[][..], |(_, looked)| looked);
    let mut asked = None;
    let mut chosen = None;
    let failed = fails(there);
    section_with(
        ui,
        "Forwards",
        |ui| {
            if failed {
                chosen = choose(ui, framework);
            }
        },
        |ui| {
            if attempt.forwarded.is_empty() {
                small(ui, "It was not forwarded");
            }
            let skipped = attempt.forwarded.len().saturating_sub(SHOWN);
            for (index, on) in attempt.forwarded.iter().enumerate().skip(skipped).rev() {
                ui.push_id(index, |ui| {
                    ui.horizontal(|ui| {
                        answer(ui, on);
                        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                            let whole = attempt.whole;
                            let why = "Its signature is not kept, so that it opens nothing";
                            let button = Button::secondary("Replay").icon(Icon::Play).small().enabled_or(whole, why);
                            if button.show(ui).clicked() {
                                asked = Some(Asked::Replay(on.url.clone()));
                            }
                            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                                if let Some(number) = on.replay {
                                    let edited = if on.edited { ", edited" } else { "" };
                                    small(ui, &format!("Replay {number}{edited}"));
                                }
                                crate::ui::line(ui, egui::RichText::new(&on.url).monospace());
                            });
                        });
                    });
                    if let Some(looked) = looked.get(index) {
                        // The latest tells all of itself; those before it when they are asked.
                        let latest = index + 1 == attempt.forwarded.len();
                        explained(ui, &format!("forward {index}"), on, looked, framework, latest);
                    }
                });
            }
        },
    );
    match asked.or(chosen) {
        Some(Asked::Replay(url)) => {
            let (url, target) = state.went(&url);
            state.part = super::Part::Replay;
            // Where it may not be sent at once, the part asks for what is missing.
            state.meant = target.as_ref().filter(|_| Target::parse(&url, false).is_err()).map(|_| url.clone());
            state.target = url;
            if let Some(target) = target {
                state.replay(target, None, cx, actions);
            }
        }
        Some(Asked::Framework(framework)) => state.keep_framework(framework, cx, actions),
        None => {}
    }
}

/// Whether a forward did not go well: those that are answered 200 with a sign-in page too.
pub(super) fn fails(there: &There) -> bool {
    let looked = there.forwards.as_ref().map_or(&[][..], |(_, looked)| looked);
    let trouble = |(index, on): (usize, &Forwarded)| {
        on.status != Some(200) || looked.get(index).is_some_and(|looked| !looked.checks.is_empty())
    };
    there.opened.whole.attempt.forwarded.iter().enumerate().any(trouble)
}

/// What came of the latest forward, where it did not go well: in words, and how bad it is.
pub(super) fn latest_trouble(there: &mut There, framework: Framework) -> Option<(Verdict, String)> {
    explain_once(there, framework);
    let (_, looked) = there.forwards.as_ref()?;
    let check = looked.last()?.checks.first()?;
    let on = there.opened.whole.attempt.forwarded.last()?;
    let answer = on.status.map_or_else(|| "No answer".to_owned(), |status| format!("Answered {status}"));
    let replay = if on.replay.is_some() { ", replayed" } else { "" };
    Some((
        check.verdict,
        format!("{answer} by {}{replay}. {}", short(&on.url), check.why.as_deref().unwrap_or_default()),
    ))
}

/// An address as a sentence can hold it.
fn short(url: &str) -> &str {
    url.strip_prefix("http://").unwrap_or(url)
}

/// What the profile's application is built with.
pub(super) fn framework(cx: &Cx<'_>) -> Framework {
    cx.profile.and_then(|profile| Framework::of(profile.framework.as_deref()?)).unwrap_or_default()
}

fn choose(ui: &mut Ui, chosen: Framework) -> Option<Asked> {
    let mut asked = None;
    let shown = if chosen == Framework::Other { "Not chosen" } else { chosen.name() };
    combo(ui, "Built with", shown, 130.0, |ui| {
        for one in Framework::ALL {
            if combo_item(ui, one == chosen, one.name(), "") {
                asked = Some(Asked::Framework(one));
            }
        }
    });
    small(ui, "Built with");
    asked
}

/// The same beside a replay.
pub(super) fn choose_framework(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    if let Some(Asked::Framework(framework)) = choose(ui, framework(cx)) {
        state.keep_framework(framework, cx, actions);
    }
}

/// What was answered, and how fast.
pub(super) fn answer(ui: &mut Ui, on: &Forwarded) {
    let (mood, words) = match on.status {
        Some(200) => (Mood::Success, format!("200 · {} ms", on.ms)),
        Some(code @ 201..=299) => (Mood::Warn, format!("{code} · {} ms", on.ms)),
        Some(code) => (Mood::Error, format!("{code} · {} ms", on.ms)),
        None => (Mood::Error, "no answer".to_owned()),
    };
    status(ui, mood, &words);
}

/// What was sent, for explaining.
fn sent<'a>(there: &'a There, url: &'a str, edited: bool, known: &'a [Known]) -> Sent<'a> {
    let whole = &there.opened.whole;
    let content_type = whole.headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.as_str());
    let kid = there.told().and_then(|told| told.decoded.as_ref()?.header.as_ref()?.get("kid")).and_then(Json::as_text);
    Sent {
        url,
        content_type: if edited { Some("application/jwt") } else { content_type },
        known,
        by_sandbox: edited || kid.is_some_and(is_sandbox_kid),
    }
}

/// What explains a forward. `answer` is what is shown of what it was answered.
pub(super) fn look(
    there: &There,
    outcome: &Outcome<'_>,
    answer: Option<&Answer>,
    known: &[Known],
    framework: Framework,
) -> Looked {
    let on = outcome.forwarded;
    let sent = sent(there, &on.url, on.edited, known);
    let fine = on.status == Some(200);
    let checks = explain(&sent, outcome, framework);
    Looked {
        paths: if on.status == Some(404) { paths(&sent, framework) } else { Vec::new() },
        // That all is well is said by its status.
        checks: if fine && checks.iter().all(|check| check.verdict == Verdict::Pass) { Vec::new() } else { checks },
        answer: answer.filter(|answer| !answer.headers.is_empty() || !answer.body.is_empty()).map(shown),
    }
}

/// The answer as text, and what is to be said of it.
fn shown(answer: &Answer) -> (String, String) {
    let mut text: String = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    if !answer.body.is_empty() {
        text.push_str(&format!("\n{}", answer.body));
    }
    let size = match answer.size {
        0 => "Answer, without a body".to_owned(),
        size if answer.cut => format!("Answer, the beginning of {size} bytes"),
        1 => "Answer, 1 byte".to_owned(),
        size => format!("Answer, {size} bytes"),
    };
    (text, size)
}

/// Reads the answers once and not each frame: they may be long.
fn explain_once(there: &mut There, framework: Framework) {
    if there.told.is_none() || there.forwards.as_ref().is_some_and(|(own, _)| *own == framework) {
        return;
    }
    let opened = &there.opened;
    let all = opened.whole.attempt.forwarded.iter().enumerate().map(|(index, on)| {
        let answer = opened.answers.get(index).and_then(Option::as_ref);
        let known = opened.known.get(index).map_or(&[][..], Vec::as_slice);
        look(there, &Outcome::kept(on, answer), answer, known, framework)
    });
    let all = all.collect();
    there.forwards = Some((framework, all));
}

/// The checks, the paths beside each other, the change that mends the first check that a change mends, and the answer.
pub(super) fn explained(ui: &mut Ui, id: &str, on: &Forwarded, looked: &Looked, framework: Framework, at_length: bool) {
    let Looked { checks, paths, answer } = looked;
    if !checks.is_empty() {
        let why = |ui: &mut Ui| {
            check_rows(ui, id, checks);
            side_by_side(ui, id, paths);
            if let Some(patch) = checks.iter().find_map(|check| patch(&check.name, framework)) {
                ui.add_space(space::XS);
                small(ui, &format!("The change for {}, in {}", framework.name(), patch.file));
                code_view(ui, "Change", patch.diff.trim_end(), 200.0);
            } else if framework == Framework::Other && checks.iter().any(|check| mended(&check.name)) {
                small(ui, "Choose what it is built with, and the change to its code shows here");
            }
        };
        if at_length {
            why(ui);
        } else {
            disclosure(ui, &format!("{id} why"), "Why?", false, why);
        }
    }
    if let Some((text, words)) = answer {
        disclosure(ui, &format!("{id} answer"), words, false, |ui| code_view(ui, "Answer", text, 180.0));
    } else if on.status.is_some() {
        small(ui, "Its answer is not kept");
    }
    ui.add_space(space::SM);
}

/// Whether a change to the code of some framework mends what `check` found.
fn mended(check: &str) -> bool {
    Framework::ALL.into_iter().any(|framework| patch(check, framework).is_some())
}

/// The paths, each below the other in one face, with what differs of each in another ink.
fn side_by_side(ui: &mut Ui, id: &str, paths: &[Place]) {
    let [sent, others @ ..] = paths else { return };
    let t = tokens(ui);
    Frame::new().fill(t.field).corner_radius(radius::CONTROL).inner_margin(Margin::same(10)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        Grid::new(("paths", id)).num_columns(3).spacing([space::LG, space::XS]).show(ui, |ui| {
            for place in paths {
                let other = if std::ptr::eq(place, sent) { others.first() } else { Some(sent) };
                let (start, differs, end) = difference(&place.path, other.map_or(&place.path, |other| &other.path));
                let mut job = LayoutJob::default();
                for (part, ink) in [(start, t.text), (differs, t.warn.text), (end, t.text)] {
                    job.append(part, 0.0, TextFormat::simple(FontId::monospace(text::BODY), ink));
                }
                subdued(ui, &place.what);
                ui.label(job);
                small(ui, &place.note);
                ui.end_row();
            }
        });
    });
}

/// What `own` begins with as `other` does, what differs, and what both end with.
fn difference<'a>(own: &'a str, other: &str) -> (&'a str, &'a str, &'a str) {
    let same = |(one, two): &(char, char)| one == two;
    let start: usize = own.chars().zip(other.chars()).take_while(same).map(|(one, _)| one.len_utf8()).sum();
    let (begin, rest) = own.split_at_checked(start).unwrap_or((own, ""));
    let left = other.get(start..).unwrap_or_default();
    let end: usize = rest.chars().rev().zip(left.chars().rev()).take_while(same).map(|(one, _)| one.len_utf8()).sum();
    let (differs, end) = rest.split_at_checked(rest.len() - end).unwrap_or((rest, ""));
    (begin, differs, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_of_two_paths_is_found_between_what_they_begin_and_end_with() {
        assert_eq!(difference("/api/webhook", "/api/webhooks"), ("/api/webhook", "", ""));
        assert_eq!(difference("/api/webhooks", "/api/webhook"), ("/api/webhook", "s", ""));
        assert_eq!(difference("/webhook/kinde", "/api/hook/kinde"), ("/", "web", "hook/kinde"));
        assert_eq!(difference("/a/a", "/a/a/a"), ("/a/a", "", ""));
        assert_eq!(difference("/ä", "/ö"), ("/", "ä", ""));
    }
}
