//! WordPress with the plugin OpenID Connect Generic Client: `wordpress`.

use std::sync::LazyLock;
use std::time::Duration;

use serde_json::json;
use url::Url;

use super::fill::fill;
use super::oidc::{self, Endpoints};
use super::outcome::unanswered;
use super::sign_in::{self, Way};
use super::{
    Around, Call, Content, EnvFile, Generated, Outcome, Pending, Proof, Recipe, Values, Wish, address, client,
};
use crate::check::Check;
use crate::dotenv;
use crate::error::UserError;
use crate::kinde::{Addresses, Domain};
use crate::net::Request;
use crate::tenant::Tenant;

static CONTENT: LazyLock<Content> =
    LazyLock::new(|| Content::parse(include_str!("../../assets/recipes/wordpress/recipe.toml")));

const CONSTANTS: &str = include_str!("../../assets/recipes/wordpress/wp-config-kinde.php");
const SCOPE: &str = "openid profile email offline";
const SOME_SITE: &str = "https://wordpress.example.com";
/// The folder of the file that holds the secret: not beside what goes into the web root.
const APART: &str = "outside-the-web-root";

/// The recipe.
#[derive(Debug)]
pub struct WordPress;

impl Recipe for WordPress {
    fn content(&self) -> &'static Content {
        &CONTENT
    }

    fn proof(&self, call: Call) -> Proof {
        match call {
            Call::Simulate => Proof::All(&["authorize"]),
            _ => Proof::All(&["authorize", client::SECRET, "plugin"]),
        }
    }

    fn generate<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Generated> {
        Box::pin(async move {
            let site = address::site(values, "site")?;
            let domain = &around.tenant()?.domain;
            let ends = Endpoints::of(domain);
            let logout = logout_endpoint(domain, &site);
            let alternate = values.need("alternate_redirect")? == "yes";
            let link = values.need("link_existing")? == "yes";
            let client_id = values.text("client_id").unwrap_or_default();
            let fills = [
                ("client_id", php(client_id)),
                ("authorize", php(ends.get("authorization_endpoint"))),
                ("userinfo", php(ends.get("userinfo_endpoint"))),
                ("token", php(ends.get("token_endpoint"))),
                ("logout", php(logout.as_str())),
                ("link", link.to_string()),
            ];
            let fills: Vec<(&str, &str)> = fills.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let mut made = Generated::default();
            made.file("wp-config-kinde.php", fill(CONSTANTS, &fills));
            // What the plugin's page shows and no constant sets; everything else stays as the constants say.
            let settings = json!({
                "login_type": "button",
                "client_id": client_id,
                "client_secret": "",
                "scope": SCOPE,
                "endpoint_login": ends.get("authorization_endpoint"),
                "endpoint_userinfo": ends.get("userinfo_endpoint"),
                "endpoint_token": ends.get("token_endpoint"),
                "endpoint_end_session": logout.as_str(),
                "acr_values": "",
                "no_sslverify": 0,
                "http_request_timeout": 5,
                "identity_key": "sub",
                "nickname_key": "name",
                "email_format": "{email}",
                "displayname_format": "{name}",
                "identify_with_username": 0,
                "state_time_limit": 180,
                "enforce_privacy": 0,
                "alternate_redirect_uri": u8::from(alternate),
                "token_refresh_enable": 1,
                "link_existing_users": u8::from(link),
                "create_if_does_not_exist": 1,
                "redirect_user_back": 1,
                "redirect_on_logout": 1,
                "enable_logging": 0,
                "log_limit": 1000,
            });
            let settings = serde_json::to_string_pretty(&settings).unwrap_or_default();
            made.file("openid-connect-generic-settings.json", format!("{settings}\n"));
            made.env(
                EnvFile::process()
                    .within(APART)
                    .comment("For the server's environment: WordPress itself reads no .env")
                    .comment(
                        "Quoted as a shell and Compose read it; docker run --env-file wants a value without quotes",
                    )
                    .comment("Keep it outside the web root: many servers hand a .env to whoever asks for it")
                    .secret("OIDC_CLIENT_SECRET", values.secret("client_secret")),
            );
            made.put("callback_url", callback(&site, alternate));
            made.put("logout_url", format!("{site}/"));
            made.put("client_id", client_id);
            made.put("scope", SCOPE);
            made.put("login_endpoint_url", ends.get("authorization_endpoint"));
            made.put("userinfo_endpoint_url", ends.get("userinfo_endpoint"));
            made.put("token_validation_endpoint_url", ends.get("token_endpoint"));
            made.put("end_session_endpoint_url", logout.as_str());
            made.put("identity_key", "sub");
            made.put("nickname_key", "name");
            made.put("email_formatting", "{email}");
            let files = "wp-config-kinde.php and openid-connect-generic-settings.json";
            let empty = client::still_empty(values, files, &format!("{APART}/.env"));
            for note in [empty, address::in_clear_text(&site)].into_iter().flatten() {
                made.note(&note);
            }
            Ok(made)
        })
    }

    fn wishes(&self, values: &Values, _tenant: &Tenant) -> Result<Vec<Wish>, UserError> {
        let (client_id, site) = (values.need("client_id")?, address::site(values, "site")?);
        let alternate = values.need("alternate_redirect")? == "yes";
        // The plugin's switch may be turned later: both are harmless, and each is the site's own.
        let mut callbacks = vec![callback(&site, alternate)];
        if alternate {
            callbacks.push(callback(&site, false));
        }
        let mut wishes: Vec<Wish> = callbacks.iter().map(|url| Wish::callback(client_id, url)).collect();
        wishes.push(Wish::logout(client_id, &format!("{site}/")));
        Ok(wishes)
    }

    fn check<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let mut outcome = Outcome::default();
            let site = address::site(values, "site")?;
            let alternate = values.need("alternate_redirect")? == "yes";
            let callback = callback(&site, alternate);
            outcome.put("callback_url", callback.as_str());
            let secure = Url::parse(&site).is_ok_and(|url| url.scheme() == "https" || address::is_loopback(&url));
            outcome.add(
                around,
                if secure {
                    Check::pass("site").seen(site.clone())
                } else {
                    let why = "The site is not https: the code of a sign-in can be read on the way";
                    Check::fail("site", why, "Give the site a certificate, and write its address with https")
                        .seen(site.clone())
                },
            );
            oidc::look(&mut outcome, around).await?;
            let client_id = values.text("client_id");
            let (list, logout) = (Addresses::Callback, format!("{site}/"));
            outcome.add(around, oidc::registered("callback", list, client_id, &callback, around).await);
            outcome.add(around, oidc::registered("logout url", Addresses::Logout, client_id, &logout, around).await);
            outcome.add(around, oidc::taken(client_id, &callback, SCOPE, around).await);
            outcome.add(around, client::secret(values, &callback, around).await);
            outcome.add(around, plugin(&callback, around).await);
            outcome.add(around, open_env_file(&site, around).await);
            Ok(outcome)
        })
    }

    fn simulate<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let mut outcome = Outcome::default();
            let site = if values.has("site") { address::site(values, "site")? } else { SOME_SITE.to_owned() };
            let callback = callback(&site, values.need("alternate_redirect")? == "yes");
            let way = Way { callback: &callback, scope: SCOPE, pkce: false, profile: true, state: None };
            let Some(signed_in) = sign_in::walk(&mut outcome, around, way).await? else { return Ok(outcome) };
            let of = |name: &str| signed_in.profile.get(name).and_then(|it| it.as_str()).map(str::to_owned);
            let same = signed_in.claims.get("sub") == signed_in.profile.get("sub") && of("sub").is_some();
            outcome.add(
                around,
                if same {
                    Check::pass("identity").seen(of("sub").unwrap_or_default())
                } else {
                    Check::fail(
                        "identity",
                        "sub of ID token and profile differ: the plugin stops with incorrect-user-claim",
                        "Report it",
                    )
                },
            );
            for (name, claim) in [("email", "email"), ("nickname", "name")] {
                outcome.add(
                    around,
                    match of(claim) {
                        Some(text) => Check::pass(name).seen(text),
                        None => Check::fail(
                            name,
                            format!("The profile has no {claim}, which the plugin needs"),
                            "Ask for openid profile email",
                        ),
                    },
                );
            }
            outcome.add(around, client::not_tried());
            outcome.put("profile", signed_in.profile);
            // With the scope of the guide: what must not be taken over from it.
            let way = Way { scope: "openid", ..way };
            let mut silent = Outcome::default();
            let quiet = Around { tell: &|_| (), ..around };
            if let Some(bare) = sign_in::walk(&mut silent, quiet, way).await? {
                let email = bare.profile.contains_key("email");
                outcome.add(
                    around,
                    if email {
                        Check::skipped("the guide's scope", "Here openid alone gives an email too")
                    } else {
                        Check::pass("the guide's scope")
                            .seen("openid alone gives no email: the plugin would stop with incomplete-user-claim")
                    },
                );
            }
            Ok(outcome)
        })
    }
}

