//! Reads the data files that are compiled in. What they mean is the rooms' to know.

use serde::de::DeserializeOwned;

/// What a TOML `text` holds. By way of plain values: the parser is compiled once, not once for each shape.
///
/// # Errors
/// What does not fit, in the words of the parser. A test of each room reads its own files.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let values: serde_json::Value = toml::from_str(text).map_err(|error| error.to_string())?;
    serde_json::from_value(values).map_err(|error| error.to_string())
}
