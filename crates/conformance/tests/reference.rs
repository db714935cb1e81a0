//! The reference has the digests recorded for version 1: they are right, and not only the same everywhere.

use tickseed_conformance::reference::Reference;
use tickseed_conformance::{Digest, Order, recorded};

/// More would take too long in a debug build; scripts/determinism covers the rest.
const MOST_STATES: u64 = 10_000;

#[test]
fn the_reference_has_the_digests_recorded_for_version_1() {
    for order in Order::ALL {
        let mut digest = Digest::new(order);
        let mut reference = Reference::new();
        let mut before = 0;
        for (states, expected) in recorded::version_1(order).filter(|(states, _)| *states <= MOST_STATES) {
            digest.advance(&mut reference, states - before);
            assert_eq!(digest.so_far().as_str(), expected, "{order}, {states} states");
            before = states;
        }
        assert_eq!(before, MOST_STATES, "{order}");
    }
}
