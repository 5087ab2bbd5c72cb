//! The sessions of this run: who, which app, when, the token held. Plain data, in memory alone.

use jiff::Timestamp;

use super::words::to_the_second;
use crate::kinde::ProviderToken;
use crate::secrets::Secret;

/// The number of a session in this run: what screens name it by, since its real id is a secret.
pub type SessionId = u64;

/// A provider's token as the panel holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldToken {
    /// The token.
    pub access_token: Secret,
    /// When it expires; `None` where Kinde said nothing readable: some tokens never do.
    pub expires_at: Option<Timestamp>,
    /// The expiry as Kinde wrote it.
    pub expires_raw: Option<String>,
    /// When it was fetched.
    pub fetched_at: Timestamp,
}

impl HeldToken {
    pub(super) fn of(token: ProviderToken, fetched_at: Timestamp) -> Self {
        Self {
            access_token: token.access_token,
            expires_at: token.expires_at,
            expires_raw: token.expires_raw,
            fetched_at,
        }
    }

    /// True where `other` is another token or lives to another moment: Kinde refreshed it.
    pub fn differs_from(&self, other: &Self) -> bool {
        self.access_token != other.access_token || self.expires_at != other.expires_at
    }

    /// `gho_…8B4a, expires 2026-11-23T20:00:00Z`
    pub fn summary(&self) -> String {
        let expiry = match (self.expires_at, &self.expires_raw) {
            (Some(at), _) => format!("expires {}", to_the_second(at)),
            (None, Some(raw)) if !raw.is_empty() => format!("expires {raw}, which is no date this panel reads"),
            _ => "no expiry told".to_owned(),
        };
        format!("{}, {expiry}", self.access_token.masked())
    }
}

/// One session of a connected app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its number in this run.
    pub number: SessionId,
    /// Kinde's session id.
    pub secret: Secret,
    /// The app's Reference key; empty where only the session id is known.
    pub key: String,
    /// The provider's id, where known.
    pub provider: Option<String>,
    /// For whom, as `ada@example.com`; empty where not known.
    pub who: String,
    /// Scopes that were asked for.
    pub asked: Vec<String>,
    /// When it was begun or pasted.
    pub at: Timestamp,
    /// The token held.
    pub token: Option<HeldToken>,
    /// When a fetch found it refreshed by Kinde.
    pub refreshed_at: Option<Timestamp>,
    /// When it was revoked here.
    pub revoked_at: Option<Timestamp>,
}

/// The sessions of this run, newest first. The UI thread owns it.
#[derive(Debug, Clone, Default)]
pub struct Sessions {
    list: Vec<Session>,
    last: SessionId,
}

impl Sessions {
    /// Newest first.
    pub fn list(&self) -> &[Session] {
        &self.list
    }

    /// Those of one app, newest first.
    pub fn of_app<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Session> {
        self.list.iter().filter(move |session| session.key == key)
    }

    /// The session of that number.
    pub fn get(&self, number: SessionId) -> Option<&Session> {
        self.list.iter().find(|session| session.number == number)
    }

    /// Takes a session in, from a walk or from "I have a session_id"; one known already keeps its number.
    pub fn add(&mut self, mut session: Session) -> SessionId {
        if let Some(at) = self.list.iter().position(|old| old.secret == session.secret) {
            let old = self.list.remove(at);
            session.number = old.number;
            session.token = session.token.or(old.token);
            if session.who.is_empty() {
                session.who = old.who;
            }
        } else {
            self.last += 1;
            session.number = self.last;
        }
        let number = session.number;
        self.list.insert(0, session);
        number
    }

    /// Notes a fetched token; true where Kinde refreshed it since the last one.
    pub fn fetched(&mut self, number: SessionId, token: HeldToken) -> bool {
        let Some(session) = self.list.iter_mut().find(|session| session.number == number) else { return false };
        let refreshed = session.token.as_ref().is_some_and(|old| token.differs_from(old));
        if refreshed {
            session.refreshed_at = Some(token.fetched_at);
        }
        session.token = Some(token);
        refreshed
    }

    /// Notes a revocation. The token stays, to prove what became of it.
    pub fn revoked(&mut self, number: SessionId, at: Timestamp) {
        if let Some(session) = self.list.iter_mut().find(|session| session.number == number) {
            session.revoked_at = Some(at);
        }
    }

    /// Forgets one session, token and all.
    pub fn forget(&mut self, number: SessionId) {
        self.list.retain(|session| session.number != number);
    }
}

impl Session {
    /// A session known by its id alone, numbered when it is added.
    pub fn pasted(secret: Secret, key: &str, provider: Option<&str>, at: Timestamp) -> Self {
        Self {
            number: 0,
            secret,
            key: key.to_owned(),
            provider: provider.map(str::to_owned),
            who: String::new(),
            asked: Vec::new(),
            at,
            token: None,
            refreshed_at: None,
            revoked_at: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str, expires: i64) -> HeldToken {
        HeldToken {
            access_token: Secret::new(text),
            expires_at: Timestamp::from_second(expires).ok(),
            expires_raw: None,
            fetched_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_changed_token_or_expiry_counts_as_refreshed_by_kinde() {
        let mut sessions = Sessions::default();
        let number =
            sessions.add(Session::pasted(Secret::new("ses_1"), "github", Some("github"), Timestamp::UNIX_EPOCH));
        assert!(!sessions.fetched(number, token("a", 10)), "the first token is no refresh");
        assert!(!sessions.fetched(number, token("a", 10)));
        assert!(sessions.fetched(number, token("a", 20)));
        assert!(sessions.fetched(number, token("b", 20)));
        assert!(sessions.get(number).unwrap().refreshed_at.is_some());
    }

    #[test]
    fn a_session_pasted_twice_stays_one_and_keeps_its_token() {
        let mut sessions = Sessions::default();
        let one = sessions.add(Session::pasted(Secret::new("ses_1"), "github", None, Timestamp::UNIX_EPOCH));
        sessions.fetched(one, token("a", 10));
        sessions.add(Session::pasted(Secret::new("ses_2"), "gitlab", None, Timestamp::UNIX_EPOCH));
        assert_eq!(sessions.add(Session::pasted(Secret::new("ses_1"), "github", None, Timestamp::UNIX_EPOCH)), one);
        assert_eq!(sessions.list().len(), 2);
        assert!(sessions.list()[0].token.is_some());
        assert_eq!(sessions.of_app("gitlab").count(), 1);
        sessions.forget(one);
        assert!(sessions.get(one).is_none());
        assert!(!format!("{sessions:?}").contains("ses_2"));
    }
}
