//! What gives the right to change a session, and who created it.

use std::fmt;

use data_encoding::HEXLOWER;
use subtle::ConstantTimeEq;

use crate::KeyName;

/// The SHA-256 of a session's control token. Anyone with the token may change the session; the hash does not reveal it.
///
/// Two hashes are compared in constant time, and the `Debug` form hides the bytes.
#[derive(Clone, Copy, Eq)]
pub struct ControlHash([u8; ControlHash::BYTES]);

/// A text that is not the hash of a control token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 64 hexadecimal digits in lower case")]
pub struct InvalidControlHash;

impl ControlHash {
    /// How many bytes a hash has.
    pub const BYTES: usize = 32;

    /// Takes the SHA-256 of a token.
    #[must_use]
    pub const fn new(sha256: [u8; Self::BYTES]) -> Self {
        Self(sha256)
    }

    /// Reads the hexadecimal form.
    ///
    /// # Errors
    ///
    /// [`InvalidControlHash`] unless the text has 64 hexadecimal digits in lower case.
    pub fn from_hex(text: &str) -> Result<Self, InvalidControlHash> {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| InvalidControlHash)?;
        bytes.try_into().map(Self).map_err(|_| InvalidControlHash)
    }

    /// Returns the hexadecimal form, for the record of a session. Never print it.
    #[must_use]
    pub fn to_hex(self) -> String {
        HEXLOWER.encode(&self.0)
    }
}

impl PartialEq for ControlHash {
    /// Takes the same time wherever the hashes differ.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for ControlHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ControlHash(…)")
    }
}

/// Who creates a session, and what gives the right to change it. Without either, it is a session of a server that asks for no
/// rights.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Creator {
    /// The hash of the session's control token.
    pub control: Option<ControlHash>,
    /// The name of the API key that creates it.
    pub key: Option<KeyName>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";

    #[test]
    fn a_hash_has_one_text() {
        let hash = ControlHash::from_hex(HEX).unwrap();
        assert_eq!(hash.to_hex(), HEX);
        for text in ["", &HEX[1..], &HEX.to_uppercase(), &format!("{HEX}00"), &HEX.replace('0', "g")] {
            assert_eq!(ControlHash::from_hex(text), Err(InvalidControlHash), "{text:?}");
        }
    }

    #[test]
    fn hashes_are_equal_only_if_every_byte_is() {
        let bytes = [7; ControlHash::BYTES];
        assert_eq!(ControlHash::new(bytes), ControlHash::new(bytes));
        for index in 0..ControlHash::BYTES {
            let mut other = bytes;
            other[index] ^= 1;
            assert_ne!(ControlHash::new(bytes), ControlHash::new(other), "{index}");
        }
    }

    #[test]
    fn the_debug_form_hides_the_hash_and_the_name() {
        let creator = Creator { control: ControlHash::from_hex(HEX).ok(), key: KeyName::new("studio").ok() };
        assert_eq!(
            format!("{creator:?}"),
            "Creator { control: Some(ControlHash(…)), key: Some(KeyName(…)) }"
        );
    }
}
