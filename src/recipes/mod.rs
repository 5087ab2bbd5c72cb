//! Recipes: every third-party tool of Kinde's guides, worked from here.
//!
//! A recipe **generates** what has to be written or pasted, **applies** through the Management API what can be applied,
//! **checks** live that it works and **simulates** the same path without the tool. It is one file in this folder, which
//! implements [`Recipe`], and one folder in `assets/recipes/`: `recipe.toml` (what it does, inputs, steps, corrections) and
//! its templates. The frame owns what all of them share:
//!
//! | file | what it owns |
//! | --- | --- |
//! | `content` | the data of a `recipe.toml` |
//! | `values` | what a person gave, checked against the inputs |
//! | `artefact` | generated files; the only place that lets a secret into one |
//! | `beside` | saving files where others stand already |
//! | `in_folder` | secrets that stand in those files: what is made goes by them |
//! | `outcome` | what a check or a simulation came to |
//! | `proof` | which checks decide, and how a call ended by them |
//! | `run` | the way to run a recipe: the calls of window and command line alike |
//! | `genuine` | an event of the tenant itself, out of the history |
//! | `wish`, `apply` | what a tenant should have, what would change, and changing it |
//! | `webhook` | the webhook that a recipe creates |
//! | `fill` | placeholders of templates |
//! | `client` | a tool's application: its client secret tried at the tenant, and what of it is still to be filled in |
//! | `issuer` | the issuer that generated code compares tokens with |
//! | `test_env` | the line that points a person's code at the sandbox, and back |
//!
//! # A new recipe
//!
//! 1. `assets/recipes/NAME/recipe.toml`, with every numbered step of the tool's guide in `sources` (the test of the recipe
//!    counts them: see `tests::covers`), and each of them in `assets/recipes/guide_steps.txt` with the words that cover it.
//! 2. `src/recipes/NAME.rs` with a unit struct that implements [`Recipe`].
//! 3. One `mod` line and one line in [`all`], each where the alphabet puts it.
//!
//! Nothing here reads the keyring, or a file but the templates, the history it is given and what stands where it is to write,
//! and nothing draws. A recipe
//! never decides what a person may do to a live environment: who carries out a plan asks first.

mod address;
mod apply;
mod artefact;
mod authorize;
mod beside;
mod client;
mod content;
mod fill;
mod genuine;
mod in_folder;
mod issuer;
mod oidc;
mod outcome;
mod proof;
mod receiver;
mod run;
mod sign_in;
mod state;
mod test_env;
mod values;
mod verify;
mod webhook;
mod webhook_cases;
mod wish;

mod bravo_studio;
mod campaign_state;
mod cloudflare_zero_trust;
mod edge_workers;
mod nextjs;
mod openid_provider;
mod shopify_multipass;
mod supabase;
mod trustpath;
mod wordpress;
mod zapier;

#[cfg(test)]
mod tests;

use std::future::Future;
use std::path::Path;
use std::pin::Pin;

use tokio_util::sync::CancellationToken;

pub use apply::{Change, ChangeState, Plan, carry_out, plan};
pub use artefact::{Artefact, EnvFile, Generated, write};
pub use beside::{Beside, Stayed, Why, write_beside, write_over};
pub use content::{Content, Correction, Deed, From, Group, Input, Place, Step};
pub use genuine::History;
pub use in_folder::{Already, already};
pub use outcome::Outcome;
pub use proof::{Ended, Proof, ending, summed_up, to_remember};
pub use run::{admit, check, generate, missing, simulate, wishes};
pub use state::{
    State, forget, inputs, last_failure, of_profile, remember, remember_warning, standing, used_at, warns,
};
pub use values::{Given, Values};
pub use wish::Wish;

use crate::check::Check;
use crate::error::{Category, UserError};
use crate::net::Http;
use crate::secrets::Secret;
use crate::tenant::Tenant;

/// What a recipe is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Call {
    /// Make files and values.
    Generate,
    /// Look whether the real thing works.
    Check,
    /// Walk the same path on this machine.
    Simulate,
}

impl Call {
    /// As the command line spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Generate => "generate",
            Self::Check => "check",
            Self::Simulate => "simulate",
        }
    }
}

