//! Against what JSON is, and what `serde_json` takes it for.

use proptest::prelude::*;

use super::*;

#[test]
fn doubled_members_are_found_at_every_depth_and_through_escapes() {
    let json = Json::parse(br#"{"a":1,"b":[{"c":1,"\u0063":2}],"a":{"d":1,"d":1}}"#).unwrap();
    assert_eq!(json.doubles().paths, ["b[0].c", "a", "a.d"]);
    assert_eq!(serde_json::to_string(&json).unwrap(), r#"{"b":[{"c":2}],"a":{"d":1}}"#);
}

#[test]
fn numbers_keep_their_own_text() {
    let text = r#"[123456789012345678901234567890,1.10,-0,1e400,1E+2]"#;
    assert_eq!(Json::parse(text.as_bytes()).unwrap().to_text(), text);
}

#[test]
fn nesting_is_read_to_128_levels_and_refused_beyond_without_a_crash() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth)).into_bytes();
    assert!(Json::parse(&nested(128)).is_ok());
    assert_eq!(Json::parse(&nested(129)), Err(JsonFault::TooDeep));
    assert_eq!(Json::parse("[".repeat(100_000).as_bytes()), Err(JsonFault::TooDeep));
    assert_eq!(Json::parse("{\"a\":".repeat(100_000).as_bytes()), Err(JsonFault::TooDeep));
}

#[test]
fn what_is_no_json_is_refused() {
    for wrong in [
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "01",
        "1.",
        ".5",
        "+1",
        "1e",
        "-",
        "NaN",
        "tru",
        "nul",
        "\"\t\"",
        "\"\\x\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\u00g0\"",
        "[1] x",
        "{} {}",
        "\u{feff}{}",
        "\"a",
        "[1 2]",
        "{\"a\" 1}",
    ] {
        assert!(Json::parse(wrong.as_bytes()).is_err(), "{wrong:?} was read");
    }
    assert_eq!(Json::parse(b"\"\xff\""), Err(JsonFault::Utf8(1)));
    assert_eq!(Json::parse(br#""\ud83d\ude00""#).unwrap(), Json::Text("\u{1f600}".into()));
}

proptest! {
    #[test]
    fn it_reads_what_serde_json_reads_and_refuses_what_it_refuses(text in r#"[\[\]{}",:0-9eE+\-.a-f\\u tn]{0,24}"#) {
        let ours = Json::parse(text.as_bytes()).is_ok();
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        let range = theirs.as_ref().is_err_and(|error| error.to_string().contains("out of range"));
        prop_assert!(ours == theirs.is_ok() || range, "{text:?}");
    }

    #[test]
    fn canonical_text_is_what_serde_json_writes_with_its_members_in_order(text in r#"(\{("[a-c]":(1|-0|1\.50|1E2|true|null|"\\n\u00e9"|\[1,"x"\]),){0,4}"b":\{"b":1,"a":\[\{"z":1,"a":2\}\],"b":2\}\})"#) {
        let theirs: serde_json::Value = serde_json::from_str(&text).unwrap();
        let mut ours = String::new();
        Json::parse(text.as_bytes()).unwrap().write_canonical(&mut ours);
        prop_assert_eq!(ours, theirs.to_string());
    }

    #[test]
    fn doubles_are_the_same_among_few_members_and_among_many(names in proptest::collection::vec(0..9_u8, 0..40)) {
        let members = |names: &[u8]| names.iter().map(|name| (name.to_string().into(), Json::Null)).collect::<Vec<_>>();
        let mut seen = Vec::new();
        let mut second = Vec::new();
        for (index, name) in names.iter().enumerate() {
            seen.push(name);
            if seen.iter().filter(|other| *other == &name).count() == 2 {
                second.push(index);
            }
        }
        prop_assert_eq!(second_of_a_name(&members(&names)), second);
    }

    #[test]
    fn it_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        drop(Json::parse(&bytes));
    }
}

#[test]
fn what_a_text_holds_as_it_is_ends_at_the_same_byte_however_it_is_looked_for() {
    let slow =
        |bytes: &[u8]| bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)).unwrap_or(bytes.len());
    for length in 0..40 {
        for byte in 0..=255_u8 {
            for at in 0..length {
                let mut bytes = vec![b'x'; length];
                bytes[at] = byte;
                assert_eq!(super::read::plain_length(&bytes), slow(&bytes), "{byte:#x} at {at} of {length}");
                // What comes after it is of no interest.
                bytes[length - 1] = 0x1f;
                bytes.iter_mut().skip(at + 1).for_each(|it| *it = 0x80);
                assert_eq!(super::read::plain_length(&bytes), slow(&bytes), "{byte:#x} at {at} of {length}, then 0x80");
            }
        }
    }
}
