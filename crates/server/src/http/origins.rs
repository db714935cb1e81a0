//! Which pages may use the API: those of any origin, or of a list.

use std::str::FromStr;
use std::sync::Arc;

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{self, HeaderValue};

/// How many origins there may be at most.
const MAX_ORIGINS: usize = 64;

/// The origins whose pages may use the API. By default these are all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedOrigins {
    /// `None` for all.
    list: Option<Arc<[HeaderValue]>>,
}

/// A text that is not a list of origins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be origins separated by commas, at most {MAX_ORIGINS}, such as https://game.example,http://localhost:5173, without a \
     path, or * for all; number {number} is none"
)]
pub struct InvalidOrigins {
    /// The position of the first wrong one, from 1.
    number: usize,
}

/// Which origins may share a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http) enum SharedWith {
    /// With pages of any origin.
    Everyone,
    /// Only with pages of the origin that asks, which is on the list.
    Origin(HeaderValue),
    /// With no page of another origin.
    Nobody,
}

impl AllowedOrigins {
    /// Writes the list as a setting has it.
    #[cfg(test)]
    pub(crate) fn written(&self) -> String {
        let Some(list) = &self.list else { return "*".to_owned() };
        list.iter().map(|origin| origin.to_str().unwrap_or_default()).collect::<Vec<_>>().join(",")
    }

    /// Returns whether pages of any origin may use the API.
    pub(super) const fn are_all(&self) -> bool {
        self.list.is_none()
    }

    /// Returns which origins may share the response to a request.
    pub(super) fn shared_with(&self, request: &ServiceRequest) -> SharedWith {
        let Some(list) = &self.list else { return SharedWith::Everyone };
        let origin = request.headers().get(header::ORIGIN);
        match origin.filter(|origin| list.contains(origin)) {
            Some(origin) => SharedWith::Origin(origin.clone()),
            None => SharedWith::Nobody,
        }
    }
}

impl SharedWith {
    /// Returns the value of `Access-Control-Allow-Origin`.
    pub(in crate::http) fn header(&self) -> Option<HeaderValue> {
        match self {
            Self::Everyone => Some(HeaderValue::from_static("*")),
            Self::Origin(origin) => Some(origin.clone()),
            Self::Nobody => None,
        }
    }
}

impl FromStr for AllowedOrigins {
    type Err = InvalidOrigins;

    fn from_str(text: &str) -> Result<Self, InvalidOrigins> {
        if text.trim() == "*" {
            return Ok(Self::default());
        }
        let origins = text.split(',').enumerate().map(|(index, text)| {
            let number = index + 1;
            origin(text.trim()).filter(|_| number <= MAX_ORIGINS).ok_or(InvalidOrigins { number })
        });
        Ok(Self { list: Some(origins.collect::<Result<_, _>>()?) })
    }
}

/// Reads an origin and spells it as browsers do: in lower case, and without the usual port.
fn origin(text: &str) -> Option<HeaderValue> {
    let text = text.to_ascii_lowercase();
    let (scheme, rest) = text.split_once("://")?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let (host, port) = host_and_port(rest)?;
    let is_usual = matches!((scheme, port), ("http", Some(80)) | ("https", Some(443)));
    let origin = match port {
        Some(port) if !is_usual => format!("{scheme}://{host}:{port}"),
        _ => format!("{scheme}://{host}"),
    };
    is_scheme.then(|| HeaderValue::try_from(origin).ok()).flatten()
}

fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    let end_of_address = text.find(']').filter(|_| text.starts_with('[')).map_or(0, |end| end + 1);
    let (host, port) = match text[end_of_address..].split_once(':') {
        Some((rest, port)) => (&text[..end_of_address + rest.len()], Some(port.parse().ok()?)),
        None => (text, None),
    };
    let is_address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_address = is_address.is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok());
    let is_name =
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    (is_address || is_name).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<String>, InvalidOrigins> {
        let origins: AllowedOrigins = text.parse()?;
        let list = origins.list.unwrap_or_default();
        Ok(list.iter().map(|origin| origin.to_str().unwrap().to_owned()).collect())
    }

    #[test]
    fn origins_are_spelled_as_browsers_spell_them() {
        let text = "HTTPS://Game.Example:443, http://localhost:5173,capacitor://localhost ,http://[::1]:80,http://a:81";
        let expected = [
            "https://game.example",
            "http://localhost:5173",
            "capacitor://localhost",
            "http://[::1]",
            "http://a:81",
        ];
        assert_eq!(parse(text).unwrap(), expected);
        assert_eq!("*".parse(), Ok(AllowedOrigins::default()));
    }

    #[test]
    fn an_error_says_which_is_none() {
        for text in [
            "",
            "game.example",
            "https://",
            "https://game.example/",
            "https://game.example/path",
            "https://user@game.example",
            "https://game.example:x",
            "https://*.game.example",
            "https://[::1",
            "://a",
            "null",
            "*,https://a",
            "https://a b",
        ] {
            assert_eq!(parse(text), Err(InvalidOrigins { number: 1 }), "{text}");
        }
        let error = parse("https://a,https://b/").unwrap_err().to_string();
        assert!(error.ends_with("number 2 is none") && error.contains("https://game.example"), "{error}");
        assert_eq!(parse(&["https://a"; 65].join(",")), Err(InvalidOrigins { number: 65 }));
    }
}
