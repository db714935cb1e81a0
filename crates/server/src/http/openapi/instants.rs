//! What `format: date-time` does not say about instants: the years, and that there are no leap seconds.

use utoipa::Modify;
use utoipa::openapi::schema::ArrayItems;
use utoipa::openapi::{KnownFormat, OpenApi, RefOr, Schema, SchemaFormat};

use super::headers::operations;

/// The texts that a request may have for an instant, apart from days that a month does not have.
const PATTERN: &str = r"^(19[7-9]|[2-9][0-9]{2})[0-9]-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$";

/// Adds [`PATTERN`] to every instant.
pub(super) struct Instants;

impl Modify for Instants {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        components.schemas.values_mut().for_each(describe);
        for operation in operations(document) {
            for parameter in operation.parameters.iter_mut().flatten() {
                if let RefOr::T(parameter) = parameter {
                    parameter.schema.iter_mut().for_each(describe);
                }
            }
        }
    }
}

fn describe(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            if object.format == Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)) {
                object.pattern = Some(PATTERN.to_owned());
            }
            object.properties.values_mut().for_each(describe);
        }
        RefOr::T(Schema::OneOf(one)) => one.items.iter_mut().for_each(describe),
        RefOr::T(Schema::AllOf(all)) => all.items.iter_mut().for_each(describe),
        RefOr::T(Schema::AnyOf(any)) => any.items.iter_mut().for_each(describe),
        RefOr::T(Schema::Array(array)) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                describe(items);
            }
        }
        _ => {}
    }
}
