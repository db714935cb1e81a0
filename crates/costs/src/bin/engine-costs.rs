//! Measures the time of each call in turns, so that a busy moment of the machine affects all alike. Prints a line for each case,
//! its parts separated by tabs: what is called, at which step, and the nanoseconds of one call in each round.
//!
//! `engine-costs [ROUNDS]`; 101 rounds unless told otherwise. Progress goes to standard error.

use std::env;
use std::hint::black_box;
use std::time::{Duration, Instant};

use tickseed_costs::{Case, cases};

const ROUNDS: usize = 101;

/// The shortest time of a loop in a round. It is short, so that most loops end before the system switches tasks.
const TURN: Duration = Duration::from_millis(2);

fn main() {
    let rounds = env::args().nth(1).map_or(ROUNDS, |text| text.parse().expect("ROUNDS is a number"));
    let mut measured: Vec<_> =
        cases().into_iter().map(|mut case| (count_for(&mut case), case, vec![])).collect();
    for round in 1..=rounds {
        eprint!("\rround {round} of {rounds}");
        for (count, case, times) in &mut measured {
            times.push(time(case, *count) / f64::from(*count));
        }
    }
    eprintln!();
    for (_, case, times) in measured {
        let times: Vec<_> = times.iter().map(|time| format!("{time:.3}")).collect();
        println!("{}\t{}\t{}", case.name, case.step, times.join("\t"));
    }
}

/// Returns how many calls fill a turn.
fn count_for(case: &mut Case) -> u32 {
    let mut count = 1;
    while time(case, count) < nanoseconds(TURN) {
        count *= 2;
    }
    count
}

fn time(case: &mut Case, count: u32) -> f64 {
    let start = Instant::now();
    black_box(case.call(count.into()));
    nanoseconds(start.elapsed())
}

fn nanoseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e9
}
