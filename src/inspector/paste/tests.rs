//! Every form a token is pasted in, and what must stay as it is.

use proptest::prelude::*;

use super::*;

const TOKEN: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjRjOmZhIn0.eyJ0eXBlIjoidXNlci51cGRhdGVkIn0.c2lnbmF0dXJl-_";

#[test]
fn sixty_pasted_forms_give_the_same_token_and_name_what_was_taken_off() {
    let t = TOKEN;
    let forms: Vec<(String, &str)> = vec![
        (format!(" {t}"), "white space"),
        (format!("{t} "), "white space"),
        (format!("{t}\n"), "white space"),
        (format!("{t}\r\n"), "white space"),
        (format!("\t\n{t}\n\n"), "white space"),
        (format!("\u{a0}{t}\u{a0}"), "white space"),
        (format!("\u{3000}{t}"), "white space"),
        (format!("\u{feff}{t}"), "zero-width"),
        (format!("\u{200b}{t}\u{200b}"), "zero-width"),
        (format!("{t}\u{200d}"), "zero-width"),
        (format!("\u{202a}{t}\u{202c}"), "zero-width"),
        (format!("\u{2066}{t}\u{2069}"), "zero-width"),
        (format!("{t}\u{ad}"), "zero-width"),
        (format!("{t}\0"), "zero-width"),
        (format!("\"{t}\""), "quotes"),
        (format!("'{t}'"), "quotes"),
        (format!("`{t}`"), "quotes"),
        (format!("“{t}”"), "quotes"),
        (format!("‘{t}’"), "quotes"),
        (format!("„{t}“"), "quotes"),
        (format!("«{t}»"), "quotes"),
        (format!("<{t}>"), "quotes"),
        (format!("({t})"), "quotes"),
        (format!("\"{t}"), "quotes"),
        (format!("{t}'"), "quotes"),
        (format!("\"'{t}'\""), "quotes"),
        (format!("```\n{t}\n```"), "code fence"),
        (format!("\"{t}\","), "punctuation"),
        (format!("{t};"), "punctuation"),
        (format!("Bearer {t}"), "`Bearer`"),
        (format!("bearer {t}"), "`Bearer`"),
        (format!("BEARER\t{t}"), "`Bearer`"),
        (format!("Bearer: {t}"), "`Bearer`"),
        (format!("Bearer%20{t}"), "`Bearer`"),
        (format!("JWT {t}"), "`JWT`"),
        (format!("Token {t}"), "`Token`"),
        (format!("DPoP {t}"), "`DPoP`"),
        (format!("Authorization: Bearer {t}"), "`Authorization:`"),
        (format!("authorization:Bearer {t}\r\n"), "`authorization:`"),
        (format!("\"Authorization\": \"Bearer {t}\""), "`Authorization:`"),
        (format!("X-Forwarded-Access-Token: {t}"), "`X-Forwarded-Access-Token:`"),
        (format!("Host: a.example\nAuthorization: Bearer {t}\nAccept: */*"), "`Authorization:`"),
        (format!("Cookie: session=1; access_token={t}; theme=dark"), "`access_token=`"),
        (format!("token={t}"), "`token=`"),
        (format!("access_token={t}&token_type=bearer&expires_in=3600"), "`access_token=`"),
        (format!("#id_token={t}&state=x"), "`id_token=`"),
        (format!("?token={t}"), "`token=`"),
        (format!("token={}", t.replace('.', "%2E")), "`token=`"),
        (format!("export KINDE_TOKEN=\"{t}\""), "`KINDE_TOKEN=`"),
        (format!("const token = '{t}';"), "`token=`"),
        (format!("let jwt: string = \"{t}\";"), "`"),
        (format!("\"access_token\": \"{t}\","), "`access_token:`"),
        (format!("access_token: {t}"), "`access_token:`"),
        (format!("{{\"access_token\": \"{t}\", \"expires_in\": 3600}}"), "member `access_token`"),
        (format!("{{\"data\":{{\"id_token\":\"{t}\"}}}}"), "member `data.id_token`"),
        (format!("[\"{t}\"]"), "JSON list"),
        (format!("{{\"headers\":{{\"authorization\":\"Bearer {t}\"}}}}"), "member `headers.authorization`"),
        (format!("https://app.example/cb#access_token={t}&state=1"), "`access_token=`"),
        (format!("https://app.example/cb?id_token={t}"), "`id_token=`"),
        (format!("https://app.example/verify/{t}"), "the address"),
        (format!("https://jwt.example/#{t}"), "the address"),
        (format!("POST /hooks HTTP/1.1\r\nHost: a\r\nContent-Type: application/jwt\r\n\r\n{t}"), "HTTP request"),
        (format!("GET /api HTTP/1.1\nHost: a\nAuthorization: Bearer {t}\n\n"), "HTTP request"),
        (format!("HTTP/1.1 200 OK\ncontent-type: application/json\n\n{{\"access_token\":\"{t}\"}}"), "HTTP answer"),
        (format!("curl https://a.example/api -H 'Authorization: Bearer {t}'"), "curl"),
        (format!("curl -X POST \\\n  -H \"authorization: Bearer {t}\" \\\n  https://a.example"), "curl"),
        (format!("curl -d '{t}' -H 'content-type: application/jwt' http://127.0.0.1:4444/k/1"), "curl"),
        (format!("curl 'https://a.example/?token={t}'"), "curl"),
        (format!("curl --oauth2-bearer {t} https://a.example"), "curl"),
        (format!("Here is my token, please look: {t}"), "`"),
        (format!("It says: (invalid) {t} (why?)"), ""),
    ];
    assert!(forms.len() >= 60);
    for (form, word) in forms {
        let pasted = clean(&form);
        assert_eq!(pasted.token, t, "{form:?}: {:?}", pasted.cleaned);
        assert!(pasted.cleaned.iter().any(|what| what.contains(word)), "{form:?}: {:?}", pasted.cleaned);
    }
    assert_eq!(clean(t).cleaned, Vec::<String>::new());
}

