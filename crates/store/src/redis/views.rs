//! What the masters of a cluster have lately said about its topology.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::topology::Topology;

/// How long a view counts. A master that is silent for longer has no say.
const COUNTS_FOR: Duration = Duration::from_secs(3);

/// The latest view of each node.
#[derive(Default)]
pub(super) struct Views(BTreeMap<String, (Instant, Topology)>);

impl Views {
    /// Notes the view of a node.
    pub(super) fn note(&mut self, node: String, view: Topology, now: Instant) {
        self.0.insert(node, (now, view));
    }

    /// Returns whether no node has said anything lately.
    pub(super) fn are_silent(&mut self, now: Instant) -> bool {
        self.0.retain(|_, (noted_at, _)| now.duration_since(*noted_at) < COUNTS_FOR);
        self.0.is_empty()
    }

    /// Returns the topology that replaces `current`, if one does: that of the newest views, unless one of them is `current`. Only
    /// views that still count are compared, because a cluster that is made anew counts its epochs from the start.
    pub(super) fn replacement_of(&mut self, current: &Topology, now: Instant) -> Option<Topology> {
        if self.are_silent(now) {
            return None;
        }
        let newest_epoch = self.0.values().map(|(_, view)| view.epoch()).max()?;
        let newest: Vec<_> = self.0.values().filter(|(_, view)| view.epoch() == newest_epoch).collect();
        if newest.iter().any(|(_, view)| view.layout() == current.layout()) {
            return None;
        }
        newest.into_iter().max_by_key(|(noted_at, _)| *noted_at).map(|(_, view)| view.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_master(epoch: u64) -> Topology {
        Topology::for_test(epoch, &[(1, 0, 16_383)])
    }

    fn two_masters(epoch: u64) -> Topology {
        Topology::for_test(epoch, &[(1, 0, 8_000), (2, 8_001, 16_383)])
    }

    fn replaces(views: &mut Views, current: &Topology, now: Instant) -> bool {
        views.replacement_of(current, now).is_some()
    }

    #[test]
    fn a_newer_view_wins_and_an_older_one_does_not() {
        let (mut views, now) = (Views::default(), Instant::now());
        views.note("a".to_owned(), one_master(6), now);
        assert!(!replaces(&mut views, &one_master(6), now));
        views.note("b".to_owned(), two_masters(5), now);
        assert!(!replaces(&mut views, &one_master(6), now));
        views.note("b".to_owned(), two_masters(7), now);
        assert!(replaces(&mut views, &one_master(6), now));
    }

    #[test]
    fn nodes_that_disagree_in_one_epoch_change_nothing() {
        let (mut views, now) = (Views::default(), Instant::now());
        views.note("a".to_owned(), one_master(6), now);
        views.note("b".to_owned(), two_masters(6), now);
        assert!(!replaces(&mut views, &one_master(6), now) && !replaces(&mut views, &two_masters(6), now));
    }

    #[test]
    fn a_cluster_that_is_made_anew_wins_once_the_old_views_are_over() {
        let (mut views, now) = (Views::default(), Instant::now());
        views.note("a".to_owned(), two_masters(6), now);
        let later = now + COUNTS_FOR;
        views.note("b".to_owned(), one_master(1), later);
        assert!(replaces(&mut views, &two_masters(6), later));
        assert!(views.are_silent(later + COUNTS_FOR));
    }
}
