//! The condition of a request: `If-Match` names the versions of a session that the caller knows (RFC 9110, section 13.1.1).

use actix_web::HttpRequest;
use actix_web::http::header;

use super::fields::{Fields, quoted};

/// The name of the header in errors.
const NAME: &str = "If-Match";

/// What a request expects of the session that it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum IfMatch {
    /// That it exists.
    Any,
    /// That it is one of these versions. Weak tags are left out, because they match no version.
    Tags(Vec<String>),
}

impl IfMatch {
    /// Reads the header. Several of them are one list.
    pub(super) fn read(request: &HttpRequest, fields: &mut Fields) -> Option<Self> {
        let mut values = request.headers().get_all(header::IF_MATCH).peekable();
        if values.peek().is_none() {
            return Some(Self::Any);
        }
        let values: Vec<_> = values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        let text = values.join(",");
        let condition = Self::parse(&text);
        if condition.is_none() {
            let got = quoted(&text.into());
            fields.fail(NAME, &format!("must be * or a list of entity tags in double quotes, got {got}"));
        }
        condition
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim_matches([' ', '\t', ',']);
        if rest == "*" {
            return Some(Self::Any);
        }
        let mut tags = Vec::new();
        let mut count = 0;
        while !rest.is_empty() {
            let is_weak = rest.starts_with("W/");
            let tag = if is_weak { &rest[2..] } else { rest };
            let end = tag.strip_prefix('"')?.find('"')? + 2;
            let (tag, after) = tag.split_at(end);
            if !is_weak {
                tags.push(tag.to_owned());
            }
            count += 1;
            // A comma must follow, unless this is the end. Empty items count for nothing.
            let next = after.trim_start_matches([' ', '\t']);
            if !next.is_empty() && !next.starts_with(',') || tag.contains([' ', '\t']) {
                return None;
            }
            rest = next.trim_start_matches([' ', '\t', ',']);
        }
        (count > 0).then_some(Self::Tags(tags))
    }

    /// Returns whether a session with these entity tags, one for each of its statuses, is one that the caller knows.
    pub(super) fn allows<'tag>(&self, mut entity_tags: impl Iterator<Item = &'tag str>) -> bool {
        match self {
            Self::Any => true,
            Self::Tags(tags) => entity_tags.any(|entity_tag| tags.iter().any(|tag| tag == entity_tag)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(tags: &[&str]) -> IfMatch {
        IfMatch::Tags(tags.iter().map(|tag| (*tag).to_owned()).collect())
    }

    #[test]
    fn a_list_of_entity_tags_is_read_without_the_weak_ones() {
        for (text, expected) in [
            ("*", IfMatch::Any),
            (" * ", IfMatch::Any),
            (r#""a""#, tags(&[r#""a""#])),
            (r#""a","b""#, tags(&[r#""a""#, r#""b""#])),
            (" \"a\"\t,  \"b\" ", tags(&[r#""a""#, r#""b""#])),
            (r#","a",,"b","#, tags(&[r#""a""#, r#""b""#])),
            (r#""a,b""#, tags(&[r#""a,b""#])),
            (r#""""#, tags(&[r#""""#])),
            (r#"W/"a""#, tags(&[])),
            (r#"W/"a", "b""#, tags(&[r#""b""#])),
        ] {
            assert_eq!(IfMatch::parse(text), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn anything_else_is_malformed() {
        for text in [
            "",
            " ",
            ",",
            "a",
            "\"a",
            "a\"",
            "\"a\" \"b\"",
            "\"a\"b",
            "w/\"a\"",
            "W/",
            "W/a",
            "*, \"a\"",
            "\"a\", *",
            "\"a b\"",
            "'a'",
        ] {
            assert_eq!(IfMatch::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn only_a_session_that_the_caller_knows_is_allowed() {
        let condition = IfMatch::parse(r#""a", W/"b""#).unwrap();
        for (entity_tags, is_allowed) in
            [(&["\"a\""][..], true), (&["\"b\""], false), (&["\"c\"", "\"a\""], true), (&[], false)]
        {
            assert_eq!(condition.allows(entity_tags.iter().copied()), is_allowed, "{entity_tags:?}");
        }
        assert!(IfMatch::Any.allows(["\"x\""].into_iter()));
    }
}
