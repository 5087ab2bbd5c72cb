use serde_json::json;

use super::*;

const ONE: &str = r#"{"type":"user.created","event_id":"event_1","timestamp":"t","data":{"user":{"id":"kp_1","email":"ada@example.com","phone":null,"roles":[],"org-code":1,"n":1}}}"#;
const TWO: &str = r#"{"type":"user.created","event_id":"event_2","timestamp":"t","ip_address":"::1","data":{"user":{"id":"kp_2","email":null,"phone":null,"roles":[{"id":"r","key":"k"}],"org-code":"x","n":2}}}"#;

fn payloads() -> Vec<Json> {
    [ONE, TWO].map(|text| Json::parse(text.as_bytes()).unwrap()).to_vec()
}

fn written(schema: Option<&Value>, dialect: Dialect) -> String {
    let payloads = payloads();
    as_types(&Source { event_type: "user.created", payloads: &payloads, schema }, dialect).unwrap()
}

#[test]
fn a_member_is_optional_where_an_event_lacked_it_and_null_stands_beside_what_else_was_seen() {
    assert_eq!(
        written(None, Dialect::TypeScript),
        r#"// user.created: from 2 events received by Kinde Panel.
export interface UserCreatedEvent {
  type: "user.created";
  event_id: string;
  timestamp: string;
  data: {
    user: {
      id: string;
      email: string | null;
      phone: null;
      roles: Array<{
        id: string;
        key: string;
      }>;
      ["org-code"]: string | number;
      n: number;
    };
  };
  /** Seen in 1 of 2 */
  ip_address?: string;
}
"#
    );
}

#[test]
fn kindes_schema_adds_what_was_never_seen_and_marks_what_it_does_not_name() {
    let schema = json!({"type": "object", "properties": {"user": {"type": "object", "required": ["id"], "properties": {
        "id": {"type": "string"}, "username": {"type": ["string", "null"]}, "email": {"type": "string", "nullable": true}}}}});
    let text = written(Some(&schema), Dialect::TypeScript);
    assert!(
        text.contains("      /** In Kinde's schema, never seen here */\n      username?: string | null;\n"),
        "{text}"
    );
    assert!(text.contains("      /** Not in Kinde's schema */\n      phone: null;\n"), "{text}");
    assert!(text.contains("      id: string;\n      email: string | null;\n"), "{text}");
    let alone = as_types(&Source { event_type: "a.b", payloads: &[], schema: Some(&schema) }, Dialect::Zod).unwrap();
    assert!(alone.contains("username: z.string().nullable().optional(),"), "{alone}");
    assert_eq!(as_types(&Source { event_type: "a", payloads: &[], schema: Some(&json!({})) }, Dialect::Zod), None);
}

#[test]
fn names_of_somebody_else_stay_inside_their_quotes_and_comments() {
    let payload = Json::parse(br#"{"a\"]: any; //":1,"__proto__":{},"type":"x"}"#).unwrap();
    let event_type = "x\n*/ alert(1) \u{2028}\"";
    let source = Source { event_type, payloads: &[payload], schema: None };
    let text = as_types(&source, Dialect::TypeScript).unwrap();
    assert!(text.starts_with("// x*/ alert(1) \": from 1 event received"), "{text}");
    assert!(
        text.contains(r#"["a\"]: any; //"]: number;"#) && text.contains(r#"["__proto__"]: Record<string"#),
        "{text}"
    );
    assert!(text.contains("export interface XAlert1Event {"), "{text}");
    assert!(!text.contains('\u{2028}'));
    runs(&as_types(&source, Dialect::Zod).unwrap(), "XAlert1Event", &[]);
}

/// Node is there, and this expression is true in it.
fn node_says(expression: &str) -> bool {
    let asked =
        std::process::Command::new("node").args(["-e", &format!("process.exit(({expression}) ? 0 : 1)")]).output();
    asked.is_ok_and(|output| output.status.success())
}

fn skipped(what: &str) {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "SKIPPED: {what}").unwrap();
}

/// Runs the schema over `payloads` in Node, with as much of Zod as it uses.
fn runs(schema: &str, name: &str, payloads: &[(&str, bool)]) {
    const ZOD: &str = r"
const make = (ok) => ({ ok, optional: () => make((v) => v === undefined || ok(v)), nullable: () => make((v) => v === null || ok(v)) });
const z = {
  string: () => make((v) => typeof v === 'string'), number: () => make((v) => typeof v === 'number'),
  boolean: () => make((v) => typeof v === 'boolean'), null: () => make((v) => v === null), unknown: () => make(() => true),
  literal: (l) => make((v) => v === l), array: (i) => make((v) => Array.isArray(v) && v.every(i.ok)),
  union: (all) => make((v) => all.some((one) => one.ok(v))), record: () => make((v) => typeof v === 'object'),
  object: (m) => make((v) => v !== null && typeof v === 'object' && Object.entries(m).every(([k, s]) => s.ok(v[k]))),
};
";
    if !node_says("true") {
        return skipped("the Zod schema was not run, there is no node");
    }
    let mut script = ZOD.to_owned();
    let lines = schema.lines().filter(|line| !line.starts_with("import ") && !line.starts_with("export type "));
    script.extend(lines.flat_map(|line| [line.trim_start_matches("export "), "\n"]));
    for (payload, good) in payloads {
        script.push_str(&format!("if ({name}.ok({payload}) !== {good}) process.exit(7);\n"));
    }
    let output = std::process::Command::new("node").args(["-e", &script]).output().unwrap();
    assert!(output.status.success(), "{schema}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_zod_schema_takes_every_event_it_was_made_from_and_refuses_another() {
    let schema = written(None, Dialect::Zod);
    assert!(schema.contains("email: z.string().nullable(),"), "{schema}");
    assert!(schema.contains("[\"org-code\"]: z.union([z.string(), z.number()]),"), "{schema}");
    assert!(schema.contains("ip_address: z.string().optional(),"), "{schema}");
    let other = ONE.replace("user.created", "user.deleted");
    let wrong = ONE.replace("\"kp_1\"", "1");
    runs(&schema, "UserCreatedEvent", &[(ONE, true), (TWO, true), (&other, false), (&wrong, false), ("{}", false)]);
}

#[test]
fn the_typescript_is_typescript() {
    if !node_says("require('node:module').stripTypeScriptTypes") {
        return skipped("the TypeScript was not parsed, node 22.13 or newer is not there");
    }
    let schema =
        json!({"type": "object", "properties": {"x": {"type": "array", "items": {"type": ["string", "null"]}}}});
    for text in [written(None, Dialect::TypeScript), written(Some(&schema), Dialect::TypeScript)] {
        let script = format!("require('node:module').stripTypeScriptTypes({})", Value::from(text.as_str()));
        let output = std::process::Command::new("node").args(["-e", &script]).output().unwrap();
        assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}
