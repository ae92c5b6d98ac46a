//! The bearer credentials of a brain: what their plain text looks like and what of it is stored.
//!
//! All of them are 32 random bytes, and none is stored: the database holds HMAC-SHA256 under `Z4J_SECRET`, with a
//! suffix on the key that tells most kinds apart. The forms are the same in 1.0.19, 1.3.4, 1.6.9 and 1.13.0.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use blake2::Blake2bMac;
use blake2::digest::{FixedOutput as _, Update as _, consts::U8};
use ring::digest;
use zeroize::{Zeroize as _, Zeroizing};

use super::mac::{Digest, MacKey};
use super::{Id, Timestamp, text};

/// How every API key begins (identity, section 4).
pub const API_KEY_MARK: &str = "z4k_";

/// Agents whose name begins so are tombstones: z4j 1.9 and later refuses to mint one (identity, section 3.3).
pub const RESERVED_AGENT_PREFIX: &str = "__z4j_revoked__:";

/// Under which key of `agents.metadata` a revocation keeps the agent's name (identity, section 3.4).
pub const ORIGINAL_NAME_KEY: &str = "_z4j_revoked_original_name";

/// Length of 32 bytes in base64 without padding.
const BARE_LENGTH: usize = 43;
/// Length of the column `api_keys.prefix`, in characters.
const PREFIX_LENGTH: usize = 8;

/// What a credential opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An agent's connection: `agents.token_hash`.
    AgentToken,
    /// The HTTP API, as the user who owns it: `api_keys.token_hash`.
    ApiKey,
    /// The first administrator, while there is no user: `first_boot_tokens.token_hash`.
    SetupToken,
    /// An account in a project: `invitations.token_hash`.
    Invitation,
    /// A new password: `password_reset_tokens.token_hash`.
    PasswordReset,
}

impl Kind {
    /// What is appended to the secret to make the key. Invitations and resets share one hash
    /// (identity, sections 3.1, 4, 6 and 7).
    const fn key_suffix(self) -> &'static [u8] {
        match self {
            Self::AgentToken => b"z4j-agent-token-v1",
            Self::ApiKey => b"z4j-api-key-v1",
            Self::SetupToken => b"z4j-setup-token-v1",
            Self::Invitation | Self::PasswordReset => b"",
        }
    }
}

/// What a text tells about the kind of credential it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `z4k_` and 43 characters of URL-safe base64.
    ApiKey,
    /// 43 characters of URL-safe base64: every other kind looks alike.
    Bare,
}

impl Shape {
    /// The kinds that are possible.
    pub const fn kinds(self) -> &'static [Kind] {
        match self {
            Self::ApiKey => &[Kind::ApiKey],
            Self::Bare => &[Kind::AgentToken, Kind::SetupToken, Kind::Invitation, Kind::PasswordReset],
        }
    }
}

/// Tells from the text alone what a credential can be; `None` when no brain issues such a text.
pub fn shape(text: &str) -> Option<Shape> {
    if is_bare(text) {
        return Some(Shape::Bare);
    }
    text.strip_prefix(API_KEY_MARK).is_some_and(is_bare).then_some(Shape::ApiKey)
}

fn is_bare(text: &str) -> bool {
    text.len() == BARE_LENGTH
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The text that whoever holds a credential presents.
///
/// It is wiped when dropped, `Debug` hides it, and it is neither `Display` nor `Serialize` on purpose: showing it
/// is [`Plaintext::expose`].
#[derive(Clone, PartialEq, Eq)]
pub struct Plaintext(Zeroizing<String>);

impl Plaintext {
    /// A new credential from 32 random bytes, as z4j makes them (identity, sections 3.1 and 4).
    pub fn from_random(kind: Kind, mut random: [u8; 32]) -> Self {
        let mark = if kind == Kind::ApiKey { API_KEY_MARK } else { "" };
        // Room for all of it, so that no part is left behind in a smaller buffer.
        let mut text = Zeroizing::new(String::with_capacity(mark.len() + BARE_LENGTH));
        text.push_str(mark);
        URL_SAFE_NO_PAD.encode_string(random, &mut text);
        random.zeroize();
        Self(text)
    }

    /// Reads what an operator pastes or pipes in: one line ending is taken off, nothing else. `None` when
    /// [`shape`] knows no such credential.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        shape(text).map(|_| Self(Zeroizing::new(text.to_owned())))
    }

    /// The text, to be shown once or hashed.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plaintext(redacted)")
    }
}

