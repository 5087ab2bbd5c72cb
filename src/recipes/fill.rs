//! Placeholders of templates: `%%name%%`, which no language of a template uses for itself.

/// `template` with each `%%name%%` of `values` filled in. The values are written as they are: whoever gives them quotes
/// them for the language they go into.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("%%") {
        out.push_str(before);
        let Some((name, tail)) = after.split_once("%%") else {
            out.push_str("%%");
            rest = after;
            break;
        };
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => {
                out.push_str(value);
                rest = tail;
            }
            None => {
                out.push_str("%%");
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// `text` as a string of JSON, TypeScript, TOML or HCL: quotes, backslashes and control characters escaped.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_filled_in_and_what_is_not_stays_to_be_seen() {
        assert_eq!(fill("a=%%a%%, b=%%b%%, 5 %% 2", &[("a", "1"), ("b", "%%a%%")]), "a=1, b=%%a%%, 5 %% 2");
        assert_eq!(fill("%%x%%", &[("a", "1")]), "%%x%%");
    }
}
