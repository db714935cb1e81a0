//! `vectors/v1.json` is the output of the reference, byte for byte.

use tickseed_reference::make::make_vectors;
use tickseed_reference::{VECTORS_V1, load};

const ADVICE: &str = "vectors/v1.json is not the output of the reference. A vector of version 1 never changes: if an \
    answer differs, the behaviour differs, and that needs a new engine version with a file of its own. If you have \
    only added cases, write the file again with\n\n    \
    cargo run -p tickseed-reference --bin make-vectors\n";

/// Returns the first line that differs, since the entire file is too long to show.
fn first_difference(made: &str) -> String {
    let mut lines = (1..).zip(VECTORS_V1.lines().zip(made.lines()));
    match lines.find(|(_, (stored, made))| stored != made) {
        Some((number, (stored, made))) => format!("line {number}\nstored: {stored}\nmade:   {made}"),
        None => "one is longer than the other, or has other line endings".to_owned(),
    }
}

#[test]
fn the_file_is_the_output_of_the_reference() {
    let made = make_vectors().to_text();
    assert!(made == VECTORS_V1, "{ADVICE}\n{}", first_difference(&made));
}

#[test]
fn parsing_the_file_returns_the_cases_it_was_made_from() {
    assert!(load() == make_vectors(), "{ADVICE}");
}

#[test]
fn the_file_is_ascii_and_ends_with_one_newline() {
    assert!(VECTORS_V1.is_ascii());
    assert!(VECTORS_V1.ends_with("}\n"));
    assert!(!VECTORS_V1.contains('\r'));
}

#[test]
fn the_documentation_has_the_number_of_cases() {
    let cases: usize = load().counts().iter().map(|(_, count)| count).sum();
    let expected = format!("{},{:03} cases", cases / 1000, cases % 1000);
    assert!(include_str!("../../../README.md").contains(&expected), "README.md: {expected}");
    assert!(
        include_str!("../../../docs/determinism.md").contains(&expected),
        "docs/determinism.md: {expected}"
    );
}
