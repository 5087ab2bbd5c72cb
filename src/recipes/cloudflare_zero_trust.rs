//! Cloudflare Zero Trust with Kinde as its login method: `cloudflare-zero-trust`.

use std::sync::LazyLock;

use serde_json::{Map, Value};
use url::Url;

use super::fill::{fill, quoted};
use super::oidc::{self, Endpoints};
use super::sign_in::{self, Way};
use super::{Around, Call, Content, EnvFile, Generated, Outcome, Pending, Proof, Recipe, Values, Wish, client};
use crate::check::Check;
use crate::error::{Category, UserError};
use crate::kinde::Addresses;
use crate::tenant::Tenant;

static CONTENT: LazyLock<Content> =
    LazyLock::new(|| Content::parse(include_str!("../../assets/recipes/cloudflare-zero-trust/recipe.toml")));

const JSON: &str = include_str!("../../assets/recipes/cloudflare-zero-trust/identity-provider.json");
const TERRAFORM: &str = include_str!("../../assets/recipes/cloudflare-zero-trust/main.tf");

const SCOPE: &str = "openid profile email";
const HOST: &str = "cloudflareaccess.com";

/// The recipe.
#[derive(Debug)]
pub struct CloudflareZeroTrust;

impl Recipe for CloudflareZeroTrust {
    fn content(&self) -> &'static Content {
        &CONTENT
    }

    fn proof(&self, call: Call) -> Proof {
        match call {
            Call::Simulate => Proof::All(&["authorize"]),
            _ => Proof::All(&["authorize", client::SECRET]),
        }
    }

    fn generate<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Generated> {
        Box::pin(async move {
            let team = team(values.need("team")?)?;
            let callback = callback(&team);
            let ends = Endpoints::of(&around.tenant()?.domain);
            let (auth, token, certs) =
                (ends.get("authorization_endpoint"), ends.get("token_endpoint"), ends.get("jwks_uri"));
            let client_id = values.text("client_id").unwrap_or_default();
            let name = values.need("name")?;
            let fills = [
                ("name", quoted(name)),
                ("client_id", quoted(client_id)),
                ("auth_url", quoted(auth)),
                ("token_url", quoted(token)),
                ("certs_url", quoted(certs)),
                ("callback", callback.clone()),
            ];
            let fills: Vec<(&str, &str)> = fills.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let mut made = Generated::default();
            made.file("cloudflare/identity-provider.json", fill(JSON, &fills));
            // What looks like a template of its own must stay text in HCL.
            made.file("cloudflare/main.tf", fill(TERRAFORM, &fills).replace("${", "$${").replace("%{", "%%{"));
            let secret = values.secret("client_secret");
            made.env(
                EnvFile::process()
                    .comment("Client secret of the application, for Terraform")
                    .secret("TF_VAR_kinde_client_secret", secret)
                    .comment("The same, for the call of Cloudflare's API")
                    .secret("KINDE_CLIENT_SECRET", secret),
            );
            made.put("team_domain", format!("{team}.{HOST}"));
            made.put("callback_url", callback);
            made.put("name", name);
            made.put("client_id", client_id);
            made.put("auth_url", auth);
            made.put("token_url", token);
            made.put("certificate_url", certs);
            made.put("scopes", SCOPE);
            made.put("pkce", "on");
            made.put("email_claim", "email");
            // Nothing else that looks like a variable is one: a name may have a $.
            made.put(
                "api_call",
                "envsubst '$KINDE_CLIENT_SECRET' < cloudflare/identity-provider.json | curl -X POST \
                 -H \"Authorization: Bearer $CLOUDFLARE_API_TOKEN\" -H 'content-type: application/json' --data @- \
                 https://api.cloudflare.com/client/v4/accounts/$CLOUDFLARE_ACCOUNT_ID/access/identity_providers",
            );
            let files = "cloudflare/identity-provider.json and cloudflare/main.tf";
            if let Some(note) = client::still_empty(values, files, ".env") {
                made.note(&note);
            }
            Ok(made)
        })
    }

    fn wishes(&self, values: &Values, _tenant: &Tenant) -> Result<Vec<Wish>, UserError> {
        Ok(vec![Wish::callback(values.need("client_id")?, &callback(&team(values.need("team")?)?))])
    }

    fn check<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let mut outcome = Outcome::default();
            let team = team(values.need("team")?)?;
            let callback = callback(&team);
            outcome.add(around, Check::pass("team").seen(format!("{team}.{HOST}")));
            outcome.put("callback_url", callback.as_str());
            oidc::look(&mut outcome, around).await?;
            let client_id = values.text("client_id");
            let list = Addresses::Callback;
            outcome.add(around, oidc::registered("registered", list, client_id, &callback, around).await);
            outcome.add(around, oidc::taken(client_id, &callback, SCOPE, around).await);
            outcome.add(around, client::secret(values, &callback, around).await);
            Ok(outcome)
        })
    }

    fn simulate<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let mut outcome = Outcome::default();
            let callback = callback(&team(values.text("team").unwrap_or("example"))?);
            // Cloudflare reads the ID token alone, with PKCE or without.
            let way = Way { callback: &callback, scope: SCOPE, pkce: true, profile: false, state: None };
            let Some(first) = sign_in::walk(&mut outcome, around, way).await? else { return Ok(outcome) };
            outcome.add(around, email("email claim", &first.claims));
            let way = Way { pkce: false, ..way };
            let Some(second) = sign_in::walk_again(&mut outcome, around, way).await? else { return Ok(outcome) };
            outcome.add(around, email("without pkce", &second.claims));
            outcome.add(around, client::not_tried());
            outcome.put("claims", second.claims);
            Ok(outcome)
        })
    }
}

