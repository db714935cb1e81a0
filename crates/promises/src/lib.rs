//! Shows that no promise of a server is ever broken.
//!
//! A session with a notice comes with an instant until which it is settled (docs/schedule.md, section 2). This crate runs several
//! servers, each the real [`SessionService`](tickseed_session::SessionService), over simulated stores in virtual time. Clocks differ,
//! messages are late, writes hang, processes are killed and stores lose what they may. At the end, every answer is compared with
//! what really happened. Everything follows from a seed.

#![allow(clippy::missing_panics_doc, reason = "a simulation panics to fail")]

mod acts;
mod clock;
mod history;
mod link;
mod many;
mod plain;
mod random;
mod run;
mod server;
mod setup;
mod stores;
mod world;

pub use acts::{Act, Change, Deed, Kind, TICKS, Timing, choose};
pub use history::{Changes, Outcome};
pub use many::Total;
pub use plain::{Plain, Seen};
pub use random::Random;
pub use run::{run, run_acts};
pub use setup::{Fault, Rule, Setup};
