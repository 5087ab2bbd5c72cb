//! Source text in four inks: comments, strings, words of the language, numbers. Enough to read by; not a parser.
//!
//! What it takes for a comment or a string ends at worst where the text ends: no text is lost or changed.

use egui::cache::{ComputerMut, FrameCache};
use egui::text::LayoutJob;
use egui::{Color32, FontId, TextFormat, Ui};

use super::theme::tokens;
use super::tokens::{Tokens, text};

/// How a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// TypeScript and JavaScript, JSX too.
    Script,
    /// JSON.
    Json,
    /// SQL as PostgreSQL writes it.
    Sql,
    /// PHP.
    Php,
    /// `NAME=value` lines, TOML, shell: `#` begins a comment.
    Settings,
    /// Terraform.
    Terraform,
    /// Words.
    Plain,
}

impl Language {
    /// By the end of a file's name.
    pub fn of_path(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        if name.starts_with(".env") || name == ".dev.vars" {
            return Self::Settings;
        }
        match name.rsplit('.').next().unwrap_or_default() {
            "ts" | "tsx" | "js" | "jsx" | "mjs" => Self::Script,
            "json" => Self::Json,
            "sql" => Self::Sql,
            "php" => Self::Php,
            "toml" | "sh" => Self::Settings,
            "tf" => Self::Terraform,
            _ => Self::Plain,
        }
    }

    fn line_comments(self) -> &'static [&'static str] {
        match self {
            Self::Script => &["//"],
            Self::Sql => &["--"],
            Self::Php => &["//", "#"],
            Self::Settings => &["#"],
            Self::Terraform => &["#", "//"],
            Self::Json | Self::Plain => &[],
        }
    }

    fn has_blocks(self) -> bool {
        matches!(self, Self::Script | Self::Sql | Self::Php | Self::Terraform)
    }

    fn quotes(self) -> &'static [char] {
        match self {
            Self::Script => &['"', '\'', '`'],
            Self::Php | Self::Settings => &['"', '\''],
            Self::Json | Self::Terraform => &['"'],
            Self::Sql => &['\''],
            Self::Plain => &[],
        }
    }

    fn is_word(self, word: &str) -> bool {
        const SCRIPT: &[&str] = &[
            "as",
            "async",
            "await",
            "break",
            "case",
            "catch",
            "class",
            "const",
            "continue",
            "default",
            "delete",
            "do",
            "else",
            "export",
            "extends",
            "false",
            "finally",
            "for",
            "from",
            "function",
            "if",
            "import",
            "in",
            "instanceof",
            "interface",
            "let",
            "new",
            "null",
            "of",
            "return",
            "satisfies",
            "static",
            "switch",
            "this",
            "throw",
            "true",
            "try",
            "type",
            "typeof",
            "undefined",
            "unknown",
            "void",
            "while",
            "yield",
        ];
        const SQL: &[&str] = &[
            "alter",
            "and",
            "as",
            "begin",
            "check",
            "commit",
            "create",
            "default",
            "delete",
            "drop",
            "enable",
            "exists",
            "for",
            "from",
            "function",
            "grant",
            "if",
            "in",
            "index",
            "insert",
            "into",
            "is",
            "key",
            "language",
            "level",
            "not",
            "null",
            "on",
            "or",
            "policy",
            "primary",
            "references",
            "replace",
            "returns",
            "revoke",
            "row",
            "search_path",
            "security",
            "select",
            "set",
            "stable",
            "table",
            "to",
            "update",
            "using",
            "values",
            "where",
            "with",
        ];
        const PHP: &[&str] = &["define", "defined", "false", "getenv", "if", "null", "php", "true"];
        const FEW: &[&str] = &["true", "false", "null"];
        const TERRAFORM: &[&str] =
            &["false", "for_each", "locals", "null", "output", "provider", "resource", "true", "variable"];
        let all = match self {
            Self::Script => SCRIPT,
            Self::Sql => return SQL.contains(&word.to_ascii_lowercase().as_str()),
            Self::Php => PHP,
            Self::Json | Self::Settings => FEW,
            Self::Terraform => TERRAFORM,
            Self::Plain => &[],
        };
        all.contains(&word)
    }
}

/// What a piece of the text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ink {
    Plain,
    Comment,
    String,
    Word,
    Number,
    /// The name of a member or setting.
    Name,
}

impl Ink {
    fn colour(self, t: &Tokens) -> Color32 {
        match self {
            Self::Plain => t.text,
            Self::Comment => t.text_subdued,
            Self::String => t.success.text,
            Self::Word | Self::Name => t.accent_text,
            Self::Number => t.warn.text,
        }
    }
}

/// `code` in its inks, in the fixed-width face. Kept from one frame to the next.
pub fn highlighted(ui: &Ui, language: Language, code: &str) -> LayoutJob {
    type Kept = FrameCache<LayoutJob, Painter>;
    let dark = tokens(ui).dark;
    ui.memory_mut(|memory| memory.caches.cache::<Kept>().get((dark, language, code)).clone())
}

#[derive(Default)]
struct Painter;

impl ComputerMut<(bool, Language, &str), LayoutJob> for Painter {
    fn compute(&mut self, (dark, language, code): (bool, Language, &str)) -> LayoutJob {
        let t = if dark { &super::tokens::DARK } else { &super::tokens::LIGHT };
        let mut job = LayoutJob::default();
        for (ink, piece) in pieces(language, code) {
            job.append(piece, 0.0, TextFormat::simple(FontId::monospace(text::MONO), ink.colour(t)));
        }
        job
    }
}

