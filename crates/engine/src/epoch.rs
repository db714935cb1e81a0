//! The layout of one epoch: where its rounds begin (docs/engine.md, sections 4 and 6).

use core::num::NonZeroU32;

use crate::keys::{EpochSecret, RootKey};
use crate::rules::Rules;
use crate::state::{Round, State};
use crate::step::Step;
use crate::uniform::{bounded, shuffle};

const MAX_ROUNDS: usize = Rules::MAX_ROUNDS_PER_EPOCH as usize;

/// The rounds of one epoch, laid out for lookup by position.
#[derive(Clone)]
pub(crate) struct Epoch {
    number: u64,
    /// The first position of the epoch.
    start: u64,
    /// The number of positions in the epoch.
    length: u32,
    /// The number of rounds, K.
    rounds: u32,
    secret: EpochSecret,
    /// The offset from the epoch's start at which each round begins. The entry after the last round holds `length`, so
    /// every round has an end.
    borders: [u32; MAX_ROUNDS + 1],
    /// The index of the round found by the last lookup. It speeds up the next lookup and never changes its result.
    recent_round: u32,
}

impl Epoch {
    /// Lays out the epoch with the given number.
    pub(crate) fn new(root: &RootKey, rules: Rules, number: u64) -> Self {
        let secret = root.epoch_secret(number);
        let intervals = intervals(&secret, rules);
        let rounds = rules.rounds_per_epoch();
        let mut borders = [0; MAX_ROUNDS + 1];
        for round in 0..rounds as usize {
            borders[round + 1] = borders[round] + 1 + intervals[round];
        }
        let length = rules.epoch_length();
        Self { number, start: number * u64::from(length), length, rounds, secret, borders, recent_round: 0 }
    }

    /// Returns the number of the epoch that contains `step`.
    pub(crate) const fn number_of(rules: Rules, step: Step) -> u64 {
        step.position() / rules.epoch_length() as u64
    }

    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    pub(crate) const fn secret(&self) -> &EpochSecret {
        &self.secret
    }

    /// Returns the offset of `step` within the epoch, or `None` if the step belongs to another epoch.
    pub(crate) fn offset_of(&self, step: Step) -> Option<u32> {
        let offset = step.position().checked_sub(self.start)?;
        u32::try_from(offset).ok().filter(|offset| *offset < self.length)
    }

    /// Returns the state of `step`, whose offset the caller already knows.
    pub(crate) fn state(&mut self, step: Step, offset: u32) -> State {
        let index = self.round_index(offset);
        let value = offset - self.borders[index as usize];
        State { step, value, round: self.round_number(index), broken: value == 0 }
    }

    /// Returns the round that contains the position at `offset`.
    pub(crate) fn round_of(&mut self, offset: u32) -> Round {
        let index = self.round_index(offset);
        self.round(index)
    }

    /// Returns the round at `index`, which must be below K. Its first step may lie past [`Step::MAX`].
    pub(crate) fn round(&self, index: u32) -> Round {
        let (from, to) = (self.borders[index as usize], self.borders[index as usize + 1]);
        let first_position = self.start + u64::from(from);
        Round {
            round: self.round_number(index),
            first_step: Step::at_position(first_position),
            interval: to - from - 1,
            next_break: self.start + u64::from(to) - 1,
        }
    }

    fn round_number(&self, index: u32) -> u64 {
        self.number * u64::from(self.rounds) + u64::from(index)
    }

    /// Returns the index of the last round that begins at or before `offset`. Consecutive steps usually share a round, so
    /// it tries the most recent one first.
    fn round_index(&mut self, offset: u32) -> u32 {
        let recent = self.recent_round as usize;
        if self.borders[recent] > offset || offset >= self.borders[recent + 1] {
            self.recent_round = self.search_round(offset);
        }
        self.recent_round
    }

    fn search_round(&self, offset: u32) -> u32 {
        let (mut from, mut to) = (0, self.rounds);
        while to - from > 1 {
            let middle = u32::midpoint(from, to);
            if self.borders[middle as usize] <= offset { from = middle } else { to = middle }
        }
        from
    }
}

/// Returns the intervals of an epoch: shuffled pairs that add up to `min + max`. Only the first K entries count.
fn intervals(secret: &EpochSecret, rules: Rules) -> [u32; MAX_ROUNDS] {
    let (min, max) = (rules.break_interval().min(), rules.break_interval().max());
    let choices = NonZeroU32::MIN.saturating_add(max - min);
    let mut words = secret.intervals();
    let mut intervals = [0; MAX_ROUNDS];
    let used = &mut intervals[..rules.rounds_per_epoch() as usize];
    for pair in used.chunks_exact_mut(2) {
        let first = min + bounded(&mut words, choices);
        pair.copy_from_slice(&[first, min + max - first]);
    }
    shuffle(&mut words, used, rules.rounds_per_epoch());
    intervals
}
