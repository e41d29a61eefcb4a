//! The write-ahead log beside an SQLite file, as it lies on the disk (<https://sqlite.org/fileformat2.html>, section 4).

use std::{
    collections::HashMap,
    fs::File,
    io::{self, ErrorKind},
    ops::Range,
    os::unix::fs::FileExt,
    path::Path,
};

use super::files::beside;

const HEADER: u64 = 32;
const FRAME_HEADER: usize = 24;

/// Whether the log holds pages that the file does not. Only where this process has no connection to the file, whose
/// locks would be lost.
pub fn is_ahead(path: &Path) -> io::Result<bool> {
    let (file, log) = (File::open(path)?, File::open(beside(path, "-wal"))?);
    let mut header = [0; HEADER as usize];
    log.read_exact_at(&mut header, 0)?;
    let page_size = word(&header, 8..12)? as usize;
    let pages = committed(&log, part(&header, 16..24)?, page_size)?;
    let (mut in_log, mut in_file) = (vec![0; page_size], vec![0; page_size]);
    for (number, at) in pages {
        log.read_exact_at(&mut in_log, at)?;
        let offset = u64::from(number.saturating_sub(1)) * page_size as u64;
        // A page behind the end of the file is not in it.
        if file.read_exact_at(&mut in_file, offset).is_err() || in_file != in_log {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where in the log the latest committed version of each page is. Frames of an earlier use of the log have
/// other salts.
fn committed(log: &File, salts: &[u8], page_size: usize) -> io::Result<HashMap<u32, u64>> {
    let (mut committed, mut pending) = (HashMap::new(), Vec::new());
    let mut at = HEADER;
    let mut header = [0; FRAME_HEADER];
    while log.read_exact_at(&mut header, at).is_ok() && part(&header, 8..16)? == salts {
        at += FRAME_HEADER as u64;
        pending.push((word(&header, 0..4)?, at));
        // The last frame of a transaction has the size of the database.
        if word(&header, 4..8)? > 0 {
            committed.extend(pending.drain(..));
        }
        at += page_size as u64;
    }
    Ok(committed)
}

fn word(bytes: &[u8], range: Range<usize>) -> io::Result<u32> {
    let word = part(bytes, range)?.try_into();
    word.map(u32::from_be_bytes)
        .map_err(|_| ErrorKind::InvalidData.into())
}

fn part(bytes: &[u8], range: Range<usize>) -> io::Result<&[u8]> {
    bytes.get(range).ok_or(ErrorKind::InvalidData.into())
}
