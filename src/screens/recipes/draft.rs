//! What is typed into the fields of one recipe.

use std::collections::{BTreeMap, BTreeSet};

use super::web_secret::WebSecret;
use crate::backend::recipes::Opened;
use crate::error::UserError;
use crate::recipes::{Call, Content, From, Given, Input};
use crate::secrets::Secret;
use crate::ui::SecretDraft;

/// The fields of one recipe.
#[derive(Default)]
pub(super) struct Draft {
    /// Plain inputs by key.
    pub plain: BTreeMap<String, String>,
    /// Secrets and tokens by key: never shown.
    pub masked: BTreeMap<String, SecretDraft>,
    /// What is known from elsewhere: not kept with the recipe.
    known: BTreeMap<String, String>,
    /// Secrets that are in the keyring.
    kept: BTreeSet<String>,
    /// That of the web application, where the recipe asks for it.
    web: Option<WebSecret>,
    /// Inputs that were asked for and are empty.
    lacking: BTreeSet<String>,
    refused: Option<Refused>,
    /// The field that wants the keyboard.
    pub focus: Option<String>,
}

/// True for the web application's client secret: recipes share it, and none forgets it.
pub(super) fn is_shared(input: &Input) -> bool {
    input.from == Some(From::WebClientSecret)
}

/// What was said of an input that cannot be used.
struct Refused {
    key: String,
    words: String,
    /// What stood in its field.
    held: Option<Held>,
}

/// What stands in a field.
#[derive(PartialEq, Eq)]
enum Held {
    Plain(String),
    Masked(Secret),
}

/// True for a field that shows dots.
pub(super) fn is_masked(input: &Input) -> bool {
    input.secret || input.masked
}

impl Draft {
    /// As it is at first: what the profile remembers, else the defaults.
    pub fn new(content: &Content, kept: Option<&BTreeMap<String, String>>) -> Self {
        let mut draft = Self { web: WebSecret::of(content), ..Self::default() };
        for input in &content.inputs {
            if is_masked(input) {
                draft.masked.insert(input.key.clone(), SecretDraft::default());
                continue;
            }
            let kept = kept.and_then(|kept| kept.get(&input.key)).or(input.default.as_ref());
            draft.plain.insert(input.key.clone(), kept.cloned().unwrap_or_default());
        }
        draft
    }

    /// Takes what is known from elsewhere into the fields that are empty.
    pub fn fill(&mut self, opened: &Opened) {
        for (key, value) in &opened.known {
            if let Some(field) = self.plain.get_mut(key).filter(|field| field.trim().is_empty()) {
                field.clone_from(value);
            }
        }
        self.known.clone_from(&opened.known);
        self.take_secrets(&opened.secrets);
        if let Some(web) = &mut self.web
            && let Some(secret) = opened.secrets.get(&web.key)
        {
            web.keep(secret.clone(), &opened.web_secret_of);
        }
    }

    /// Takes the web application's kept secret out of its field while the client ID is not the one it was kept with.
    pub fn settle(&mut self) {
        let Some(web) = &mut self.web else { return };
        let client_id = typed_or_known(&self.plain, &self.known, &web.id);
        if let Some(field) = self.masked.get_mut(&web.key) {
            web.settle(client_id, field);
        }
    }

    /// What is typed is asked with, and kept by whoever is asked.
    pub fn sent(&mut self, content: &Content) {
        let typed = content.inputs.iter().filter(|input| input.secret && !self.is_empty(&input.key));
        let typed: Vec<String> = typed.map(|input| input.key.clone()).collect();
        self.kept.extend(typed);
        let Some(web) = &mut self.web else { return };
        let client_id = typed_or_known(&self.plain, &self.known, &web.id);
        if let Some(field) = self.masked.get(&web.key).filter(|field| !field.is_empty()) {
            web.keep(field.whole(), client_id);
        }
    }

    /// True where a secret is kept that is not for this client ID, and no other one was typed.
    pub fn is_left_out(&self, key: &str) -> bool {
        self.web.as_ref().is_some_and(|web| web.is_out(key)) && self.is_empty(key)
    }

    /// Takes secrets that are kept into the fields that are empty.
    pub fn take_secrets(&mut self, secrets: &BTreeMap<String, Secret>) {
        for (key, secret) in secrets {
            if let Some(field) = self.masked.get_mut(key).filter(|field| field.is_empty()) {
                field.set(secret);
                self.kept.insert(key.clone());
            }
        }
    }

