//! The reference's `ChaCha8` against published keystreams: TC1, TC3, TC7 and TC8 of draft-strombergson-chacha-test-vectors for a
//! 256-bit key and 8 rounds, and one with the last block number, which tests all 64 bits of it.

use tickseed_reference::reference::chacha8_block;

const ALL_ZERO_BLOCK_0: &str = "3e00ef2f895f40d67f5bb8e81f09a5a12c840ec3ce9a7f3b181be188ef711a1e\
                                984ce172b9216f419f445367456d5619314a42a3da86b001387bfdb80e0cfe42";

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let byte = |index: usize| u8::from_str_radix(&hexadecimal[index..index + 2], 16).expect("two digits");
    (0..hexadecimal.len()).step_by(2).map(byte).collect()
}

fn key(hexadecimal: &str) -> [u8; 32] {
    bytes(hexadecimal).try_into().expect("64 digits")
}

/// Converts a published nonce of 8 bytes, little-endian.
fn nonce(hexadecimal: &str) -> u64 {
    u64::from_le_bytes(bytes(hexadecimal).try_into().expect("16 digits"))
}

fn keystream(key: &[u8; 32], nonce: u64, block_number: u64) -> Vec<u8> {
    chacha8_block(key, nonce, block_number).into_iter().flat_map(u32::to_le_bytes).collect()
}

#[test]
fn all_zero_key_and_nonce() {
    assert_eq!(keystream(&[0; 32], 0, 0), bytes(ALL_ZERO_BLOCK_0));
    let block_1 = "d2aefa0deaa5c151bf0adb6c01f2a5adc0fd581259f9a2aadcf20f8fd566a26b\
                   5032ec38bbc5da98ee0c6f568b872a65a08abf251deb21bb4b56e5d8821e68aa";
    assert_eq!(keystream(&[0; 32], 0, 1), bytes(block_1));
}

#[test]
fn one_bit_in_the_nonce() {
    let block_0 = "2b8f4bb3798306ca5130d47c4f8d4ed13aa0edccc1be6942090faeeca0d7599b\
                   7ff0fe616bb25aa0153ad6fdc88b954903c22426d478b97b22b8f9b1db00cf06";
    assert_eq!(keystream(&[0; 32], nonce("0100000000000000"), 0), bytes(block_0));
}

#[test]
fn sequence_patterns_in_key_and_nonce() {
    let key = key("00112233445566778899aabbccddeeffffeeddccbbaa99887766554433221100");
    let block_0 = "db43ad9d1e842d1272e4530e276b3f568f8859b3f7cf6d9d2c74fa53808cb515\
                   7a8ebf46ad3dcc4b6c7dadde131784b0120e0e22f6d5f9ffa7407d4a21b695d9";
    assert_eq!(keystream(&key, nonce("0f1e2d3c4b5a6978"), 0), bytes(block_0));
}

#[test]
fn key_and_nonce_of_hashes() {
    let key = key("c46ec1b18ce8a878725a37e780dfb7351f68ed2e194c79fbc6aebee1a667975d");
    let block_0 = "838751b42d8ddd8a3d77f48825a2ba752cf4047cb308a5978ef274973be374c9\
                   6ad848065871417b08f034e681fe46a93f7d5c61d1306614d4aaf257a7cff08b";
    let block_1 = "16f2fda170cc18a4b58a2667ed962774af792a6e7f3c77992540711a7a136d7e\
                   8a2f8d3f93816709d45a3fa5f8ce72fde15be7b841acba3a2abd557228d9fe4f";
    assert_eq!(keystream(&key, nonce("1ada31d5cf688221"), 0), bytes(block_0));
    assert_eq!(keystream(&key, nonce("1ada31d5cf688221"), 1), bytes(block_1));
}

#[test]
fn the_last_block_number() {
    let last_block = "df8a0bceca2fbb111f29978fa9a64407c68ced975ff55a24707265d0687e6aef\
                      b3597eac46e4b0a79b3a49c8b0f1775ac3edd7eb6a6d9bcb38f276517a79e014";
    assert_eq!(keystream(&[0; 32], 0, u64::MAX), bytes(last_block));
}
