//! Shared dice, for JavaScript: the words of one step and one channel, taken in order.
//!
//! A draw is known by a number, its handle, from [`open_draw`] to [`close_draw`]. Answers are numbers as those about a
//! [timeline](crate::timeline).

use alloc::boxed::Box;

use tickseed_engine::{Channel, Draw, Error};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::kept::{Kept, kept};
use crate::number::{handle, whole};
use crate::timeline::to_step;

/// Opens the draw of a step on the channel that was written, at its first word.
///
/// Gives the handle; refuses what is no step, and channels that are not of 1 to 64 bytes of UTF-8.
#[wasm_bindgen(js_name = openDraw)]
#[must_use]
pub fn open_draw(timeline: usize, step: f64) -> f64 {
    let kept = &mut *kept();
    let opened = kept.open_draw(timeline, step);
    kept.answer(opened)
}

/// Forgets a draw; its handle may be given again.
#[wasm_bindgen(js_name = closeDraw)]
pub fn close_draw(draw: usize) {
    kept().draws.try_remove(draw);
}

/// The next word: uniform on all 32-bit numbers.
#[wasm_bindgen]
#[must_use]
pub fn word(draw: usize) -> f64 {
    ask(draw, |draw| Ok(draw.word().into()))
}

/// A number from 0 up to but not including 1, with 53 bits.
#[wasm_bindgen]
#[must_use]
pub fn unit(draw: usize) -> f64 {
    ask(draw, |draw| Ok(draw.unit()))
}

/// A number that is exactly uniform on `0..n`; refuses an `n` outside 1 to 2^32 - 1.
#[wasm_bindgen]
#[must_use]
pub fn below(draw: usize, n: f64) -> f64 {
    ask(draw, |draw| Ok(draw.below(whole(n))?.into()))
}

/// One step of a shuffle: the place whose item changes places with the one at `last`.
#[wasm_bindgen]
#[must_use]
pub fn exchange(draw: usize, last: u32) -> f64 {
    ask(draw, |draw| Ok(draw.exchange(last).into()))
}

/// Asks an open draw; of one that is not open there is nothing to tell.
fn ask(draw: usize, question: impl FnOnce(&mut Draw) -> Result<f64, Error>) -> f64 {
    let kept = &mut *kept();
    let Some(draw) = kept.draws.get_mut(draw) else {
        return f64::NAN;
    };
    let answer = question(draw);
    kept.answer(answer)
}

impl Kept {
    /// Opens the draw of a step on the channel that was written.
    fn open_draw(&mut self, timeline: usize, step: f64) -> Result<f64, Error> {
        let channel = self.take_text();
        let Some(timeline) = self.timelines.get_mut(timeline) else {
            return Ok(f64::NAN);
        };
        let draw = timeline.rounds.draw(to_step(step)?, Channel::new(&channel)?);
        Ok(handle(self.draws.insert(Box::new(draw))))
    }
}
