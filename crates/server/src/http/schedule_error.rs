//! The errors of changes of a schedule: their codes, and what their problems tell beside the detail.

use super::error_code::ErrorCode;
use super::sessions::change_json::{ChangeJson, changes_json};
use tickseed_session::{ScheduleError, Timestamp};

/// Returns the code of an error.
pub(super) const fn schedule_code(error: &ScheduleError) -> ErrorCode {
    match error {
        ScheduleError::Stopped { .. } | ScheduleError::StopsBefore { .. } => ErrorCode::SessionStopped,
        ScheduleError::NotStarted { .. } => ErrorCode::NotStarted,
        ScheduleError::TooSoon { .. } => ErrorCode::TooSoon,
        ScheduleError::LaterChanges { .. } | ScheduleError::NewLaterChanges { .. } => ErrorCode::LaterChanges,
        ScheduleError::ChangeFinal { .. } => ErrorCode::ChangeFinal,
        ScheduleError::NothingToWithdraw => ErrorCode::NothingToWithdraw,
        ScheduleError::AlreadyPaused { .. } => ErrorCode::AlreadyPaused,
        ScheduleError::NotPaused { .. } => ErrorCode::NotPaused,
        ScheduleError::SameRate { .. } => ErrorCode::SameRate,
        ScheduleError::Full { .. } => ErrorCode::ScheduleFull,
        ScheduleError::NoNextTick { .. } => ErrorCode::InvalidFields,
    }
}

/// The members that only some problems have.
#[derive(Default)]
pub(super) struct Members {
    pub(super) stopped_at: Option<Timestamp>,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) earliest: Option<Timestamp>,
    pub(super) schedule: Option<Vec<ChangeJson>>,
    pub(super) change: Option<ChangeJson>,
    pub(super) right: Option<&'static str>,
}

impl Members {
    /// Returns what a client needs to handle the error.
    pub(super) fn new(error: &ScheduleError) -> Self {
        let none = Self::default();
        match error {
            ScheduleError::Stopped { stopped_at } | ScheduleError::StopsBefore { stopped_at, .. } => {
                Self { stopped_at: Some(*stopped_at), ..none }
            }
            ScheduleError::TooSoon { earliest, .. } => Self { earliest: Some(*earliest), ..none },
            ScheduleError::LaterChanges { changes, .. }
            | ScheduleError::NewLaterChanges { changes, .. }
            | ScheduleError::AlreadyPaused { changes, .. }
            | ScheduleError::NotPaused { changes, .. }
            | ScheduleError::SameRate { changes, .. } => {
                Self { schedule: Some(changes_json(changes.iter().copied())), ..none }
            }
            ScheduleError::ChangeFinal { change } => Self { change: Some((*change).into()), ..none },
            ScheduleError::NotStarted { .. }
            | ScheduleError::NothingToWithdraw
            | ScheduleError::Full { .. }
            | ScheduleError::NoNextTick { .. } => none,
        }
    }
}
