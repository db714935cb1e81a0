//! Errors of the engine, encoded as numbers.

use tickseed_engine::Error;

use crate::numbers::to_number;

/// The number of parts of an error: kind, field, smallest and largest allowed value, and rejected value.
pub(crate) const ERROR_PARTS: usize = 5;

/// Encodes an error.
pub(crate) fn error_numbers(error: &Error) -> [f64; ERROR_PARTS] {
    let (kind, field, min, max, value) = match *error {
        Error::OutOfRange { field, min, max, value } => (0.0, field, min, max, signed_to_number(value)),
        Error::NotEven { field, min, max, value } => (1.0, field, min, max, to_number(value)),
        Error::Length { field, min, max, value } => (2.0, field, min, max, to_number(value)),
        // `Error` is non-exhaustive. JavaScript reports an unknown kind for variants of a later engine.
        _ => return [f64::NAN; ERROR_PARTS],
    };
    [kind, f64::from(field as u8), to_number(min), to_number(max), value]
}

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

    const FIELDS: [Field; 12] = [
        Field::Seed,
        Field::BreakIntervalMin,
        Field::BreakIntervalMax,
        Field::RoundsPerEpoch,
        Field::StartAt,
        Field::TickMs,
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
            let field = FIELDS.into_iter().find(|field| field.as_str() == self.field).expect("a field");
            let (_, _, min, max, value) = self.numbers;
            let magnitude = value.unsigned_abs();
            match self.code.as_str() {
                "out_of_range" => Error::OutOfRange { field, min, max, value: value.into() },
                "not_even" => Error::NotEven { field, min, max, value: magnitude },
                "length" => Error::Length { field, min, max, value: magnitude },
                other => panic!("unknown error code: {other}"),
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
        for kind in 0..3 {
            assert!(cases.iter().any(|case| case.numbers.0 == kind), "{kind}");
        }
    }
}
