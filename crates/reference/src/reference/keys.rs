//! Section 5, keys, and the channel's nonce of section 7: keys and nonces from texts.

use sha2::{Digest, Sha256};

use super::chacha8::chacha8_block;

/// Returns the key of a seed.
#[must_use]
pub fn root(seed: &str) -> [u8; 32] {
    hash("tickseed v1 seed", seed)
}

/// Returns the epoch secret: the first 32 bytes of the `ChaCha8` keystream with the root as key and the epoch as nonce.
#[must_use]
pub fn epoch_secret(root: &[u8; 32], epoch: u64) -> [u8; 32] {
    let words = chacha8_block(root, epoch, 0);
    let mut secret = [0; 32];
    for (bytes, word) in secret.chunks_exact_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    secret
}

/// Returns the nonce of a channel: 63 bits of a hash, and bit 63 set so that it never equals the nonce 0 of the intervals.
#[must_use]
pub fn channel_nonce(name: &str) -> u64 {
    let digest = hash("tickseed v1 channel", name);
    let mut first_bytes = [0; 8];
    first_bytes.copy_from_slice(&digest[..8]);
    u64::from_le_bytes(first_bytes) | 1 << 63
}

/// Returns `SHA-256(label || 0x00 || text)`. The zero byte keeps the label and the text apart.
fn hash(label: &str, text: &str) -> [u8; 32] {
    let mut joined = Vec::new();
    joined.extend_from_slice(label.as_bytes());
    joined.push(0x00);
    joined.extend_from_slice(text.as_bytes());
    Sha256::digest(&joined).into()
}
