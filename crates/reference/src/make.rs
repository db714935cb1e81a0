//! Makes the cases of `vectors/v1.json` and `vectors/schedule-v1.json`. The reference gives every answer, and every run gives the
//! same files.

mod about;
mod draws;
mod epochs;
mod hexadecimal;
mod inputs;
mod invalid;
mod pseudo_random;
mod repeats;
mod rounds;
mod schedules;
mod states;
mod states_at;
mod times;

pub use schedules::make_schedule_vectors;

use crate::vectors::Vectors;

/// The version of the engine that the reference implements.
const ENGINE_VERSION: u32 = 1;

/// Makes all cases of `vectors/v1.json`.
#[must_use]
pub fn make_vectors() -> Vectors {
    Vectors {
        about: about::about(),
        engine_version: ENGINE_VERSION,
        states_at: states_at::cases(),
        states: states::cases(),
        times: times::cases(),
        rounds: rounds::cases(),
        epochs: epochs::cases(),
        draws: draws::cases(),
        invalid: invalid::cases(),
    }
}
