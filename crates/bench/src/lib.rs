//! Benchmarks of tickseed: `cargo bench --package tickseed-bench`. What they measured is in `docs/performance.md`.
