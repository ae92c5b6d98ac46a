//! Detached signatures of OpenSSH (`PROTOCOL.sshsig`), with Ed25519 keys: what `ssh-keygen -Y sign` writes and
//! `ssh-keygen -Y verify` accepts. A signature is bound to a namespace, so that what was signed for one purpose is worth
//! nothing for another.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{Algorithm, SHA256, SHA512, digest};
use ring::signature::{ED25519, UnparsedPublicKey};

use super::note::SigningKey;
use super::openssh::{self, Reader, put_string};

const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";
const MAGIC: &[u8] = b"SSHSIG";
const VERSION: u32 = 1;
/// Characters of base64 in a line, as `ssh-keygen` writes them.
const LINE: usize = 70;
/// The hash of a message before it is signed; what `ssh-keygen` takes unless told otherwise.
const HASH: &str = "sha512";

/// Signs a message: the armored text of the signature, which ends with a newline.
pub fn sign(key: &SigningKey, namespace: &str, message: &[u8]) -> String {
    let signed = to_sign(namespace, b"", HASH, &SHA512, message);
    let mut blob = MAGIC.to_vec();
    blob.extend_from_slice(&VERSION.to_be_bytes());
    put_string(&openssh::public_blob(&key.public()), &mut blob);
    put_string(namespace.as_bytes(), &mut blob);
    put_string(b"", &mut blob);
    put_string(HASH.as_bytes(), &mut blob);
    put_string(&openssh::signature_blob(&key.sign_bytes(&signed)), &mut blob);
    let encoded = STANDARD.encode(blob);
    let mut text = format!("{BEGIN}\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, behind) = rest.split_at(rest.len().min(LINE));
        text.push_str(line);
        text.push('\n');
        rest = behind;
    }
    text.push_str(END);
    text.push('\n');
    text
}

/// The bytes that Ed25519 signs.
fn to_sign(
    namespace: &str,
    reserved: &[u8],
    name: &str,
    algorithm: &'static Algorithm,
    message: &[u8],
) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    put_string(namespace.as_bytes(), &mut bytes);
    put_string(reserved, &mut bytes);
    put_string(name.as_bytes(), &mut bytes);
    put_string(digest(algorithm, message).as_ref(), &mut bytes);
    bytes
}

/// A signature taken apart; nothing of it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The key that it claims to be of.
    pub public: [u8; 32],
    /// What it was made for.
    pub namespace: String,
    reserved: Vec<u8>,
    hash: String,
    bytes: [u8; 64],
}

