//! `tickseed state`: computes the state of a session with the engine alone, without a server.

use tickseed_engine::{BreakInterval, Error, Rules, Schedule, Seed, State, Step, state_at};

use crate::settings::StateSettings;

/// Returns the state as one line of JSON.
///
/// # Errors
///
/// The engine's error if an input is out of range.
pub fn state_json(settings: &StateSettings) -> Result<String, Error> {
    let state = compute(settings)?;
    Ok(serde_json::to_string(&state).unwrap_or_default())
}

fn compute(settings: &StateSettings) -> Result<State, Error> {
    let seed = Seed::new(&settings.seed)?;
    let schedule = Schedule::new(settings.start_at.millis(), settings.tick_ms)?;
    let interval = BreakInterval::new(settings.min, settings.max)?;
    let rules = Rules::new(interval, settings.rounds_per_epoch)?;
    let instant = match (settings.moment.at, settings.moment.step) {
        (Some(at), _) => at.millis(),
        (None, step) => schedule.time_of(Step::new(step.unwrap_or_default())?)?,
    };
    state_at(&seed, &rules, &schedule, instant)
}
