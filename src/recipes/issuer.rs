//! The issuer that generated code compares tokens with, letter for letter: with a custom domain that may be another address
//! than the one the profile was made with.

use super::Around;
use crate::error::UserError;
use crate::kinde::{Domain, discovery};

/// An issuer for generated code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// Without a slash at its end.
    pub address: String,
    /// What a person should know of it.
    pub note: Option<String>,
}

/// The issuer that the tenant's tokens name. Its discovery document is asked only where the tenant has more than one domain.
///
/// # Errors
/// Where the call was made without a tenant. A document that did not come is none: the note says so.
pub async fn of(around: Around<'_>) -> Result<Issuer, UserError> {
    let tenant = around.tenant()?;
    let typed = tenant.domain.as_str().to_owned();
    let domains = tenant.profile.issuers();
    if tenant.profile.is_sandbox() || domains.len() < 2 {
        return Ok(Issuer { address: typed, note: None });
    }
    let compare = "compare KINDE_ISSUER_URL with the issuer of a token, in the Inspector";
    Ok(match discovery::fetch(around.http, &tenant.domain).await {
        Ok(told) => {
            let named = told.issuer.trim_end_matches('/');
            if named == typed {
                Issuer { address: typed, note: None }
            } else if domains.iter().any(|domain| domain.as_str() == named) {
                let note = format!(
                    "KINDE_ISSUER_URL is {named}, and not {typed}: that is how this environment's tokens name it, and the code \
                     compares letter for letter"
                );
                Issuer { address: named.to_owned(), note: Some(note) }
            } else {
                let note =
                    format!("{typed} names {named} as its issuer, which is no domain of this environment: {compare}");
                Issuer { address: typed, note: Some(note) }
            }
        }
        Err(error) => {
            let others: Vec<&str> = domains.iter().map(Domain::as_str).collect();
            let note = format!(
                "This environment has several domains ({}), and which of them its tokens name could not be asked ({}): {compare}",
                others.join(", "),
                error.title
            );
            Issuer { address: typed, note: Some(note) }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipes::tests::{Reply, Stage, serve, values};
    use crate::recipes::{find, generate};
    use crate::tenant::EnvironmentFacts;

    const CUSTOM: &str = "https://auth.example.com";

    /// A tenant with a custom domain whose discovery names `issuer`.
    fn tenant(issuer: &'static str) -> Stage {
        let address = serve(move |_, line| match line.contains("/.well-known/openid-configuration") {
            true if !issuer.is_empty() => Reply::of(200, &format!(r#"{{"issuer":"{issuer}"}}"#)),
            _ => Reply::of(503, ""),
        });
        let mut stage = Stage::at(&address);
        stage.tenant.profile.environment = Some(EnvironmentFacts {
            code: None,
            name: None,
            is_live: Some(false),
            kinde_domain: Some(stage.tenant.domain.clone()),
            custom_domain: Some(Domain::parse(CUSTOM).unwrap()),
            read_at: jiff::Timestamp::UNIX_EPOCH,
        });
        stage
    }

    #[tokio::test]
    async fn the_issuer_is_the_one_that_the_tenant_names_where_it_is_a_domain_of_its_own() {
        for (named, own, said) in [
            ("https://auth.example.com", true, "tokens name it"),
            ("https://auth.example.com/", true, "tokens name it"),
            ("https://evil.example", false, "no domain of this environment"),
            ("", false, "could not be asked"),
        ] {
            let stage = tenant(named);
            let issuer = of(stage.around()).await.unwrap();
            assert_eq!(issuer.address, if own { CUSTOM } else { stage.tenant.domain.as_str() }, "{named}");
            assert!(issuer.note.as_ref().is_some_and(|note| note.contains(said)), "{issuer:?}");
        }
        // With one domain nobody is asked: this one does not exist.
        let issuer = of(Stage::at("https://tenant.invalid").around()).await.unwrap();
        assert_eq!((issuer.address.as_str(), issuer.note), ("https://tenant.invalid", None));
    }

    #[tokio::test]
    async fn code_that_compares_the_issuer_is_given_the_one_of_the_tokens_with_a_note() {
        let stage = tenant(CUSTOM);
        for (name, key, value) in [
            ("edge-workers", "runtime", "cloudflare"),
            ("supabase", "project", "abcdefghijklmnopqrst"),
            ("shopify-multipass", "store", "acme"),
        ] {
            let recipe = find(name).unwrap();
            let given = values(recipe, &[(key, value)], &[]);
            let made = generate(recipe, &given, stage.around()).await.unwrap();
            let env = made.files.iter().find(|file| file.is_private()).unwrap();
            assert!(env.shown().contains(&format!("KINDE_ISSUER_URL={CUSTOM}\n")), "{name}: {}", env.shown());
            assert!(made.values["notes"].to_string().contains("letter for letter"), "{name}: {:?}", made.values);
            if name == "edge-workers" {
                let wrangler = made.files.iter().find(|file| file.path == "wrangler.toml").unwrap();
                assert!(wrangler.shown().contains(&format!("KINDE_ISSUER_URL = \"{CUSTOM}\"")), "{}", wrangler.shown());
                assert_eq!(made.values["tenant_env"], format!("KINDE_ISSUER_URL={CUSTOM}"));
            }
        }
    }
}
