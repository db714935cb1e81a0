//! Version 1 of the engine, as `docs/engine.md` defines it, in as plain a form as possible.
//!
//! | section of `docs/engine.md` | file |
//! |---|---|
//! | 1. Inputs | `inputs.rs` |
//! | 2. From time to step | `schedule.rs` |
//! | 3. Rounds, 4. Epochs, 8. Further questions | `timeline.rs` |
//! | 5. Keys | `keys.rs`, on top of `chacha8.rs` |
//! | 6. Intervals of an epoch | `intervals.rs`, and `words.rs` for `bounded` and the shuffle |
//! | 7. Draws | `draw.rs` |
//! | `docs/schedule.md`, 1. Changes | `changes.rs` |
//!
//! Nothing is cached: every answer is computed from the seed, and a round is found by walking through the rounds of its epoch
//! one by one. This is slow, and speed is not a goal. SHA-256 comes from the `sha2` crate; everything else is here.

mod chacha8;
mod changes;
mod draw;
mod inputs;
mod intervals;
mod keys;
mod schedule;
mod timeline;
mod words;

pub use chacha8::chacha8_block;
pub use changes::{Change, ChangedSchedule, ScheduleError, TimeError};
pub use draw::Draw;
pub use inputs::{InputError, LAST_STEP, LATEST_INSTANT, Rules};
pub use intervals::intervals_of_epoch;
pub use keys::{channel_nonce, epoch_secret, root};
pub use schedule::Schedule;
pub use timeline::{Round, State, Timeline};
