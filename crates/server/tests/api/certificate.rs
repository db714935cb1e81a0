//! A certificate of a test's own, for Redis with TLS.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

/// A certificate for 127.0.0.1 that nobody trusts who is not told to, and its key, in files.
pub(crate) struct Certificate {
    folder: TempDir,
}

impl Certificate {
    pub(crate) fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a key can be made");
        let certificate = Self { folder: TempDir::new().expect("a folder can be made") };
        fs::write(certificate.file(), made.cert.pem()).expect("the certificate can be written");
        fs::write(certificate.key_file(), made.signing_key.serialize_pem()).expect("the key can be written");
        certificate
    }

    /// What `SSL_CERT_FILE` has to name for a process to trust it.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    fn key_file(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    /// What redis-server has to be told to use it.
    pub(crate) fn redis_arguments(&self) -> [String; 8] {
        let (certificate, key) = (self.file().display().to_string(), self.key_file().display().to_string());
        let certificates = certificate.clone();
        [
            "--tls-cert-file".to_owned(),
            certificate,
            "--tls-key-file".to_owned(),
            key,
            // It demands one although nobody else has a certificate.
            "--tls-ca-cert-file".to_owned(),
            certificates,
            "--tls-auth-clients".to_owned(),
            "no".to_owned(),
        ]
    }
}
