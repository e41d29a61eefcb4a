//! Files that are there whole or not at all, whatever happens meanwhile.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A file under a hidden name, in the folder of the file that it is to become. It is
/// deleted when dropped, unless it was given its name.
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
    target: PathBuf,
}

impl Draft {
    /// Makes an empty one, which only its owner may read and write. Errors: the folder is not there, or
    /// not to be written to.
    pub fn create(target: &Path) -> io::Result<Self> {
        let name = target.file_name().ok_or(ErrorKind::InvalidInput)?;
        let hidden = format!(
            ".{}.partial-{}",
            name.to_string_lossy(),
            Uuid::new_v4().simple()
        );
        let path = folder(target).join(hidden);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        options.open(&path)?;
        Ok(Self {
            path,
            target: target.to_owned(),
        })
    }

    /// Where it is meanwhile.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Fills it with `text`.
    pub fn write(&self, text: &str) -> io::Result<()> {
        OpenOptions::new()
            .write(true)
            .open(&self.path)?
            .write_all(text.as_bytes())
    }

    /// Fills it with the bytes of `source` and returns their SHA-256 in hexadecimal.
    pub fn copy_from(&self, source: &Path) -> io::Result<String> {
        let mut file = OpenOptions::new().write(true).open(&self.path)?;
        digest(source, |bytes| file.write_all(bytes))
    }

    /// Gives it its name once it is on the disk, in the place of what has that name. On return the name
    /// is on the disk too.
    pub fn replace(self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()?;
        fs::rename(&self.path, &self.target)?;
        sync_folder(&self.target)
    }

    /// As [`Draft::replace`], but replaces no file. Errors: `AlreadyExists`.
    pub fn publish(self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()?;
        give_name(&self.path, &self.target)?;
        sync_folder(&self.target)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // It is not there any more where it was renamed. What fills it may have left a journal.
        let _ = fs::remove_file(&self.path);
        let _ = fs::remove_file(beside(&self.path, "-journal"));
    }
}

/// A second name for a file cannot take another's place, as a renaming would. Some file systems know
/// only one name for each: there, another program that makes the same file at the same moment is not noticed.
fn give_name(path: &Path, target: &Path) -> io::Result<()> {
    match fs::hard_link(path, target) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
        Err(_) if fs::exists(target)? => Err(ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(path, target),
        Ok(()) => Ok(()),
    }
}

/// Brings the names in the folder of `path` to the disk.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

/// The SHA-256 of a file's bytes in hexadecimal.
pub fn sha256(path: &Path) -> io::Result<String> {
    digest(path, |_| Ok(()))
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

fn digest(path: &Path, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        hasher.update(bytes);
        each(bytes)?;
    }
    let hash = hasher.finalize();
    Ok(hash.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    #[test]
    fn a_draft_that_is_given_up_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let draft = Draft::create(&folder.path().join("copy.db")).unwrap();
        // As SQLite leaves it on a full disk.
        fs::write(beside(draft.path(), "-journal"), "x").unwrap();
        assert_eq!(names(folder.path()).len(), 2);
        drop(draft);
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn a_published_draft_replaces_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("copy.db");
        for (text, outcome) in [("first", Ok(())), ("second", Err(ErrorKind::AlreadyExists))] {
            let draft = Draft::create(&target).unwrap();
            draft.write(text).unwrap();
            assert_eq!(draft.publish().map_err(|error| error.kind()), outcome);
            assert_eq!(fs::read_to_string(&target).unwrap(), "first");
            assert_eq!(names(folder.path()), std::slice::from_ref(&target));
        }
    }
}
