//! What the stores that are other processes share: the thread of their connections, circuit breakers, how far their clocks are
//! from the server's, and what they can lose.

pub(crate) mod background;
pub(crate) mod breaker;
pub(crate) mod clock_distance;
pub(crate) mod connect;
pub(crate) mod log_line;
#[cfg(any(feature = "postgres", feature = "redis"))]
pub(crate) mod node_clock;
pub(crate) mod possible_loss;
pub(crate) mod watched_clock;
