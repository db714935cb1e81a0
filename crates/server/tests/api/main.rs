//! Tests of the server over HTTP: with the clock set by the test where time matters, and with the real binary where
//! processes and disks matter.

mod acceptance;
mod cache;
mod certificate;
mod command_line;
mod document;
mod durability;
mod errors;
mod events;
mod faults;
mod faulty_store;
mod follower;
mod listener;
mod pages;
mod patient_store;
mod reads;
mod redis;
mod redis_server;
mod sessions;
mod several;
mod support;
