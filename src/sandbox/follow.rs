//! Makes a sample's data follow the schema that a tenant gives for it.
//!
//! Kinde publishes nothing of what these schemas hold: read as JSON Schema and as OpenAPI's, as far as both tell a shape.
//! Pure, and no validator: what it does not understand it leaves as it is.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// How deep a schema is followed; one that names itself ends there.
const DEPTH: u32 = 12;

/// What a sample is to its schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// It was measured or typed: what the schema does not name stays, since the schema need not name everything.
    Known,
    /// It was inferred: nothing stays that the schema does not name.
    Guessed,
}

/// A schema of an event's data, and what its `$ref`s point into.
#[derive(Debug, Clone, Copy)]
struct Follow<'a> {
    root: &'a Value,
    trust: Trust,
    now: Timestamp,
}

/// `data` with the members that `schema` names added where they are missing, and made anew where their type is another.
/// `None` where the schema says nothing of them.
pub fn follow(data: &Value, schema: &Value, trust: Trust, now: Timestamp) -> Option<Value> {
    let with = Follow { root: schema, trust, now };
    let named = with.members(schema, 0);
    // Of the whole payload, and not of its data alone.
    let of = match named.iter().find(|(name, _)| name == "data") {
        Some((_, data)) if named.iter().any(|(name, _)| name == "type") => data,
        _ => schema,
    };
    (!with.members(of, 0).is_empty()).then(|| with.value(Some(data.clone()), of, "data", 0))
}

impl<'a> Follow<'a> {
    fn resolve(&self, schema: &'a Value) -> &'a Value {
        let pointer = schema.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix('#'));
        pointer.and_then(|pointer| self.root.pointer(pointer)).unwrap_or(schema)
    }

    /// The members it names, those of every part of an `allOf` with them.
    fn members(&self, schema: &'a Value, depth: u32) -> Vec<(String, &'a Value)> {
        let schema = self.resolve(schema);
        let own = schema.get("properties").and_then(Value::as_object);
        let mut all: Vec<_> = own.into_iter().flatten().map(|(name, of)| (name.clone(), of)).collect();
        for part in parts(schema, "allOf").filter(|_| depth < DEPTH) {
            all.extend(self.members(part, depth + 1));
        }
        all
    }

    /// `had` where it fits, completed; else a new one.
    fn value(&self, had: Option<Value>, schema: &'a Value, name: &str, depth: u32) -> Value {
        let schema = self.resolve(schema);
        if depth >= DEPTH {
            return had.unwrap_or_default();
        }
        if let Some(only) = schema.get("const") {
            return only.clone();
        }
        if let Some(all) = schema.get("enum").and_then(Value::as_array) {
            return had.filter(|had| all.contains(had)).or_else(|| all.first().cloned()).unwrap_or_default();
        }
        let mut options = parts(schema, "anyOf").chain(parts(schema, "oneOf"));
        if let Some(first) = options.next() {
            let all: Vec<&Value> = std::iter::once(first).chain(options).collect();
            let fits = |option: &&&Value| had.as_ref().is_some_and(|had| self.fits(had, option));
            let some = |option: &&&Value| !self.fits(&Value::Null, option);
            let option = all.iter().find(fits).or_else(|| all.iter().find(some)).copied().unwrap_or(first);
            return self.value(had, option, name, depth + 1);
        }
        let had = had.filter(|had| self.fits(had, schema));
        match had {
            Some(Value::Object(members)) => self.object(members, schema, depth),
            Some(Value::Array(items)) => {
                let Some(of) = schema.get("items") else { return items.into() };
                items.into_iter().map(|item| self.value(Some(item), of, name, depth + 1)).collect()
            }
            Some(had) => had,
            None => self.made(schema, name, depth),
        }
    }

    fn object(&self, mut members: Map<String, Value>, schema: &'a Value, depth: u32) -> Value {
        let named = self.members(schema, depth);
        if self.trust == Trust::Guessed && !named.is_empty() {
            members.retain(|name, _| named.iter().any(|(known, _)| known == name));
        }
        for (name, of) in named {
            let had = members.remove(&name);
            let value = self.value(had, of, &name, depth + 1);
            members.insert(name, value);
        }
        members.into()
    }

    fn fits(&self, value: &Value, schema: &'a Value) -> bool {
        let schema = self.resolve(schema);
        let types = self.types(schema);
        let is = |kind: &&str| match *kind {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            _ => true,
        };
        let nullable = value.is_null() && schema.get("nullable") == Some(&Value::Bool(true));
        types.is_empty() || nullable || types.iter().any(is)
    }

    fn types(&self, schema: &'a Value) -> Vec<&'a str> {
        match schema.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            _ if !self.members(schema, 0).is_empty() => vec!["object"],
            _ if schema.get("items").is_some() => vec!["array"],
            _ => Vec::new(),
        }
    }

    /// A plausible value: the schema's own example, else one of its type.
    fn made(&self, schema: &'a Value, name: &str, depth: u32) -> Value {
        let example = schema.get("examples").and_then(|all| all.get(0));
        let own = [schema.get("default"), schema.get("example"), example];
        if let Some(own) = own.into_iter().flatten().find(|own| !own.is_null() && self.fits(own, schema)) {
            return own.clone();
        }
        match self.types(schema).into_iter().find(|kind| *kind != "null") {
            Some("boolean") => false.into(),
            Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or_else(|| 1.into()),
            Some("string") => self.text(schema, name).into(),
            Some("array") => match schema.get("items") {
                Some(of) => json!([self.value(None, of, name, depth + 1)]),
                None => json!([]),
            },
            Some("object") => self.object(Map::new(), schema, depth),
            _ => Value::Null,
        }
    }

