//! The Next.js webhook receiver: `nextjs`.

use std::sync::LazyLock;

use super::{
    Around, Call, Content, EnvFile, Generated, Outcome, Pending, Proof, Recipe, Values, Wish, receiver, test_env,
    webhook,
};
use crate::error::UserError;
use crate::inspector::forward::Framework;
use crate::tenant::Tenant;

static CONTENT: LazyLock<Content> =
    LazyLock::new(|| Content::parse(include_str!("../../assets/recipes/nextjs/recipe.toml")));

const ROUTE: &str = include_str!("../../assets/recipes/nextjs/route.ts");
const PATH: &str = "app/api/kinde-webhook/route.ts";

/// The recipe.
#[derive(Debug)]
pub struct NextJs;

impl Recipe for NextJs {
    fn content(&self) -> &'static Content {
        &CONTENT
    }

    fn proof(&self, _call: Call) -> Proof {
        Proof::All(&["genuine event"])
    }

    fn generate<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Generated> {
        Box::pin(async move {
            let domain = &around.tenant()?.domain;
            let mut made = Generated::default();
            made.file(PATH, ROUTE);
            made.env(
                EnvFile::local()
                    .comment("The tenant whose webhooks are taken: the route fetches its keys from there")
                    .plain("KINDE_ISSUER_URL", domain.as_str()),
            );
            made.put("install", CONTENT.install.clone().unwrap_or_default());
            test_env::put(&mut made, around).await?;
            made.put("path", "/api/kinde-webhook");
            // A body that is no token must be refused, whoever is asked.
            made.put(
                "curl",
                "curl -i -X POST -H 'content-type: application/jwt' --data 'not a token' http://localhost:3000/api/kinde-webhook",
            );
            if values.has("endpoint") {
                let tenant = around.tenant()?;
                let wanted = webhook::definition("endpoint", values, tenant)?;
                webhook::known_here(&wanted.event_types, tenant).await?;
                made.put("webhook", serde_json::to_value(wanted).unwrap_or_default());
            }
            Ok(made)
        })
    }

    fn wishes(&self, values: &Values, tenant: &Tenant) -> Result<Vec<Wish>, UserError> {
        if !values.has("endpoint") {
            return Ok(Vec::new());
        }
        Ok(vec![Wish::Webhook(webhook::definition("endpoint", values, tenant)?)])
    }

    fn check<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let mut outcome = Outcome::default();
            let (url, event) = (values.need("url")?, values.need("event")?);
            receiver::post_all(&mut outcome, around, url, event, Framework::NextJs).await?;
            Ok(outcome)
        })
    }

    fn simulate<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let mut outcome = Outcome::default();
            let event = values.need("event")?;
            match values.text("url") {
                Some(url) => receiver::post_all(&mut outcome, around, url, event, Framework::NextJs).await?,
                None => {
                    let why = "By the rules of the generated route it is taken, and the route itself was not run: start the app \
                               and give the route's address";
                    receiver::through_stand_in(&mut outcome, around, event, why).await?;
                }
            }
            Ok(outcome)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipes::generate;
    use crate::recipes::tests::{Stage, covers, is_sound, values};

    #[test]
    fn every_step_of_the_guide_is_on_the_page() {
        covers(&NextJs, &[("route", 4, &[]), ("kinde", 8, &[]), ("test", 3, &[])], &["local"]);
    }

    #[tokio::test]
    async fn route_and_environment_are_made_and_a_webhook_only_for_an_endpoint_that_kinde_takes() {
        let stage = Stage::at("acme").beside_a_sandbox("http://127.0.0.1:4455");
        let with = |endpoint| {
            values(&NextJs, &[("endpoint", endpoint), ("events", "user.created user.created,user.deleted")], &[])
        };
        let made = generate(&NextJs, &with(""), stage.around()).await.unwrap();
        is_sound(&NextJs, &made);
        assert!(!made.values.contains_key("webhook"));
        assert_eq!(made.values["test_env"], "KINDE_ISSUER_URL=http://127.0.0.1:4455");
        assert_eq!(made.values["tenant_env"], "KINDE_ISSUER_URL=https://acme.kinde.com");
        assert!(made.files[1].shown().contains("KINDE_ISSUER_URL=https://acme.kinde.com\n"));
        let good = with("https://app.example.com/api/kinde-webhook");
        let made = generate(&NextJs, &good, stage.around()).await.unwrap();
        let webhook = &made.values["webhook"];
        assert_eq!(webhook["event_types"], serde_json::json!(["user.created", "user.deleted"]));
        assert!(webhook["name"] == "Next.js webhook receiver" && webhook["description"].is_string(), "{webhook}");
        assert!(matches!(&NextJs.wishes(&good, &stage.tenant).unwrap()[..], [Wish::Webhook(_)]));
        for wrong in ["http://localhost:3000/api/kinde-webhook", "app.example.com"] {
            assert!(NextJs.wishes(&with(wrong), &stage.tenant).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn the_address_for_a_simulation_is_the_sandbox_s_and_where_it_never_ran_that_is_said() {
        let made = generate(&NextJs, &values(&NextJs, &[], &[]), Stage::at("acme").around()).await.unwrap();
        assert!(!made.values.contains_key("test_env"), "the tenant's own address would make the simulation fail");
        assert!(made.values["notes"].to_string().contains("Simulate starts it"), "{made:?}");
        let mut stage = Stage::at("http://127.0.0.1:4456");
        stage.tenant.profile = crate::tenant::Profile::sandbox();
        let made = generate(&NextJs, &values(&NextJs, &[], &[]), stage.around()).await.unwrap();
        assert_eq!(made.values["test_env"], "KINDE_ISSUER_URL=http://127.0.0.1:4456");
    }
}
