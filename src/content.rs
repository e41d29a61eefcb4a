//! What is served as it stands: compressed once, with an entity tag.

use std::{
    borrow::Cow,
    collections::HashMap,
    io::{self, Read, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use xxhash_rust::xxh3::xxh3_64;

/// A file or a page. It is kept in its compressed form alone, which nearly every client takes.
pub struct Content {
    pub media_type: &'static str,
    /// In the format of gzip (RFC 1952).
    pub gzip: Cow<'static, [u8]>,
    /// The same for the same content, in every process of this version.
    pub hash: String,
}

impl Content {
    /// Compresses `bytes`.
    pub fn new(media_type: &'static str, bytes: &[u8]) -> io::Result<Self> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes)?;
        Ok(Self::compressed(media_type, encoder.finish()?.into()))
    }

    /// Of what is compressed already.
    pub fn compressed(media_type: &'static str, gzip: Cow<'static, [u8]>) -> Self {
        Self {
            media_type,
            hash: format!("{:016x}", xxh3_64(&gzip)),
            gzip,
        }
    }

    /// What was compressed.
    pub fn plain(&self) -> io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        GzDecoder::new(&*self.gzip).read_to_end(&mut plain)?;
        Ok(plain)
    }
}

/// What was served so far, by name: each content is made when it is first asked for.
#[derive(Default)]
pub struct Contents(Mutex<HashMap<String, Arc<Content>>>);

impl Contents {
    /// The content `name`, which is that of `make`. Errors: those of `make`.
    pub fn get<E>(
        &self,
        name: &str,
        make: impl FnOnce() -> Result<Content, E>,
    ) -> Result<Arc<Content>, E> {
        if let Some(content) = self.made().get(name) {
            return Ok(content.clone());
        }
        // Two requests at once make it twice, which does no harm; `make` may ask for other content.
        let content = Arc::new(make()?);
        self.made().insert(name.to_owned(), content.clone());
        Ok(content)
    }

    fn made(&self) -> MutexGuard<'_, HashMap<String, Arc<Content>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_made_once_and_comes_back_whole() {
        let contents = Contents::default();
        let text = "Task ".repeat(1000);
        let make = || Content::new("text/plain", text.as_bytes());
        let content = contents.get("a", make).unwrap();
        assert!(content.gzip.len() < 100);
        assert_eq!(content.plain().unwrap(), text.as_bytes());
        let again = contents.get("a", || Err(io::Error::other("made again")));
        assert_eq!(again.unwrap().hash, content.hash);
        let other = Content::new("text/plain", b"Task").unwrap();
        assert_ne!(other.hash, content.hash);
    }
}
