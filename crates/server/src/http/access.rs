//! Who calls, and what the caller may do.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{FromRequest, HttpRequest};

use super::access_error::AccessError;
use super::error::ApiError;
use crate::access::{Access, AccessMode, ApiKey, NewSecret, Right, is_control_token, sha256};
use crate::telemetry::metrics::{Refusal, count_refusal};
use tickseed_session::{ControlHash, KeyName, ServiceError, Session, SessionId, SessionService};

/// The scheme of the credentials, which counts in any case (RFC 9110, section 11.1).
const SCHEME: &str = "Bearer";

/// Who calls. Routes that only read do not ask.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    mode: AccessMode,
    credential: Option<Credential>,
}

/// What a caller has shown.
#[derive(Debug, Clone)]
enum Credential {
    Key(Arc<ApiKey>),
    /// The hash of a control token, perhaps of another session.
    Token(ControlHash),
}

impl Caller {
    /// Reads `Authorization`. Where the server asks for no rights, it is ignored.
    pub(super) fn read(access: &Access, headers: &HeaderMap) -> Result<Self, AccessError> {
        let mode = access.mode();
        let credential = if mode == AccessMode::Open { None } else { bearer(headers)? };
        let credential = credential.map(|text| Credential::read(access, text)).transpose()?;
        Ok(Self { mode, credential })
    }

    /// Returns whether the server asks anybody for a right.
    pub(super) fn asks_for_rights(&self) -> bool {
        self.mode != AccessMode::Open
    }

    /// Returns the name of the caller's API key.
    pub(super) fn key_name(&self) -> Option<&KeyName> {
        match &self.credential {
            Some(Credential::Key(key)) => Some(key.name()),
            _ => None,
        }
    }

    /// Returns the SHA-256 of the caller's API key.
    pub(super) fn key_sha256(&self) -> Option<&[u8; 32]> {
        match &self.credential {
            Some(Credential::Key(key)) => Some(key.sha256()),
            _ => None,
        }
    }

    /// Checks that the caller may create sessions.
    pub(super) fn require_create(&self) -> Result<(), ApiError> {
        if self.mode == AccessMode::Keys { self.require_key(Right::Create) } else { Ok(()) }
    }

    /// Checks that the caller may list sessions.
    pub(super) fn require_list(&self) -> Result<(), ApiError> {
        if self.mode == AccessMode::Open { Ok(()) } else { self.require_key(Right::List) }
    }

    fn require_key(&self, right: Right) -> Result<(), ApiError> {
        let error = match &self.credential {
            Some(Credential::Key(key)) if key.rights().contain(right) => return Ok(()),
            Some(Credential::Key(_)) => AccessError::KeyLacks(right),
            Some(Credential::Token(_)) => AccessError::TokenLacks(right),
            None => AccessError::Required(right),
        };
        Err(error.into())
    }

    /// Checks that the caller may change a session.
    pub(super) fn require_control(&self, session: &Session) -> Result<(), ApiError> {
        match &self.credential {
            _ if self.mode == AccessMode::Open => Ok(()),
            Some(Credential::Token(token)) if session.control == Some(*token) => Ok(()),
            Some(Credential::Token(_)) => Err(AccessError::OtherToken.into()),
            Some(Credential::Key(_)) | None => self.require_key(Right::Control),
        }
    }

    /// Checks that a session exists and that the caller may change it. Where the server asks for no rights, it checks nothing.
    pub(super) async fn check_control(
        &self,
        service: &SessionService,
        id: SessionId,
    ) -> Result<(), ApiError> {
        if self.mode == AccessMode::Open {
            return Ok(());
        }
        // Only a token may have been replaced without this server's knowledge.
        let is_token = matches!(self.credential, Some(Credential::Token(_)));
        let expected = |session: &Session| !is_token || self.require_control(session).is_ok();
        let found = service.find_expected(id, &|ready| expected(ready.session())).await;
        if matches!(found, Err(ServiceError::TooManyLooks)) {
            count_refusal(Refusal::Shed);
        }
        self.require_control(found?.session.session())
    }

    /// Returns whether the caller may change any session: the server is open, or the caller has a key with that right. Whether a
    /// token fits depends on the session, and anybody can invent one.
    pub(super) fn controls_everything(&self) -> bool {
        self.mode == AccessMode::Open || self.require_key(Right::Control).is_ok()
    }

