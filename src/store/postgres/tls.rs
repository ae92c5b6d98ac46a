//! TLS towards the server, in libpq's terms, on the one TLS stack that is linked.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::config::{RootCertificate, Tls, Verification};
use crate::error::{Error, Result};
use crate::tls;

/// The connector for these settings. Reads the certificate files.
pub(super) fn connector(tls: &Tls) -> Result<MakeRustlsConnect> {
    let provider = tls::provider();
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::bug(format!("TLS versions: {error}")))?;
    let verification = tls.verification();
    let trusted = if verification == Verification::None { Vec::new() } else { trusted(tls)? };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(trusted.iter().cloned());
    if verification != Verification::None && roots.is_empty() {
        return Err(Error::unreachable(
            "database.no-root-certificate",
            "no usable root certificate was found",
        )
        .hint("give sslrootcert=FILE, a PEM file with the authority that signed the server's certificate"));
    }
    let builder = if verification == Verification::ChainAndName {
        builder.with_root_certificates(roots)
    } else {
        let verifier = Verifier { chain: verification == Verification::Chain, roots, trusted, provider };
        builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
    };
    let config = match (&tls.client_certificate, &tls.client_key) {
        (Some(certificate), Some(key)) => builder
            .with_client_auth_cert(certificates(certificate)?, private_key(key)?)
            .map_err(|error| bad_file(certificate, &error))?,
        (None, None) => builder.with_no_client_auth(),
        // Left out in silence, it would be the server that complains, about something else.
        (Some(certificate), None) => return Err(bad_file(certificate, &"there is no sslkey for it")),
        (None, Some(key)) => return Err(bad_file(key, &"there is no sslcert for this sslkey")),
    };
    Ok(MakeRustlsConnect::new(config))
}

/// The certificates that may have signed the server's.
fn trusted(tls: &Tls) -> Result<Vec<CertificateDer<'static>>> {
    match &tls.root {
        Some(RootCertificate::File(path)) => certificates(path),
        Some(RootCertificate::System) => Ok(tls::system_roots()),
        None => Err(Error::usage(
            "database.no-root-certificate",
            format!("sslmode={} needs a root certificate", tls.mode.word()),
        )
        .hint("give sslrootcert=FILE, or sslrootcert=system for the machine's own")),
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    tls::certificates(path).map_err(|reason| bad_file(path, &reason))
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| bad_file(path, &error))
}

fn bad_file(path: &Path, reason: &dyn std::fmt::Display) -> Error {
    Error::unreachable(
        "database.certificate",
        format!("cannot use certificate file {}: {reason}", path.display()),
    )
    .hint("sslrootcert, sslcert and sslkey name PEM files that this account may read")
}

/// Verifies the chain but not the name (`verify-ca`), or nothing at all (`require` without root certificate).
#[derive(Debug)]
struct Verifier {
    chain: bool,
    roots: RootCertStore,
    trusted: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.chain {
            let parsed = ParsedCertificate::try_from(end_entity)?;
            verify_server_cert_signed_by_trust_anchor(
                &parsed,
                &self.roots,
                intermediates,
                now,
                self.provider.signature_verification_algorithms.all,
            )
            // A self-signed certificate that is itself the trusted one: libpq accepts it, webpki does not.
            .or_else(|error| if self.trusted.contains(end_entity) { Ok(()) } else { Err(error) })?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