/// What Cloudflare's policies go by.
fn email(name: &str, claims: &Map<String, Value>) -> Check {
    match claims.get("email").and_then(Value::as_str) {
        Some(email) => Check::pass(name).seen(email.to_owned()),
        None => Check::fail(name, "The ID token has no email, so no policy matches", "Ask for the scope email"),
    }
}

fn callback(team: &str) -> String {
    format!("https://{team}.{HOST}/cdn-cgi/access/callback")
}

/// The team's name, from any form of it.
fn team(text: &str) -> Result<String, UserError> {
    let refused = |why: &str| {
        UserError::new(Category::Input, "This is no Zero Trust team")
            .detail(format!("{text}: {why}"))
            .hint("It is the word before .cloudflareaccess.com: Zero Trust > Settings > Team name and domain")
            .about("team")
    };
    let lower = text.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
    let whole = if lower.contains("://") { lower } else { format!("https://{lower}") };
    let url = Url::parse(&whole).map_err(|error| refused(&error.to_string()))?;
    let host = url.host_str().unwrap_or_default();
    if host.ends_with("dash.cloudflare.com") {
        return Err(refused("it is the dashboard's address"));
    }
    let name = host.strip_suffix(".cloudflareaccess.com").unwrap_or(host);
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if name.is_empty() || name.len() > 63 || !name.chars().all(fits) || name.starts_with('-') || name.ends_with('-') {
        return Err(refused("letters, digits and dashes are what a team's name has"));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipes::generate;
    use crate::recipes::tests::{Stage, covers, is_sound, values};

    #[test]
    fn every_step_of_the_guide_is_on_the_page() {
        let lists =
            [("team", 3, &[][..]), ("app", 5, &[]), ("config", 2, &[]), ("provider", 5, &[]), ("enable", 3, &[])];
        covers(&CloudflareZeroTrust, &lists, &[]);
    }

    #[test]
    fn a_team_in_any_form_gives_the_one_callback_and_a_dashboard_address_none() {
        for text in [
            "foo",
            "Foo",
            "foo.cloudflareaccess.com",
            "https://foo.cloudflareaccess.com/",
            "foo.cloudflareaccess.com/cdn-cgi/access/callback",
            "https://foo.cloudflareaccess.com/cdn-cgi/access/callback/",
        ] {
            let callback = callback(&team(text).unwrap());
            assert_eq!(callback, "https://foo.cloudflareaccess.com/cdn-cgi/access/callback", "{text}");
        }
        for wrong in ["", "https://one.dash.cloudflare.com/abc", "foo bar", "foo.example.com", "-foo"] {
            assert!(team(wrong).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn the_fields_are_whole_and_the_secret_stands_in_the_environment_alone() {
        let stage = Stage::at("acme");
        let secret = [("client_secret", "Canary0123456789Canary0123456789")];
        let plain = [("team", "foo"), ("client_id", "id"), ("name", "Say \"${x}\"")];
        let made = generate(&CloudflareZeroTrust, &values(&CloudflareZeroTrust, &plain, &secret), stage.around()).await;
        let made = made.unwrap();
        for file in &made.files {
            assert_eq!(file.exact().expose().contains("Canary"), file.is_private(), "{}", file.path);
        }
        let json: serde_json::Value = serde_json::from_str(made.files[0].shown()).unwrap();
        assert_eq!(json["config"]["certs_url"], "https://acme.kinde.com/.well-known/jwks");
        assert_eq!(json["name"], "Say \"${x}\"");
        let call = made.values["api_call"].as_str().unwrap();
        assert!(call.starts_with("envsubst '$KINDE_CLIENT_SECRET' < cloudflare/identity-provider.json | "), "{call}");
        assert!(made.files[1].shown().contains(r#"name       = "Say \"$${x}\"""#), "{}", made.files[1].shown());
        let plain = [("team", "foo"), ("client_id", "id")];
        let made = generate(&CloudflareZeroTrust, &values(&CloudflareZeroTrust, &plain, &[]), stage.around()).await;
        is_sound(&CloudflareZeroTrust, &made.unwrap());
    }
}
