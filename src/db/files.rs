//! Files that are complete or not there, even after a crash.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, ErrorKind, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use tempfile::{Builder, NamedTempFile};

/// Suffix of the file beside a backup that holds its checksum, as `sha256sum` writes and reads it.
pub const CHECKSUM: &str = ".sha256";

/// A file under a hidden name, in the folder of the file that it is to become. It is deleted when dropped, unless it
/// was given its name.
#[derive(Debug)]
pub struct Draft {
    file: NamedTempFile,
    target: PathBuf,
}

impl Draft {
    /// Makes an empty one, which only its owner may read and write. Errors: the folder does not exist, or cannot be
    /// written to.
    pub fn create(target: &Path) -> io::Result<Self> {
        let name = target.file_name().ok_or(ErrorKind::InvalidInput)?;
        let prefix = format!(".{}.partial-", name.to_string_lossy());
        Ok(Self {
            file: Builder::new().prefix(&prefix).tempfile_in(folder(target))?,
            target: target.to_owned(),
        })
    }

    /// The path under its hidden name.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Fills it with `text`.
    pub fn write(&mut self, text: &str) -> io::Result<()> {
        self.file.write_all(text.as_bytes())
    }

    /// Fills it with the bytes of `source` and returns the SHA-256 of the copy in hexadecimal.
    pub fn copy_from(&mut self, source: &Path) -> io::Result<String> {
        io::copy(&mut File::open(source)?, &mut self.file)?;
        sha256(self.path())
    }

    /// Gives it its name once it is on the disk, and replaces the file of that name. On return the name is on the
    /// disk too.
    pub fn replace(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist(&self.target)?;
        sync_folder(&self.target)
    }

    /// As [`Draft::replace`], but replaces no file. Errors: `AlreadyExists`.
    pub fn publish(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist_noclobber(&self.target)?;
        sync_folder(&self.target)
    }

    /// Deletes it, with the journal that SQLite leaves beside it on a full disk.
    pub fn discard(self) {
        let _ = fs::remove_file(beside(self.path(), "-journal"));
    }
}

/// Brings the names in the folder of `path` to the disk.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

/// The SHA-256 of a file's bytes in hexadecimal.
pub fn sha256(path: &Path) -> io::Result<String> {
    let mut file = BufReader::with_capacity(1 << 20, File::open(path)?);
    let mut hasher = Sha256::new();
    loop {
        let bytes = file.fill_buf()?;
        if bytes.is_empty() {
            let hash = hasher.finalize();
            return Ok(hash.iter().map(|byte| format!("{byte:02x}")).collect());
        }
        hasher.update(bytes);
        let read = bytes.len();
        file.consume(read);
    }
}

/// `path` with `suffix` after its name.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The folder that `path` is in.
pub fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_published_draft_replaces_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("copy.db");
        for (text, outcome) in [("first", Ok(())), ("second", Err(ErrorKind::AlreadyExists))] {
            let mut draft = Draft::create(&target).unwrap();
            draft.write(text).unwrap();
            assert_eq!(draft.publish().map_err(|error| error.kind()), outcome);
            assert_eq!(fs::read_to_string(&target).unwrap(), "first");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }
}
