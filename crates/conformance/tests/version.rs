//! The engine still has the digests recorded for its version.

use tickseed_conformance::linked::Linked;
use tickseed_conformance::{Digest, Engine as _, Order, recorded};

const ADVICE: &str = "Either the engine computes something else, or the digest asks something else. Neither may change: \
    sessions of version 1 must keep their states. A change of behaviour needs a version 2 of the engine beside the first, \
    with a file of its own in crates/conformance/digests. scripts/determinism shows the first state on which the reference \
    implementation disagrees.";

/// More would take too long in a debug build; scripts/determinism covers the rest.
const fn most_states(order: Order) -> u64 {
    match order {
        Order::Scattered | Order::Walk => 100_000,
        Order::Schedules => 10_000,
    }
}

#[test]
fn the_engine_has_the_digests_recorded_for_its_version() {
    assert_eq!(Linked::new().version(), 1, "the file is for version 1");
    for order in Order::ALL {
        let mut engine = Linked::new();
        let mut digest = Digest::new(order);
        let mut before = 0;
        for (states, expected) in
            recorded::version_1(order).filter(|(states, _)| *states <= most_states(order))
        {
            digest.advance(&mut engine, states - before);
            assert_eq!(digest.so_far().as_str(), expected, "{order}, {states} states. {ADVICE}");
            before = states;
        }
        assert_eq!(before, most_states(order), "the file has digests of {order} up to here");
    }
}

#[test]
fn the_files_have_digests_up_to_a_billion_states_and_ten_million_schedules() {
    for (order, last) in [(Order::Scattered, 9), (Order::Walk, 9), (Order::Schedules, 7)] {
        let powers: Vec<u64> = recorded::version_1(order).map(|(states, _)| states).collect();
        assert_eq!(powers, (3..=last).map(|power| 10_u64.pow(power)).collect::<Vec<_>>(), "{order}");
    }
}
