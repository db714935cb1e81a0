//! Benchmarks of tickseed: `cargo bench --package tickseed-bench`. `scripts/bench` measures more, and
//! `docs/performance.md` has its results.

/// Runs the Rust examples of the repository's README as documentation tests. The engine cannot do it, because its
/// package does not contain that file.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
