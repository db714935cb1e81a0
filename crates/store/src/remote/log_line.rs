//! What the log says about a store, or about one of its nodes.

/// A line for the log, without its beginning: "Redis at …", "PostgreSQL at …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LogLine {
    /// All is well.
    Info(String),
    /// Sessions are lost, or can be.
    Warning(String),
}

impl LogLine {
    /// Adds words. The whole is a warning if one part of it is.
    #[cfg(feature = "redis")]
    pub(crate) fn and(self, more: Self) -> Self {
        let is_warning = matches!((&self, &more), (Self::Warning(_), _) | (_, Self::Warning(_)));
        let words = [self, more].map(|line| match line {
            Self::Info(words) | Self::Warning(words) => words,
        });
        if is_warning { Self::Warning(words.concat()) } else { Self::Info(words.concat()) }
    }

    /// Writes it to the log. `kind` is the kind of store, as people write it: `Redis`.
    pub(crate) fn log(&self, kind: &str, node: &str) {
        match self {
            Self::Info(words) => tracing::info!("{kind} at {node} {words}"),
            Self::Warning(words) => tracing::warn!("{kind} at {node} {words}"),
        }
    }
}
