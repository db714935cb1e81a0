//! Measures how even and how independent the engine's intervals and draws are, and fills the measured parts of a document.
//!
//! ```text
//! statistics DOCUMENT PLOTS    tables into the document, plots as SVG into the folder
//! ```
//!
//! `docs/statistics.md` tells what is measured and what is to be expected. The program fails if something is so far from
//! that that chance alone would bring it about once in a million times.

mod chi_square;
mod correlation;
mod document;
mod draws;
mod numbers;
mod plots;
mod prediction;
mod samples;
mod uniformity;

use std::env::args;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use document::Document;

/// Less likely than that is not taken for chance.
const LEAST_P: f64 = 1e-6;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = args().skip(1).collect();
    let [document, plots] = arguments.as_slice() else {
        eprintln!("usage: statistics DOCUMENT PLOTS");
        return Ok(ExitCode::FAILURE);
    };
    let mut document = Document::read(Path::new(document))?;
    let plots = Path::new(plots);

    eprintln!("intervals");
    let uniformity = uniformity::measure();
    document.fill("uniformity", &uniformity::table(&uniformity));
    plots::intervals(&plots.join("intervals.svg"))?;

    eprintln!("neighbours");
    let correlations = correlation::measure();
    document.fill("correlation", &correlation::table(&correlations));
    plots::correlation(&plots.join("correlation.svg"))?;

    eprintln!("draws");
    let draws = draws::measure();
    document.fill("draws", &draws::table(&draws));

    eprintln!("prediction");
    let predictions = prediction::measure();
    document.fill("prediction", &prediction::table(&predictions));
    document.fill("epoch", &prediction::summary(&predictions));
    plots::prediction(&plots.join("surprise.svg"), &plots.join("guess.svg"), &predictions)?;

    let p_values: Vec<f64> = uniformity
        .iter()
        .flat_map(uniformity::Measured::p_values)
        .chain(correlations.iter().flat_map(correlation::Measured::p_values))
        .chain(draws.iter().map(|test| test.p))
        .chain(prediction::p_values(&predictions))
        .collect();
    plots::p_values(&plots.join("p-values.svg"), &p_values)?;
    document.fill("p-values", &numbers::sentence(&p_values));
    document.write()?;
    let least = p_values.iter().copied().fold(1.0, f64::min);
    Ok(if least > LEAST_P { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
