//! The way to run a recipe, for window and command line alike: what is missing is said first, a word that cannot be used is an
//! error that judges nothing, and whatever else goes wrong in a checker is a check.

use super::outcome::failed;
use super::{Around, Call, From, Generated, Given, Input, Outcome, Recipe, Values, Wish, webhook};
use crate::error::{Category, UserError};
use crate::tenant::Tenant;

/// Looks at what was typed, before any of it is kept, written or sent.
///
/// # Errors
/// Where a secret stands in the place of something public.
pub fn admit(recipe: &dyn Recipe, given: &Given) -> Result<(), UserError> {
    let plain = given.plain.iter().map(|(key, text)| (key.as_str(), text.as_str()));
    let hidden = given.secrets.iter().map(|(key, secret)| (key.as_str(), secret.expose()));
    plain.chain(hidden).try_for_each(|(key, text)| recipe.admit(key, text))
}

/// The inputs that `call` cannot do without and that have no value.
pub fn missing<'a>(recipe: &'a dyn Recipe, values: &Values, call: Call) -> Vec<&'a Input> {
    let inputs = recipe.content().inputs.iter();
    inputs.filter(|input| input.required.contains(&call) && !values.has(&input.key)).collect()
}

/// Whether `call` can be begun: no secret stands in the place of something public, and nothing is missing.
fn usable(recipe: &dyn Recipe, values: &Values, call: Call) -> Result<(), UserError> {
    for input in &recipe.content().inputs {
        if let Some(text) = values.text(&input.key) {
            recipe.admit(&input.key, text)?;
        }
    }
    let missing = missing(recipe, values, call);
    let Some(first) = missing.first() else { return Ok(()) };
    let keys: Vec<&str> = missing.iter().map(|input| input.key.as_str()).collect();
    let hint = if first.secret {
        format!("Give {0} (on the command line: --secret {0}=FILE)", first.key)
    } else {
        let example = first.example.as_deref().unwrap_or("VALUE");
        format!("Give {0} (on the command line: --set {0}={example})", first.key)
    };
    let verb = if keys.len() == 1 { "is" } else { "are" };
    Err(UserError::new(Category::Input, format!("{} {verb} missing", keys.join(", ")))
        .detail(format!("{}: {}", first.label, first.help))
        .hint(hint)
        .about(&first.key))
}

/// Makes files and values.
///
/// # Errors
/// When an input is missing or cannot be used.
pub async fn generate(recipe: &dyn Recipe, values: &Values, around: Around<'_>) -> Result<Generated, UserError> {
    usable(recipe, values, Call::Generate)?;
    if !is_for_another(recipe, values, around) {
        return recipe.generate(values, around).await;
    }
    let mut made = recipe.generate(values, Around { client_secret: None, ..around }).await?;
    if let Some(name) = left_empty(&made) {
        made.note(&format!("{name} is left empty: the secret that is kept was not given with this client ID"));
    }
    Ok(made)
}

/// True where the client ID that is written is not the one that the kept secret belongs to.
fn is_for_another(recipe: &dyn Recipe, values: &Values, around: Around<'_>) -> bool {
    let (Some(tenant), Some(_)) = (around.tenant, around.client_secret) else { return false };
    let input = recipe.content().inputs.iter().find(|input| input.from == Some(From::WebClientId));
    let given = input.and_then(|input| values.text(&input.key));
    let written = given.or(tenant.profile.web_client_id.as_deref());
    written.unwrap_or_default() != tenant.profile.web_secret_owner()
}

/// The client secret that an environment file names and does not hold.
fn left_empty(made: &Generated) -> Option<String> {
    let private = made.files.iter().filter(|file| file.is_private());
    let mut names = private.flat_map(|file| file.shown().lines()).filter_map(|line| line.strip_suffix('='));
    names.find(|name| name.ends_with("CLIENT_SECRET")).map(str::to_owned)
}

/// Looks whether the real thing works.
///
/// # Errors
/// When an input is missing or cannot be used; whatever else goes wrong is a failing check.
pub async fn check(recipe: &dyn Recipe, values: &Values, around: Around<'_>) -> Result<Outcome, UserError> {
    usable(recipe, values, Call::Check)?;
    settled(recipe.check(values, around).await, around)
}

/// Walks the same path on this machine.
///
/// # Errors
/// When an input is missing or cannot be used; whatever else goes wrong is a failing check.
pub async fn simulate(recipe: &dyn Recipe, values: &Values, around: Around<'_>) -> Result<Outcome, UserError> {
    usable(recipe, values, Call::Simulate)?;
    settled(recipe.simulate(values, around).await, around)
}

/// What the tenant should have for a recipe.
///
/// # Errors
/// When an input is missing or cannot be used, by what the tenant says too where it can be asked.
pub async fn wishes(recipe: &dyn Recipe, values: &Values, tenant: &Tenant) -> Result<Vec<Wish>, UserError> {
    usable(recipe, values, Call::Generate)?;
    let wishes = recipe.wishes(values, tenant)?;
    for wish in &wishes {
        if let Wish::Webhook(wanted) = wish {
            webhook::known_here(&wanted.event_types, tenant).await?;
        }
    }
    Ok(wishes)
}

/// An input that cannot be used says nothing of the tool: it stays an error.
fn settled(result: Result<Outcome, UserError>, around: Around<'_>) -> Result<Outcome, UserError> {
    result.or_else(|error| {
        if error.category == Category::Input {
            return Err(error);
        }
        let mut outcome = Outcome::default();
        outcome.add(around, failed("call", &error));
        Ok(outcome)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipes::find;
    use crate::recipes::tests::{Stage, values};
    use crate::secrets::Secret;

    #[tokio::test]
    async fn the_secret_that_is_known_is_written_beside_the_client_id_it_belongs_to_alone() {
        const SECRET: &str = "Canary0123456789Canary0123456789";
        let mut stage = Stage::at("acme");
        stage.tenant.profile.web_client_id = Some("known".to_owned());
        let secret = Secret::new(SECRET);
        for (name, more) in [("supabase", ("project", "abc")), ("campaign-state", ("source", "reddit"))] {
            let recipe = find(name).unwrap();
            for (client_id, kept_with, written) in [
                ("known", None, true),
                ("own", None, false),
                ("known", Some("before"), false),
                ("before", Some("before"), true),
                ("known", Some(""), false),
            ] {
                stage.tenant.profile.web_secret_of = kept_with.map(str::to_owned);
                let around = Around { client_secret: Some(&secret), ..stage.around() };
                let given = values(recipe, &[more, ("client_id", client_id)], &[]);
                let made = generate(recipe, &given, around).await.unwrap();
                let env = made.files.iter().find(|file| file.is_private()).unwrap();
                assert!(env.shown().contains(&format!("KINDE_CLIENT_ID={client_id}\n")), "{}", env.shown());
                assert_eq!(env.exact().expose().contains(SECRET), written, "{name} {client_id}");
                let noted = made.values["notes"].to_string().contains("KINDE_CLIENT_SECRET is left empty");
                assert_eq!(noted, !written, "{name} {client_id}: {}", made.values["notes"]);
            }
        }
    }
}
