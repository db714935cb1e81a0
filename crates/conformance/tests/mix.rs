//! The questions are as varied as the documentation says: counted as an engine receives them.

use std::collections::BTreeSet;

use tickseed_conformance::linked::Linked;
use tickseed_conformance::{Change, Digest, Engine, Order, Refusal, Round, Rule, Session, State};

/// The engine, with counts of its questions and answers.
#[derive(Default)]
struct CountingEngine {
    engine: Linked,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    sessions: u32,
    /// The epoch length of the current session.
    epoch_length: u64,
    /// Whether all intervals of the current session are the same length.
    constant: bool,
    last_step: u64,
    states: u32,
    breaks: u32,
    /// Breaks in sessions with intervals of different lengths.
    breaks_drawn: u32,
    neighbours: u32,
    epoch_changes: u32,
    /// The bit lengths of the steps.
    bits: BTreeSet<u32>,
    before_start: u32,
    instants: u32,
    rejected_steps: u32,
    rounds: u32,
    rejected_rounds: u32,
    draws: u32,
    channels: BTreeSet<String>,
    words: u32,
    shuffled: BTreeSet<usize>,
    bounds: BTreeSet<u32>,
    changes: u32,
    /// The numbers of changes in accepted lists.
    lengths: BTreeSet<usize>,
    /// Refused lists, by the number of their rule.
    refused: [u32; 5],
    paused: u32,
}

impl Engine for CountingEngine {
    fn version(&mut self) -> u32 {
        self.engine.version()
    }

    fn open(&mut self, session: &Session) {
        let pairs = u64::from(session.rounds_per_epoch / 2);
        self.counts.sessions += 1;
        self.counts.epoch_length = pairs * (2 + u64::from(session.min) + u64::from(session.max));
        self.counts.constant = session.min == session.max;
        self.engine.open(session);
    }

    fn add_changes(&mut self, changes: &[Change]) -> Result<(), Refusal> {
        let result = self.engine.add_changes(changes);
        match result {
            Ok(()) => _ = self.counts.lengths.insert(changes.len()),
            Err(refusal) => self.counts.refused[refusal.rule as usize] += 1,
        }
        self.counts.changes += u32::try_from(changes.len()).expect("at most 257");
        result
    }

    fn is_paused(&mut self, now: u64) -> bool {
        let is_paused = self.engine.is_paused(now);
        self.counts.paused += u32::from(is_paused);
        is_paused
    }

    fn state(&mut self, step: u64) -> State {
        self.counts.states += 1;
        self.counts.bits.insert(64 - step.leading_zeros());
        self.counts.neighbours += u32::from(step.abs_diff(self.counts.last_step) == 1);
        let epoch = |step| (step + 1) / self.counts.epoch_length;
        self.counts.epoch_changes += u32::from(epoch(step) != epoch(self.counts.last_step));
        self.counts.last_step = step;
        let state = self.engine.state(step);
        self.counts.breaks += u32::from(state.broken);
        self.counts.breaks_drawn += u32::from(state.broken && !self.counts.constant);
        state
    }

    fn next_break(&mut self, step: u64) -> u64 {
        self.engine.next_break(step)
    }

    fn step_at(&mut self, now: u64) -> Option<u64> {
        let step = self.engine.step_at(now);
        self.counts.instants += 1;
        self.counts.before_start += u32::from(step.is_none());
        step
    }

    fn time_of(&mut self, step: u64) -> Option<u64> {
        let time = self.engine.time_of(step);
        self.counts.rejected_steps += u32::from(time.is_none());
        time
    }

    fn round_at(&mut self, round: u64) -> Option<Round> {
        let answer = self.engine.round_at(round);
        self.counts.rounds += 1;
        self.counts.rejected_rounds += u32::from(answer.is_none());
        answer
    }

    fn draw(&mut self, step: u64, channel: &str) {
        self.counts.draws += 1;
        self.counts.channels.insert(channel.to_owned());
        self.engine.draw(step, channel);
    }

    fn word(&mut self) -> u32 {
        self.counts.words += 1;
        self.engine.word()
    }

    fn unit(&mut self) -> f64 {
        self.engine.unit()
    }

    fn below(&mut self, n: u32) -> u32 {
        self.counts.bounds.insert(n);
        self.engine.below(n)
    }

    fn shuffle(&mut self, items: &mut [u32]) {
        self.counts.shuffled.insert(items.len());
        self.engine.shuffle(items);
    }
}

fn counts_of(order: Order, states: u64) -> Counts {
    let mut engine = CountingEngine::default();
    Digest::new(order).advance(&mut engine, states);
    engine.counts
}

