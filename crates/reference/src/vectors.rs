//! The types of `vectors/v1.json` and `vectors/schedule-v1.json`: test cases of engine version 1, for this project and for ports
//! of it.
//!
//! Each file explains itself in its `about` part. These types let Rust tests read it.

mod case;
mod decimal;
mod file;
mod schedule;
mod text;

pub use case::{
    Below, BreakInterval, DrawCase, EpochCase, InTurn, InvalidCase, InvalidError, InvalidInput, RoundCase,
    Rules, State, StateAtCase, StateCase, TimeCase,
};
pub use file::{About, Vectors};
pub use schedule::{
    ChangeForm, InstantAnswer, Refusal, RefusedCase, ScheduleAbout, ScheduleCase, ScheduleVectors, StepAnswer,
};

/// The text of `vectors/v1.json`.
pub const VECTORS_V1: &str = include_str!("../vectors/v1.json");

/// Parses `vectors/v1.json`.
///
/// # Panics
///
/// If the file does not match the types. It is part of the crate, so the checkout is broken then.
#[must_use]
pub fn load() -> Vectors {
    serde_json::from_str(VECTORS_V1).expect("vectors/v1.json matches the type tickseed_reference::Vectors")
}

/// The text of `vectors/schedule-v1.json`.
pub const SCHEDULE_VECTORS_V1: &str = include_str!("../vectors/schedule-v1.json");

/// Parses `vectors/schedule-v1.json`.
///
/// # Panics
///
/// If the file does not match the types. It is part of the crate, so the checkout is broken then.
#[must_use]
pub fn load_schedules() -> ScheduleVectors {
    serde_json::from_str(SCHEDULE_VECTORS_V1)
        .expect("vectors/schedule-v1.json matches the type tickseed_reference::vectors::ScheduleVectors")
}
