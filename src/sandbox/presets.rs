//! The made-up content of a new sandbox, and the shapes of made-up ids and secrets.

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use jiff::{Timestamp, ToSpan as _};

use super::state::{App, Application, ApplicationKind, Org, State, User};

/// Every permission the sandbox's machine-to-machine application holds (names of the Management API).
pub const SCOPES: [&str; 49] = [
    "read:connected_apps",
    "create:connected_apps",
    "read:environments",
    "read:users",
    "create:users",
    "update:users",
    "delete:users",
    "read:user_sessions",
    "delete:user_sessions",
    "read:organizations",
    "create:organizations",
    "update:organizations",
    "delete:organizations",
    "read:organization_users",
    "create:organization_users",
    "update:organization_users",
    "delete:organization_users",
    "read:organization_user_roles",
    "create:organization_user_roles",
    "delete:organization_user_roles",
    "read:subscribers",
    "create:subscribers",
    "read:webhooks",
    "create:webhooks",
    "update:webhooks",
    "delete:webhooks",
    "read:events",
    "read:event_types",
    "read:roles",
    "create:roles",
    "update:roles",
    "delete:roles",
    "read:permissions",
    "create:permissions",
    "update:permissions",
    "delete:permissions",
    "read:applications",
    "read:applications_redirect_uris",
    "create:applications_redirect_uris",
    "update:applications_redirect_uris",
    "delete:applications_redirect_uris",
    "read:application_logout_uris",
    "create:application_logout_uris",
    "update:application_logout_uris",
    "delete:application_logout_uris",
    "read:environment_variables",
    "create:environment_variables",
    "update:environment_variables",
    "delete:environment_variables",
];

const HEX: &[u8] = b"0123456789abcdef";
const ALNUM: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const DIGITS: &[u8] = b"0123456789";
const URL: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// `count` characters drawn from `alphabet`.
fn draw(alphabet: &[u8], count: usize) -> String {
    let mut bytes = vec![0_u8; count];
    // The system's generator does not fail once the process runs; zeros would only make a duller made-up id.
    SystemRandom::new().fill(&mut bytes).ok();
    let pick = |byte: u8| alphabet.get(usize::from(byte) % alphabet.len()).copied().unwrap_or(b'0');
    bytes.into_iter().map(|byte| char::from(pick(byte))).collect()
}

/// Lower-case hex digits.
pub fn hex(count: usize) -> String {
    draw(HEX, count)
}

/// Letters and digits.
pub fn alnum(count: usize) -> String {
    draw(ALNUM, count)
}

/// Decimal digits that do not start with zero.
pub fn digits(count: usize) -> String {
    format!("1{}", draw(DIGITS, count.saturating_sub(1)))
}

/// Characters of unpadded base64url.
pub fn url_safe(count: usize) -> String {
    draw(URL, count)
}

/// A `kp_` id.
pub fn user_id() -> String {
    format!("kp_{}", hex(32))
}

/// Fills an empty state.
pub fn fill(state: &mut State, now: Timestamp) {
    state.client_id = hex(32);
    state.client_secret = alnum(52);
    state.smtp_password = alnum(24);
    state.orgs = ["Analytical Engines", "Compiler Guild"]
        .map(|name| Org {
            code: format!("org_{}", hex(11)),
            name: name.to_owned(),
            handle: None,
            external_id: None,
            is_allow_registrations: false,
        })
        .into();
    let code = |number: usize| state.orgs.get(number).map(|org| org.code.clone());
    let (engines, guild) = (code(0), code(1));
    // (first, last, email, days since it was made, hours since the last sign-in, sign-ins, organizations)
    let people = [
        ("Ada", "Lovelace", "ada@example.com", 210, Some(2), 48, vec![engines.clone(), guild.clone()]),
        ("Grace", "Hopper", "grace@example.com", 180, Some(26), 31, vec![guild.clone()]),
        ("Alan", "Turing", "alan@example.com", 150, Some(75), 12, vec![engines.clone()]),
        ("Katherine", "Johnson", "katherine@example.com", 90, Some(300), 7, vec![guild]),
        ("Edsger", "Dijkstra", "edsger@example.com", 60, None, 0, vec![]),
        ("Radia", "Perlman", "radia@example.com", 30, Some(8), 19, vec![engines]),
    ];
    let ago = |hours: i64| now.checked_sub(hours.hours()).unwrap_or(now);
    state.users = people
        .into_iter()
        .map(|(first, last, email, days, signed_in, total, orgs)| User {
            id: user_id(),
            email: Some(email.to_owned()),
            username: email.split('@').next().map(str::to_owned),
            phone: None,
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            provided_id: None,
            is_suspended: false,
            created_on: ago(days * 24),
            last_signed_in: signed_in.map(ago),
            total_sign_ins: total,
            organizations: orgs.into_iter().flatten().collect(),
            roles: Vec::new(),
            is_password_reset_requested: false,
        })
        .collect();
    state.apps = apps();
    state.applications = applications();
}

/// The applications that people sign in to: one with a secret, one without.
pub fn applications() -> Vec<Application> {
    let app = |name: &str, kind: ApplicationKind, callback: &str, home: &str| Application {
        client_id: hex(32),
        client_secret: if kind.keeps_secret() { alnum(52) } else { String::new() },
        name: name.to_owned(),
        kind,
        redirect_urls: vec![callback.to_owned()],
        logout_urls: vec![home.to_owned()],
        homepage_uri: Some(home.to_owned()),
        login_uri: None,
    };
    vec![
        app(
            "My web app",
            ApplicationKind::Reg,
            "http://localhost:3000/api/auth/kinde_callback",
            "http://localhost:3000",
        ),
        app("My single-page app", ApplicationKind::Spa, "http://localhost:5173/callback", "http://localhost:5173"),
    ]
}

fn apps() -> Vec<App> {
    let app = |provider: &str, client_id: String, client_secret: String, scopes: &[&str]| App {
        key: provider.to_owned(),
        provider: provider.to_owned(),
        client_id,
        client_secret,
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        callback_urls: Vec::new(),
    };
    vec![
        app(
            "google_drive",
            format!("{}-{}.apps.googleusercontent.com", digits(12), hex(32)),
            format!("GOCSPX-{}", url_safe(28)),
            &["https://www.googleapis.com/auth/drive.readonly"],
        ),
        // A GitHub App: what it may do is set in the app, so OAuth scopes are ignored there.
        app("github", format!("Iv23li{}", alnum(14)), hex(40), &[]),
        app("gitlab", hex(64), format!("gloas-{}", hex(64)), &["read_user", "read_api"]),
        app("patreon", url_safe(64), url_safe(64), &["identity", "identity[email]"]),
        app("discord", digits(19), url_safe(32), &["identify", "email"]),
        app(
            "microsoft_365",
            uuid::Uuid::new_v4().to_string(),
            format!("{}8Q~{}", alnum(3), url_safe(34)),
            &["Calendars.Read", "offline_access"],
        ),
    ]
}
