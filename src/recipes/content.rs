//! What a recipe says and asks for, as data: `assets/recipes/NAME/recipe.toml`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Call;

/// The two shelves of the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Group {
    /// Kinde signs people in to a tool.
    #[default]
    #[serde(rename = "sign-in")]
    SignIn,
    /// Code for the person's own app.
    #[serde(rename = "code")]
    Code,
}

impl Group {
    /// As shown.
    pub fn title(self) -> &'static str {
        match self {
            Self::SignIn => "Sign-in for a tool",
            Self::Code => "Code for your app",
        }
    }
}

/// Everything a `recipe.toml` holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// What the command line calls it: `cloudflare-zero-trust`.
    pub name: String,
    /// As people call it.
    pub title: String,
    /// Which shelf.
    pub group: Group,
    /// What it does, in a sentence or two.
    pub does: String,
    /// What people look for it by, besides what its title and description say.
    #[serde(default)]
    pub words: Vec<String>,
    /// The primary button, named by its result: "Write route.ts".
    pub action: String,
    /// The button that applies it through the Management API, where that can be: "Set the variables". The same as `action`
    /// where applying is what the recipe is for.
    #[serde(default)]
    pub apply: Option<String>,
    /// Inputs that applying cannot do without, besides those that generating wants.
    #[serde(default)]
    pub apply_needs: Vec<String>,
    /// The day its facts were last looked at, `2026-11-23`.
    pub checked: String,
    /// The guides it stands for, with their addresses.
    pub guides: Vec<Guide>,
    /// What a person has to have.
    pub needs: Vec<String>,
    /// Every file that it may generate.
    #[serde(default)]
    pub files: Vec<String>,
    /// Those of them that come with one choice alone, by that choice: `runtime=deno`.
    #[serde(default)]
    pub files_of: BTreeMap<String, Vec<String>>,
    /// The calls that want the tenant's address.
    #[serde(default)]
    pub tenant: Vec<Call>,
    /// The calls that look for genuine events of the tenant among what was received.
    #[serde(default)]
    pub history: Vec<Call>,
    /// Generated values that are as good as a secret: never shown, copied only.
    #[serde(default)]
    pub hidden: Vec<String>,
    /// What the tool's form calls generated values, where that is not their own name: `client_id = "App ID"`.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Packages of the generated code, as a line to run: `npm install jwks-rsa`.
    #[serde(default)]
    pub install: Option<String>,
    /// What it asks for, in the order of the form.
    #[serde(default, rename = "input")]
    pub inputs: Vec<Input>,
    /// What to do, in order.
    #[serde(default, rename = "step")]
    pub steps: Vec<Step>,
    /// Where the guide errs.
    #[serde(default, rename = "correction")]
    pub corrections: Vec<Correction>,
}

/// A page of Kinde's that a recipe stands for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guide {
    /// Its title.
    pub title: String,
    /// Where it is.
    pub url: String,
}

/// Where a value is known from without being typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// Client ID of the web application, kept with the profile.
    WebClientId,
    /// Its client secret, in the keyring.
    WebClientSecret,
}

/// One thing a recipe asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// `--set KEY=…`
    pub key: String,
    /// As the form calls it.
    pub label: String,
    /// What it is, and where to find it.
    pub help: String,
    /// The calls that cannot do without it.
    #[serde(default)]
    pub required: Vec<Call>,
    /// It belongs to a person: from a file, the keyring or a hidden field alone.
    #[serde(default)]
    pub secret: bool,
    /// It may be a token or a nonce: usable inline, and never remembered.
    #[serde(default)]
    pub private: bool,
    /// It is a token: the window shows dots, and it is never remembered.
    #[serde(default)]
    pub masked: bool,
    /// What it is where nobody says otherwise.
    #[serde(default)]
    pub default: Option<String>,
    /// The only values it may have.
    #[serde(default)]
    pub choices: Vec<String>,
    /// Where it is known from.
    #[serde(default)]
    pub from: Option<From>,
    /// The variables of the environment file that hold it.
    #[serde(default)]
    pub env: Vec<String>,
    /// The calls it serves; empty: all.
    #[serde(default, rename = "for")]
    pub calls: Vec<Call>,
    /// A value as an example.
    #[serde(default)]
    pub example: Option<String>,
}

impl Input {
    /// What it is, where the form says already what it is for: without the call that the command line names in front.
    pub fn help_in_place(&self) -> String {
        let calls = [Call::Generate, Call::Check, Call::Simulate].map(Call::word);
        let words = match self.help.split_once(": ") {
            Some((call, rest)) if calls.contains(&call) => rest,
            _ => &self.help,
        };
        let mut letters = words.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
    }

    /// True where `call` looks at it.
    pub fn serves(&self, call: Call) -> bool {
        self.calls.is_empty() || self.calls.contains(&call)
    }
}

/// Where a step is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// In Kinde's admin pages.
    Kinde,
    /// In the tool.
    Tool,
    /// In the person's own project.
    Code,
    /// In this panel.
    Panel,
    /// In a browser, as a user.
    Browser,
}

