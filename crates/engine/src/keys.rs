//! From the seed to the secret of an epoch (docs/engine.md, section 5).
//!
//! All that an epoch contains follows from its secret and the rules: whoever has the secret of one epoch knows
//! nothing of another.

use sha2::{Digest, Sha256};

use crate::keystream::{Keystream, Words};
use crate::seed::Seed;

/// SHA-256 of a label, a zero byte and a text. The label keeps the uses of the hash apart.
pub(crate) fn labelled_hash(label: &str, text: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    // A loop, so that the module for browsers holds one copy of what it calls and not three.
    for part in [label.as_bytes(), &[0], text] {
        hash.update(part);
    }
    hash.finalize().into()
}

/// The key that the secrets of all epochs come from.
#[derive(Clone)]
pub(crate) struct RootKey([u8; 32]);

impl RootKey {
    /// The root key of a seed.
    pub(crate) fn new(seed: &Seed) -> Self {
        Self(labelled_hash("tickseed v1 seed", seed.as_bytes()))
    }

    /// The secret of epoch number `epoch`: the first 32 bytes of its own keystream.
    pub(crate) fn epoch_secret(&self, epoch: u64) -> EpochSecret {
        let mut stream = Keystream::new(&self.0, epoch);
        let mut secret = [0; 32];
        for bytes in secret.as_chunks_mut::<4>().0 {
            *bytes = stream.word().to_le_bytes();
        }
        EpochSecret(secret)
    }
}

/// The 32 bytes that, with the rules, decide all of an epoch.
#[derive(Clone)]
pub(crate) struct EpochSecret([u8; 32]);

impl EpochSecret {
    /// The nonce of the words that the intervals are made from. Channels have bit 63 set and so never meet it.
    const INTERVALS: u64 = 0;

    /// The words that the epoch's intervals are made from.
    pub(crate) fn intervals(&self) -> Keystream {
        Keystream::new(&self.0, Self::INTERVALS)
    }

    /// The words of the epoch's draws on one channel.
    pub(crate) fn draws(&self, channel_nonce: u64) -> Keystream {
        Keystream::new(&self.0, channel_nonce)
    }
}
