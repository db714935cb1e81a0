//! The top level of the file.

use serde::{Deserialize, Serialize};

use super::case::{DrawCase, EpochCase, InvalidCase, RoundCase, StateAtCase, StateCase, TimeCase};

/// A file of vectors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vectors {
    /// The file's description of itself.
    pub about: About,
    /// The version of the engine that these cases define: 1.
    pub engine_version: u32,
    /// The state at an instant.
    pub states_at: Vec<StateAtCase>,
    /// The state at a step.
    pub states: Vec<StateCase>,
    /// The instant at which a step begins.
    pub times: Vec<TimeCase>,
    /// Rounds by number.
    pub rounds: Vec<RoundCase>,
    /// Keys and intervals of epochs.
    pub epochs: Vec<EpochCase>,
    /// Words of draws and the values taken from them.
    pub draws: Vec<DrawCase>,
    /// Inputs outside their ranges.
    pub invalid: Vec<InvalidCase>,
}

impl Vectors {
    /// Returns the number of cases of each kind, in the order of the file.
    #[must_use]
    pub fn counts(&self) -> [(&'static str, usize); 7] {
        [
            ("states_at", self.states_at.len()),
            ("states", self.states.len()),
            ("times", self.times.len()),
            ("rounds", self.rounds.len()),
            ("epochs", self.epochs.len()),
            ("draws", self.draws.len()),
            ("invalid", self.invalid.len()),
        ]
    }
}

/// The file's description of itself, for readers who have only the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// The purpose of the file.
    pub what: String,
    /// The rules for changes.
    pub stability: String,
    /// The command that writes the file.
    pub regenerate: String,
    /// The notation of numbers and texts.
    pub notation: String,
    /// The inputs used by several kinds of cases.
    pub inputs: String,
    /// The cases in `states_at`.
    pub states_at: String,
    /// The cases in `states`.
    pub states: String,
    /// The cases in `times`.
    pub times: String,
    /// The cases in `rounds`.
    pub rounds: String,
    /// The cases in `epochs`.
    pub epochs: String,
    /// The cases in `draws`.
    pub draws: String,
    /// The cases in `invalid`.
    pub invalid: String,
}
