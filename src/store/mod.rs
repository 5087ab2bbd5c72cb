//! The data folder: what is kept on disk, and nothing else writes there.
//!
//! The folder is 0700, files in it 0600. A file is written to a temporary one beside it and renamed, with the earlier
//! content left as `.bak`; writers of one file take a lock and read again before they write. Secrets never come here.

pub mod attempts;
mod data_dir;
mod history;
mod journal;
mod json_file;
pub mod key_sets;

pub(crate) use data_dir::write_private;
pub use data_dir::{DataDir, StoreError};
pub use history::HistoryError;
pub use journal::{Entry, Journal};
pub use json_file::JsonFile;
