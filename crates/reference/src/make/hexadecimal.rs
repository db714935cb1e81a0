//! Bytes as lower-case hexadecimal digits.

use core::fmt::Write;

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    let mut digits = String::new();
    for byte in bytes {
        write!(digits, "{byte:02x}").expect("a String takes any text");
    }
    digits
}
