//! The tickseed server: hands out sessions over REST and answers for their state with the same engine that the clients
//! run. The binary is `tickseed`; this library is there for its tests.
//!
//! - [`session`]: what a session is and how it lives; it knows neither HTTP nor a store in particular
//! - [`store`]: the backends, one file each
//! - [`http`]: the REST API, one file an endpoint, and the pages
//! - [`app`]: puts them together; the only place that sees both http and a store
//! - [`settings`]: flags and environment variables
//! - [`telemetry`]: the log
//! - [`error_chain`]: an error with everything that it came from
//! - [`print_state`]: the command `tickseed state`
//! - [`terminal`]: what the program prints

pub mod app;
pub mod error_chain;
pub mod http;
pub mod print_state;
pub mod session;
pub mod settings;
pub mod store;
pub mod telemetry;
pub mod terminal;
