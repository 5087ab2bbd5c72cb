//! Whether a tenant has a second webhook for a type of event: it tells the same event for another webhook from one that
//! somebody sent once more.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::kinde::KindeApi;

/// Asked with the type of an event, where it is known. `false` where nobody knows.
pub type SecondWebhook = Arc<dyn Fn(Option<String>) -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

/// How long a list is good for.
const FRESH: Duration = Duration::from_secs(300);
/// How long after a failure nobody is asked again.
const AFTER_FAILURE: Duration = Duration::from_secs(30);
/// How long a verdict waits for the list.
const PATIENCE: Duration = Duration::from_secs(5);

/// The event types of each webhook; `None` where the tenant did not tell.
type Listed = Option<Vec<Vec<String>>>;

/// Reads the tenant's list of webhooks through what `api` gives: `None` where there is nothing to ask with, such as no M2M
/// application. `api` is asked when the list is first wanted, and again whenever it is too old.
pub fn of_tenant<F, R>(api: F) -> SecondWebhook
where
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = Option<KindeApi>> + Send + 'static,
{
    of_list(move || {
        let api = api();
        async move {
            let webhooks = api.await?.webhooks().await.ok()?.it;
            Some(webhooks.into_iter().map(|webhook| webhook.definition.event_types).collect())
        }
    })
}

fn of_list<F, R>(list: F) -> SecondWebhook
where
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = Listed> + Send + 'static,
{
    let kept: Arc<Mutex<Option<(Instant, Listed)>>> = Arc::default();
    let list = Arc::new(list);
    Arc::new(move |event_type| {
        let (kept, list) = (Arc::clone(&kept), Arc::clone(&list));
        Box::pin(async move {
            let mut kept = kept.lock().await;
            let good =
                |(at, listed): &(Instant, Listed)| at.elapsed() < if listed.is_some() { FRESH } else { AFTER_FAILURE };
            if !kept.as_ref().is_some_and(good) {
                let listed = tokio::time::timeout(PATIENCE, list()).await.unwrap_or_default();
                *kept = Some((Instant::now(), listed));
            }
            kept.as_ref().is_some_and(|(_, listed)| explains(listed, event_type.as_deref()))
        })
    })
}

fn explains(listed: &Listed, event_type: Option<&str>) -> bool {
    let takes = |types: &&Vec<String>| event_type.is_none_or(|wanted| types.iter().any(|own| own == wanted));
    listed.as_deref().unwrap_or_default().iter().filter(takes).count() > 1
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn counted(listed: fn() -> Listed) -> (SecondWebhook, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let second = of_list(move || {
            count.fetch_add(1, Ordering::SeqCst);
            std::future::ready(listed())
        });
        (second, asked)
    }

    #[tokio::test(start_paused = true)]
    async fn two_webhooks_for_the_type_explain_a_second_delivery_and_the_list_is_read_once_in_five_minutes() {
        let types =
            || Some(vec![vec!["user.created".to_owned(), "user.updated".to_owned()], vec!["user.created".to_owned()]]);
        let (second, asked) = counted(types);
        assert!(second(Some("user.created".to_owned())).await);
        assert!(!second(Some("user.updated".to_owned())).await, "only one of the two gets it");
        assert!(second(None).await);
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        tokio::time::advance(FRESH).await;
        assert!(second(Some("user.created".to_owned())).await);
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_tenant_that_does_not_tell_explains_nothing_and_is_left_alone_for_a_while() {
        let (second, asked) = counted(|| None);
        assert!(!second(None).await);
        assert!(!second(None).await);
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        tokio::time::advance(AFTER_FAILURE).await;
        assert!(!second(None).await);
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        let never = of_list(std::future::pending::<Listed>);
        assert!(!never(None).await, "a verdict waits five seconds for it");
    }
}
