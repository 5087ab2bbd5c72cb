//! The doctor: is this tenant reachable, is its M2M application set up right, what may each room do?
//!
//! Answers with one sentence and a list of checks whatever it meets; it never fails itself.

use std::time::Duration;

use jiff::Timestamp;

use super::keys;
use super::open::Tenant;
use super::places;
use super::profile::EnvironmentFacts;
use super::scopes::{READ_ENVIRONMENTS, ROOMS};
use crate::check::{Check, Verdict, first_trouble};
use crate::error::UserError;
use crate::kinde::discovery::{self, Discovery};
use crate::kinde::{AccessToken, ApiError, ApiErrorKind, Domain, KindeApi};

/// What the doctor found.
#[derive(Debug, Clone)]
pub struct Report {
    /// The one sentence to read first.
    pub sentence: String,
    /// Everything that was looked at, in order.
    pub checks: Vec<Check>,
    /// The environment, where it could be read: for the profile.
    pub environment: Option<EnvironmentFacts>,
    /// Scopes of the token in use.
    pub scopes: Vec<String>,
    /// Scopes the new token has and the one before had not.
    pub gained: Vec<String>,
    /// Scopes the one before had and the new token has not.
    pub lost: Vec<String>,
}

/// Examines `tenant`. With `again` a new token is minted first, and what it gained is listed: scopes are fixed at mint.
pub async fn examine(tenant: &Tenant, again: bool) -> Report {
    let mut checks = vec![Check::pass("domain").seen(tenant.domain.to_string())];
    let [first, second] = keys::PATHS;
    let sent = tenant.http.clock().now();
    let (discovered, look, other) = tokio::join!(
        discovery::fetch(&tenant.http, &tenant.domain),
        keys::look(&tenant.http, &tenant.domain, first),
        keys::look(&tenant.http, &tenant.domain, second)
    );
    let server = discovered.as_ref().ok().and_then(|it| it.server_time).or(look.date).or(other.date);
    checks.push(discovery_check(tenant, &discovered));
    let same = look.kids.is_none() || other.kids.is_none() || look.kids == other.kids;
    checks.push(look.check);
    checks.push(if same {
        other.check
    } else {
        Check::warn(
            "jwks.json",
            "The two addresses of the key set publish different keys",
            "Wait a few minutes: a rotation may be on its way",
        )
    });
    checks.push(clock_check(server, sent));

    let mut report = Report {
        sentence: String::new(),
        checks,
        environment: None,
        scopes: Vec::new(),
        gained: Vec::new(),
        lost: Vec::new(),
    };
    match tenant.api() {
        Err(error) => {
            let check = if tenant.profile.client_id.is_some() {
                Check::fail("token", format!("{}. {}", error.title, error.detail), error.hint)
            } else {
                Check::skipped("token", "No M2M application: a domain alone decodes and verifies")
            };
            report.checks.push(check);
        }
        Ok(api) => application(api, again, &mut report).await,
    }
    report.sentence = sentence(tenant, &report);
    report
}

/// Token, organization, scopes, environment, users.
async fn application(api: &KindeApi, again: bool, report: &mut Report) {
    let before = api.tokens().held().await;
    let result = if again { api.tokens().mint().await } else { api.tokens().token().await };
    let token = match result {
        Ok(token) => token,
        Err(error) => {
            let ms = error.wire.as_ref().map(|wire| wire.ms);
            report.checks.push(Check { ms, ..failing("token", &error.into()) });
            for name in ["scopes", "environment", "users"] {
                report.checks.push(Check::skipped(name, "There is no token to ask with"));
            }
            return;
        }
    };
    if again {
        let old = before.map(|token| token.scopes).unwrap_or_default();
        report.gained = token.scopes.iter().filter(|scope| !old.contains(scope)).cloned().collect();
        report.lost = old.iter().filter(|scope| !token.scopes.contains(scope)).cloned().collect();
    }
    report.scopes.clone_from(&token.scopes);
    report.checks.push(token_check(&token, again, report));
    if let Some(org) = &token.org_code {
        report.checks.push(
            Check::warn(
                "organization",
                format!("The M2M application is limited to the organization {org}"),
                "Calls about other organizations, and about the environment, are refused. Use an application without an organization for the whole tenant",
            )
            .seen(org.clone()),
        );
    }
    report.checks.extend(scope_checks(&token));
    let (environment, users) = tokio::join!(api.environment(), api.search_users("", None, 1));
    report.checks.push(match environment {
        Ok(environment) => {
            let facts = EnvironmentFacts::of(&environment, report_time(&token));
            let check = environment_check(&facts).took(Duration::from_millis(environment.wire.ms));
            report.environment = Some(facts);
            check
        }
        Err(error) => {
            unreadable("environment", error, "The environment counts as live: commands that write ask for its name")
        }
    });
    report.checks.push(match users {
        Ok(page) if page.users.is_empty() => Check::warn(
            "users",
            "There is no user yet",
            "Create one: a connected app is connected for a user or an organization",
        )
        .took(Duration::from_millis(page.wire.ms)),
        Ok(page) => Check::pass("users").seen("readable").took(Duration::from_millis(page.wire.ms)),
        Err(error) => unreadable("users", error, "Users cannot be picked from a list; their IDs can be typed"),
    });
}

