//! Timestamps of RFC 3161: the request for one, and the response with its token (CMS, RFC 5652).
//!
//! [`Response::parse`] takes a response apart and judges nothing; [`signature`] verifies who signed a token.

pub mod signature;

use super::Timestamp;
use super::der::{
    BIT_STRING, Element, GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE, SET,
    context, encode,
};
use super::mac::Digest;

/// The media type of a request.
pub const QUERY: &str = "application/timestamp-query";

/// id-sha256, 2.16.840.1.101.3.4.2.1.
const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
/// id-signedData, 1.2.840.113549.1.7.2.
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// id-ct-TSTInfo, 1.2.840.113549.1.9.16.1.4.
const TST_INFO: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];

/// A request for a timestamp over this SHA-256 digest: `TimeStampReq` with a nonce, asking for the certificates.
pub fn request(digest: Digest, nonce: [u8; 8]) -> Vec<u8> {
    let algorithm = encode(SEQUENCE, &[&encode(OBJECT_IDENTIFIER, &[SHA256]), &[0x05, 0]]);
    let imprint = encode(SEQUENCE, &[&algorithm, &encode(OCTET_STRING, &[&digest.0])]);
    let nonce = encode(INTEGER, &[&integer(&nonce)]);
    encode(SEQUENCE, &[&[INTEGER, 1, 1], &imprint, &nonce, &[0x01, 1, 0xff]])
}

/// The contents of an INTEGER with this big-endian value.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
    let sign: &[u8] = if bytes[first] & 0x80 == 0 { &[] } else { &[0] };
    [sign, &bytes[first..]].concat()
}

/// What a time-stamping authority answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response<'b> {
    /// It gave a timestamp.
    Granted(Box<Token<'b>>),
    /// It did not: its status, and why in its own words or RFC 3161's.
    Rejected(String),
}

/// A timestamp; nothing of it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token<'b> {
    /// The SHA-256 digest of what was stamped; `None` when it is of another algorithm.
    pub imprint: Option<Digest>,
    /// The time, microseconds; what is finer is cut off.
    pub time: Timestamp,
    /// The contents of the nonce.
    nonce: Option<&'b [u8]>,
    /// What is signed, by way of its digest.
    info: &'b [u8],
    /// The certificates that came with it, DER.
    certificates: Vec<&'b [u8]>,
    signer: Signer<'b>,
}

/// `SignerInfo`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Signer<'b> {
    /// Whose signature it is: issuer and serial number, or `[0]` and the key's identifier.
    id: Element<'b>,
    /// The digest algorithm's object identifier.
    digest: &'b [u8],
    /// The signed attributes: what is in the SET.
    attributes: &'b [u8],
    /// `AlgorithmIdentifier` of the signature: what is in the SEQUENCE.
    algorithm: &'b [u8],
    signature: &'b [u8],
}

impl<'b> Response<'b> {
    /// Takes a `TimeStampResp` apart.
    ///
    /// # Errors
    ///
    /// A sentence fragment when it is none, or not of a form that can be verified.
    pub fn parse(bytes: &'b [u8]) -> Result<Self, &'static str> {
        let none = "it is no response of RFC 3161";
        let mut outer = Reader::new(bytes);
        let mut response = outer.enter(SEQUENCE).filter(|_| outer.is_empty()).ok_or(none)?;
        let mut status = response.enter(SEQUENCE).ok_or(none)?;
        let code = status.read(INTEGER).ok_or(none)?;
        // granted, grantedWithMods
        if !matches!(code, [0 | 1]) {
            return Ok(Self::Rejected(rejection(code, status)));
        }
        let token = response.read(SEQUENCE).filter(|_| response.is_empty()).ok_or("it holds no timestamp")?;
        parse_token(token).map(|token| Self::Granted(Box::new(token)))
    }
}

impl Token<'_> {
    /// Whether it answers the request with this nonce.
    pub fn has_nonce(&self, nonce: [u8; 8]) -> bool {
        self.nonce == Some(integer(&nonce).as_slice())
    }
}

