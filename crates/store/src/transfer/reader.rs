//! Reads an export line by line, and notices if something is missing.

use std::io::{self, BufRead, Read};

use super::digest::{SessionDigest, hash};
use super::line::{self, End, Line, LineError};

/// The longest line, in bytes. The longest that tickseed writes has less than a tenth of it.
const LONGEST_LINE: u64 = 4 << 20;

/// How many bad lines are named at most.
const MOST_BAD_LINES: usize = 20;

/// Reads the lines of an export.
pub(super) struct Reader<R> {
    input: R,
    /// The number of the line that was read last, from 1.
    line: u64,
    /// The lines of sessions so far.
    sessions: u64,
    digest: SessionDigest,
    buffer: Vec<u8>,
}

/// Why the next line cannot be read.
#[derive(Debug)]
pub(super) enum ReadError {
    /// It is not as it must be, or missing.
    Line(LineError),
    /// The input cannot be read.
    Input(io::Error),
}

impl From<LineError> for ReadError {
    fn from(error: LineError) -> Self {
        Self::Line(error)
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Input(error)
    }
}

impl<R: BufRead> Reader<R> {
    /// Reads the first line.
    pub(super) fn open(input: R) -> Result<Self, ReadError> {
        let mut reader =
            Self { input, line: 0, sessions: 0, digest: SessionDigest::default(), buffer: Vec::new() };
        if !reader.read_line()? {
            return Err(reader.error("the file is empty; an export has a first line and a last one").into());
        }
        line::check_first_line(&reader.buffer).map_err(|problem| reader.error(problem))?;
        Ok(reader)
    }

    /// Returns the number of the line that was read last.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Returns the digest of the sessions so far.
    pub(super) fn digest(&self) -> SessionDigest {
        self.digest
    }

    /// Reads the next line. Returns the last one only if it is right about all others and nothing follows it.
    pub(super) fn next(&mut self) -> Result<Line, ReadError> {
        if !self.read_line()? {
            let problem =
                "the file ends here, without the line that says how many sessions it holds: it was cut off";
            return Err(self.error(problem).into());
        }
        let read = line::read(&self.buffer);
        if !matches!(read, Ok(Line::End(_))) {
            self.sessions += 1;
            self.digest.add(&hash(&self.buffer));
        }
        match read.map_err(|problem| self.error(problem))? {
            Line::End(end) => {
                self.check_end(&end)?;
                Ok(Line::End(end))
            }
            session => Ok(session),
        }
    }

    fn check_end(&mut self, end: &End) -> Result<(), ReadError> {
        let (sessions, line) = (self.sessions, self.line);
        let error = |problem: String| ReadError::Line(LineError { line, problem });
        if end.sessions != sessions {
            return Err(error(format!(
                "sessions: the file should hold {} sessions, but holds {sessions}: lines are missing, or were added",
                end.sessions
            )));
        }
        if end.digest != self.digest {
            let problem = "digest: the lines have another digest than the file says: one of them was changed";
            return Err(error(problem.to_owned()));
        }
        if self.read_line()? {
            return Err(self
                .error("nothing may follow the line that says how many sessions there are")
                .into());
        }
        Ok(())
    }

    /// Reads a line into the buffer, without its end. Returns false at the end of the file.
    fn read_line(&mut self) -> Result<bool, ReadError> {
        self.buffer.clear();
        let length = (&mut self.input).take(LONGEST_LINE).read_until(b'\n', &mut self.buffer)?;
        self.line += 1;
        if self.buffer.pop_if(|last| *last == b'\n').is_some() || length == 0 {
            return Ok(length > 0);
        }
        let problem = if length as u64 == LONGEST_LINE {
            format!("it is longer than {LONGEST_LINE} bytes")
        } else {
            format!("the file ends within this line, after {length} bytes: it was cut off")
        };
        Err(self.error(problem).into())
    }

    fn error(&self, problem: impl Into<String>) -> LineError {
        LineError { line: self.line, problem: problem.into() }
    }
}

/// Why a file is no whole export.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// Lines are not as they must be: the first ones of them.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Lines(Vec<LineError>),
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Input(#[from] io::Error),
}

/// Reads an export to its end without a store, and returns how many sessions it holds. Names up to 20 bad lines.
///
/// # Errors
///
/// [`CheckError`] if a line is not as it must be, a part of the file is missing, or the file cannot be read.
pub fn check(input: impl BufRead) -> Result<u64, CheckError> {
    let mut bad = Vec::new();
    let mut reader = match Reader::open(input) {
        Ok(reader) => reader,
        Err(ReadError::Line(error)) => return Err(CheckError::Lines(vec![error])),
        Err(ReadError::Input(error)) => return Err(CheckError::Input(error)),
    };
    loop {
        match reader.next() {
            Ok(Line::End(_)) if bad.is_empty() => return Ok(reader.sessions),
            Ok(Line::End(_)) => break,
            Ok(_) => {}
            Err(ReadError::Input(error)) => return Err(CheckError::Input(error)),
            Err(ReadError::Line(error)) => {
                bad.push(error);
                if reader.is_at_end()? || bad.len() == MOST_BAD_LINES {
                    break;
                }
            }
        }
    }
    Err(CheckError::Lines(bad))
}

impl<R: BufRead> Reader<R> {
    /// Returns whether nothing follows the line that was read last.
    fn is_at_end(&mut self) -> io::Result<bool> {
        Ok(self.input.fill_buf()?.is_empty())
    }
}
