//! The usual slips of whoever types records into a DNS panel: where a record went that is not where it belongs.

use super::view::View;
use crate::mail::resolver::Kind;

/// Names with the zone's name once more behind them, as panels make them that append it to what was typed in full.
#[derive(Debug, Clone)]
pub struct Doubled {
    /// `example.com.example.com`, where something stands at or below it.
    under: Option<String>,
    apex: String,
}

impl Doubled {
    /// Looks whether anything stands there: one question, where nothing does.
    pub async fn look(view: &View, domain: &str, apex: &str) -> Self {
        let under = format!("{domain}.{apex}");
        // A name that only leads to names below it exists too, without records (RFC 8020).
        let there = match view.guess(&under, Kind::Txt).await {
            Ok(_) => true,
            Err(failure) => failure.kind == crate::mail::resolver::FailureKind::NoData,
        };
        Self { under: there.then_some(under), apex: apex.to_owned() }
    }

    /// The name where `front` (`resend._domainkey`) stands doubled, if `fits` one of its records of `kind`.
    pub async fn find(&self, view: &View, front: &str, kind: Kind, fits: impl Fn(&str) -> bool) -> Option<String> {
        let name = format!("{front}.{}", self.under.as_deref()?);
        let answer = view.guess(&name, kind).await.ok()?;
        let texts = answer.texts();
        let exchanges = answer.exchanges();
        let found = texts.iter().map(String::as_str).chain(exchanges.iter().map(|(_, exchange)| *exchange));
        found.into_iter().any(fits).then_some(name)
    }

    /// What to do about it.
    pub fn fix(&self, domain: &str, front: &str) -> String {
        // What to type is what stands before the zone's name.
        let below = domain.strip_suffix(&self.apex).map_or("", |below| below.trim_end_matches('.'));
        let name = if below.is_empty() { front.to_owned() } else { format!("{front}.{below}") };
        format!("Your DNS panel appends {} by itself: enter only {name} as the record's name", self.apex)
    }
}
