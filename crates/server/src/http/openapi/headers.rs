//! What the macros of utoipa cannot say about headers and parameters.

use utoipa::Modify;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{SchemaType, Type};
use utoipa::openapi::{ObjectBuilder, OpenApi, Ref, RefOr, Response, Schema};

/// The headers that any response may carry, with the values that they may have.
const EVERY_RESPONSE: [(&str, &str); 8] = [
    ("Cache-Control", "Whether caches may keep the response. `no-store` unless said otherwise"),
    (
        "Access-Control-Allow-Origin",
        "`*`, or the origin of the request if it is one of those that the server lists",
    ),
    ("Access-Control-Expose-Headers", "The headers that pages of other origins may read"),
    ("Timing-Allow-Origin", "As `Access-Control-Allow-Origin`"),
    ("Vary", "`origin`, if the server lists origins"),
    ("X-Content-Type-Options", "`nosniff`"),
    ("Cross-Origin-Resource-Policy", "`cross-origin`; only under `/v1`"),
    (
        "X-Request-Id",
        "32 hexadecimal digits that identify the request; only if the server logs every request",
    ),
];

/// Adds the headers of [`EVERY_RESPONSE`] to every response.
pub(super) struct HeadersOfEveryResponse;

impl Modify for HeadersOfEveryResponse {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, description) in EVERY_RESPONSE {
            let header = HeaderBuilder::new()
                .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
                .description(Some(description));
            components.headers.insert(name.to_owned(), header.build().into());
        }
        for response in operations(document).flat_map(responses) {
            for (name, _) in EVERY_RESPONSE {
                let reference = Ref::new(format!("#/components/headers/{name}"));
                response.headers.entry(name.to_owned()).or_insert(RefOr::Ref(reference));
            }
        }
    }
}

/// Takes `null` out of the types of parameters and headers: they are there or not, and their text is never JSON.
pub(super) struct NeverNull;

impl Modify for NeverNull {
    fn modify(&self, document: &mut OpenApi) {
        for operation in operations(document) {
            for parameter in operation.parameters.iter_mut().flatten() {
                if let RefOr::T(parameter) = parameter {
                    parameter.schema.iter_mut().for_each(without_null);
                }
            }
            for response in responses(operation) {
                response.headers.values_mut().for_each(never_null);
            }
        }
    }
}

fn never_null(header: &mut RefOr<Header>) {
    if let RefOr::T(header) = header {
        header.schema.iter_mut().for_each(without_null);
    }
}

fn without_null(schema: &mut RefOr<Schema>) {
    if let RefOr::T(Schema::Object(object)) = schema
        && let SchemaType::Array(types) = &object.schema_type
        && let [one, Type::Null] = types.as_slice()
    {
        object.schema_type = SchemaType::Type(one.clone());
    }
}

pub(super) fn operations(document: &mut OpenApi) -> impl Iterator<Item = &mut Operation> {
    document.paths.paths.values_mut().flat_map(|PathItem { get, post, delete, .. }| {
        [get, post, delete].into_iter().filter_map(Option::as_mut)
    })
}

fn responses(operation: &mut Operation) -> impl Iterator<Item = &mut Response> {
    operation.responses.responses.values_mut().filter_map(|response| match response {
        RefOr::T(response) => Some(response),
        RefOr::Ref(_) => None,
    })
}
