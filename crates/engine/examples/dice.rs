//! Rolls dice and deals cards that everyone in a session shares: `cargo run --package tickseed-engine --example dice`.

use tickseed_engine::{Channel, Error, Rules, Seed, Step, Timeline};

fn main() -> Result<(), Error> {
    let mut timeline = Timeline::new(&Seed::new("a seed")?, Rules::default());

    let dice = Channel::new("dice")?;
    for number in 0..5 {
        let step = Step::new(number)?;
        let mut draw = timeline.draw(step, dice);
        println!("step {step}: {} and {}", 1 + draw.below(6)?, 1 + draw.below(6)?);
    }

    // Another channel gives independent draws for the same steps.
    let mut suits = ["clubs", "diamonds", "hearts", "spades"];
    timeline.draw(Step::ZERO, Channel::new("cards")?).shuffle(&mut suits)?;
    println!("shuffled: {}", suits.join(", "));
    Ok(())
}
