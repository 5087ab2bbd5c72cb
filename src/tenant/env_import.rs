//! Reads a `.env` text for what belongs to a tenant: domain, M2M application, web application.
//!
//! Pure: the text is given, nothing is kept. Secrets leave as [`Secret`], and no note repeats a value.

use crate::dotenv::assignments;
use crate::error::UserError;
use crate::kinde::Domain;
use crate::secrets::Secret;

/// What a `.env` text says of a tenant.
#[derive(Debug, Clone, Default)]
pub struct Imported {
    /// From `KINDE_ISSUER_URL`, `KINDE_DOMAIN` and their front-end spellings.
    pub domain: Option<Domain>,
    /// Why the domain it names is none.
    pub broken_domain: Option<UserError>,
    /// From `KINDE_MANAGEMENT_*`, `KINDE_M2M_*`, `KINDE_WF_M2M_*`.
    pub m2m: Option<Credentials>,
    /// From `KINDE_CLIENT_ID`, `KINDE_CLIENT_SECRET`: the web application, of use to recipes alone.
    pub web: Option<Credentials>,
    /// The audience it names for the Management API.
    pub audience: Option<String>,
    /// What a person should know of what was read, one sentence each.
    pub notes: Vec<String>,
}

/// An application's ID and, where it is there too, its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Client ID.
    pub client_id: String,
    /// Client secret.
    pub client_secret: Option<Secret>,
    /// The name of the variable the ID stood in.
    pub from: String,
}

impl Imported {
    /// True when nothing of a tenant was in it.
    pub fn is_empty(&self) -> bool {
        self.domain.is_none() && self.broken_domain.is_none() && self.m2m.is_none() && self.web.is_none()
    }
}

/// Said wherever only the web application was found.
pub const WEB_ONLY: &str = "The Management API needs a machine to machine application";

const DOMAINS: [&str; 2] = ["KINDE_ISSUER_URL", "KINDE_DOMAIN"];
const M2M_PREFIXES: [&str; 3] = ["KINDE_MANAGEMENT_", "KINDE_M2M_", "KINDE_WF_M2M_"];
/// What front-end builders put before a name to hand it to the browser.
const FRONT_ENDS: [&str; 6] = ["NEXT_PUBLIC_", "VITE_", "REACT_APP_", "NUXT_PUBLIC_", "EXPO_PUBLIC_", "PUBLIC_"];

/// Reads the text of a `.env` file.
pub fn parse(text: &str) -> Imported {
    let values = assignments(text);
    let get = |name: &str| values.get(name).filter(|value| !value.is_empty()).cloned();
    let mut found = Imported::default();
    let domain = DOMAINS.iter().find_map(|name| {
        let fronted = || FRONT_ENDS.iter().find_map(|front| get(&format!("{front}{name}")));
        get(name).or_else(fronted).map(|value| (*name, value))
    });
    if let Some((name, value)) = domain {
        match Domain::parse(&value) {
            Ok(domain) => found.domain = Some(domain),
            Err(mut error) => {
                error.title = format!("{name}: {}", error.title);
                found.broken_domain = Some(error);
            }
        }
    }
    let mut sets: Vec<Credentials> = M2M_PREFIXES.iter().filter_map(|prefix| credentials(prefix, &get)).collect();
    if sets.iter().any(|set| set.client_id != sets.first().map(|first| first.client_id.clone()).unwrap_or_default()) {
        let used = sets.first().map(|set| set.from.clone()).unwrap_or_default();
        found.notes.push(format!("More than one M2M application is named; the one of {used} is used"));
    }
    found.m2m = if sets.is_empty() { None } else { Some(sets.remove(0)) };
    if let Some(set) = found.m2m.as_ref().filter(|set| set.client_secret.is_none()) {
        found.notes.push(format!("{} stands without its secret: type the client secret", set.from));
    }
    found.audience = M2M_PREFIXES.iter().find_map(|prefix| get(&format!("{prefix}AUDIENCE")));
    found.web = credentials("KINDE_", &get);
    if found.web.is_some() {
        found.notes.push("KINDE_CLIENT_ID is the web application: it is kept for recipes".to_owned());
        if found.m2m.is_none() {
            found.notes.push(WEB_ONLY.to_owned());
        }
    }
    if found.is_empty() {
        found.notes.push("No KINDE_ variable of a tenant is in this file".to_owned());
    }
    found
}

