//! HAR: what a browser or a proxy recorded. Requests that carry a body are taken; of their answers the status alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Deserialize;

use super::lines::item;
use super::source::refused;
use super::{Item, Skipped};
use crate::error::UserError;

#[derive(Deserialize)]
struct Har {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(default)]
    started_date_time: Option<String>,
    request: Request,
    /// As it stands there: nothing that is odd about it makes the request unreadable.
    #[serde(default)]
    response: serde_json::Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    #[serde(default)]
    headers: Vec<Pair>,
    #[serde(default)]
    post_data: Option<PostData>,
}

#[derive(Deserialize)]
struct Pair {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct PostData {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    encoding: Option<String>,
}

/// The requests of a recording. Their lines are the numbers of their entries.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Result<Item, Skipped>>, UserError> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let har: Har = serde_json::from_slice(bytes).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Data => "It is JSON, and no HAR (`log.entries`)",
            serde_json::error::Category::Eof => "It is cut off",
            _ if error.to_string().contains("recursion limit") => "It is nested too deep",
            _ => "It is no JSON",
        };
        refused(&format!("{what}: line {}, character {}", error.line(), error.column()))
    })?;
    let entry = |(index, value): (usize, serde_json::Value)| {
        let skip = |why: String| Skipped { line: index + 1, why: format!("(entry of the recording) {why}") };
        let entry: Entry = serde_json::from_value(value).map_err(|_| skip("it holds no request".to_owned()))?;
        let data = entry.request.post_data.and_then(|data| data.text.map(|text| (text, data.encoding)));
        let Some((text, encoding)) = data.filter(|(text, _)| !text.is_empty()) else {
            return Err(skip("the request has no body".to_owned()));
        };
        let body = match encoding.as_deref() {
            Some("base64") => STANDARD.decode(text).map_err(|_| skip("its body is no base64".to_owned()))?,
            _ => text.into_bytes(),
        };
        let headers = entry.request.headers.into_iter().map(|pair| (pair.name, pair.value)).collect();
        let found = item(headers, body).map_err(skip)?;
        let received_at = entry.started_date_time.and_then(|text| text.parse::<Timestamp>().ok());
        // 0 stands for none (HAR 1.2, as browsers write it).
        let status = entry.response.get("status").and_then(serde_json::Value::as_u64);
        let responded = status.filter(|status| (100..600).contains(status)).and_then(|it| u16::try_from(it).ok());
        Ok(Item { line: index + 1, received_at, responded, ..found })
    };
    Ok(har.log.entries.into_iter().enumerate().map(entry).collect())
}
