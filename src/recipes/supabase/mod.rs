//! Supabase and the to-do app: `supabase`.

mod judge;
mod key;
mod live;
mod stand_in;
pub mod token;

use std::sync::LazyLock;

use aws_lc_rs::rand;
use base64::Engine as _;
use serde_json::Value;
use url::Url;

use self::token::Claims;
use super::fill::fill;
use super::issuer::{self, Issuer};
use super::proof::GENERATED;
use super::values::moment;
use super::{
    Around, Call, Content, EnvFile, Generated, Outcome, Pending, Proof, Recipe, Values, Wish, address, sign_in,
};
use crate::check::{Check, Verdict};
use crate::error::{Category, UserError};
use crate::secrets::Secret;
use crate::tenant::Tenant;

static CONTENT: LazyLock<Content> =
    LazyLock::new(|| Content::parse(include_str!("../../../assets/recipes/supabase/recipe.toml")));

/// Files that are the same for everybody.
const FILES: [(&str, &str); 7] = [
    ("app/api/auth/[kindeAuth]/route.ts", include_str!("../../../assets/recipes/supabase/route.ts")),
    ("components/auth-button.tsx", include_str!("../../../assets/recipes/supabase/auth-button.tsx")),
    ("components/hero.tsx", include_str!("../../../assets/recipes/supabase/hero.tsx")),
    ("lib/supabase/server.ts", include_str!("../../../assets/recipes/supabase/server.ts")),
    ("supabase/kinde.sql", include_str!("../../../assets/recipes/supabase/kinde.sql")),
    ("supabase/todos.sql", include_str!("../../../assets/recipes/supabase/todos.sql")),
    ("supabase/rollback.sql", include_str!("../../../assets/recipes/supabase/rollback.sql")),
];
/// Named by newer templates as it says itself, by older ones [`OLDER`].
const SESSION: &str = include_str!("../../../assets/recipes/supabase/proxy.ts");
const NEWER: &str = "lib/supabase/proxy.ts";
const OLDER: &str = "lib/supabase/middleware.ts";
const GIVE: &str = include_str!("../../../assets/recipes/supabase/give-todos.sql");
/// The same while nobody was named.
const GIVE_NOBODY: &str = include_str!("../../../assets/recipes/supabase/give-todos-nobody.sql");

/// A user that nobody is.
const NOBODY: &str = "kp_00000000000000000000000000000000";
/// A user for what is only made to be looked at.
const SOMEBODY: &str = "kp_0123456789abcdef0123456789abcdef";

/// The recipe.
#[derive(Debug)]
pub struct Supabase;

