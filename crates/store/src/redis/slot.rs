//! The slots that a Redis Cluster divides its keys into.

use crc::{CRC_16_XMODEM, Crc};

/// How many slots a Redis Cluster has.
pub(super) const SLOTS: u16 = 16_384;

/// The checksum that decides about the slot of a key.
const CRC: Crc<u16> = Crc::<u16>::new(&CRC_16_XMODEM);

/// Returns the slot of a key.
pub(super) fn slot_of(key: &str) -> u16 {
    CRC.checksum(hash_tag(key).as_bytes()) % SLOTS
}

/// The part of a key that decides about its slot: the text in braces, or else the whole key.
fn hash_tag(key: &str) -> &str {
    let tag = key.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
    tag.map_or(key, |(tag, _)| tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_slots_that_redis_gives_them() {
        // The output of `redis-cli cluster keyslot`.
        assert_eq!([slot_of("foo"), slot_of("bar"), slot_of("session:{foo}")], [12_182, 5_061, 12_182]);
    }
}
