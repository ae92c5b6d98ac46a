//! What a brain encrypts under `Z4J_SECRET`: TOTP secrets and the configuration of notification channels.
//!
//! Both are AES-256-GCM under a key that HKDF-SHA256 derives from the secret. The authenticated data name the
//! place, so that a value does not open in another user's row or in another table.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::{hkdf, hmac};
use zeroize::Zeroizing;

use super::{Id, Timestamp};

/// How an encrypted field begins (identity, section 12.1).
pub const FIELD_MARK: &str = "z4jenc1:";

/// Random bytes that must never be used twice with one secret.
pub type NonceBytes = [u8; NONCE_LEN];

const TOTP_STEP_SECONDS: i64 = 30;

/// A table with an encrypted column `config` (1.12 and later).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Table {
    /// Channels of a project.
    NotificationChannels,
    /// Channels of a user.
    UserChannels,
}

impl Table {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::NotificationChannels, Self::UserChannels];

    /// The table's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotificationChannels => "notification_channels",
            Self::UserChannels => "user_channels",
        }
    }

    /// What the key is derived for, and what is authenticated with each value.
    fn purpose(self) -> String {
        format!("z4j-secret-field:{}.config", self.name())
    }
}

/// What became of an encrypted field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// It opens under this secret; the plain text is JSON as the brain wrote it.
    Opens(Zeroizing<Vec<u8>>),
    /// It was never encrypted: plain JSON from before 1.12, which brains still read.
    Plaintext,
    /// It is marked as encrypted, but not under this secret, not for this table, or it is damaged.
    DoesNotOpen,
}

/// Decrypts `users.mfa_secret_encrypted`: nonce, ciphertext, tag (identity, section 11). `None` if the blob was
/// not made under this secret for this user, or is damaged.
///
/// `secret` is the UTF-8 text of `Z4J_SECRET`; previous secrets are tried by calling again.
pub fn open_totp(secret: &[u8], user: Id, blob: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    open(&totp_key(secret)?, totp_place(user).as_bytes(), blob)
}

/// Encrypts a TOTP secret (20 bytes) for a user: the 48 bytes of the column. `None` only for more than the
/// cipher takes, which is 64 GiB.
pub fn seal_totp(secret: &[u8], user: Id, nonce: NonceBytes, totp_secret: &[u8]) -> Option<Vec<u8>> {
    seal(&totp_key(secret)?, totp_place(user).as_bytes(), nonce, totp_secret)
}

/// Decrypts a `config` column (identity, section 12.1).
pub fn open_field(secret: &[u8], table: Table, text: &str) -> Field {
    let Some(encoded) = text.strip_prefix(FIELD_MARK) else { return Field::Plaintext };
    let place = table.purpose();
    STANDARD
        .decode(encoded)
        .ok()
        .and_then(|sealed| open(&field_key(secret, &place)?, place.as_bytes(), &sealed))
        .map_or(Field::DoesNotOpen, Field::Opens)
}

/// Encrypts a `config` column. `json` must be in z4j's form: sorted keys, no spaces, characters beyond ASCII as
/// they are. `None` as with [`seal_totp`].
pub fn seal_field(secret: &[u8], table: Table, nonce: NonceBytes, json: &[u8]) -> Option<String> {
    let place = table.purpose();
    let sealed = seal(&field_key(secret, &place)?, place.as_bytes(), nonce, json)?;
    let mut text = FIELD_MARK.to_owned();
    STANDARD.encode_string(sealed, &mut text);
    Some(text)
}

/// The six digits that an authenticator shows at a time (RFC 6238 with SHA-1 and steps of 30 seconds, identity,
/// section 11). Times before 1970 count as 1970.
pub fn totp_code(totp_secret: &[u8], at: Timestamp) -> String {
    let steps = at.micros().div_euclid(1_000_000 * TOTP_STEP_SECONDS);
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, totp_secret);
    let tag = hmac::sign(&key, &u64::try_from(steps).unwrap_or_default().to_be_bytes());
    let tag = tag.as_ref();
    let start = usize::from(tag[tag.len() - 1] & 0x0f);
    let number = tag[start..start + 4].iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}

fn totp_key(secret: &[u8]) -> Option<LessSafeKey> {
    derive(secret, b"z4j-mfa-totp-salt-v1", b"z4j-mfa-totp-secret")
}

fn totp_place(user: Id) -> String {
    format!("z4j-mfa-totp:user={user}")
}

fn field_key(secret: &[u8], purpose: &str) -> Option<LessSafeKey> {
    derive(secret, b"z4j-secret-fields-salt-v1", purpose.as_bytes())
}

/// HKDF-SHA256. It fails for no key of 32 bytes; `None` keeps that out of the callers' way.
fn derive(secret: &[u8], salt: &[u8], info: &[u8]) -> Option<LessSafeKey> {
    let key = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(secret);
    let info = [info];
    Some(LessSafeKey::new(UnboundKey::from(key.expand(&info, &AES_256_GCM).ok()?)))
}

fn open(key: &LessSafeKey, place: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_LEN>()?;
    let mut buffer = Zeroizing::new(ciphertext.to_vec());
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let length = key.open_in_place(nonce, Aad::from(place), &mut buffer).ok()?.len();
    buffer.truncate(length);
    Some(buffer)
}