impl Recipe for Supabase {
    fn content(&self) -> &'static Content {
        &CONTENT
    }

    fn proof(&self, call: Call) -> Proof {
        match call {
            Call::Simulate => Proof::All(&["id token", GENERATED]),
            _ => Proof::All(&[live::FIRST]),
        }
    }

    fn judges_given(&self, values: &Values) -> bool {
        values.has("token")
    }

    fn admit(&self, key: &str, text: &str) -> Result<(), UserError> {
        if key == "publishable_key" { key::admit(text) } else { Ok(()) }
    }

    fn generate<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Generated> {
        Box::pin(async move {
            let project = project(values.need("project")?)?;
            let site = address::site(values, "site")?;
            let (secret, made_secret) = match values.secret("jwt_secret") {
                Some(secret) => (long_enough(secret)?.clone(), false),
                None => (new_secret()?, true),
            };
            let user = values.text("user_id").map(user).transpose()?;
            let Issuer { address: issuer, note } = issuer::of(around).await?;
            let mut made = Generated::default();
            made.env(env(values, around, (&issuer, &site), &project, (&secret, made_secret)));
            for (path, text) in FILES {
                made.file(path, text);
            }
            made.file(NEWER, SESSION);
            made.file(OLDER, SESSION.replacen(NEWER, OLDER, 1));
            let give = user.map(|user| fill(GIVE, &[("user_id", &format!("'{user}'"))]));
            made.file("supabase/give-todos.sql", give.unwrap_or_else(|| GIVE_NOBODY.to_owned()));
            made.put("callback_url", callback(&site));
            made.put("logout_url", site.as_str());
            made.put("project_url", project.as_str().trim_end_matches('/'));
            made.put("install", CONTENT.install.clone().unwrap_or_default());
            let mut notes = Vec::new();
            if made_secret {
                made.secrets.insert("jwt_secret".to_owned(), secret.clone());
                notes
                    .push("A new signing secret was made; it goes into .env.local: import it into Supabase".to_owned());
            }
            match user {
                Some(user) if !made_secret => {
                    made.put("token", token::mint(&secret, &Claims::of(user, around.http.clock().now().as_second())));
                    notes.push("The token is good for five minutes, for trying the project out".to_owned());
                }
                Some(_) => {}
                None => {
                    notes.push(
                        "give-todos.sql stops with an error yet: name the user whose the sample to-dos become"
                            .to_owned(),
                    );
                }
            }
            notes.extend(note);
            made.put("notes", notes);
            Ok(made)
        })
    }

    fn wishes(&self, values: &Values, _tenant: &Tenant) -> Result<Vec<Wish>, UserError> {
        let (client_id, site) = (values.need("client_id")?, address::site(values, "site")?);
        Ok(vec![Wish::callback(client_id, &callback(&site)), Wish::logout(client_id, &site)])
    }

    fn check<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let mut outcome = Outcome::default();
            let secret = values.secret("jwt_secret");
            if let Some(secret) = secret {
                outcome.add(around, judge::secret(secret));
            }
            if let Some(text) = values.text("token") {
                let at = moment(values, "at", around.http.clock().now())?;
                judge::token(&mut outcome, around, text, secret, at);
                let why = "The project was not asked whether it takes the token: leave the token out for that";
                outcome.add(around, Check::skipped(live::FIRST, why));
                return Ok(outcome);
            }
            let project = live::Project {
                url: project(values.need("project")?)?,
                key: values.need("publishable_key")?,
                secret: values.need_secret("jwt_secret")?,
                table: table(values.need("table")?)?,
            };
            let first = user(values.text("user_id").unwrap_or(SOMEBODY))?;
            let second =
                user(values.text("other_user_id").unwrap_or(NOBODY)).map_err(|error| error.about("other_user_id"))?;
            live::probe(&mut outcome, around, &project, first, second).await;
            Ok(outcome)
        })
    }

    fn simulate<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let mut outcome = Outcome::default();
            let secret = match values.secret("jwt_secret") {
                Some(secret) => secret.clone(),
                None => new_secret()?,
            };
            outcome.add(around, judge::secret(&secret));
            let callback = callback(&address::site(values, "site")?);
            let signed_in = sign_in::first_user(&mut outcome, around, &callback).await?;
            if outcome.verdict() == Verdict::Fail {
                return Ok(outcome);
            }
            // Whose token is minted is what the verified ID token says, as in lib/supabase/server.ts.
            let claims = signed_in.map(|signed_in| signed_in.claims);
            let sub = claims.as_ref().and_then(|claims| claims.get("sub")).and_then(Value::as_str);
            let first = user(sub.unwrap_or(SOMEBODY))?;
            let why = "The panel mints the token by the rules of lib/supabase/server.ts, and the code itself was not run: start \
                       the app, and check the project";
            outcome.add(around, Check::skipped(GENERATED, why));
            stand_in::walk(&mut outcome, around, &secret, first, NOBODY);
            if let Some(claims) = claims {
                outcome.put("claims", claims);
            }
            Ok(outcome)
        })
    }
}

fn env(
    values: &Values,
    around: Around<'_>,
    (issuer, site): (&str, &str),
    project: &Url,
    (secret, made): (&Secret, bool),
) -> EnvFile {
    let about = if made {
        "Made for you: import it under JWT Keys as an HS256 standby key, and keep it secret"
    } else {
        "The shared secret imported under JWT Keys. Keep it secret"
    };
    let key = values.text("publishable_key").unwrap_or_default();
    EnvFile::local()
        .comment("Kinde: the client secret is under Settings > Applications > (the application) > View details")
        .plain("KINDE_CLIENT_ID", values.text("client_id").unwrap_or_default())
        .secret("KINDE_CLIENT_SECRET", around.client_secret)
        .plain("KINDE_ISSUER_URL", issuer)
        .plain("KINDE_SITE_URL", site)
        .plain("KINDE_POST_LOGOUT_REDIRECT_URL", site)
        .plain("KINDE_POST_LOGIN_REDIRECT_URL", site)
        .comment("Supabase: Project Settings > Data API, and > API Keys")
        .plain("NEXT_PUBLIC_SUPABASE_URL", project.as_str().trim_end_matches('/'))
        .plain("NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY", key)
        .comment("The same, by the name that older templates and the guide look for")
        .plain("NEXT_PUBLIC_SUPABASE_PUBLISHABLE_OR_ANON_KEY", key)
        .comment(about)
        .secret("SUPABASE_JWT_SECRET", Some(secret))
}

