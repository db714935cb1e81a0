//! Lower-case hexadecimal digits of bytes.

use core::fmt::Write;

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    let mut digits = String::new();
    for byte in bytes {
        write!(digits, "{byte:02x}").expect("writing to a String cannot fail");
    }
    digits
}
