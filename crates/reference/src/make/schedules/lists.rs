//! Valid lists of changes.

use crate::make::pseudo_random::PseudoRandom;
use crate::reference::{Change, LATEST_INSTANT};

const PSEUDO_RANDOM_LISTS: usize = 60;
const MOST_CHANGES: usize = 256;
const LONGEST_TICK: u32 = 86_400_000;
const START: i64 = 1_700_000_000_000;

/// A start and a list of changes.
pub(super) struct List {
    pub(super) why: &'static str,
    pub(super) start_at: i64,
    pub(super) tick_ms: u32,
    pub(super) changes: Vec<Change>,
}

pub(super) fn list(why: &'static str, start_at: i64, tick_ms: u32, changes: &[(i64, u32)]) -> List {
    let changes = changes.iter().map(|(at, tick_ms)| Change { at: *at, tick_ms: *tick_ms }).collect();
    List { why, start_at, tick_ms, changes }
}

pub(super) fn lists() -> Vec<List> {
    let mut lists = short();
    lists.extend(ends_of_ranges());
    lists.extend(every_phase());
    lists.extend(paused_for_good());
    lists.extend(year_9999());
    lists.extend(long());
    lists.extend(pseudo_random());
    lists
}

fn short() -> Vec<List> {
    vec![
        list("the checks of docs/schedule.md", 0, 100, &[(1_050, 0), (5_000, 100), (6_050, 50)]),
        list("no change", START, 250, &[]),
        list("faster", START, 100, &[(START + 1_000, 50)]),
        list("slower", START, 50, &[(START + 1_000, 100)]),
        list("1 ms after the start", START, 100, &[(START + 1, 0), (START + 2, 100)]),
        list(
            "a pause where a tick begins, then another rate",
            START,
            100,
            &[(START + 300, 0), (START + 999, 7)],
        ),
        list(
            "several pauses in one tick",
            START,
            100,
            &[
                (START + 10, 0),
                (START + 20, 100),
                (START + 30, 0),
                (START + 1_000, 100),
                (START + 1_079, 0),
                (START + 2_000, 100),
            ],
        ),
        list(
            "a rate, a pause in the middle of its tick, and back",
            START,
            100,
            &[(START + 200, 30), (START + 290, 0), (START + 400, 30), (START + 430, 100)],
        ),
    ]
}

fn ends_of_ranges() -> Vec<List> {
    let day = i64::from(LONGEST_TICK);
    vec![
        list("start 0, the shortest tick", 0, 1, &[(1, 0), (2, 1), (3, 2)]),
        list("from the shortest tick to the longest", 0, 1, &[(1, LONGEST_TICK), (1 + day, 1)]),
        list("from the longest tick to the shortest", START, LONGEST_TICK, &[(START + day, 1)]),
        list(
            "a pause 1 ms before a tick of a day ends",
            0,
            LONGEST_TICK,
            &[(day - 1, 0), (9 * day, LONGEST_TICK)],
        ),
        list("a start at the last instant", LATEST_INSTANT, 1, &[]),
        list("a start just before the last instant", LATEST_INSTANT - 1, 1, &[(LATEST_INSTANT, 0)]),
    ]
}

/// A pause after each part of a tick of 7 ms.
fn every_phase() -> Vec<List> {
    let at_phase = |phase| {
        list("a pause at every part of a tick", START, 7, &[(START + 70 + phase, 0), (START + 1_000, 7)])
    };
    (0..7).map(at_phase).collect()
}

fn paused_for_good() -> Vec<List> {
    vec![
        list("paused for good in step 0", START, 100, &[(START + 1, 0)]),
        list("paused for good within a tick", START, 100, &[(START + 12_345, 0)]),
        list("paused for good where a tick begins", START, 100, &[(START + 12_300, 0)]),
        list("paused for good after other changes", 0, 100, &[(150, 0), (200, 100), (250, 60), (340, 0)]),
        list("paused for good at the last instant", 0, LONGEST_TICK, &[(LATEST_INSTANT, 0)]),
    ]
}

