//! What each call of the engine costs, with criterion's statistics and its comparison with the run before. `scripts/bench` times the
//! same calls in turns, and so compares them better with each other.

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use tickseed_costs::cases;

fn calls(criterion: &mut Criterion) {
    for mut case in cases() {
        criterion.bench_function(&format!("{}, step {}", case.name, case.step), |bencher| {
            bencher.iter_custom(|count| {
                let start = Instant::now();
                black_box(case.call(count));
                start.elapsed()
            });
        });
    }
}

criterion_group!(benches, calls);
criterion_main!(benches);