#[test]
fn white_space_inside_a_token_stays() {
    for inside in
        [TOKEN.replacen('.', ".\n", 1), TOKEN.replacen("c2ln", "c2ln\n", 1), TOKEN.replacen("dXNl", "dXNl ", 1)]
    {
        let pasted = clean(&format!("Bearer {inside}\n"));
        assert_eq!(pasted.token, inside);
        assert_eq!(without_inner_blanks(&pasted.token).unwrap(), TOKEN);
    }
}

#[test]
fn a_pasted_request_keeps_its_headers_but_not_its_credentials() {
    let text = format!(
        "POST /h?token=s3cret HTTP/1.1\nContent-Type: application/jwt\nCookie: s3cret\nAuthorization: s3cret\nwebhook-id: w1\n\n{TOKEN}"
    );
    let request = clean(&text).request.unwrap();
    assert_eq!(request.header("content-type"), Some("application/jwt"));
    assert!(!format!("{request:?}").contains("s3cret"), "{request:?}");
}

#[test]
fn a_json_serialisation_is_left_for_the_envelope_to_name() {
    let text = format!(r#"{{"payload":"{TOKEN}","signatures":[]}}"#);
    assert_eq!(clean(&text).token, text);
}

#[test]
fn tokens_of_providers_are_told_by_their_prefix() {
    assert_eq!(provider_token("gho_16C7e42F292c6912E7710c838347Ae178B4a"), Some("GitHub OAuth token"));
    assert_eq!(provider_token("ya29.a0AfH6SMBx.yz"), Some("Google access token"));
    assert_eq!(provider_token(TOKEN), None);
    assert_eq!(provider_token("re_"), None);
}

proptest! {
    #[test]
    fn cleaning_never_panics_and_always_ends(text in any::<String>()) {
        drop(clean(&text));
    }

    #[test]
    fn cleaning_never_panics_on_likely_text(text in r#"(Bearer |curl |"|'|\{|\}|eyJ|\.|=|:|&|#|https://a/| |\n|POST / HTTP/1.1\n|Authorization|token|\\|é){0,12}"#) {
        drop(clean(&text));
    }
}
