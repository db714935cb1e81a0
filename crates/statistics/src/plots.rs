//! Plots as SVG.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;

use crate::correlation::by_distance;
use crate::prediction::{Forecast, Prediction, default_of};
use crate::samples::{DEFAULT, RuleSet};
use crate::uniformity::{INTERVALS, PAIRS};
use crate::verdict::Outcome;

type PlotResult = Result<(), Box<dyn Error>>;

const SIZE: (u32, u32) = (800, 400);
const MEASURED: RGBColor = RGBColor(0x1f, 0x5f, 0xa8);
const COMPUTED: RGBColor = RGBColor(0xc0, 0x50, 0x20);
const OTHER: RGBColor = RGBColor(0x70, 0x70, 0x70);

/// A series of points with a name.
struct Series<'a> {
    name: &'a str,
    color: RGBColor,
    points: Vec<(f64, f64)>,
    as_dots: bool,
}

fn line(name: &str, color: RGBColor, points: Vec<(f64, f64)>) -> Series<'_> {
    Series { name, color, points, as_dots: false }
}

fn dots(name: &str, color: RGBColor, points: Vec<(f64, f64)>) -> Series<'_> {
    Series { name, color, points, as_dots: true }
}

/// Draws a plot: title, axis labels, axis ranges, position of the legend, series.
fn plot(
    file: &Path,
    title: &str,
    (x, y): (&str, &str),
    (from, to): ((f64, f64), (f64, f64)),
    legend: SeriesLabelPosition,
    all: &[Series<'_>],
) -> PlotResult {
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(70)
        .build_cartesian_2d(from.0..to.0, from.1..to.1)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc(x)
        .y_desc(y)
        .x_label_formatter(&|number| label(*number, to.0 - from.0))
        .y_label_formatter(&|number| label(*number, to.1 - from.1))
        .draw()?;
    for series in all {
        let color = series.color;
        let drawn = if series.as_dots {
            chart.draw_series(series.points.iter().map(|point| Circle::new(*point, 2, color.filled())))?
        } else {
            chart.draw_series(LineSeries::new(series.points.iter().copied(), color.stroke_width(2)))?
        };
        // A series that continues another one has no name.
        if !series.name.is_empty() {
            drawn
                .label(series.name)
                .legend(move |(x, y)| Rectangle::new([(x, y - 2), (x + 14, y + 2)], color.filled()));
        }
    }
    chart
        .configure_series_labels()
        .position(legend)
        .background_style(WHITE.mix(0.8))
        .border_style(OTHER)
        .draw()?;
    area.present()?;
    Ok(())
}

/// Formats a number for an axis of the given length, with enough digits to tell it from its neighbours.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few digits")]
fn label(number: f64, length: f64) -> String {
    let digits = (1.0 - length.log10()).ceil().max(0.0) as usize;
    let text = format!("{number:.digits$}");
    // Numbers that round to 0 have no sign.
    let is_zero = !text.contains(|digit| ('1'..='9').contains(&digit));
    if is_zero { text.trim_start_matches('-').to_owned() } else { text }
}

/// Plots how often each interval of the default rules occurred in the test of pairs, relative to the expected count.
#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
pub(crate) fn intervals(file: &Path) -> PlotResult {
    let mut counts = vec![0_u64; DEFAULT.choices() as usize];
    DEFAULT.each_epoch(PAIRS, INTERVALS, |epoch| {
        for interval in epoch {
            counts[(interval - DEFAULT.min) as usize] += 1;
        }
    });
    let expected = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
    // Values come in pairs with equal counts, so only half of them are independent.
    let two_errors = 2.0 / (expected).sqrt();
    let (min, max) = (f64::from(DEFAULT.min), f64::from(DEFAULT.max));
    let level = |height: f64| vec![(min, height), (max, height)];
    let measured = counts
        .iter()
        .enumerate()
        .map(|(index, count)| (min + index as f64, *count as f64 / expected))
        .collect();
    plot(
        file,
        "How often each interval occurred: 100 to 300, K = 64",
        ("interval", "share of the expected count"),
        ((min, 0.98), (max, 1.02)),
        SeriesLabelPosition::UpperRight,
        &[
            dots("measured", MEASURED, measured),
            line("expected", COMPUTED, level(1.0)),
            line("two standard errors", OTHER, level(1.0 + two_errors)),
            line("", OTHER, level(1.0 - two_errors)),
        ],
    )
}

/// Plots the correlation of intervals by distance.
#[expect(clippy::cast_precision_loss, reason = "small distances")]
pub(crate) fn correlation(file: &Path) -> PlotResult {
    let mut series = Vec::new();
    for k in [8, 16, 64] {
        let points = by_distance(RuleSet { rounds_per_epoch: k, ..DEFAULT }, 80);
        let distance = |index: usize| (index + 1) as f64;
        let measured =
            points.iter().enumerate().map(|(index, (measured, _))| (distance(index), *measured)).collect();
        let computed =
            points.iter().enumerate().map(|(index, (_, computed))| (distance(index), *computed)).collect();
        series.push(dots(if k == 8 { "measured: K = 8, 16, 64" } else { "" }, MEASURED, measured));
        series.push(line(if k == 8 { "computed" } else { "" }, COMPUTED, computed));
    }
    plot(
        file,
        "Correlation of intervals by distance: 100 to 300",
        ("distance, in rounds", "correlation"),
        ((0.0, -0.14), (80.0, 0.02)),
        SeriesLabelPosition::LowerRight,
        &series,
    )
}

/// Plots how well the next interval can be predicted, by the number of earlier intervals of the epoch.
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
pub(crate) fn prediction(surprise: &Path, guess: &Path, predictions: &[Prediction]) -> PlotResult {
    let default = default_of(predictions);
    let k = f64::from(default.rules.rounds_per_epoch);
    let choices = f64::from(default.rules.choices());
    let by_seen = |of: fn(&Forecast) -> f64| -> Vec<(f64, f64)> {
        default.forecasts.iter().enumerate().map(|(seen, forecast)| (seen as f64, of(forecast))).collect()
    };
    plot(
        surprise,
        "Surprise in the next interval: 100 to 300, K = 64",
        ("intervals of the epoch seen", "bits"),
        ((0.0, 0.0), (k, 8.0)),
        SeriesLabelPosition::LowerLeft,
        &[
            line("independent intervals", OTHER, vec![(0.0, choices.log2()), (k - 1.0, choices.log2())]),
            line("fixed sum alone", COMPUTED, by_seen(|forecast| forecast.sum_bits)),
            dots("pairs, as in the engine", MEASURED, by_seen(|forecast| forecast.pair_bits)),
        ],
    )?;
    plot(
        guess,
        "How often the best guess of the next interval is right: 100 to 300, K = 64",
        ("intervals of the epoch seen", "share of epochs"),
        ((0.0, 0.0), (k, 1.0)),
        SeriesLabelPosition::UpperLeft,
        &[
            line("independent intervals", OTHER, vec![(0.0, 1.0 / choices), (k - 1.0, 1.0 / choices)]),
            line("fixed sum alone", COMPUTED, by_seen(|forecast| forecast.sum_guess)),
            dots("pairs, as in the engine", MEASURED, by_seen(|forecast| forecast.pair_hits)),
        ],
    )
}

/// Plots all p-values in ascending order. If the engine departs from the definition nowhere, they lie along the diagonal.
#[expect(clippy::cast_precision_loss, reason = "a few")]
pub(crate) fn p_values(file: &Path, outcomes: &[Outcome]) -> PlotResult {
    let mut sorted: Vec<f64> = outcomes.iter().map(|outcome| outcome.p).collect();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len() as f64;
    let points = sorted.iter().enumerate().map(|(index, p)| ((index as f64 + 0.5) / count, *p)).collect();
    plot(
        file,
        "The p-values of all tests in ascending order",
        ("share of tests", "p"),
        ((0.0, 0.0), (1.0, 1.0)),
        SeriesLabelPosition::LowerRight,
        &[line("expected", COMPUTED, vec![(0.0, 0.0), (1.0, 1.0)]), dots("measured", MEASURED, points)],
    )
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn labels_differ_and_zero_has_no_sign() {
        assert_eq!([0.98, 0.985, 1.0].map(|number| label(number, 0.04)), ["0.980", "0.985", "1.000"]);
        assert_eq!([-0.1, -1e-17, -0.0].map(|number| label(number, 0.16)), ["-0.10", "0.00", "0.00"]);
        assert_eq!(label(10.0, 80.0), "10");
    }
}
