//! Everything that servers have answered in a world, and what became of it.

use std::collections::HashMap;
use std::sync::Arc;

use tickseed_session::{Lookup, ReadySession, ServiceError, Session, StateAnswer, Status};

use crate::plain::Plain;

/// What servers have answered.
#[derive(Default)]
pub(crate) struct Answers {
    /// Each session that was handed out, and until when it was settled.
    leases: Vec<(Arc<ReadySession>, i64)>,
    /// The states that were handed out at instants that were settled.
    states: Vec<(i64, u64, Status)>,
    changes: Changes,
}

/// What became of the changes that the rules of schedules allow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// Written.
    pub made: u64,
    /// Not written by their deadline, and refused for that.
    pub too_late: u64,
    /// Refused because of the clock.
    pub unsure: u64,
    /// Nobody knows.
    pub unanswered: u64,
}

/// What has been seen in one world, or in several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The number of worlds.
    pub worlds: u64,
    /// The answers that were settled until some instant.
    pub leases: u64,
    /// Those of which an instant before that came to be different.
    pub broken: u64,
    /// The states that were handed out at a settled instant.
    pub states: u64,
    /// Those that came to be different.
    pub wrong_states: u64,
    /// The changes.
    pub changes: Changes,
    /// The first promise that was broken.
    pub first_broken: Option<String>,
}

impl Answers {
    pub(crate) fn add(&mut self, lookup: &Lookup) {
        if let Some(settled_until) = lookup.settled_until() {
            self.leases.push((Arc::clone(&lookup.session), settled_until.millis()));
        }
    }

    pub(crate) fn add_state(&mut self, answer: &StateAnswer, lookup: &Lookup) {
        self.add(lookup);
        let instant = answer.computed_at.millis();
        let has_started = instant >= lookup.session.session().schedule.start_at();
        if has_started && lookup.settled_until().is_some_and(|settled_until| instant < settled_until.millis())
        {
            self.states.push((instant, answer.state.step.get(), answer.status));
        }
    }

    pub(crate) fn add_change(&mut self, result: Option<Result<Lookup, ServiceError>>) {
        let changes = &mut self.changes;
        match result {
            Some(Ok(lookup)) => {
                changes.made += 1;
                self.add(&lookup);
            }
            Some(Err(ServiceError::TooLate)) => changes.too_late += 1,
            Some(Err(ServiceError::ClockUnsure)) => changes.unsure += 1,
            None | Some(Err(ServiceError::Store(_) | ServiceError::Contended)) => changes.unanswered += 1,
            // Against the rules.
            Some(Err(_)) => {}
        }
    }

    /// Compares everything with the session at the end, whose schedule has all that has ever taken effect.
    pub(crate) fn compare(self, last: &Session) -> Outcome {
        let last = Plain::of(last);
        let mut outcome = Outcome { worlds: 1, changes: self.changes, ..Outcome::default() };
        let mut answered = HashMap::new();
        for (session, settled_until) in &self.leases {
            let (plain, difference) = answered.entry(Arc::as_ptr(session)).or_insert_with(|| {
                let plain = Plain::of(session.session());
                let difference = plain.first_difference(&last);
                (plain, difference)
            });
            outcome.leases += 1;
            if let Some(difference) = difference.filter(|difference| difference < settled_until) {
                outcome.broken += 1;
                outcome.first_broken.get_or_insert_with(|| {
                    let what = format!("settled until {settled_until}, and different at {difference}");
                    format!("{what}: {plain:?}, at the end {last:?}")
                });
            }
        }
        for (instant, step, status) in self.states {
            outcome.states += 1;
            let (last_step, last_status) = last.seen_at(instant);
            // A session that stops before it starts stays at step 0.
            if (last_step.unwrap_or_default(), last_status) != (step, status) {
                outcome.wrong_states += 1;
                outcome.first_broken.get_or_insert_with(|| {
                    format!("at {instant}: step {step}, {status:?}, and at the end {last:?}")
                });
            }
        }
        outcome
    }
}

impl Outcome {
    /// Returns whether a promise was broken.
    #[must_use]
    pub const fn has_broken(&self) -> bool {
        self.broken > 0 || self.wrong_states > 0
    }

    /// Adds what has been seen in another world.
    pub fn add(&mut self, other: Self) {
        let Self { worlds, leases, broken, states, wrong_states, changes, first_broken } = other;
        self.worlds += worlds;
        self.leases += leases;
        self.broken += broken;
        self.states += states;
        self.wrong_states += wrong_states;
        self.changes.made += changes.made;
        self.changes.too_late += changes.too_late;
        self.changes.unsure += changes.unsure;
        self.changes.unanswered += changes.unanswered;
        if self.first_broken.is_none() {
            self.first_broken = first_broken;
        }
    }
}

impl Changes {
    /// Returns how many there were.
    #[must_use]
    pub const fn asked(&self) -> u64 {
        self.made + self.too_late + self.unsure + self.unanswered
    }
}
