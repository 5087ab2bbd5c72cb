//! Reads a small file that a person chose or dropped: a `.env`, a token, a certificate.

use std::path::Path;

use crate::error::{Category, UserError};

/// What is chosen is less: more than this is something else.
const LIMIT: u64 = 1024 * 1024;

/// The name of a file, without its folder.
pub(super) fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Reads a file of at most 1 MiB; `wanted` says what it should be.
///
/// # Errors
/// When it is a folder, larger, or cannot be read.
pub(super) async fn read(path: &Path, wanted: &str) -> Result<Vec<u8>, UserError> {
    let refuse = |detail: String, hint: String| {
        let title = format!("{} could not be read", name_of(path));
        Err(UserError::new(Category::File, title).detail(detail).hint(hint))
    };
    match tokio::fs::metadata(path).await {
        Ok(about) if about.is_dir() => {
            return refuse("It is a folder".to_owned(), format!("Choose the {wanted} inside it"));
        }
        Ok(about) if about.len() > LIMIT => {
            return refuse("It is larger than 1 MiB".to_owned(), format!("Choose a smaller file: the {wanted}"));
        }
        Ok(_) => {}
        Err(error) => return refuse(error.to_string(), "Choose it again".to_owned()),
    }
    match tokio::fs::read(path).await {
        Ok(bytes) => Ok(bytes),
        Err(error) => refuse(error.to_string(), "Choose it again".to_owned()),
    }
}
