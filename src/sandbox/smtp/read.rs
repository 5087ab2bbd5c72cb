//! A message as a person reads it: headers, text, HTML and what is attached. Nothing of it is fetched or run.

use mail_parser::{Message, MessageParser, MimeHeaders as _, PartType};
use serde::{Deserialize, Serialize};

use super::kept::MailView;

/// The most bytes of each text that are told; a whole message may be megabytes of attachments.
const SHOWN: usize = 256 << 10;

/// A message in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailBody {
    /// As in the list.
    pub view: MailView,
    /// Its headers in order, unfolded and decoded: those of this server first.
    pub headers: Vec<(String, String)>,
    /// Its plain text, where it has one.
    pub text: Option<String>,
    /// Its HTML as it was written, where it has some.
    pub html: Option<String>,
    /// The words of that.
    pub html_text: Option<String>,
    /// What is attached.
    pub parts: Vec<MailPart>,
    /// The message as it lies on the wire; what is no text in it is replaced.
    pub raw: String,
    /// A text is longer than what is told of it.
    pub cut: bool,
}

/// Something attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailPart {
    /// Its file name, where it has one.
    pub name: Option<String>,
    /// Its type, for example `image/png`.
    pub content_type: String,
    /// In bytes, decoded.
    pub size: u64,
}

/// The decoded subject of a message.
pub fn subject(raw: &[u8]) -> Option<String> {
    let message = MessageParser::default().parse_headers(raw)?;
    message.subject().map(|subject| subject.chars().take(500).collect())
}

/// Reads a message.
pub fn read(view: MailView, raw: &[u8]) -> MailBody {
    let mut cut = false;
    let mut shorten = |text: String| {
        let end = text.floor_char_boundary(SHOWN);
        cut |= end < text.len();
        text.get(..end).unwrap_or_default().to_owned()
    };
    let Some(message) = MessageParser::default().parse(raw).filter(|message| !message.parts.is_empty()) else {
        let raw = shorten(String::from_utf8_lossy(raw).into_owned());
        return MailBody {
            view,
            headers: Vec::new(),
            text: None,
            html: None,
            html_text: None,
            parts: Vec::new(),
            raw,
            cut,
        };
    };
    let text = bodies(message.text_bodies().map(|part| &part.body), |body| match body {
        PartType::Text(text) => Some(text),
        _ => None,
    });
    let html = bodies(message.html_bodies().map(|part| &part.body), |body| match body {
        PartType::Html(html) => Some(html),
        _ => None,
    });
    MailBody {
        view,
        headers: headers(&message),
        html_text: html.as_deref().map(mail_parser::decoders::html::html_to_text).map(&mut shorten),
        text: text.map(&mut shorten),
        html: html.map(&mut shorten),
        parts: message.attachments().map(part).collect(),
        raw: shorten(String::from_utf8_lossy(raw).into_owned()),
        cut,
    }
}

/// The texts of one kind, one below the other; `None` where there are none.
fn bodies<'a, 'b: 'a>(
    parts: impl Iterator<Item = &'a PartType<'b>>,
    of: impl Fn(&'a PartType<'b>) -> Option<&'a std::borrow::Cow<'b, str>>,
) -> Option<String> {
    let all: Vec<&str> = parts.filter_map(of).map(AsRef::as_ref).collect();
    (!all.is_empty()).then(|| all.join("\n"))
}

fn headers(message: &Message<'_>) -> Vec<(String, String)> {
    let unfold = |text: &str| {
        let text =
            text.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
        if text.contains("=?") { subject(format!("Subject: {text}\r\n\r\n").as_bytes()).unwrap_or(text) } else { text }
    };
    message.headers_raw().map(|(name, value)| (name.to_owned(), unfold(value))).collect()
}

fn part(part: &mail_parser::MessagePart<'_>) -> MailPart {
    let kind = part.content_type().map(|kind| {
        let sub = kind.subtype().map(|sub| format!("/{sub}")).unwrap_or_default();
        format!("{}{sub}", kind.ctype())
    });
    MailPart {
        name: part.attachment_name().map(str::to_owned),
        content_type: kind.unwrap_or_else(|| "text/plain".to_owned()),
        size: part.len() as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> MailView {
        MailView {
            id: 1,
            queue_id: "5ABD".to_owned(),
            received: jiff::Timestamp::UNIX_EPOCH,
            from: String::new(),
            to: Vec::new(),
            subject: None,
            size: 0,
            tls: None,
        }
    }

    #[test]
    fn text_html_headers_and_attachments_are_told_decoded_and_apart() {
        let raw = "From: =?utf-8?Q?Ada_L=C3=B6velace?= <ada@example.com>\r\nSubject: =?utf-8?B?R3LDvMOfZQ==?=\r\n\
            X-Long: one\r\n\ttwo\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n\
            --m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n\
            --a\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nHall=C3=B6, =\r\ndu\r\n\
            --a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><head><style>p {}</style></head><body><p>Hall&ouml; <b>du</b></p></body></html>\r\n--a--\r\n\
            --m\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename=\"dot.png\"\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--m--\r\n";
        let body = read(view(), raw.as_bytes());
        assert_eq!(subject(raw.as_bytes()).as_deref(), Some("Grüße"));
        let header = |name: &str| body.headers.iter().find(|(is, _)| is == name).map(|(_, value)| value.as_str());
        assert_eq!(header("Subject"), Some("Grüße"));
        assert_eq!(header("From"), Some("Ada Lövelace <ada@example.com>"));
        assert_eq!(header("X-Long"), Some("one two"));
        assert_eq!(body.text.as_deref().map(str::trim_end), Some("Hallö, du"));
        assert!(body.html.as_deref().unwrap().contains("<b>du</b>"));
        assert_eq!(body.html_text.as_deref().map(str::trim), Some("Hallö du"));
        let part = MailPart { name: Some("dot.png".to_owned()), content_type: "image/png".to_owned(), size: 3 };
        assert_eq!(body.parts, [part]);
        assert!(!body.cut && body.raw == raw);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_the_reading(
            head in proptest::sample::select(vec![
                "", "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n", "Subject: =?utf-8?Q?", "\r\n\r\n",
                "Content-Transfer-Encoding: base64\r\nContent-Type: text/html\r\n\r\n", "Content-Type: message/rfc822\r\n\r\n",
            ]),
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
            words in "[ -~\r\n=?;:/<>&\\-\"]{0,200}",
        ) {
            for tail in [bytes.as_slice(), words.as_bytes()] {
                let raw = [head.as_bytes(), tail].concat();
                subject(&raw);
                read(view(), &raw);
            }
        }
    }

    #[test]
    fn what_is_no_message_is_told_as_it_is_and_a_long_one_is_cut_and_says_so() {
        let body = read(view(), b"\xff\xfe no header at all");
        assert!(body.raw.ends_with("no header at all") && body.html.is_none(), "{body:?}");
        let long = format!("Subject: x\r\n\r\n{}", "ü".repeat(SHOWN));
        let body = read(view(), long.as_bytes());
        assert!(body.cut && body.raw.len() <= SHOWN && body.text.unwrap().len() <= SHOWN);
        assert_eq!(read(view(), b"").raw, "");
    }
}
