//! Who signed a timestamp: the signature of CMS (RFC 5652), the certificate that it names (RFC 5035), its purpose (RFC
//! 3161, section 2.3) and its chain at the time of the timestamp. Whether a certificate was revoked is not asked.

use std::time::Duration;

use ring::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512, digest};
use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};
use webpki::{
    ALL_VERIFICATION_ALGS, EndEntityCert, Error, KeyUsage, anchor_from_trusted_cert, ring as algorithms,
};

use super::{TST_INFO, Token};
use crate::format::der::{
    Element, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE, SET, context, encode,
};

/// id-sha256, id-sha384, id-sha512: 2.16.840.1.101.3.4.2.1 to 3.
const SHA2: [(&[u8], &Algorithm, &dyn SignatureVerificationAlgorithm); 3] = [
    (super::SHA256, &SHA256, algorithms::RSA_PKCS1_2048_8192_SHA256),
    (
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02],
        &SHA384,
        algorithms::RSA_PKCS1_2048_8192_SHA384,
    ),
    (
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03],
        &SHA512,
        algorithms::RSA_PKCS1_2048_8192_SHA512,
    ),
];
/// rsaEncryption, 1.2.840.113549.1.1.1: RSA with the digest that is named elsewhere.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// id-contentType and id-messageDigest, 1.2.840.113549.1.9.3 and 4.
const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
/// id-aa-signingCertificate, 1.2.840.113549.1.9.16.2.12: by SHA-1.
const SIGNING_CERTIFICATE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x0c];
/// id-aa-signingCertificateV2, 1.2.840.113549.1.9.16.2.47: by SHA-256 if nothing else is said.
const SIGNING_CERTIFICATE_V2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x2f];
/// commonName, 2.5.4.3.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// subjectKeyIdentifier and extKeyUsage, 2.5.29.14 and 37.
const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x0e];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
/// id-kp-timeStamping, 1.3.6.1.5.5.7.3.8.
const TIME_STAMPING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];

