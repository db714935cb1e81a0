//! What a session is and how it lives. Knows neither HTTP nor any store in particular.

mod cache;
mod clock;
mod id;
mod listeners;
mod metadata;
mod model;
mod ready;
mod service;
mod store;
mod timestamp;
mod trust;

pub use cache::{CacheSize, Found};
pub use clock::{Clock, SystemClock};
pub use id::{InvalidSessionId, SessionId};
pub use listeners::Listener;
pub use metadata::{Metadata, MetadataTooLarge};
pub use model::{NewSession, Session, StateAnswer, Status, TimeToLive};
pub use ready::{ReadySession, Representation};
pub use service::{Question, ServiceError, SessionService};
pub use store::{Created, Follower, News, Replaced, SessionStore, StoreError};
pub use timestamp::{InvalidTimestamp, Timestamp};
