//! What every recipe must hold to, and helpers for their own tests.

use std::collections::BTreeSet;

use super::*;
use crate::clock::Clock;
use crate::net::Recorder;
use crate::tenant::Profile;

/// The numbered steps of a guide, counted by hand: name of the list, last number, sub-steps (`3.1`), each as `list-3.1`.
pub fn numbered(lists: &[(&str, usize, &[&str])]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for (list, last, subs) in lists {
        all.extend((1..=*last).map(|number| format!("{list}-{number}")));
        all.extend(subs.iter().map(|sub| format!("{list}-{sub}")));
    }
    all
}

/// Fails where a numbered step of the guide is on no step of the recipe's page, or on two.
pub fn covers(recipe: &dyn Recipe, lists: &[(&str, usize, &[&str])], unnumbered: &[&str]) {
    let mut wanted = numbered(lists);
    wanted.extend(unnumbered.iter().map(|name| (*name).to_owned()));
    let mut seen = BTreeSet::new();
    for source in recipe.content().steps.iter().flat_map(|step| &step.sources) {
        assert!(seen.insert(source.clone()), "{source} is there twice");
    }
    assert_eq!(seen, wanted);
}

/// Values of a recipe, as a person gives them.
pub fn values(recipe: &dyn Recipe, plain: &[(&str, &str)], secrets: &[(&str, &str)]) -> Values {
    let given = Given {
        plain: plain.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        secrets: secrets.iter().map(|(key, value)| ((*key).to_owned(), crate::secrets::Secret::new(*value))).collect(),
    };
    Values::of(recipe.content(), given, None).unwrap()
}

/// What a job is given in a test.
pub struct Stage {
    pub http: Http,
    pub tenant: Tenant,
    pub sandbox: tempfile::TempDir,
    pub cancel: CancellationToken,
}

impl Stage {
    /// A tenant at `domain`, without an M2M application.
    pub fn at(domain: &str) -> Self {
        Self::with(domain, Clock::real())
    }

    /// The same, at this time.
    pub fn with(domain: &str, clock: Clock) -> Self {
        let http = Http::new(Recorder::silent(), clock).unwrap();
        let domain = crate::kinde::Domain::parse(domain).unwrap();
        let tenant = Tenant {
            profile: Profile::unsaved(domain.clone(), None),
            domain,
            http: http.clone(),
            secrets: crate::secrets::SecretStore::memory(),
            api: None,
            secret_trouble: None,
            provider_base: None,
        };
        Self { http, tenant, sandbox: tempfile::tempdir().unwrap(), cancel: CancellationToken::new() }
    }

    /// With a sandbox beside it that was served at `issuer` last.
    pub fn beside_a_sandbox(self, issuer: &str) -> Self {
        crate::sandbox::facts(self.sandbox.path()).unwrap();
        let file = self.sandbox.path().join("state.json");
        let mut state: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        state["issuer_last"] = issuer.into();
        std::fs::write(&file, state.to_string()).unwrap();
        self
    }

    pub fn around(&self) -> Around<'_> {
        Around {
            http: &self.http,
            tenant: Some(&self.tenant),
            history: None,
            sandbox: self.sandbox.path(),
            client_secret: None,
            tell: &|_| (),
            cancel: &self.cancel,
        }
    }
}

/// What a server of a test answers.
pub struct Reply {
    status: u16,
    location: Option<String>,
    body: String,
}

impl Reply {
    pub fn of(status: u16, body: &str) -> Self {
        Self { status, location: None, body: body.to_owned() }
    }

    /// A redirect.
    pub fn to(location: &str) -> Self {
        Self { status: 302, location: Some(location.to_owned()), body: String::new() }
    }
}

/// A server on this machine, for as long as the test runs. `answer` is given the number of the request, from 0, and its
/// method, path and the server's own address. Its address comes back.
pub fn serve(answer: impl Fn(usize, &str) -> Reply + Send + 'static) -> String {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let work = move || {
        for (number, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let (mut bytes, mut buffer) = (Vec::new(), [0; 8192]);
            loop {
                let read = stream.read(&mut buffer).unwrap_or(0);
                bytes.extend_from_slice(&buffer[..read]);
                let text = String::from_utf8_lossy(&bytes).to_lowercase();
                let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
                    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
                    body.len() >= length.map_or(0, |length| length.trim().parse().unwrap())
                });
                if read == 0 || whole {
                    break;
                }
            }
            let text = String::from_utf8_lossy(&bytes);
            let line = text.lines().next().unwrap_or_default().replace("HTTP/1.1", &address.to_string());
            let Reply { status, location, body } = answer(number, &line);
            let location = location.map(|to| format!("location: {to}\r\n")).unwrap_or_default();
            let head = format!("HTTP/1.1 {status} X\r\n{location}connection: close\r\ncontent-length: {}", body.len());
            write!(stream, "{head}\r\n\r\n{body}").ok();
        }
    };
    std::thread::Builder::new().name("answers".into()).spawn(work).unwrap();
    format!("http://{address}")
}

