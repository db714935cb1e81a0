//! A file that redb can open and read although it cannot be written: what redb writes while it opens the file stays in memory.
//!
//! After a failed write redb refuses reads, too, until the file is opened again, and it opens no file that it cannot write.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::ops::{Bound, Range};
use std::path::Path;
use std::sync::{PoisonError, RwLock};

use redb::backends::FileBackend;
use redb::{BackendError, DatabaseError, StorageBackend};

/// How many bytes are kept in memory together once one of them is written.
const BLOCK_LENGTH: usize = 4096;
const BLOCK: u64 = BLOCK_LENGTH as u64;

/// The file as it is on the disk, with changes that are only in memory.
#[derive(Debug)]
pub(super) struct FrozenFile {
    file: FileBackend,
    /// Whether the file could be opened for reading only. Such a file can be locked against writers, but not against readers.
    is_read_only: bool,
    changes: RwLock<Changes>,
}

#[derive(Debug)]
struct Changes {
    /// The length as redb knows it.
    length: u64,
    /// How much of that is in the file. The rest is zeros.
    in_file: u64,
    /// The blocks that redb has written, by number.
    blocks: BTreeMap<u64, Box<[u8]>>,
}

impl FrozenFile {
    /// Opens a file.
    pub(super) fn open(path: &Path) -> Result<Self, DatabaseError> {
        let (file, is_read_only) = match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => (file, false),
            Err(_) => (File::open(path)?, true),
        };
        let length = file.metadata()?.len();
        let changes = Changes { length, in_file: length, blocks: BTreeMap::new() };
        Ok(Self { file: FileBackend::new(file)?, is_read_only, changes: RwLock::new(changes) })
    }

    fn read_from_file(&self, in_file: u64, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let left = usize::try_from(in_file.saturating_sub(offset)).unwrap_or(usize::MAX);
        let (stored, zeros) = out.split_at_mut(left.min(out.len()));
        zeros.fill(0);
        if stored.is_empty() { Ok(()) } else { self.file.read(offset, stored) }
    }
}

const fn within_block(offset: u64) -> usize {
    (offset % BLOCK) as usize
}

/// Splits a range of bytes at the borders of blocks: the number of each block, the part within it, and the part of the range.
fn pieces(offset: u64, length: usize) -> impl Iterator<Item = (u64, Range<usize>, Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = offset + done as u64;
        let within = within_block(at);
        let count = (BLOCK_LENGTH - within).min(length - done);
        let piece = (at / BLOCK, within..within + count, done..done + count);
        done += count;
        (count > 0).then_some(piece)
    })
}

impl StorageBackend for FrozenFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.changes.read().unwrap_or_else(PoisonError::into_inner).length)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let changes = self.changes.read().unwrap_or_else(PoisonError::into_inner);
        if offset + out.len() as u64 > changes.length {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.read_from_file(changes.in_file, offset, out)?;
        for (block, within, part) in pieces(offset, out.len()) {
            if let Some(block) = changes.blocks.get(&block) {
                out[part].copy_from_slice(&block[within]);
            }
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut changes = self.changes.write().unwrap_or_else(PoisonError::into_inner);
        if length < changes.length {
            // What lies behind the end must be zero if redb makes the file longer again.
            drop(changes.blocks.split_off(&length.div_ceil(BLOCK)));
            if let Some(last) = changes.blocks.get_mut(&(length / BLOCK)) {
                last[within_block(length)..].fill(0);
            }
        }
        changes.in_file = changes.in_file.min(length);
        changes.length = length;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut changes = self.changes.write().unwrap_or_else(PoisonError::into_inner);
        let in_file = changes.in_file;
        for (number, within, part) in pieces(offset, data.len()) {
            let block = match changes.blocks.entry(number) {
                Entry::Occupied(block) => block.into_mut(),
                Entry::Vacant(place) => {
                    let mut block = vec![0; BLOCK_LENGTH].into_boxed_slice();
                    self.read_from_file(in_file, number * BLOCK, &mut block)?;
                    place.insert(block)
                }
            };
            block[within].copy_from_slice(&data[part]);
        }
        changes.length = changes.length.max(offset + data.len() as u64);
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        if self.is_read_only {
            return self.file.try_lock_shared_range(start, end);
        }
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_the_file_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let content: Vec<u8> = (0..10_000_u32).map(|number| number.to_le_bytes()[0]).collect();
        std::fs::write(&path, &content).unwrap();
        let (file, mut expected) = (FrozenFile::open(&path).unwrap(), content.clone());
        for (offset, length) in [(4_000, 200), (0, 10), (8_190, 4_100), (9_999, 1)] {
            let data = vec![7; length];
            if expected.len() < offset + length {
                expected.resize(offset + length, 0);
                file.set_len(expected.len() as u64).unwrap();
            }
            file.write(offset as u64, &data).unwrap();
            expected[offset..offset + length].copy_from_slice(&data);
        }
        // What is cut off is zero when the file grows again.
        for length in [8_200, 20_000] {
            file.set_len(length as u64).unwrap();
            expected.resize(length, 0);
        }
        let mut read = vec![1; expected.len()];
        file.read(0, &mut read).unwrap();
        assert_eq!(read, expected);
        assert_eq!(file.len().unwrap(), 20_000);
        assert_eq!(file.read(19_999, &mut [0; 2]).unwrap_err().kind(), ErrorKind::UnexpectedEof);
        assert_eq!(std::fs::read(&path).unwrap(), content);
    }

    /// Unless the user is root, the file can be opened for reading only.
    #[test]
    fn a_database_that_may_not_be_written_is_read_and_stays_as_it_is() {
        use redb::{Database, ReadableDatabase, TableDefinition};
        use std::os::unix::fs::PermissionsExt;
        const TABLE: TableDefinition<u32, u32> = TableDefinition::new("table");
        let folder = tempfile::tempdir().unwrap();
        let (path, killed) = (folder.path().join("used"), folder.path().join("killed"));
        let database = Database::create(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        transaction.open_table(TABLE).unwrap().insert(1, 2).unwrap();
        transaction.commit().unwrap();
        std::fs::copy(&path, &killed).unwrap();
        let content = std::fs::read(&killed).unwrap();
        std::fs::set_permissions(&killed, std::fs::Permissions::from_mode(0o400)).unwrap();

        let frozen = redb::Builder::new().create_with_backend(FrozenFile::open(&killed).unwrap()).unwrap();
        let table = frozen.begin_read().unwrap().open_table(TABLE).unwrap();
        assert_eq!(table.get(1).unwrap().unwrap().value(), 2);
        assert!(redb::Builder::new().open(&killed).is_err(), "nobody else may write it meanwhile");
        drop(frozen);
        assert_eq!(std::fs::read(&killed).unwrap(), content);
    }
}
