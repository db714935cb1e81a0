//! Inputs that are almost right: valid ones with a few changes, and now and then anything.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::SECRET;

/// Texts that parsers stumble over.
const PIECES: &[&str] = &[
    "",
    "\0",
    "\n",
    "\r",
    "\t",
    " ",
    "\u{1b}[2J",
    "\u{7f}",
    "\u{85}",
    "\u{202e}",
    "\u{feff}",
    "é",
    "🎲",
    "\u{301}",
    "\"",
    "\"\"",
    "\\",
    "\\\"",
    "\\u0000",
    "\\ud800",
    "\\udc00",
    "'",
    "null",
    "true",
    "false",
    "{}",
    "{",
    "}",
    "[",
    "]",
    "[]",
    ":",
    ",",
    ";",
    "=",
    "&",
    "+",
    "%",
    "%00",
    "%2B",
    "%C3",
    "*",
    "W/",
    "/",
    "//",
    "://",
    "@",
    "#",
    "..",
    "-",
    "_",
    ".",
    "0",
    "-0",
    "1",
    "-1",
    "1.0",
    "1.5",
    "1e2",
    "1e400",
    "1e-400",
    "01",
    "0x10",
    "86400000",
    "86400001",
    "4294967295",
    "4294967296",
    "9007199254740993",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999999999",
    "1970-01-01T00:00:00Z",
    "1969-12-31T23:59:59.999Z",
    "9999-12-31T23:59:59.999Z",
    "+23:59",
    "-23:59",
    "+24:00",
    "23:59:60",
    "Z",
    "z",
    "T",
    "::",
    "::1",
    "[::1]",
    "::ffff:10.0.0.1",
    "10.0.0.0/8",
    "/33",
    "/129",
    "%eth0",
    "localhost",
    ":0",
    ":65536",
    "Bearer ",
    "tst_",
    "tst_0123456789abcdef0123456789abcdef",
    "sess_",
    "sess_550e8400-e29b-41d4-a716-446655440000",
    SECRET,
    "\"opensesame\"",
];

/// A change of an input. Positions count modulo its length.
#[derive(Debug, Clone)]
enum Change {
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Replace(Index, usize, Vec<u8>),
    /// Copies a part to another place.
    Copy(Index, usize, Index),
    Flip(Index, u8),
}

/// Returns byte strings: `seeds` with up to five changes, and one in ten without any likeness.
pub fn bytes(seeds: &'static [&'static [u8]]) -> impl Strategy<Value = Vec<u8>> {
    let changed = (select(seeds), vec(changes(), 0..6))
        .prop_map(|(seed, changes)| changes.iter().fold(seed.to_vec(), apply));
    prop_oneof![9 => changed, 1 => vec(any::<u8>(), 0..200)]
}

/// As [`bytes`], in UTF-8.
pub fn texts(seeds: &'static [&'static str]) -> impl Strategy<Value = String> {
    let changed = (select(seeds), vec(changes(), 0..6)).prop_map(|(seed, changes)| {
        let bytes = changes.iter().fold(seed.as_bytes().to_vec(), apply);
        String::from_utf8_lossy(&bytes).into_owned()
    });
    prop_oneof![9 => changed, 1 => any::<String>()]
}

fn changes() -> impl Strategy<Value = Change> {
    let place = any::<Index>;
    prop_oneof![
        4 => (place(), pieces()).prop_map(|(at, piece)| Change::Insert(at, piece)),
        2 => (place(), 0_usize..40).prop_map(|(at, length)| Change::Remove(at, length)),
        4 => (place(), 0_usize..12, pieces()).prop_map(|(at, length, piece)| Change::Replace(at, length, piece)),
        1 => (place(), 0_usize..60, place()).prop_map(|(at, length, to)| Change::Copy(at, length, to)),
        1 => (place(), any::<u8>()).prop_map(|(at, bits)| Change::Flip(at, bits)),
    ]
}

fn pieces() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        12 => select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => (select(PIECES), 1_usize..300).prop_map(|(piece, count)| piece.as_bytes().repeat(count)),
        2 => vec(any::<u8>(), 0..4),
    ]
}

fn apply(mut bytes: Vec<u8>, change: &Change) -> Vec<u8> {
    let end = |start: usize, length: &usize, bytes: &[u8]| bytes.len().min(start + length);
    match change {
        Change::Insert(at, piece) => {
            let at = at.index(bytes.len() + 1);
            bytes.splice(at..at, piece.iter().copied());
        }
        Change::Remove(at, length) => {
            let start = at.index(bytes.len() + 1);
            bytes.drain(start..end(start, length, &bytes));
        }
        Change::Replace(at, length, piece) => {
            let start = at.index(bytes.len() + 1);
            bytes.splice(start..end(start, length, &bytes), piece.iter().copied());
        }
        Change::Copy(at, length, to) => {
            let (start, to) = (at.index(bytes.len() + 1), to.index(bytes.len() + 1));
            let part = bytes[start..end(start, length, &bytes)].to_vec();
            bytes.splice(to..to, part);
        }
        Change::Flip(at, bits) => {
            let at = at.index(bytes.len().max(1));
            bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= bits);
        }
    }
    bytes
}
