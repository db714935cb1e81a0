//! Writes the lines of the log on a thread of its own, and says how many were lost.

use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};

use super::format::LogFormat;
use serde_json::Value;
use tracing::Level;

/// How many lines may wait for the reader of the log. Further lines are lost.
const QUEUE_LENGTH: usize = 8_192;

/// Starts the thread that writes to `out`. It ends when the guard is dropped.
pub(super) fn non_blocking(
    out: impl Write + Send + 'static,
    format: LogFormat,
) -> (NonBlocking, WorkerGuard) {
    let lost = Arc::new(OnceLock::new());
    let lines = Lines { out, format, lost: Arc::clone(&lost), reported: 0, unflushed: 0 };
    let builder = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(QUEUE_LENGTH);
    let (writer, guard) = builder.thread_name("log").finish(lines);
    // The thread counts what it loses only once it has started. Until then nothing is lost.
    lost.get_or_init(|| writer.error_counter());
    (writer, guard)
}

/// Writes lines, and after a loss how many are missing.
struct Lines<W> {
    out: W,
    format: LogFormat,
    /// Counts the lines that found the queue full.
    lost: Arc<OnceLock<ErrorCounter>>,
    /// How many of them the log has reported.
    reported: usize,
    /// How many lines have been written since the last flush.
    unflushed: usize,
}

impl<W: Write> Lines<W> {
    fn report_loss(&mut self) -> io::Result<()> {
        let lost = self.lost.get().map_or(0, ErrorCounter::dropped_lines);
        if lost > self.reported {
            let count = lost - self.reported;
            let message = "lines of the log are lost, because standard error was not read fast enough";
            let line =
                self.format.line(Level::WARN, module_path!(), message, &[("lost", Value::from(count))]);
            self.out.write_all(line.as_bytes())?;
            self.reported = lost;
        }
        Ok(())
    }
}

impl<W: Write> Write for Lines<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.unflushed += 1;
        // If lines arrive faster than they are read, the queue is never empty and nothing is flushed.
        if self.unflushed >= QUEUE_LENGTH {
            self.unflushed = 0;
            self.report_loss()?;
        }
        Ok(())
    }

    /// Called whenever the queue is empty. An error here would be printed, so there is none.
    fn flush(&mut self) -> io::Result<()> {
        self.unflushed = 0;
        drop(self.report_loss());
        drop(self.out.flush());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;

    /// A reader that takes nothing until the other end of the channel is dropped.
    struct Reader {
        permits: Receiver<()>,
        read: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.permits.recv();
            self.read.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn without_a_reader_lines_are_lost_and_counted_exactly() {
        const WRITTEN: usize = QUEUE_LENGTH * 2;
        let (sender, permits): (SyncSender<()>, _) = sync_channel(0);
        let read = Arc::default();
        let (mut writer, guard) = non_blocking(Reader { permits, read: Arc::clone(&read) }, LogFormat::Text);
        for _ in 0..WRITTEN {
            writer.write_all(b"a line\n").unwrap();
        }
        // From now on, everything is read.
        drop(sender);
        drop(guard);
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let text = String::from_utf8(read.lock().unwrap().clone()).unwrap();
            let lost = text.lines().filter_map(|line| line.split("lost=").nth(1)?.parse::<usize>().ok());
            let (lost, lines) = (lost.sum::<usize>(), text.lines().filter(|line| *line == "a line").count());
            if lines + lost == WRITTEN && lost > 0 && lines >= QUEUE_LENGTH {
                return;
            }
            assert!(Instant::now() < deadline, "{lines} lines are read and {lost} lost of {WRITTEN}");
            thread::yield_now();
        }
    }
}
