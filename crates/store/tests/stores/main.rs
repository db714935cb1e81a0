//! Every store, held to the contract and to what is special about it. Needs redis-server.

mod backends;
mod faults;
mod redis;
