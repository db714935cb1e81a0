//! Why an input was refused, as numbers.

use tickseed_engine::Error;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::kept::kept;
use crate::number::number;

/// How many numbers tell a refusal: its kind, the field, the smallest and the largest allowed value, and what came.
pub(crate) const PARTS: usize = 5;

/// One part of the last refusal, from 0 on:
///
/// 0. the kind: 0 out of range, 1 not even, 2 a text's length;
/// 1. the field: its place among the variants of [`Field`](tickseed_engine::Field);
/// 2. the smallest allowed value;
/// 3. the largest;
/// 4. the value that came.
///
/// Text would cost the module a tenth of its size, so the TypeScript of the npm package puts this into the engine's
/// words. `tests/refusals.json` holds both to the same.
#[wasm_bindgen]
#[must_use]
pub fn refusal(part: usize) -> f64 {
    kept().refusal.get(part).copied().unwrap_or(f64::NAN)
}

/// A refusal in numbers.
pub(crate) fn numbers(error: &Error) -> [f64; PARTS] {
    let (kind, field, min, max, value) = match *error {
        Error::OutOfRange { field, min, max, value } => (0.0, field, min, max, came(value)),
        Error::NotEven { field, min, max, value } => (1.0, field, min, max, number(value)),
        Error::Length { field, min, max, value } => (2.0, field, min, max, number(value)),
        // Errors of a later engine have a kind of their own in JavaScript, too.
        _ => return [f64::NAN; PARTS],
    };
    [kind, f64::from(field as u8), number(min), number(max), value]
}

/// A value that came from JavaScript, which passes whole numbers below 2^53 in size: it goes back as it came.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "below 2^53 in size")]
const fn came(value: i128) -> f64 {
    value as i64 as f64
}

/// That the numbers and the engine's words belong together as the file says. A test of the npm package does the same for
/// the words of the TypeScript.
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
        /// The error that the case tells of.
        fn error(&self) -> Error {
            let field = FIELDS.into_iter().find(|field| field.as_str() == self.field).expect("a field");
            let (_, _, min, max, came) = self.numbers;
            let value = came.unsigned_abs();
            match self.code.as_str() {
                "out_of_range" => Error::OutOfRange { field, min, max, value: came.into() },
                "not_even" => Error::NotEven { field, min, max, value },
                "length" => Error::Length { field, min, max, value },
                other => panic!("no kind of error: {other}"),
            }
        }

        fn numbers(&self) -> [f64; PARTS] {
            let (kind, field, min, max, came) = self.numbers;
            let size = number(came.unsigned_abs());
            let value = if came < 0 { -size } else { size };
            [kind.into(), field.into(), number(min), number(max), value]
        }
    }

    fn cases() -> Vec<Case> {
        serde_json::from_str(include_str!("../tests/refusals.json")).expect("the test's own file")
    }

    #[test]
    fn errors_have_the_numbers_and_the_words_of_the_file() {
        for case in cases() {
            let error = case.error();
            assert_eq!(error.to_string(), case.message);
            assert_eq!(numbers(&error).map(f64::to_bits), case.numbers().map(f64::to_bits), "{error}");
        }
    }

    #[test]
    fn the_file_has_every_field_and_every_kind() {
        let cases = cases();
        for field in FIELDS {
            assert!(cases.iter().any(|case| case.field == field.as_str()), "{field}");
        }
        for kind in 0..3 {
            assert!(cases.iter().any(|case| case.numbers.0 == kind), "{kind}");
        }
    }
}
