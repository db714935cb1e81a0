//! The shape of `vectors/v1.json`: test cases of engine version 1, for this project and for ports of it.
//!
//! The file explains itself in its `about` part. Here are the same fields as types, so that Rust tests can read it.

mod case;
mod decimal;
mod text;

use serde::{Deserialize, Serialize};

pub use case::{
    Below, BreakInterval, DrawCase, EpochCase, InTurn, InvalidCase, InvalidError, InvalidInput, RoundCase,
    Rules, State, StateAtCase, StateCase, TimeCase,
};

/// The text of `vectors/v1.json`.
pub const VECTORS_V1: &str = include_str!("../vectors/v1.json");

/// The cases of `vectors/v1.json`.
///
/// # Panics
///
/// If the file does not have the shape of [`Vectors`]. It is part of the crate, so this is a broken checkout.
#[must_use]
pub fn load() -> Vectors {
    serde_json::from_str(VECTORS_V1).expect("vectors/v1.json has the shape of tickseed_reference::Vectors")
}

/// A whole file of vectors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vectors {
    /// What the file says about itself.
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
    /// Every kind of case with the number of its cases, in the order of the file.
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

/// What the file says about itself, for readers who have nothing but the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// What this is.
    pub what: String,
    /// What may change and what may not.
    pub stability: String,
    /// How to make the file again.
    pub regenerate: String,
    /// How numbers and texts are written.
    pub notation: String,
    /// The inputs that occur in several kinds of case.
    pub inputs: String,
    /// Of `states_at`.
    pub states_at: String,
    /// Of `states`.
    pub states: String,
    /// Of `times`.
    pub times: String,
    /// Of `rounds`.
    pub rounds: String,
    /// Of `epochs`.
    pub epochs: String,
    /// Of `draws`.
    pub draws: String,
    /// Of `invalid`.
    pub invalid: String,
}
