//! Sessions whose seeds, rules and schedules cover their ranges, including both ends.

use super::random::Random;
use super::texts::{text, uuid};
use crate::engine::{LAST_INSTANT, Session};
use crate::text::Text;

const MAX_TICKS: u32 = 1_000_000;
const MAX_TICK_MS: u32 = 86_400_000;

/// Shortest interval, longest interval and rounds per epoch: the ends of their ranges, and values likely to expose mistakes.
const CHOSEN_RULES: [(u32, u32, u32); 16] = [
    (1, 1, 2),
    (1, 1, 256),
    (1, 2, 2),
    (1, 2, 4),
    (7, 7, 64),
    (3, 10, 4),
    (1, 6, 254),
    (100, 300, 2),
    (100, 300, 256),
    (1, MAX_TICKS, 2),
    (1, MAX_TICKS, 64),
    (1, MAX_TICKS, 256),
    (MAX_TICKS, MAX_TICKS, 2),
    (MAX_TICKS, MAX_TICKS, 256),
    (MAX_TICKS - 1, MAX_TICKS, 254),
    (500_000, 524_287, 32),
];

/// Makes the session of run `number`. Seeds that are not UUIDs go through all lengths every 128 runs.
pub(super) fn session(random: &mut Random, number: u64) -> Session {
    let (min, max, rounds_per_epoch) = rules(random);
    Session {
        seed: seed(random, number),
        start_at: start_at(random),
        tick_ms: tick_ms(random),
        min,
        max,
        rounds_per_epoch,
    }
}

/// One seed in four is a UUID.
fn seed(random: &mut Random, number: u64) -> Text<128> {
    if random.below(4) == 0 { uuid(random) } else { text(random, 1 + (number % 128) as usize) }
}

/// A quarter are the default rules, half come from the list above, a quarter are any rules.
fn rules(random: &mut Random) -> (u32, u32, u32) {
    match random.below(4) {
        0 => (100, 300, 64),
        1 | 2 => random.one_of(&CHOSEN_RULES),
        _ => {
            let min = 1 + random.of_any_size_u32(MAX_TICKS - 1);
            let max = min + random.of_any_size_u32(MAX_TICKS - min);
            (min, max, 2 + 2 * random.of_any_size_u32(127))
        }
    }
}

fn start_at(random: &mut Random) -> u64 {
    match random.below(8) {
        0 => 0,
        1 => LAST_INSTANT,
        2 => LAST_INSTANT - random.of_any_size(LAST_INSTANT),
        // Between 2023 and 2033, when real sessions start.
        3..=5 => 1_700_000_000_000 + random.up_to(316_000_000_000),
        _ => random.of_any_size(LAST_INSTANT),
    }
}

fn tick_ms(random: &mut Random) -> u32 {
    match random.below(4) {
        0 => random.one_of(&[1, 2, 3, 7, 16, 1000, 65_536, MAX_TICK_MS - 1, MAX_TICK_MS]),
        1 => 100,
        _ => 1 + random.of_any_size_u32(MAX_TICK_MS - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions() -> impl Iterator<Item = Session> {
        (0..20_000).map(|number| session(&mut Random::new(number), number))
    }

    #[test]
    fn sessions_stay_within_their_ranges() {
        for session in sessions() {
            assert!((1..=128).contains(&session.seed.len()), "{session:?}");
            assert!(session.start_at <= LAST_INSTANT, "{session:?}");
            assert!((1..=MAX_TICK_MS).contains(&session.tick_ms), "{session:?}");
            assert!(1 <= session.min && session.min <= session.max, "{session:?}");
            assert!(session.max <= MAX_TICKS, "{session:?}");
            assert!((2..=256).contains(&session.rounds_per_epoch), "{session:?}");
            assert_eq!(session.rounds_per_epoch % 2, 0, "{session:?}");
        }
    }

    #[test]
    fn sessions_reach_the_ends_of_every_range() {
        let reaches = |what: fn(&Session) -> bool| assert!(sessions().any(|session| what(&session)));
        for length in 1..=128 {
            assert!(sessions().any(|session| session.seed.len() == length), "{length}");
        }
        reaches(|session| !session.seed.is_ascii());
        reaches(|session| session.start_at == 0);
        reaches(|session| session.start_at == LAST_INSTANT);
        reaches(|session| session.tick_ms == 1);
        reaches(|session| session.tick_ms == MAX_TICK_MS);
        reaches(|session| session.rounds_per_epoch == 2);
        reaches(|session| session.rounds_per_epoch == 256);
        reaches(|session| session.max == 1);
        reaches(|session| session.min == MAX_TICKS);
        reaches(|session| session.min == 1 && session.max == MAX_TICKS);
        reaches(|session| session.min == session.max && session.min > 1 && session.max < MAX_TICKS);
    }
}
