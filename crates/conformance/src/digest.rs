//! The digest itself, and the transcript of a single state.

use core::fmt::{self, Write};

use sha2::{Digest as _, Sha256};

use crate::engine::Engine;
use crate::order::Order;
use crate::questions::Questions;
use crate::quoted::Quoted;
use crate::sink::{Discard, Transcript};
use crate::text::Text;

/// A digest in progress.
#[derive(Debug, Clone)]
pub struct Digest {
    questions: Questions,
    hash: Sha256,
}

impl Digest {
    /// Starts a digest that covers no state yet.
    #[must_use]
    pub fn new(order: Order) -> Self {
        Self { questions: Questions::new(order), hash: Sha256::new() }
    }

    /// Adds the next `states` states. Until the digest is finished, the engine must not be used for anything else.
    pub fn advance(&mut self, engine: &mut impl Engine, states: u64) {
        self.questions.ask(engine, &mut self.hash, states);
    }

    /// Returns the digest of all states added so far, in hexadecimal.
    #[must_use]
    pub fn so_far(&self) -> Text<64> {
        let mut text = Text::new();
        for byte in self.hash.clone().finalize() {
            // Two digits per byte always fit.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

/// Writes the questions about state number `index`, counted from 0, and the engine's answers.
///
/// # Errors
///
/// Any error of `out`.
pub fn describe(engine: &mut impl Engine, order: Order, index: u64, out: &mut impl Write) -> fmt::Result {
    let mut questions = Questions::at_session_of(order, index);
    write!(out, "state {index}, {order}")?;
    questions.ask(engine, &mut Discard, questions.states_before(index));
    let session = questions.session();
    write!(
        out,
        "; seed {}, start_at {}, tick_ms {}, intervals {} to {}, {} rounds per epoch",
        Quoted(&session.seed),
        session.start_at,
        session.tick_ms,
        session.min,
        session.max,
        session.rounds_per_epoch
    )?;
    questions.ask(engine, &mut Transcript(out), 1);
    Ok(())
}
