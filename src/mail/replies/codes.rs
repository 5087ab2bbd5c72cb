//! Where a reply's codes stand in a text that is more than the reply: what a program or a page says of a mail that failed.
//!
//! Three digits alone are most often something else (a time, a port, a status of HTTP), so that their place must say what
//! they are.

/// The code of a refusal and its enhanced code in what somebody says of a reply.
///
/// A code stands at the beginning of a line, after a colon, after the word code, or beside an enhanced one (RFC 3463) of its
/// class. One of agreement (2xx, 3xx) tells nothing of what failed and is left out.
pub(super) fn in_a_message(text: &str) -> (Option<u16>, Option<String>) {
    let code = text.lines().find_map(in_line);
    (code, enhanced(text, code).filter(|found| !found.starts_with('2')))
}

fn in_line(line: &str) -> Option<u16> {
    let mut end = 0;
    // Runs of digits, with what stands before and after each.
    while let Some(begin) = line.get(end..)?.find(|c: char| c.is_ascii_digit()).map(|at| end + at) {
        let rest = line.get(begin..)?;
        end = begin + rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (before, digits, after) = (line.get(..begin)?, line.get(begin..end)?, line.get(end..)?);
        if let Some(code) = refusal(digits)
            && alone(before, after)
            && !is_something_else(before, after)
            && (says_so(before) || enhanced_beside(after, code))
        {
            return Some(code);
        }
    }
    None
}

fn refusal(digits: &str) -> Option<u16> {
    let code: u16 = (digits.len() == 3).then(|| digits.parse().ok()).flatten()?;
    // Ports stand in such messages too.
    ((400..=599).contains(&code) && ![443, 465, 587].contains(&code)).then_some(code)
}

/// Not a part of a longer word, of an address or of a number with a fraction.
fn alone(before: &str, after: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    !before.ends_with(part)
        && !after.starts_with(|c: char| c.is_alphanumeric() || c == '_')
        && !after.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// The words before, the nearest first, in lower case.
fn words_before(before: &str) -> impl Iterator<Item = String> {
    before.rsplit(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// A status of HTTP, a port, or a length of time.
fn is_something_else(before: &str, after: &str) -> bool {
    let other = |word: &String| ["http", "https", "status", "statuscode", "port"].contains(&word.as_str());
    let unit = after.trim_start().split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    words_before(before).take(2).any(|word| other(&word))
        || before.to_lowercase().contains("http/")
        || ["ms", "s", "sec", "second", "seconds", "milliseconds", "minutes", "bytes", "kb"].contains(&unit)
}

/// The place before a code says that it is one.
fn says_so(before: &str) -> bool {
    let open = before.trim_end_matches(|c: char| c.is_whitespace() || "([{<\"'".contains(c));
    let blank = open.len() < before.len();
    // `host:535` is a port, `Error: 535` and `"code":535` are none.
    open.is_empty()
        || (open.ends_with(':') && blank)
        || open.trim_end_matches(['"', '\'', ':', '=']).to_lowercase().ends_with("code")
}

/// An enhanced code of the same class follows: `535 5.7.8`, `550-5.1.1`, `(535, b'5.7.8`.
fn enhanced_beside(after: &str, code: u16) -> bool {
    let next = after.trim_start_matches(|c: char| c.is_whitespace() || "-,#b'\"(".contains(c));
    let word = next.split(|c: char| !(c.is_ascii_digit() || c == '.')).next().unwrap_or_default();
    is_enhanced(word.trim_end_matches('.'), Some(code))
}

fn is_enhanced(word: &str, code: Option<u16>) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    let numbers = parts.len() == 3
        && parts.iter().all(|part| (1..=3).contains(&part.len()) && part.chars().all(|c| c.is_ascii_digit()));
    let class = parts.first().and_then(|class| class.parse::<u16>().ok()).filter(|class| [2, 4, 5].contains(class));
    numbers && class.is_some_and(|class| code.is_none_or(|code| code / 100 == class))
}

/// The first enhanced code in a text that has the class of `code`, where there is one.
pub(super) fn enhanced(text: &str, code: Option<u16>) -> Option<String> {
    text.split(|c: char| c.is_whitespace() || "()[]{}<>\"',;:=#".contains(c))
        .map(|word| word.trim_end_matches('.'))
        // `550-5.1.1` has both in one.
        .map(|word| word.split_once('-').filter(|(digits, _)| digits.len() == 3).map_or(word, |(_, rest)| rest))
        .find(|word| is_enhanced(word, code))
        .map(str::to_owned)
}
