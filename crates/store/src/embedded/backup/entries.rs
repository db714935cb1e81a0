//! Everything that the file of a store holds, as entries of bytes.

use redb::{
    Database, Key, ReadTransaction, ReadableTable, ReadableTableMetadata, Table, TableDefinition, TableError,
    Value, WriteTransaction,
};

use super::{BackupError, Size};
use crate::embedded::requests::{EXPIRIES as REQUEST_EXPIRIES, EXPIRY_OF, REQUESTS};
use crate::embedded::tables::{EXPIRIES, META, SESSIONS};

/// An entry of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'bytes> {
    /// The number of the table.
    pub(super) table: u8,
    pub(super) key: &'bytes [u8],
    pub(super) value: &'bytes [u8],
}

/// Calls a macro with the number and the definition of every table. A number never changes: two versions may talk to each other.
macro_rules! for_each_table {
    ($with:ident) => {
        $with!(0, SESSIONS);
        $with!(1, EXPIRIES);
        $with!(2, REQUESTS);
        $with!(3, REQUEST_EXPIRIES);
        $with!(4, EXPIRY_OF);
        $with!(5, META);
    };
}

/// The contents of the file at one instant.
pub(super) struct Snapshot {
    transaction: ReadTransaction,
    /// The database, unless somebody else keeps it open. Dropped after the transaction.
    _database: Option<Database>,
}

impl Snapshot {
    pub(super) fn new(transaction: ReadTransaction, database: Option<Database>) -> Self {
        Self { transaction, _database: database }
    }

    /// Returns how much there is. Reads the whole file.
    pub(super) fn size(&self) -> Result<Size, redb::Error> {
        let mut size = Size::default();
        macro_rules! add {
            ($number:literal, $table:ident) => {
                if let Some(table) = open(&self.transaction, $table)? {
                    let stats = table.stats()?;
                    size.entries += table.len()?;
                    size.bytes += stats.stored_bytes() + stats.metadata_bytes() + stats.fragmented_bytes();
                    if $number == 0 {
                        size.sessions = table.len()?;
                    }
                }
            };
        }
        for_each_table!(add);
        Ok(size)
    }

    /// Calls `each` with every entry, table by table, in the order of the keys.
    pub(super) fn for_each<E: From<ReadFailure>>(
        &self,
        each: &mut dyn FnMut(Entry<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        macro_rules! read {
            ($number:literal, $table:ident) => {
                read_table(&self.transaction, $number, $table, each)?;
            };
        }
        for_each_table!(read);
        Ok(())
    }
}

/// redb could not read.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct ReadFailure(#[from] redb::Error);

impl From<ReadFailure> for BackupError {
    fn from(ReadFailure(error): ReadFailure) -> Self {
        Self::Read(error.into())
    }
}

/// Opens a table. A file of an earlier version that could be opened only for reading may not have it.
fn open<K: Key + 'static, V: Value + 'static>(
    transaction: &ReadTransaction,
    table: TableDefinition<'_, K, V>,
) -> Result<Option<redb::ReadOnlyTable<K, V>>, redb::Error> {
    match transaction.open_table(table) {
        Ok(table) => Ok(Some(table)),
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn read_table<K: Key + 'static, V: Value + 'static, E: From<ReadFailure>>(
    transaction: &ReadTransaction,
    number: u8,
    table: TableDefinition<'_, K, V>,
    each: &mut dyn FnMut(Entry<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let failed = |error: redb::StorageError| E::from(ReadFailure(error.into()));
    let Some(table) = open(transaction, table).map_err(|error| E::from(ReadFailure(error)))? else {
        return Ok(());
    };
    for entry in table.iter().map_err(failed)? {
        let (key, value) = entry.map_err(failed)?;
        let (key, value) = (key.value(), value.value());
        let (key, value) = (K::as_bytes(&key), V::as_bytes(&value));
        each(Entry { table: number, key: key.as_ref(), value: value.as_ref() })?;
    }
    Ok(())
}

/// The tables of a copy.
pub(super) struct Tables<'transaction> {
    sessions: Table<'transaction, &'static [u8; 16], &'static [u8]>,
    expiries: Table<'transaction, (i64, &'static [u8; 16]), ()>,
    requests: Table<'transaction, &'static [u8; 32], &'static [u8]>,
    request_expiries: Table<'transaction, (i64, &'static [u8; 32]), ()>,
    expiry_of: Table<'transaction, &'static [u8; 32], i64>,
    meta: Table<'transaction, &'static str, i64>,
}

impl<'transaction> Tables<'transaction> {
    pub(super) fn open(transaction: &'transaction WriteTransaction) -> Result<Self, redb::Error> {
        Ok(Self {
            sessions: transaction.open_table(SESSIONS)?,
            expiries: transaction.open_table(EXPIRIES)?,
            requests: transaction.open_table(REQUESTS)?,
            request_expiries: transaction.open_table(REQUEST_EXPIRIES)?,
            expiry_of: transaction.open_table(EXPIRY_OF)?,
            meta: transaction.open_table(META)?,
        })
    }

    pub(super) fn insert(&mut self, entry: Entry<'_>) -> Result<(), redb::Error> {
        match entry.table {
            0 => insert(&mut self.sessions, entry),
            1 => insert(&mut self.expiries, entry),
            2 => insert(&mut self.requests, entry),
            3 => insert(&mut self.request_expiries, entry),
            4 => insert(&mut self.expiry_of, entry),
            5 => insert(&mut self.meta, entry),
            number => Err(unexpected(format!(
                "there is no table {number}; a later version of the server has sent it"
            ))),
        }
    }
}

fn insert<K: Key + 'static, V: Value + 'static>(
    table: &mut Table<'_, K, V>,
    Entry { table: number, key, value }: Entry<'_>,
) -> Result<(), redb::Error> {
    let has_length = |width: Option<usize>, bytes: &[u8]| width.is_none_or(|width| width == bytes.len());
    // redb would panic.
    if !has_length(K::fixed_width(), key) || !has_length(V::fixed_width(), value) {
        return Err(unexpected(format!("an entry of table {number} has another length than it must have")));
    }
    table.insert(K::from_bytes(key), V::from_bytes(value))?;
    Ok(())
}

fn unexpected(reason: String) -> redb::Error {
    redb::Error::Io(std::io::Error::new(std::io::ErrorKind::InvalidData, reason))
}
