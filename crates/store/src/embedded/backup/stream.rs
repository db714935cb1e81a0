//! The form in which a server hands a copy out: a line with its size, then frames. A frame is the number of a table and two lengths,
//! in 1, 4 and 4 bytes, big-endian, then a key and a value. The last frame has no table, and its value says what failed, if anything
//! has.

use std::io::{self, BufRead, ErrorKind, Read, Write};

use serde::{Deserialize, Serialize};

use super::entries::{Entry, ReadFailure};
use super::{BackupError, Size};

/// The version of this form.
const VERSION: u32 = 1;

/// What stands for a table in the last frame.
const END: u8 = u8::MAX;

/// The longest key or value, in bytes. No server writes a tenth of it.
const LONGEST: u32 = 16 << 20;

/// What a client says first.
pub(super) const REQUEST: &str = "backup\n";

#[derive(Serialize, Deserialize)]
struct Head {
    version: u32,
    entries: u64,
    sessions: u64,
    bytes: u64,
}

/// Why a copy cannot be handed over.
#[derive(Debug, thiserror::Error)]
pub(super) enum StreamError {
    #[error("the connection between the server and this program broke")]
    Connection(#[from] io::Error),
    #[error("the server could not read its store: {0}")]
    Server(String),
    #[error("the server speaks another version of this form: {0}, and this program speaks {VERSION}")]
    Version(u32),
    #[error(transparent)]
    Read(#[from] ReadFailure),
}

/// Writes the line with the size.
pub(super) fn write_head(output: &mut impl Write, size: Size) -> io::Result<()> {
    let Size { entries, sessions, bytes } = size;
    let head = serde_json::to_string(&Head { version: VERSION, entries, sessions, bytes })?;
    writeln!(output, "{head}")
}

/// Reads the line with the size.
pub(super) fn read_head(input: &mut impl BufRead) -> Result<Size, StreamError> {
    let mut line = String::new();
    input.take(u64::from(LONGEST)).read_line(&mut line)?;
    let kind = if line.is_empty() { ErrorKind::UnexpectedEof } else { ErrorKind::InvalidData };
    let head: Head = serde_json::from_str(&line).map_err(|_| io::Error::from(kind))?;
    if head.version != VERSION {
        return Err(StreamError::Version(head.version));
    }
    Ok(Size { entries: head.entries, sessions: head.sessions, bytes: head.bytes })
}

/// Writes an entry.
pub(super) fn write_entry(output: &mut impl Write, Entry { table, key, value }: Entry<'_>) -> io::Result<()> {
    let length =
        |bytes: &[u8]| u32::try_from(bytes.len()).map_err(|_| io::Error::from(ErrorKind::InvalidData));
    output.write_all(&[table])?;
    output.write_all(&length(key)?.to_be_bytes())?;
    output.write_all(&length(value)?.to_be_bytes())?;
    output.write_all(key)?;
    output.write_all(value)
}

/// Writes the last frame: what failed, or nothing.
pub(super) fn write_end(output: &mut impl Write, failure: &str) -> io::Result<()> {
    write_entry(output, Entry { table: END, key: &[], value: failure.as_bytes() })?;
    output.flush()
}

/// Calls `each` with every entry up to the last frame.
pub(super) fn read_entries(
    input: &mut impl Read,
    each: &mut dyn FnMut(Entry<'_>) -> Result<(), BackupError>,
) -> Result<(), BackupError> {
    let (mut key, mut value) = (Vec::new(), Vec::new());
    loop {
        let table = read_entry(input, &mut key, &mut value).map_err(StreamError::from)?;
        match table {
            END if value.is_empty() => return Ok(()),
            END => return Err(StreamError::Server(String::from_utf8_lossy(&value).into_owned()).into()),
            table => each(Entry { table, key: &key, value: &value })?,
        }
    }
}

fn read_entry(input: &mut impl Read, key: &mut Vec<u8>, value: &mut Vec<u8>) -> io::Result<u8> {
    let (mut table, mut lengths) = ([0], [[0; 4]; 2]);
    input.read_exact(&mut table)?;
    input.read_exact(lengths.as_flattened_mut())?;
    for (length, bytes) in lengths.into_iter().zip([key, value]) {
        let length = u32::from_be_bytes(length);
        if length > LONGEST {
            return Err(ErrorKind::InvalidData.into());
        }
        bytes.resize(length as usize, 0);
        input.read_exact(bytes)?;
    }
    Ok(table[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table, the key and the value of an entry.
    type OwnEntry = (u8, Vec<u8>, Vec<u8>);

    fn read(bytes: &[u8]) -> Result<Vec<OwnEntry>, String> {
        let mut entries = Vec::new();
        let mut each = |Entry { table, key, value }: Entry<'_>| {
            entries.push((table, key.to_vec(), value.to_vec()));
            Ok(())
        };
        let mut input = bytes;
        let size = read_head(&mut input).map_err(|error| error.to_string())?;
        assert_eq!(size, Size { entries: 2, sessions: 1, bytes: 3 });
        read_entries(&mut input, &mut each).map_err(|error| tickseed_session::error_chain(&error))?;
        Ok(entries)
    }

    fn written(failure: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_head(&mut bytes, Size { entries: 2, sessions: 1, bytes: 3 }).unwrap();
        write_entry(&mut bytes, Entry { table: 0, key: b"key", value: b"" }).unwrap();
        write_entry(&mut bytes, Entry { table: 5, key: b"", value: &[7; 300] }).unwrap();
        write_end(&mut bytes, failure).unwrap();
        bytes
    }

    #[test]
    fn what_is_written_is_read() {
        let expected = vec![(0, b"key".to_vec(), Vec::new()), (5, Vec::new(), vec![7; 300])];
        assert_eq!(read(&written("")), Ok(expected));
        assert!(read(&written("the disk is gone")).unwrap_err().contains("the disk is gone"));
    }

    #[test]
    fn nothing_that_is_cut_off_is_taken_for_a_whole_copy() {
        let whole = written("");
        for length in 0..whole.len() {
            assert!(read(&whole[..length]).is_err(), "{length} of {}", whole.len());
        }
    }
}
