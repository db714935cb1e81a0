//! Tests of the server over HTTP. They set the clock where time matters, and run the real binary where processes and disks
//! matter.

mod bodies;
mod command_line;
mod connections;
mod document;
mod durability;
mod errors;
mod events;
mod expiry;
mod full_disk;
mod listener;
mod memory;
mod operation;
mod pages;
mod reads;
mod redis;
mod schedule;
mod sessions;
mod several;
mod slow_store;
mod support;
mod telemetry;
mod upgrade;
