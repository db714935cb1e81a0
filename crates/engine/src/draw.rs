//! Shared dice: random words that belong to a step and a channel (docs/engine.md, section 7).

use core::fmt;

use crate::error::{Error, Field, check_length, check_range};
use crate::keys::{EpochSecret, labelled_hash};
use crate::keystream::{Keystream, WORDS_PER_BLOCK, Words};
use crate::uniform::{bounded, exchange, shuffle};

use core::num::NonZeroU32;

/// The name of a series of draws: 1 to 64 bytes of UTF-8, used byte for byte.
///
/// Draws on different channels are independent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Channel {
    nonce: u64,
}

impl Channel {
    /// The longest name, in bytes of UTF-8.
    pub const MAX_BYTES: usize = 64;
    /// Keeps the nonces of channels apart from the nonce of the intervals, which is 0.
    const CHANNEL_BIT: u64 = 1 << 63;

    /// Creates a channel from its name.
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

/// An endless sequence of random words that belongs to one step and one channel.
///
/// Every client gets the same words. A new draw for the same step and channel starts again at the first word, so a game
/// that needs several values in one step takes them from one draw or uses several channels.
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
    /// The block that follows the current one.
    next_block: u64,
    /// How many words of the current block are left.
    words_left: u32,
}

impl Draw {
    /// The distance between two blocks of a draw. It keeps the blocks of neighbouring steps apart.
    const BLOCK_STRIDE: u64 = 1 << 32;

    /// Creates the draw of the step at `offset` in the epoch with `secret`.
    pub(crate) fn new(secret: &EpochSecret, offset: u32, channel: Channel) -> Self {
        Self { stream: secret.draws(channel.nonce), next_block: offset.into(), words_left: 0 }
    }

    /// Returns the next word, uniform over all 32-bit integers.
    pub fn word(&mut self) -> u32 {
        if self.words_left == 0 {
            self.stream.seek(self.next_block);
            // The sequence repeats after 2^36 words, far more than one step needs.
            self.next_block = self.next_block.wrapping_add(Self::BLOCK_STRIDE);
            self.words_left = WORDS_PER_BLOCK;
        }
        self.words_left -= 1;
        self.stream.word()
    }

    /// Returns a number in `[0, 1)` with 53 random bits, made from two words.
    ///
    /// This is the engine's only float: an integer below 2^53 divided by a power of two, which is exact on every machine.
    #[expect(clippy::cast_precision_loss, reason = "both numbers are at most 2^53 and so exact")]
    pub fn unit(&mut self) -> f64 {
        let high = u64::from(self.word() >> 5);
        let low = u64::from(self.word() >> 6);
        ((high << 26) + low) as f64 / (1_u64 << 53) as f64
    }

    /// Returns a number that is exactly uniform on `0..n`. It takes one word, rarely more.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for `n` unless it is from 1 to 2^32 - 1. A failed call takes no word.
    pub fn below(&mut self, n: impl Into<i128>) -> Result<u32, Error> {
        let n = check_range(Field::N, 1, u32::MAX, n.into())?;
        // The range checked above excludes 0, so the default is never used.
        Ok(bounded(self, NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN)))
    }

    /// Shuffles the items so that every order is exactly equally likely.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for `items` if there are more than 2^32 - 1. A failed call moves nothing.
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

    /// Performs one step of a shuffle: returns the index in `0..=last` of the item to swap with the one at `last`.
    ///
    /// This serves items that only the caller can reach, such as a JavaScript array. Calling it for every index from the
    /// last down to 1, and swapping each time, gives the same order as [`Draw::shuffle`].
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
    /// Omits the keystream, which would reveal the epoch's secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draw").finish_non_exhaustive()
    }
}
