//! The list of everything: one search box, the groups, last used first, each row with how it stands.

use egui::{Key, PointerButton, Response, ScrollArea, Ui};

use super::elsewhere;
use super::state::{Shown, State};
use crate::action::Action;
use crate::recipes::{self, Content, Group};
use crate::screens::Cx;
use crate::tenant::Profile;
use crate::ui::tokens::space;
use crate::ui::{Icon, ListRow, Mood, empty_state, small, text_field};

/// How something stands: a word, and its shape and colour.
pub(super) struct Standing {
    pub word: String,
    pub mood: Mood,
    pub icon: Icon,
}

impl Standing {
    pub fn new(word: impl Into<String>, mood: Mood, icon: Icon) -> Self {
        Self { word: word.into(), mood, icon }
    }
}

/// How a recipe stands for the profile.
pub(super) fn standing(state: &State, profile: &Profile, name: &str) -> Standing {
    if let Some(live) = state.pages.get(name).and_then(|page| page.run.live()) {
        let word = if live.call == recipes::Call::Simulate { "simulating" } else { "checking" };
        return Standing::new(word, Mood::Info, Icon::Running);
    }
    if let (Some(page), Some(recipe)) = (state.pages.get(name), recipes::find(name))
        && page.stands_of_others(recipe.content(), profile)
    {
        return Standing::new("earlier inputs", Mood::Neutral, Icon::Clock);
    }
    let (mood, icon) = match recipes::of_profile(profile, name) {
        _ if recipes::warns(profile, name) => (Mood::Warn, Icon::Warning),
        recipes::State::New => (Mood::Neutral, Icon::Circle),
        recipes::State::Generated => (Mood::Info, Icon::File),
        recipes::State::WorkedOut => (Mood::Neutral, Icon::Play),
        recipes::State::Simulated => (Mood::Success, Icon::Play),
        recipes::State::Partly => (Mood::Neutral, Icon::Dot),
        recipes::State::Works => (Mood::Success, Icon::Check),
        recipes::State::Fails => (Mood::Error, Icon::Cross),
    };
    Standing::new(recipes::standing(profile, name), mood, icon)
}

/// Draws it over the whole column.
pub(super) fn show(ui: &mut Ui, state: &mut State, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let field = text_field(ui, "Search recipes", "Search tools and words", &mut state.search);
    ui.add_space(space::XS);
    let pressed = |key| ui.input(|input| input.key_pressed(key));
    // The first Escape empties the box, the next one leaves it.
    if field.lost_focus() && pressed(Key::Escape) && !state.search.is_empty() {
        state.search.clear();
        field.request_focus();
    }
    let wanted = state.search.trim().to_lowercase();
    let mut first = First {
        opens: field.lost_focus() && !wanted.is_empty() && pressed(Key::Enter),
        gets_focus: field.has_focus() && pressed(Key::ArrowDown),
    };
    ScrollArea::vertical().id_salt("recipes").auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.set_max_width(ui.available_width() - space::SM);
        // What is called so stands before what only mentions it.
        let (called, mention): (Vec<Group>, Vec<Group>) =
            [Group::SignIn, Group::Code].into_iter().partition(|group| is_called(*group, &wanted));
        let mut any = false;
        for group in called {
            any |= shelf(ui, state, group, &wanted, &mut first, profile, cx, actions);
        }
        any |= elsewhere::shelf(ui, state, &wanted, &mut first, profile);
        for group in mention {
            any |= shelf(ui, state, group, &wanted, &mut first, profile, cx, actions);
        }
        if !any {
            let words = format!("Nothing here is called {}", state.search.trim());
            if empty_state(ui, None, &words, Some("Show all")) {
                state.search.clear();
            }
        }
        ui.add_space(space::LG);
    });
}

/// What a key in the search box asks of the first row below it.
pub(super) struct First {
    opens: bool,
    gets_focus: bool,
}

impl First {
    /// Does it on the first row it is given; true where that row is to be opened.
    pub fn take(&mut self, row: &Response) -> bool {
        if std::mem::take(&mut self.gets_focus) {
            row.request_focus();
        }
        std::mem::take(&mut self.opens)
    }
}

