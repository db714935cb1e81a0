//! Which route a path belongs to, for metrics and the access log. It finds that out by itself: actix-web would allocate the pattern of
//! each request.

/// The patterns of all routes. A test of `http::openapi` compares them with the API's document.
const PATTERNS: [&str; 18] = [
    "/v1/sessions/{id}",
    "/v1/sessions",
    "/v1/sessions/{id}/events",
    "/v1/sessions/{id}/state",
    "/v1/sessions/{id}/stop",
    "/v1/sessions/{id}/pause",
    "/v1/sessions/{id}/resume",
    "/v1/sessions/{id}/rate",
    "/v1/sessions/{id}/withdraw",
    "/v1/sessions/{id}/extend",
    "/v1/sessions/{id}/token",
    "/v1/time",
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/docs",
    "/",
    OTHER,
];

/// The files of the page, and everything that does not exist.
const OTHER: &str = "other";

/// The prefix of the routes about one session.
const SESSIONS: &str = "/v1/sessions/";

/// The index of the route of a session.
const SESSION: u8 = 0;

/// The route of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RouteLabel(u8);

impl RouteLabel {
    /// How many routes there are.
    pub(crate) const COUNT: usize = PATTERNS.len();

    /// Returns the route that a path belongs to.
    pub(crate) fn of(path: &str) -> Self {
        let Some(rest) = path.strip_prefix(SESSIONS) else { return Self::find(document(path)) };
        match rest.split_once('/') {
            None if !rest.is_empty() => Self(SESSION),
            Some((id, action)) if !id.is_empty() => {
                let is_action = |pattern: &str| pattern.strip_prefix("/v1/sessions/{id}/") == Some(action);
                Self::position(is_action)
            }
            _ => Self::find(OTHER),
        }
    }

    /// Returns every route, in the order of their indices.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..=u8::MAX).take(Self::COUNT).map(Self)
    }

    /// Returns its index, which is below [`COUNT`](Self::COUNT).
    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Returns its pattern.
    pub(crate) fn pattern(self) -> &'static str {
        PATTERNS.get(self.index()).copied().unwrap_or(OTHER)
    }

    fn find(pattern: &str) -> Self {
        Self::position(|other| other == pattern)
    }

    fn position(is_it: impl Fn(&str) -> bool) -> Self {
        let index = PATTERNS.iter().position(|pattern| is_it(pattern)).unwrap_or(PATTERNS.len() - 1);
        Self(u8::try_from(index).unwrap_or_default())
    }
}

/// The files of the API's documentation count as one.
fn document(path: &str) -> &str {
    if path.starts_with("/docs/") { "/docs" } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_client_asks_for_the_label_is_one_of_the_patterns() {
        for (path, pattern) in [
            ("/", "/"),
            ("", OTHER),
            ("/index.html", OTHER),
            ("/docs", "/docs"),
            ("/docs/", "/docs"),
            ("/docs/a/b.css", "/docs"),
            ("/v1/sessions/", OTHER),
            ("/v1/sessions//state", OTHER),
            ("/v1/sessions/a/b", OTHER),
            ("/v1/sessions/a/state/", OTHER),
            ("/v1/sessions/a/", OTHER),
            ("/v1/sessions/anything at all", "/v1/sessions/{id}"),
            ("/v1/sessionsx", OTHER),
            ("/v1/sessions/{id}/state", "/v1/sessions/{id}/state"),
            ("other", OTHER),
        ] {
            assert_eq!(RouteLabel::of(path).pattern(), pattern, "{path}");
        }
        assert_eq!(RouteLabel::all().map(RouteLabel::pattern).collect::<Vec<_>>(), PATTERNS);
    }
}
