//! What a session is and how it lives. Knows neither HTTP nor any store in particular.

mod clock;
mod id;
mod metadata;
mod model;
mod service;
mod store;
mod timestamp;

pub use clock::{Clock, SystemClock};
pub use id::{InvalidSessionId, SessionId};
pub use metadata::{Metadata, MetadataTooLarge};
pub use model::{NewSession, Session, StateAnswer, Status, TimeToLive};
pub use service::{Question, ServiceError, SessionService};
pub use store::{Created, Replaced, SessionStore, StoreError};
pub use timestamp::{InvalidTimestamp, Timestamp};
