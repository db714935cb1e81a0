//! Tests of the server over HTTP: with the clock set by the test where time matters, and with the real binary where
//! processes and disks matter.

mod acceptance;
mod command_line;
mod document;
mod durability;
mod errors;
mod pages;
mod sessions;
mod support;