fn callback(site: &str) -> String {
    format!("{site}/api/auth/kinde_callback")
}

/// A signing secret that a project takes.
fn long_enough(secret: &Secret) -> Result<&Secret, UserError> {
    let length = secret.expose().chars().count();
    if length >= judge::SHORTEST {
        return Ok(secret);
    }
    Err(UserError::new(Category::Input, "jwt_secret is too short")
        .detail(format!("It has {length} characters; PostgREST takes {} at least", judge::SHORTEST))
        .hint("Leave it out, and one is made; or make one with openssl rand -base64 48")
        .about("jwt_secret"))
}

/// 48 random bytes as 64 letters and digits of base64url.
fn new_secret() -> Result<Secret, UserError> {
    let mut bytes = [0; 48];
    rand::fill(&mut bytes).map_err(|_| UserError::new(Category::Internal, "The system gave no random numbers"))?;
    Ok(Secret::new(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)))
}

/// The project's address: its ID alone, or any address of it.
fn project(text: &str) -> Result<Url, UserError> {
    let refused = |why: &str| {
        UserError::new(Category::Input, "project is no Supabase project")
            .detail(format!("{text}: {why}"))
            .hint("Copy the Project URL from Project Settings > Data API: https://abcdefghijklmnopqrst.supabase.co")
            .about("project")
    };
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let dashboard = text.split_once("supabase.com/dashboard/project/").map(|(_, rest)| rest);
    let whole = match dashboard.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default()) {
        Some(id) => format!("https://{id}.supabase.co"),
        None if plain => format!("https://{}.supabase.co", text.to_ascii_lowercase()),
        None if text.contains("://") => text.to_owned(),
        None => format!("https://{text}"),
    };
    let mut url = Url::parse(&whole).map_err(|error| refused(&error.to_string()))?;
    if url.scheme() != "https" && !address::is_loopback(&url) {
        return Err(refused("it is not https"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.host_str().is_none() {
        return Err(refused("it carries more than a host"));
    }
    url.set_path("/");
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

/// A Kinde user ID: nothing else is written into SQL.
fn user(text: &str) -> Result<&str, UserError> {
    let rest = text.strip_prefix("kp_").unwrap_or_default();
    if !rest.is_empty() && rest.len() <= 64 && rest.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Ok(text);
    }
    Err(UserError::new(Category::Input, "This is no Kinde user ID")
        .detail(text.to_owned())
        .hint("It begins with kp_: Kinde > Users > (the user), or the sub of a token")
        .about("user_id"))
}

fn table(text: &str) -> Result<&str, UserError> {
    if text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Ok(text);
    }
    Err(UserError::new(Category::Input, "table is no name of a table")
        .detail(text.to_owned())
        .hint("Letters, digits and underscores: todos")
        .about("table"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipes::tests::{Reply, Stage, covers, is_sound, serve, values};
    use crate::recipes::{check, generate, simulate};

    const JWT_SECRET: (&str, &str) = ("jwt_secret", "kinde-client-secret-0123456789abcdefABCDEFGHIJ");

    #[test]
    fn every_step_of_both_guides_is_on_the_page() {
        let project = ["3.1", "3.2", "3.3", "3.4", "10.1", "10.2", "10.3"];
        covers(
            &Supabase,
            &[
                ("app", 7, &["5.1", "5.2"]),
                ("project", 14, &project),
                ("code", 14, &[]),
                ("table", 4, &[]),
                ("list", 4, &[]),
                ("link", 6, &[]),
            ],
            &[],
        );
    }

    #[tokio::test]
    async fn every_file_is_made_and_only_the_environment_holds_the_secret() {
        let stage = Stage::at("acme");
        let plain = [
            ("project", "abcdefghijklmnopqrst"),
            ("publishable_key", "sb_publishable_x"),
            ("user_id", "kp_1a"),
            ("client_id", "id"),
        ];
        let made = generate(&Supabase, &values(&Supabase, &plain, &[JWT_SECRET]), stage.around()).await.unwrap();
        is_sound(&Supabase, &made);
        let mut paths: Vec<&str> = made.files.iter().map(|file| file.path.as_str()).collect();
        let mut all: Vec<&str> = CONTENT.files.iter().map(String::as_str).collect();
        paths.sort_unstable();
        all.sort_unstable();
        assert_eq!(paths, all);
        assert!(made.files[0].exact().expose().contains(JWT_SECRET.1));
        assert!(made.files.iter().skip(1).all(|file| !file.exact().expose().contains(JWT_SECRET.1)));
        for name in [NEWER, OLDER] {
            let file = made.files.iter().find(|file| file.path == name).unwrap();
            assert!(file.shown().starts_with(&format!("// {name}\n")), "{}", file.shown());
        }
        for name in ["NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY", "NEXT_PUBLIC_SUPABASE_PUBLISHABLE_OR_ANON_KEY"] {
            assert!(made.files[0].shown().contains(&format!("\n{name}=sb_publishable_x\n")), "{name}");
        }
        let give = made.files.iter().find(|file| file.path.ends_with("give-todos.sql")).unwrap();
        assert!(give.shown().contains("set user_id = 'kp_1a'\nwhere user_id in ('kp_sample',"), "{}", give.shown());
        // The minted token is one that the check finds right.
        let token = made.values["token"].as_str().unwrap();
        let outcome =
            check(&Supabase, &values(&Supabase, &[("token", token)], &[JWT_SECRET]), stage.around()).await.unwrap();
        assert_eq!(outcome.verdict(), Verdict::Pass, "{:?}", outcome.checks);
        let other = values(&Supabase, &[("token", token)], &[("jwt_secret", "0123456789abcdef0123456789abcdef")]);
        let outcome = check(&Supabase, &other, stage.around()).await.unwrap();
        assert_eq!(crate::check::first_trouble(&outcome.checks).unwrap().name, "signature");
    }

    #[tokio::test]
    async fn a_secret_key_in_the_place_of_the_publishable_one_ends_every_call() {
        let stage = Stage::at("acme");
        let plain = [("project", "abc"), ("publishable_key", "sb_secret_CanaryCanary0123")];
        let given = values(&Supabase, &plain, &[JWT_SECRET]);
        let made = generate(&Supabase, &given, stage.around()).await.map(|_| ());
        let checked = check(&Supabase, &given, stage.around()).await.map(|_| ());
        let simulated = simulate(&Supabase, &given, stage.around()).await.map(|_| ());
        for ended in [made, checked, simulated] {
            let error = ended.unwrap_err();
            assert_eq!(error.category, Category::Input);
            assert!(!format!("{error:?}").contains("Canary"), "{error:?}");
        }
    }

    #[tokio::test]
    async fn what_strangers_are_refused_counts_only_where_the_signed_in_user_is_let_in() {
        use Verdict::{Fail, Pass, Skipped};
        const OWN: &str = r#"[{"user_id":"kp_1a"}]"#;
        fn wall(_: usize) -> Reply {
            Reply::of(401, r#"{"message":"Invalid API key"}"#)
        }
        fn other_wall(_: usize) -> Reply {
            Reply::of(403, "{}")
        }
        // Who the token is for, then the table: as the first user, the second, nobody, and with a token of another secret.
        fn sound(at: usize) -> Reply {
            match at {
                0 => Reply::of(200, "\"kp_1a\""),
                1 => Reply::of(200, OWN),
                2 | 3 => Reply::of(200, "[]"),
                _ => Reply::of(401, "{}"),
            }
        }
        fn closed_to_nobody(at: usize) -> Reply {
            if at == 3 { Reply::of(403, "{}") } else { sound(at) }
        }
        fn empty(at: usize) -> Reply {
            if at == 1 { Reply::of(200, "[]") } else { sound(at) }
        }
        fn open(at: usize) -> Reply {
            if at == 0 { sound(at) } else { Reply::of(200, OWN) }
        }
        let stage = Stage::at("acme");
        for (answers, wanted) in [
            (wall as fn(usize) -> Reply, [Fail, Fail, Skipped, Skipped]),
            (other_wall, [Fail, Fail, Skipped, Skipped]),
            (sound, [Pass, Pass, Pass, Pass]),
            (closed_to_nobody, [Pass, Pass, Pass, Pass]),
            (empty, [Skipped, Skipped, Skipped, Pass]),
            (open, [Pass, Fail, Fail, Fail]),
        ] {
            let project = serve(move |at, _| answers(at));
            let plain = [("project", project.as_str()), ("publishable_key", "sb_publishable_x"), ("user_id", "kp_1a")];
            let outcome = check(&Supabase, &values(&Supabase, &plain, &[JWT_SECRET]), stage.around()).await.unwrap();
            let of = |name: &str| outcome.checks.iter().find(|check| check.name == name).unwrap();
            let names = ["first user", "second user", "nobody signed in", "token of another secret"];
            assert_eq!(names.map(|name| of(name).verdict), wanted, "{outcome:#?}");
            for check in outcome.checks.iter().filter(|check| check.verdict == Skipped) {
                assert!(
                    check.why.as_ref().is_some_and(|why| why.contains("was not seen") || why.contains("shows nothing"))
                );
            }
        }
    }

    #[tokio::test]
    async fn a_secret_that_no_project_takes_makes_no_file() {
        let stage = Stage::at("acme");
        let make = async |secret: &str| {
            let given = values(&Supabase, &[("project", "abc")], &[("jwt_secret", secret)]);
            generate(&Supabase, &given, stage.around()).await
        };
        let error = make("Canary0123456789Canary").await.unwrap_err();
        assert!(error.category == Category::Input && error.detail.contains("22 characters"), "{error:?}");
        assert!(!format!("{error:?}").contains("Canary"), "{error:?}");
        assert!(make(&"a".repeat(judge::SHORTEST)).await.is_ok());
    }

    #[tokio::test]
    async fn without_a_secret_one_is_made_that_is_long_enough_and_no_token_is_minted() {
        let stage = Stage::at("acme");
        let plain = [("project", "abc"), ("user_id", "kp_1a")];
        let made = generate(&Supabase, &values(&Supabase, &plain, &[]), stage.around()).await.unwrap();
        let env = made.files[0].exact();
        let secret = env.expose().lines().find_map(|line| line.strip_prefix("SUPABASE_JWT_SECRET=")).unwrap();
        assert!(secret.len() == 64 && !made.values.contains_key("token"));
        let nobody = generate(&Supabase, &values(&Supabase, &plain[..1], &[]), stage.around()).await.unwrap();
        let give = nobody.files.iter().find(|file| file.path.ends_with("give-todos.sql")).unwrap();
        assert!(give.shown().contains("raise exception") && !give.shown().contains("update"), "{}", give.shown());
        assert_eq!(made.secrets["jwt_secret"].expose(), secret, "it is handed out to be kept");
        let again = [("jwt_secret", secret)];
        let made_again = generate(&Supabase, &values(&Supabase, &plain, &again), stage.around()).await.unwrap();
        assert!(made_again.secrets.is_empty() && made_again.files[0].exact().expose().contains(secret));
        assert!(!format!("{made:?}").contains(secret));
    }

    #[test]
    fn a_project_is_read_in_the_forms_people_paste_and_no_sql_can_be_smuggled_in() {
        for text in [
            "abcdefghijklmnopqrst",
            "https://abcdefghijklmnopqrst.supabase.co/",
            "abcdefghijklmnopqrst.supabase.co/rest/v1/",
            "https://supabase.com/dashboard/project/abcdefghijklmnopqrst/settings/api",
        ] {
            assert_eq!(project(text).unwrap().as_str(), "https://abcdefghijklmnopqrst.supabase.co/", "{text}");
        }
        for wrong in ["http://abc.supabase.co", "https://me:pw@abc.supabase.co", "a b"] {
            assert!(project(wrong).is_err(), "{wrong}");
        }
        for wrong in ["kp_", "kp_1'; drop table todos; --", "1", "kp_\u{e9}"] {
            assert!(user(wrong).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn in_the_simulation_nobody_sees_rows_of_others() {
        let stage = Stage::at("acme");
        let outcome = simulate(&Supabase, &values(&Supabase, &[], &[]), stage.around()).await.unwrap();
        assert_eq!(outcome.verdict(), Verdict::Pass, "{:?}", outcome.checks);
        assert!(outcome.checks.len() > 8);
    }
}