    /// As its format says, else as its name sounds.
    fn text(&self, schema: &Value, name: &str) -> String {
        let name = name.to_lowercase();
        let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
        match schema.get("format").and_then(Value::as_str) {
            Some("date-time") => self.now.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
            Some("date") => self.now.strftime("%Y-%m-%d").to_string(),
            Some("email") => "ada@example.com".to_owned(),
            Some("uri" | "url") => "https://example.com/".to_owned(),
            Some("uuid") => uuid::Uuid::new_v4().to_string(),
            _ if ends(&["email"]) => "ada@example.com".to_owned(),
            _ if ends(&["_on", "_at", "timestamp"]) => self.now.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
            _ if ends(&["url", "uri"]) => "https://example.com/".to_owned(),
            _ if ends(&["_id"]) || name == "id" => super::samples::uuid_v7(self.now),
            _ => name.replace('_', " "),
        }
    }
}

fn parts<'a>(schema: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    schema.get(name).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn followed(data: &Value, schema: &Value, trust: Trust) -> Option<Value> {
        follow(data, schema, trust, "2026-11-23T12:00:00.25Z".parse().unwrap())
    }

    #[test]
    fn what_the_schema_names_is_added_with_a_value_of_its_type_and_what_was_there_stays() {
        let schema = json!({"type": "object", "properties": {"user": {"type": "object", "properties": {
            "id": {"type": "string"}, "email": {"type": ["string", "null"]}, "age": {"type": "integer", "minimum": 18},
            "locked": {"type": "boolean"}, "seen_on": {"type": "string"}, "site": {"type": "string", "format": "uri"},
            "tags": {"type": "array", "items": {"type": "string", "example": "vip"}}, "nick_name": {"type": "string"},
            "plan": {"type": "string", "enum": ["free", "pro"]},
        }}}});
        let data = json!({"user": {"id": "kp_1", "email": null, "phone": "1"}});
        let user = followed(&data, &schema, Trust::Known).unwrap()["user"].clone();
        assert_eq!(
            user,
            json!({
                "id": "kp_1", "email": null, "phone": "1", "age": 18, "locked": false, "tags": ["vip"], "plan": "free",
                "seen_on": "2026-11-23T12:00:00.250Z", "site": "https://example.com/", "nick_name": "nick name",
            })
        );
    }

    #[test]
    fn a_value_of_another_type_gives_way_and_one_that_may_be_null_may_stay_so() {
        let schema = json!({"properties": {
            "n": {"type": "integer"}, "s": {"type": "string"}, "o": {"type": "string", "nullable": true},
            "e": {"enum": ["a", "b"]}, "c": {"const": 7}, "l": {"items": {"properties": {"a": {"type": "boolean"}}}},
        }});
        let data = json!({"n": 1.5, "s": null, "o": null, "e": "b", "c": 1, "l": [{}, {"a": true}]});
        let followed = followed(&data, &schema, Trust::Known).unwrap();
        assert_eq!(followed, json!({"n": 1, "s": "s", "o": null, "e": "b", "c": 7, "l": [{"a": false}, {"a": true}]}));
    }

    #[test]
    fn of_an_inferred_sample_nothing_stays_that_the_schema_does_not_name() {
        let schema = json!({"properties": {"plan": {"properties": {"code": {"type": "string"}}}}});
        let data = json!({"plan": {"code": "pro", "guess": 1}, "guess": 2});
        assert_eq!(followed(&data, &schema, Trust::Guessed), Some(json!({"plan": {"code": "pro"}})));
        assert_eq!(followed(&data, &schema, Trust::Known), Some(data));
    }

    #[test]
    fn references_parts_and_choices_are_followed_and_one_that_names_itself_ends() {
        let schema = json!({
            "$ref": "#/definitions/data",
            "definitions": {"data": {"allOf": [
                {"properties": {"a": {"anyOf": [{"type": "null"}, {"type": "integer"}]}}},
                {"properties": {"again": {"$ref": "#/definitions/data"}}},
            ]}},
        });
        let data = followed(&json!({}), &schema, Trust::Guessed).unwrap();
        assert_eq!((&data["a"], &data["again"]["again"]["a"]), (&json!(1), &json!(1)));
        assert_eq!(followed(&json!({"a": null}), &schema, Trust::Guessed).unwrap()["a"], Value::Null, "it fits");
    }

    #[test]
    fn a_schema_of_the_whole_payload_is_read_for_its_data_and_one_that_names_nothing_says_nothing() {
        let schema =
            json!({"properties": {"type": {"type": "string"}, "data": {"properties": {"a": {"type": "boolean"}}}}});
        assert_eq!(followed(&json!({}), &schema, Trust::Known), Some(json!({"a": false})));
        for nothing in [json!({}), json!(null), json!({"type": "object"}), json!({"properties": {}}), json!("x")] {
            assert_eq!(followed(&json!({"a": 1}), &nothing, Trust::Guessed), None, "{nothing}");
        }
    }
}
