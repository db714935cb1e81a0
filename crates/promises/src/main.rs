//! Draft.
fn main() {
    use tickseed_promises::*;
    let n: u64 = std::env::args().nth(1).unwrap().parse().unwrap();
    let _ = n;
    for fault in [Fault::None].into_iter().chain(Fault::ALL) {
        for rule in Rule::ALL {
            let began = std::time::Instant::now();
            let mut total = Outcome::default();
            for seed in 0..n {
                total.add(run(rule, fault, seed));
            }
            println!("{} / {}: {:?} {:?}", rule.name(), fault.name(), began.elapsed(), total);
        }
    }
}
