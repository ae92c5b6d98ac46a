//! A time-stamping authority of OpenSSL: a root, an authority below it that names no purpose, and signers of several kinds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use super::process::{self, Output};

const PATIENCE: Duration = Duration::from_secs(60);

const CONFIGURATION: &str = "[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[tsa]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = critical,timeStamping
[tls]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = critical,serverAuth
[authority]
serial = ./serial
certs = ./between.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
accuracy = secs:1
clock_precision_digits = 6
digests = sha256
tsa_name = yes
[picky]
serial = ./serial
signer_cert = ./rsa.pem
signer_key = ./rsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha512
[expired]
database = ./index
rand_serial = yes
new_certs_dir = .
certificate = ./between.pem
private_key = ./between.key
default_md = sha256
policy = dn
";

/// The authority that all tests share; keys take OpenSSL a moment.
static SHARED: LazyLock<TimestampAuthority> = LazyLock::new(|| TimestampAuthority::new("Root of tests"));
/// Another one, with the same names in its certificates.
static OTHER: LazyLock<TimestampAuthority> = LazyLock::new(|| TimestampAuthority::new("Root of tests"));

/// Certificates and keys in a directory.
pub(crate) struct TimestampAuthority {
    directory: tempfile::TempDir,
    /// OpenSSL counts serial numbers in a file.
    turn: Mutex<()>,
}

impl TimestampAuthority {
    pub(crate) fn shared() -> &'static Self {
        &SHARED
    }

    pub(crate) fn other() -> &'static Self {
        &OTHER
    }

    fn new(root: &str) -> Self {
        let authority = Self {
            directory: tempfile::tempdir().expect("create a temporary directory"),
            turn: Mutex::default(),
        };
        fs::write(authority.path("configuration"), CONFIGURATION).expect("write a file");
        fs::write(authority.path("serial"), "01\n").expect("write a file");
        let subject = format!("/CN={root}");
        let newest = ["-newkey", "rsa:2048", "-nodes", "-config", "configuration", "-keyout"];
        authority.openssl(
            &[
                &["req", "-x509", "-subj", &subject, "-days", "30", "-extensions", "ca"],
                &newest[..],
                &["root.key", "-out", "root.pem"],
            ]
            .concat(),
        );
        authority.issue("between", "rsa:2048", "root", "ca", "20");
        authority.issue("rsa", "rsa:2048", "between", "tsa", "10");
        authority.issue("p256", "ec:P-256", "between", "tsa", "10");
        authority.issue("p384", "ec:P-384", "between", "tsa", "10");
        authority.issue("web", "rsa:2048", "between", "tls", "10");
        authority.request("expired", "rsa:2048");
        fs::write(authority.path("index"), "").expect("write a file");
        authority.openssl(&[
            "ca",
            "-batch",
            "-notext",
            "-config",
            "configuration",
            "-name",
            "expired",
            "-extensions",
            "tsa",
            "-startdate",
            "20200101000000Z",
            "-enddate",
            "20200201000000Z",
            "-in",
            "expired.csr",
            "-out",
            "expired.pem",
            "-preserveDN",
        ]);
        authority
    }

    /// A key, and a request for a certificate.
    fn request(&self, name: &str, key: &str) {
        let (key_file, request, subject) =
            (format!("{name}.key"), format!("{name}.csr"), format!("/O=Tests/CN={name}"));
        let curve = key.strip_prefix("ec:").map(|curve| format!("ec_paramgen_curve:{curve}"));
        let kind = match &curve {
            Some(curve) => vec!["-newkey", "ec", "-pkeyopt", curve],
            None => vec!["-newkey", key],
        };
        let rest =
            ["-nodes", "-config", "configuration", "-subj", &subject, "-keyout", &key_file, "-out", &request];
        self.openssl(&[&["req", "-new"][..], &kind, &rest].concat());
    }

    fn issue(&self, name: &str, key: &str, issuer: &str, extensions: &str, days: &str) {
        self.request(name, key);
        let (request, certificate) = (format!("{name}.csr"), format!("{name}.pem"));
        let (issuer_pem, issuer_key) = (format!("{issuer}.pem"), format!("{issuer}.key"));
        self.openssl(&[
            "x509",
            "-req",
            "-in",
            &request,
            "-CA",
            &issuer_pem,
            "-CAkey",
            &issuer_key,
            "-CAcreateserial",
            "-days",
            days,
            "-extfile",
            "configuration",
            "-extensions",
            extensions,
            "-out",
            &certificate,
        ]);
    }

    /// A file of the authority, such as `root.pem`.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The root certificate.
    pub(crate) fn root(&self) -> String {
        self.path("root.pem").display().to_string()
    }

    /// Answers a request as `openssl ts -reply` does, signed with the key of this name and these digests; several
    /// arguments of OpenSSL's may follow.
    pub(crate) fn reply(&self, query: &[u8], signer: &str, digest: &str) -> Vec<u8> {
        let (certificate, key) = (format!("{signer}.pem"), format!("{signer}.key"));
        self.respond(
            query,
            &["-section", "authority", "-signer", &certificate, "-inkey", &key, &format!("-{digest}")],
        )
    }

    /// Answers a request with a refusal: it takes SHA-512 only.
    pub(crate) fn refuse(&self, query: &[u8]) -> Vec<u8> {
        self.respond(query, &["-section", "picky"])
    }

    fn respond(&self, query: &[u8], arguments: &[&str]) -> Vec<u8> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        fs::write(self.path("query"), query).expect("write a file");
        self.openssl(
            &[
                &["ts", "-reply", "-config", "configuration", "-queryfile", "query", "-out", "response"],
                arguments,
            ]
            .concat(),
        );
        fs::read(self.path("response")).expect("read a response")
    }

    /// The answer with another signer than a good authority would have: one whose certificate is for web servers.
    pub(crate) fn reply_as_web_server(&self, query: &[u8]) -> Vec<u8> {
        let good = self.reply(query, "rsa", "sha256");
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        fs::write(self.path("good"), good).expect("write a file");
        self.openssl(&["ts", "-reply", "-in", "good", "-token_out", "-out", "token"]);
        self.openssl(&["cms", "-verify", "-noverify", "-inform", "DER", "-in", "token", "-out", "info"]);
        self.openssl(&[
            "cms",
            "-sign",
            "-cades",
            "-binary",
            "-nodetach",
            "-md",
            "sha256",
            "-econtent_type",
            "1.2.840.113549.1.9.16.1.4",
            "-signer",
            "web.pem",
            "-inkey",
            "web.key",
            "-certfile",
            "between.pem",
            "-in",
            "info",
            "-outform",
            "DER",
            "-out",
            "token",
        ]);
        let token = fs::read(self.path("token")).expect("read a token");
        z4jctl::format::der::encode(0x30, &[&[0x30, 3, 2, 1, 0], &token])
    }

    /// What `openssl ts -verify` says of a response over a file.
    pub(crate) fn verify(&self, data: &Path, response: &Path) -> Output {
        let mut command = self.command();
        command.args(["ts", "-verify", "-CAfile", "root.pem", "-data"]).arg(data).arg("-in").arg(response);
        process::run(&mut command, b"", PATIENCE)
    }

    fn command(&self) -> Command {
        let mut command = Command::new("openssl");
        command.current_dir(self.directory.path());
        command
    }

    fn openssl(&self, arguments: &[&str]) {
        process::run(self.command().args(arguments), b"", PATIENCE).expect_code(0);
    }
}