    /// The labels of the recipe's own secrets that are typed or kept: what forgetting its inputs deletes.
    pub fn own_secrets<'a>(&self, content: &'a Content) -> Vec<&'a str> {
        let own = content.inputs.iter().filter(|input| input.secret && !is_shared(input));
        let there = own.filter(|input| self.kept.contains(&input.key) || !self.is_empty(&input.key));
        there.map(|input| input.label.as_str()).collect()
    }

    /// Empties the fields of what is kept for this recipe alone; what stood in the plain ones.
    pub fn forget(&mut self, content: &Content) -> BTreeMap<String, String> {
        let before = std::mem::take(&mut self.plain);
        self.lacking.clear();
        self.refused = None;
        for input in &content.inputs {
            if !is_masked(input) {
                let first = self.at_first(input);
                self.plain.insert(input.key.clone(), first);
            } else if !is_shared(input) {
                self.kept.remove(&input.key);
                if let Some(field) = self.masked.get_mut(&input.key) {
                    field.clear();
                }
            }
        }
        before
    }

    /// Takes plain inputs back into the fields in which nothing was typed since they were forgotten.
    pub fn take_back(&mut self, content: &Content, plain: BTreeMap<String, String>) {
        for (key, text) in plain {
            let Some(first) = content.input(&key).map(|input| self.at_first(input)) else { continue };
            if let Some(field) = self.plain.get_mut(&key).filter(|field| **field == first) {
                *field = text;
            }
        }
    }

    /// What a plain field holds while nothing is remembered for it.
    fn at_first(&self, input: &Input) -> String {
        input.default.as_ref().or(self.known.get(&input.key)).cloned().unwrap_or_default()
    }

    /// Everything that is typed, and what is known from elsewhere where nothing is. What may be a token travels as a secret.
    pub fn given(&self, content: &Content) -> Given {
        let mut given = Given::default();
        for input in &content.inputs {
            let key = input.key.clone();
            if let Some(field) = self.masked.get(&key) {
                let secret = if input.secret { field.whole() } else { field.peek() };
                if !field.is_empty() {
                    given.secrets.insert(key, secret);
                }
                continue;
            }
            let text = typed_or_known(&self.plain, &self.known, &key);
            if text.is_empty() {
                continue;
            }
            if input.private {
                given.secrets.insert(key, Secret::new(text));
            } else {
                given.plain.insert(key, text.to_owned());
            }
        }
        given
    }

    /// The part of it that files, values and changes in the tenant are made of: what serves a check alone is none of it.
    pub fn goes_in(&self, content: &Content) -> Given {
        self.part(content, |input| input.serves(Call::Generate) || content.apply_needs.contains(&input.key))
    }

    /// The part of it that `call` looks at.
    pub fn looked_at(&self, content: &Content, call: Call) -> Given {
        self.part(content, |input| input.serves(call))
    }

    fn part(&self, content: &Content, wanted: impl Fn(&Input) -> bool) -> Given {
        let mut given = self.given(content);
        let wanted = |key: &str| content.input(key).is_some_and(&wanted);
        given.plain.retain(|key, _| wanted(key));
        given.secrets.retain(|key, _| wanted(key));
        given
    }

    /// True where the secret field of that key holds `secret`.
    pub fn holds(&self, key: &str, secret: &Secret) -> bool {
        self.masked.get(key).is_some_and(|field| field.whole() == *secret)
    }

    /// What is remembered of the plain inputs: neither what may be a token, nor what is known anyway.
    pub fn keep(&self, content: &Content) -> BTreeMap<String, String> {
        let own = content.inputs.iter().filter(|input| !is_masked(input) && !input.private);
        own.filter_map(|input| {
            let text = self.plain.get(&input.key)?.trim();
            let known =
                input.default.as_deref() == Some(text) || self.known.get(&input.key).is_some_and(|known| known == text);
            (!text.is_empty() && !known).then(|| (input.key.clone(), text.to_owned()))
        })
        .collect()
    }

    /// Secrets that are in the keyring and were taken out of their fields.
    pub fn let_go(&self) -> Vec<String> {
        let empty = |key: &&String| self.masked.get(*key).is_some_and(SecretDraft::is_empty);
        self.kept.iter().filter(empty).filter(|key| !self.is_left_out(key)).cloned().collect()
    }

    /// The inputs that `call` cannot do without and that are empty, in the order of the form.
    pub fn lacking(&self, content: &Content, call: Call, more: &[String]) -> Vec<String> {
        let wanted = content.inputs.iter().filter(|input| input.required.contains(&call) || more.contains(&input.key));
        wanted.map(|input| input.key.clone()).filter(|key| self.is_empty(key)).collect()
    }

    /// True where there is no more to type for `call`; otherwise the empty fields say so, and the first wants the keyboard.
    /// `more` are inputs that are wanted besides.
    pub fn insist(&mut self, content: &Content, call: Call, more: &[String]) -> bool {
        let lacking = self.lacking(content, call, more);
        self.focus = lacking.first().cloned();
        self.lacking = lacking.into_iter().collect();
        self.refused = None;
        self.lacking.is_empty()
    }

    /// Says below the field of `key` why what stands in it cannot be used, until something else does; the keyboard goes there.
    /// False where there is no such field.
    pub fn refuse(&mut self, content: &Content, key: &str, error: &UserError) -> bool {
        let Some(input) = content.input(key) else { return false };
        // The command line calls an input by its key, the form by its label.
        let title = match error.title.strip_prefix(key) {
            Some(rest) if rest.starts_with(' ') => format!("{}{rest}", input.label),
            _ => error.title.clone(),
        };
        let words = [title.as_str(), &error.detail, &error.hint].into_iter().filter(|words| !words.is_empty());
        let words = words.collect::<Vec<_>>().join(". ");
        self.focus = Some(key.to_owned());
        self.refused = Some(Refused { key: key.to_owned(), words, held: self.held(key) });
        true
    }

    fn held(&self, key: &str) -> Option<Held> {
        match self.masked.get(key) {
            Some(field) => Some(Held::Masked(field.whole())),
            None => self.plain.get(key).cloned().map(Held::Plain),
        }
    }

    fn is_empty(&self, key: &str) -> bool {
        match self.masked.get(key) {
            Some(field) => field.is_empty(),
            None => self.plain.get(key).is_none_or(|text| text.trim().is_empty()),
        }
    }

    /// What is said below a field that was asked for and is still empty, or that holds still what cannot be used.
    pub fn trouble(&self, key: &str) -> Option<String> {
        if self.lacking.contains(key) && self.is_empty(key) {
            return Some("Needed for this".to_owned());
        }
        let refused = self.refused.as_ref().filter(|refused| refused.key == key)?;
        (self.held(key) == refused.held).then(|| refused.words.clone())
    }
}

