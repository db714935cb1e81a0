//! Sections 3, 4 and 8: rounds, found by walking through their epoch.

use super::draw::Draw;
use super::inputs::{InputError, LAST_STEP, Rules, check_channel, check_round_up_to, check_seed, check_step};
use super::intervals::intervals_of_epoch;
use super::keys;
use super::schedule::Schedule;

/// The state of the counter at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// 0-based number of the tick; 0 also before the start.
    pub step: u64,
    /// 0 at a break, then 1, 2, ... up to the round's interval; 0 before the start.
    pub value: u32,
    /// 0-based number of the round.
    pub round: u64,
    /// Whether this is the break that opens the round.
    pub broken: bool,
}

/// The extent of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// The step of the break that opens the round; 0 for round 0, whose break lies before the start.
    pub first_step: u64,
    /// The number of ticks the round counts before it breaks.
    pub interval: u32,
    /// The step at which the counter breaks and the next round begins.
    pub next_break: u64,
}

/// A seed and rules, ready to answer questions about any step.
#[derive(Clone, Debug)]
pub struct Timeline {
    root: [u8; 32],
    rules: Rules,
}

/// A round in positions (section 3): `first_position` is `B_r`, the position of its break.
#[derive(Clone, Copy)]
struct WalkedRound {
    number: u64,
    first_position: u64,
    interval: u32,
}

impl WalkedRound {
    /// `B_(r+1) = B_r + 1 + L_r`
    fn end_position(&self) -> u64 {
        self.first_position + 1 + u64::from(self.interval)
    }

    /// `value(t) = t - B_r`
    fn value(&self, position: u64) -> u32 {
        u32::try_from(position - self.first_position).expect("no value exceeds its interval")
    }

    fn contains(&self, position: u64) -> bool {
        self.first_position <= position && position < self.end_position()
    }
}

impl Timeline {
    /// Creates the timeline of a seed under these rules.
    ///
    /// # Errors
    ///
    /// `seed` is not 1 to 128 bytes of UTF-8.
    pub fn new(seed: &str, rules: Rules) -> Result<Self, InputError> {
        check_seed(seed)?;
        Ok(Self { root: keys::root(seed), rules })
    }

    /// Sections 2 and 3: returns the state at the instant `now`.
    ///
    /// # Errors
    ///
    /// `now` is outside 0 to 253 402 300 799 999 (years 1970 to 9999).
    pub fn state_at(&self, schedule: &Schedule, now: i64) -> Result<State, InputError> {
        match schedule.step_at(now)? {
            None => Ok(State { step: 0, value: 0, round: 0, broken: false }),
            Some(step) => self.state(step),
        }
    }

    /// Section 3: returns the state at a step.
    ///
    /// # Errors
    ///
    /// `step` is above 253 402 300 799 999.
    pub fn state(&self, step: u64) -> Result<State, InputError> {
        check_step(step)?;
        let position = step + 1;
        let round = self.round_of(position);
        let value = round.value(position);
        Ok(State { step, value, round: round.number, broken: value == 0 })
    }

    /// Section 8: returns the step of the break that ends the round of `step`. It is always after `step`, and may lie beyond
    /// the last step.
    ///
    /// # Errors
    ///
    /// `step` is above 253 402 300 799 999.
    pub fn next_break(&self, step: u64) -> Result<u64, InputError> {
        check_step(step)?;
        Ok(self.round_of(step + 1).end_position() - 1)
    }

    /// Section 8: returns the extent of round `round`.
    ///
    /// # Errors
    ///
    /// `round` is after the round of step 253 402 300 799 999, the last step.
    pub fn round_at(&self, round: u64) -> Result<Round, InputError> {
        check_round_up_to(self.last_round(), round)?;
        let walked = self.round_number(round);
        Ok(Round {
            first_step: walked.first_position.saturating_sub(1),
            interval: walked.interval,
            next_break: walked.end_position() - 1,
        })
    }

    /// Returns the number of the round of step 253 402 300 799 999, the last step.
    #[must_use]
    pub fn last_round(&self) -> u64 {
        self.round_of(LAST_STEP + 1).number
    }

    /// Section 5: returns the key made from the seed.
    #[must_use]
    pub fn root(&self) -> [u8; 32] {
        self.root
    }

    /// Section 5: returns the epoch secret.
    #[must_use]
    pub fn epoch_secret(&self, epoch: u64) -> [u8; 32] {
        keys::epoch_secret(&self.root, epoch)
    }

    /// Section 6: returns the intervals of the K rounds of an epoch.
    #[must_use]
    pub fn intervals(&self, epoch: u64) -> Vec<u32> {
        intervals_of_epoch(&self.epoch_secret(epoch), &self.rules)
    }

    /// Section 7: creates a fresh draw for a step and a channel.
    ///
    /// # Errors
    ///
    /// `step` is above 253 402 300 799 999, or `channel` is not 1 to 64 bytes of UTF-8.
    pub fn draw(&self, step: u64, channel: &str) -> Result<Draw, InputError> {
        check_step(step)?;
        check_channel(channel)?;
        let position = step + 1;
        let epoch = position / self.rules.epoch_length();
        let offset = position % self.rules.epoch_length();
        Ok(Draw::new(self.epoch_secret(epoch), offset, channel))
    }

    /// Returns the round with `B_r <= position < B_(r+1)`.
    fn round_of(&self, position: u64) -> WalkedRound {
        let epoch = position / self.rules.epoch_length();
        let rounds = self.rounds_of_epoch(epoch);
        *rounds.iter().find(|round| round.contains(position)).expect("the rounds of an epoch fill it")
    }

    /// Returns a round by number. Round `r` is one of the K rounds of epoch `r / K`.
    fn round_number(&self, number: u64) -> WalkedRound {
        let epoch = number / u64::from(self.rules.rounds_per_epoch());
        let rounds = self.rounds_of_epoch(epoch);
        *rounds.iter().find(|round| round.number == number).expect("an epoch has K rounds")
    }

    /// Section 4: returns the rounds of an epoch, walking from round `e * K` at position `e * E`.
    fn rounds_of_epoch(&self, epoch: u64) -> Vec<WalkedRound> {
        let first_round = epoch * u64::from(self.rules.rounds_per_epoch());
        let mut first_position = epoch * self.rules.epoch_length();
        let mut rounds = Vec::new();
        for (number, interval) in (first_round..).zip(self.intervals(epoch)) {
            let round = WalkedRound { number, first_position, interval };
            rounds.push(round);
            first_position = round.end_position();
        }
        rounds
    }
}