fn report_time(token: &AccessToken) -> Timestamp {
    token.minted_at
}

fn failing(name: &str, error: &UserError) -> Check {
    Check::fail(name, format!("{}. {}", error.title, error.detail), error.hint.clone())
}

/// A missing scope is a person's choice and warns; everything else fails.
fn unreadable(name: &str, error: ApiError, without: &str) -> Check {
    let scope_missing = matches!(error.kind, ApiErrorKind::ScopeMissing(_));
    let ms = error.wire.as_ref().map(|wire| wire.ms);
    let error = UserError::from(error);
    let check = if scope_missing {
        Check::warn(name, format!("{}. {without}", error.title), error.hint)
    } else {
        failing(name, &error)
    };
    Check { ms, ..check }
}

fn discovery_check(tenant: &Tenant, discovered: &Result<Discovery, UserError>) -> Check {
    let discovery = match discovered {
        Ok(discovery) => discovery,
        Err(error) => return failing("discovery", error),
    };
    let took = Duration::from_millis(discovery.wire.ms);
    let issuer = discovery.issuer.trim_end_matches('/');
    let known = issuer == tenant.domain.as_str() || tenant.profile.issuers().iter().any(|it| it.as_str() == issuer);
    if known {
        Check::pass("discovery").seen(format!("issuer {issuer}")).took(took)
    } else {
        Check::warn(
            "discovery",
            format!("The tenant calls itself {issuer}, not {}", tenant.domain),
            "Tokens carry that issuer. With a custom domain this is as it should be",
        )
        .seen(format!("issuer {issuer}"))
        .took(took)
    }
}

/// The machine's clock against `Date`, which has whole seconds and is as old as the way back.
fn clock_check(server: Option<Timestamp>, sent: Timestamp) -> Check {
    let Some(server) = server else {
        return Check::skipped("clock", "No answer told the server's time");
    };
    let off = server.duration_since(sent).as_secs();
    let words = match off.unsigned_abs() {
        0..=30 => return Check::pass("clock").seen("within 30 s of Kinde's"),
        seconds if seconds < 120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    };
    let why = format!("This machine's clock is {words} {} Kinde's", if off > 0 { "behind" } else { "ahead of" });
    let fix = "Switch on the system's network time: tokens look expired, or not yet good, by a wrong clock";
    if off.unsigned_abs() <= 300 { Check::warn("clock", why, fix) } else { Check::fail("clock", why, fix) }
        .seen(format!("{off:+} s"))
}

fn token_check(token: &AccessToken, again: bool, report: &Report) -> Check {
    let mut seen = format!("good until {}", crate::clock::rfc3339(token.expires_at));
    if again {
        for (word, scopes) in [("gained", &report.gained), ("lost", &report.lost)] {
            if !scopes.is_empty() {
                seen.push_str(&format!(", {word} {}", scopes.join(" ")));
            }
        }
        if report.gained.is_empty() && report.lost.is_empty() {
            seen.push_str(", the same scopes as before");
        }
    }
    let check = Check::pass("token").seen(seen);
    match &token.wire {
        Some(wire) => check.took(Duration::from_millis(wire.ms)),
        None => check.because("Kept from earlier: minting counts against the plan"),
    }
}

