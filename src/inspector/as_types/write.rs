//! Writes a shape as TypeScript or Zod.

use super::Dialect;
use super::shape::{Member, Object, Shape};

/// A whole declaration.
pub(super) struct Whole<'a> {
    pub name: &'a str,
    pub event_type: &'a str,
    pub shape: &'a Shape,
}

impl Whole<'_> {
    pub fn write(&self, dialect: Dialect) -> String {
        let name = self.name;
        let empty = Object::default();
        let object = self.shape.object.as_ref().unwrap_or(&empty);
        let pen = Pen { dialect, event_type: self.event_type };
        let body = pen.object(object, 0, true);
        match dialect {
            Dialect::TypeScript => format!("export interface {name} {body}\n"),
            Dialect::Zod => format!(
                "import {{ z }} from \"zod\";\n\nexport const {name} = {body};\nexport type {name} = z.infer<typeof {name}>;\n"
            ),
        }
    }
}

struct Pen<'a> {
    dialect: Dialect,
    event_type: &'a str,
}

impl Pen<'_> {
    fn object(&self, object: &Object, depth: usize, top: bool) -> String {
        let (open, close, between) = match self.dialect {
            Dialect::TypeScript => ("{", "}", ";"),
            Dialect::Zod => ("z.object({", "})", ","),
        };
        if object.members.is_empty() {
            return match self.dialect {
                Dialect::TypeScript => "Record<string, unknown>".to_owned(),
                Dialect::Zod => "z.record(z.string(), z.unknown())".to_owned(),
            };
        }
        let indent = "  ".repeat(depth + 1);
        let mut text = format!("{open}\n");
        for member in &object.members {
            let (note, optional) = note(object, member);
            if let Some(note) = note {
                text.push_str(&format!("{indent}/** {note} */\n"));
            }
            let value = if top && member.name == "type" {
                self.literal(self.event_type)
            } else {
                self.value(&member.shape, depth + 1)
            };
            let key = key(&member.name);
            let line = match (self.dialect, optional) {
                (Dialect::TypeScript, true) => format!("{key}?: {value}"),
                (Dialect::Zod, true) => format!("{key}: {value}.optional()"),
                (_, false) => format!("{key}: {value}"),
            };
            text.push_str(&format!("{indent}{line}{between}\n"));
        }
        text.push_str(&"  ".repeat(depth));
        text.push_str(close);
        text
    }

    fn value(&self, shape: &Shape, depth: usize) -> String {
        let mut parts: Vec<String> = Vec::new();
        let word = |typescript: &str, zod: &str| match self.dialect {
            Dialect::TypeScript => typescript.to_owned(),
            Dialect::Zod => zod.to_owned(),
        };
        if shape.is_unknown() {
            return word("unknown", "z.unknown()");
        }
        if shape.text {
            parts.push(word("string", "z.string()"));
        }
        if shape.number {
            parts.push(word("number", "z.number()"));
        }
        if shape.boolean {
            parts.push(word("boolean", "z.boolean()"));
        }
        if let Some(list) = &shape.list {
            let item = self.value(list, depth);
            parts.push(match self.dialect {
                Dialect::TypeScript => format!("Array<{item}>"),
                Dialect::Zod => format!("z.array({item})"),
            });
        }
        if let Some(object) = &shape.object {
            parts.push(self.object(object, depth, false));
        }
        match self.dialect {
            Dialect::TypeScript => {
                if shape.null {
                    parts.push("null".to_owned());
                }
                parts.join(" | ")
            }
            Dialect::Zod => {
                let value = match parts.as_slice() {
                    [] => return "z.null()".to_owned(),
                    [one] => one.clone(),
                    several => format!("z.union([{}])", several.join(", ")),
                };
                if shape.null { format!("{value}.nullable()") } else { value }
            }
        }
    }

    fn literal(&self, text: &str) -> String {
        match self.dialect {
            Dialect::TypeScript => quoted(text),
            Dialect::Zod => format!("z.literal({})", quoted(text)),
        }
    }
}

/// What is to be said of a member, and whether it is optional.
fn note(object: &Object, member: &Member) -> (Option<String>, bool) {
    let Member { seen, published, may_lack, .. } = *member;
    if seen == 0 && object.seen > 0 {
        return (Some("In Kinde's schema, never seen here".to_owned()), true);
    }
    let lacks = seen < object.seen;
    let counted = lacks.then(|| format!("Seen in {seen} of {}", object.seen));
    let foreign = (object.published && !published).then(|| "Not in Kinde's schema".to_owned());
    let words: Vec<String> = counted.into_iter().chain(foreign).collect();
    ((!words.is_empty()).then(|| words.join(". ")), lacks || may_lack && seen == 0)
}

/// A member's name as a key.
fn key(name: &str) -> String {
    let mut letters = name.chars();
    let plain = letters.next().is_some_and(|first| first.is_ascii_alphabetic() || matches!(first, '_' | '$'))
        && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$'));
    // As a plain key it would set an object's prototype.
    if plain && name != "__proto__" { name.to_owned() } else { format!("[{}]", quoted(name)) }
}

/// A JavaScript text.
fn quoted(text: &str) -> String {
    let text = serde_json::Value::from(text).to_string();
    text.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}
