//! The digests that were written down for version 1 are those of the reference, too: they are right, not merely the same
//! everywhere.

use tickseed_digest::{Digest, Order, stored};
use tickseed_digest_reference::Reference;

/// More would take a debug build too long; scripts/determinism goes on from here.
const MOST_STATES: u64 = 10_000;

#[test]
fn digests_of_version_1_are_those_of_the_reference() {
    for order in Order::ALL {
        let mut digest = Digest::new(order);
        let mut reference = Reference::new();
        let mut before = 0;
        for (states, expected) in stored::version_1(order).filter(|(states, _)| *states <= MOST_STATES) {
            digest.advance(&mut reference, states - before);
            assert_eq!(digest.so_far().as_str(), expected, "{order}, {states} states");
            before = states;
        }
        assert_eq!(before, MOST_STATES, "{order}");
    }
}
