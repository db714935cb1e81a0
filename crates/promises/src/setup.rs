//! What kind of world a seed makes, and which of the rules it breaks on purpose.

use std::sync::Arc;
use std::time::Duration;

use tickseed_session::{CLOCK_TOLERANCE, Deadline, Session, Timestamp};

use crate::clock::WrongClock;
use crate::random::Random;
use crate::world::Life;

/// How much further ahead than the notice and the loss every change is dated.
const GUARD: Duration = Duration::from_secs(1);

/// The rules of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// One process with a file.
    Embedded,
    /// Redis, which may lose the last seconds, and be replaced by a replica that is behind.
    Redis,
    /// `PostgreSQL`, whose commits may hang.
    Postgres,
    /// Cassandra, which writes in rounds of Paxos.
    Cassandra,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 4] = [Self::Embedded, Self::Redis, Self::Postgres, Self::Cassandra];

    /// Returns the name of the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Redis => "Redis",
            Self::Postgres => "PostgreSQL",
            Self::Cassandra => "Cassandra",
        }
    }
}

/// A rule that is broken on purpose. None of these needs a switch in the service: the store or the clock around it is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is wrong.
    None,
    /// Changes are dated only the notice ahead. The service reads a clock that is as late as the guard and the loss are long, and
    /// the store adds 375 ms and the loss to each deadline.
    NoGuard,
    /// A change may become visible until it takes effect: the store adds the notice, 375 ms and the loss to each deadline.
    DeadlineAtChange,
    /// Clocks are up to 750 ms off, and every store says that they agree.
    FarClocks,
    /// Stores say that they lose nothing, and lose the last seconds.
    HiddenLoss,
    /// Each store's rule for what is certain is replaced by the one that comes to mind first. Embedded: now, whatever is being
    /// written. Redis: when a proof comes in. `PostgreSQL`: when a SELECT is sent. Cassandra: a late record counts.
    NaiveCertainty,
}

impl Fault {
    /// Every fault, without [`Fault::None`].
    pub const ALL: [Self; 5] =
        [Self::NoGuard, Self::DeadlineAtChange, Self::FarClocks, Self::HiddenLoss, Self::NaiveCertainty];

    /// Says what is wrong.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::NoGuard => "no guard",
            Self::DeadlineAtChange => "deadline at the change",
            Self::FarClocks => "clocks 750 ms off",
            Self::HiddenLoss => "loss not counted",
            Self::NaiveCertainty => "certainty taken naively",
        }
    }

    /// Returns whether the fault must break promises over a store with this rule. One process with one clock, which knows what it
    /// is writing, does not depend on the deadline; and only Redis loses anything here. Over Redis, memory is trusted for a tenth of a
    /// second after a proof was sent, so it seldom matters that the proof came in a little later.
    #[must_use]
    pub const fn must_break(self, rule: Rule) -> bool {
        match self {
            Self::None => false,
            Self::NoGuard | Self::FarClocks => true,
            Self::DeadlineAtChange => !matches!(rule, Rule::Embedded),
            Self::HiddenLoss => matches!(rule, Rule::Redis),
            Self::NaiveCertainty => !matches!(rule, Rule::Redis),
        }
    }
}

/// One world.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The rules of its store.
    pub rule: Rule,
    /// What is wrong.
    pub fault: Fault,
    /// The notice of its session.
    pub notice_ms: u32,
    /// How much acknowledged writing its store loses in a crash, at most.
    pub loss_ms: i64,
    /// How far off clocks are, at most.
    pub clocks_off_us: i64,
    /// How far the clocks of the store's nodes are off, at most.
    pub nodes_off_us: i64,
    /// How many servers there are.
    pub servers: usize,
    /// Memory for sessions on each server.
    pub megabytes: u32,
    /// Whether changes are reported with the record.
    pub has_records: bool,
    /// In how many of a hundred cases a message takes long.
    pub slow_percent: i64,
}

