//! Tests of every store against the contract and its own guarantees. They need redis-server and
//! PostgreSQL.

mod backends;
mod backup;
mod clock;
mod embedded;
mod faults;
mod late_writes;
mod postgres;
mod promises;
mod redis;
mod refusal;
mod silence;
mod transfer;
