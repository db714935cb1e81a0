//! One epoch, laid out: where its rounds begin (docs/engine.md, sections 4 and 6).

use core::num::NonZeroU32;

use crate::keys::{EpochSecret, RootKey};
use crate::rules::Rules;
use crate::schedule::Step;
use crate::state::{Round, State};
use crate::uniform::{bounded, shuffle};

const MAX_ROUNDS: usize = Rules::MAX_ROUNDS_PER_EPOCH as usize;

/// The rounds of one epoch, ready to be asked for any position inside it.
#[derive(Clone)]
pub(crate) struct Epoch {
    number: u64,
    /// The first position of the epoch.
    start: u64,
    /// How many positions the epoch lasts.
    length: u32,
    /// K.
    rounds: u32,
    secret: EpochSecret,
    /// Where each round begins, counted from the epoch's start, in the first `rounds` places; the next place holds
    /// `length`, so that a round's end can always be read.
    borders: [u32; MAX_ROUNDS + 1],
    /// The place of the round that was found last. It makes the next answer faster and never another.
    recent_round: u32,
}

impl Epoch {
    /// Lays out epoch number `number`.
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

    /// The number of the epoch that `step` lies in.
    pub(crate) const fn number_of(rules: Rules, step: Step) -> u64 {
        step.position() / rules.epoch_length() as u64
    }

    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    pub(crate) const fn secret(&self) -> &EpochSecret {
        &self.secret
    }

    /// Where in the epoch `step` lies; `None` if it lies in another epoch.
    pub(crate) fn offset_of(&self, step: Step) -> Option<u32> {
        let offset = step.position().checked_sub(self.start)?;
        u32::try_from(offset).ok().filter(|offset| *offset < self.length)
    }

    /// The state of `step`, which lies at `offset`.
    pub(crate) fn state(&mut self, step: Step, offset: u32) -> State {
        let index = self.round_index(offset);
        let value = offset - self.borders[index as usize];
        State { step, value, round: self.round_number(index), broken: value == 0 }
    }

    /// The round that the position at `offset` belongs to.
    pub(crate) fn round_of(&mut self, offset: u32) -> Round {
        let index = self.round_index(offset);
        self.round(index)
    }

    /// The round at place `index` of the epoch, `index` below K. Its first step may lie past the last step there is.
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

    /// The last round that begins at or before `offset`. Neighbouring steps mostly lie in the same round, so the round of
    /// the last answer is tried first.
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

/// The intervals of an epoch: pairs that add up to `min + max`, shuffled. The first K places count.
fn intervals(secret: &EpochSecret, rules: Rules) -> [u32; MAX_ROUNDS] {
    let (min, max) = (rules.break_interval().min(), rules.break_interval().max());
    let choices = NonZeroU32::MIN.saturating_add(max - min);
    let mut words = secret.intervals();
    let mut intervals = [0; MAX_ROUNDS];
    let used = &mut intervals[..rules.rounds_per_epoch() as usize];
    for pair in used.as_chunks_mut::<2>().0 {
        let first = min + bounded(&mut words, choices);
        *pair = [first, min + max - first];
    }
    shuffle(&mut words, used, rules.rounds_per_epoch());
    intervals
}