/// What is typed into a plain field; where that is empty, what is known from elsewhere.
fn typed_or_known<'a>(plain: &'a BTreeMap<String, String>, known: &'a BTreeMap<String, String>, key: &str) -> &'a str {
    let text = |from: &'a BTreeMap<String, String>| from.get(key).map_or("", |text| text.trim());
    let typed = text(plain);
    if typed.is_empty() { text(known) } else { typed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Category;
    use crate::recipes;

    fn content(name: &str) -> &'static Content {
        recipes::find(name).unwrap().content()
    }

    #[test]
    fn what_is_a_default_known_anyway_or_maybe_a_token_is_not_remembered() {
        let content = content("bravo-studio");
        let mut draft = Draft::new(content, None);
        draft.fill(&Opened { known: [("client_id".to_owned(), "abc".to_owned())].into(), ..Opened::default() });
        draft.plain.insert("callback_url".to_owned(), " https://a.example ".to_owned());
        draft.plain.insert("url".to_owned(), "https://acme.kinde.com/oauth2/auth?state=canary".to_owned());
        let kept = draft.keep(content);
        assert_eq!(kept, [("callback_url".to_owned(), "https://a.example".to_owned())].into());
        let given = draft.given(content);
        assert_eq!(given.plain["client_id"], "abc");
        assert!(given.secrets.contains_key("url") && !format!("{given:?}").contains("canary"), "{given:?}");
    }

    #[test]
    fn a_secret_that_was_kept_and_is_emptied_is_let_go() {
        let content = content("trustpath");
        let mut draft = Draft::new(content, None);
        let secrets = [("trustpath_api_key".to_owned(), Secret::new("kept"))].into();
        draft.fill(&Opened { secrets, ..Opened::default() });
        assert!(draft.let_go().is_empty());
        assert_eq!(draft.given(content).secrets["trustpath_api_key"], Secret::new("kept"));
        draft.masked.get_mut("trustpath_api_key").unwrap().clear();
        assert_eq!(draft.let_go(), ["trustpath_api_key"]);
    }

    #[test]
    fn a_secret_that_was_typed_and_used_and_is_emptied_is_let_go_too() {
        let content = content("trustpath");
        let mut draft = Draft::new(content, None);
        draft.masked.get_mut("trustpath_api_key").unwrap().set(&Secret::new("typed"));
        draft.sent(content);
        assert!(draft.let_go().is_empty());
        draft.masked.get_mut("trustpath_api_key").unwrap().clear();
        assert_eq!(draft.let_go(), ["trustpath_api_key"]);
    }

    #[test]
    fn a_kept_client_secret_is_given_with_the_client_id_it_was_kept_with_and_what_is_typed_with_any() {
        let content = content("wordpress");
        let mut draft = Draft::new(content, None);
        let known = [("client_id".to_owned(), "first".to_owned())].into();
        let secrets = [("client_secret".to_owned(), Secret::new("kept"))].into();
        draft.fill(&Opened { known, secrets, web_secret_of: "first".to_owned(), ..Opened::default() });
        let given = |draft: &mut Draft, client_id: &str| {
            draft.plain.insert("client_id".to_owned(), client_id.to_owned());
            draft.settle();
            let mut given = draft.given(content);
            (given.plain.remove("client_id"), given.secrets.remove("client_secret"))
        };
        let both = |client_id: &str, secret: Option<&str>| (Some(client_id.to_owned()), secret.map(Secret::new));
        assert_eq!(given(&mut draft, "first"), both("first", Some("kept")));
        assert_eq!(given(&mut draft, "second"), both("second", None));
        assert!(draft.is_left_out("client_secret") && draft.let_go().is_empty(), "it stays kept");
        assert_eq!(given(&mut draft, ""), both("first", Some("kept")), "empty stands for the one that is known");

        assert_eq!(given(&mut draft, "second"), both("second", None));
        draft.masked.get_mut("client_secret").unwrap().set(&Secret::new("typed"));
        assert_eq!(given(&mut draft, "second"), both("second", Some("typed")));
        assert!(!draft.is_left_out("client_secret"));
        draft.sent(content);
        assert_eq!(given(&mut draft, "first"), both("first", None), "it is kept with the second now");
        assert_eq!(given(&mut draft, "second"), both("second", Some("typed")));
    }

    #[test]
    fn an_empty_field_that_is_needed_says_so_until_something_is_typed() {
        let content = content("nextjs");
        let mut draft = Draft::new(content, None);
        assert!(draft.insist(content, Call::Generate, &[]), "nothing is needed to write it");
        assert!(!draft.insist(content, Call::Check, &[]));
        assert_eq!((draft.focus.as_deref(), draft.trouble("url").as_deref()), (Some("url"), Some("Needed for this")));
        draft.plain.insert("url".to_owned(), "http://localhost:3000/api".to_owned());
        assert_eq!(draft.trouble("url"), None);
        assert!(!draft.insist(content, Call::Generate, &["endpoint".to_owned()]));
    }

    #[test]
    fn what_is_refused_is_told_by_the_label_of_its_field_until_something_else_stands_there() {
        let content = content("shopify-multipass");
        let mut draft = Draft::new(content, None);
        draft.plain.insert("store".to_owned(), "admin.shopify.com".to_owned());
        let error = UserError::new(Category::Input, "store is no address of a store").detail("It is the admin's");
        assert!(draft.refuse(content, "store", &error) && !draft.refuse(content, "nosuch", &error));
        let told = |draft: &Draft| draft.trouble("store");
        assert_eq!(told(&draft).as_deref(), Some("Store is no address of a store. It is the admin's"));
        assert_eq!((draft.focus.as_deref(), draft.trouble("email")), (Some("store"), None));
        draft.plain.insert("store".to_owned(), "acme".to_owned());
        assert_eq!(told(&draft), None);
        draft.masked.get_mut("multipass_secret").unwrap().set(&Secret::new("short"));
        assert!(draft.refuse(content, "multipass_secret", &error) && draft.trouble("multipass_secret").is_some());
        draft.masked.get_mut("multipass_secret").unwrap().set(&Secret::new("longer"));
        assert_eq!(draft.trouble("multipass_secret"), None);
    }
}
