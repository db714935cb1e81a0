//! `tickseed state`: computes the state of a session with the engine alone, without a server.

use std::fmt;

use serde::Serialize;
use tickseed_engine::{
    BreakInterval, Change, ChangeRule, Error, Rules, Schedule, Seed, Segment, State, Status, Step, state_at,
};
use tickseed_session::Timestamp;

use crate::settings::{ChangeSetting, StateSettings};

/// A state as it is printed.
#[derive(Debug, Serialize)]
struct Printed {
    #[serde(flatten)]
    state: State,
    /// Only for a session with changes; without them it is always running.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
}

/// Why a state cannot be computed.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// An input is out of range, or the step never begins.
    #[error(transparent)]
    Engine(#[from] Error),
    /// A change cannot follow the ones before it.
    #[error("--change {change}: {}", Broken(*.rule))]
    Change {
        /// The change.
        change: ChangeSetting,
        /// The rule that it breaks.
        rule: ChangeRule,
    },
}

/// Returns the state as one line of JSON. With changes, it has the status too.
///
/// # Errors
///
/// The first input that is out of range, the first change that cannot follow the ones before it, or a step that never begins.
pub fn state_json(settings: &StateSettings) -> Result<String, StateError> {
    let state = compute(settings)?;
    Ok(serde_json::to_string(&state).unwrap_or_default())
}

fn compute(settings: &StateSettings) -> Result<Printed, StateError> {
    let seed = Seed::new(&settings.seed)?;
    let schedule = schedule(settings)?;
    let interval = BreakInterval::new(settings.min, settings.max)?;
    let rules = Rules::new(interval, settings.rounds_per_epoch)?;
    let instant = match (settings.moment.at, settings.moment.step) {
        (Some(at), _) => at.millis(),
        (None, step) => schedule.time_of(Step::new(step.unwrap_or_default())?)?,
    };
    let state = state_at(&seed, &rules, &schedule, instant)?;
    let status = match schedule.status_at(instant)? {
        Status::Running => "running",
        Status::Paused => "paused",
    };
    Ok(Printed { state, status: (!settings.changes.is_empty()).then_some(status) })
}

fn schedule(settings: &StateSettings) -> Result<Schedule<Vec<Segment>>, StateError> {
    let changes: Result<Vec<Change>, Error> =
        settings.changes.iter().map(|change| Change::new(change.at.millis(), change.tick_ms)).collect();
    let changes = changes?;
    let plain = Schedule::new(settings.start_at.millis(), settings.tick_ms)?;
    let segments = vec![Segment::default(); changes.len()];
    plain.with_changes(&changes, segments).map_err(|error| match error {
        Error::InvalidChange { index, rule } => match settings.changes.get(usize::from(index)) {
            Some(change) => StateError::Change { change: *change, rule },
            None => error.into(),
        },
        other => other.into(),
    })
}

/// Says how a change breaks a rule, with instants as the command line has them.
struct Broken(ChangeRule);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ChangeRule::NotLater { previous, .. } => {
                f.write_str("must be after the start and the change before it, at ")?;
                Timestamp::from_millis(previous).map_or(Ok(()), |previous| previous.fmt(f))
            }
            ChangeRule::NoChange { tick_ms: 0 } => f.write_str("the session is paused already"),
            ChangeRule::NoChange { tick_ms } => write!(f, "ticks last {tick_ms} ms already"),
            ChangeRule::WithinTick { phase, rate } => {
                write!(
                    f,
                    "ticks get another length only where a tick begins, not {phase} ms into a tick of {rate} ms"
                )
            }
            _ => f.write_str("must follow the change before it"),
        }
    }
}