#[test]
fn every_recipe_is_whole_and_named_once() {
    let mut names = BTreeSet::new();
    for recipe in all() {
        let content = recipe.content();
        assert!(!content.name.is_empty(), "its recipe.toml does not parse: {recipe:p}");
        assert!(names.insert(content.name.clone()), "{} is there twice", content.name);
        for text in [&content.title, &content.does, &content.action] {
            assert!(!text.is_empty(), "{}", content.name);
        }
        assert!(content.checked.len() == 10 && !content.guides.is_empty() && !content.needs.is_empty());
        assert!(!content.steps.is_empty(), "{}", content.name);
        for guide in &content.guides {
            url::Url::parse(&guide.url).unwrap();
        }
        let mut keys = BTreeSet::new();
        for input in &content.inputs {
            assert!(keys.insert(&input.key) && !input.help.is_empty() && !input.label.is_empty(), "{}", input.key);
            assert!(input.required.iter().all(|call| input.serves(*call)), "{} {}", content.name, input.key);
            if let Some(default) = &input.default {
                assert!(input.choices.is_empty() || input.choices.contains(default), "{}", input.key);
            }
            assert!(!(input.secret && input.default.is_some()), "{}: a secret has no default", input.key);
        }
        for step in &content.steps {
            assert!(
                step.file.as_ref().is_none_or(|file| content.files.contains(file)),
                "{} {:?}",
                content.name,
                step.file
            );
            assert!(step.link.as_ref().is_none_or(|link| url::Url::parse(link).is_ok()), "{:?}", step.link);
        }
    }
    assert_eq!(names.len(), all().len());
    for name in names {
        assert!(find(&name).is_some());
    }
}

