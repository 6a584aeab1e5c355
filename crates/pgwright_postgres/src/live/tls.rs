//! Encrypted connections, as `sslmode` asks for them.

use std::sync::Arc;

use postgres::config::SslMode;
use postgres::{Client, Config, NoTls};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Address;
use crate::Error;

/// Connects as libpq would: `prefer` where nothing is said.
pub(super) fn connect(address: &Address, config: &Config) -> Result<Client, Error> {
    let mut config = config.clone();
    let mode = address.get("sslmode").unwrap_or("prefer");
    match mode {
        "disable" | "allow" => {
            config.ssl_mode(SslMode::Disable);
            return Ok(config.connect(NoTls)?);
        }
        "prefer" => config.ssl_mode(SslMode::Prefer),
        "require" | "verify-ca" | "verify-full" => config.ssl_mode(SslMode::Require),
        _ => {
            return Err(Error::new("`sslmode` of the database's address is none that there is")
                .hint("known are disable, allow, prefer, require, verify-ca and verify-full"));
        }
    };
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(format!("TLS is not available: {error}")))?;
    // `verify-ca` checks the name too: that refuses more than libpq does, and never less.
    let verifies = mode.starts_with("verify") || address.get("sslrootcert").is_some();
    let tls = if verifies {
        builder.with_root_certificates(roots(address)?).with_no_client_auth()
    } else {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(Anyone(provider))).with_no_client_auth()
    };
    Ok(config.connect(MakeRustlsConnect::new(tls))?)
}

/// The authorities to trust: those of the file named, otherwise the system's.
fn roots(address: &Address) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    match address.get("sslrootcert").filter(|path| *path != "system") {
        Some(path) => {
            let unreadable = |error: &dyn std::fmt::Display| {
                Error::new(format!("the certificates in `{path}` cannot be read: {error}"))
            };
            for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unreadable(&error))? {
                let certificate = certificate.map_err(|error| unreadable(&error))?;
                roots.add(certificate).map_err(|error| unreadable(&error))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    Ok(roots)
}

/// Encrypts without asking who is there: what `prefer` and `require` mean.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