impl Signature {
    /// Reads an armored signature; whitespace around it and within its base64 does not count.
    ///
    /// # Errors
    ///
    /// A sentence fragment that says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let body = text.trim().strip_prefix(BEGIN).ok_or("it does not begin as a signature of OpenSSH")?;
        let body = body.strip_suffix(END).ok_or("it does not end as a signature of OpenSSH: it is cut")?;
        let packed: String = body.chars().filter(|char| !char.is_ascii_whitespace()).collect();
        let blob = STANDARD.decode(packed).map_err(|_| "it is not base64")?;
        let damaged = "it is damaged";
        let mut reader = Reader(blob.strip_prefix(MAGIC).ok_or(damaged)?);
        if reader.number().ok_or(damaged)? != VERSION {
            return Err("it is of another version of OpenSSH's format");
        }
        let mut string = || reader.string().ok_or(damaged);
        let (key, namespace, reserved) = (string()?, string()?, string()?);
        let (hash, signature) = (string()?, string()?);
        if !reader.0.is_empty() {
            return Err(damaged);
        }
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| damaged);
        Ok(Self {
            public: openssh::parse_blob(key).ok_or("it is of a key that is not ssh-ed25519")?,
            namespace: text(namespace)?,
            reserved: reserved.to_vec(),
            hash: text(hash)?,
            bytes: openssh::parse_signature(signature).ok_or(damaged)?,
        })
    }

    /// Verifies it over a message, with the key that it names. Whether that key is trusted is another question.
    ///
    /// # Errors
    ///
    /// A sentence fragment that says why it is not good.
    pub fn verify(&self, namespace: &str, message: &[u8]) -> Result<(), &'static str> {
        if self.namespace != namespace {
            return Err("it was made for another purpose, by its namespace");
        }
        let algorithm = match self.hash.as_str() {
            "sha256" => &SHA256,
            "sha512" => &SHA512,
            _ => return Err("its hash is neither sha256 nor sha512"),
        };
        let signed = to_sign(namespace, &self.reserved, &self.hash, algorithm, message);
        UnparsedPublicKey::new(&ED25519, self.public)
            .verify(&signed, &self.bytes)
            .map_err(|_| "it is not one over these bytes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A key that was made for tests, and what `ssh-keygen -Y sign -n z4jctl-test` (OpenSSH 9.2) makes with it of
    /// `z4jctl\n`; the second with `-O hashalg=sha256`. Ed25519 signs the same bytes always the same way.
    const KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACBTQycWs3WRrFRVNLmeonBu9HkZBkkBBq6yyCZi7zchcwAAAJjQ3+2u0N/t
rgAAAAtzc2gtZWQyNTUxOQAAACBTQycWs3WRrFRVNLmeonBu9HkZBkkBBq6yyCZi7zchcw
AAAEDr6+RiF7GpbYS12SrT+qEjjUUvZQryuBJSEdae0bXMRlNDJxazdZGsVFU0uZ6icG70
eRkGSQEGrrLIJmLvNyFzAAAAD29wc0BleGFtcGxlLmNvbQECAwQFBg==
-----END OPENSSH PRIVATE KEY-----
";
    const MESSAGE: &[u8] = b"z4jctl\n";
    const SIGNATURE: &str = "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgU0MnFrN1kaxUVTS5nqJwbvR5GQ
ZJAQaussgmYu83IXMAAAALejRqY3RsLXRlc3QAAAAAAAAABnNoYTUxMgAAAFMAAAALc3No
LWVkMjU1MTkAAABAPu4YEsLw4LUwmBGJ9gWdcPDgqgqHxoHuIjnOmy5ALJ/T3E5azdqRgT
m6gGPsbdPfIrfTJyQFWQGVd88xhQ/rBQ==
-----END SSH SIGNATURE-----
";
    const SIGNATURE_256: &str = "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgU0MnFrN1kaxUVTS5nqJwbvR5GQ
ZJAQaussgmYu83IXMAAAALejRqY3RsLXRlc3QAAAAAAAAABnNoYTI1NgAAAFMAAAALc3No
LWVkMjU1MTkAAABAkb9Pnmgq8j2HvIyIOxAWbyjDogl1XfN1c8dbzp4Swbj2G0wjQTncgM
1O95wN6NRqjnB0i6491YENoPVWQRykAQ==
-----END SSH SIGNATURE-----
";

    #[test]
    fn the_signatures_of_openssh() {
        let key = SigningKey::parse(KEY).unwrap();
        assert_eq!(sign(&key, "z4jctl-test", MESSAGE), SIGNATURE);
        assert_eq!(openssh::fingerprint(&key.public()), "SHA256:Dsa3zWBBnU6ZHXk7l+3H0tq+cPxlAsOMbnDmoJJ7Cgg");
        for text in [SIGNATURE, SIGNATURE_256] {
            let signature = Signature::parse(text).unwrap();
            assert_eq!(signature.public, key.public());
            assert_eq!(signature.verify("z4jctl-test", MESSAGE), Ok(()));
            assert!(signature.verify("z4jctl-other", MESSAGE).is_err());
            assert!(signature.verify("z4jctl-test", b"z4jctl").is_err());
        }
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        let cut = &SIGNATURE[..SIGNATURE.len() - 30];
        for text in
            ["", "x", KEY, cut, &SIGNATURE.replace("U1NI", "U1NJ"), &SIGNATURE.replace("AAAAAQ", "AAAAAg")]
        {
            assert!(Signature::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_signed_verifies(seed: [u8; 32], namespace in "[a-z-]{1,20}", message: Vec<u8>, at: usize) {
            let key = SigningKey::new("test", &seed).unwrap();
            let text = sign(&key, &namespace, &message);
            let signature = Signature::parse(&text).unwrap();
            prop_assert_eq!(signature.verify(&namespace, &message), Ok(()));
            // Whatever is changed in it, it is not good any more, or says the same.
            let mut bytes = text.into_bytes();
            let at = at % bytes.len();
            bytes[at] ^= 1;
            if let Ok(changed) = String::from_utf8(bytes).map_err(drop).and_then(|text| Signature::parse(&text).map_err(drop)) {
                prop_assert!(changed == signature || changed.verify(&namespace, &message).is_err());
            }
        }

        #[test]
        fn arbitrary_blobs_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let text = STANDARD.encode([MAGIC, &[0, 0, 0, 1], &bytes].concat());
            if let Ok(signature) = Signature::parse(&format!("{BEGIN}\n{text}\n{END}\n")) {
                prop_assert!(signature.verify("x", b"").is_err());
            }
        }
    }
}
