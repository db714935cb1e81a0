//! How far a server's memory can be trusted: as far as the store has proved that it has told of every change.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::News;

/// How old the last proof that everything was told may be for the memory to be trusted.
pub(super) const TRUSTED_FOR: Duration = Duration::from_millis(100);

/// A stretch of time in which no replacement is missed: it begins when the store begins to tell, and ends when the store
/// begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Generation(u64);

/// What the store has proved.
#[derive(Debug, Default)]
pub(super) struct Trust {
    generation: AtomicU64,
    /// Microseconds of uptime; 0 while there is no proof in this generation.
    told_until_us: AtomicU64,
    at_once: AtomicBool,
}

impl Trust {
    /// The store begins to tell. What was learned in an earlier generation may be out of date.
    pub(super) fn begins(&self, news: News) {
        self.told_until_us.store(0, Ordering::SeqCst);
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.at_once.store(news == News::AtOnce, Ordering::SeqCst);
    }

    /// Every replacement of this generation that was answered up to `uptime` has been told.
    pub(super) fn told_until(&self, uptime: Duration) {
        self.told_until_us.store(u64::try_from(uptime.as_micros()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }

    /// The generation that it is. To be asked before the store is read, for what was read is good from then on.
    pub(super) fn generation(&self) -> Generation {
        Generation(self.generation.load(Ordering::SeqCst))
    }

    /// Whether what was learned in `generation` still holds at `uptime`, give or take [`TRUSTED_FOR`].
    pub(super) fn vouches_for(&self, generation: Generation, uptime: Duration) -> bool {
        // The proof is read before the generation: a proof of a later generation comes after that generation has begun, so who sees
        // it sees the later generation too.
        let told_until = self.proved_until();
        let is_recent = |told_until| uptime.saturating_sub(told_until) <= TRUSTED_FOR;
        let told = self.at_once.load(Ordering::SeqCst) || told_until.is_some_and(is_recent);
        told && self.generation() == generation
    }

    /// The last uptime at which something learned at `learned_at` in `generation` was certain to hold.
    pub(super) fn certain_until(&self, generation: Generation, learned_at: Duration) -> Duration {
        let told_until = self.proved_until();
        if self.generation() == generation {
            told_until.unwrap_or_default().max(learned_at)
        } else {
            learned_at
        }
    }

    fn proved_until(&self) -> Option<Duration> {
        let micros = self.told_until_us.load(Ordering::SeqCst);
        (micros > 0).then(|| Duration::from_micros(micros))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Duration {
        Duration::from_millis(1_000_000 + millis)
    }

    #[test]
    fn what_was_learned_holds_as_long_as_the_news_are_proved() {
        let trust = Trust::default();
        trust.begins(News::Soon);
        let generation = trust.generation();
        assert!(!trust.vouches_for(generation, at(0)), "nothing is proved yet");
        trust.told_until(at(0));
        assert!(trust.vouches_for(generation, at(100)));
        assert!(!trust.vouches_for(generation, at(101)));
        trust.told_until(at(90));
        assert!(trust.vouches_for(generation, at(190)), "nothing was missed in between");
    }

    #[test]
    fn what_was_learned_before_the_news_broke_off_never_holds_again() {
        let trust = Trust::default();
        trust.begins(News::Soon);
        let before = trust.generation();
        trust.told_until(at(0));
        trust.begins(News::Soon);
        assert!(!trust.vouches_for(before, at(0)) && !trust.vouches_for(trust.generation(), at(0)));
        trust.told_until(at(50));
        assert!(!trust.vouches_for(before, at(50)) && trust.vouches_for(trust.generation(), at(50)));
    }

    #[test]
    fn a_store_that_tells_at_once_needs_no_proof() {
        let trust = Trust::default();
        trust.begins(News::AtOnce);
        assert!(trust.vouches_for(trust.generation(), at(1_000_000)));
    }

    #[test]
    fn how_long_ago_something_was_certain_counts_from_the_last_proof_of_its_generation() {
        let trust = Trust::default();
        trust.begins(News::Soon);
        let generation = trust.generation();
        trust.told_until(at(50));
        assert_eq!(trust.certain_until(generation, at(10)), at(50));
        assert_eq!(trust.certain_until(generation, at(60)), at(60));
        trust.begins(News::Soon);
        trust.told_until(at(90));
        assert_eq!(trust.certain_until(generation, at(10)), at(10));
    }
}