/// Why a signature is not believed, as a sentence fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Distrust {
    /// It is wrong.
    Wrong(&'static str),
    /// Nobody can say: a certificate or an authority is not known, or an algorithm.
    Unknown(&'static str),
}

impl Token<'_> {
    /// The name in the certificate of whom this token says that it is signed by; nothing of it is verified.
    pub fn authority(&self) -> Option<String> {
        self.certificates.iter().find_map(|certificate| {
            let certificate = Certificate::parse(certificate)?;
            self.is_signed_as(&certificate).then(|| certificate.common_name()).flatten()
        })
    }

    /// Verifies it: signature, certificate, and a chain to one of the roots that held at the time of the timestamp.
    ///
    /// # Errors
    ///
    /// [`Distrust`].
    pub fn verify(&self, roots: &[CertificateDer<'_>]) -> Result<(), Distrust> {
        let sent: Vec<CertificateDer<'_>> =
            self.certificates.iter().map(|bytes| CertificateDer::from(*bytes)).collect();
        let is_signers = |certificate: &&CertificateDer<'_>| {
            Certificate::parse(certificate).is_some_and(|certificate| self.is_signed_as(&certificate))
        };
        let signer = sent
            .iter()
            .chain(roots)
            .find(is_signers)
            .ok_or(Distrust::Unknown("the certificate of its signer is not in it"))?;
        self.verify_attributes(signer)?;
        self.verify_signature(signer)?;
        let certificate = Certificate::parse(signer).ok_or(Distrust::Wrong("its certificate is damaged"))?;
        if !certificate.is_for_timestamps() {
            return Err(Distrust::Wrong("its certificate is not one for timestamps, and for nothing else"));
        }
        self.verify_chain(signer, &sent, roots)
    }

    fn is_signed_as(&self, certificate: &Certificate<'_>) -> bool {
        let id = self.signer.id;
        if id.tag == SEQUENCE {
            return id.value == [certificate.issuer, certificate.serial].concat();
        }
        let key = certificate.extension(SUBJECT_KEY_IDENTIFIER);
        let key = key.and_then(|(_, value)| Reader::new(value).read(OCTET_STRING));
        id.tag == 0x80 && key == Some(id.value)
    }

    /// The signed attributes name this content and this certificate.
    fn verify_attributes(&self, signer: &CertificateDer<'_>) -> Result<(), Distrust> {
        let algorithm =
            sha2(self.signer.digest).ok_or(Distrust::Unknown("its digest is not one of SHA-2"))?.0;
        if self.attribute(CONTENT_TYPE, OBJECT_IDENTIFIER) != Some(TST_INFO)
            || self.attribute(MESSAGE_DIGEST, OCTET_STRING) != Some(digest(algorithm, self.info).as_ref())
        {
            return Err(Distrust::Wrong("what it says is not what was signed"));
        }
        if self.names_certificate(signer) != Some(true) {
            return Err(Distrust::Wrong("it was signed under another certificate than the one in it"));
        }
        Ok(())
    }

    /// The value of a signed attribute.
    fn attribute(&self, name: &[u8], tag: u8) -> Option<&[u8]> {
        let mut attributes = Reader::new(self.signer.attributes);
        attributes.find_map(|attribute| {
            let mut fields = Reader::new(attribute.value);
            (fields.read(OBJECT_IDENTIFIER)? == name).then(|| fields.enter(SET)?.read(tag)).flatten()
        })
    }

    /// Whether the first certificate of `SigningCertificate` or `SigningCertificateV2` is this one.
    fn names_certificate(&self, certificate: &CertificateDer<'_>) -> Option<bool> {
        let first = |attribute| Reader::new(attribute).enter(SEQUENCE)?.enter(SEQUENCE);
        let (algorithm, mut id) = match self.attribute(SIGNING_CERTIFICATE_V2, SEQUENCE) {
            Some(attribute) => {
                let mut id = first(attribute)?;
                let named = id.enter(SEQUENCE).map(|mut algorithm| algorithm.read(OBJECT_IDENTIFIER));
                (named.map_or(Some(&SHA256), |name| sha2(name?).map(|(algorithm, _)| algorithm))?, id)
            }
            None => (&SHA1_FOR_LEGACY_USE_ONLY, first(self.attribute(SIGNING_CERTIFICATE, SEQUENCE)?)?),
        };
        Some(id.read(OCTET_STRING)? == digest(algorithm, certificate).as_ref())
    }

    fn verify_signature(&self, signer: &CertificateDer<'_>) -> Result<(), Distrust> {
        // What is signed is the SET itself, not the [0] that stands for it.
        let signed = encode(SET, &[self.signer.attributes]);
        let by_name = |algorithm: &&&dyn SignatureVerificationAlgorithm| {
            algorithm.signature_alg_id().as_ref() == self.signer.algorithm
        };
        let is_plain_rsa = Reader::new(self.signer.algorithm).read(OBJECT_IDENTIFIER) == Some(RSA);
        let rsa = sha2(self.signer.digest).map(|(_, rsa)| rsa).filter(|_| is_plain_rsa);
        let certificate =
            EndEntityCert::try_from(signer).map_err(|_| Distrust::Wrong("its certificate is damaged"))?;
        for algorithm in ALL_VERIFICATION_ALGS.iter().filter(by_name).copied().chain(rsa) {
            match certificate.verify_signature(algorithm, &signed, self.signer.signature) {
                Ok(()) => return Ok(()),
                Err(Error::InvalidSignatureForPublicKey) => {
                    return Err(Distrust::Wrong("its signature does not match"));
                }
                // The same digest with another curve.
                Err(_) => {}
            }
        }
        Err(Distrust::Unknown("its signature is of a kind that z4jctl does not know"))
    }

    fn verify_chain(
        &self,
        signer: &CertificateDer<'_>,
        sent: &[CertificateDer<'_>],
        roots: &[CertificateDer<'_>],
    ) -> Result<(), Distrust> {
        let certificate =
            EndEntityCert::try_from(signer).map_err(|_| Distrust::Wrong("its certificate is damaged"))?;
        let anchors: Vec<_> = roots.iter().filter_map(|root| anchor_from_trusted_cert(root).ok()).collect();
        let seconds = u64::try_from(self.time.micros() / 1_000_000).unwrap_or_default();
        let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        // Authorities between need not name the purpose.
        let usage = KeyUsage::required_if_present(TIME_STAMPING);
        match certificate.verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, sent, time, usage, None, None) {
            Ok(_) => Ok(()),
            Err(Error::CertExpired { .. } | Error::CertNotValidYet { .. }) => {
                Err(Distrust::Wrong("its certificate was not valid at that time"))
            }
            Err(_) => Err(Distrust::Unknown("its certificate does not lead to an authority that is trusted")),
        }
    }
}

/// A digest of SHA-2 by its object identifier, and RSA with it.
fn sha2(name: &[u8]) -> Option<(&'static Algorithm, &'static dyn SignatureVerificationAlgorithm)> {
    SHA2.iter().find(|(id, ..)| *id == name).map(|(_, digest, rsa)| (*digest, *rsa))
}

/// What is needed of an X.509 certificate beside its key and chain.
struct Certificate<'b> {
    /// INTEGER.
    serial: &'b [u8],
    /// Name.
    issuer: &'b [u8],
    /// What is in the Name.
    subject: &'b [u8],
    /// What is in the SEQUENCE of extensions.
    extensions: &'b [u8],
}

