//! What became of requests, in figures.

use std::time::{Duration, Instant};

/// How long a window is in which the server is looked at.
pub(crate) const WINDOW: Duration = Duration::from_millis(100);

/// A request that has ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// When it should have been sent.
    pub(crate) intended_at: Instant,
    /// How long after that the response was there.
    pub(crate) latency: Duration,
    /// `None` if the connection failed.
    pub(crate) status: Option<u16>,
}

impl Sample {
    /// Returns whether the server carried the request out.
    pub(crate) fn is_accepted(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// Returns whether the server refused to do it because it had too much to do.
    pub(crate) fn is_shed(&self) -> bool {
        self.status == Some(503)
    }
}

/// The figures of some requests.
#[derive(Debug, Clone, Default)]
pub(crate) struct Figures {
    pub(crate) accepted: usize,
    pub(crate) shed: usize,
    /// All others: connections that failed and other statuses.
    pub(crate) failed: usize,
    /// The latencies of accepted requests, in order.
    latencies: Vec<Duration>,
}

impl Figures {
    pub(crate) fn of<'sample>(samples: impl IntoIterator<Item = &'sample Sample>) -> Self {
        let mut figures = Self::default();
        for sample in samples {
            if sample.is_accepted() {
                figures.accepted += 1;
                figures.latencies.push(sample.latency);
            } else if sample.is_shed() {
                figures.shed += 1;
            } else {
                figures.failed += 1;
            }
        }
        figures.latencies.sort_unstable();
        figures
    }

    /// Returns a quantile of the latencies of accepted requests, in thousandths. Zero if there are none.
    pub(crate) fn latency(&self, thousandths: usize) -> Duration {
        let index = (self.latencies.len() * thousandths / 1_000).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(index).copied().unwrap_or_default()
    }

    /// Returns how many requests have ended, in whatever way.
    pub(crate) const fn answered(&self) -> usize {
        self.accepted + self.shed + self.failed
    }
}

/// The figures of each [`WINDOW`] from `since` on, by when a request should have been sent.
pub(crate) fn windows(samples: &[Sample], since: Instant) -> Vec<Figures> {
    let mut windows: Vec<Vec<Sample>> = Vec::new();
    for sample in samples {
        let after = sample.intended_at.saturating_duration_since(since).as_millis();
        let index = usize::try_from(after / WINDOW.as_millis()).unwrap_or_default();
        if index >= windows.len() {
            windows.resize_with(index + 1, Vec::new);
        }
        windows[index].push(*sample);
    }
    windows.iter().map(Figures::of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(since: Instant, at_ms: u64, latency_ms: u64, status: u16) -> Sample {
        let intended_at = since + Duration::from_millis(at_ms);
        Sample { intended_at, latency: Duration::from_millis(latency_ms), status: Some(status) }
    }

    #[test]
    fn only_accepted_requests_have_latencies() {
        let since = Instant::now();
        let samples = [sample(since, 0, 1, 201), sample(since, 150, 3, 201), sample(since, 160, 0, 503)];
        let figures = Figures::of(&samples);
        assert_eq!((figures.accepted, figures.shed, figures.failed, figures.answered()), (2, 1, 0, 3));
        assert_eq!(figures.latency(0), Duration::from_millis(1));
        assert_eq!(figures.latency(1_000), Duration::from_millis(3));
        let shed: Vec<_> = windows(&samples, since).iter().map(|window| window.shed).collect();
        assert_eq!(shed, [0, 1]);
    }
}
