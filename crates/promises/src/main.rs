//! Draft.
fn main() {
    use tickseed_promises::*;
    let arguments: Vec<String> = std::env::args().collect();
    let n: u64 = arguments[1].parse().unwrap();
    let only: Option<&String> = arguments.get(2);
    let faults: &[Fault] = if arguments.len() > 3 { &Fault::ALL } else { &[Fault::None] };
    for fault in faults {
        for rule in Rule::ALL {
            if only.is_some_and(|only| only != rule.name()) {
                continue;
            }
            let began = std::time::Instant::now();
            let mut total = Outcome::default();
            for seed in 0..n {
                let o = run(rule, *fault, seed);
                if *fault == Fault::None && (o.broken > 0 || o.wrong_states > 0) {
                    println!("{seed}: {} {} {:?}", o.broken, o.wrong_states, o.first_broken);
                }
                total.add(o);
            }
            println!("{} / {}: {:?} {:?}", rule.name(), fault.name(), began.elapsed(), total);
        }
    }
}
