//! Cases: the state at an instant.

use super::inputs::{DEFAULT_RULES, DEFAULT_SEED, RULES, timeline};
use super::pseudo_random::PseudoRandom;
use super::repeats::without_repeats;
use super::states::state_of;
use crate::reference::{LATEST_INSTANT, Schedule};
use crate::vectors::{Rules, StateAtCase};

const PSEUDO_RANDOM_CASES: usize = 80;

const TICKS: [u32; 6] = [1, 7, 16, 1000, 60_000, 86_400_000];

/// The first instants, starts before and after 2^40 ms, and the last instants.
pub(super) const STARTS: [i64; 7] =
    [0, 1, 1_000_000_000_000, 1_700_000_000_000, 32_503_680_000_000, LATEST_INSTANT - 1, LATEST_INSTANT];

/// The inputs of a case, without the seed and the rules.
struct Question {
    why: &'static str,
    start_at: i64,
    tick_ms: u32,
    now: i64,
}

pub(super) fn cases() -> Vec<StateAtCase> {
    let mut cases = around_the_start();
    cases.extend(under_every_rules());
    cases.extend(pseudo_random());
    without_repeats(cases)
}

fn case(question: &Question, seed: &str, rules: Rules) -> StateAtCase {
    let Question { why, start_at, tick_ms, now } = *question;
    let schedule = Schedule::new(start_at, tick_ms).expect("a schedule chosen within its range");
    let state = timeline(seed, &rules).state_at(&schedule, now).expect("an instant chosen within its range");
    StateAtCase {
        why: why.to_owned(),
        seed: seed.to_owned(),
        rules,
        start_at,
        tick_ms,
        now,
        state: state_of(&state),
    }
}

/// Returns questions about the valid instants at which mistakes are likely.
fn questions(start_at: i64, tick_ms: u32) -> Vec<Question> {
    let tick = i64::from(tick_ms);
    let instants = [
        ("1 ms before the start", start_at - 1),
        ("at the start", start_at),
        ("last millisecond of tick 0", start_at + tick - 1),
        ("first millisecond of tick 1", start_at + tick),
        ("last millisecond of tick 99", start_at + 100 * tick - 1),
        ("first millisecond of tick 100", start_at + 100 * tick),
        ("first instant of all", 0),
        ("last instant of all", LATEST_INSTANT),
    ];
    instants
        .into_iter()
        .filter(|(_, now)| (0..=LATEST_INSTANT).contains(now))
        .map(|(why, now)| Question { why, start_at, tick_ms, now })
        .collect()
}

fn around_the_start() -> Vec<StateAtCase> {
    let mut cases = Vec::new();
    for start_at in STARTS {
        for tick_ms in TICKS {
            for question in questions(start_at, tick_ms) {
                cases.push(case(&question, DEFAULT_SEED, DEFAULT_RULES));
            }
        }
    }
    cases
}

fn under_every_rules() -> Vec<StateAtCase> {
    let start_at = 1_700_000_000_000;
    let questions = [
        Question { why: "1 ms before the start", start_at, tick_ms: 250, now: start_at - 1 },
        Question { why: "at the start", start_at, tick_ms: 250, now: start_at },
        Question { why: "one day later", start_at, tick_ms: 250, now: start_at + 86_400_000 },
        Question { why: "last instant of all", start_at, tick_ms: 250, now: LATEST_INSTANT },
    ];
    let of_rules = |rules| questions.iter().map(move |question| case(question, DEFAULT_SEED, rules));
    RULES.into_iter().flat_map(of_rules).collect()
}

fn pseudo_random() -> Vec<StateAtCase> {
    let mut random = PseudoRandom::new("states_at");
    (0..PSEUDO_RANDOM_CASES)
        .map(|_| case(&pseudo_random_question(&mut random), &random.seed(), random.rules()))
        .collect()
}

fn pseudo_random_question(random: &mut PseudoRandom) -> Question {
    let start = random.up_to(LATEST_INSTANT.unsigned_abs());
    let since_start = random.of_any_size_up_to(LATEST_INSTANT.unsigned_abs() - start);
    let tick_ms = 1 + random.of_any_size_up_to_u32(86_400_000 - 1);
    Question {
        why: "pseudo-random",
        start_at: start.cast_signed(),
        tick_ms,
        now: (start + since_start).cast_signed(),
    }
}
