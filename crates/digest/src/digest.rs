//! The digest itself, and one state of it in words.

use core::fmt::{self, Write};

use sha2::{Digest as _, Sha256};

use crate::engine::Engine;
use crate::generator::{Order, Questions, Text};
use crate::quoted::Quoted;
use crate::sink::{Sink, Words};

/// A digest under way.
#[derive(Debug, Clone)]
pub struct Digest {
    questions: Questions,
    hash: Sha256,
}

impl Digest {
    /// The digest over no state yet.
    #[must_use]
    pub fn new(order: Order) -> Self {
        Self { questions: Questions::new(order), hash: Sha256::new() }
    }

    /// Takes the next `states` states in. Nobody else may use the engine as long as the digest is under way.
    pub fn advance(&mut self, engine: &mut impl Engine, states: u64) {
        self.questions.ask(engine, &mut self.hash, states);
    }

    /// The digest of all states so far, in hexadecimal.
    #[must_use]
    pub fn so_far(&self) -> Text<64> {
        let mut text = Text::new();
        for byte in self.hash.clone().finalize() {
            // Two digits a byte, which there is room for.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

/// Writes what is asked about state number `index`, counted from 0, and what the engine answers.
///
/// # Errors
///
/// What `out` fails with.
pub fn describe(engine: &mut impl Engine, order: Order, index: u64, out: &mut impl Write) -> fmt::Result {
    let mut questions = Questions::at_run_of(order, index);
    write!(out, "state {index}, {order}")?;
    questions.ask(engine, &mut Nobody, questions.states_before(index));
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
    questions.ask(engine, &mut Words(out), 1);
    Ok(())
}

/// Listens to nothing.
struct Nobody;

impl Sink for Nobody {
    fn number(&mut self, _: &str, _: u64) {}

    fn question(&mut self, _: fmt::Arguments<'_>) {}
}
