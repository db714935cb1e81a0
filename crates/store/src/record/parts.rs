//! The parts of a record, for texts that hold it.

use super::{FORM_1, FORM_3, NUMBER_LENGTH};

/// A record, taken apart. Together the parts are exactly its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts<'record> {
    pub(crate) form: u8,
    /// From form 2 on. Form 1 has it in its JSON.
    pub(crate) revision: Option<u64>,
    /// In form 3: the write, and the one that it replaces.
    pub(crate) writes: Option<[u64; 2]>,
    pub(crate) json: &'record str,
}

impl<'record> Parts<'record> {
    /// Takes a record apart that this version has written.
    pub(crate) fn of(record: &'record [u8]) -> Option<Self> {
        let (form, mut rest) = record.split_first()?;
        let mut number = || {
            let (number, after) = rest.split_first_chunk::<NUMBER_LENGTH>()?;
            rest = after;
            Some(u64::from_be_bytes(*number))
        };
        let revision = if *form == FORM_1 { None } else { Some(number()?) };
        let writes = if *form == FORM_3 { Some([number()?, number()?]) } else { None };
        Some(Self { form: *form, revision, writes, json: str::from_utf8(rest).ok()? })
    }

    /// Puts the record together again.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let numbers = self.revision.into_iter().chain(self.writes.into_iter().flatten());
        let numbers = numbers.flat_map(u64::to_be_bytes);
        std::iter::once(self.form).chain(numbers).chain(self.json.bytes()).collect()
    }
}