/// The `token_hash` of a credential: `HMAC(secret ‖ suffix of the kind, plaintext)` over the whole text, an API
/// key's `z4k_` included (identity, sections 3.1, 4, 6 and 7).
///
/// `secret` is the UTF-8 text of `Z4J_SECRET`. Only agent tokens are also looked up under previous secrets.
pub fn hash(kind: Kind, secret: &[u8], plaintext: &str) -> Digest {
    let suffix = kind.key_suffix();
    let mut key = Zeroizing::new(Vec::with_capacity(secret.len() + suffix.len()));
    key.extend_from_slice(secret);
    key.extend_from_slice(suffix);
    MacKey::new(&key).sign(plaintext.as_bytes())
}

/// The column `api_keys.prefix`: the first 8 characters of the plain text, by which people tell keys apart
/// (identity, section 4).
pub fn prefix(api_key: &str) -> &str {
    api_key.char_indices().nth(PREFIX_LENGTH).map_or(api_key, |(end, _)| &api_key[..end])
}

/// The frame-signing secret that all agents of a project share, as z4j shows it to operators: 44 characters,
/// base64 with padding. It is derived and never stored (identity, section 3.2).
pub fn project_secret(secret: &[u8], project: Id) -> Plaintext {
    let mut message = b"z4j-project-secret-v1:".to_vec();
    message.extend_from_slice(&little_endian_fields(project));
    let mut raw = MacKey::new(secret).sign(&message).0;
    let mut text = Zeroizing::new(String::with_capacity(44));
    URL_SAFE.encode_string(raw, &mut text);
    raw.zeroize();
    Plaintext(text)
}

/// The GUID layout: the first three fields in little-endian order.
fn little_endian_fields(id: Id) -> [u8; 16] {
    let mut bytes = id.bytes();
    bytes[..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
    bytes
}

/// The number of the PostgreSQL advisory lock under which 1.9 and later revokes an agent: `BLAKE2b` of the raw
/// UUID, 8 bytes, personalised, read as a signed big-endian number (identity, section 3.4).
pub fn agent_lock(agent: Id) -> i64 {
    let hasher = Blake2bMac::<U8>::new_with_salt_and_personal(None, &[], b"z4j-agent-auth");
    // Without a key the only errors are a salt or a personalisation longer than 16 bytes.
    hasher.map_or(0, |mut hasher| {
        hasher.update(&agent.bytes());
        i64::from_be_bytes(hasher.finalize_fixed().into())
    })
}

/// What a revocation writes over `token_hash` on 1.9 and later: `revoked:<id>:<time>`, which no token hashes to
/// (identity, section 3.4).
pub fn revoked_hash(agent: Id, at: Timestamp) -> String {
    format!("revoked:{agent}:{}", at.canonical())
}

/// The name that a revoked agent gives way to when its own is minted again: `__z4j_revoked__:<id>`, and where that
/// is taken `:1`, `:2` and so on behind it (identity, section 3.3). `attempt` counts from 0.
pub fn tombstone_name(agent: Id, attempt: u32) -> String {
    match attempt {
        0 => format!("{RESERVED_AGENT_PREFIX}{agent}"),
        number => format!("{RESERVED_AGENT_PREFIX}{agent}:{number}"),
    }
}

/// `trusted_devices.cookie_id_hash`: plain SHA-256 of the cookie, without a key (identity, section 11).
pub fn trusted_device_hash(cookie: &str) -> Digest {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest::digest(&digest::SHA256, cookie.as_bytes()).as_ref());
    Digest(bytes)
}

