//! Measures how uniform and how independent the engine's intervals and draws are, and fills in the measured parts of a
//! document.
//!
//! ```text
//! statistics DOCUMENT PLOTS    writes tables into the document and SVG plots into the folder
//! ```
//!
//! `docs/statistics.md` describes the tests and the expected results. The program fails, and names the test, if a result is so
//! far from the expected one that chance alone would produce it at most once in a million times.

mod chi_square;
mod correlation;
mod document;
mod draws;
mod numbers;
mod plots;
mod prediction;
mod samples;
mod uniformity;
mod verdict;

use std::env::args;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use document::Document;
use prediction::Prediction;
use verdict::Outcome;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = args().skip(1).collect();
    let [document, plots] = arguments.as_slice() else {
        eprintln!("usage: statistics DOCUMENT PLOTS");
        return Ok(ExitCode::FAILURE);
    };
    let mut document = Document::read(Path::new(document))?;
    let measured = Measured::measure();
    let outcomes = measured.outcomes();
    // Reported before anything is written, since plots may not be able to show the numbers of a failed test.
    let failing = verdict::failing(&outcomes);
    for outcome in &failing {
        eprintln!("failed: {outcome}");
    }
    measured.fill(&mut document);
    document.fill("p-values", &verdict::summary(&outcomes));
    document.write()?;
    measured.plot(Path::new(plots), &outcomes)?;
    Ok(if failing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Measured {
    uniformity: Vec<uniformity::Measured>,
    correlations: Vec<correlation::Measured>,
    draws: Vec<draws::Test>,
    predictions: Vec<Prediction>,
}

impl Measured {
    fn measure() -> Self {
        eprintln!("intervals");
        let uniformity = uniformity::measure();
        eprintln!("neighbours");
        let correlations = correlation::measure();
        eprintln!("draws");
        let draws = draws::measure();
        eprintln!("prediction");
        Self { uniformity, correlations, draws, predictions: prediction::measure() }
    }

    fn outcomes(&self) -> Vec<Outcome> {
        let uniformity = self.uniformity.iter().flat_map(uniformity::Measured::outcomes);
        let correlations = self.correlations.iter().flat_map(correlation::Measured::outcomes);
        let draws = self.draws.iter().map(draws::Test::outcome);
        let predictions = prediction::outcomes(&self.predictions);
        uniformity.chain(correlations).chain(draws).chain(predictions).collect()
    }

    fn fill(&self, document: &mut Document) {
        document.fill("uniformity", &uniformity::table(&self.uniformity));
        document.fill("correlation", &correlation::table(&self.correlations));
        document.fill("draws", &draws::table(&self.draws));
        document.fill("prediction", &prediction::table(&self.predictions));
        document.fill("epoch", &prediction::summary(&self.predictions));
    }

    fn plot(&self, folder: &Path, outcomes: &[Outcome]) -> Result<(), Box<dyn Error>> {
        eprintln!("plots");
        plots::intervals(&folder.join("intervals.svg"))?;
        plots::correlation(&folder.join("correlation.svg"))?;
        plots::prediction(&folder.join("surprise.svg"), &folder.join("guess.svg"), &self.predictions)?;
        plots::p_values(&folder.join("p-values.svg"), outcomes)
    }
}