/// Every numbered step of the guides, and the words of the page that cover it or name it as corrected.
#[test]
fn every_numbered_step_of_a_guide_is_done_or_corrected_on_the_page_in_words_that_are_there() {
    let rows: Vec<[&str; 4]> = include_str!("../../assets/recipes/guide_steps.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split(" | ").collect::<Vec<_>>().try_into().unwrap_or_else(|_| panic!("{line}")))
        .collect();
    let mut listed = BTreeSet::new();
    for [recipe, source, guide, words] in rows {
        assert!(!guide.is_empty() && !words.is_empty() && listed.insert((recipe, source)), "{recipe} {source}");
        let steps = &find(recipe).unwrap().content().steps;
        let step = steps.iter().find(|step| step.sources.iter().any(|one| one == source));
        let step = step.unwrap_or_else(|| panic!("{recipe}: no step of the page covers {source}, {guide}"));
        let parts =
            [Some(&step.text), step.note.as_ref(), step.corrected.as_ref(), step.file.as_ref(), step.run.as_ref()];
        let said: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        assert!(
            said.iter().any(|part| part.contains(words)),
            "{recipe} {source}, {guide}: {words:?} is not in {said:?}"
        );
    }
    for content in all().iter().map(|recipe| recipe.content()) {
        for source in content.steps.iter().flat_map(|step| &step.sources) {
            assert!(
                listed.contains(&(content.name.as_str(), source.as_str())),
                "{} {source} is not listed",
                content.name
            );
        }
    }
}

/// What a guide's step names, and a person who follows the page alone could not know: each is said where the step is covered.
#[test]
fn a_step_says_what_the_guide_says_there() {
    for (recipe, source, words) in [
        ("bravo-studio", "kinde-5", "Google wants its client ID"),
        ("bravo-studio", "bravo-13", "client secret is copied from Kinde"),
        ("cloudflare-zero-trust", "provider-4", "client secret is copied from Kinde"),
        ("nextjs", "local", "plus /api/kinde-webhook"),
        ("supabase", "app-7", "Google wants its client ID"),
        ("supabase", "project-3.4", "Create new project"),
        ("supabase", "code-8", "API Keys > Publishable key"),
        ("supabase", "code-12", "lib/supabase/proxy.ts"),
        ("supabase", "link-2", "Kinde > Users > (the user)"),
        ("trustpath", "step-3.1", "copy its client ID and secret"),
        ("trustpath", "step-6", "Add login rules separately"),
        ("trustpath", "step-8", "no time limit"),
        ("wordpress", "configure-3", "paste the four addresses"),
    ] {
        let steps = &find(recipe).unwrap().content().steps;
        let step = steps.iter().find(|step| step.sources.iter().any(|one| one == source)).unwrap();
        let said = format!("{} {}", step.text, step.note.as_deref().unwrap_or_default());
        assert!(said.contains(words), "{recipe} {source}: {said}");
    }
    let copies = |recipe: &str, source: &str| {
        let steps = &find(recipe).unwrap().content().steps;
        steps.iter().find(|step| step.sources.iter().any(|one| one == source)).unwrap().copy.len()
    };
    assert_eq!(copies("wordpress", "configure-3"), 4);
}

/// What the window insists on before it plans is all that planning cannot do without, and nothing of it is asked for in vain.
#[test]
fn what_applying_asks_for_is_what_it_needs() {
    let stage = Stage::at("acme");
    for recipe in all() {
        let content = recipe.content();
        if content.apply.is_none() {
            assert!(content.apply_needs.is_empty(), "{}", content.name);
            continue;
        }
        let wishes = |without: Option<&str>| {
            let wanted = |input: &&Input| {
                let needed = input.required.contains(&Call::Generate) || content.apply_needs.contains(&input.key);
                needed && without != Some(input.key.as_str())
            };
            let mut given = Given::default();
            for input in content.inputs.iter().filter(wanted) {
                let value = input.example.clone().or(input.default.clone()).unwrap_or_else(|| "something".to_owned());
                if input.secret {
                    given.secrets.insert(input.key.clone(), crate::secrets::Secret::new(value));
                } else {
                    given.plain.insert(input.key.clone(), value);
                }
            }
            let values = Values::of(content, given, None).unwrap();
            recipe.wishes(&values, &stage.tenant).is_ok_and(|wishes| !wishes.is_empty())
        };
        assert!(wishes(None), "{} needs more than it asks for", content.name);
        for key in &content.apply_needs {
            assert!(!wishes(Some(key)), "{} asks for {key} in vain", content.name);
        }
    }
}

/// What is given in a call takes the place of the line that holds it, so the line that is named must be the one.
#[tokio::test]
async fn each_variable_that_is_named_for_an_input_holds_it_in_the_environment_file() {
    const SECRET: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let stage = Stage::at("acme");
    for recipe in all() {
        let content = recipe.content();
        let held: Vec<&Input> = content.inputs.iter().filter(|input| !input.env.is_empty()).collect();
        if held.is_empty() {
            continue;
        }
        let (mut plain, mut secrets) = (Vec::new(), Vec::new());
        for input in content.inputs.iter().filter(|input| input.serves(Call::Generate)) {
            let wanted = input.required.contains(&Call::Generate) || !input.env.is_empty();
            let example = input.example.as_deref().or(input.default.as_deref()).unwrap_or("some-id");
            match (wanted, input.secret) {
                (true, true) => secrets.push((input.key.as_str(), SECRET)),
                (true, false) => plain.push((input.key.as_str(), example)),
                (false, _) => {}
            }
        }
        let made = generate(*recipe, &values(*recipe, &plain, &secrets), stage.around()).await.unwrap();
        let env: Vec<&Artefact> = made.files.iter().filter(|file| file.is_private()).collect();
        for input in held {
            for variable in &input.env {
                let value =
                    env.iter().find_map(|file| crate::dotenv::assignments(file.exact().expose()).remove(variable));
                let value = value.unwrap_or_else(|| panic!("{}: no {variable}", content.name));
                assert!(!value.is_empty() && input.secret == (value == SECRET), "{} {variable}", content.name);
            }
        }
    }
}

#[test]
fn the_shelf_is_in_the_order_of_the_alphabet() {
    let names: Vec<&str> = all().iter().map(|recipe| recipe.content().name.as_str()).collect();
    assert!(names.is_sorted(), "{names:?}");
}

/// Checks of what was generated that hold for every recipe: called by the test of each.
pub fn is_sound(recipe: &dyn Recipe, made: &Generated) {
    let content = recipe.content();
    for file in &made.files {
        assert!(content.files.contains(&file.path), "{} is not announced", file.path);
        let text = file.exact();
        assert!(!text.expose().contains("%%"), "{}: a placeholder is left", file.path);
        assert!(text.expose().ends_with('\n'), "{}", file.path);
        let name = file.path.rsplit('/').next().unwrap();
        assert_eq!(file.is_private(), name.starts_with(".env") || name == ".dev.vars", "{}", file.path);
    }
    for name in content.steps.iter().flat_map(|step| &step.copy) {
        assert!(made.values.contains_key(name), "{}: {name} is to be copied and was not made", content.name);
    }
}

#[test]
fn help_in_the_form_is_prose_and_names_no_word_of_the_command_line() {
    for content in all().iter().map(|recipe| recipe.content()) {
        for input in &content.inputs {
            let (help, name) = (input.help_in_place(), format!("{} {}", content.name, input.key));
            assert!(!help.starts_with(char::is_lowercase), "{name}: {help}");
            let words: Vec<&str> = help.split_whitespace().map(|word| word.trim_end_matches([',', '.', ';'])).collect();
            for (at, word) in words.iter().enumerate() {
                let before = at.checked_sub(1).map_or("", |before| words[before]);
                let call = ["generate", "check", "simulate", "generate:", "check:", "simulate:"].contains(word);
                assert!(!call || ["a", "A", "the", "The"].contains(&before), "{name}: {help}");
            }
        }
    }
}
