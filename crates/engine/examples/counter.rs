//! Prints the states of a session around its first break: `cargo run --package tickseed-engine --example counter`.

use tickseed_engine::{BreakInterval, Error, Rules, Schedule, Seed, Timeline};

fn main() -> Result<(), Error> {
    // Short rounds of 3 to 6 ticks, so that several fit on the screen.
    let rules = Rules::new(BreakInterval::new(3, 6)?, 64)?;
    let schedule = Schedule::new(1_700_000_000_000, 100)?;
    let mut timeline = Timeline::new(&Seed::new("a seed")?, rules);

    for tick in 0..20 {
        let now = schedule.start_at() + tick * i64::from(schedule.tick_ms());
        let state = timeline.state_at(&schedule, now)?;
        let bar = "#".repeat(state.value as usize);
        let note = if state.broken { "break" } else { "" };
        println!("step {:2}  round {}  value {} {bar}{note}", state.step, state.round, state.value);
    }
    Ok(())
}
