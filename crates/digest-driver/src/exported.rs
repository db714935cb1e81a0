//! What the module exports.
#![expect(unsafe_code, reason = "a name that others can see is one that could clash")]

use std::cell::RefCell;

#[cfg(not(feature = "linked"))]
use crate::imported::Imported as Asked;
#[cfg(feature = "linked")]
use tickseed_digest::linked::Linked as Asked;
use tickseed_digest::{BUILD, Digest, Engine as _, Order, TARGET, describe as describe_state};

/// What is kept from one call to the next.
struct Work {
    engine: Asked,
    digest: Digest,
    text: Vec<char>,
}

impl Work {
    /// Keeps a text for `character` and tells its length.
    fn answer(&mut self, text: &str) -> usize {
        self.text = text.chars().collect();
        self.text.len()
    }
}

thread_local! {
    static WORK: RefCell<Work> = RefCell::new(Work {
        engine: Asked::new(),
        digest: Digest::new(Order::Scattered),
        text: Vec::new(),
    });
}

/// 0: scattered, 1: the walk.
fn order(number: u32) -> Order {
    Order::ALL[number as usize]
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole numbers below 2^53")]
const fn whole(number: f64) -> u64 {
    number as u64
}

/// Makes the text of what this module was built for and how, and gives its length.
#[unsafe(no_mangle)]
extern "C" fn build() -> usize {
    WORK.with_borrow_mut(|work| work.answer(&format!("{TARGET}; {BUILD}")))
}

/// The version of the definition that the engine computes.
#[unsafe(no_mangle)]
extern "C" fn version() -> u32 {
    WORK.with_borrow_mut(|work| work.engine.version())
}

/// Begins a digest.
#[unsafe(no_mangle)]
extern "C" fn start(number: u32) {
    WORK.with_borrow_mut(|work| work.digest = Digest::new(order(number)));
}

/// Takes the next states in.
#[unsafe(no_mangle)]
extern "C" fn advance(states: f64) {
    WORK.with_borrow_mut(|work| work.digest.advance(&mut work.engine, whole(states)));
}

/// Makes the text of the digest so far, in hexadecimal, and gives its length. More states may follow.
#[unsafe(no_mangle)]
extern "C" fn finish() -> usize {
    WORK.with_borrow_mut(|work| {
        let digest = work.digest.so_far();
        work.answer(&digest)
    })
}

/// Makes the text of one state, counted from 0, and gives its length. No digest may be under way.
#[unsafe(no_mangle)]
extern "C" fn describe(number: u32, state: f64) -> usize {
    WORK.with_borrow_mut(|work| {
        let mut text = String::new();
        // A string takes everything.
        let _ = describe_state(&mut work.engine, order(number), whole(state), &mut text);
        work.answer(&text)
    })
}

/// One character of the text that was made last.
#[unsafe(no_mangle)]
extern "C" fn character(place: usize) -> u32 {
    WORK.with_borrow(|work| work.text.get(place).copied().map_or(0, u32::from))
}
