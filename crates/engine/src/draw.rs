//! Shared dice: words that belong to a step and a name (docs/engine.md, section 7).

use core::fmt;

use crate::error::{Error, Field, check_length, check_range};
use crate::keys::{EpochSecret, labelled_hash};
use crate::keystream::{Keystream, WORDS_PER_BLOCK, Words};
use crate::uniform::{bounded, exchange, shuffle};

use core::num::NonZeroU32;

/// The name of a series of draws: 1 to 64 bytes of UTF-8, taken byte for byte. Draws of two channels are independent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Channel {
    nonce: u64,
}

impl Channel {
    /// The longest name, in bytes of UTF-8.
    pub const MAX_BYTES: usize = 64;
    /// Keeps the nonces of channels apart from that of the intervals, which is 0.
    const CHANNEL_BIT: u64 = 1 << 63;

    /// Takes a channel's name.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for `channel` if the name is empty or longer than 64 bytes.
    pub fn new(name: &str) -> Result<Self, Error> {
        let name = check_length(Field::Channel, Self::MAX_BYTES, name)?;
        let [b0, b1, b2, b3, b4, b5, b6, b7, ..] = labelled_hash("tickseed v1 channel", name.as_bytes());
        let hash = u64::from_le_bytes([b0, b1, b2, b3, b4, b5, b6, b7]);
        Ok(Self { nonce: hash | Self::CHANNEL_BIT })
    }
}

/// The words of one step and one channel, the same for everybody, taken in order.
///
/// A fresh draw of the same step and channel starts at the first word again. A game that needs several values of one
/// step takes them from one draw, or uses several channels.
///
/// ```
/// use tickseed_engine::{Channel, Rules, Seed, Step, Timeline};
///
/// let mut timeline = Timeline::new(&Seed::new("a seed")?, Rules::default());
/// let mut draw = timeline.draw(Step::new(42)?, Channel::new("loot")?);
/// let die = 1 + draw.below(6)?;
/// assert!((1..=6).contains(&die));
/// let mut deck: [u8; 52] = core::array::from_fn(|card| card as u8);
/// draw.shuffle(&mut deck)?;
/// # Ok::<(), tickseed_engine::Error>(())
/// ```
#[derive(Clone)]
pub struct Draw {
    stream: Keystream,
    /// The block that the words after the current block come from.
    next_block: u64,
    /// How many words of the current block are left.
    words_left: u32,
}

impl Draw {
    /// Blocks of one draw lie this far apart, so that those of neighbouring steps never meet.
    const BLOCK_STRIDE: u64 = 1 << 32;

    /// The draw of the step at `offset` of the epoch with `secret`.
    pub(crate) fn new(secret: &EpochSecret, offset: u32, channel: Channel) -> Self {
        Self { stream: secret.draws(channel.nonce), next_block: offset.into(), words_left: 0 }
    }

    /// The next word: uniform on all 32-bit numbers.
    pub fn word(&mut self) -> u32 {
        if self.words_left == 0 {
            self.stream.seek(self.next_block);
            // The words repeat after 2^36 of them; nobody takes that many from one step.
            self.next_block = self.next_block.wrapping_add(Self::BLOCK_STRIDE);
            self.words_left = WORDS_PER_BLOCK;
        }
        self.words_left -= 1;
        self.stream.word()
    }

    /// A number in `[0, 1)` with 53 bits, made from two words. The only float of the engine: an integer below 2^53
    /// divided by a power of two, which is exact on every machine.
    #[expect(clippy::cast_precision_loss, reason = "both numbers are at most 2^53 and so exact")]
    pub fn unit(&mut self) -> f64 {
        let high = u64::from(self.word() >> 5);
        let low = u64::from(self.word() >> 6);
        ((high << 26) + low) as f64 / (1_u64 << 53) as f64
    }

    /// A number that is exactly uniform on `0..n`. Takes one word, seldom more.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for `n` unless it lies in 1 to 2^32 - 1; no word is taken then.
    pub fn below(&mut self, n: impl Into<i128>) -> Result<u32, Error> {
        let n = check_range(Field::N, 1, u32::MAX, n.into())?;
        // The range just checked has no 0, so the default is never taken.
        Ok(bounded(self, NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN)))
    }

    /// Brings the items into an exactly uniformly drawn order.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for `items` if there are more than 2^32 - 1; nothing is moved then.
    pub fn shuffle<T>(&mut self, items: &mut [T]) -> Result<(), Error> {
        let count = u32::try_from(items.len()).map_err(|_| Error::OutOfRange {
            field: Field::Items,
            min: 0,
            max: u32::MAX.into(),
            value: items.len() as i128,
        })?;
        shuffle(self, items, count);
        Ok(())
    }

    /// One step of a shuffle: the place, `last` or one before it, whose item changes places with the one at `last`.
    ///
    /// For items that only the caller can reach, such as a JavaScript array: taken for every place from the last down to
    /// 1, these exchanges bring the items into the order that [`Draw::shuffle`] would.
    ///
    /// ```
    /// # use tickseed_engine::{Channel, Rules, Seed, Step, Timeline};
    /// # let mut timeline = Timeline::new(&Seed::new("a seed")?, Rules::default());
    /// let mut draw = timeline.draw(Step::new(42)?, Channel::new("loot")?);
    /// let mut same = draw.clone();
    /// let (mut cards, mut others) = ([1, 2, 3, 4, 5], [1, 2, 3, 4, 5]);
    /// draw.shuffle(&mut cards)?;
    /// for last in (1..5).rev() {
    ///     others.swap(last, same.exchange(last as u32) as usize);
    /// }
    /// assert_eq!(cards, others);
    /// # Ok::<(), tickseed_engine::Error>(())
    /// ```
    pub fn exchange(&mut self, last: u32) -> u32 {
        exchange(self, last)
    }
}

impl Words for Draw {
    fn word(&mut self) -> u32 {
        Draw::word(self)
    }
}

impl fmt::Debug for Draw {
    /// Leaves out the keystream: it would tell the epoch's secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draw").finish_non_exhaustive()
    }
}
