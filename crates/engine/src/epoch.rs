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
    /// The round found by the last lookup. It speeds up the next lookup and never changes its result.
    recent: Span,
}

/// The positions of one round.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    /// The first position of the round.
    start: u64,
    /// The number of positions in the round.
    length: u64,
    /// The number of the round.
    round: u64,
}

impl Span {
    /// Contains no position.
    const NONE: Self = Self { start: 0, length: 0, round: 0 };

    /// Returns whether the round contains the position of `step`.
    pub(crate) const fn contains(self, step: Step) -> bool {
        // A position before the round wraps to a number that no round is long enough for.
        step.position().wrapping_sub(self.start) < self.length
    }

    /// Returns the state of `step`, which the round contains.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "less than the length of a round, which is at most 1 000 001"
    )]
    pub(crate) const fn state(self, step: Step) -> State {
        let value = step.position().wrapping_sub(self.start) as u32;
        State { step, value, round: self.round, broken: value == 0 }
    }

    /// Returns the round. Its first step may lie past [`Step::MAX`].
    #[expect(clippy::cast_possible_truncation, reason = "the length of a round is at most 1 000 001")]
    pub(crate) const fn round(self) -> Round {
        Round {
            round: self.round,
            first_step: Step::at_position(self.start),
            interval: (self.length - 1) as u32,
            next_break: self.start + self.length - 1,
        }
    }
}

impl Epoch {
    /// Lays out the epoch with the given number.
    pub(crate) fn new(root: &RootKey, rules: Rules, number: u64) -> Self {
        let mut epoch = Self {
            number,
            start: 0,
            length: rules.epoch_length(),
            rounds: rules.rounds_per_epoch(),
            secret: root.epoch_secret(number),
            borders: [0; MAX_ROUNDS + 1],
            recent: Span::NONE,
        };
        epoch.lay_out(rules);
        epoch
    }

    /// Becomes the epoch with the given number. The rules stay the same.
    pub(crate) fn enter(&mut self, root: &RootKey, rules: Rules, number: u64) {
        self.number = number;
        self.secret = root.epoch_secret(number);
        self.lay_out(rules);
    }

    fn lay_out(&mut self, rules: Rules) {
        self.start = self.number * u64::from(self.length);
        self.recent = Span::NONE;
        // The first entry is always 0, and the entries behind the last round are never read.
        let later = &mut self.borders[1..=self.rounds as usize];
        draw_intervals(&self.secret, rules, later);
        let mut border = 0;
        for entry in later {
            border += 1 + *entry;
            *entry = border;
        }
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

    /// Returns the round of the last lookup. Consecutive steps usually share a round.
    pub(crate) const fn recent(&self) -> Span {
        self.recent
    }

    /// Looks up the round that contains the position at `offset`.
    pub(crate) fn look_up(&mut self, offset: u32) -> Span {
        self.recent = self.span(self.round_index(offset));
        self.recent
    }

    /// Returns the positions of the round at `index`, which must be below K.
    pub(crate) fn span(&self, index: u32) -> Span {
        let (from, to) = (self.borders[index as usize], self.borders[index as usize + 1]);
        Span {
            start: self.start + u64::from(from),
            length: u64::from(to - from),
            round: self.number * u64::from(self.rounds) + u64::from(index),
        }
    }

    /// Returns the index of the last round that begins at or before `offset`.
    fn round_index(&self, offset: u32) -> u32 {
        let (mut index, mut rest) = (0, self.rounds);
        // Halves the rest the same number of times for every offset, so that no branch of it can be guessed wrongly.
        while rest > 1 {
            let half = rest / 2;
            index += if self.borders[(index + half) as usize] <= offset { half } else { 0 };
            rest -= half;
        }
        index
    }
}

/// Draws the intervals of an epoch, one for each round: shuffled pairs that add up to `min + max`.
fn draw_intervals(secret: &EpochSecret, rules: Rules, intervals: &mut [u32]) {
    let (min, max) = (rules.break_interval().min(), rules.break_interval().max());
    let choices = NonZeroU32::MIN.saturating_add(max - min);
    let mut words = secret.intervals();
    for pair in intervals.chunks_exact_mut(2) {
        let first = min + bounded(&mut words, choices);
        pair.copy_from_slice(&[first, min + max - first]);
    }
    shuffle(&mut words, intervals, rules.rounds_per_epoch());
}
