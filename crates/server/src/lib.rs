//! The tickseed server: hands out sessions over REST, and computes their state with the same engine as the clients. The
//! binary is `tickseed`; this library exists for its tests.
//!
//! - [`http`]: the REST API, with one file per endpoint, and the pages
//! - [`access`]: who may use the server
//! - [`app`]: starts and stops the server; the only module that sees both HTTP and a store
//! - [`settings`]: flags and environment variables
//! - `metrics_port`: the port for Prometheus
//! - [`moving`]: the commands that move sessions between stores, and keep the file of the embedded store
//! - `platform`: what differs between operating systems
//! - `serve_error`: why the server fails
//! - `supervise`: background tasks that must not end
//! - [`telemetry`]: the log and the metrics
//! - [`print_state`]: the command `tickseed state`
//! - [`print_key`]: the command `tickseed key new`
//! - [`terminal`]: the output of the commands

pub mod access;
pub mod app;
mod excerpt;
pub mod http;
mod metrics_port;
pub mod moving;
mod platform;
pub mod print_key;
pub mod print_state;
mod serve_error;
pub mod settings;
mod supervise;
pub mod telemetry;
pub mod terminal;
