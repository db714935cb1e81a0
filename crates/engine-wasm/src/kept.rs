//! What stays in the module between two calls.

use alloc::boxed::Box;
use alloc::string::String;
use core::mem;

use atomic_refcell::{AtomicRefCell, AtomicRefMut};
use slab::Slab;
use tickseed_engine::{Draw, Error};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::refusal::{self, PARTS};
use crate::timeline::Timeline;

/// What a function answers if it refuses an input. All other answers are positive, 0 or not a number.
pub(crate) const REFUSED: f64 = -1.0;

/// Timelines and draws, each under the number that JavaScript knows it by, and what passes between two calls. They are boxed so
/// that a table that grows holds numbers, and leaves no large holes behind.
pub(crate) struct Kept {
    pub(crate) timelines: Slab<Box<Timeline>>,
    pub(crate) draws: Slab<Box<Draw>>,
    /// What [`write()`] has brought so far.
    text: String,
    /// Why an input was refused last.
    pub(crate) refusal: [f64; PARTS],
}

static KEPT: AtomicRefCell<Kept> = AtomicRefCell::new(Kept {
    timelines: Slab::new(),
    draws: Slab::new(),
    text: String::new(),
    refusal: [0.0; PARTS],
});

/// All that is kept. Nobody else holds it: JavaScript makes one call at a time, and none of them calls JavaScript.
pub(crate) fn kept() -> AtomicRefMut<'static, Kept> {
    KEPT.borrow_mut()
}

impl Kept {
    /// The text that was written, which is then gone.
    pub(crate) fn take_text(&mut self) -> String {
        mem::take(&mut self.text)
    }

    /// The answer as JavaScript gets it. Of a refusal it can ask the reason afterwards.
    pub(crate) fn answer(&mut self, answer: Result<f64, Error>) -> f64 {
        answer.unwrap_or_else(|error| {
            self.refusal = refusal::numbers(&error);
            REFUSED
        })
    }
}

/// Adds a character to the text that the next opening of a timeline or a draw takes: its seed, or its channel.
///
/// Texts are short and come once, so this costs less than the memory, the encoder and the glue of a string in one piece.
#[wasm_bindgen]
pub fn write(code_point: u32) {
    kept().text.push(char::from_u32(code_point).unwrap_or(char::REPLACEMENT_CHARACTER));
}
