//! Tests of the server over HTTP: with a clock that the test sets where time matters, and with the real binary where processes
//! and disks matter.

mod command_line;
mod document;
mod durability;
mod errors;
mod events;
mod expiry;
mod listener;
mod pages;
mod reads;
mod redis;
mod sessions;
mod several;
mod support;
mod upgrade;
