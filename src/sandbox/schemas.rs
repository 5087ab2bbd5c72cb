//! The schemas that tenants' own event types carried when they were last read, in `schemas.json` of the sandbox's folder.
//!
//! No secrets and no data: shapes alone. A sample follows the one kept for its type.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::running::find;
use crate::kinde::EventType;
use crate::store::{DataDir, JsonFile, StoreError};

const FILE: &str = "schemas.json";

/// A schema of a type's data, as a tenant gave it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LiveSchema {
    /// The schema.
    pub schema: Value,
    /// Where it is from.
    #[serde(flatten)]
    pub live: Live,
}

/// Where a schema is from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// The tenant: `https://acme.kinde.com`.
    pub from: String,
    /// When this schema was first read there.
    pub read: Timestamp,
}

type Kept = BTreeMap<String, LiveSchema>;

/// Keeps what the event types of the tenant at `from` carry, for the sandbox in `dir`. One that carries none any more goes,
/// where it was this tenant's. The sandbox's own are drawn from its samples: they are not kept. Blocking.
///
/// # Errors
/// When the file cannot be read or written.
pub fn keep_schemas(dir: &Path, from: &str, types: &[EventType], now: Timestamp) -> Result<(), StoreError> {
    if find(dir).is_some_and(|running| running.issuer == from || running.https == from) {
        return Ok(());
    }
    let file = JsonFile::<Kept>::at(dir.join(FILE));
    let change = |kept: &mut Kept| {
        let before = kept.clone();
        for known in types {
            let says = known.schema.as_object().is_some_and(|members| !members.is_empty());
            let was = kept.get(&known.code);
            match was {
                Some(was) if says && was.schema == known.schema && was.live.from == from => {}
                _ if says => {
                    let live = Live { from: from.to_owned(), read: now };
                    kept.insert(known.code.clone(), LiveSchema { schema: known.schema.clone(), live });
                }
                Some(was) if was.live.from == from => {
                    kept.remove(&known.code);
                }
                _ => {}
            }
        }
        *kept != before
    };
    // Most readings bring nothing new: nothing is written then.
    if change(&mut file.read()?) {
        DataDir::open(dir)?;
        file.update(change)?;
    }
    Ok(())
}

/// The schema to follow for a type. One that cannot be read is none. Blocking.
pub fn kept(dir: &Path, event_type: &str) -> Option<LiveSchema> {
    JsonFile::<Kept>::at(dir.join(FILE)).read().ok()?.remove(event_type)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn carrying(schema: Value) -> Vec<EventType> {
        let (id, code) = (String::new(), "user.created".to_owned());
        vec![EventType { id, name: code.clone(), code, origin: None, schema }]
    }

    #[test]
    fn a_schema_is_kept_with_its_tenant_until_that_one_carries_none_any_more() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("sandbox");
        let keep = |from, schema| keep_schemas(&dir, from, &carrying(schema), Timestamp::UNIX_EPOCH).unwrap();
        keep("https://a", json!({}));
        assert!(!dir.exists(), "nothing to keep makes no folder");
        keep("https://a", json!({"properties": {"a": {}}}));
        let live = kept(&dir, "user.created").unwrap();
        assert_eq!((live.schema, live.live.from.as_str()), (json!({"properties": {"a": {}}}), "https://a"));
        keep("https://b", json!({}));
        assert_eq!(kept(&dir, "user.created").unwrap().live.from, "https://a", "another tenant says nothing of it");
        keep("https://b", json!({"properties": {"b": {}}}));
        assert_eq!(kept(&dir, "user.created").unwrap().live.from, "https://b", "the one read last goes before");
        keep("https://b", json!(null));
        assert_eq!(kept(&dir, "user.created"), None);
        assert_eq!(kept(&dir, "user.updated"), None);
    }
}
