//! The seed of a session.

use core::fmt;

use crate::error::{Error, Field, check_length};

/// The string that determines every break and every draw of a session: 1 to 128 bytes of UTF-8, used byte for byte.
///
/// Seeds are not normalised: `é` as one character and `é` as `e` with a combining accent are different seeds.
#[derive(Clone, Copy)]
pub struct Seed {
    bytes: [u8; Self::MAX_BYTES],
    /// At most [`Self::MAX_BYTES`].
    len: usize,
}

impl Seed {
    /// The longest seed, in bytes of UTF-8.
    pub const MAX_BYTES: usize = 128;

    /// Creates a seed from a string.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for `seed` if the string is empty or longer than 128 bytes.
    pub fn new(text: &str) -> Result<Self, Error> {
        let text = check_length(Field::Seed, Self::MAX_BYTES, text)?;
        let mut bytes = [0; Self::MAX_BYTES];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self { bytes, len: text.len() })
    }

    /// Returns the bytes of the seed, unchanged.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Returns the seed as a string, unchanged.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // The bytes are an exact copy of a `&str`, so the default is never used.
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

impl PartialEq for Seed {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Seed {}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Seed").field(&self.as_str()).finish()
    }
}
