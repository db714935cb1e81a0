//! Makes the calls of one case, for callgrind to count. Without arguments, prints the cases, one per line: the number of the case,
//! what is called and at which step, separated by tabs.
//!
//! `engine-instructions CASE CALLS`. Two runs with different numbers of calls differ only by the calls, so the difference of
//! their counts is what the calls take.

use std::env;
use std::hint::black_box;

use tickseed_costs::cases;

fn main() {
    let arguments: Vec<usize> =
        env::args().skip(1).map(|text| text.parse().expect("each argument is a number")).collect();
    match *arguments {
        [] => {
            for (number, case) in cases().iter().enumerate() {
                println!("{number}\t{}\t{}", case.name, case.step);
            }
        }
        [case, calls] => {
            black_box(cases()[case].call(calls as u64));
        }
        _ => panic!("engine-instructions [CASE CALLS]"),
    }
}