/// What the panel does for a step, or the room in which it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Deed {
    /// Check.
    Check,
    /// Simulate.
    Simulate,
    /// Apply.
    Apply,
    /// The Webhooks room.
    Webhooks,
    /// The same, where events are caused.
    Trigger,
    /// The Inspector.
    Inspector,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Where it is done.
    pub place: Place,
    /// What to do.
    pub text: String,
    /// Why, or what goes wrong without it.
    #[serde(default)]
    pub note: Option<String>,
    /// Where and why the panel leaves the guide.
    #[serde(default)]
    pub corrected: Option<String>,
    /// A page to open.
    #[serde(default)]
    pub link: Option<String>,
    /// Names of generated values to copy there.
    #[serde(default)]
    pub copy: Vec<String>,
    /// The generated file that it is about.
    #[serde(default)]
    pub file: Option<String>,
    /// A command to copy.
    #[serde(default)]
    pub run: Option<String>,
    /// What the panel does for it.
    #[serde(default, rename = "do")]
    pub deeds: Vec<Deed>,
    /// The choices that it is for, `runtime=deno`: one of them is enough. Empty: for all.
    #[serde(default)]
    pub only: Vec<String>,
    /// The numbered steps of the guides that it covers.
    #[serde(default)]
    pub sources: Vec<String>,
}

impl Step {
    /// True where it is to be done with these inputs.
    pub fn is_for(&self, plain: &BTreeMap<String, String>) -> bool {
        let fits = |choice: &String| {
            let chosen = choice.split_once('=').and_then(|(key, value)| Some((plain.get(key)?, value)));
            chosen.is_some_and(|(given, value)| given == value)
        };
        self.only.is_empty() || self.only.iter().any(fits)
    }
}

/// Where a guide errs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// What the guide says or does.
    pub guide: String,
    /// What comes of it.
    pub why: String,
    /// What is done here.
    pub here: String,
}

impl Content {
    /// Reads a `recipe.toml`. One that does not parse is an empty one: a test reads each.
    pub(super) fn parse(text: &str) -> Self {
        Self::read(text).unwrap_or_default()
    }

    pub(super) fn read(text: &str) -> Result<Self, String> {
        crate::assets::read(text)
    }

    /// True where `call` wants the tenant's address.
    pub fn wants_tenant(&self, call: Call) -> bool {
        self.tenant.contains(&call)
    }

    /// True where `call` looks into the history.
    pub fn reads_history(&self, call: Call) -> bool {
        self.history.contains(&call)
    }

    /// True where what is made is to name the sandbox's address: a step has it to copy.
    pub fn names_sandbox(&self) -> bool {
        self.steps.iter().flat_map(|step| &step.copy).any(|name| name == super::test_env::TEST)
    }

    /// The input of that key.
    pub fn input(&self, key: &str) -> Option<&Input> {
        self.inputs.iter().find(|input| input.key == key)
    }

    /// The variables of its environment files that hold the inputs of these keys.
    pub fn variables(&self, keys: &BTreeSet<String>) -> Vec<String> {
        let inputs = self.inputs.iter().filter(|input| keys.contains(&input.key));
        inputs.flat_map(|input| input.env.iter().cloned()).collect()
    }

    /// The choices that a file comes with; empty where it always comes.
    pub fn choices_of(&self, file: &str) -> Vec<&str> {
        let of = self.files_of.iter().filter(|(_, files)| files.iter().any(|one| one == file));
        of.map(|(choice, _)| choice.as_str()).collect()
    }

    /// The only secret input, where there is one and no other.
    pub fn only_secret(&self) -> Option<&Input> {
        let mut secrets = self.inputs.iter().filter(|input| input.secret);
        secrets.next().filter(|_| secrets.next().is_none())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::recipes::all;

    #[test]
    fn what_is_for_one_choice_alone_names_a_choice_and_a_file_that_there_are() {
        for content in all().iter().map(|recipe| recipe.content()) {
            let only = content.steps.iter().flat_map(|step| &step.only);
            for choice in only.chain(content.files_of.keys()) {
                let (key, value) = choice.split_once('=').unwrap();
                let input = content.input(key).unwrap_or_else(|| panic!("{}: {choice}", content.name));
                assert!(input.choices.iter().any(|one| one == value), "{}: {choice}", content.name);
            }
            for file in content.files_of.values().flatten() {
                assert!(content.files.contains(file), "{}: {file}", content.name);
            }
        }
    }

    #[test]
    fn the_steps_of_an_edge_worker_are_those_of_where_it_runs() {
        let content = crate::recipes::find("edge-workers").unwrap().content();
        for runtime in &content.input("runtime").unwrap().choices {
            let chosen = BTreeMap::from([("runtime".to_owned(), runtime.clone())]);
            let steps: Vec<_> = content.steps.iter().filter(|step| step.is_for(&chosen)).collect();
            let wrangler = steps.iter().any(|step| step.run.as_ref().is_some_and(|run| run.contains("wrangler")));
            assert_eq!(wrangler, runtime == "cloudflare", "{runtime}");
            assert!(steps.iter().any(|step| step.text.starts_with("Deploy it")), "{runtime}");
            let files = steps.iter().filter_map(|step| step.file.as_deref());
            for file in files {
                let of = content.choices_of(file);
                assert_eq!(of, [format!("runtime={runtime}")], "{file}");
            }
        }
    }
}
