//! Inputs nobody chose: numbers from a fixed generator, for breadth beside the cases picked by hand.

use sha2::{Digest, Sha256};

use super::hexadecimal::hexadecimal;
use super::inputs::rules;
use crate::reference::LAST_STEP;
use crate::vectors::Rules;

/// SHA-256 over a label and a counter. Every kind of case has a label of its own, so that adding cases of one kind
/// leaves the others as they are.
pub(super) struct PseudoRandom {
    label: &'static str,
    counter: u64,
}

impl PseudoRandom {
    pub(super) fn new(label: &'static str) -> Self {
        Self { label, counter: 0 }
    }

    /// A number from 0 to `last`. The remainder prefers small ones a little; for choosing cases that is good enough.
    pub(super) fn up_to(&mut self, last: u64) -> u64 {
        let digest = self.next_digest();
        let mut first_bytes = [0; 8];
        first_bytes.copy_from_slice(&digest[..8]);
        u64::from_le_bytes(first_bytes) % (last + 1)
    }

    /// A number from 0 to `last`, small and large magnitudes alike.
    pub(super) fn of_any_size_up_to(&mut self, last: u64) -> u64 {
        let bits = self.up_to(u64::from(last.checked_ilog2().unwrap_or(0)));
        self.up_to(last >> bits)
    }

    /// The same for numbers that fit in 32 bits.
    pub(super) fn of_any_size_up_to_u32(&mut self, last: u32) -> u32 {
        u32::try_from(self.of_any_size_up_to(u64::from(last))).expect("not above last")
    }

    /// Looks like a UUID, as a server draws it.
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