/// What a job of a recipe is given besides the person's values.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// The client, and by it the clock.
    pub http: &'a Http,
    /// The tenant, where the call wants one: see [`Content::wants_tenant`].
    pub tenant: Option<&'a Tenant>,
    /// What was received for the profile, where the call wants it: see [`Content::reads_history`].
    pub history: Option<History<'a>>,
    /// The folder of the sandbox, for signing as it does.
    pub sandbox: &'a Path,
    /// The web application's client secret, where it is kept: for environment files alone.
    pub client_secret: Option<&'a Secret>,
    /// Hears of each check as it is done.
    pub tell: &'a (dyn Fn(&Check) + Send + Sync),
    /// Ends a long job.
    pub cancel: &'a CancellationToken,
}

impl Around<'_> {
    /// The tenant.
    ///
    /// # Errors
    /// Where the call was made without one.
    pub fn tenant(&self) -> Result<&Tenant, UserError> {
        self.tenant.ok_or_else(|| {
            UserError::new(Category::Input, "This needs the domain of a tenant")
                .detail("No profile was opened for it")
                .hint("Choose a profile, or set KINDE_DOMAIN")
        })
    }
}

impl std::fmt::Debug for Around<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Around").field("tenant", &self.tenant.map(|it| &it.domain)).finish_non_exhaustive()
    }
}

/// A job under way.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, UserError>> + Send + 'a>>;

/// One tool.
pub trait Recipe: Sync {
    /// Its data: text, inputs, steps.
    fn content(&self) -> &'static Content;

    /// Makes files and values. Input that cannot be used is an error of the category input.
    fn generate<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Generated>;

    /// Looks at what stands in the plain field `key`, before any of it is kept, written or sent: a secret is refused where
    /// something public is asked for.
    ///
    /// # Errors
    /// Where it is one. The error does not repeat it.
    fn admit(&self, _key: &str, _text: &str) -> Result<(), UserError> {
        Ok(())
    }

    /// The checks that decide whether it works: while one of them is missing or did not pass, nothing is green.
    fn proof(&self, call: Call) -> Proof;

    /// True where a check with these values judges a thing that was given and asks nobody how things stand: it says nothing of
    /// the recipe, and is not remembered.
    fn judges_given(&self, _values: &Values) -> bool {
        false
    }

    /// What the tenant should have for it. Nothing where nothing can be applied.
    ///
    /// # Errors
    /// Where the values cannot be used.
    fn wishes(&self, _values: &Values, _tenant: &Tenant) -> Result<Vec<Wish>, UserError> {
        Ok(Vec::new())
    }

    /// Looks whether the real thing works, or judges the thing given. An error becomes a failing check.
    fn check<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Outcome>;

    /// Walks the same path without the tool. An error becomes a failing check.
    fn simulate<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Outcome>;
}

/// Every recipe, by name.
pub fn all() -> &'static [&'static dyn Recipe] {
    &[
        &bravo_studio::BravoStudio,
        &campaign_state::CampaignState,
        &cloudflare_zero_trust::CloudflareZeroTrust,
        &edge_workers::EdgeWorkers,
        &nextjs::NextJs,
        &openid_provider::OpenIdProvider,
        &shopify_multipass::ShopifyMultipass,
        &supabase::Supabase,
        &trustpath::TrustPath,
        &wordpress::WordPress,
        &zapier::Zapier,
    ]
}

/// The recipe of that name.
pub fn find(name: &str) -> Option<&'static dyn Recipe> {
    all().iter().copied().find(|recipe| recipe.content().name == name)
}

/// The keyring field of a recipe's secret input. The web application's own secret is kept once for all of them.
pub fn secret_field(name: &str, input: &Input) -> String {
    match input.from {
        Some(From::WebClientSecret) => crate::tenant::WEB_CLIENT_SECRET_FIELD.to_owned(),
        _ => format!("recipe/{name}/{}", input.key),
    }
}

/// The keyring fields of every secret that a recipe may have kept: what goes with a profile.
pub fn secret_fields() -> Vec<String> {
    let fields = all().iter().flat_map(|recipe| {
        let content = recipe.content();
        content.inputs.iter().filter(|input| input.secret).map(|input| secret_field(&content.name, input))
    });
    let mut fields: Vec<String> = fields.collect();
    fields.sort();
    fields.dedup();
    fields
}
