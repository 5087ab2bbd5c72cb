//! What values of one place had in common.

use serde_json::Value;

use crate::jwt::Json;

/// The deepest that is looked into.
const DEPTH: usize = 32;

/// Every kind of value that stood in one place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shape {
    pub null: bool,
    pub boolean: bool,
    pub number: bool,
    pub text: bool,
    /// The one shape of all items of all lists.
    pub list: Option<Box<Self>>,
    pub object: Option<Object>,
}

/// Objects of one place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Object {
    /// How many were received.
    pub seen: usize,
    pub members: Vec<Member>,
    /// Kinde's schema names the members too.
    pub published: bool,
}

/// A member of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub name: String,
    /// How many of the objects had it.
    pub seen: usize,
    /// Kinde's schema names it.
    pub published: bool,
    /// Kinde's schema does not require it.
    pub may_lack: bool,
    pub shape: Shape,
}

impl Shape {
    /// Adds one value.
    pub fn take(&mut self, value: &Json) {
        match value {
            Json::Null => self.null = true,
            Json::Bool(_) => self.boolean = true,
            Json::Number(_) => self.number = true,
            Json::Text(_) => self.text = true,
            Json::List(items) => {
                let list = self.list.get_or_insert_default();
                for item in items {
                    list.take(item);
                }
            }
            Json::Object(members) => {
                let object = self.object.get_or_insert_default();
                object.seen += 1;
                for (index, (name, value)) in members.iter().enumerate() {
                    // Of two members of one name the last counts, as programs read it.
                    if members.iter().skip(index + 1).all(|(later, _)| later != name) {
                        let member = object.member(name);
                        member.seen += 1;
                        member.shape.take(value);
                    }
                }
            }
        }
    }

    /// How many objects were received in this place.
    pub fn objects(&self) -> usize {
        self.object.as_ref().map_or(0, |object| object.seen)
    }

    /// Adds Kinde's schema of the member `data`.
    pub fn publish(&mut self, schema: &Value) {
        let data = self.object.get_or_insert_default().member("data");
        data.published = true;
        data.shape.describe(schema, 0);
    }

    /// Adds what a JSON schema says, as far as it is understood here.
    fn describe(&mut self, schema: &Value, depth: usize) {
        let kinds: Vec<&str> = match schema.get("type") {
            Some(Value::String(kind)) => vec![kind],
            Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
            _ if schema.get("properties").is_some() => vec!["object"],
            _ => Vec::new(),
        };
        self.null |= schema.get("nullable").and_then(Value::as_bool).unwrap_or_default();
        for kind in kinds {
            match kind {
                "null" => self.null = true,
                "boolean" => self.boolean = true,
                "number" | "integer" => self.number = true,
                "string" => self.text = true,
                "array" if depth < DEPTH => {
                    let list = self.list.get_or_insert_default();
                    if let Some(items) = schema.get("items") {
                        list.describe(items, depth + 1);
                    }
                }
                "object" if depth < DEPTH => {
                    let object = self.object.get_or_insert_default();
                    object.describe(schema, depth + 1);
                }
                _ => {}
            }
        }
    }

    /// Nothing is known of it.
    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }
}

impl Object {
    fn member(&mut self, name: &str) -> &mut Member {
        let at = self.members.iter().position(|member| member.name == name).unwrap_or(self.members.len());
        if at == self.members.len() {
            let (name, shape) = (name.to_owned(), Shape::default());
            self.members.push(Member { name, seen: 0, published: false, may_lack: false, shape });
        }
        #[expect(clippy::indexing_slicing, reason = "found, or pushed just above")]
        &mut self.members[at]
    }

    fn describe(&mut self, schema: &Value, depth: usize) {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
        self.published = true;
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        for (name, property) in properties {
            let member = self.member(name);
            member.published = true;
            member.may_lack = !required.contains(&name.as_str());
            member.shape.describe(property, depth);
        }
    }
}