fn credentials(prefix: &str, get: &dyn Fn(&str) -> Option<String>) -> Option<Credentials> {
    let from = format!("{prefix}CLIENT_ID");
    let client_id = get(&from)?;
    Some(Credentials { client_id, client_secret: get(&format!("{prefix}CLIENT_SECRET")).map(Secret::new), from })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_as_people_have_it_gives_domain_and_both_applications() {
        let text = "\u{feff}# Kinde\r\nexport KINDE_ISSUER_URL=\"https://acme.kinde.com/\"  # the tenant\r\n\
                    KINDE_CLIENT_ID = web_id\r\nKINDE_CLIENT_SECRET='web#secret'\r\n\r\n\
                    KINDE_MANAGEMENT_CLIENT_ID=m2m_id # comment\r\nKINDE_MANAGEMENT_CLIENT_SECRET=m2m#secret\r\n\
                    not a line\r\n=x\r\n";
        let found = parse(text);
        assert_eq!(found.domain.unwrap().as_str(), "https://acme.kinde.com");
        let m2m = found.m2m.unwrap();
        assert_eq!((m2m.client_id.as_str(), m2m.client_secret), ("m2m_id", Some(Secret::new("m2m#secret"))));
        let web = found.web.unwrap();
        assert_eq!((web.client_id.as_str(), web.client_secret), ("web_id", Some(Secret::new("web#secret"))));
        assert_eq!(found.notes, ["KINDE_CLIENT_ID is the web application: it is kept for recipes"]);
    }

    #[test]
    fn every_spelling_of_an_m2m_application_is_known() {
        for prefix in M2M_PREFIXES {
            let found =
                parse(&format!("{prefix}CLIENT_ID=id\n{prefix}CLIENT_SECRET=`s`\n{prefix}AUDIENCE=https://x/api"));
            let m2m = found.m2m.unwrap();
            assert_eq!(m2m.client_id, "id");
            assert_eq!(m2m.client_secret, Some(Secret::new("s")));
            assert_eq!(found.audience.as_deref(), Some("https://x/api"));
        }
    }

    #[test]
    fn what_is_missing_or_wrong_is_said_without_repeating_a_value() {
        let web = parse("KINDE_DOMAIN=acme.kinde.com\nKINDE_CLIENT_ID=a\nKINDE_CLIENT_SECRET=canary_canary");
        assert!(web.notes.contains(&WEB_ONLY.to_owned()));
        assert!(!format!("{web:?}").contains("canary_canary"));
        let broken = parse("KINDE_DOMAIN=https://<your_subdomain>.kinde.com").broken_domain.unwrap();
        assert!(broken.title.starts_with("KINDE_DOMAIN: "), "{}", broken.title);
        assert!(parse("KINDE_M2M_CLIENT_ID=a").notes[0].contains("without its secret"));
        assert!(parse("A=1\nB=2").is_empty());
        assert!(parse("").is_empty());
        let two = parse("KINDE_MANAGEMENT_CLIENT_ID=a\nKINDE_M2M_CLIENT_ID=b");
        assert!(two.notes[0].contains("KINDE_MANAGEMENT_CLIENT_ID"), "{:?}", two.notes);
    }

    #[test]
    fn a_domain_in_a_front_ends_spelling_is_found() {
        assert_eq!(parse("VITE_KINDE_DOMAIN=acme").domain.unwrap().host(), "acme.kinde.com");
    }
}
