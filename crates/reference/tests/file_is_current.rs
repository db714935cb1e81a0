//! `vectors/v1.json` is what the reference makes, byte for byte.

use tickseed_reference::make::make_vectors;
use tickseed_reference::{VECTORS_V1, load};

const ADVICE: &str = "vectors/v1.json is not what the reference makes. A vector of version 1 never changes: if an \
    answer differs, the behaviour differs, and that means a new engine version with a file of its own. If cases \
    were only added, write the file again with\n\n    \
    cargo run -p tickseed-reference --bin make-vectors\n";

/// Where the two part, since a whole file says too much.
fn first_difference(made: &str) -> String {
    let mut lines = (1..).zip(VECTORS_V1.lines().zip(made.lines()));
    match lines.find(|(_, (stored, made))| stored != made) {
        Some((number, (stored, made))) => format!("line {number}\nstored: {stored}\nmade:   {made}"),
        None => "one is longer than the other, or ends its lines in another way".to_owned(),
    }
}

#[test]
fn the_file_is_what_the_reference_makes() {
    let made = make_vectors().to_text();
    assert!(made == VECTORS_V1, "{ADVICE}\n{}", first_difference(&made));
}

#[test]
fn reading_the_file_gives_back_what_was_made() {
    assert!(load() == make_vectors(), "{ADVICE}");
}

#[test]
fn the_file_is_ascii_with_one_newline_at_its_end() {
    assert!(VECTORS_V1.is_ascii());
    assert!(VECTORS_V1.ends_with("}\n"));
    assert!(!VECTORS_V1.contains('\r'));
}

#[test]
fn the_documentation_tells_how_many_cases_there_are() {
    let cases: usize = load().counts().iter().map(|(_, count)| count).sum();
    let told = format!("{},{:03} cases", cases / 1000, cases % 1000);
    assert!(include_str!("../../../README.md").contains(&told), "README.md: {told}");
    assert!(include_str!("../../../docs/determinism.md").contains(&told), "docs/determinism.md: {told}");
}