/// Formats the counts of scattered states or a walk as the documentation shows them.
fn cells(counts: &Counts) -> [String; 8] {
    let pair = |one, other| format!("{}; {}", grouped(one), grouped(other));
    let channels = u32::try_from(counts.channels.len()).expect("not that many");
    [
        grouped(counts.sessions),
        pair(counts.breaks, counts.breaks_drawn),
        grouped(counts.neighbours),
        grouped(counts.epoch_changes),
        pair(counts.instants, counts.before_start),
        grouped(counts.rejected_steps),
        pair(counts.rounds, counts.rejected_rounds),
        pair(counts.draws, channels),
    ]
}

/// Groups digits by thousands: 1,000,000.
fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| str::from_utf8(group).expect("digits")).collect();
    groups.join(",")
}

#[test]
fn the_documentation_has_the_right_counts() {
    let names = [
        "sessions",
        "breaks; those in sessions with intervals of different lengths",
        "steps next to the previous one",
        "steps in another epoch than the previous one",
        "instants; those before the start",
        "rejected steps",
        "rounds; those rejected",
        "draws; channels",
    ];
    let [scattered, walk] = [Order::Scattered, Order::Walk].map(|order| cells(&counts_of(order, 1_000_000)));
    let rows = names.iter().zip(scattered).zip(walk);
    let lines: Vec<String> =
        rows.map(|((name, scattered), walk)| format!("| {name} | {scattered} | {walk} |")).collect();
    let table = lines.join("\n");
    let documentation = include_str!("../../../docs/determinism.md");
    assert!(documentation.contains(&table), "docs/determinism.md should contain this table:\n{table}");
}

#[test]
fn the_documentation_has_the_right_counts_of_schedules() {
    let counts = counts_of(Order::Schedules, 10_000);
    let of = |rule: Rule| grouped(counts.refused[rule as usize]);
    let rows = [
        ("changes", grouped(counts.changes)),
        ("refused: a number out of range", of(Rule::OutOfRange)),
        ("refused: not later", of(Rule::NotLater)),
        ("refused: no change", of(Rule::NoChange)),
        ("refused: within a tick", of(Rule::WithinTick)),
        ("instants", grouped(counts.instants)),
        ("instants before the start", grouped(counts.before_start)),
        ("instants in a pause", grouped(counts.paused)),
        ("steps without a time", grouped(counts.rejected_steps)),
    ];
    let lines: Vec<String> = rows.iter().map(|(name, count)| format!("| {name} | {count} |")).collect();
    let table = lines.join("\n");
    let documentation = include_str!("../../../docs/determinism.md");
    assert!(documentation.contains(&table), "docs/determinism.md should contain this table:\n{table}");
    assert!([0, 1, 2, 255, 256].iter().all(|length| counts.lengths.contains(length)), "{:?}", counts.lengths);
    assert!(counts.lengths.len() > 200, "{:?}", counts.lengths);
}

#[test]
fn scattered_states_are_near_and_far() {
    let counts = counts_of(Order::Scattered, 100_000);
    assert_eq!(counts.sessions, 391);
    // Slightly more than 100 000, since choosing some rounds takes a state.
    assert!((100_000..102_000).contains(&counts.states), "{counts:?}");
    assert!(counts.neighbours > 40_000, "{counts:?}");
    assert!(counts.epoch_changes > 15_000, "{counts:?}");
    assert!(counts.breaks_drawn > 2000, "{counts:?}");
    assert!((0..=48).all(|bits| counts.bits.contains(&bits)), "{counts:?}");
}

#[test]
fn scattered_states_include_instants_rounds_and_draws() {
    let counts = counts_of(Order::Scattered, 100_000);
    assert!(counts.instants > 3000, "{counts:?}");
    assert!(counts.before_start > 500, "{counts:?}");
    assert!(counts.rejected_steps > 1000, "{counts:?}");
    assert!(counts.rounds > 6000, "{counts:?}");
    assert!(counts.rejected_rounds > 500, "{counts:?}");
    assert!(counts.draws > 4000, "{counts:?}");
    assert!(
        counts.channels.len() > 1000 && counts.channels.iter().any(|name| !name.is_ascii()),
        "{counts:?}"
    );
    assert!(counts.words > 10_000, "{counts:?}");
    assert!((0..=52).all(|items| counts.shuffled.contains(&items)), "{counts:?}");
    assert!([1, 1 << 31, u32::MAX].iter().all(|n| counts.bounds.contains(n)), "{counts:?}");
}

#[test]
fn a_walk_takes_consecutive_steps() {
    let counts = counts_of(Order::Walk, 100_000);
    assert_eq!(counts.sessions, 7);
    assert!(counts.neighbours > 99_000, "{counts:?}");
    assert!(counts.epoch_changes > 100, "{counts:?}");
    assert!(counts.breaks_drawn > 50, "{counts:?}");
    assert!(counts.instants > 1500 && counts.rounds > 1500 && counts.draws > 1500, "{counts:?}");
}
