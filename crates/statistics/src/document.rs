//! A document with measured parts.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub(crate) struct Document {
    file: PathBuf,
    text: String,
}

impl Document {
    pub(crate) fn read(file: &Path) -> io::Result<Self> {
        Ok(Self { file: file.to_owned(), text: fs::read_to_string(file)? })
    }

    /// Replaces a measured part.
    ///
    /// # Panics
    ///
    /// If the document does not have the part.
    pub(crate) fn fill(&mut self, part: &str, measured: &str) {
        let begin = format!("<!-- measured: {part} -->\n");
        let end = "<!-- end -->";
        let from = self.text.find(&begin).expect("the document has the part") + begin.len();
        let to = from + self.text[from..].find(end).expect("the part ends");
        self.text.replace_range(from..to, &format!("\n{}\n\n", measured.trim_end()));
    }

    pub(crate) fn write(&self) -> io::Result<()> {
        fs::write(&self.file, &self.text)
    }
}
