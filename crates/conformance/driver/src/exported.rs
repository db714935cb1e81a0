//! The functions that the module exports.
#![expect(unsafe_code, reason = "an exported name could clash with another one")]

use std::cell::RefCell;

#[cfg(not(feature = "linked"))]
use crate::imported::Imported as EngineUnderTest;
#[cfg(feature = "linked")]
use tickseed_conformance::linked::Linked as EngineUnderTest;
use tickseed_conformance::{BUILD, Digest, Engine as _, Order, TARGET, describe as describe_state};

/// The module's state between two calls.
struct Driver {
    engine: EngineUnderTest,
    digest: Digest,
    text: Vec<char>,
}

impl Driver {
    /// Stores a text for `character` to read, and returns its length.
    fn set_text(&mut self, text: &str) -> usize {
        self.text = text.chars().collect();
        self.text.len()
    }
}

thread_local! {
    static DRIVER: RefCell<Driver> = RefCell::new(Driver {
        engine: EngineUnderTest::new(),
        digest: Digest::new(Order::Scattered),
        text: Vec::new(),
    });
}

/// 0: scattered, 1: the walk, 2: schedules.
fn order(number: u32) -> Order {
    Order::ALL[number as usize]
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "integers below 2^53")]
const fn integer(number: f64) -> u64 {
    number as u64
}

/// Sets the text to the target and the build, and returns its length.
#[unsafe(no_mangle)]
extern "C" fn build() -> usize {
    DRIVER.with_borrow_mut(|driver| driver.set_text(&format!("{TARGET}; {BUILD}")))
}

/// Returns the version of the definition that the engine implements.
#[unsafe(no_mangle)]
extern "C" fn version() -> u32 {
    DRIVER.with_borrow_mut(|driver| driver.engine.version())
}

/// Starts a digest.
#[unsafe(no_mangle)]
extern "C" fn start(number: u32) {
    DRIVER.with_borrow_mut(|driver| driver.digest = Digest::new(order(number)));
}

/// Adds the next states.
#[unsafe(no_mangle)]
extern "C" fn advance(states: f64) {
    DRIVER.with_borrow_mut(|driver| driver.digest.advance(&mut driver.engine, integer(states)));
}

/// Sets the text to the digest so far, in hexadecimal, and returns its length. More states may follow.
#[unsafe(no_mangle)]
extern "C" fn finish() -> usize {
    DRIVER.with_borrow_mut(|driver| {
        let digest = driver.digest.so_far();
        driver.set_text(&digest)
    })
}

/// Sets the text to the transcript of one state, counted from 0, and returns its length. Must not be called during a digest.
#[unsafe(no_mangle)]
extern "C" fn describe(number: u32, state: f64) -> usize {
    DRIVER.with_borrow_mut(|driver| {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = describe_state(&mut driver.engine, order(number), integer(state), &mut text);
        driver.set_text(&text)
    })
}

/// Returns one character of the current text.
#[unsafe(no_mangle)]
extern "C" fn character(index: usize) -> u32 {
    DRIVER.with_borrow(|driver| driver.text.get(index).copied().map_or(0, u32::from))
}
