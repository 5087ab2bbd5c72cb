//! The words that carry a recipe's inputs, and where secrets are read from.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use zeroize::Zeroizing;

use super::super::{Context, Picked, secret_input};
use crate::error::{Category, UserError};
use crate::recipes::{Already, Call, Content, From, Given, Input, already, secret_field};
use crate::secrets::Secret;
use crate::tenant::WEB_CLIENT_SECRET_FIELD;

/// Name and inputs.
#[derive(Debug, clap::Args)]
pub struct Words {
    /// The recipe
    #[arg(value_name = "NAME")]
    pub name: String,
    /// An input; KEY=@FILE and KEY=@- read it
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// A secret input, from a file
    #[arg(long, value_name = "KEY=FILE")]
    pub secret: Vec<String>,
    /// The recipe's only secret input, from a file
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// What was given for a call.
#[derive(Debug, Default)]
pub struct Read {
    /// All of it. Nothing is checked yet.
    pub given: Given,
    /// The inputs that a person gave for this very call, by key: the others were kept.
    pub typed: BTreeSet<String>,
    /// Where the secrets stand that were taken from the folder's own files: `NAME in PATH`.
    pub already: Vec<String>,
}

impl Words {
    /// Everything that was given, secrets from file, standard input, the environment files that stand in `out`, or keyring.
    pub async fn read(
        &self,
        content: &'static Content,
        call: Call,
        out: Option<&Path>,
        picked: &Picked,
        cx: &Context,
    ) -> Result<Read, UserError> {
        self.once()?;
        let mut given = Given::default();
        for word in &self.set {
            let (key, text) = pair(word, "--set", "KEY=VALUE")?;
            let text = match text.strip_prefix('@') {
                None => {
                    if content.input(key).is_some_and(|input| input.private) {
                        cx.say(&format!(
                            "Others on this machine can see the arguments of a command: --set {key}=@FILE or {key}=@- reads it"
                        ));
                    }
                    text.to_owned()
                }
                Some("-") => without_end(&read(key, super::super::stdin::text(&cx.cancel).await?)?).to_owned(),
                Some(file) => without_end(&read(key, tokio::fs::read_to_string(file).await)?).to_owned(),
            };
            if content.input(key).is_some_and(|input| input.secret) && word.contains("=@") {
                given.secrets.insert(key.to_owned(), whole(key, &text, cx));
            } else {
                given.plain.insert(key.to_owned(), text);
            }
        }
        for word in &self.secret {
            let (key, file) = pair(word, "--secret", "KEY=FILE")?;
            given.secrets.insert(key.to_owned(), secret_in(key, Path::new(file), cx).await?);
        }
        if let Some(file) = &self.password_file {
            let Some(input) = content.only_secret() else { return Err(several(content)) };
            given.secrets.insert(input.key.clone(), secret_in(&input.key, file, cx).await?);
        }
        let plain = given.plain.iter().filter(|(_, text)| !text.trim().is_empty()).map(|(key, _)| key);
        let secrets = given.secrets.iter().filter(|(_, secret)| !secret.is_empty()).map(|(key, _)| key);
        let mut typed: BTreeSet<String> = plain.chain(secrets).cloned().collect();
        let client_id = web_client_id(content, &given, picked);
        let only = content.only_secret().map(|input| input.key.as_str());
        let there = in_folder(content, out).await;
        let mut already = Vec::new();
        for input in content.inputs.iter().filter(|input| input.secret && input.serves(call)) {
            let there = there.iter().find(|there| there.key == input.key);
            let is_empty = given.secrets.get(&input.key).map(Secret::is_empty);
            if is_empty.is_some() || given.plain.contains_key(&input.key) {
                // An empty one is none: what stands in the file stays there, and is used.
                if let (Some(true), Some(there)) = (is_empty, there) {
                    given.secrets.insert(input.key.clone(), there.value.clone());
                    already.push(there.place.clone());
                }
                continue;
            }
            let was_kept = AtomicBool::new(false);
            let kept = async {
                let kept = match there {
                    Some(there) => Some(there.value.clone()),
                    None => kept(&content.name, input, client_id.as_deref(), picked, cx).await,
                };
                was_kept.store(kept.is_some(), Ordering::Relaxed);
                Ok(kept)
            };
            let prompt = format!("{} (empty: none)", input.label);
            let asking = async {
                match (self.reads_stdin(), only == Some(input.key.as_str())) {
                    // Something else is read from there.
                    (true, _) => kept.await,
                    (false, true) => secret_input::read(None, cx, kept, &prompt).await,
                    // A pipe does not say whose it is; a person at a terminal is asked for each.
                    (false, false) => secret_input::kept_or_asked(kept, &prompt).await,
                }
            };
            let secret = cx.cancel.run_until_cancelled(asking).await.unwrap_or(Ok(None))?;
            if let Some(secret) = secret.filter(|secret| !secret.is_empty()) {
                given.secrets.insert(input.key.clone(), whole(&input.key, secret.expose(), cx));
                match (was_kept.load(Ordering::Relaxed), there) {
                    (true, Some(there)) => already.push(there.place.clone()),
                    (true, None) => {}
                    (false, _) => {
                        typed.insert(input.key.clone());
                    }
                }
            }
        }
        Ok(Read { given, typed, already })
    }

