//! The digests of the engine's version are those that were written down when the version was made.

use tickseed_digest::linked::Linked;
use tickseed_digest::{Digest, Engine as _, Order};

const VERSION_1: &str = include_str!("../digests/v1.txt");

const ADVICE: &str = "The engine no longer computes what its version computes, or the digest asks something else. \
    Neither may change: sessions of version 1 must stay what they are. A change of behaviour is version 2 of the engine, \
    beside the first, with a file of its own in crates/digest/digests. To find the first state that differs, run \
    scripts/determinism in a clone from before the change and in this one.";

/// More would take a debug build too long; scripts/determinism goes on from here.
const MOST_STATES: u64 = 100_000;

/// The lines of the file for one order: states and digest.
fn stored(order: Order) -> impl Iterator<Item = (u64, &'static str)> {
    VERSION_1.lines().filter(|line| !line.starts_with('#')).filter_map(move |line| {
        let words: Vec<&str> = line.split(' ').collect();
        let [of, states, digest] = words.as_slice() else { panic!("not a line of digests: {line}") };
        (*of == order.as_str()).then(|| (states.parse().expect("a number of states"), *digest))
    })
}

fn hexadecimal(bytes: [u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

#[test]
fn digests_are_those_of_the_engines_version() {
    assert_eq!(Linked::new().version(), 1, "the file is that of version 1");
    for order in Order::ALL {
        let mut engine = Linked::new();
        let mut digest = Digest::new(order);
        let mut before = 0;
        for (states, expected) in stored(order).filter(|(states, _)| *states <= MOST_STATES) {
            digest.advance(&mut engine, states - before);
            assert_eq!(hexadecimal(digest.so_far()), expected, "{order}, {states} states. {ADVICE}");
            before = states;
        }
        assert_eq!(before, MOST_STATES, "the file has digests of {order} up to there");
    }
}

#[test]
fn digests_reach_a_billion_states() {
    for order in Order::ALL {
        let powers: Vec<u64> = stored(order).map(|(states, _)| states).collect();
        assert_eq!(powers, (3..=9).map(|power| 10_u64.pow(power)).collect::<Vec<_>>(), "{order}");
    }
}
