//! Tests of the server over HTTP: with the clock set by the test where time matters, and with the real binary where
//! processes and disks matter.

mod acceptance;
mod cache;
mod certificate;
mod command_line;
mod document;
mod durability;
mod errors;
mod faults;
mod faulty_store;
mod follower;
mod pages;
mod patient_store;
mod redis;
mod redis_server;
mod sessions;
mod support;
