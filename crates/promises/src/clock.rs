//! Clocks that are wrong by known amounts.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tickseed_session::{Clock, Timestamp};

use crate::world::{BEGINNING_MS, World};

/// A clock that is at most `limit_us` off, drifts, and can be set.
pub(crate) struct WrongClock {
    world: Arc<World>,
    limit_us: i64,
    /// How far off it is when it is set, and when that was.
    offset_us: AtomicI64,
    set_at_us: AtomicI64,
    drift_ppm: i64,
}

impl WrongClock {
    /// Makes a clock that is off by at most this much.
    #[must_use]
    pub(crate) fn new(world: &Arc<World>, limit_us: i64) -> Arc<Self> {
        let drift_ppm = world.random().between(-500, 500);
        let clock = Self {
            world: Arc::clone(world),
            limit_us,
            offset_us: AtomicI64::default(),
            set_at_us: AtomicI64::default(),
            drift_ppm,
        };
        clock.set();
        Arc::new(clock)
    }

    /// Sets the clock, as NTP does: often to one end of what is allowed.
    pub(crate) fn set(&self) {
        let limit = self.limit_us;
        let offset = {
            let mut random = self.world.random();
            if random.percent(60) { random.pick(&[-limit, limit]) } else { random.between(-limit, limit) }
        };
        self.offset_us.store(offset, Ordering::Relaxed);
        self.set_at_us.store(self.world.now_us(), Ordering::Relaxed);
    }

    /// Returns how far off the clock is.
    #[must_use]
    pub(crate) fn offset_us(&self) -> i64 {
        let passed = self.world.now_us() - self.set_at_us.load(Ordering::Relaxed);
        let offset = self.offset_us.load(Ordering::Relaxed) + passed * self.drift_ppm / 1_000_000;
        offset.clamp(-self.limit_us, self.limit_us)
    }
}

impl Clock for WrongClock {
    fn now_us(&self) -> i64 {
        BEGINNING_MS * 1_000 + self.world.now_us() + self.offset_us()
    }

    fn uptime(&self) -> Duration {
        // Never 0, because no process is that young when it reads a session.
        Duration::from_micros(self.world.now_us().unsigned_abs() + 1_000_000)
    }
}

/// Another clock, some time ago.
pub(crate) struct EarlierClock {
    /// The other clock.
    pub(crate) clock: Arc<WrongClock>,
    /// How long ago.
    pub(crate) by: Duration,
}

impl Clock for EarlierClock {
    fn now_us(&self) -> i64 {
        self.clock.now_us() - i64::try_from(self.by.as_micros()).unwrap_or_default()
    }

    fn uptime(&self) -> Duration {
        self.clock.uptime()
    }
}

/// Returns the instant in whole milliseconds of a time in microseconds since the world began.
pub(crate) fn instant(us: i64) -> Timestamp {
    Timestamp::from_millis(BEGINNING_MS + us.div_euclid(1_000)).expect("worlds are short")
}