/// A recovery code as z4j hashes it (with argon2id, [`super::password::hash`]): upper case, without spaces and
/// dashes, regrouped as `XXXX-XXXX-XXXX` if there are twelve characters (identity, section 11).
pub fn normalise_recovery_code(code: &str) -> Zeroizing<String> {
    let plain = Zeroizing::new(
        code.chars()
            .filter(|c| !text::is_space(*c) && *c != '-')
            .flat_map(char::to_uppercase)
            .collect::<String>(),
    );
    if plain.chars().count() != 12 {
        return plain;
    }
    let mut grouped = Zeroizing::new(String::with_capacity(plain.len() + 2));
    for (at, c) in plain.chars().enumerate() {
        if at == 4 || at == 8 {
            grouped.push('-');
        }
        grouped.push(c);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Vectors {
        token_hashes: Vec<Hashes>,
        project_signing_secrets: Vec<ProjectCase>,
        trusted_device_cookie: Cases<Cookie>,
        pg_agent_authority_lock: Cases<Lock>,
        audit_chain_key_id: Cases<AuditKey>,
    }

    #[derive(Deserialize)]
    struct Cases<T> {
        cases: Vec<T>,
    }

    #[derive(Deserialize)]
    struct Hashes {
        secret: String,
        token: String,
        agent_token_hash: String,
        api_key_plaintext: String,
        api_key_hash: String,
        setup_token_hash: String,
        invitation_token_hash: String,
        password_reset_token_hash: String,
    }

    #[derive(Deserialize)]
    struct ProjectCase {
        secret: String,
        project_id: String,
        raw_hex: String,
        hmac_secret: String,
    }

    #[derive(Deserialize)]
    struct Cookie {
        cookie: String,
        cookie_id_hash: String,
    }

    #[derive(Deserialize)]
    struct Lock {
        agent_id: String,
        advisory_lock_id: i64,
    }

    #[derive(Deserialize)]
    struct AuditKey {
        audit_chain_secret: String,
        key_id: String,
    }

    #[derive(Deserialize)]
    struct MfaVectors {
        recovery_code_normalisation: Vec<RecoveryCode>,
    }

    #[derive(Deserialize)]
    struct RecoveryCode {
        raw: String,
        normalized: String,
    }

    fn vectors() -> Vectors {
        serde_json::from_str(include_str!("../../fixtures/vectors/identity/token-hashes.json")).unwrap()
    }

    fn id(text: &str) -> Id {
        Id::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn hashes_of_every_kind() {
        let cases = vectors().token_hashes;
        assert_eq!(cases.len(), 9);
        for case in cases {
            let of = |kind, text: &str| hash(kind, case.secret.as_bytes(), text).to_string();
            assert_eq!(of(Kind::AgentToken, &case.token), case.agent_token_hash);
            assert_eq!(of(Kind::ApiKey, &case.api_key_plaintext), case.api_key_hash);
            assert_eq!(of(Kind::SetupToken, &case.token), case.setup_token_hash);
            assert_eq!(of(Kind::Invitation, &case.token), case.invitation_token_hash);
            assert_eq!(of(Kind::PasswordReset, &case.token), case.password_reset_token_hash);
        }
    }

    #[test]
    fn project_secrets() {
        let cases = vectors().project_signing_secrets;
        assert_eq!(cases.len(), 9);
        for case in cases {
            let found = project_secret(case.secret.as_bytes(), id(&case.project_id));
            assert_eq!(found.expose(), case.hmac_secret);
            assert_eq!(
                Digest::parse(case.raw_hex.as_bytes()).unwrap().0.to_vec(),
                URL_SAFE.decode(found.expose()).unwrap()
            );
        }
    }

    #[test]
    fn trusted_devices_locks_and_audit_key_ids() {
        let vectors = vectors();
        assert_eq!(vectors.trusted_device_cookie.cases.len(), 3);
        for case in vectors.trusted_device_cookie.cases {
            assert_eq!(trusted_device_hash(&case.cookie).to_string(), case.cookie_id_hash);
        }
        assert_eq!(vectors.pg_agent_authority_lock.cases.len(), 4);
        for case in vectors.pg_agent_authority_lock.cases {
            assert_eq!(agent_lock(id(&case.agent_id)), case.advisory_lock_id, "{}", case.agent_id);
        }
        assert_eq!(vectors.audit_chain_key_id.cases.len(), 3);
        for case in vectors.audit_chain_key_id.cases {
            assert_eq!(MacKey::new(case.audit_chain_secret.as_bytes()).id().to_string(), case.key_id);
        }
    }

    #[test]
    fn recovery_codes() {
        let vectors: MfaVectors =
            serde_json::from_str(include_str!("../../fixtures/vectors/identity/mfa.json")).unwrap();
        assert_eq!(vectors.recovery_code_normalisation.len(), 6);
        for case in vectors.recovery_code_normalisation {
            assert_eq!(*normalise_recovery_code(&case.raw), case.normalized, "{:?}", case.raw);
        }
    }

    #[test]
    fn shapes_tell_what_is_possible() {
        let bare = "kN2nJwP0q8h1mUQb7o3xV5c-_zR4tY6sD9fGhJkLmNo";
        assert_eq!(shape(bare), Some(Shape::Bare));
        assert_eq!(shape(&format!("z4k_{bare}")), Some(Shape::ApiKey));
        // A bare token may happen to begin like a key.
        assert_eq!(shape(&format!("z4k_{}", &bare[4..])), Some(Shape::Bare));
        for refused in
            ["", "z4k_", &bare[1..], &format!("{bare}="), &format!("Z4K_{bare}"), &format!(" {bare}")]
        {
            assert_eq!(shape(refused), None, "{refused:?}");
        }
        assert_eq!(shape(&bare.replace('-', "+")), None);
    }

    #[test]
    fn parsing_takes_off_one_line_ending_only() {
        let bare = "kN2nJwP0q8h1mUQb7o3xV5c-_zR4tY6sD9fGhJkLmNo";
        for text in [bare.to_owned(), format!("{bare}\n"), format!("{bare}\r\n")] {
            assert_eq!(Plaintext::parse(&text).unwrap().expose(), bare);
        }
        for text in [format!("{bare}\n\n"), format!("{bare} \n"), format!("{bare}\r"), format!("\n{bare}")] {
            assert_eq!(Plaintext::parse(&text), None, "{text:?}");
        }
    }

    #[test]
    fn new_credentials_have_their_shape_and_stay_hidden() {
        let key = Plaintext::from_random(Kind::ApiKey, [0; 32]);
        assert_eq!(key.expose(), "z4k_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(prefix(key.expose()), "z4k_AAAA");
        assert_eq!(format!("{key:?}"), "Plaintext(redacted)");
        for kind in Shape::Bare.kinds() {
            let token = Plaintext::from_random(*kind, [0xff; 32]);
            assert_eq!(token.expose(), "__________________________________________8");
        }
    }

    #[test]
    fn revocations_leave_a_name_and_a_hash_behind() {
        let agent = id("75fa765d-1bc4-46bd-832c-50fe0635d531");
        let at = Timestamp::parse("2026-03-01 12:00:00").unwrap();
        assert_eq!(
            revoked_hash(agent, at),
            "revoked:75fa765d-1bc4-46bd-832c-50fe0635d531:2026-03-01T12:00:00.000000+00:00"
        );
        assert_eq!(tombstone_name(agent, 0), "__z4j_revoked__:75fa765d-1bc4-46bd-832c-50fe0635d531");
        assert_eq!(tombstone_name(agent, 2), "__z4j_revoked__:75fa765d-1bc4-46bd-832c-50fe0635d531:2");
    }

    proptest! {
        #[test]
        fn every_new_credential_parses(random: [u8; 32]) {
            for kind in [Kind::AgentToken, Kind::ApiKey, Kind::SetupToken, Kind::Invitation, Kind::PasswordReset] {
                let made = Plaintext::from_random(kind, random);
                prop_assert!(shape(made.expose()).is_some_and(|shape| shape.kinds().contains(&kind)));
                prop_assert_eq!(Plaintext::parse(made.expose()), Some(made));
            }
        }

        #[test]
        fn arbitrary_text_never_panics(text: String) {
            let _ = (shape(&text), Plaintext::parse(&text).is_some(), normalise_recovery_code(&text));
            prop_assert!(prefix(&text).chars().count() <= 8);
        }
    }
}
