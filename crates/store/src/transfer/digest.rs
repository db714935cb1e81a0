//! A digest over sessions that does not depend on their order.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// How many bytes a hash has.
const BYTES: usize = 32;

/// The SHA-256 of one line.
pub(super) type LineHash = [u8; BYTES];

/// The sum of the SHA-256 of the lines of all sessions, modulo 2²⁵⁶. Two stores with the same sessions have the same digest, in
/// whatever order the sessions come. A sum and not an exclusive or, in which a line that is there twice would vanish.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SessionDigest([u8; BYTES]);

impl SessionDigest {
    /// Adds the hash of a line.
    pub(super) fn add(&mut self, hash: &LineHash) {
        let mut carry = 0;
        for (sum, byte) in self.0.iter_mut().zip(hash).rev() {
            let total = u16::from(*sum) + u16::from(*byte) + carry;
            [_, *sum] = total.to_be_bytes();
            carry = total >> 8;
        }
    }
}

/// Returns the hash of a line without its end.
pub(super) fn hash(line: &[u8]) -> LineHash {
    Sha256::digest(line).into()
}

impl fmt::Display for SessionDigest {
    /// Writes 64 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl FromStr for SessionDigest {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| ())?;
        bytes.try_into().map(Self).map_err(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(lines: &[&str]) -> SessionDigest {
        let mut digest = SessionDigest::default();
        for line in lines {
            digest.add(&hash(line.as_bytes()));
        }
        digest
    }

    #[test]
    fn the_order_does_not_count_but_the_number_does() {
        assert_eq!(digest(&["a", "b", "c"]), digest(&["c", "a", "b"]));
        assert_ne!(digest(&["a", "b"]), digest(&["a", "c"]));
        assert_ne!(digest(&["a", "a"]), digest(&[]));
        assert_eq!(digest(&["a"]).to_string().parse(), Ok(digest(&["a"])));
    }

    #[test]
    fn it_is_a_sum_modulo_2_to_the_256() {
        let mut digest = SessionDigest([0xff; BYTES]);
        let one = std::array::from_fn(|index| u8::from(index == BYTES - 1));
        digest.add(&one);
        assert_eq!(digest, SessionDigest::default());
        digest.add(&[0xff; BYTES]);
        digest.add(&[0xff; BYTES]);
        assert_eq!(digest.to_string(), format!("{}fe", "ff".repeat(BYTES - 1)));
    }
}
