//! Inputs from a fixed generator, for more variety than hand-picked cases have.

use sha2::{Digest, Sha256};

use super::hexadecimal::hexadecimal;
use super::inputs::rules;
use crate::reference::LAST_STEP;
use crate::vectors::Rules;

/// Hashes a label and a counter with SHA-256. Each kind of case has its own label, so adding cases of one kind leaves the others
/// unchanged.
pub(super) struct PseudoRandom {
    label: &'static str,
    counter: u64,
}

impl PseudoRandom {
    pub(super) fn new(label: &'static str) -> Self {
        Self { label, counter: 0 }
    }

    /// Returns a number from 0 to `last`. The remainder slightly favours small ones, which does no harm when choosing cases.
    pub(super) fn up_to(&mut self, last: u64) -> u64 {
        let digest = self.next_digest();
        let mut first_bytes = [0; 8];
        first_bytes.copy_from_slice(&digest[..8]);
        u64::from_le_bytes(first_bytes) % (last + 1)
    }

    /// Returns a number from 0 to `last`, with all magnitudes about equally likely.
    pub(super) fn of_any_size_up_to(&mut self, last: u64) -> u64 {
        let bits = self.up_to(u64::from(last.checked_ilog2().unwrap_or(0)));
        self.up_to(last >> bits)
    }

    /// Does the same for 32 bits.
    pub(super) fn of_any_size_up_to_u32(&mut self, last: u32) -> u32 {
        u32::try_from(self.of_any_size_up_to(u64::from(last))).expect("at most `last`")
    }

    /// Returns a seed in the form of a UUID, like those that servers generate.
    pub(super) fn seed(&mut self) -> String {
        let hex = hexadecimal(&self.next_digest()[..16]);
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }

    pub(super) fn rules(&mut self) -> Rules {
        let min = 1 + self.of_any_size_up_to_u32(999_999);
        let max = min + self.of_any_size_up_to_u32(1_000_000 - min);
        let pairs = 1 + self.of_any_size_up_to_u32(127);
        rules(min, max, 2 * pairs)
    }

    pub(super) fn step(&mut self) -> u64 {
        self.of_any_size_up_to(LAST_STEP)
    }

    fn next_digest(&mut self) -> [u8; 32] {
        let mut joined = b"tickseed v1 vectors ".to_vec();
        joined.extend_from_slice(self.label.as_bytes());
        joined.extend_from_slice(&self.counter.to_le_bytes());
        self.counter += 1;
        Sha256::digest(&joined).into()
    }
}