impl Setup {
    /// Returns what the world of a seed is like.
    #[must_use]
    pub fn of_seed(rule: Rule, fault: Fault, seed: u64) -> Self {
        Self::choose(rule, fault, &mut Random::new(seed))
    }

    /// Chooses a world.
    pub fn choose(rule: Rule, fault: Fault, random: &mut Random) -> Self {
        let tolerance = i64::try_from(CLOCK_TOLERANCE.as_micros()).unwrap_or_default();
        let nodes_off_us = if rule == Rule::Cassandra { random.between(0, tolerance / 2) } else { 0 };
        let clocks_off_us = match fault {
            Fault::FarClocks => 2 * tolerance,
            // Now and then clocks are so far off that their servers promise nothing.
            _ if random.percent(20) => tolerance * 3 / 2,
            _ => tolerance - nodes_off_us,
        };
        let loss_ms = match rule {
            Rule::Redis => random.pick(&[0, 2_000, 3_000]),
            _ => 0,
        };
        Self {
            rule,
            fault,
            notice_ms: random.pick(&[1, 200, 1_000, 2_000, 5_000, 15_000]),
            loss_ms,
            clocks_off_us,
            nodes_off_us,
            servers: if rule == Rule::Embedded { 1 } else { 3 },
            megabytes: u32::from(!random.percent(10)),
            has_records: random.percent(70),
            slow_percent: random.pick(&[1, 5, 20]),
        }
    }

    /// Returns the loss that the store admits.
    #[must_use]
    pub fn told_loss(&self) -> Duration {
        let is_hidden = self.fault == Fault::HiddenLoss;
        Duration::from_millis(if is_hidden { 0 } else { self.loss_ms.unsigned_abs() })
    }

    /// Returns whether a store with these offsets between its clocks and the server's says that they agree.
    #[must_use]
    pub fn says_sure(&self, offsets_us: impl IntoIterator<Item = i64>) -> bool {
        let tolerance = CLOCK_TOLERANCE.as_micros();
        let agree = || offsets_us.into_iter().all(|offset| u128::from(offset.unsigned_abs()) <= tolerance);
        self.fault == Fault::FarClocks || agree()
    }

    /// Returns how late the clock of the service is.
    #[must_use]
    pub fn service_is_late_by(&self) -> Duration {
        if self.fault == Fault::NoGuard { GUARD + self.told_loss() } else { Duration::ZERO }
    }

    /// Returns the deadline that the store goes by.
    #[must_use]
    pub fn deadline(&self, session: &Session, deadline: Option<Deadline>) -> Timestamp {
        let Some(Deadline::OfStore(told)) = deadline else {
            panic!("a change of a session with a notice has a deadline of the store: {deadline:?}")
        };
        let more = match self.fault {
            Fault::NoGuard => CLOCK_TOLERANCE + self.told_loss(),
            Fault::DeadlineAtChange => session.notice.duration() + CLOCK_TOLERANCE + self.told_loss(),
            _ => Duration::ZERO,
        };
        told.after(more).unwrap_or(Timestamp::MAX)
    }

    /// Returns how long a message takes, in microseconds.
    pub fn delay(&self, random: &mut Random) -> i64 {
        if random.percent(self.slow_percent) {
            let longest = random.pick(&[20_000, 200_000, 1_000_000, 3_000_000]);
            random.between(1_000, longest)
        } else {
            random.between(50, 2_000)
        }
    }

    /// Returns how long a write waits before the store takes it, in microseconds. Many waits end near their deadline.
    pub fn write_delay(&self, random: &mut Random) -> i64 {
        match random.between(0, 9) {
            0 => random.between(0, 10_000_000),
            1..=3 => random.between(0, 1_500_000),
            _ => self.delay(random),
        }
    }
}

/// What a process of a server brings to its store.
#[derive(Clone)]
pub(crate) struct Process {
    /// The clock of the server.
    pub(crate) clock: Arc<WrongClock>,
    /// Ends the process.
    pub(crate) life: Life,
}
