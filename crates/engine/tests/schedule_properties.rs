//! Properties that hold for every list of changes.

use proptest::prelude::*;
use tickseed_engine::{
    Change, LAST_INSTANT, Rules, Schedule, Seed, Segment, Status, Step, Timeline, state_at,
};

const MAX_TICK_MS: u32 = Schedule::MAX_TICK_MS;
const MAX_CHANGES: usize = Schedule::MAX_CHANGES as usize;

/// A start, a length of ticks and a valid list of changes.
#[derive(Debug, Clone)]
struct Plan {
    start_at: i64,
    tick_ms: u32,
    changes: Vec<(i64, u32)>,
}

impl Plan {
    /// Makes a valid plan: each wish is a distance to the change before, whether to pause, and a length of ticks. A new length
    /// is moved up to where a tick begins.
    fn new(start_at: i64, tick_ms: u32, wishes: &[(i64, bool, u32)]) -> Self {
        let mut plan = Self { start_at, tick_ms, changes: Vec::new() };
        let (mut at, mut phase, mut rate, mut paused) = (start_at, 0, i64::from(tick_ms), false);
        for (distance, pauses, wish) in wishes {
            let mut next = at + distance;
            let tick = if paused || !pauses { i64::from(*wish) } else { 0 };
            if paused {
                let tick = if phase == 0 { tick } else { rate };
                (rate, paused) = (tick, false);
                plan.changes.push((next, u32::try_from(tick).unwrap()));
            } else if tick == 0 {
                phase = (phase + next - at) % rate;
                paused = true;
                plan.changes.push((next, 0));
            } else if tick != rate {
                next += (rate - (phase + next - at) % rate) % rate;
                (phase, rate) = (0, tick);
                plan.changes.push((next, u32::try_from(tick).unwrap()));
            } else {
                continue;
            }
            if next > LAST_INSTANT {
                plan.changes.pop();
                return plan;
            }
            at = next;
        }
        plan
    }

    fn schedule(&self) -> Schedule<Vec<Segment>> {
        let changes: Vec<Change> =
            self.changes.iter().map(|(at, tick_ms)| Change::new(*at, *tick_ms).unwrap()).collect();
        let segments = vec![Segment::default(); changes.len()];
        Schedule::new(self.start_at, self.tick_ms).unwrap().with_changes(&changes, segments).unwrap()
    }

    /// Returns the exact number of ticks at an instant, rounded down once at the end: for each length, the time for which the
    /// session has run with it.
    fn step_at(&self, now: i64) -> Option<u64> {
        let (mut at, mut rate, mut is_running) = (self.start_at, i64::from(self.tick_ms), true);
        let (mut ticks, mut run) = (0, 0);
        let end = (now, 0);
        for (next, tick) in self.changes.iter().filter(|change| change.0 <= now).chain([&end]) {
            run += if is_running { next - at } else { 0 };
            let tick = i64::from(*tick);
            if tick != 0 && tick != rate {
                assert_eq!(run % rate, 0, "a new length begins where a tick begins");
                ticks += run / rate;
                (run, rate) = (0, tick);
            }
            (at, is_running) = (*next, tick != 0);
        }
        (self.start_at <= now).then(|| (ticks + run / rate).unsigned_abs())
    }
}

prop_compose! {
    fn plans()(
        start_at in prop_oneof![Just(0), 0..10_000_i64, 0..=LAST_INSTANT],
        scale in 0..38_u32,
    )(
        start_at in Just(start_at),
        tick_ms in prop_oneof![Just(1), 1..300_u32, 1..=MAX_TICK_MS, Just(MAX_TICK_MS)],
        wishes in prop::collection::vec(
            (1..=(1_i64 << scale), any::<bool>(), prop_oneof![1..5_u32, 1..300_u32, 1..=MAX_TICK_MS]),
            0..=MAX_CHANGES,
        ),
    ) -> Plan {
        Plan::new(start_at, tick_ms, &wishes)
    }
}

/// Returns instants near all borders of a plan and anywhere else.
fn instants(plan: &Plan, any: &[i64]) -> Vec<i64> {
    let last = plan.changes.last().map_or(plan.start_at, |change| change.0);
    let span = last - plan.start_at + 2 * i64::from(plan.tick_ms);
    let borders = plan.changes.iter().map(|change| change.0).chain([plan.start_at]);
    let near = borders.flat_map(|at| [at - 1, at, at + 1]);
    let within = any.iter().map(|any| plan.start_at + any % (span + 1));
    near.chain(within)
        .chain(any.iter().copied())
        .chain([0, LAST_INSTANT])
        .filter(|now| (0..=LAST_INSTANT).contains(now))
        .collect()
}

