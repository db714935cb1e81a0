//! Shared dice, for JavaScript.

use tickseed_engine::{Draw as EngineDraw, Error, Field};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::error::InputError;
use crate::number::whole;

/// How many items can be brought into order: as many as a JavaScript array holds in one piece. They take 512 MB here.
const MAX_ITEMS: u32 = 1 << 27;

/// The words of one step and one channel, taken in order.
#[wasm_bindgen]
#[derive(Debug, Clone)]
pub struct Draw(EngineDraw);

impl Draw {
    pub(crate) const fn new(draw: EngineDraw) -> Self {
        Self(draw)
    }
}

#[wasm_bindgen]
impl Draw {
    /// The next word: uniform on all 32-bit numbers.
    pub fn word(&mut self) -> u32 {
        self.0.word()
    }

    /// A number in `[0, 1)` with 53 bits.
    pub fn unit(&mut self) -> f64 {
        self.0.unit()
    }

    /// A number that is exactly uniform on `0..n`.
    ///
    /// # Errors
    ///
    /// For `n`, unless it lies in 1 to 2^32 - 1.
    pub fn below(&mut self, n: f64) -> Result<u32, InputError> {
        Ok(self.0.below(whole(n))?)
    }

    /// The numbers from 0 to `count - 1` in an exactly uniformly drawn order: what shuffling them gives.
    ///
    /// # Errors
    ///
    /// For `items`, if `count` is above 2^27.
    pub fn order(&mut self, count: u32) -> Result<Vec<u32>, InputError> {
        if count > MAX_ITEMS {
            let (max, value) = (MAX_ITEMS.into(), count.into());
            return Err(Error::OutOfRange { field: Field::Items, min: 0, max, value }.into());
        }
        let mut order: Vec<u32> = (0..count).collect();
        self.0.shuffle(&mut order)?;
        Ok(order)
    }
}