/// `PKIStatus`, `PKIFreeText` and `PKIFailureInfo` in words.
fn rejection(code: &[u8], mut rest: Reader<'_>) -> String {
    const FAILURES: [(usize, &str); 8] = [
        (0, "badAlg"),
        (2, "badRequest"),
        (5, "badDataFormat"),
        (14, "timeNotAvailable"),
        (15, "unacceptedPolicy"),
        (16, "unacceptedExtension"),
        (17, "addInfoNotAvailable"),
        (25, "systemFailure"),
    ];
    let mut words = vec![format!("status {}", code.last().copied().unwrap_or_default())];
    if let Some(texts) = rest.enter(SEQUENCE) {
        words.extend(texts.take(3).map(|text| {
            let text = String::from_utf8_lossy(text.value);
            text.chars().filter(|char| !char.is_control()).take(200).collect()
        }));
    }
    let bits = rest.read(BIT_STRING).and_then(|bits| bits.get(1..)).unwrap_or_default();
    let is_set = |bit: &usize| bits.get(bit / 8).is_some_and(|byte| byte & (0x80 >> (bit % 8)) != 0);
    words.extend(FAILURES.iter().filter(|(bit, _)| is_set(bit)).map(|(_, name)| (*name).to_owned()));
    words.join(", ")
}

/// Takes a `ContentInfo` with `SignedData` over `TSTInfo` apart.
fn parse_token(token: &[u8]) -> Result<Token<'_>, &'static str> {
    let mut content = Reader::new(token);
    if content.read(OBJECT_IDENTIFIER) != Some(SIGNED_DATA) {
        return Err("its timestamp is not signed");
    }
    let mut fields = content.enter(context(0)).and_then(|mut inner| inner.enter(SEQUENCE));
    let fields = fields.as_mut().ok_or("its timestamp is damaged")?;
    parse_signed_data(fields).ok_or("its timestamp is damaged")?
}

fn parse_signed_data<'b>(fields: &mut Reader<'b>) -> Option<Result<Token<'b>, &'static str>> {
    fields.read(INTEGER)?;
    fields.read(SET)?;
    let mut content = fields.enter(SEQUENCE)?;
    if content.read(OBJECT_IDENTIFIER)? != TST_INFO {
        return Some(Err("what is signed is no timestamp"));
    }
    let info = content.enter(context(0))?.read(OCTET_STRING)?;
    let certificates = fields.enter(context(0)).into_iter().flatten();
    let certificates = certificates.filter(|element| element.tag == SEQUENCE).map(|element| element.whole);
    let certificates = certificates.collect();
    fields.read(context(1));
    let mut signers = fields.enter(SET)?;
    let signer = parse_signer(signers.enter(SEQUENCE)?)?;
    if !signers.is_empty() {
        return Some(Err("its timestamp has several signatures"));
    }
    let Info { imprint, time, nonce } = parse_info(info)?;
    Some(Ok(Token { imprint, time, nonce, info, certificates, signer }))
}

fn parse_signer(mut fields: Reader<'_>) -> Option<Signer<'_>> {
    fields.read(INTEGER)?;
    Some(Signer {
        id: fields.next()?,
        digest: fields.enter(SEQUENCE)?.read(OBJECT_IDENTIFIER)?,
        attributes: fields.read(context(0))?,
        algorithm: fields.read(SEQUENCE)?,
        signature: fields.read(OCTET_STRING)?,
    })
}

/// What is read of a `TSTInfo`.
struct Info<'b> {
    imprint: Option<Digest>,
    time: Timestamp,
    nonce: Option<&'b [u8]>,
}