/// One check a room: what it may do, what it lacks. A room that cannot work at all fails where no other can either.
fn scope_checks(token: &AccessToken) -> Vec<Check> {
    let fix = |scopes: &[&str]| {
        format!("Switch on {} under {}, save, then check again", scopes.join(" "), places::path("m2m_scopes"))
    };
    if !token.says_scopes {
        return vec![Check::warn(
            "scopes",
            "The token does not say which scopes it has",
            "Each room finds out when it asks; nothing needs to be changed",
        )];
    }
    let some_ready = ROOMS.iter().any(|room| room.is_ready(&token.scopes));
    ROOMS
        .iter()
        .map(|room| {
            let name = format!("scopes: {}", room.name.to_ascii_lowercase());
            let missing: Vec<&str> = room.all().into_iter().filter(|scope| !token.has(scope)).collect();
            let needs: Vec<String> = room
                .jobs
                .iter()
                .filter(|job| !job.missing(&token.scopes).is_empty())
                .map(|job| format!("{} needs {}", job.name, job.missing(&token.scopes).join(" ")))
                .collect();
            let missing_minimal: Vec<&str> = room.minimal().into_iter().filter(|scope| !token.has(scope)).collect();
            if missing.is_empty() {
                Check::pass(name).seen("all")
            } else if needs.is_empty() {
                Check::warn(name, format!("{READ_ENVIRONMENTS} is off: the environment counts as live"), fix(&missing))
            } else if room.is_ready(&token.scopes) {
                Check::warn(name, needs.join(". "), fix(&missing)).seen("ready")
            } else if some_ready {
                Check::warn(name, needs.join(". "), fix(&missing_minimal)).seen("not ready")
            } else {
                Check::fail(name, needs.join(". "), fix(&missing_minimal)).seen("not ready")
            }
        })
        .collect()
}

fn environment_check(facts: &EnvironmentFacts) -> Check {
    let name = facts.name.clone().or_else(|| facts.code.clone()).unwrap_or_else(|| "without a name".to_owned());
    let live = match facts.is_live {
        Some(true) => "live",
        Some(false) => "not live",
        None => "not said whether live, counts as live",
    };
    let domains: Vec<&str> =
        [&facts.kinde_domain, &facts.custom_domain].into_iter().flatten().map(Domain::authority).collect();
    Check::pass("environment").seen(format!("{name}, {live}, {}", domains.join(" and ")))
}

/// The sentence to read first: what is ready, then what is lacking; or the first thing that is broken.
fn sentence(tenant: &Tenant, report: &Report) -> String {
    let token_in_use = !report.scopes.is_empty();
    let trouble = first_trouble(&report.checks).filter(|check| check.verdict == Verdict::Fail);
    if let Some(check) = trouble.filter(|check| !token_in_use || !check.name.starts_with("scopes")) {
        let why = check.why.as_deref().unwrap_or_default();
        return format!("{}.", why.split(". ").next().unwrap_or_default().trim_end_matches('.'));
    }
    if tenant.api.is_none() {
        return "Decode and verify ready. Everything else needs an M2M application.".to_owned();
    }
    let ready: Vec<&str> = ROOMS.iter().filter(|room| room.is_ready(&report.scopes)).map(|room| room.name).collect();
    let mut needs = ROOMS
        .iter()
        .flat_map(|room| {
            // Of a room that is not ready only what makes it so is news.
            let is_ready = room.is_ready(&report.scopes);
            room.jobs.iter().filter(move |job| is_ready || job.minimal)
        })
        .filter_map(|job| {
            let missing = job.missing(&report.scopes);
            (!missing.is_empty()).then(|| format!("{} needs `{}`.", job.name, missing.join("`, `")))
        });
    let mut parts = Vec::new();
    match ready.as_slice() {
        [] => parts.push("The token is good, and no room is ready.".to_owned()),
        [one] => parts.push(format!("{one} ready.")),
        [first, rest @ ..] => {
            let rest: Vec<String> = rest.iter().map(|name| name.to_ascii_lowercase()).collect();
            parts.push(format!("{first} and {} ready.", rest.join(" and ")));
        }
    }
    parts.extend(needs.by_ref().take(2));
    match needs.count() {
        0 => {}
        more => parts.push(format!("{more} more below.")),
    }
    parts.join(" ")
}
