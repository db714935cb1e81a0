//! The course of a measurement: what the server does at most, then more and more load, then half of it.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::Load;
use crate::driver::Driver;
use crate::figures::{Figures, WINDOW, windows};
use crate::requests::{creates, gets, pauses, reads, stops};
use crate::stream::Pace;

/// How many connections carry the load. Each carries one request at a time, so there must be many to overload a server.
const CONNECTIONS: usize = 2_000;

/// How many connections the most work is tried with. A store that writes many sessions at once does more with many.
const CLOSED_LOOPS: [usize; 4] = [64, 128, 256, 512];

/// How many sessions the load reads, in turn.
const READ_SESSIONS: usize = 20_000;

/// How many requests a second each of the other streams sends meanwhile.
const STEADY_RATE: f64 = 20.0;

/// How many connections each of these has.
const STEADY_CONNECTIONS: usize = 4;

/// How many sessions are paused and resumed in turn. A session has room for 256 changes.
const PAUSED_SESSIONS: usize = 100;

/// How many sessions there are to stop: one for each request.
const STOPPED_SESSIONS: usize = 10_000;

/// For how long the server must be normal before it counts as normal again.
const NORMAL_FOR: Duration = Duration::from_secs(1);

/// A load and what became of it.
pub(crate) struct Phase {
    /// The load as a multiple of the most work.
    pub(crate) multiple: f64,
    /// How many requests a second.
    pub(crate) rate: f64,
    pub(crate) seconds: f64,
    pub(crate) load: Figures,
    /// The streams that must go through, by name.
    pub(crate) steady: Vec<(&'static str, Figures)>,
}

/// What was measured.
pub(crate) struct Outcome {
    /// How many requests a second the server does at most.
    pub(crate) peak: f64,
    pub(crate) phases: Vec<Phase>,
    /// How long after the heaviest load the server was as before; `None` if it was not.
    pub(crate) normal_after: Option<Duration>,
}

/// Runs the whole measurement.
pub(crate) fn run(address: SocketAddr, load: Load, each: Duration, multiples: &[f64]) -> io::Result<Outcome> {
    let sessions = make_sessions(address)?;
    let (paused, rest) = sessions.split_at(PAUSED_SESSIONS);
    let (stopped, read) = rest.split_at(STOPPED_SESSIONS);
    let mut driver = Driver::new(address)?;
    let requests = if load == Load::Creates { creates() } else { reads(read) };
    driver.add("load", requests, CONNECTIONS)?;
    for (name, requests) in [
        ("pause and resume", pauses(paused)),
        ("stop", stops(stopped)),
        ("GET /v1/time", gets("/v1/time")),
        ("GET /healthz", gets("/healthz")),
        ("GET /readyz", gets("/readyz")),
    ] {
        driver.add(name, requests, STEADY_CONNECTIONS)?;
    }
    let peak = find_peak(&mut driver, each)?;
    measure(driver, peak, each, multiples)
}

/// Creates the sessions that are read and changed.
fn make_sessions(address: SocketAddr) -> io::Result<Vec<String>> {
    let number = READ_SESSIONS + PAUSED_SESSIONS + STOPPED_SESSIONS;
    let mut driver = Driver::new(address)?;
    let stream = driver.add("preparation", creates(), 64)?;
    driver.pace(stream, Pace::Closed { connections: 64 });
    while driver.streams[stream].locations.len() < number {
        driver.run_for(WINDOW)?;
    }
    driver.drain()?;
    Ok(driver.streams[stream].locations.clone())
}

/// Finds out how many requests a second the server does at most, with clients that wait for their responses.
fn find_peak(driver: &mut Driver, each: Duration) -> io::Result<f64> {
    let mut peak: f64 = 0.0;
    for connections in CLOSED_LOOPS {
        driver.pace(0, Pace::Closed { connections });
        let since = Instant::now();
        driver.run_for(each)?;
        let seconds = since.elapsed().as_secs_f64();
        let accepted = driver.streams[0].samples.iter().filter(|sample| sample.is_accepted()).count();
        driver.drain()?;
        driver.streams[0].samples.clear();
        peak = peak.max(count(accepted) / seconds);
    }
    Ok(peak)
}

/// Measures half of the most work, then each multiple, and then half of it again, right after the heaviest load.
fn measure(mut driver: Driver, peak: f64, each: Duration, multiples: &[f64]) -> io::Result<Outcome> {
    let mut phases = Vec::new();
    let (before, worst_before) = phase(&mut driver, 0.5, peak, each)?;
    phases.push(before);
    for multiple in multiples {
        phases.push(phase(&mut driver, *multiple, peak, each)?.0);
    }
    let heaviest = multiples.iter().copied().fold(1.0, f64::max);
    start(&mut driver, heaviest * peak);
    driver.run_for(each)?;
    driver.streams.iter_mut().for_each(|stream| stream.samples.clear());
    let since = Instant::now();
    driver.pace(0, Pace::Open { rate: peak / 2.0 });
    driver.run_for(each.max(4 * NORMAL_FOR))?;
    let seconds = since.elapsed().as_secs_f64();
    driver.drain()?;
    // What was sent before belongs to the load before.
    driver.streams[0].samples.retain(|sample| sample.intended_at >= since);
    let normal_after = normal_after(&windows(&driver.streams[0].samples, since), worst_before);
    phases.push(take_phase(&mut driver, 0.5, peak, seconds));
    Ok(Outcome { peak, phases, normal_after })
}

/// Runs one load, and returns the largest latency that is normal: the worst 99 % of a window.
fn phase(driver: &mut Driver, multiple: f64, peak: f64, each: Duration) -> io::Result<(Phase, Duration)> {
    let since = Instant::now();
    start(driver, multiple * peak);
    driver.run_for(each)?;
    let seconds = since.elapsed().as_secs_f64();
    driver.drain()?;
    let windows = windows(&driver.streams[0].samples, since);
    let worst = windows.iter().map(|window| window.latency(990)).max().unwrap_or_default();
    Ok((take_phase(driver, multiple, peak, seconds), worst))
}

fn start(driver: &mut Driver, rate: f64) {
    driver.pace(0, Pace::Open { rate });
    for stream in 1..driver.streams.len() {
        driver.pace(stream, Pace::Open { rate: STEADY_RATE });
    }
}

fn take_phase(driver: &mut Driver, multiple: f64, peak: f64, seconds: f64) -> Phase {
    let mut figures = driver.streams.iter_mut().map(|stream| {
        let samples = std::mem::take(&mut stream.samples);
        (stream.name, Figures::of(&samples))
    });
    let load = figures.next().map(|(_, load)| load).unwrap_or_default();
    Phase { multiple, rate: multiple * peak, seconds, load, steady: figures.collect() }
}

/// Returns the beginning of the first windows in a row, for as long as [`NORMAL_FOR`], in which nothing is refused and latencies are
/// normal.
fn normal_after(windows: &[Figures], worst: Duration) -> Option<Duration> {
    let is_normal = |window: &Figures| {
        window.shed + window.failed == 0 && window.accepted > 0 && window.latency(990) <= worst
    };
    let length = usize::try_from(NORMAL_FOR.as_millis() / WINDOW.as_millis()).unwrap_or(usize::MAX);
    let first = windows.windows(length).position(|row| row.iter().all(is_normal))?;
    Some(WINDOW * u32::try_from(first).unwrap_or(u32::MAX))
}

/// Returns a count as a number to compute rates with.
#[expect(clippy::cast_precision_loss, reason = "no count here is as large as 2^53")]
pub(crate) const fn count(number: usize) -> f64 {
    number as f64
}
