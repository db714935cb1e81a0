//! Responses without a body that a client has to read all the same.
//!
//! actix-http goes on to the next request of a connection only while the bodies before it could be sent. A response without a body
//! does not count, so a client that sends request after request and reads nothing could fill the memory of the server.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};

/// What a response contains that has nothing to say but must have a body.
pub(super) const BLANK: &str = "\n";

/// A body without a byte that counts as one.
struct NoBytes;

impl MessageBody for NoBytes {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        Poll::Ready(None)
    }
}

/// Finishes a 304, which never has a body.
pub(super) fn not_modified(mut response: HttpResponseBuilder) -> HttpResponse {
    let body = response.message_body(NoBytes);
    let mut response = body.map_or_else(|error| error.error_response(), HttpResponse::map_into_boxed_body);
    // Otherwise the head would announce chunks.
    response.head_mut().no_chunking(true);
    response
}
