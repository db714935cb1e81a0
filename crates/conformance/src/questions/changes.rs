//! Lists of changes, valid or with one change at the end that is not.

use arrayvec::ArrayVec;

use super::random::Random;
use crate::engine::{Change, LAST_INSTANT, Session};

const MAX_TICK_MS: u32 = 86_400_000;
const MAX_CHANGES: u32 = 256;

/// A list of changes, with room for one more than is allowed.
pub(super) type Changes = ArrayVec<Change, { MAX_CHANGES as usize + 1 }>;

/// Makes a list of 0 to 256 changes, and in one of four cases adds one that is invalid.
pub(super) fn changes(random: &mut Random, session: &Session) -> Changes {
    let mut pen = Pen::new(session);
    let count = match random.below(16) {
        0 => MAX_CHANGES,
        1 => MAX_CHANGES - random.below(3),
        _ => random.of_any_size_u32(MAX_CHANGES),
    };
    // The lengths of a list's segments are of about the same magnitude.
    let longest = random.of_any_size(LAST_INSTANT - session.start_at) / u64::from(count.max(1));
    for _ in 0..count {
        let distance = 1 + random.up_to(longest);
        if !pen.write(random, distance) {
            break;
        }
    }
    if random.below(4) == 0 {
        let change = pen.invalid_change(random);
        pen.changes.push(change);
    }
    pen.changes
}

/// Writes changes that are valid, and knows where the list has arrived.
struct Pen {
    changes: Changes,
    /// The instant of the last change, or the start.
    at: u64,
    /// How much of a tick has passed by then.
    phase: u64,
    /// The length of a tick, or of the one that a pause interrupted.
    rate: u32,
    is_paused: bool,
}

impl Pen {
    fn new(session: &Session) -> Self {
        Self {
            changes: Changes::new(),
            at: session.start_at,
            phase: 0,
            rate: session.tick_ms,
            is_paused: false,
        }
    }

    /// Writes a pause, its end or a new rate, at this distance from the last change or a little more. Returns `false` if the
    /// change would lie past the last instant.
    fn write(&mut self, random: &mut Random, distance: u64) -> bool {
        let tick_ms = self.next_tick(random);
        let mut at = self.at + distance;
        let mut phase = self.phase_after(distance);
        if tick_ms != 0 && tick_ms != self.rate && phase != 0 {
            at += u64::from(self.rate) - phase;
            phase = 0;
        }
        if at > LAST_INSTANT {
            return false;
        }
        self.changes.push(Change { at, tick_ms });
        (self.at, self.phase, self.is_paused) = (at, phase, tick_ms == 0);
        if tick_ms != 0 {
            self.rate = tick_ms;
        }
        true
    }

    /// Chooses what the next change does. Half of them pause a session that is running, or continue one that is paused.
    fn next_tick(&self, random: &mut Random) -> u32 {
        let is_within_tick = self.phase != 0;
        let other = other_rate(random, self.rate);
        match (self.is_paused, random.below(2)) {
            (false, 0) => 0,
            (true, 0) => self.rate,
            (true, _) if is_within_tick => self.rate,
            _ => other,
        }
    }

    fn phase_after(&self, distance: u64) -> u64 {
        if self.is_paused { self.phase } else { (self.phase + distance) % u64::from(self.rate) }
    }

    /// Makes a change that cannot follow those before it, whichever rule it breaks.
    fn invalid_change(&self, random: &mut Random) -> Change {
        let distance = 1 + random.of_any_size(100_000_000);
        let now = if self.is_paused { 0 } else { self.rate };
        let other = other_rate(random, self.rate);
        match random.below(8) {
            0 => Change { at: self.at, tick_ms: other },
            1 => Change { at: self.at.saturating_sub(distance), tick_ms: now },
            2 => Change { at: LAST_INSTANT + distance, tick_ms: other },
            3 => Change {
                at: self.at + distance,
                tick_ms: MAX_TICK_MS + 1 + random.of_any_size_u32(1_000_000),
            },
            4 | 5 => Change { at: self.at + distance, tick_ms: now },
            _ => self.change_within_tick(distance, other),
        }
    }

    /// Makes a change to another rate 1 ms after a tick begins, or wherever a pause interrupted one. Where no such change exists, it
    /// makes one that changes nothing.
    fn change_within_tick(&self, distance: u64, tick_ms: u32) -> Change {
        let at = self.at + distance;
        let phase = self.phase_after(distance);
        if phase != 0 {
            return Change { at, tick_ms };
        }
        if !self.is_paused && self.rate > 1 {
            return Change { at: at + 1, tick_ms };
        }
        Change { at, tick_ms: if self.is_paused { 0 } else { self.rate } }
    }
}

/// Chooses a length of ticks that is not this one.
fn other_rate(random: &mut Random, rate: u32) -> u32 {
    let chosen = match random.below(4) {
        0 => random.one_of(&[1, 2, 16, 50, 100, 1000, MAX_TICK_MS - 1, MAX_TICK_MS]),
        1 => rate / 2,
        _ => 1 + random.of_any_size_u32(MAX_TICK_MS - 1),
    };
    if chosen == 0 || chosen == rate { rate % MAX_TICK_MS + 1 } else { chosen }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::questions::sessions::session;

    fn lists() -> impl Iterator<Item = Changes> {
        (0..20_000).map(|number| {
            let mut random = Random::new(number);
            let session = session(&mut random, number);
            changes(&mut random, &session)
        })
    }

    #[test]
    fn lists_have_every_length() {
        let mut lengths = [0; MAX_CHANGES as usize + 2];
        lists().for_each(|list| lengths[list.len()] += 1);
        assert!(lengths[..=MAX_CHANGES as usize].iter().all(|count| *count > 0), "{lengths:?}");
        assert!(lengths[0] > 100 && lengths[MAX_CHANGES as usize] > 100, "{lengths:?}");
        assert!(lengths[MAX_CHANGES as usize + 1] > 50, "{lengths:?}");
    }

    #[test]
    fn rates_reach_both_ends_of_their_range() {
        for wanted in [0, 1, MAX_TICK_MS, MAX_TICK_MS + 1] {
            assert!(lists().any(|list| list.iter().any(|change| change.tick_ms == wanted)), "{wanted}");
        }
    }
}