fn parse_info(info: &[u8]) -> Option<Info<'_>> {
    let mut fields = Reader::new(info).enter(SEQUENCE)?;
    fields.read(INTEGER)?;
    fields.read(OBJECT_IDENTIFIER)?;
    let mut imprint = fields.enter(SEQUENCE)?;
    let is_sha256 = imprint.enter(SEQUENCE)?.read(OBJECT_IDENTIFIER)? == SHA256;
    let digest = imprint.read(OCTET_STRING)?.try_into().ok().filter(|_| is_sha256).map(Digest);
    fields.read(INTEGER)?;
    let time = parse_time(fields.read(GENERALIZED_TIME)?)?;
    // accuracy, ordering
    fields.read(SEQUENCE);
    fields.read(0x01);
    Some(Info { imprint: digest, time, nonce: fields.read(INTEGER) })
}

/// `YYYYMMDDhhmmss[.f…]Z`.
fn parse_time(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() != 14 || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let (date, time) = whole.split_at(8);
    let fraction = &fraction[..fraction.len().min(6)];
    Timestamp::parse(&format!(
        "{}-{}-{}T{}:{}:{}.{fraction:0<6}Z",
        &date[..4],
        &date[4..6],
        &date[6..],
        &time[..2],
        &time[2..4],
        &time[4..]
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `openssl ts -query -sha256 -cert` over `hello\n`, with this nonce.
    #[test]
    fn a_request_is_that_of_openssl() {
        let digest = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
        let digest = Digest::parse(digest.as_bytes()).unwrap();
        let expected = "3043020101\
             3031300d060960864801650304020105000420\
             5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03\
             020828ac8af755f3e8b70101ff";
        let hex: Vec<_> = request(digest, 0x28ac_8af7_55f3_e8b7_u64.to_be_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(hex.concat(), expected);
    }

    #[test]
    fn a_nonce_is_a_positive_number_in_its_shortest_form() {
        for (number, contents) in [
            (0_u64, &[0][..]),
            (0x7f, &[0x7f]),
            (0x80, &[0, 0x80]),
            (u64::MAX, &[0, 255, 255, 255, 255, 255, 255, 255, 255]),
        ] {
            assert_eq!(integer(&number.to_be_bytes()), contents, "{number}");
        }
    }

    #[test]
    fn times_are_read() {
        let time = |text: &str| parse_time(text.as_bytes()).map(|time| time.to_string());
        for (text, said) in [
            ("20261122115551Z", "2026-11-22T11:55:51.000000+00:00"),
            ("20261122115551.6Z", "2026-11-22T11:55:51.600000+00:00"),
            ("20261122115551.123456789Z", "2026-11-22T11:55:51.123456+00:00"),
        ] {
            assert_eq!(time(text).as_deref(), Some(said));
        }
        for text in [
            "",
            "Z",
            "2026112211555Z",
            "20261122115551",
            "20261122115551+0000",
            "20261122115551.Z",
            "20261322115551Z",
        ] {
            assert_eq!(time(text), None, "{text}");
        }
    }

    #[test]
    fn a_refusal_says_why() {
        // rejection, "no", badAlg and timeNotAvailable
        let response = [0x30, 14, 0x30, 12, 2, 1, 2, 0x30, 4, 0x0c, 2, b'n', b'o', 3, 1, 0];
        assert_eq!(Response::parse(&response), Ok(Response::Rejected("status 2, no".into())));
        let response = [0x30, 10, 0x30, 8, 2, 1, 2, 3, 3, 1, 0x80, 0x02];
        assert_eq!(
            Response::parse(&response),
            Ok(Response::Rejected("status 2, badAlg, timeNotAvailable".into()))
        );
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Response::parse(&bytes);
            let status = [0x30, 3, 2, 1, 0];
            let data = encode(context(0), &[&encode(SEQUENCE, &[&bytes])]);
            let token = encode(SEQUENCE, &[&encode(OBJECT_IDENTIFIER, &[SIGNED_DATA]), &data]);
            let _ = Response::parse(&encode(SEQUENCE, &[&status, &token]));
            let _ = parse_info(&encode(SEQUENCE, &[&bytes]));
            let _ = parse_time(&bytes);
        }
    }
}
