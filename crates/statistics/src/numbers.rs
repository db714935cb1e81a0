//! How numbers are written.

/// 10,000,000
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let groups = digits.as_bytes()[first..].chunks(3).map(String::from_utf8_lossy);
    let head = (first > 0).then(|| digits[..first].into());
    head.into_iter().chain(groups).collect::<Vec<_>>().join(",")
}

/// A Markdown table, its numbers to the right.
pub(crate) fn table(head: &[&str], lines: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = lines.iter().map(|line| line[column].chars().count());
        cells.chain([head[column].chars().count()]).max().unwrap_or(0)
    };
    let is_number = |column: usize| column > 0;
    let row = |cells: &[String]| {
        let padded = cells.iter().enumerate().map(|(column, cell)| {
            let width = width(column);
            if is_number(column) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        format!("| {} |\n", padded.collect::<Vec<_>>().join(" | "))
    };
    let rule = (0..head.len()).map(|column| {
        let dashes = "-".repeat(width(column) + 1);
        if is_number(column) { format!("{dashes}:") } else { format!("{dashes}-") }
    });
    let head: Vec<String> = head.iter().map(ToString::to_string).collect();
    let rule = format!("|{}|\n", rule.collect::<Vec<_>>().join("|"));
    let body: String = lines.iter().map(|line| row(line)).collect();
    format!("{}{rule}{body}", row(&head))
}

/// What all p-values together are like.
pub(crate) fn sentence(p_values: &[f64]) -> String {
    let count = p_values.len();
    let least = p_values.iter().copied().fold(1.0, f64::min);
    let below = p_values.iter().filter(|p| **p < 0.05).count();
    #[expect(clippy::cast_precision_loss, reason = "a few")]
    let expected = count as f64;
    format!(
        "{count} tests: {below} of their p-values lie below 0.05, where {:.1} are to be expected; the least is {least:.4}, and the \
         least of so many lies below that with a probability of {:.2}.",
        expected * 0.05,
        1.0 - (1.0 - least).powf(expected)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_come_in_groups_of_three() {
        assert_eq!(
            [0, 12, 123, 1234, 123_456, 1_234_567].map(grouped).join(" "),
            "0 12 123 1,234 123,456 1,234,567"
        );
    }
}
