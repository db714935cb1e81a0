//! No promise is broken, whatever happens; and each rule that is broken on purpose breaks some.

use tickseed_promises::{Fault, Outcome, Rule, run};

/// How many worlds there are over each store. `scripts/simulate-promises` runs many more.
const WORLDS: u64 = 12;

/// How many worlds there are at most until a fault must have broken a promise.
const WORLDS_WITH_FAULT: u64 = 1_000;

fn keeps_its_promises(rule: Rule) {
    let mut total = Outcome::default();
    for seed in 0..WORLDS {
        let outcome = run(rule, Fault::None, seed);
        assert!(
            !outcome.has_broken(),
            "{:?}; run: scripts/simulate-promises --replay {} nothing {seed}",
            outcome.first_broken,
            rule.name()
        );
        total.add(outcome);
    }
    assert!(total.leases > 5_000 && total.states > 100, "{total:?}");
    assert!(total.changes.made > 20, "{total:?}");
}

/// Begins with the seed `first`, to save time: over some store, the first worlds break no promise.
fn breaks_a_promise(fault: Fault, first: u64) {
    for rule in Rule::ALL.into_iter().filter(|rule| fault.must_break(*rule)) {
        let breaks = |seed| run(rule, fault, seed).broken > 0;
        assert!((first..first + WORLDS_WITH_FAULT).any(breaks), "{} over {}", fault.name(), rule.name());
    }
}

#[test]
fn the_embedded_store_keeps_its_promises() {
    keeps_its_promises(Rule::Embedded);
}

#[test]
fn redis_keeps_its_promises() {
    keeps_its_promises(Rule::Redis);
}

#[test]
fn postgres_keeps_its_promises() {
    keeps_its_promises(Rule::Postgres);
}

#[test]
fn cassandra_keeps_its_promises() {
    keeps_its_promises(Rule::Cassandra);
}

#[test]
fn without_the_guard_promises_are_broken() {
    breaks_a_promise(Fault::NoGuard, 25);
}

#[test]
fn with_the_deadline_at_the_change_itself_promises_are_broken() {
    breaks_a_promise(Fault::DeadlineAtChange, 0);
}

#[test]
fn with_clocks_that_are_750_ms_off_promises_are_broken() {
    breaks_a_promise(Fault::FarClocks, 60);
}

#[test]
fn if_the_loss_does_not_count_promises_are_broken() {
    breaks_a_promise(Fault::HiddenLoss, 0);
}

#[test]
fn if_certainty_is_taken_naively_promises_are_broken() {
    breaks_a_promise(Fault::NaiveCertainty, 0);
}

#[test]
fn everything_follows_from_the_seed() {
    for rule in Rule::ALL {
        for seed in 0..3 {
            assert_eq!(run(rule, Fault::None, seed), run(rule, Fault::None, seed), "{rule:?}, {seed}");
        }
    }
}
