//! The text of the file: one case per line, ASCII only, the same bytes on every run and every machine.

use core::fmt::Write;

use serde::Serialize;

use super::file::Vectors;

impl Vectors {
    /// Returns the text of the file, with a newline at the end.
    #[must_use]
    pub fn to_text(&self) -> String {
        let members = [
            object_member("about", &fields_by_line(&self.about)),
            object_member("engine_version", &compact(&self.engine_version)),
            object_member("states_at", &cases_by_line(&self.states_at)),
            object_member("states", &cases_by_line(&self.states)),
            object_member("times", &cases_by_line(&self.times)),
            object_member("rounds", &cases_by_line(&self.rounds)),
            object_member("epochs", &cases_by_line(&self.epochs)),
            object_member("draws", &cases_by_line(&self.draws)),
            object_member("invalid", &cases_by_line(&self.invalid)),
        ];
        only_ascii(&format!("{{\n{}\n}}\n", members.join(",\n")))
    }
}

pub(super) fn object_member(name: &str, json: &str) -> String {
    format!("  \"{name}\": {json}")
}

pub(super) fn cases_by_line<C: Serialize>(cases: &[C]) -> String {
    let lines: Vec<String> = cases.iter().map(|case| format!("    {}", compact(case))).collect();
    format!("[\n{}\n  ]", lines.join(",\n"))
}

/// Formats an object without nested objects, one field per line.
pub(super) fn fields_by_line<O: Serialize>(object: &O) -> String {
    let json = serde_json::to_string_pretty(object).expect("vectors are plain data");
    json.replace('\n', "\n  ")
}

pub(super) fn compact<C: Serialize>(case: &C) -> String {
    serde_json::to_string(case).expect("vectors are plain data")
}

/// Writes non-ASCII characters as `\uXXXX`. Seeds that look alike but have different bytes then look different, and no editor can
/// normalise one into the other. In JSON such characters occur only inside strings.
fn only_ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() && character != '\u{7f}' {
            text.push(character);
        } else {
            push_escaped(&mut text, character);
        }
    }
    text
}

fn push_escaped(text: &mut String, character: char) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        write!(text, "\\u{unit:04x}").expect("writing to a String cannot fail");
    }
}
