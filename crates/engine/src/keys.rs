//! Derives the secret of an epoch from the seed (docs/engine.md, section 5).
//!
//! An epoch's secret and the rules determine everything in that epoch. The secret of one epoch reveals nothing about
//! another.

use sha2::{Digest, Sha256};

use crate::keystream::{Keystream, Sequence};
use crate::seed::Seed;

/// Returns the SHA-256 of a label, a zero byte and a text. The label separates the uses of the hash.
pub(crate) fn labelled_hash(label: &str, text: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    // The loop keeps the WebAssembly module small: it contains the inlined call once instead of three times.
    for part in [label.as_bytes(), &[0], text] {
        hash.update(part);
    }
    hash.finalize().into()
}

/// The key from which the secrets of all epochs are derived.
#[derive(Clone)]
pub(crate) struct RootKey([u8; 32]);

impl RootKey {
    /// Derives the root key of a seed.
    pub(crate) fn new(seed: &Seed) -> Self {
        Self(labelled_hash("tickseed v1 seed", seed.as_bytes()))
    }

    /// Returns the secret of an epoch: the first 32 bytes of the epoch's own keystream.
    pub(crate) fn epoch_secret(&self, epoch: u64) -> EpochSecret {
        let mut stream = Keystream::new(&self.0, epoch);
        let mut secret = [0; 32];
        stream.fill(&mut secret);
        EpochSecret(secret)
    }
}

/// The 32 bytes that, together with the rules, determine an epoch.
#[derive(Clone)]
pub(crate) struct EpochSecret([u8; 32]);

impl EpochSecret {
    /// Returns the keystream for the epoch's intervals. Its nonce is 0; those of channels have bit 63 set, so they never equal it.
    pub(crate) fn intervals(&self) -> Sequence {
        Sequence::new(&self.0)
    }

    /// Returns the keystream for the epoch's draws on one channel.
    pub(crate) fn draws(&self, channel_nonce: u64) -> Keystream {
        Keystream::new(&self.0, channel_nonce)
    }
}
