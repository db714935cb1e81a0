//! Errors of the engine, encoded as numbers.

use tickseed_engine::{ChangeRule, Error};

use crate::numbers::{instant_to_number, to_number};

/// The number of parts of an error: kind, field, smallest and largest allowed value, and rejected value.
pub(crate) const ERROR_PARTS: usize = 5;

/// Encodes an error.
pub(crate) fn error_numbers(error: &Error) -> [f64; ERROR_PARTS] {
    let (kind, min, max, value) = match *error {
        Error::OutOfRange { min, max, value, .. } => {
            (0, to_number(min), to_number(max), signed_to_number(value))
        }
        Error::NotEven { min, max, value, .. } => (1, to_number(min), to_number(max), to_number(value)),
        Error::Length { min, max, value, .. } => (2, to_number(min), to_number(max), to_number(value)),
        Error::InvalidChange { index, rule } => {
            let (kind, limit, value) = rule_numbers(rule);
            (kind, index.into(), limit, value)
        }
        Error::NotScheduled { step, last } => (6, 0.0, to_number(last), to_number(step)),
        // `Error` is non-exhaustive. JavaScript reports an unknown kind for variants of a later engine.
        _ => (UNKNOWN, 0.0, 0.0, 0.0),
    };
    [kind.into(), f64::from(error.field() as u8), min, max, value]
}

/// Encodes the rule that a change breaks: the kind of error, the limit, and the rejected value.
fn rule_numbers(rule: ChangeRule) -> (u8, f64, f64) {
    match rule {
        ChangeRule::NotLater { previous, at } => (3, instant_to_number(previous), instant_to_number(at)),
        ChangeRule::NoChange { tick_ms } => (4, 0.0, tick_ms.into()),
        ChangeRule::WithinTick { phase, rate } => (5, rate.into(), phase.into()),
        _ => (UNKNOWN, 0.0, 0.0),
    }
}

/// The kind of an error that this crate does not know.
const UNKNOWN: u8 = u8::MAX;

/// Converts a value back to the JavaScript number it came from, an integer below 2^53 in magnitude.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "below 2^53 in magnitude")]
const fn signed_to_number(value: i128) -> f64 {
    value as i64 as f64
}

/// Compares the numbers and the engine's messages with the file. A test of the npm package compares the messages of the
/// TypeScript with the same file.
#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    use serde::Deserialize;
    use tickseed_engine::Field;

    use super::*;

    /// All fields but `segments`, the storage that this crate provides.
    const FIELDS: [Field; 15] = [
        Field::Seed,
        Field::BreakIntervalMin,
        Field::BreakIntervalMax,
        Field::RoundsPerEpoch,
        Field::StartAt,
        Field::TickMs,
        Field::Schedule,
        Field::ChangeAt,
        Field::ChangeTickMs,
        Field::Now,
        Field::Step,
        Field::Round,
        Field::Channel,
        Field::N,
        Field::Items,
    ];

    #[derive(Deserialize)]
    struct Case {
        numbers: (u8, u8, u64, u64, i64),
        code: String,
        field: String,
        message: String,
    }

    impl Case {
        /// Returns the error that the case describes.
        fn error(&self) -> Error {
            let (_, _, min, max, value) = self.numbers;
            let magnitude = value.unsigned_abs();
            match self.code.as_str() {
                "out_of_range" => Error::OutOfRange { field: self.field(), min, max, value: value.into() },
                "not_even" => Error::NotEven { field: self.field(), min, max, value: magnitude },
                "length" => Error::Length { field: self.field(), min, max, value: magnitude },
                "invalid_change" => {
                    let index = u16::try_from(min).expect("an index");
                    Error::InvalidChange { index, rule: self.rule() }
                }
                "step_not_scheduled" => Error::NotScheduled { step: magnitude, last: max },
                other => panic!("unknown error code: {other}"),
            }
        }

        /// Returns the field, which has the same name in JavaScript.
        fn field(&self) -> Field {
            FIELDS.into_iter().find(|field| field.as_str() == self.field).expect("a field")
        }

        fn rule(&self) -> ChangeRule {
            let (kind, _, _, limit, value) = self.numbers;
            let small = |number: u64| u32::try_from(number).expect("a length of time");
            let magnitude = value.unsigned_abs();
            match kind {
                3 => ChangeRule::NotLater { previous: i64::try_from(limit).expect("an instant"), at: value },
                4 => ChangeRule::NoChange { tick_ms: small(magnitude) },
                5 => ChangeRule::WithinTick { phase: small(magnitude), rate: small(limit) },
                other => panic!("no rule has the kind {other}"),
            }
        }

        fn numbers(&self) -> [f64; ERROR_PARTS] {
            let (kind, field, min, max, value) = self.numbers;
            let magnitude = to_number(value.unsigned_abs());
            let value = if value < 0 { -magnitude } else { magnitude };
            [kind.into(), field.into(), to_number(min), to_number(max), value]
        }
    }

    fn cases() -> Vec<Case> {
        serde_json::from_str(include_str!("../tests/errors.json")).expect("the file is valid JSON")
    }

    #[test]
    fn errors_have_the_numbers_and_messages_of_the_file() {
        for case in cases() {
            let error = case.error();
            assert_eq!(error.to_string(), case.message);
            assert_eq!(error_numbers(&error).map(f64::to_bits), case.numbers().map(f64::to_bits), "{error}");
        }
    }

    #[test]
    fn the_file_covers_every_field_and_every_kind() {
        let cases = cases();
        for field in FIELDS {
            assert!(cases.iter().any(|case| case.field == field.as_str()), "{field}");
        }
        for kind in 0..7 {
            assert!(cases.iter().any(|case| case.numbers.0 == kind), "{kind}");
        }
    }
}
