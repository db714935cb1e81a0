//! When a client may try again: what the document says about idempotency keys and `Retry-After`.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{OpenApi, RefOr, Response};
use utoipa::{Modify, PartialSchema};

use super::headers::operations;

/// What a request with an idempotency key adds to the conflicts of its route.
const CONFLICTS: &str = ". With an `Idempotency-Key` also `request_in_progress` and `outcome_unknown`";

/// Adds `Retry-After` to every response that carries it, and to the conflicts of every route that takes an idempotency key the
/// sentence that they share.
pub(super) struct Retries;

impl Modify for Retries {
    fn modify(&self, document: &mut OpenApi) {
        for operation in operations(document) {
            let takes_key = takes_idempotency_key(operation);
            for (status, response) in &mut operation.responses.responses {
                let RefOr::T(response) = response else { continue };
                match status.as_str() {
                    "409" if takes_key => describe_conflict(response),
                    "429" | "503" => add_retry_after(response, "How many seconds to wait before retrying"),
                    _ => {}
                }
            }
        }
    }
}

fn takes_idempotency_key(operation: &Operation) -> bool {
    operation
        .parameters
        .iter()
        .flatten()
        .any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.name == "Idempotency-Key"))
}

fn describe_conflict(response: &mut Response) {
    // A route without other conflicts has a description of its own.
    if !response.description.contains("request_in_progress") {
        response.description.push_str(CONFLICTS);
    }
    add_retry_after(response, "Only with `request_in_progress`: how many seconds to wait before retrying");
}

fn add_retry_after(response: &mut Response, description: &str) {
    let header = HeaderBuilder::new().schema(Some(u32::schema())).description(Some(description));
    response.headers.insert("Retry-After".to_owned(), header.build().into());
}