/// The text cut into pieces of one ink each: put together again they are the text.
fn pieces(language: Language, code: &str) -> Vec<(Ink, &str)> {
    let mut all: Vec<(Ink, &str)> = Vec::new();
    let mut rest = code;
    let mut at_line_start = true;
    while !rest.is_empty() {
        let (ink, length) = next(language, rest, at_line_start);
        let (piece, tail) = rest.split_at(length.clamp(first_length(rest), rest.len()));
        if ink != Ink::Plain || !piece.trim().is_empty() {
            at_line_start = false;
        }
        if piece.contains('\n') {
            at_line_start = true;
        }
        match all.last_mut() {
            // Neighbours of one ink are one piece.
            Some((last, text)) if *last == ink => *text = joined(code, text, piece),
            _ => all.push((ink, piece)),
        }
        rest = tail;
    }
    all
}

/// `first` and the `next` after it, as one part of `whole`.
fn joined<'a>(whole: &'a str, first: &'a str, next: &'a str) -> &'a str {
    let begin = first.as_ptr() as usize - whole.as_ptr() as usize;
    whole.get(begin..begin + first.len() + next.len()).unwrap_or(first)
}

fn first_length(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

/// Ink and length in bytes of what `rest` begins with.
fn next(language: Language, rest: &str, at_line_start: bool) -> (Ink, usize) {
    if language == Language::Plain {
        return (Ink::Plain, rest.len());
    }
    if language.line_comments().iter().any(|sign| rest.starts_with(sign))
        && (at_line_start || language != Language::Settings)
    {
        return (Ink::Comment, rest.find('\n').unwrap_or(rest.len()));
    }
    if language.has_blocks() && rest.starts_with("/*") {
        return (Ink::Comment, rest.find("*/").map_or(rest.len(), |end| end + 2));
    }
    let first = rest.chars().next().unwrap_or_default();
    if language.quotes().contains(&first) {
        let length = string_length(rest, first);
        let name =
            language == Language::Json && rest.get(length..).is_some_and(|tail| tail.trim_start().starts_with(':'));
        return (if name { Ink::Name } else { Ink::String }, length);
    }
    if first.is_ascii_digit() {
        let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len());
        return (Ink::Number, length);
    }
    if first.is_alphabetic() || first == '_' || first == '$' {
        let part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let length = rest.find(|c: char| !part(c)).unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or_default();
        let named = language == Language::Settings
            && at_line_start
            && rest.get(length..).is_some_and(|tail| tail.trim_start().starts_with('='));
        let ink = match () {
            () if named => Ink::Name,
            () if language.is_word(word) => Ink::Word,
            () => Ink::Plain,
        };
        return (ink, length);
    }
    (Ink::Plain, first.len_utf8())
}

/// How long the string is that `rest` begins with; one without an end ends with its line, one between backticks with the text.
fn string_length(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\n' if quote != '`' => return at,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inks(language: Language, code: &str) -> Vec<(Ink, String)> {
        let all = pieces(language, code);
        let together: String = all.iter().map(|(_, piece)| *piece).collect();
        assert_eq!(together, code, "nothing is lost or changed");
        all.into_iter().filter(|(ink, _)| *ink != Ink::Plain).map(|(ink, piece)| (ink, piece.to_owned())).collect()
    }

    #[test]
    fn comments_strings_words_and_numbers_are_told_apart() {
        let code = "// the key\nconst a = \"it's // no comment\" + 12; /* b */ let æ = `x\n${y}`;";
        let wanted = [
            (Ink::Comment, "// the key"),
            (Ink::Word, "const"),
            (Ink::String, "\"it's // no comment\""),
            (Ink::Number, "12"),
            (Ink::Comment, "/* b */"),
            (Ink::Word, "let"),
            (Ink::String, "`x\n${y}`"),
        ];
        assert_eq!(inks(Language::Script, code), wanted.map(|(ink, text)| (ink, text.to_owned())));
        let named = inks(Language::Json, r#"{"a": "b", "c": true}"#);
        let wanted = [(Ink::Name, "\"a\""), (Ink::String, "\"b\""), (Ink::Name, "\"c\""), (Ink::Word, "true")];
        assert_eq!(named, wanted.map(|(ink, text)| (ink, text.to_owned())));
        let settings = inks(Language::Settings, "# c\nA_B='x#y'\nU=https://a/#b\n");
        assert_eq!(settings[0], (Ink::Comment, "# c".to_owned()));
        assert!(settings.iter().filter(|(ink, _)| *ink == Ink::Comment).count() == 1, "{settings:?}");
        assert!(settings.contains(&(Ink::Name, "A_B".to_owned())), "{settings:?}");
    }

    #[test]
    fn a_string_or_comment_without_an_end_loses_nothing() {
        for code in ["\"open\nnext", "/* open", "`open\n", "'", "é\"é", "\\", "\"\\"] {
            for language in [Language::Script, Language::Json, Language::Sql, Language::Php, Language::Settings] {
                inks(language, code);
            }
        }
    }

    #[test]
    fn a_language_is_known_by_the_name_of_the_file() {
        for (path, language) in [
            ("app/api/x/route.ts", Language::Script),
            ("components/hero.tsx", Language::Script),
            (".env.local", Language::Settings),
            (".dev.vars", Language::Settings),
            ("supabase/todos.sql", Language::Sql),
            ("wp-config-kinde.php", Language::Php),
            ("cloudflare/main.tf", Language::Terraform),
            ("kinde.json", Language::Json),
            ("notes", Language::Plain),
        ] {
            assert_eq!(Language::of_path(path), language, "{path}");
        }
    }
}
