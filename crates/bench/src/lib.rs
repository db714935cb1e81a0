//! Benchmarks of tickseed: `cargo bench --package tickseed-bench`. `docs/performance.md` has the results.

/// Runs the Rust examples of the repository's README as documentation tests. The engine cannot do it, because its
/// package does not contain that file.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
