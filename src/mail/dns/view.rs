//! Two looks at every record: what the resolver says, and what the zone's own servers publish now.
//!
//! Judged is what the zone publishes, since that is what the world will see; where the resolver says something else, that is
//! kept as a [`Lag`] and told. Where the zone's servers cannot be asked, the resolver's word stands alone.

use std::sync::{Arc, Mutex, PoisonError};

use super::name;
use super::zone::Zone;
use crate::mail::resolver::{Answer, Data, Failure, Kind, Resolver};

/// A resolver that says something other than the zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lag {
    /// The name that was asked.
    pub name: String,
    /// The kind of record.
    pub kind: Kind,
    /// What the difference is.
    pub what: Difference,
    /// For how many seconds the resolver may go on saying so; `None` where it did not tell.
    pub seconds: Option<u32>,
}

/// How a resolver and a zone differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// Published, and not yet to be seen.
    NotYet,
    /// Taken away, and still to be seen.
    Still,
    /// Changed.
    Older,
    /// The zone answers, the resolver does not: why.
    Cannot(String),
}

/// The two looks. Clones see and keep the same.
#[derive(Debug, Clone)]
pub struct View {
    resolver: Resolver,
    zone: Option<Arc<Zone>>,
    lags: Arc<Mutex<Vec<Lag>>>,
}

impl View {
    /// Looks with `resolver`, and at `zone` itself for the names in it.
    pub fn new(resolver: Resolver, zone: Option<Zone>) -> Self {
        Self { resolver, zone: zone.map(Arc::new), lags: Arc::default() }
    }

    /// The zone, where its servers were found.
    pub fn zone(&self) -> Option<&Zone> {
        self.zone.as_deref()
    }

    /// What differed so far, each once, in the order it was found.
    pub fn lags(&self) -> Vec<Lag> {
        self.lags.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The records of `kind` at `name`, as the zone publishes them now.
    ///
    /// # Errors
    /// As [`Resolver::ask`].
    pub async fn ask(&self, name: &str, kind: Kind) -> Result<Answer, Failure> {
        let Some(zone) = self.servers_of(name) else { return self.resolver.ask(name, kind).await };
        let (seen, published) = tokio::join!(self.resolver.ask(name, kind), self.published(zone, name, kind));
        let Some(published) = published else { return seen };
        if let Some(what) = difference(&seen, &published) {
            let seconds = match &seen {
                Ok(answer) => Some(answer.ttl()),
                Err(failure) => failure.negative_ttl,
            };
            let lag = Lag { name: name.to_owned(), kind, what, seconds };
            let mut lags = self.lags.lock().unwrap_or_else(PoisonError::into_inner);
            if !lags.contains(&lag) {
                lags.push(lag);
            }
        }
        published
    }

    /// What the zone publishes, without asking the resolver where that can be helped: for guesses, most of which find nothing.
    ///
    /// # Errors
    /// As [`Resolver::ask`].
    pub async fn guess(&self, name: &str, kind: Kind) -> Result<Answer, Failure> {
        if let Some(zone) = self.servers_of(name)
            && let Some(published) = self.published(zone, name, kind).await
        {
            // What is there is looked at from both sides.
            return if published.is_ok() { self.ask(name, kind).await } else { published };
        }
        self.resolver.ask(name, kind).await
    }

    fn servers_of(&self, name: &str) -> Option<&Resolver> {
        let zone = self.zone.as_deref().filter(|zone| name::is_within(name, &zone.apex))?;
        zone.itself.as_ref()
    }

    /// `None` where the zone's servers cannot be asked about that name.
    async fn published(&self, zone: &Resolver, name: &str, kind: Kind) -> Option<Result<Answer, Failure>> {
        match zone.ask(name, kind).await {
            Ok(answer) => Some(Ok(answer)),
            // An alias that leads out of the zone: the rest is for the resolver to find.
            Err(failure) if failure.chain.last().is_some_and(|last| self.servers_of(last).is_none()) => {
                let rest = self.resolver.ask(&failure.name, kind).await;
                let before = failure.chain;
                Some(match rest {
                    Ok(answer) => Ok(Answer { chain: [before, answer.chain].concat(), ..answer }),
                    Err(rest) => Err(Failure { chain: [before, rest.chain].concat(), ..rest }),
                })
            }
            Err(failure) if failure.is_absence() => Some(Err(failure)),
            Err(_) => None,
        }
    }
}

/// How the resolver's word differs from the zone's; `None` where it does not.
fn difference(seen: &Result<Answer, Failure>, published: &Result<Answer, Failure>) -> Option<Difference> {
    match (seen, published) {
        (Ok(seen), Ok(published)) => (data(seen) != data(published)).then_some(Difference::Older),
        (Err(seen), Ok(_)) if seen.is_absence() => Some(Difference::NotYet),
        (Err(seen), Ok(_)) => Some(Difference::Cannot(seen.why())),
        (Ok(_), Err(published)) if published.is_absence() => Some(Difference::Still),
        _ => None,
    }
}

/// What an answer holds, whatever the order.
fn data(answer: &Answer) -> Vec<String> {
    let mut all: Vec<String> = answer
        .records
        .iter()
        .map(|record| match &record.data {
            Data::Txt(strings) => format!("{:?}", strings.concat()),
            other => format!("{other:?}"),
        })
        .collect();
    all.sort_unstable();
    all
}
