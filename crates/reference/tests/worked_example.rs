//! The worked example in `docs/engine.md` has the values of the reference.

use std::fmt::Write;

use tickseed_reference::reference::{Rules, Schedule, Timeline, chacha8_block, channel_nonce};

const SEED: &str = "tickseed";
const DOCUMENT: &str = include_str!("../../../docs/engine.md");

#[test]
fn the_worked_example_has_the_values_of_the_reference() {
    let example = worked_example();
    assert!(
        DOCUMENT.contains(&example),
        "section 10 of docs/engine.md differs from the reference; it should contain these lines:\n\n{example}"
    );
}

/// Writes every number on the way from a seed to states, for rules small enough to follow by hand.
fn worked_example() -> String {
    let rules = Rules::new(2, 5, 4).unwrap();
    let timeline = Timeline::new(SEED, rules).unwrap();
    let mut text = String::new();
    keys(&mut text, &timeline);
    intervals(&mut text, &timeline);
    states(&mut text, &timeline);
    far_away(&mut text, &timeline);
    draws(&mut text, &timeline);
    text
}

fn keys(text: &mut String, timeline: &Timeline) {
    line(text, "seed      tickseed");
    line(text, &format!("root      {}", hexadecimal(&timeline.root())));
    line(text, &format!("secret(0) {}", hexadecimal(&timeline.epoch_secret(0))));
}

fn intervals(text: &mut String, timeline: &Timeline) {
    let words = chacha8_block(&timeline.epoch_secret(0), 0, 0);
    line(text, &format!("words     {}", listed(&words[..5])));
    let firsts = words.map(|word| 2 + take(word, 4));
    let pairs = [firsts[0], 7 - firsts[0], firsts[1], 7 - firsts[1]];
    line(text, &format!("pairs     {}", listed(&pairs)));
    let swaps = [take(words[2], 4), take(words[3], 3), take(words[4], 2)];
    line(text, &format!("swaps     3 with {}, 2 with {}, 1 with {}", swaps[0], swaps[1], swaps[2]));
    line(text, &format!("intervals {}", listed(&timeline.intervals(0))));
    let borders = timeline.intervals(0).into_iter().scan(0, |border, interval| {
        *border += 1 + interval;
        Some(*border)
    });
    line(text, &format!("borders   0, {}", listed(&borders.collect::<Vec<_>>())));
}

fn states(text: &mut String, timeline: &Timeline) {
    let steps: Vec<_> = (0..18).map(|step| timeline.state(step).unwrap()).collect();
    line(text, &format!("step      {}", columns(steps.iter().map(|state| state.step))));
    line(text, &format!("value     {}", columns(steps.iter().map(|state| state.value.into()))));
    line(text, &format!("round     {}", columns(steps.iter().map(|state| state.round))));
}

fn far_away(text: &mut String, timeline: &Timeline) {
    let schedule = Schedule::new(1_700_000_000_000, 100).unwrap();
    let now = 1_700_100_000_050;
    let state = timeline.state_at(&schedule, now).unwrap();
    let position = state.step + 1;
    line(text, &format!("start_at  1700000000000, tick_ms 100, now {now}: step {}", state.step));
    line(text, &format!("epoch     {}, offset {}", position / 18, position % 18));
    line(text, &format!("intervals {}", listed(&timeline.intervals(position / 18))));
    line(text, &format!("state     value {}, round {}, broken {}", state.value, state.round, state.broken));
}

fn draws(text: &mut String, timeline: &Timeline) {
    line(text, &format!("nonce     {:016x} (channel loot)", channel_nonce("loot")));
    let draw = || timeline.draw(5, "loot").unwrap();
    let words: Vec<u32> = (0..3).scan(draw(), |draw, _| Some(draw.word())).collect();
    line(text, &format!("step 5    words {}", listed(&words)));
    line(text, &format!("          unit {} / 2^53", draw().unit_numerator()));
    line(text, &format!("          below(6) {}, from a draw of its own", draw().below(6).unwrap()));
}

/// Computes `bounded(n)` of a word that is not rejected; the example has no rejected word.
fn take(word: u32, n: u64) -> u32 {
    let product = u64::from(word) * n;
    assert!(product % (1 << 32) >= ((1 << 32) - n) % n, "the example would need one more word");
    u32::try_from(product >> 32).unwrap()
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").unwrap();
}

fn listed(numbers: &[u32]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn columns(numbers: impl Iterator<Item = u64>) -> String {
    numbers.map(|number| format!("{number:>2}")).collect::<Vec<_>>().join(" ")
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}
