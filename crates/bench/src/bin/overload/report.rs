//! The table of a measurement, and whether it reaches the targets.

use std::io::{self, Write, stdout};
use std::time::Duration;

use crate::scenario::{Outcome, Phase, count};

/// How much of the most work must still be done at a multiple of that load.
const GOODPUT: [(f64, f64); 2] = [(2.0, 0.9), (10.0, 0.8)];

/// How long 99 % of the accepted requests may take at twice the load.
const LATENCY: (f64, Duration) = (2.0, Duration::from_millis(25));

/// How long after an overload the server may take until it is as before.
const NORMAL_WITHIN: Duration = Duration::from_secs(2);

/// Below this part of the most work, refusing takes too much of it.
const REFUSING_COSTS: f64 = 0.8;

/// Prints the table, and returns whether all targets are reached.
pub(crate) fn print(outcome: &Outcome) -> io::Result<bool> {
    let mut out = stdout().lock();
    writeln!(out, "The server does at most {:.0} requests a second.\n", outcome.peak)?;
    writeln!(
        out,
        "| load | asked/s | answered/s | done/s | of the most | p50 ms | p99 ms | refused/s | failed | steady streams: refused or failed | their p99 ms |"
    )?;
    writeln!(
        out,
        "|-----:|--------:|-----------:|-------:|------------:|-------:|-------:|----------:|-------:|----------------------------------:|-------------:|"
    )?;
    for phase in &outcome.phases {
        writeln!(out, "{}", row(phase, outcome.peak))?;
    }
    writeln!(out, "\n{}", limit_of_refusing(outcome))?;
    let mut are_reached = true;
    for (text, is_reached) in targets(outcome) {
        writeln!(out, "{} {text}", if is_reached { "reached:    " } else { "NOT REACHED:" })?;
        are_reached &= is_reached;
    }
    Ok(are_reached)
}

fn row(phase: &Phase, peak: f64) -> String {
    let load = &phase.load;
    let per_second = |number| count(number) / phase.seconds;
    let millis = |thousandths| load.latency(thousandths).as_secs_f64() * 1e3;
    let slowest = phase.steady.iter().map(|(_, figures)| figures.latency(990)).max().unwrap_or_default();
    format!(
        "| {:>3}x | {:>7.0} | {:>10.0} | {:>6.0} | {:>11.2} | {:>6.1} | {:>6.1} | {:>9.0} | {:>6} | {:>33} | {:>12.1} |",
        phase.multiple,
        phase.rate,
        per_second(load.answered()),
        per_second(load.accepted),
        goodput(phase, peak),
        millis(500),
        millis(990),
        per_second(load.shed),
        load.failed,
        unserved(phase),
        slowest.as_secs_f64() * 1e3,
    )
}

fn goodput(phase: &Phase, peak: f64) -> f64 {
    count(phase.load.accepted) / phase.seconds / peak
}

/// Returns how many requests did not go through that must always go through.
fn unserved(phase: &Phase) -> usize {
    phase.steady.iter().map(|(_, figures)| figures.shed + figures.failed).sum()
}

/// Says from which load on refusing takes so much that too little is done.
fn limit_of_refusing(outcome: &Outcome) -> String {
    let refusing = |phase: &&Phase| phase.multiple > 1.0 && goodput(phase, outcome.peak) < REFUSING_COSTS;
    let most = outcome.phases.iter().map(|phase| count(phase.load.shed) / phase.seconds).fold(0.0, f64::max);
    let limit = match outcome.phases.iter().find(refusing) {
        Some(phase) => format!(
            "from {}x on, refusing leaves less than {REFUSING_COSTS} of the most work",
            phase.multiple
        ),
        None => format!("at no load here does refusing leave less than {REFUSING_COSTS} of the most work"),
    };
    format!("The server refused up to {most:.0} requests a second; {limit}.")
}

fn targets(outcome: &Outcome) -> Vec<(String, bool)> {
    let at = |multiple: f64| {
        let is_close = move |phase: &&Phase| (phase.multiple - multiple).abs() < 0.01;
        outcome.phases.iter().find(is_close)
    };
    let mut targets = Vec::new();
    for (multiple, least) in GOODPUT {
        let Some(phase) = at(multiple) else { continue };
        let is = goodput(phase, outcome.peak);
        targets.push((format!("at {multiple}x, at least {least} of the most is done: {is:.2}"), is >= least));
    }
    if let Some(phase) = at(LATENCY.0) {
        let (is, most) = (phase.load.latency(990), LATENCY.1);
        targets.push((
            format!("at {}x, p99 of what is done is at most {most:?}: {is:.1?}", LATENCY.0),
            is <= most,
        ));
    }
    let unserved: usize = outcome.phases.iter().map(unserved).sum();
    let text = "no change, no request for the time or the health of the server is refused or fails";
    targets.push((format!("{text}: {unserved}"), unserved == 0));
    let normal = outcome.normal_after.map_or("never".to_owned(), |after| format!("{after:.1?}"));
    let is_soon = outcome.normal_after.is_some_and(|after| after <= NORMAL_WITHIN);
    targets.push((
        format!("after the heaviest load, the server is as before within {NORMAL_WITHIN:?}: {normal}"),
        is_soon,
    ));
    targets
}
