//! Whether an SQLite file is still the one that was opened.

use std::{fs, io, os::unix::fs::MetadataExt, path::PathBuf};

use crate::error::{AppError, UnavailableReason};

/// The file that a path named at some moment. SQLite itself goes on with a file that was deleted or replaced,
/// and all that is written to it then is lost with the last connection.
#[derive(Debug, Clone)]
pub struct DatabaseFile {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

impl DatabaseFile {
    /// The file at `path` as it is now. Errors: there is none.
    pub fn open(path: PathBuf) -> io::Result<Self> {
        let identity = identity(&path)?;
        Ok(Self { path, identity })
    }

    /// Errors: `Unavailable` where the path names no file any more, or another one.
    pub fn check(&self) -> Result<(), AppError> {
        let cause = match identity(&self.path) {
            Ok(identity) if identity == self.identity => return Ok(()),
            Ok(_) => "was replaced: start the service anew".to_owned(),
            Err(error) => format!("is gone: {error}"),
        };
        let path = self.path.display();
        let cause = format!("the database file {path} {cause}");
        Err(AppError::unavailable(UnavailableReason::Lost, cause))
    }
}

fn identity(path: &PathBuf) -> io::Result<(u64, u64)> {
    let metadata = fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deleted_or_replaced_file_is_noticed_and_one_that_came_back_is_good() {
        let folder = tempfile::tempdir().unwrap();
        let (path, aside) = (folder.path().join("a.db"), folder.path().join("aside"));
        assert!(DatabaseFile::open(path.clone()).is_err());
        fs::write(&path, "a").unwrap();
        let file = DatabaseFile::open(path.clone()).unwrap();
        assert!(file.check().is_ok());
        fs::rename(&path, &aside).unwrap();
        assert!(matches!(file.check(), Err(AppError::Unavailable { .. })));
        fs::write(&path, "another").unwrap();
        assert!(matches!(file.check(), Err(AppError::Unavailable { .. })));
        fs::rename(&aside, &path).unwrap();
        assert!(file.check().is_ok());
    }
}
