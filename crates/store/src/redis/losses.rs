//! What each master can lose, as it has last said itself.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::remote::possible_loss::Loss;

/// What is known, by the names of the masters.
#[derive(Default)]
pub(super) struct Losses(Mutex<HashMap<String, Known>>);

#[derive(Default)]
struct Known {
    /// Missing until the master has answered.
    loss: Option<Loss>,
    /// How many times it has been forgotten.
    forgotten: u64,
}

/// A question to a master. The answer counts unless the master has been forgotten meanwhile: it may be from before a restart.
pub(super) struct Question {
    name: String,
    forgotten: u64,
}

impl Losses {
    /// Begins to ask a master.
    pub(super) fn ask(&self, name: &str) -> Question {
        let forgotten = self.lock().get(name).map_or(0, |known| known.forgotten);
        Question { name: name.to_owned(), forgotten }
    }

    /// Notes an answer. Returns whether it counts.
    pub(super) fn note(&self, question: &Question, loss: Loss) -> bool {
        let mut known = self.lock();
        let known = known.entry(question.name.clone()).or_default();
        let counts = known.forgotten == question.forgotten;
        if counts {
            known.loss = Some(loss);
        }
        counts
    }

    /// Forgets what a master has said.
    pub(super) fn forget(&self, name: &str) {
        self.lock().entry(name.to_owned()).or_default().forget();
    }

    /// Forgets what all other masters have said.
    pub(super) fn keep(&self, names: &[String]) {
        self.lock()
            .iter_mut()
            .filter(|(name, _)| !names.contains(name))
            .for_each(|(_, known)| known.forget());
    }

    /// Returns whether a master has answered.
    pub(super) fn has(&self, name: &str) -> bool {
        self.lock().get(name).is_some_and(|known| known.loss.is_some())
    }

    /// Returns the greatest loss of all masters, because sessions move. Returns `None` until the master with the name has answered;
    /// without a name, until anybody has.
    pub(super) fn greatest(&self, name: Option<&str>) -> Option<Loss> {
        let known = self.lock();
        if let Some(name) = name {
            known.get(name)?.loss?;
        }
        known.values().filter_map(|known| known.loss).reduce(Loss::max)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    const fn forget(&mut self) {
        self.loss = None;
        self.forgotten += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn loss(least: u64, most: Option<u64>) -> Loss {
        Loss { least: Duration::from_secs(least), most: most.map(Duration::from_secs) }
    }

    #[test]
    fn an_answer_from_before_a_restart_does_not_count() {
        let losses = Losses::default();
        let (first, late) = (losses.ask("a"), losses.ask("a"));
        assert!(losses.note(&first, loss(0, Some(0))) && losses.has("a"));
        losses.forget("a");
        assert!(!losses.note(&late, loss(0, Some(0))) && !losses.has("a"));
        assert_eq!(losses.greatest(Some("a")), None);
        assert!(losses.note(&losses.ask("a"), loss(2, Some(2))));
        assert_eq!(losses.greatest(Some("a")), Some(loss(2, Some(2))));
    }

    #[test]
    fn an_answer_of_a_master_that_is_none_any_more_does_not_count() {
        let losses = Losses::default();
        assert!(
            losses.note(&losses.ask("a"), loss(5, Some(5)))
                && losses.note(&losses.ask("b"), loss(1, Some(1)))
        );
        let late = losses.ask("a");
        losses.keep(&["b".to_owned()]);
        assert!(!losses.note(&late, loss(5, Some(5))));
        assert_eq!(losses.greatest(Some("b")), Some(loss(1, Some(1))));
    }

    #[test]
    fn the_greatest_loss_has_a_bound_only_if_each_has_one() {
        let losses = Losses::default();
        assert_eq!(losses.greatest(None), None);
        for (name, answer, greatest) in [
            ("a", loss(0, Some(1)), loss(0, Some(1))),
            ("b", loss(2, Some(2)), loss(2, Some(2))),
            ("c", loss(0, None), loss(2, None)),
        ] {
            assert!(losses.note(&losses.ask(name), answer));
            assert_eq!(losses.greatest(None), Some(greatest));
        }
        assert_eq!(losses.greatest(Some("d")), None, "it has not answered");
    }
}
