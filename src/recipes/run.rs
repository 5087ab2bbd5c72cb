//! The way to run a recipe, for window and command line alike: what is missing is said first, a word that cannot be used is an
//! error that judges nothing, and whatever else goes wrong in a checker is a check.

use super::outcome::failed;
use super::{Around, Call, Generated, Input, Outcome, Recipe, Values, Wish};
use crate::error::{Category, UserError};
use crate::tenant::Tenant;

/// The inputs that `call` cannot do without and that have no value.
pub fn missing<'a>(recipe: &'a dyn Recipe, values: &Values, call: Call) -> Vec<&'a Input> {
    let inputs = recipe.content().inputs.iter();
    inputs.filter(|input| input.required.contains(&call) && !values.has(&input.key)).collect()
}

fn nothing_missing(recipe: &dyn Recipe, values: &Values, call: Call) -> Result<(), UserError> {
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
        .hint(hint))
}

/// Makes files and values.
///
/// # Errors
/// When an input is missing or cannot be used.
pub async fn generate(recipe: &dyn Recipe, values: &Values, around: Around<'_>) -> Result<Generated, UserError> {
    nothing_missing(recipe, values, Call::Generate)?;
    recipe.generate(values, around).await
}

/// Looks whether the real thing works.
///
/// # Errors
/// When an input is missing or cannot be used; whatever else goes wrong is a failing check.
pub async fn check(recipe: &dyn Recipe, values: &Values, around: Around<'_>) -> Result<Outcome, UserError> {
    nothing_missing(recipe, values, Call::Check)?;
    settled(recipe.check(values, around).await, around)
}

/// Walks the same path on this machine.
///
/// # Errors
/// When an input is missing or cannot be used; whatever else goes wrong is a failing check.
pub async fn simulate(recipe: &dyn Recipe, values: &Values, around: Around<'_>) -> Result<Outcome, UserError> {
    nothing_missing(recipe, values, Call::Simulate)?;
    settled(recipe.simulate(values, around).await, around)
}

/// What the tenant should have for a recipe.
///
/// # Errors
/// When an input is missing or cannot be used.
pub fn wishes(recipe: &dyn Recipe, values: &Values, tenant: &Tenant) -> Result<Vec<Wish>, UserError> {
    nothing_missing(recipe, values, Call::Generate)?;
    recipe.wishes(values, tenant)
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
