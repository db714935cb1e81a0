//! `ChaCha8`: the stream cipher of D. J. Bernstein with 8 rounds, a 64-bit block number and a 64-bit nonce.

/// The ASCII text "expand 32-byte k" as four little-endian words.
const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];

/// Eight rounds are four double rounds: one over the columns, one over the diagonals.
const DOUBLE_ROUNDS: usize = 4;

/// Returns the 16 keystream words of one block. As bytes, every word is little-endian.
#[must_use]
pub fn chacha8_block(key: &[u8; 32], nonce: u64, block_number: u64) -> [u32; 16] {
    let start = start_state(key, nonce, block_number);
    let mut state = start;
    for _ in 0..DOUBLE_ROUNDS {
        double_round(&mut state);
    }
    for (word, first) in state.iter_mut().zip(start) {
        *word = word.wrapping_add(first);
    }
    state
}

/// Words 0 to 3 are constants, 4 to 11 the key, 12 and 13 the block number, 14 and 15 the nonce; low halves first.
fn start_state(key: &[u8; 32], nonce: u64, block_number: u64) -> [u32; 16] {
    let mut state = [0; 16];
    state[..4].copy_from_slice(&CONSTANTS);
    for (word, bytes) in state[4..12].iter_mut().zip(key.chunks_exact(4)) {
        *word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    }
    state[12] = low_half(block_number);
    state[13] = high_half(block_number);
    state[14] = low_half(nonce);
    state[15] = high_half(nonce);
    state
}

fn low_half(number: u64) -> u32 {
    (number & 0xffff_ffff) as u32
}

fn high_half(number: u64) -> u32 {
    (number >> 32) as u32
}

fn double_round(state: &mut [u32; 16]) {
    quarter_round(state, 0, 4, 8, 12);
    quarter_round(state, 1, 5, 9, 13);
    quarter_round(state, 2, 6, 10, 14);
    quarter_round(state, 3, 7, 11, 15);

    quarter_round(state, 0, 5, 10, 15);
    quarter_round(state, 1, 6, 11, 12);
    quarter_round(state, 2, 7, 8, 13);
    quarter_round(state, 3, 4, 9, 14);
}

fn quarter_round(state: &mut [u32; 16], a: usize, b: usize, c: usize, d: usize) {
    add_and_rotate(state, a, b, d, 16);
    add_and_rotate(state, c, d, b, 12);
    add_and_rotate(state, a, b, d, 8);
    add_and_rotate(state, c, d, b, 7);
}

/// Computes `sum += addend; mixed = (mixed xor sum) rotated left by bits`. The names are indices into the state.
fn add_and_rotate(state: &mut [u32; 16], sum: usize, addend: usize, mixed: usize, bits: u32) {
    state[sum] = state[sum].wrapping_add(state[addend]);
    state[mixed] = (state[mixed] ^ state[sum]).rotate_left(bits);
}
