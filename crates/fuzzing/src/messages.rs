//! What a message about a stranger's input may contain.

/// A text that stands for a password, a token or a key in inputs. No message may repeat it.
pub const SECRET: &str = "opensesame";

/// The longest message, in bytes: room for dozens of wrong fields, and small beside the request that caused it.
const MOST_BYTES: usize = 64 * 1024;

/// Checks that a message has a bounded length and no character that acts on a terminal.
///
/// # Panics
///
/// If it does not.
pub fn assert_tame(message: &str) {
    assert!(!message.is_empty(), "a message says something");
    assert!(message.len() <= MOST_BYTES, "{} bytes: {}", message.len(), &message[..200]);
    assert!(!message.contains(char::is_control), "{message:?}");
}
