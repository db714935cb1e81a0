//! Cases: the instant at which a step begins, for steps that begin in the years 1970 to 9999.

use super::pseudo_random::PseudoRandom;
use super::repeats::without_repeats;
use super::states_at::STARTS;
use crate::reference::{LATEST_INSTANT, Schedule};
use crate::vectors::TimeCase;

const PSEUDO_RANDOM_CASES: usize = 60;

const TICKS: [u32; 5] = [1, 16, 1000, 1_000_003, 86_400_000];

pub(super) fn cases() -> Vec<TimeCase> {
    let mut cases = Vec::new();
    for start_at in STARTS {
        for tick_ms in TICKS {
            cases.extend(of_schedule(start_at, tick_ms));
        }
    }
    cases.extend(pseudo_random());
    without_repeats(cases)
}

fn case(why: &str, start_at: i64, tick_ms: u32, step: u64) -> TimeCase {
    let time = schedule(start_at, tick_ms).time_of(step).expect("a step that begins by the year 9999");
    TimeCase { why: why.to_owned(), start_at, tick_ms, step, time }
}

fn schedule(start_at: i64, tick_ms: u32) -> Schedule {
    Schedule::new(start_at, tick_ms).expect("a schedule chosen within its range")
}

fn of_schedule(start_at: i64, tick_ms: u32) -> Vec<TimeCase> {
    let last_step = schedule(start_at, tick_ms).last_step();
    let steps = [
        ("step 0", 0),
        ("step 1", 1),
        ("step 12 863", 12_863),
        ("step 2^32", 1 << 32),
        ("the last step that begins by the year 9999", last_step),
    ];
    steps
        .into_iter()
        .filter(|(_, step)| *step <= last_step)
        .map(|(why, step)| case(why, start_at, tick_ms, step))
        .collect()
}

fn pseudo_random() -> Vec<TimeCase> {
    let mut random = PseudoRandom::new("times");
    (0..PSEUDO_RANDOM_CASES)
        .map(|_| {
            let start_at = random.up_to(LATEST_INSTANT.unsigned_abs()).cast_signed();
            let tick_ms = 1 + random.of_any_size_up_to_u32(86_400_000 - 1);
            let step = random.up_to(schedule(start_at, tick_ms).last_step());
            case("pseudo-random", start_at, tick_ms, step)
        })
        .collect()
}
