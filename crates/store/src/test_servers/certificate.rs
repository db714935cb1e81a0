//! A certificate for a test, for Redis or nginx with TLS.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

/// A self-signed certificate for 127.0.0.1 and its key, in files.
pub struct Certificate {
    folder: TempDir,
}

impl Certificate {
    /// Makes a certificate.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "every certificate is another one")]
    pub fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a key can be made");
        let certificate = Self { folder: TempDir::new().expect("a folder can be made") };
        fs::write(certificate.file(), made.cert.pem()).expect("the certificate can be written");
        fs::write(certificate.key_file(), made.signing_key.serialize_pem()).expect("the key can be written");
        certificate
    }

    /// Returns the file that `SSL_CERT_FILE` must name so that a process trusts the certificate.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    /// Returns the file with the key of the certificate.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    /// Returns the arguments with which redis-server uses the certificate.
    #[must_use]
    pub fn redis_arguments(&self) -> [String; 8] {
        let (certificate, key) = (self.file().display().to_string(), self.key_file().display().to_string());
        let certificates = certificate.clone();
        [
            "--tls-cert-file".to_owned(),
            certificate,
            "--tls-key-file".to_owned(),
            key,
            // Redis demands this file, although no client has a certificate.
            "--tls-ca-cert-file".to_owned(),
            certificates,
            "--tls-auth-clients".to_owned(),
            "no".to_owned(),
        ]
    }
}
