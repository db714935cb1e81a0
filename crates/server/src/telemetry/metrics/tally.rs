//! The requests that one worker has answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::http::{Method, StatusCode};

use super::histogram::{Histogram, Totals, add_alone};
use crate::telemetry::RouteLabel;

/// The methods that have a label of their own. Clients can invent others.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "other"];

/// The statuses that have a label of their own.
const STATUSES: [u16; 29] = [
    200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 406, 408, 409, 410, 412,
    413, 415, 422, 429, 500, 502, 503, 504,
];

/// How many labels there are for a status; the last one stands for all others.
const STATUS_LABELS: usize = STATUSES.len() + 1;

/// How many combinations there are.
const COUNTS: usize = RouteLabel::COUNT * METHODS.len() * STATUS_LABELS;

/// The label of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MethodLabel(usize);

/// Counts requests. Only one worker writes to it, so no worker waits for another one.
#[derive(Debug)]
pub struct Tally {
    counts: Box<[AtomicU64]>,
    durations: [Histogram; RouteLabel::COUNT],
}

/// The requests with the same labels.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Requests {
    pub(super) method: &'static str,
    pub(super) route: &'static str,
    pub(super) status: String,
    pub(super) count: u64,
}

impl MethodLabel {
    /// Returns the label of a method.
    pub(crate) fn of(method: &Method) -> Self {
        let is_it = |name: &&str| **name == *method.as_str();
        Self(METHODS.iter().position(is_it).unwrap_or(METHODS.len() - 1))
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self { counts: (0..COUNTS).map(|_| AtomicU64::new(0)).collect(), durations: Default::default() }
    }
}

impl Tally {
    /// Counts a request. Call it only from the thread of the worker.
    pub(crate) fn count(
        &self,
        method: MethodLabel,
        route: RouteLabel,
        status: StatusCode,
        duration: Duration,
    ) {
        add_alone(&self.counts[index(method.0, route.index(), status_index(status.as_u16()))], 1);
        self.durations[route.index()].add_alone(duration);
    }
}

/// Returns the requests of all workers, without the combinations that have not occurred.
pub(super) fn requests(tallies: &[Arc<Tally>]) -> Vec<Requests> {
    let mut all = Vec::new();
    for route in RouteLabel::all() {
        for (method_index, method) in METHODS.into_iter().enumerate() {
            for status in 0..STATUS_LABELS {
                let at = index(method_index, route.index(), status);
                let count = tallies.iter().map(|tally| tally.counts[at].load(Ordering::Relaxed)).sum();
                if count > 0 {
                    all.push(Requests {
                        method,
                        route: route.pattern(),
                        status: status_label(status),
                        count,
                    });
                }
            }
        }
    }
    all
}

/// Returns the durations of the requests of all workers, for the routes that had some.
pub(super) fn durations(tallies: &[Arc<Tally>]) -> Vec<(&'static str, Totals)> {
    let of = |route: RouteLabel| {
        let mut totals = Totals::default();
        for tally in tallies {
            tally.durations[route.index()].add_to(&mut totals);
        }
        (route.pattern(), totals)
    };
    RouteLabel::all().map(of).filter(|(_, totals)| totals.count() > 0).collect()
}

const fn index(method: usize, route: usize, status: usize) -> usize {
    (route * METHODS.len() + method) * STATUS_LABELS + status
}

fn status_index(status: u16) -> usize {
    STATUSES.iter().position(|other| *other == status).unwrap_or(STATUSES.len())
}

fn status_label(index: usize) -> String {
    STATUSES.get(index).map_or_else(|| "other".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_all_workers_are_counted_by_their_labels() {
        let (one, other) = (Arc::new(Tally::default()), Arc::new(Tally::default()));
        let session = RouteLabel::of("/v1/sessions/a");
        let count = |tally: &Tally, method: &Method, route, status| {
            tally.count(MethodLabel::of(method), route, status, Duration::from_millis(1));
        };
        count(&one, &Method::GET, session, StatusCode::OK);
        count(&other, &Method::GET, session, StatusCode::OK);
        count(&other, &Method::HEAD, RouteLabel::of("/"), StatusCode::IM_A_TEAPOT);
        let tallies = [one, other];
        let requests = requests(&tallies);
        let expected = [
            Requests { method: "GET", route: "/v1/sessions/{id}", status: "200".to_owned(), count: 2 },
            Requests { method: "HEAD", route: "/", status: "other".to_owned(), count: 1 },
        ];
        assert_eq!(requests, expected);
        let durations = durations(&tallies);
        let counts: Vec<_> = durations.iter().map(|(route, totals)| (*route, totals.count())).collect();
        assert_eq!(counts, [("/v1/sessions/{id}", 2), ("/", 1)]);
    }

    #[test]
    fn whatever_clients_send_there_are_only_so_many_labels() {
        let tally = Arc::new(Tally::default());
        for number in 0..1_000_u16 {
            let method = Method::from_bytes(format!("INVENTED{number}").as_bytes()).unwrap();
            let route = RouteLabel::of(&format!("/v1/sessions/{number}/{number}"));
            let status = StatusCode::from_u16(100 + number % 500).unwrap();
            tally.count(MethodLabel::of(&method), route, status, Duration::ZERO);
        }
        let requests = requests(&[tally]);
        assert!(requests.iter().all(|requests| (requests.method, requests.route) == ("other", "other")));
        assert_eq!(requests.len(), STATUS_LABELS);
        assert_eq!(requests.iter().map(|requests| requests.count).sum::<u64>(), 1_000);
    }

    #[test]
    fn each_combination_has_a_place_of_its_own() {
        let places = |route| {
            let statuses = (0..STATUS_LABELS).map(move |status| (route, status));
            statuses.flat_map(|(route, status)| {
                (0..METHODS.len()).map(move |method| index(method, route, status))
            })
        };
        let mut all: Vec<_> = (0..RouteLabel::COUNT).flat_map(places).collect();
        all.sort_unstable();
        assert_eq!(all, (0..COUNTS).collect::<Vec<_>>());
    }
}