proptest! {
    #[test]
    fn a_step_is_the_exact_number_of_ticks(plan in plans(), any in prop::collection::vec(0..=LAST_INSTANT, 50)) {
        let schedule = plan.schedule();
        for now in instants(&plan, &any) {
            prop_assert_eq!(schedule.step_at(now).unwrap().map(Step::get), plan.step_at(now), "at {}", now);
        }
    }

    #[test]
    fn the_status_is_that_of_the_last_change(plan in plans(), any in prop::collection::vec(0..=LAST_INSTANT, 50)) {
        let schedule = plan.schedule();
        for now in instants(&plan, &any) {
            let last = plan.changes.iter().rev().find(|change| change.0 <= now);
            let is_paused = last.is_some_and(|change| change.1 == 0);
            prop_assert_eq!(schedule.status_at(now).unwrap() == Status::Paused, is_paused, "at {}", now);
        }
    }

    #[test]
    fn a_step_begins_at_its_time(plan in plans(), any in prop::collection::vec(0..=LAST_INSTANT, 50)) {
        let schedule = plan.schedule();
        for now in instants(&plan, &any) {
            let Some(step) = schedule.step_at(now).unwrap() else { continue };
            let begins = schedule.time_of(step).unwrap();
            prop_assert!(begins <= now);
            prop_assert_eq!(schedule.step_at(begins).unwrap(), Some(step));
            if begins > 0 {
                let before = schedule.step_at(begins - 1).unwrap();
                prop_assert_eq!(before.map(Step::get), step.get().checked_sub(1));
            }
        }
    }

    #[test]
    fn a_step_has_a_time_up_to_the_last_one(plan in plans(), any in 0..=Step::MAX.get()) {
        let schedule = plan.schedule();
        let last = schedule.last_step();
        prop_assert_eq!(schedule.step_at(LAST_INSTANT).unwrap(), Some(last));
        prop_assert!(schedule.time_of(last).is_ok());
        let any = Step::new(any).unwrap();
        prop_assert_eq!(schedule.time_of(any).is_ok(), any <= last);
        if let Ok(next) = Step::new(last.get() + 1) {
            prop_assert!(schedule.time_of(next).is_err());
        }
    }

    #[test]
    fn a_timeline_answers_as_a_fresh_one_in_any_order(
        plan in plans(),
        any in prop::collection::vec(0..=LAST_INSTANT, 20),
        order in any::<u64>(),
    ) {
        let (seed, rules) = (Seed::new("a seed").unwrap(), Rules::default());
        let schedule = plan.schedule();
        let plain = Schedule::new(plan.start_at, plan.tick_ms).unwrap();
        let mut timeline = Timeline::new(&seed, rules);
        let mut instants = instants(&plan, &any);
        instants.sort_by_key(|now| (now.unsigned_abs() + 1).wrapping_mul(order | 1));
        for now in instants.iter().take(100) {
            prop_assert_eq!(timeline.state_at(&schedule, *now), state_at(&seed, &rules, &schedule, *now));
            // A timeline may also be asked about other schedules in between.
            prop_assert_eq!(timeline.state_at(&plain, *now), state_at(&seed, &rules, &plain, *now));
        }
    }

    #[test]
    fn no_list_panics(
        start_at in 0..=LAST_INSTANT,
        tick_ms in 1..=MAX_TICK_MS,
        changes in prop::collection::vec((any::<i64>(), any::<u32>()), 0..300),
        near in prop::collection::vec((0..2_000_i64, 0..4_u32), 0..300),
        now in any::<i64>(),
        step in any::<u64>(),
    ) {
        let near = near.into_iter().map(|(after, tick_ms)| (start_at.saturating_add(after), tick_ms));
        for changes in [changes, near.collect()] {
            let changes: Vec<Change> =
                changes.into_iter().filter_map(|(at, tick_ms)| Change::new(at, tick_ms).ok()).collect();
            let segments = vec![Segment::default(); changes.len()];
            let plain = Schedule::new(start_at, tick_ms).unwrap();
            if let Ok(schedule) = plain.with_changes(&changes, segments) {
                prop_assert_eq!(schedule.changes().len(), changes.len());
                let _ = (schedule.step_at(now), schedule.status_at(now), schedule.segment_at(now));
                let _ = Step::new(step).map(|step| schedule.time_of(step));
            }
        }
    }
}