/// Where the plugin wants people back.
fn callback(site: &str, alternate: bool) -> String {
    if alternate {
        format!("{site}/openid-connect-authorize")
    } else {
        format!("{site}/wp-admin/admin-ajax.php?action=openid-connect-authorize")
    }
}

/// Kinde's logout, which calls the address to end at `redirect`; the plugin adds its own parameters behind it.
fn logout_endpoint(domain: &Domain, site: &str) -> Url {
    let mut url = domain.join("/logout");
    url.query_pairs_mut().append_pair("redirect", &format!("{site}/"));
    url
}

/// A string of PHP in single quotes.
fn php(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// Asks the site's callback without a code: the plugin sends such a visitor to the sign-in page with `no-code`.
async fn plugin(callback: &str, around: Around<'_>) -> Check {
    const NAME: &str = "plugin";
    let Ok(url) = Url::parse(callback) else {
        return Check::fail(NAME, "The callback is no address", "Check the site's address");
    };
    let request = Request::get("Ask the plugin", url).beginning(64 * 1024);
    let answer = match around.http.send(request).await {
        Ok(answer) => answer,
        Err(error) => return unanswered(NAME, "the site", error),
    };
    let location = answer.header("location").unwrap_or_default();
    let text = answer.text();
    let check = match answer.status {
        300..=399 if location.contains("login-error=no-code") => Check::pass(NAME).seen("it answers: no-code"),
        300..=399 if location.contains("login-error=") => Check::pass(NAME).seen("it answers with an error of its own"),
        301 | 302 | 307 | 308 => Check::warn(
            NAME,
            "The site sends whoever comes to another address first: Kinde's answer takes the same way round",
            "Give the address that the site settles on (www or not, https, the folder)",
        )
        .seen(Url::parse(location).map(|url| url.origin().ascii_serialization()).unwrap_or_default()),
        200 | 400 if text.trim() == "0" => Check::fail(
            NAME,
            "WordPress answers, and no plugin takes the call: it is not active",
            "Activate OpenID Connect Generic Client, or check alternate_redirect",
        ),
        404 => Check::fail(
            NAME,
            "There is nothing at the callback",
            "Check the site's address and its folder; for the alternate address save Settings > Permalinks once",
        ),
        401 | 403 => Check::fail(
            NAME,
            "Something in front of the site closes wp-admin to visitors",
            "Open admin-ajax.php, or use the alternate redirect URI",
        ),
        _ => Check::warn(
            NAME,
            "It answers, and not as the plugin does",
            "Open the site's sign-in page and look for the button",
        ),
    };
    let seen = check
        .seen
        .clone()
        .map_or_else(|| format!("HTTP {}", answer.status), |seen| format!("HTTP {}, {seen}", answer.status));
    check.seen(seen).took(Duration::from_millis(answer.ms))
}

/// Asks the site for the file that holds the secret, as anybody may.
async fn open_env_file(site: &str, around: Around<'_>) -> Check {
    let Ok(url) = Url::parse(&format!("{site}/.env")) else {
        return Check::skipped(ENV_FILE, "The site's address is none");
    };
    let request = Request::get("Look for an open .env", url).beginning(64 * 1024);
    // Unrecorded: what such a file holds has no place in Activity either.
    match around.http.unrecorded().send(request).await {
        Ok(answer) => handed_out(answer.status, &answer.text()).took(Duration::from_millis(answer.ms)),
        Err(error) => Check::skipped(ENV_FILE, format!("The site did not answer: {}", UserError::from(error).title)),
    }
}

const ENV_FILE: &str = "env file";

/// Judges the answer for `/.env`. The check never says what it holds.
fn handed_out(status: u16, text: &str) -> Check {
    let constant = |name: &String| name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    let page = text.trim_start().starts_with('<');
    let check = match status {
        200..=299 if !page && dotenv::assignments(text).keys().any(constant) => Check::fail(
            ENV_FILE,
            "The site hands its .env to whoever asks for it, with every secret in it",
            "Move the file out of the web root, and make a new client secret in Kinde: the old one may be known",
        ),
        300..=399 => Check::skipped(ENV_FILE, "The site sends whoever comes elsewhere: give the address it settles on"),
        _ => Check::pass(ENV_FILE),
    };
    check.seen(format!("HTTP {status}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;
    use crate::recipes::generate;
    use crate::recipes::tests::{Stage, covers, is_sound, values};

    #[test]
    fn every_step_of_the_guide_is_on_the_page() {
        covers(&WordPress, &[("plugin", 3, &[]), ("kinde", 5, &[]), ("configure", 3, &[]), ("test", 2, &[])], &[]);
    }

    #[tokio::test]
    async fn the_constants_are_php_and_the_secret_is_read_from_the_environment() {
        let stage = Stage::at("acme");
        let plain = [("site", "https://www.example.com/blog/"), ("client_id", "it's\\id"), ("link_existing", "yes")];
        let secret = [("client_secret", "Canary0123456789Canary0123456789")];
        let made = generate(&WordPress, &values(&WordPress, &plain, &secret), stage.around()).await.unwrap();
        is_sound(&WordPress, &made);
        let text = made.files[0].shown();
        assert!(text.contains(r"define( 'OIDC_CLIENT_ID', 'it\'s\\id' );"), "{text}");
        assert!(text.contains("define( 'OIDC_CLIENT_SCOPE', 'openid profile email offline' );"));
        assert!(
            text.contains("define( 'OIDC_LINK_EXISTING_USERS', true );")
                && text.contains("getenv( 'OIDC_CLIENT_SECRET' )")
        );
        for file in &made.files {
            assert_eq!(file.exact().expose().contains("Canary"), file.is_private(), "{}", file.path);
        }
        assert_eq!(
            made.values["callback_url"],
            "https://www.example.com/blog/wp-admin/admin-ajax.php?action=openid-connect-authorize"
        );
        let logout = made.values["end_session_endpoint_url"].as_str().unwrap();
        assert_eq!(logout, "https://acme.kinde.com/logout?redirect=https%3A%2F%2Fwww.example.com%2Fblog%2F");
        let wishes = WordPress.wishes(&values(&WordPress, &plain, &[]), &stage.tenant).unwrap();
        assert_eq!(wishes.len(), 2);
    }

    #[tokio::test]
    async fn the_secret_is_saved_apart_from_what_goes_into_the_web_root() {
        let stage = Stage::at("acme");
        let made =
            generate(&WordPress, &values(&WordPress, &[("site", "https://a.example")], &[]), stage.around()).await;
        let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        for file in made.unwrap().files {
            assert_eq!(folder(&file.path), file.is_private().then(|| APART.to_owned()), "{}", file.path);
        }
    }

    #[test]
    fn an_environment_file_that_the_site_hands_out_fails_and_a_page_in_its_place_does_not() {
        for (status, text, verdict) in [
            (200, "# x\nOIDC_CLIENT_SECRET=Canary0123456789\n", Verdict::Fail),
            (200, "DB_PASSWORD='Canary0123456789'", Verdict::Fail),
            (206, "export APP_KEY=Canary0123456789", Verdict::Fail),
            (200, "<!doctype html>\nA=Canary0123456789", Verdict::Pass),
            (200, "not found", Verdict::Pass),
            (403, "OIDC_CLIENT_SECRET=Canary0123456789", Verdict::Pass),
            (404, "", Verdict::Pass),
            (301, "", Verdict::Skipped),
        ] {
            let check = handed_out(status, text);
            assert_eq!(check.verdict, verdict, "{status} {text}");
            assert!(!format!("{check:?}").contains("Canary"), "{check:?}");
        }
    }

    #[tokio::test]
    async fn what_the_site_hands_out_is_in_no_check_and_not_in_activity() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut asked = [0; 4096];
            let read = socket.read(&mut asked).await.unwrap();
            assert!(asked[..read].starts_with(b"GET /.env "));
            let body = "OIDC_CLIENT_SECRET=Canary0123456789\n";
            let answer =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            socket.write_all(answer.as_bytes()).await.unwrap();
        });
        let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let sink = told.clone();
        let recorder = crate::net::Recorder::to(move |exchange| sink.lock().unwrap().push(format!("{exchange:?}")));
        let stage = Stage::at("acme");
        let http = crate::net::Http::new(recorder, crate::clock::Clock::real()).unwrap();
        let check = open_env_file(&site, Around { http: &http, ..stage.around() }).await;
        assert_eq!(check.verdict, Verdict::Fail, "{check:?}");
        assert!(!format!("{check:?}").contains("Canary"));
        assert!(told.lock().unwrap().is_empty());
    }
}
