//! TLS for connections to PostgreSQL.

use std::io;
use std::sync::Arc;

use deadpool_postgres::tokio_postgres::config::SslMode;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::remote::connect::Failure;

/// Whether connections are encrypted, with the names and the meaning that `psql` gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TlsMode {
    /// Not encrypted.
    Disable,
    /// Encrypted if the server can, with any certificate.
    Prefer,
    /// Encrypted, with any certificate.
    Require,
    /// Encrypted, with a certificate that is trusted and names the host.
    VerifyFull,
}

impl TlsMode {
    /// The names.
    pub(super) const NAMES: &str = "disable, prefer, require or verify-full";

    /// Takes a name.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "disable" => Some(Self::Disable),
            "prefer" => Some(Self::Prefer),
            "require" => Some(Self::Require),
            "verify-full" => Some(Self::VerifyFull),
            _ => None,
        }
    }

    /// Returns what the driver has to do.
    pub(super) const fn of_driver(self) -> SslMode {
        match self {
            Self::Disable => SslMode::Disable,
            Self::Prefer => SslMode::Prefer,
            Self::Require | Self::VerifyFull => SslMode::Require,
        }
    }

    /// Returns what makes the connections encrypted.
    pub(super) fn connector(self) -> Result<MakeRustlsConnect, Failure> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let verifier: Arc<dyn ServerCertVerifier> = match self {
            Self::VerifyFull => {
                WebPkiServerVerifier::builder_with_provider(Arc::new(trusted()?), provider).build()?
            }
            Self::Disable | Self::Prefer | Self::Require => Arc::new(AnyCertificate(provider)),
        };
        let config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
        Ok(MakeRustlsConnect::new(config))
    }
}

/// Returns the CA certificates of the system, or those in the file that `SSL_CERT_FILE` names.
fn trusted() -> Result<RootCertStore, Failure> {
    let found = rustls_native_certs::load_native_certs();
    let mut trusted = RootCertStore::empty();
    trusted.add_parsable_certificates(found.certs);
    if trusted.is_empty() {
        let reason = found.errors.first().map_or_else(|| "there is none".to_owned(), ToString::to_string);
        return Err(io::Error::other(format!("no CA certificate can be read: {reason}")).into());
    }
    Ok(trusted)
}

/// Accepts any certificate, as `psql` does with `sslmode=prefer` and `require`: the connection is encrypted, but the server is not
/// authenticated.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
