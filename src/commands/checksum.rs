//! The checksum beside a backup, as `sha256sum` writes and reads it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::db::files::beside;

/// The path of the checksum of `file`.
pub fn path(file: &Path) -> PathBuf {
    beside(file, ".sha256")
}

/// The line for a file of this hash, which is named as it is called in its own folder.
pub fn line(hash: &str, file: &Path) -> String {
    let name = file.file_name().unwrap_or_default();
    format!("{hash}  {}\n", name.to_string_lossy())
}

/// The hash that is written beside `file`; `None` where there is none. Errors: it cannot be read.
pub fn read(file: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path(file)) {
        Ok(text) => {
            let hash = text.split(' ').next().unwrap_or_default();
            Ok(Some(hash.to_ascii_lowercase()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
