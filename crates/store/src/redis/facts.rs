//! What each Redis says about its memory, and how often it was replaced. Only for monitoring.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tickseed_session::NodeVitals;

/// The answer of a Redis.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct MemoryReport {
    /// Another one after every start.
    pub(super) run_id: String,
    pub(super) used_bytes: Option<u64>,
    pub(super) limit_bytes: Option<u64>,
    /// How many keys it has removed because it was full, since its start.
    pub(super) evicted: u64,
}

/// The last answer of a Redis, and what it has lost since this process first asked it.
#[derive(Debug)]
struct Fact {
    latest: MemoryReport,
    evicted: u64,
    restarts: u64,
}

/// The facts about each Redis, by its name.
#[derive(Debug, Default)]
pub(super) struct Facts(Mutex<BTreeMap<String, Fact>>);

impl Facts {
    /// Notes the answer of a Redis.
    pub(super) fn note(&self, name: &str, report: MemoryReport) {
        let mut facts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fact = match facts.remove(name) {
            None => Fact { latest: report, evicted: 0, restarts: 0 },
            Some(Fact { latest, evicted, restarts }) => {
                let is_same = latest.run_id == report.run_id;
                let counted = if is_same { latest.evicted } else { 0 };
                let evicted = evicted + report.evicted.saturating_sub(counted);
                Fact { latest: report, evicted, restarts: restarts + u64::from(!is_same) }
            }
        };
        facts.insert(name.to_owned(), fact);
    }

    /// Adds the facts about a node to its vitals.
    pub(super) fn describe(&self, node: &mut NodeVitals) {
        let facts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Fact { latest, evicted, restarts }) = facts.get(&node.name) {
            (node.used_bytes, node.limit_bytes) = (latest.used_bytes, latest.limit_bytes);
            (node.evicted, node.restarts) = (*evicted, *restarts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_add_up_from_the_first_answer_on_and_memory_is_the_latest() {
        let facts = Facts::default();
        let note = |run_id: &str, used_bytes, evicted| {
            let run_id = run_id.to_owned();
            facts
                .note("a", MemoryReport { run_id, used_bytes: Some(used_bytes), limit_bytes: None, evicted });
            let mut node = NodeVitals::new("a".to_owned());
            facts.describe(&mut node);
            (node.used_bytes, node.evicted, node.restarts)
        };
        assert_eq!(note("x", 10, 7), (Some(10), 0, 0), "earlier evictions are no news");
        assert_eq!(note("x", 12, 9), (Some(12), 2, 0));
        assert_eq!(note("x", 12, 9), (Some(12), 2, 0));
        assert_eq!(note("y", 3, 4), (Some(3), 6, 1));
    }
}
