//! Simulates many worlds, and prints in Markdown how many promises were broken.
//!
//! ```text
//! simulate-promises LEASES                        about as many promises, and worlds in which one rule is broken on purpose
//! simulate-promises LEASES STORE                  about as many promises over one of the stores, and nothing else
//! simulate-promises --replay STORE FAULT SEED     one world; prints what it is like, and the first promise that it breaks
//! ```
//!
//! Fails, and names the seed, if a promise was broken; and if a rule that is broken on purpose breaks none.

use std::env::args;
use std::process::ExitCode;

use tickseed_promises::{Fault, Outcome, Rule, Setup, Total, run};

/// After how many worlds the program looks whether there are enough promises.
const WORLDS_AT_ONCE: u64 = 200;

/// How many promises of all the program checks in worlds with one of the faults, over one of the stores.
const SHARE_OF_A_FAULT: u64 = 100;

fn main() -> ExitCode {
    let arguments: Vec<String> = args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--replay", store, fault, seed] => replay(store, fault, seed),
        [leases] => leases.parse().map_or_else(|_| usage(), simulate),
        [leases, store] => match (leases.parse(), rule_of(store)) {
            (Ok(leases), Some(rule)) => verdict(&keep_promises(&[rule], leases)),
            _ => usage(),
        },
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: simulate-promises LEASES, or simulate-promises --replay STORE FAULT SEED");
    ExitCode::FAILURE
}

fn replay(store: &str, fault: &str, seed: &str) -> ExitCode {
    let fault = [Fault::None].into_iter().chain(Fault::ALL).find(|known| known.name() == fault);
    let (Some(rule), Some(fault), Ok(seed)) = (rule_of(store), fault, seed.parse()) else { return usage() };
    println!("{:#?}", Setup::of_seed(rule, fault, seed));
    let outcome = run(rule, fault, seed);
    println!("{outcome:#?}");
    if outcome.has_broken() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn rule_of(store: &str) -> Option<Rule> {
    Rule::ALL.into_iter().find(|rule| rule.name() == store)
}

fn simulate(leases: u64) -> ExitCode {
    let kept = keep_promises(&Rule::ALL, leases);
    println!();
    let broken = break_promises(leases.div_ceil(SHARE_OF_A_FAULT));
    verdict(&[kept, broken].concat())
}

fn verdict(failures: &[String]) -> ExitCode {
    for failure in failures {
        eprintln!("failed: {failure}");
    }
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs worlds in which every rule is kept, and returns what has gone wrong.
fn keep_promises(rules: &[Rule], leases: u64) -> Vec<String> {
    println!(
        "| store | worlds | promises | broken | states | wrong | changes | made | refused by their deadline | \
         refused for the clock | unanswered |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    let mut failures = Vec::new();
    for &rule in rules {
        let total = worlds(rule, Fault::None, leases.div_ceil(rules.len() as u64));
        println!("| {} | {} |", rule.name(), cells(&total.outcome));
        if let Some(seed) = total.first_broken {
            failures.push(format!("{}, seed {seed}: {:?}", rule.name(), total.outcome.first_broken));
        }
    }
    failures
}

/// Runs worlds in which one rule is broken, and returns what has not gone wrong.
fn break_promises(leases: u64) -> Vec<String> {
    println!("| what is wrong | store | worlds | promises | broken | first seed |");
    println!("|---|---|---:|---:|---:|---:|");
    let mut failures = Vec::new();
    for fault in Fault::ALL {
        for rule in Rule::ALL {
            let total = worlds(rule, fault, leases);
            let Outcome { worlds, leases, broken, .. } = total.outcome;
            let first = total.first_broken.map_or_else(|| "-".to_owned(), |seed| seed.to_string());
            println!("| {} | {} | {worlds} | {leases} | {broken} | {first} |", fault.name(), rule.name());
            if broken == 0 && fault.must_break(rule) {
                failures.push(format!("{} over {} breaks no promise", fault.name(), rule.name()));
            }
        }
    }
    failures
}

/// Runs worlds until there are enough promises.
fn worlds(rule: Rule, fault: Fault, leases: u64) -> Total {
    let mut total = Total::default();
    while total.outcome.leases < leases {
        let next = total.outcome.worlds;
        total.add_worlds(rule, fault, next..next + WORLDS_AT_ONCE);
        eprint!("\r{}, {}: {} of {leases} promises   ", rule.name(), fault.name(), total.outcome.leases);
    }
    eprintln!();
    total
}

fn cells(outcome: &Outcome) -> String {
    let Outcome { worlds, leases, broken, states, wrong_states, changes, .. } = outcome;
    let asked = changes.asked();
    let percent = |count: u64| {
        // One digit behind the point, rounded.
        let tenths = (count * 1_000 + asked / 2) / asked.max(1);
        format!("{}.{} %", tenths / 10, tenths % 10)
    };
    let refused = [changes.too_late, changes.unsure, changes.unanswered].map(percent).join(" | ");
    let made = changes.made;
    format!("{worlds} | {leases} | {broken} | {states} | {wrong_states} | {asked} | {made} | {refused}")
}
