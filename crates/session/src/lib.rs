//! What a session is and how it lives.
//!
//! - [`Session`], [`SessionId`], [`Timestamp`], [`Metadata`]: the model. Every value is checked when it is made.
//! - [`SessionService`]: creates, finds, lists, pauses, stops, extends, deletes and expires sessions, and computes their state.
//! - [`SessionStore`] and [`ChangeFeed`]: the contract of a store, in two halves. The second half is optional.
//! - [`Clock`]: where the time comes from. Tests set it.
//! - `acceptance` (with the feature of that name): the suite that every store must pass.
//!
//! This crate knows neither HTTP nor any particular store.

#[cfg(feature = "acceptance")]
pub mod acceptance;
mod cache;
mod clock;
mod control;
mod deletion;
mod error_chain;
mod feed;
mod freshness;
mod id;
mod idempotency;
mod json_object;
mod key_name;
mod list;
mod listeners;
mod metadata;
mod model;
mod notice;
mod ready;
mod revision;
mod schedule;
mod service;
mod service_error;
mod store;
mod timestamp;
mod unknown_fields;
mod vitals;
mod waiting;
mod write_id;
mod writes;

pub use cache::{CacheSize, Lookup};
pub use clock::{CLOCK_TOLERANCE, Clock, READY_CLOCK_DISTANCE, SystemClock, clock_base_us};
pub use control::{ControlHash, Creator, InvalidControlHash};
pub use error_chain::error_chain;
pub use feed::{ChangeFeed, FeedPart, ReportedRecord, StoreChange, Subscriber};
pub use id::{InvalidSessionId, SessionId};
pub use idempotency::{
    Answer, Attempt, Fingerprint, Found, Progress, REQUEST_KEPT_FOR, RequestId, RequestStore, Reservation,
};
pub use key_name::{InvalidKeyName, KeyName};
pub use list::{ListFilter, ListRequest, MOST_EXAMINED, SessionList};
pub use listeners::{Listener, Update};
pub use metadata::{Metadata, MetadataTooLarge};
pub use model::{
    NewSession, Session, SessionSchedule, StateAnswer, Status, TimeToLive, plain_schedule, scheduled,
};
pub use notice::{InvalidNotice, Notice};
pub use ready::{ReadySession, Representation};
pub use revision::{InvalidRevision, Revision};
pub use schedule::{ScheduleError, ScheduleRequest, TickMs, When};
pub use service::{Moment, SessionService};
pub use service_error::ServiceError;
pub use store::{Created, Deadline, Deleted, Replaced, SessionPage, SessionStore, StoreError, Terms};
pub use timestamp::{InvalidTimestamp, Timestamp};
pub use unknown_fields::UnknownFields;
pub use vitals::{CacheStatistics, NodeVitals, Vitals};
pub use write_id::WriteId;
pub use writes::{ANY_SESSION, Expectation};

/// Runs the README's examples as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