    /// Makes the control token of a session. Returns `None` where the server asks for no rights.
    pub(super) fn new_token(&self) -> Result<Option<NewSecret>, ApiError> {
        let token = (self.mode != AccessMode::Open).then(NewSecret::control_token).transpose();
        token.map_err(|error| ApiError::Internal(error.into()))
    }

    /// Returns the control token that consists of these bytes. Returns `None` where the server asks for no rights.
    pub(super) fn token_of(&self, bytes: &[u8; 16]) -> Option<NewSecret> {
        (self.mode != AccessMode::Open).then(|| NewSecret::control_token_of(bytes))
    }
}

impl Credential {
    fn read(access: &Access, text: &str) -> Result<Self, AccessError> {
        match is_control_token(text) {
            Some(true) => Ok(Self::Token(ControlHash::new(sha256(text)))),
            Some(false) => Err(AccessError::MalformedToken),
            None => access.find(&sha256(text)).map(Self::Key).ok_or(AccessError::UnknownKey),
        }
    }
}

/// Returns the credential in `Authorization`, if there is one.
pub(super) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, AccessError> {
    let mut values = headers.get_all(header::AUTHORIZATION);
    let Some(value) = values.next() else { return Ok(None) };
    let (scheme, credential) =
        value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or(AccessError::Malformed)?;
    let credential = credential.trim_matches(' ');
    let is_one = values.next().is_none() && !credential.is_empty() && !credential.contains([' ', '\t', ',']);
    if is_one && scheme.eq_ignore_ascii_case(SCHEME) {
        Ok(Some(credential))
    } else {
        Err(AccessError::Malformed)
    }
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match request.app_data::<Access>() {
            Some(access) => Self::read(access, request.headers()).map_err(ApiError::from),
            // Not open: a mistake in the program must not give rights to anybody.
            None => Err(ApiError::Internal("the app does not say who may use it".into())),
        })
    }
}

impl From<AccessError> for ApiError {
    fn from(error: AccessError) -> Self {
        Self::Access(error)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError;
    use actix_web::http::StatusCode;
    use actix_web::http::header::HeaderValue;

    use super::*;
    use crate::access::ApiKeys;

    /// A file with the key `lister`, which may list sessions, and the key `other`, which may do everything else.
    const KEYS: &str = "lister list af9d7f5c94154c51766656842b4ca4ca1024bf010a5d61350766af33ec179a82\n\
                        other create,control d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa\n";

    fn caller(mode: AccessMode, authorization: &'static str) -> Result<Caller, AccessError> {
        let access = Access::new(mode, ApiKeys::parse(KEYS.as_bytes()).unwrap());
        let mut headers = HeaderMap::new();
        if !authorization.is_empty() {
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(authorization));
        }
        Caller::read(&access, &headers)
    }

    #[test]
    fn listing_takes_a_key_with_that_right_unless_the_server_is_open() {
        for (authorization, expected) in [
            ("", Some(StatusCode::UNAUTHORIZED)),
            ("Bearer lister", None),
            ("Bearer other", Some(StatusCode::FORBIDDEN)),
            ("Bearer tst_00000000000000000000000000000000", Some(StatusCode::FORBIDDEN)),
        ] {
            for mode in [AccessMode::Token, AccessMode::Keys] {
                let listed = caller(mode, authorization).unwrap().require_list();
                assert_eq!(listed.err().map(|error| error.status_code()), expected, "{mode} {authorization}");
            }
            assert!(caller(AccessMode::Open, authorization).unwrap().require_list().is_ok());
        }
    }

    #[test]
    fn a_caller_has_the_name_of_its_key() {
        let name = |mode, authorization| {
            let caller = caller(mode, authorization).unwrap();
            caller.key_name().map(|name| name.as_str().to_owned())
        };
        assert_eq!(name(AccessMode::Token, "bearer  lister "), Some("lister".to_owned()));
        assert_eq!(name(AccessMode::Token, ""), None);
        assert_eq!(name(AccessMode::Open, "Bearer lister"), None, "an open server does not look");
        assert_eq!(caller(AccessMode::Token, "Bearer unknown").unwrap_err(), AccessError::UnknownKey);
    }

    #[test]
    fn the_debug_form_hides_the_credential() {
        let token = caller(AccessMode::Token, "Bearer tst_00000000000000000000000000000000").unwrap();
        let key = caller(AccessMode::Token, "Bearer lister").unwrap();
        let text = format!("{token:?} {key:?}");
        assert!(!text.contains("0000") && !text.contains("lister") && !text.contains("af9d7f5c"), "{text}");
    }
}
