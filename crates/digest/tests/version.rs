//! The digests of the engine's version are those that were written down when the version was made.

use tickseed_digest::linked::Linked;
use tickseed_digest::{Digest, Engine as _, Order, stored};

const ADVICE: &str = "The engine no longer computes what its version computes, or the digest asks something else. \
    Neither may change: sessions of version 1 must stay what they are. A change of behaviour is version 2 of the engine, \
    beside the first, with a file of its own in crates/digest/digests. scripts/determinism shows the first state that the \
    reference implementation answers otherwise.";

/// More would take a debug build too long; scripts/determinism goes on from here.
const MOST_STATES: u64 = 100_000;

#[test]
fn digests_are_those_of_the_engines_version() {
    assert_eq!(Linked::new().version(), 1, "the file is that of version 1");
    for order in Order::ALL {
        let mut engine = Linked::new();
        let mut digest = Digest::new(order);
        let mut before = 0;
        for (states, expected) in stored::version_1(order).filter(|(states, _)| *states <= MOST_STATES) {
            digest.advance(&mut engine, states - before);
            assert_eq!(digest.so_far().as_str(), expected, "{order}, {states} states. {ADVICE}");
            before = states;
        }
        assert_eq!(before, MOST_STATES, "the file has digests of {order} up to there");
    }
}

#[test]
fn digests_reach_a_billion_states() {
    for order in Order::ALL {
        let powers: Vec<u64> = stored::version_1(order).map(|(states, _)| states).collect();
        assert_eq!(powers, (3..=9).map(|power| 10_u64.pow(power)).collect::<Vec<_>>(), "{order}");
    }
}