fn seal(key: &LessSafeKey, place: &[u8], nonce: NonceBytes, plain: &[u8]) -> Option<Vec<u8>> {
    let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plain);
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = key.seal_in_place_separate_tag(nonce, Aad::from(place), &mut sealed[NONCE_LEN..]).ok()?;
    sealed.extend_from_slice(tag.as_ref());
    Some(sealed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::Value;

    #[derive(Deserialize)]
    struct Mfa {
        totp_blobs: Vec<TotpCase>,
        totp_codes: Vec<CodeCase>,
    }

    #[derive(Deserialize)]
    struct TotpCase {
        secret: String,
        user_id: String,
        totp_secret_hex: String,
        nonce_hex: String,
        blob_hex: String,
    }

    #[derive(Deserialize)]
    struct CodeCase {
        totp_secret_hex: String,
        unix_time: i64,
        code: String,
    }

    #[derive(Deserialize)]
    struct Fields {
        cases: Vec<FieldCase>,
    }

    #[derive(Deserialize)]
    struct FieldCase {
        secret: String,
        purpose: String,
        value: Value,
        canonical_json: String,
        nonce_hex: String,
        stored: String,
    }

    fn bytes(digits: &str) -> Vec<u8> {
        super::super::hex::parse(digits).expect("hexadecimal digits")
    }

    fn nonce(digits: &str) -> NonceBytes {
        bytes(digits).try_into().unwrap()
    }

    #[test]
    fn totp_blobs() {
        let vectors: Mfa =
            serde_json::from_str(include_str!("../../fixtures/vectors/identity/mfa.json")).unwrap();
        assert_eq!(vectors.totp_blobs.len(), 6);
        let other = Id::from_bytes([7; 16]);
        for case in vectors.totp_blobs {
            let (secret, user) = (case.secret.as_bytes(), Id::parse(case.user_id.as_bytes()).unwrap());
            let (blob, plain) = (bytes(&case.blob_hex), bytes(&case.totp_secret_hex));
            assert_eq!(seal_totp(secret, user, nonce(&case.nonce_hex), &plain).unwrap(), blob);
            assert_eq!(*open_totp(secret, user, &blob).unwrap(), plain);
            assert_eq!(open_totp(secret, other, &blob), None);
            assert_eq!(open_totp(b"another secret", user, &blob), None);
            assert_eq!(open_totp(secret, user, &blob[..47]), None);
        }
        assert_eq!(vectors.totp_codes.len(), 4);
        for case in vectors.totp_codes {
            let found = totp_code(&bytes(&case.totp_secret_hex), Timestamp::from_seconds(case.unix_time));
            assert_eq!(found, case.code, "{}", case.unix_time);
        }
    }

    #[test]
    fn secret_fields() {
        let vectors: Fields =
            serde_json::from_str(include_str!("../../fixtures/vectors/identity/secret-fields.json")).unwrap();
        assert_eq!(vectors.cases.len(), 12);
        for case in vectors.cases {
            let secret = case.secret.as_bytes();
            let (matching, rest): (Vec<Table>, Vec<Table>) =
                Table::ALL.iter().partition(|table| format!("{}.config", table.name()) == case.purpose);
            let [table] = matching[..] else { panic!("unknown purpose {}", case.purpose) };
            let plain = case.canonical_json.as_bytes();
            assert_eq!(
                seal_field(secret, table, nonce(&case.nonce_hex), plain).as_deref(),
                Some(case.stored.as_str())
            );
            assert_eq!(open_field(secret, table, &case.stored), Field::Opens(Zeroizing::new(plain.to_vec())));
            assert_eq!(serde_json::from_slice::<Value>(plain).unwrap(), case.value);
            assert_eq!(open_field(secret, rest[0], &case.stored), Field::DoesNotOpen);
            assert_eq!(open_field(b"another secret", table, &case.stored), Field::DoesNotOpen);
            assert_eq!(open_field(secret, table, &case.canonical_json), Field::Plaintext);
        }
    }

    #[test]
    fn damaged_fields_do_not_open() {
        for text in ["z4jenc1:", "z4jenc1:!", "z4jenc1:AAECAwQFBgcICQoL"] {
            assert_eq!(open_field(b"secret", Table::UserChannels, text), Field::DoesNotOpen, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens(secret: Vec<u8>, user: [u8; 16], nonce: NonceBytes, plain: Vec<u8>) {
            let blob = seal_totp(&secret, Id::from_bytes(user), nonce, &plain).unwrap();
            prop_assert_eq!(blob.len(), plain.len() + 28);
            prop_assert_eq!(open_totp(&secret, Id::from_bytes(user), &blob), Some(Zeroizing::new(plain)));
        }

        #[test]
        fn arbitrary_input_never_panics(text: String, blob: Vec<u8>, micros: i64) {
            let _ = open_field(b"secret", Table::UserChannels, &text);
            let _ = open_field(b"secret", Table::UserChannels, &format!("{FIELD_MARK}{text}"));
            let _ = open_totp(b"secret", Id::from_bytes([0; 16]), &blob);
            prop_assert_eq!(totp_code(&blob, Timestamp::from_micros(micros)).len(), 6);
        }
    }
}
