//! What clients ask of servers, and what happens to the servers.

use tickseed_session::{ScheduleRequest, TickMs, Timestamp, When};

use crate::random::Random;

/// The lengths of a tick that clients ask for.
pub const TICKS: [u32; 6] = [7, 20, 50, 100, 250, 1_000];

/// Something that happens.
#[derive(Debug, Clone, Copy)]
pub struct Act {
    /// How long after the one before, in microseconds.
    pub after_us: i64,
    /// Which server it happens to.
    pub server: usize,
    /// After how long the client gives up, in microseconds.
    pub patience_us: i64,
    /// What happens.
    pub deed: Deed,
}

/// What happens.
#[derive(Debug, Clone, Copy)]
pub enum Deed {
    /// A client asks for the session.
    Find,
    /// A client asks for the state now, or this many milliseconds from now.
    State(Option<i64>),
    /// A client changes the session.
    Change(Change),
    /// A client stops the session.
    Stop(Timing),
    /// The server is killed, and starts again after this many microseconds.
    Kill(i64),
    /// The server's clock is set.
    SetClock,
    /// Something happens to the store.
    Disturb,
}

/// When a change shall take effect: this many milliseconds after the earliest instant, or as soon as possible.
pub type Timing = Option<i64>;

/// A change.
#[derive(Debug, Clone, Copy)]
pub struct Change {
    /// What changes.
    pub kind: Kind,
    /// When.
    pub when: Timing,
    /// Whether later changes are taken back.
    pub replace_later: bool,
}

/// What changes.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Pause.
    Pause,
    /// Resume, with another rate or not.
    Resume(Option<u32>),
    /// Another rate.
    Rate(u32),
    /// Withdraw.
    Withdraw,
}

impl Change {
    /// Returns the request, if the earliest instant is this.
    #[must_use]
    pub fn request(self, earliest: Timestamp) -> ScheduleRequest {
        let at = at(self.when, earliest);
        let when = When { at, replace_later: self.replace_later };
        let ticks = |millis: u32| TickMs::new(millis).expect("it is in its range");
        match self.kind {
            Kind::Pause => ScheduleRequest::Pause(when),
            Kind::Resume(tick_ms) => ScheduleRequest::Resume(when, tick_ms.map(ticks)),
            Kind::Rate(tick_ms) => ScheduleRequest::Rate(when, ticks(tick_ms)),
            Kind::Withdraw => ScheduleRequest::Withdraw(at),
        }
    }
}

/// Returns the instant of a change.
pub(crate) fn at(when: Timing, earliest: Timestamp) -> Option<Timestamp> {
    Timestamp::from_millis(earliest.millis() + when?).ok()
}

/// Chooses what happens in a world, in this many seconds.
pub fn choose(random: &mut Random, servers: usize, seconds: i64) -> Vec<Act> {
    let mut acts = Vec::new();
    let mut left_us = seconds * 1_000_000;
    while left_us > 0 {
        let after_us = random.between(0, 20_000);
        left_us -= after_us;
        let server = usize::try_from(random.between(0, i64::try_from(servers).unwrap_or(1) - 1));
        let patience_us = if random.percent(5) { random.between(0, 2_000_000) } else { 20_000_000 };
        let deed = deed(random);
        acts.push(Act { after_us, server: server.unwrap_or_default(), patience_us, deed });
    }
    acts
}

fn deed(random: &mut Random) -> Deed {
    match random.between(0, 9_999) {
        0..=9 => {
            let longest_us = random.pick(&[10_000, 2_000_000]);
            Deed::Kill(random.between(1_000, longest_us))
        }
        10..=29 => Deed::SetClock,
        30..=49 => Deed::Disturb,
        50..=54 => Deed::Stop(when(random)),
        55..=319 => Deed::Change(change(random)),
        320..=1_999 => Deed::State(random.percent(70).then(|| random.between(-2_000, 20_000))),
        _ => Deed::Find,
    }
}

fn change(random: &mut Random) -> Change {
    let kind = match random.between(0, 9) {
        0..=2 => Kind::Pause,
        3..=5 => Kind::Resume(random.percent(50).then(|| random.pick(&TICKS))),
        6..=7 => Kind::Rate(random.pick(&TICKS)),
        _ => Kind::Withdraw,
    };
    Change { kind, when: when(random), replace_later: random.percent(60) }
}

fn when(random: &mut Random) -> Timing {
    match random.between(0, 9) {
        0..=4 => None,
        5..=6 => Some(random.between(-50, 50)),
        7 => Some(random.between(-2_000, 2_000)),
        _ => Some(random.between(0, 20_000)),
    }
}