    /// Refuses an input that two words give: which of them counts is not to be guessed.
    fn once(&self) -> Result<(), UserError> {
        let mut seen = BTreeSet::new();
        for word in self.set.iter().chain(&self.secret) {
            let Some((key, _)) = word.split_once('=') else { continue };
            if !seen.insert(key) {
                return Err(UserError::new(Category::Input, format!("{key} is given twice"))
                    .detail("An input has one value")
                    .hint("Leave one of the two out"));
            }
        }
        Ok(())
    }

    /// True where a word takes standard input for itself.
    fn reads_stdin(&self) -> bool {
        self.set.iter().any(|word| word.ends_with("=@-")) || self.secret.iter().any(|word| word.ends_with("=-"))
    }
}

/// The secrets that stand in the environment files of the folder that is written to.
async fn in_folder(content: &'static Content, out: Option<&Path>) -> Vec<Already> {
    let Some(out) = out.map(Path::to_owned) else { return Vec::new() };
    tokio::task::spawn_blocking(move || already(content, &out)).await.unwrap_or_default()
}

fn pair<'a>(word: &'a str, flag: &str, form: &str) -> Result<(&'a str, &'a str), UserError> {
    word.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(|| {
        // Not repeated: what stands there may be a secret.
        UserError::new(Category::Input, format!("{flag} is not {form}"))
            .detail("There is no = in it, or nothing before it")
            .hint(format!("Write {flag} {form}"))
    })
}

/// The only line end at the end is taken off; any other blank may be part of a secret.
fn without_end(text: &str) -> &str {
    text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text))
}

fn read(key: &str, read: std::io::Result<String>) -> Result<Zeroizing<String>, UserError> {
    read.map(Zeroizing::new).map_err(|error| {
        UserError::new(Category::File, format!("The value of {key} could not be read"))
            .detail(error.to_string())
            .hint("Name a readable file, or - for standard input")
    })
}

async fn secret_in(key: &str, file: &Path, cx: &Context) -> Result<Secret, UserError> {
    let text = if file == Path::new("-") {
        read(key, super::super::stdin::text(&cx.cancel).await?)?
    } else {
        read(key, tokio::fs::read_to_string(file).await)?
    };
    Ok(whole(key, without_end(&text), cx))
}

/// A secret as it stands, wherever it came from: a blank at one of its ends may be a mistake, and may be part of it.
fn whole(key: &str, text: &str, cx: &Context) -> Secret {
    if text.trim() != text {
        cx.say(&format!("{key} has a blank at one of its ends; it is kept"));
    }
    Secret::new(text)
}

/// The client ID of the web application that the call is for; `None` where nobody named one.
fn web_client_id(content: &Content, given: &Given, picked: &Picked) -> Option<String> {
    let input = content.inputs.iter().find(|input| input.from == Some(From::WebClientId))?;
    let typed = given.plain.get(&input.key).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    typed.or_else(|| picked.profile.web_client_id.clone())
}

/// What the keyring holds for it. The web application's secret goes with the client ID that it was given with alone.
async fn kept(recipe: &str, input: &Input, client_id: Option<&str>, picked: &Picked, cx: &Context) -> Option<Secret> {
    if input.from != Some(From::WebClientSecret) {
        return in_keyring(&secret_field(recipe, input), picked, cx).await;
    }
    let (secret, owner) = owned_client_secret(picked, cx).await?;
    client_id.is_none_or(|client_id| client_id == owner).then_some(secret)
}

/// The web application's client secret, where it is kept.
pub async fn client_secret(picked: &Picked, cx: &Context) -> Option<Secret> {
    owned_client_secret(picked, cx).await.map(|(secret, _)| secret)
}

/// The same with the client ID that it belongs to. The sandbox's is made up, and in its folder.
async fn owned_client_secret(picked: &Picked, cx: &Context) -> Option<(Secret, String)> {
    if picked.profile.is_sandbox() {
        let dir = cx.services.sandbox_dir();
        let facts = tokio::task::spawn_blocking(move || crate::sandbox::facts(&dir)).await.ok()?.ok()?;
        let app = facts.web_application()?;
        return Some((app.client_secret.clone()?, app.client_id.clone()));
    }
    let secret = in_keyring(WEB_CLIENT_SECRET_FIELD, picked, cx).await?;
    Some((secret, picked.profile.web_secret_owner().to_owned()))
}

/// What the keyring holds; one that does not answer holds nothing here.
async fn in_keyring(field: &str, picked: &Picked, cx: &Context) -> Option<Secret> {
    if !picked.profile.saved {
        return None;
    }
    match cx.services.secrets.get(picked.profile.id, field).await {
        Ok(secret) => secret,
        Err(error) => {
            tracing::info!(%error, "the keyring was not asked for {field}");
            None
        }
    }
}

fn several(content: &Content) -> UserError {
    let keys: Vec<&str> = content.inputs.iter().filter(|input| input.secret).map(|input| input.key.as_str()).collect();
    let (detail, hint) = match keys.first() {
        None => ("It has no secret input".to_owned(), "Leave --password-file out".to_owned()),
        Some(first) => (format!("It has several: {}", keys.join(", ")), format!("Name each: --secret {first}=FILE")),
    };
    UserError::new(Category::Input, format!("--password-file does not say which secret of {} it is", content.name))
        .detail(detail)
        .hint(hint)
}
