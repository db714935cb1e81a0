//! Loads a server beyond its limit, and prints what becomes of the requests. `scripts/overload` calls this.

mod connection;
mod driver;
mod figures;
mod report;
mod requests;
mod scenario;
mod stream;

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// What the load consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Load {
    /// Creates sessions.
    Creates,
    /// Reads sessions, many more than the server remembers.
    Reads,
}

/// Loads a server beyond its limit.
#[derive(Debug, Parser)]
struct Arguments {
    /// The address of the server.
    address: SocketAddr,
    /// What the load consists of.
    load: Load,
    /// How many seconds each load lasts.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// The loads, as multiples of what the server does at most.
    #[arg(long, value_delimiter = ',', default_values_t = [1.0, 2.0, 3.0, 5.0, 10.0])]
    multiples: Vec<f64>,
}

fn main() -> io::Result<ExitCode> {
    let arguments = Arguments::parse();
    let each = Duration::from_secs(arguments.seconds);
    let outcome = scenario::run(arguments.address, arguments.load, each, &arguments.multiples)?;
    Ok(if report::print(&outcome)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
