//! What a header may ask for, and what it may not.

use super::*;

#[test]
fn a_test_to_take_elsewhere_is_made_only_of_what_its_key_and_its_signature_decide() {
    use crate::inspector::as_test::outcome;
    let of = |token: &str| {
        let options = Options { kind: Some(Kind::Webhook), pasted: false, ..then() };
        outcome(&judge(token.as_bytes(), &acme(), &options))
    };
    let good = token(WEBHOOK);
    assert_eq!(of(&good), Ok(true));
    let header = |more: &str| format!(r#"{{"alg":"RS256","kid":"{KID}"{more}}}"#);
    let unsigned = format!("{}.{}.", b64(br#"{"alg":"none"}"#), b64(WEBHOOK.as_bytes()));
    for refused in [
        sign(1, &header(""), WEBHOOK.as_bytes()),
        sign(1, r#"{"alg":"RS256","kid":"other"}"#, WEBHOOK.as_bytes()),
        unsigned,
    ] {
        assert_eq!(of(&refused), Ok(false), "{refused}");
    }
    // Signed by the right key: what looks at no more than that would accept it.
    for (other, why) in [
        (sign(0, &header(r#","crit":["exp"]"#), WEBHOOK.as_bytes()), "`crit`"),
        (sign(0, &header(r#","b64":false"#), WEBHOOK.as_bytes()), "`b64`"),
        (format!("{good}=="), "not by its key"),
        (sign(0, r#"{"alg":"RS256"}"#, WEBHOOK.as_bytes()), "`kid`"),
        (token(r#"{"hello":1}"#), "no event"),
        ("hello".to_owned(), "No token"),
    ] {
        let told = of(&other).unwrap_err();
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn unsigned_comes_before_every_other_finding_about_the_header() {
    for alg in ["none", "None", "NONE", "nOnE"] {
        for extra in ["", r#","crit":["x"],"b64":false"#, r#","kid":7,"kid":8"#] {
            for end in ["", "AAAA"] {
                let input = format!(
                    "{}.{}.{end}",
                    b64(format!(r#"{{"alg":"{alg}"{extra}}}"#).as_bytes()),
                    b64(ACCESS.as_bytes())
                );
                let decoded = judged(&input);
                expect(&decoded, Unsigned, NotChecked, Some("header"));
                assert!(decoded.headline.starts_with("Unsigned"), "{}", decoded.headline);
            }
        }
    }
    let signed = token(ACCESS);
    let stripped = &signed[..=signed.rfind('.').unwrap()];
    expect(&judged(stripped), Unsigned, NotChecked, Some("header"));
}

#[test]
fn refused_headers_are_not_verified_though_the_right_key_signed() {
    for extra in [
        r#","crit":["exp"]"#,
        r#","crit":[]"#,
        r#","crit":"x""#,
        r#","crit":null"#,
        r#","b64":false,"crit":["b64"]"#,
        r#","b64":true"#,
        r#","typ":"a","typ":"b""#,
        r#","x":{"y":1,"y":1}"#,
    ] {
        let input = sign(0, &format!(r#"{{"alg":"RS256","kid":"{KID}"{extra}}}"#), WEBHOOK.as_bytes());
        expect(&judged(&input), NotVerified, NotChecked, Some("header"));
    }
    for alg in ["HS256", "ES256", "PS256", "RS512", "rs256", "RSA-OAEP", "", "RS256 "] {
        let input = sign(0, &format!(r#"{{"alg":"{alg}","kid":"{KID}"}}"#), WEBHOOK.as_bytes());
        expect(&judged(&input), NotVerified, NotChecked, Some("header"));
    }
    let kid = "k".repeat(1 << 20);
    expect(
        &judged(&sign(0, &format!(r#"{{"alg":"RS256","kid":"{kid}"}}"#), b"{}")),
        NotVerified,
        NotChecked,
        Some("header"),
    );
}

#[test]
fn key_material_in_the_header_is_named_and_never_used() {
    let foreign: Value = serde_json::from_str(&jwks(1, KID)).unwrap();
    for kid in [KID, "other"] {
        let header = json!({"alg": "RS256", "kid": kid, "jwk": foreign["keys"][0], "jku": "https://evil.example/jwks", "x5u": "https://evil.example", "x5c": []});
        let decoded = judged(&sign(1, &header.to_string(), WEBHOOK.as_bytes()));
        assert!(matches!(decoded.verdict, NotVerified | UnknownKey));
        assert!(decoded.check("header").unwrap().why.as_ref().unwrap().contains("jku, jwk, x5c, x5u"));
    }
}

#[test]
fn hostile_key_ids_are_only_compared() {
    for kid in ["../../dev/null", "' OR 1=1 --", "a\u{0}b", "https://evil.example/", "%00", "|id", "4C:FA"] {
        let header = json!({"alg": "RS256", "kid": kid}).to_string();
        expect(&judged(&sign(0, &header, WEBHOOK.as_bytes())), UnknownKey, NotChecked, Some("key"));
    }
}

#[test]
fn every_doubled_header_member_is_refused_though_both_say_the_same() {
    for member in
        [r#""alg":"RS256""#, &format!(r#""kid":"{KID}""#), r#""typ":"JWT""#, r#""cty":"x""#, r#""\u0061lg":"RS256""#]
    {
        let header = format!(r#"{{"alg":"RS256","kid":"{KID}","typ":"JWT","cty":"x",{member}}}"#);
        expect(&judged(&sign(0, &header, WEBHOOK.as_bytes())), NotVerified, NotChecked, Some("header"));
    }
}
