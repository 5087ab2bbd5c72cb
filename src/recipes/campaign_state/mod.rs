//! Marketing campaign tracking by a signed `state`: `campaign-state`.

pub mod codec;
mod judge;

use std::sync::LazyLock;

use aws_lc_rs::rand;
use url::Url;

use self::codec::{Body, Campaign};
use super::authorize::{self, Authorize};
use super::fill::fill;
use super::{Around, Call, Content, EnvFile, Generated, Outcome, Pending, Proof, Recipe, Values, Wish};
use crate::check::Check;
use crate::error::{Category, UserError};
use crate::jwt::encode_base64url;
use crate::secrets::Secret;
use crate::tenant::Tenant;

static CONTENT: LazyLock<Content> =
    LazyLock::new(|| Content::parse(include_str!("../../../assets/recipes/campaign-state/recipe.toml")));

const CODEC: &str = include_str!("../../../assets/recipes/campaign-state/campaign-state.ts");
const SENDER: &str = include_str!("../../../assets/recipes/campaign-state/sender.ts");
const RECEIVER: &str = include_str!("../../../assets/recipes/campaign-state/receiver.ts");

/// An authorize address over this length is warned of.
const LONG_ADDRESS: usize = 2000;
/// What is asked for.
const SCOPE: &str = "openid profile email";

/// The recipe.
#[derive(Debug)]
pub struct CampaignState;

impl Recipe for CampaignState {
    fn content(&self) -> &'static Content {
        &CONTENT
    }

    fn proof(&self, call: Call) -> Proof {
        match call {
            Call::Simulate => Proof::All(&["sign in", "echo"]),
            // Without the cookie's nonce nothing tells a sign-in of this browser from a forged one.
            _ => Proof::All(&["signature", "nonce"]),
        }
    }

    fn judges_given(&self, values: &Values) -> bool {
        values.has("callback_url")
    }

    fn generate<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Generated> {
        Box::pin(async move {
            let site = site(values)?;
            let client_id = values.need("client_id")?;
            let domain = &around.tenant()?.domain;
            let (key, made) = match values.secret("key") {
                Some(text) => (codec::key(text.expose()).map_err(unusable_key)?, false),
                None => (random::<32>()?, true),
            };
            let campaign = campaign(values);
            let body = Body {
                v: 1,
                n: encode_base64url(&random::<16>()?),
                t: around.http.clock().now().as_second(),
                campaign: campaign.clone(),
            };
            let state = codec::write(&key, &body);
            if state.len() > codec::MAX_LENGTH {
                return Err(UserError::new(Category::Input, "The state is too long")
                    .detail(format!("It has {} characters; {} are the most", state.len(), codec::MAX_LENGTH))
                    .hint("Shorten the campaign's names, or keep them in a table and pass a number")
                    .about("campaign"));
            }
            let link = link(&site, &campaign)?;
            let redirect_uri = redirect_uri(&site);
            let authorize = Authorize::new(client_id, &redirect_uri, SCOPE).state(&state).url(domain);

            let mut made_of = Generated::default();
            made_of.file("lib/campaign-state.ts", CODEC);
            made_of.file("app/auth/campaign/route.ts", fill(SENDER, &[("campaign_link", link.as_str())]));
            made_of.file("app/auth/campaign/callback/route.ts", RECEIVER);
            let comment = if made { "Made for you. Keep it, and keep it secret" } else { "Keep it secret" };
            made_of.env(
                EnvFile::local()
                    .plain("KINDE_ISSUER_URL", domain.as_str())
                    .plain("KINDE_SITE_URL", &site)
                    .plain("KINDE_CLIENT_ID", client_id)
                    .comment(
                        "Client secret of the application: Settings > Applications > (the application) > View details",
                    )
                    .secret("KINDE_CLIENT_SECRET", around.client_secret)
                    .comment(comment)
                    .secret("CAMPAIGN_STATE_KEY", Some(&Secret::new(codec::hex(&key)))),
            );
            made_of.put("campaign_link", link.as_str());
            made_of.put("redirect_uri", redirect_uri);
            made_of.put("state", state.as_str());
            made_of.put("nonce", body.n);
            made_of.put("state_length", state.len());
            made_of.put("authorize_url", authorize.as_str());
            made_of.put("sdk_link", sdk_link(&campaign));
            let mut notes = vec![
                "The state and the authorize address are an example: the sender makes new ones for every visit"
                    .to_owned(),
            ];
            if made {
                made_of.secrets.insert("key".to_owned(), Secret::new(codec::hex(&key)));
                notes.push("A new signing key was made; it goes into .env.local".to_owned());
            }
            notes.extend(super::address::in_clear_text(&site));
            if state.len() > codec::LONG {
                notes.push(format!("The state is long: {} characters", state.len()));
            }
            if authorize.as_str().len() > LONG_ADDRESS {
                notes.push(format!("The authorize address is long: {} characters", authorize.as_str().len()));
            }
            if campaign.pairs().into_iter().filter_map(|(_, value)| value).any(judge::is_personal) {
                notes.push("A value looks like an email address: it ends up in logs and histories".to_owned());
            }
            made_of.put("notes", notes);
            Ok(made_of)
        })
    }

    fn wishes(&self, values: &Values, _tenant: &Tenant) -> Result<Vec<Wish>, UserError> {
        Ok(vec![Wish::callback(values.need("client_id")?, &redirect_uri(&site(values)?))])
    }

    fn check<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let mut outcome = Outcome::default();
            if let Some(address) = values.text("callback_url") {
                judge::address(&mut outcome, around, address, values)?;
            } else {
                let client_id = values.text("client_id").ok_or_else(|| {
                    UserError::new(Category::Input, "There is nothing to check yet")
                        .detail("Neither a callback address nor the application's client ID was given")
                        .hint("Give the address the browser ended on: callback_url")
                        .about("callback_url")
                })?;
                let site = site(values)?;
                let body = Body { v: 1, n: encode_base64url(&random::<16>()?), t: 0, campaign: campaign(values) };
                let state = codec::write(&random::<32>()?, &body);
                let ask = Authorize::new(client_id, &redirect_uri(&site), SCOPE).state(&state);
                outcome.add(around, authorize::dry_run("authorize", &ask, around).await);
                let why = "No campaign came back yet: sign in over the link, and give the address the browser ends on";
                outcome.add(around, Check::skipped("signature", why));
                outcome.add(around, Check::skipped("nonce", why));
            }
            outcome.add(around, google_tag(around).await);
            Ok(outcome)
        })
    }

    fn simulate<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let mut outcome = Outcome::default();
            let mut campaign = campaign(values);
            // Whatever a campaign may be called, and what breaks an encoding that is not made for addresses.
            campaign.source.get_or_insert_with(|| "reddit & co".to_owned());
            campaign.campaign.get_or_insert_with(|| "juné+launch=50%#top>>>???".to_owned());
            judge::round_trip(&mut outcome, around, &site(values)?, campaign).await?;
            Ok(outcome)
        })
    }
}