fn year_9999() -> Vec<List> {
    let before = LATEST_INSTANT - 10;
    vec![
        list("the last step begins at the last instant", before, 4, &[(before + 8, 2)]),
        list(
            "a change at the last instant",
            before,
            5,
            &[(before + 5, 4), (LATEST_INSTANT - 1, 1), (LATEST_INSTANT, 0)],
        ),
        list("a resumption at the last instant", before, 5, &[(before + 3, 0), (LATEST_INSTANT, 5)]),
        list("the next step begins 1 ms too late", before, 100, &[(before + 1, 0), (before + 2, 100)]),
        list("ticks of 1 ms from 1970 to 9999, with a pause", 0, 1, &[(1_000, 0), (2_000, 1)]),
    ]
}

/// Lists of 256 changes.
fn long() -> Vec<List> {
    let number = |index: i64| if index % 2 == 1 { 0 } else { 100 };
    let pauses: Vec<_> = (1..=256).map(|index| (START + 30 * index, number(index))).collect();
    let rate = |index: i64| if index % 2 == 1 { 20 } else { 30 };
    let rates: Vec<_> = (1..=256).map(|index| (START + 60 * index, rate(index))).collect();
    let every_ms: Vec<_> = (1..=256).map(|index| (index, number(index))).collect();
    vec![
        list("256 changes: pauses at all parts of a tick", START, 100, &pauses),
        list("256 changes: rates", START, 30, &rates),
        list("256 changes: one each millisecond", 0, 100, &every_ms),
        list("255 changes", 0, 100, &every_ms[..255]),
    ]
}

fn pseudo_random() -> Vec<List> {
    let mut random = PseudoRandom::new("schedules");
    (0..PSEUDO_RANDOM_LISTS).map(|_| pseudo_random_list(&mut random)).collect()
}

fn pseudo_random_list(random: &mut PseudoRandom) -> List {
    let start_at = random.of_any_size_up_to(LATEST_INSTANT.unsigned_abs()).cast_signed();
    let tick_ms = 1 + random.of_any_size_up_to_u32(LONGEST_TICK - 1);
    let most = usize::try_from(random.of_any_size_up_to(40)).expect("a small number");
    let longest = 1 << random.up_to(36);
    let changes = pseudo_random_changes(random, (start_at, tick_ms), most.min(MOST_CHANGES), longest);
    List { why: "pseudo-random", start_at, tick_ms, changes }
}

/// Makes changes, each at most `longest` after the one before, but moves a new rate up to where a tick begins.
fn pseudo_random_changes(
    random: &mut PseudoRandom,
    (start_at, tick_ms): (i64, u32),
    most: usize,
    longest: u64,
) -> Vec<Change> {
    let mut changes = Vec::new();
    let (mut last, mut phase, mut rate, mut paused) = (start_at, 0, i64::from(tick_ms), false);
    while changes.len() < most {
        let mut at = last + 1 + random.up_to(longest).cast_signed();
        let other = 1 + random.of_any_size_up_to_u32(LONGEST_TICK - 1);
        let tick_ms = if paused && (phase != 0 || random.up_to(1) == 0) {
            u32::try_from(rate).expect("a length of ticks")
        } else if !paused && random.up_to(1) == 0 {
            0
        } else {
            other
        };
        if !paused {
            phase = (phase + at - last) % rate;
        }
        let is_new_rate = tick_ms != 0 && i64::from(tick_ms) != rate;
        if is_new_rate && phase != 0 {
            at += rate - phase;
            phase = 0;
        }
        if at > LATEST_INSTANT || (!paused && i64::from(tick_ms) == rate) {
            break;
        }
        paused = tick_ms == 0;
        rate = if paused { rate } else { i64::from(tick_ms) };
        last = at;
        changes.push(Change { at, tick_ms });
    }
    changes
}