impl<'b> Certificate<'b> {
    fn parse(bytes: &'b [u8]) -> Option<Self> {
        let mut fields = Reader::new(bytes).enter(SEQUENCE)?.enter(SEQUENCE)?;
        fields.read(context(0));
        let serial = fields.next().filter(|field| field.tag == INTEGER)?.whole;
        fields.read(SEQUENCE)?;
        let issuer = fields.next().filter(|field| field.tag == SEQUENCE)?.whole;
        fields.read(SEQUENCE)?;
        let subject = fields.read(SEQUENCE)?;
        let extensions = fields.find(|field| field.tag == context(3));
        let extensions = extensions.and_then(|field| Reader::new(field.value).read(SEQUENCE));
        Some(Self { serial, issuer, subject, extensions: extensions.unwrap_or_default() })
    }

    /// Whether an extension is critical, and its value.
    fn extension(&self, name: &[u8]) -> Option<(bool, &'b [u8])> {
        Reader::new(self.extensions).find_map(|extension: Element<'b>| {
            let mut fields = Reader::new(extension.value);
            if fields.read(OBJECT_IDENTIFIER)? != name {
                return None;
            }
            let is_critical = fields.read(0x01) == Some(&[0xff]);
            Some((is_critical, fields.read(OCTET_STRING)?))
        })
    }

    /// RFC 3161, section 2.3: one purpose, and critical.
    fn is_for_timestamps(&self) -> bool {
        let only = encode(SEQUENCE, &[&encode(OBJECT_IDENTIFIER, &[TIME_STAMPING])]);
        self.extension(EXTENDED_KEY_USAGE) == Some((true, &only))
    }

    fn common_name(&self) -> Option<String> {
        let mut parts = Reader::new(self.subject).flat_map(|set| Reader::new(set.value));
        parts.find_map(|part| {
            let mut fields = Reader::new(part.value);
            let is_name = fields.read(OBJECT_IDENTIFIER)? == COMMON_NAME;
            let text = String::from_utf8_lossy(fields.next().filter(|_| is_name)?.value);
            Some(text.chars().filter(|char| !char.is_control()).take(200).collect())
        })
    }
}
