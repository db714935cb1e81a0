//! What the digest asks is really as wide as its documentation says: counted, not read from the generator.

use std::collections::BTreeSet;

use tickseed_digest::linked::Linked;
use tickseed_digest::{Digest, Engine, Order, Round, Session, State};

/// The engine, with notes of what it was asked and what it answered.
#[derive(Default)]
struct Noted {
    engine: Linked,
    notes: Notes,
}

#[derive(Debug, Default)]
struct Notes {
    sessions: u32,
    /// Of the session.
    epoch_length: u64,
    /// Of the session: whether its intervals are of one length.
    constant: bool,
    last_step: u64,
    states: u32,
    breaks: u32,
    /// Of sessions whose intervals are not of one length.
    breaks_drawn: u32,
    neighbours: u32,
    other_epochs: u32,
    /// Steps by their number of bits.
    bits: BTreeSet<u32>,
    before_start: u32,
    instants: u32,
    refused_steps: u32,
    rounds: u32,
    refused_rounds: u32,
    draws: u32,
    channels: BTreeSet<String>,
    words: u32,
    shuffled: BTreeSet<usize>,
    bounds: BTreeSet<u32>,
}

impl Engine for Noted {
    fn version(&mut self) -> u32 {
        self.engine.version()
    }

    fn open(&mut self, session: &Session) {
        let pairs = u64::from(session.rounds_per_epoch / 2);
        self.notes.sessions += 1;
        self.notes.epoch_length = pairs * (2 + u64::from(session.min) + u64::from(session.max));
        self.notes.constant = session.min == session.max;
        self.engine.open(session);
    }

    fn state(&mut self, step: u64) -> State {
        self.notes.states += 1;
        self.notes.bits.insert(64 - step.leading_zeros());
        self.notes.neighbours += u32::from(step.abs_diff(self.notes.last_step) == 1);
        let epoch = |step| (step + 1) / self.notes.epoch_length;
        self.notes.other_epochs += u32::from(epoch(step) != epoch(self.notes.last_step));
        self.notes.last_step = step;
        let state = self.engine.state(step);
        self.notes.breaks += u32::from(state.broken);
        self.notes.breaks_drawn += u32::from(state.broken && !self.notes.constant);
        state
    }

    fn next_break(&mut self, step: u64) -> u64 {
        self.engine.next_break(step)
    }

    fn step_at(&mut self, now: u64) -> Option<u64> {
        let step = self.engine.step_at(now);
        self.notes.instants += 1;
        self.notes.before_start += u32::from(step.is_none());
        step
    }

    fn time_of(&mut self, step: u64) -> Option<u64> {
        let time = self.engine.time_of(step);
        self.notes.refused_steps += u32::from(time.is_none());
        time
    }

    fn round_at(&mut self, round: u64) -> Option<Round> {
        let answer = self.engine.round_at(round);
        self.notes.rounds += 1;
        self.notes.refused_rounds += u32::from(answer.is_none());
        answer
    }

    fn draw(&mut self, step: u64, channel: &str) {
        self.notes.draws += 1;
        self.notes.channels.insert(channel.to_owned());
        self.engine.draw(step, channel);
    }

    fn word(&mut self) -> u32 {
        self.notes.words += 1;
        self.engine.word()
    }

    fn unit(&mut self) -> f64 {
        self.engine.unit()
    }

    fn below(&mut self, n: u32) -> u32 {
        self.notes.bounds.insert(n);
        self.engine.below(n)
    }

    fn shuffle(&mut self, items: &mut [u32]) {
        self.notes.shuffled.insert(items.len());
        self.engine.shuffle(items);
    }
}

fn notes_of(order: Order, states: u64) -> Notes {
    let mut noted = Noted::default();
    Digest::new(order).advance(&mut noted, states);
    noted.notes
}

/// The numbers of one order as the documentation has them.
fn cells(notes: &Notes) -> [String; 8] {
    let pair = |one, other| format!("{}; {}", grouped(one), grouped(other));
    let channels = u32::try_from(notes.channels.len()).expect("not that many");
    [
        grouped(notes.sessions),
        pair(notes.breaks, notes.breaks_drawn),
        grouped(notes.neighbours),
        grouped(notes.other_epochs),
        pair(notes.instants, notes.before_start),
        grouped(notes.refused_steps),
        pair(notes.rounds, notes.refused_rounds),
        pair(notes.draws, channels),
    ]
}

/// 1,000,000
fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| str::from_utf8(group).expect("digits")).collect();
    groups.join(",")
}

#[test]
fn the_documentation_has_the_right_numbers() {
    let names = [
        "sessions",
        "breaks; those of intervals that are not all of one length",
        "steps next to the one before",
        "steps in another epoch than the one before",
        "instants asked about; before the start",
        "steps refused",
        "rounds asked about; refused",
        "draws; channels",
    ];
    let [scattered, walk] = Order::ALL.map(|order| cells(&notes_of(order, 1_000_000)));
    let rows = names.iter().zip(scattered).zip(walk);
    let lines: Vec<String> =
        rows.map(|((name, scattered), walk)| format!("| {name} | {scattered} | {walk} |")).collect();
    let table = lines.join("\n");
    let documentation = include_str!("../../../docs/determinism.md");
    assert!(documentation.contains(&table), "docs/determinism.md should have this:\n{table}");
}

#[test]
fn scattered_states_lie_near_and_far() {
    let notes = notes_of(Order::Scattered, 100_000);
    assert_eq!(notes.sessions, 391);
    // A few more than 100 000: some rounds are chosen by asking for a state.
    assert!((100_000..102_000).contains(&notes.states), "{notes:?}");
    assert!(notes.neighbours > 40_000, "{notes:?}");
    assert!(notes.other_epochs > 15_000, "{notes:?}");
    assert!(notes.breaks_drawn > 2000, "{notes:?}");
    assert!((0..=48).all(|bits| notes.bits.contains(&bits)), "{notes:?}");
}

#[test]
fn scattered_states_bring_instants_rounds_and_draws() {
    let notes = notes_of(Order::Scattered, 100_000);
    assert!(notes.instants > 3000, "{notes:?}");
    assert!(notes.before_start > 500, "{notes:?}");
    assert!(notes.refused_steps > 1000, "{notes:?}");
    assert!(notes.rounds > 6000, "{notes:?}");
    assert!(notes.refused_rounds > 500, "{notes:?}");
    assert!(notes.draws > 4000, "{notes:?}");
    assert!(notes.channels.len() > 1000 && notes.channels.iter().any(|name| !name.is_ascii()), "{notes:?}");
    assert!(notes.words > 10_000, "{notes:?}");
    assert!((0..=52).all(|items| notes.shuffled.contains(&items)), "{notes:?}");
    assert!([1, 1 << 31, u32::MAX].iter().all(|n| notes.bounds.contains(n)), "{notes:?}");
}

#[test]
fn a_walk_takes_one_step_after_the_other() {
    let notes = notes_of(Order::Walk, 100_000);
    assert_eq!(notes.sessions, 7);
    assert!(notes.neighbours > 99_000, "{notes:?}");
    assert!(notes.other_epochs > 100, "{notes:?}");
    assert!(notes.breaks_drawn > 50, "{notes:?}");
    assert!(notes.instants > 1500 && notes.rounds > 1500 && notes.draws > 1500, "{notes:?}");
}