fn campaign(values: &Values) -> Campaign {
    let text = |key: &str| values.text(key).map(str::to_owned);
    Campaign {
        source: text("source"),
        medium: text("medium"),
        campaign: text("campaign"),
        term: text("term"),
        content: text("content"),
        gclid: text("gclid"),
    }
}

/// The app's origin, without a slash at the end.
fn site(values: &Values) -> Result<String, UserError> {
    super::address::site(values, "site")
}

fn redirect_uri(site: &str) -> String {
    format!("{site}/auth/campaign/callback")
}

/// Where an ad leads.
fn link(site: &str, campaign: &Campaign) -> Result<Url, UserError> {
    let mut url = Url::parse(&format!("{site}/auth/campaign")).map_err(|error| {
        UserError::new(Category::Input, "site is no address")
            .detail(error.to_string())
            .hint("For example http://localhost:3000")
            .about("site")
    })?;
    for (name, value) in campaign.pairs() {
        if let Some(value) = value {
            url.query_pairs_mut().append_pair(&Campaign::parameter(name), value);
        }
    }
    Ok(url)
}

/// The link for an SDK that keeps `state` to itself.
fn sdk_link(campaign: &Campaign) -> String {
    let pairs = campaign
        .pairs()
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{}: {}", Campaign::parameter(name), super::fill::quoted(value?))));
    format!("<RegisterLink authUrlParams={{{{ {} }}}}>Sign up</RegisterLink>", pairs.collect::<Vec<_>>().join(", "))
}

fn unusable_key(why: &str) -> UserError {
    UserError::new(Category::Input, "The signing key cannot be used")
        .detail(format!("As given, {why}"))
        .hint("Make one with openssl rand -hex 32, and give it as key")
        .about("key")
}

