//! Text of bounded length, which needs no allocation.

use arrayvec::ArrayString;

/// UTF-8 text of at most `BYTES` bytes.
pub type Text<const BYTES: usize> = ArrayString<BYTES>;
