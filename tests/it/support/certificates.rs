//! A certificate authority for tests, and what it issues.

use std::path::PathBuf;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// A certificate authority that lives as long as the test process.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate with its key, both PEM texts.
pub(crate) struct Certificate {
    /// The certificate.
    pub(crate) certificate: String,
    /// The private key, PKCS#8.
    pub(crate) key: String,
}

/// A client certificate in files, as connection strings name them. The files vanish with this value.
pub(crate) struct CertificateFiles {
    directory: tempfile::TempDir,
}

impl Authority {
    /// A fresh authority.
    pub(crate) fn new(name: &str) -> Self {
        let mut parameters = CertificateParams::new([]).expect("parameters of an authority");
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("generate a key");
        let pem = parameters.self_signed(&key).expect("sign an authority").pem();
        Self { issuer: Issuer::new(parameters, key), pem }
    }

    /// The certificate of the authority, PEM.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate for a server that is reached under these names and addresses.
    pub(crate) fn server(&self, names: &[&str]) -> Certificate {
        self.issue(names[0], names, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// A certificate for a client whose database role is `common_name`.
    pub(crate) fn client(&self, common_name: &str) -> Certificate {
        self.issue(common_name, &[], ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn issue(&self, common_name: &str, names: &[&str], purpose: ExtendedKeyUsagePurpose) -> Certificate {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut parameters = CertificateParams::new(names).expect("names for a certificate");
        parameters.distinguished_name.push(DnType::CommonName, common_name);
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![purpose];
        parameters.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().expect("generate a key");
        let certificate = parameters.signed_by(&key, &self.issuer).expect("sign a certificate").pem();
        Certificate { certificate, key: key.serialize_pem() }
    }
}

impl Certificate {
    /// Writes certificate and key into files of a new directory; the key readable by its owner only.
    pub(crate) fn into_files(self) -> CertificateFiles {
        use std::os::unix::fs::PermissionsExt as _;

        let files =
            CertificateFiles { directory: tempfile::tempdir().expect("create a temporary directory") };
        std::fs::write(files.certificate(), self.certificate).expect("write a certificate");
        std::fs::write(files.key(), self.key).expect("write a key");
        std::fs::set_permissions(files.key(), std::fs::Permissions::from_mode(0o600)).expect("protect a key");
        files
    }
}

impl CertificateFiles {
    /// The certificate (`sslcert`).
    pub(crate) fn certificate(&self) -> PathBuf {
        self.directory.path().join("client.crt")
    }

    /// The private key (`sslkey`).
    pub(crate) fn key(&self) -> PathBuf {
        self.directory.path().join("client.key")
    }
}
