//! Any sequence of pauses, resumptions, rates, stops and withdrawals, by several servers whose clocks differ, at any times: every
//! state that was handed out agrees with the plain computation at every instant at which it was said to be settled.

use proptest::collection::vec;
use proptest::prelude::*;
use tickseed_promises::{Act, Change, Deed, Fault, Kind, Random, Rule, Setup, TICKS, Timing, run_acts};

fn timing() -> impl Strategy<Value = Timing> {
    prop_oneof![
        3 => Just(None),
        2 => (-100_i64..100).prop_map(Some),
        2 => (-2_000_i64..20_000).prop_map(Some),
    ]
}

fn kind() -> impl Strategy<Value = Kind> {
    let ticks = || proptest::sample::select(TICKS.as_slice());
    prop_oneof![
        Just(Kind::Pause),
        proptest::option::of(ticks()).prop_map(Kind::Resume),
        ticks().prop_map(Kind::Rate),
        Just(Kind::Withdraw),
    ]
}

fn deed() -> impl Strategy<Value = Deed> {
    let change = (kind(), timing(), any::<bool>());
    prop_oneof![
        10 => Just(Deed::Find),
        10 => proptest::option::of(-2_000_i64..20_000).prop_map(Deed::State),
        10 => change.prop_map(|(kind, when, replace_later)| {
            Deed::Change(Change { kind, when, replace_later })
        }),
        1 => timing().prop_map(Deed::Stop),
        1 => (0_i64..2_000_000).prop_map(Deed::Kill),
        1 => Just(Deed::SetClock),
        1 => Just(Deed::Disturb),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let patience_us = prop_oneof![9 => Just(20_000_000), 1 => 0_i64..2_000_000];
    (0_i64..500_000, 0_usize..3, patience_us, deed()).prop_map(|(after_us, server, patience_us, deed)| Act {
        after_us,
        server,
        patience_us,
        deed,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_state_agrees_wherever_it_was_settled(
        rule in proptest::sample::select(Rule::ALL.as_slice()),
        seed in any::<u64>(),
        acts in vec(act(), 1..120),
    ) {
        let mut random = Random::new(seed);
        let setup = Setup::choose(rule, Fault::None, &mut random);
        let servers = setup.servers;
        let acts = acts.into_iter().map(|act| Act { server: act.server % servers, ..act }).collect();
        let outcome = run_acts(setup, random.bits(), acts);
        prop_assert!(outcome.broken == 0 && outcome.wrong_states == 0, "{:?}", outcome.first_broken);
    }
}