/// The title of a group.
pub(super) fn group_title(ui: &mut Ui, title: &str) {
    ui.add_space(space::SM);
    ui.horizontal(|ui| {
        ui.add_space(space::MD);
        small(ui, title);
    });
}

#[expect(clippy::too_many_arguments, reason = "what the list is drawn from, handed on")]
fn shelf(
    ui: &mut Ui,
    state: &mut State,
    group: Group,
    wanted: &str,
    first: &mut First,
    profile: &Profile,
    cx: &Cx<'_>,
    actions: &mut Vec<Action>,
) -> bool {
    let mut all: Vec<&'static Content> = recipes::all().iter().map(|recipe| recipe.content()).collect();
    all.retain(|content| content.group == group && fit(content, wanted).is_some());
    // Last used first; those never used in the order of their titles, the catch-all last.
    all.sort_by_cached_key(|content| {
        let used = recipes::used_at(profile, &content.name);
        (fit(content, wanted), std::cmp::Reverse(used), content.name == "openid-provider", content.title.to_lowercase())
    });
    if all.is_empty() {
        return false;
    }
    group_title(ui, group.title());
    for content in all {
        let standing = standing(state, profile, &content.name);
        let selected = state.shown == Some(Shown::Recipe(content.name.as_str()));
        let row = ListRow::new(&content.title).note(&standing.word).mark(standing.mood, standing.icon).words_first();
        let row = row.selected(selected).show(ui);
        let opens = first.take(&row);
        if opens || row.clicked() {
            let by_key = opens || !row.clicked_by(PointerButton::Primary);
            state.choose(&content.name, by_key, cx, actions);
        }
    }
    true
}

/// How a recipe fits what is searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// It is called so, or is about it.
    Called,
    /// Its steps, fields or files mention it.
    Mentions,
}

/// How a recipe fits `wanted`, in small letters: each word of it has to stand there.
pub(super) fn fit(content: &Content, wanted: &str) -> Option<Fit> {
    if wanted.is_empty() {
        return Some(Fit::Called);
    }
    let guides = content.guides.iter().map(|guide| guide.title.as_str());
    let words = content.words.iter().map(String::as_str);
    let names = [content.title.as_str(), &content.name, &content.does, content.group.title()];
    let called = in_small_letters(names.into_iter().chain(guides).chain(words));
    if wanted.split_whitespace().all(|word| called.contains(word)) {
        return Some(Fit::Called);
    }
    let files = content.files.iter().map(String::as_str);
    let steps = content.steps.iter().map(|step| step.text.as_str());
    let fields = content.inputs.iter().map(|input| input.label.as_str());
    let mentioned = in_small_letters(files.chain(steps).chain(fields));
    let stands = |word: &str| called.contains(word) || begins_a_word(&mentioned, word);
    wanted.split_whitespace().all(stands).then_some(Fit::Mentions)
}

/// True where a recipe of the group is called so.
fn is_called(group: Group, wanted: &str) -> bool {
    let mut all = recipes::all().iter().map(|recipe| recipe.content());
    all.any(|content| content.group == group && fit(content, wanted) == Some(Fit::Called))
}

/// True where a word of `text` begins with `word`: `rls` is no part of URLs.
fn begins_a_word(text: &str, word: &str) -> bool {
    let before = |at: usize| text.get(..at).and_then(|before| before.chars().next_back());
    text.match_indices(word).any(|(at, _)| before(at).is_none_or(|letter| !letter.is_alphanumeric()))
}

fn in_small_letters<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts.collect::<Vec<_>>().join("\n").to_lowercase()
}

/// True where each word of `wanted` stands in one of `texts`.
pub(super) fn contains<'a>(texts: impl IntoIterator<Item = &'a str>, wanted: &str) -> bool {
    let whole = in_small_letters(texts.into_iter());
    wanted.split_whitespace().all(|word| whole.contains(word))
}