fn random<const N: usize>() -> Result<[u8; N], UserError> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes)
        .map_err(|_| UserError::new(Category::Internal, "The system gave no random numbers").hint("Try again"))?;
    Ok(bytes)
}

/// The Google tag of the environment, where the API may be asked.
async fn google_tag(around: Around<'_>) -> Check {
    const NAME: &str = "google tag";
    let Some(api) = around.tenant.and_then(|tenant| tenant.api.as_ref()) else {
        return Check::skipped(NAME, "Reading it takes a machine to machine application with read:environments");
    };
    match api.environment().await {
        Ok(environment) => match environment.google_analytics_tag {
            Some(tag) if tag.starts_with("UA-") => Check::warn(
                NAME,
                "Universal Analytics takes in nothing any more since July 2023",
                "Enter a G- tag under Settings > Environment > Details > Tracking",
            )
            .seen(tag),
            Some(tag) => Check::pass(NAME).seen(tag),
            None => {
                Check::skipped(NAME, "The environment has none, which is fine: state works without Google Analytics")
            }
        },
        Err(error) => Check::skipped(NAME, format!("It could not be read: {}", UserError::from(error).title)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;
    use crate::clock::Clock;
    use crate::recipes::tests::{Stage, covers, is_sound, values};
    use crate::recipes::{Ended, check, ending, generate, summed_up};

    const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    #[test]
    fn every_step_of_the_guide_is_on_the_page() {
        covers(&CampaignState, &[("state", 4, &[])], &["analytics"]);
    }

    #[tokio::test]
    async fn the_made_state_is_read_back_by_the_check_and_the_link_carries_the_campaign() {
        let stage = Stage::at("acme");
        let plain = [("source", "reddit"), ("campaign", "a+b & c"), ("client_id", "id"), ("site", "localhost:3000")];
        let made =
            generate(&CampaignState, &values(&CampaignState, &plain, &[("key", KEY)]), stage.around()).await.unwrap();
        is_sound(&CampaignState, &made);
        let text = |name: &str| made.values[name].as_str().unwrap().to_owned();
        assert_eq!(
            text("campaign_link"),
            "http://localhost:3000/auth/campaign?utm_source=reddit&utm_campaign=a%2Bb+%26+c"
        );
        assert!(text("sdk_link").contains(r#"utm_campaign: "a+b & c""#), "{}", text("sdk_link"));
        assert!(made.files[3].exact().expose().contains(&format!("CAMPAIGN_STATE_KEY={KEY}\n")));
        let state = text("state");
        let back = format!("http://localhost:3000/auth/campaign/callback?code=c&state={state}");
        let nonce = text("nonce");
        let given = [("callback_url", back.as_str()), ("nonce", &nonce)];
        let outcome =
            check(&CampaignState, &values(&CampaignState, &given, &[("key", KEY)]), stage.around()).await.unwrap();
        assert_eq!(outcome.verdict(), Verdict::Pass, "{:?}", outcome.checks);
        assert_eq!(outcome.values["campaign"]["campaign"], "a+b & c");
    }

    #[tokio::test]
    async fn a_state_whose_nonce_was_not_looked_at_is_partly_checked() {
        let at: jiff::Timestamp = "2026-11-23T15:00:00Z".parse().unwrap();
        let stage = Stage::with("acme", Clock::fixed(at));
        let body = Body { v: 1, n: "n".repeat(22), t: at.as_second(), campaign: Campaign::default() };
        let back = format!("https://app.example/cb?code=c&state={}", codec::write(&codec::key(KEY).unwrap(), &body));
        for (nonce, key, wanted) in
            [("", Some(KEY), Ended::Partly), (&body.n, None, Ended::Partly), (&body.n, Some(KEY), Ended::Good)]
        {
            let secrets: Vec<(&str, &str)> = key.map(|key| ("key", key)).into_iter().collect();
            let given = values(&CampaignState, &[("callback_url", &back), ("nonce", nonce)], &secrets);
            let outcome = check(&CampaignState, &given, stage.around()).await.unwrap();
            assert_eq!(ending(&CampaignState, Call::Check, &outcome), wanted, "{outcome:#?}");
            let (mark, words) = summed_up(&CampaignState, Call::Check, &outcome);
            assert_eq!(mark == Verdict::Pass, wanted == Ended::Good, "{words}");
            assert_eq!(words.contains("give nonce too"), nonce.is_empty(), "{words}");
        }
    }

    #[tokio::test]
    async fn without_a_key_one_is_made_and_stands_in_the_environment_file_alone() {
        let stage = Stage::at("acme");
        let plain = [("source", "reddit"), ("client_id", "id")];
        let made = generate(&CampaignState, &values(&CampaignState, &plain, &[]), stage.around()).await.unwrap();
        let env = made.files[3].exact();
        let key = env.expose().lines().find_map(|line| line.strip_prefix("CAMPAIGN_STATE_KEY=")).unwrap();
        assert_eq!(codec::key(key).unwrap().len(), 32);
        assert_eq!(made.secrets["key"].expose(), key, "it is handed out to be kept");
        assert!(!format!("{made:?}").contains(key) && !made.values.values().any(|it| it.to_string().contains(key)));
    }

    #[tokio::test]
    async fn what_a_receiver_must_not_believe_is_a_failing_check_of_its_own_name() {
        let at: jiff::Timestamp = "2026-11-23T15:00:00Z".parse().unwrap();
        let stage = Stage::with("acme", Clock::fixed(at));
        let body = Body { v: 1, n: "n".repeat(22), t: at.as_second(), campaign: Campaign::default() };
        let key = codec::key(KEY).unwrap();
        let good = codec::write(&key, &body);
        let old = codec::write(&key, &Body { t: body.t - 3601, ..body.clone() });
        let (part, _) = good.split_once('.').unwrap();
        for (state, nonce, failing) in [
            (good.clone(), body.n.as_str(), None),
            (codec::write(&[9; 32], &body), &body.n, Some("signature")),
            (old, &body.n, Some("age")),
            (good.clone(), "other", Some("nonce")),
            (part.to_owned(), &body.n, Some("encoding")),
            ("abc".to_owned(), &body.n, Some("state")),
            (String::new(), &body.n, Some("state")),
        ] {
            let back = format!("https://app.example/cb?code=c&state={state}");
            let given = values(&CampaignState, &[("callback_url", &back), ("nonce", nonce)], &[("key", KEY)]);
            let outcome = check(&CampaignState, &given, stage.around()).await.unwrap();
            let first = crate::check::first_trouble(&outcome.checks).map(|check| check.name.clone());
            assert_eq!(first.as_deref(), failing, "{state}: {:?}", outcome.checks);
        }
        let judged = async |text: &str| {
            let given = values(&CampaignState, &[("callback_url", text), ("client_id", "")], &[]);
            check(&CampaignState, &given, stage.around()).await
        };
        for garbage in ["not an address", "https://app.example/cb?error=access_denied"] {
            let outcome = judged(garbage).await.unwrap();
            assert_eq!(outcome.verdict(), Verdict::Fail, "{garbage}: {:?}", outcome.checks);
        }
        assert_eq!(judged("").await.unwrap_err().category, Category::Input, "there is nothing to judge");
    }

    #[test]
    fn the_receiver_reads_back_what_the_sender_wrote_and_refuses_every_forgery() {
        let stage = Stage::at("acme");
        let now: jiff::Timestamp = "2026-11-23T15:00:00Z".parse().unwrap();
        let campaign = Campaign { campaign: Some("juné+launch=50%#top>>>???".to_owned()), ..Campaign::default() };
        let body = Body { v: 1, n: "n".repeat(22), t: now.as_second(), campaign };
        let key = codec::key(KEY).unwrap();
        let read = |state: &str| {
            let mut outcome = Outcome::default();
            judge::read_back(&mut outcome, stage.around(), state, &body, &key, now);
            outcome
        };
        let good = codec::write(&key, &body);
        let outcome = read(&good);
        assert_eq!(outcome.verdict(), Verdict::Pass, "{:?}", outcome.checks);
        assert!(outcome.checks.iter().filter(|check| check.name.ends_with("refused")).count() == 6);
        let changed = codec::write(&key, &Body { campaign: Campaign::default(), ..body.clone() });
        assert_eq!(read(&changed).verdict(), Verdict::Fail, "another campaign came back");
        assert_eq!(read(&good.replace('.', "%2E")).verdict(), Verdict::Fail, "the state came back encoded twice");
    }
}
