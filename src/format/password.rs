//! Passwords: the argon2 hash that a brain stores, and which passwords are refused.
//!
//! What z4j refuses is refused here, by the rules of the release that owns the database. Of its list of common
//! passwords the pattern is known, but not all of the 82 single entries: those are left to the strength check. A
//! password must withstand guessing on top of the rules: whom z4jctl gives a password, it gives an account that can read an audit log.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;
use zxcvbn::{Score, zxcvbn};

use super::text::{fold_case, is_digit, is_space};

/// The most memory that verifying a stored hash may take: 2 GiB. The database says how much, and it may lie.
const MAX_MEMORY_KIB: u32 = 2 * 1024 * 1024;
/// The most passes over that memory when verifying. z4j allows 10 in its settings.
const MAX_ITERATIONS: u32 = 100;
/// The most lanes when verifying. z4j allows 16 in its settings.
const MAX_LANES: u32 = 255;

/// What a new hash costs: `Z4J_ARGON2_MEMORY_COST`, `_TIME_COST` and `_PARALLELISM`.
///
/// Write exactly what the brain is configured for: up to 1.8 a login replaces any other hash, a stronger one too
/// (identity, section 8.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB; at least 8 per lane, and at least 8192 in z4j's settings.
    pub memory_kib: u32,
    /// Passes over the memory; 1 to 10 in z4j's settings.
    pub iterations: u32,
    /// Lanes, "parallelism"; 1 to 16 in z4j's settings.
    pub lanes: u32,
}

impl Default for Cost {
    /// z4j's default in all versions: 64 MiB, 3 passes, 4 lanes.
    fn default() -> Self {
        Self { memory_kib: 65536, iterations: 3, lanes: 4 }
    }
}

/// A cost with which argon2 cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "argon2 cannot hash with {memory_kib} KiB of memory, {iterations} passes and {lanes} lanes: {reason}"
)]
pub struct UnusableCost {
    memory_kib: u32,
    iterations: u32,
    lanes: u32,
    reason: String,
}

/// What a stored hash says to a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// This is the password.
    Matches,
    /// It is another one.
    Differs,
    /// The text is no argon2 hash (bcrypt never verifies), or one that costs more than 2 GiB, 100 passes or 255
    /// lanes. No login can succeed with the former.
    Unreadable,
}

impl Verdict {
    /// Whether this is the password.
    pub fn matches(self) -> bool {
        self == Self::Matches
    }
}

/// The hash as z4j stores it: `$argon2id$v=19$m=65536,t=3,p=4$<salt>$<tag>`, 16 bytes of salt, 32 of tag, 97
/// characters at the default cost. The password goes in as UTF-8, not normalised and without a pepper
/// (identity, section 8.2).
///
/// `salt` must be random. This takes about a tenth of a second and [`Cost::memory_kib`] of memory.
///
/// # Errors
/// [`UnusableCost`] where argon2 refuses the cost.
pub fn hash(password: &str, salt: [u8; 16], cost: Cost) -> Result<String, UnusableCost> {
    let Cost { memory_kib, iterations, lanes } = cost;
    let unusable =
        |error: argon2::Error| UnusableCost { memory_kib, iterations, lanes, reason: error.to_string() };
    let mut tag = [0; 32];
    let params = Params::new(memory_kib, iterations, lanes, Some(tag.len())).map_err(unusable)?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.as_bytes(), &salt, &mut tag)
        .map_err(unusable)?;
    let (salt, tag) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(tag));
    Ok(format!("$argon2id$v=19$m={memory_kib},t={iterations},p={lanes}${salt}${tag}"))
}

/// Holds a password against a stored hash: argon2id, argon2i or argon2d, of version 19 or 16, at any cost.
pub fn verify(password: &str, stored: &str) -> Verdict {
    let Some(Stored { algorithm, version, params, salt, tag }) = Stored::parse(stored) else {
        return Verdict::Unreadable;
    };
    let mut found = vec![0; tag.len()];
    let hashed =
        Argon2::new(algorithm, version, params).hash_password_into(password.as_bytes(), &salt, &mut found);
    if hashed.is_err() {
        return Verdict::Unreadable;
    }
    // In constant time.
    let difference = found.iter().zip(&tag).fold(0, |all, (a, b)| all | (a ^ b));
    if difference == 0 { Verdict::Matches } else { Verdict::Differs }
}

/// A stored hash, taken apart.
struct Stored {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Vec<u8>,
    tag: Vec<u8>,
}

impl Stored {
    fn parse(text: &str) -> Option<Self> {
        let (algorithm, rest) = text.strip_prefix('$')?.split_once('$')?;
        let algorithm = match algorithm {
            "argon2id" => Algorithm::Argon2id,
            "argon2i" => Algorithm::Argon2i,
            "argon2d" => Algorithm::Argon2d,
            _ => return None,
        };
        // Hashes without a version are from before there was a second one.
        let (version, rest) = match rest.strip_prefix("v=") {
            Some(rest) => {
                let (version, rest) = rest.split_once('$')?;
                (Version::try_from(decimal(version)?).ok()?, rest)
            }
            None => (Version::V0x10, rest),
        };
        let mut parts = rest.split('$');
        let (costs, salt, tag) = (parts.next()?, parts.next()?, parts.next()?);
        let mut costs = costs.split(',');
        let mut cost = |name: &str| decimal(costs.next()?.strip_prefix(name)?);
        let (memory, iterations, lanes) = (cost("m=")?, cost("t=")?, cost("p=")?);
        if parts.next().is_some() || costs.next().is_some() {
            return None;
        }
        if memory > MAX_MEMORY_KIB || iterations > MAX_ITERATIONS || lanes > MAX_LANES {
            return None;
        }
        let (salt, tag) = (STANDARD_NO_PAD.decode(salt).ok()?, STANDARD_NO_PAD.decode(tag).ok()?);
        let params = Params::new(memory, iterations, lanes, Some(tag.len())).ok()?;
        Some(Self { algorithm, version, params, salt, tag })
    }
}

/// A number as argon2 writes it: digits without a sign or a leading zero.
fn decimal(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

/// Which releases' rules apply (identity, section 8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    /// Up to 1.3.4: three character classes always; a space is a symbol.
    UpTo1_3,
    /// 1.5: not known which of the two it has, so both apply.
    Either,
    /// From 1.6: three character classes below 16 characters; a space is no symbol.
    From1_6,
}

impl Rules {
    /// The default of `Z4J_PASSWORD_MIN_LENGTH` in these releases. That of 1.5.1 is 8; where it is not known
    /// which release it is, 12 is the safer one.
    pub const fn default_min_length(self) -> usize {
        match self {
            Self::UpTo1_3 => 8,
            Self::Either | Self::From1_6 => 12,
        }
    }
}

/// Which passwords are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// `Z4J_PASSWORD_MIN_LENGTH`, in code points.
    pub min_length: usize,
    /// The rules of the release.
    pub rules: Rules,
}

/// The most code points that any release takes.
const MAX_LENGTH: usize = 256;
/// From how many code points on 1.6 asks for no character classes.
const PASSPHRASE_LENGTH: usize = 16;
/// How many of the four character classes there must be.
const CLASSES: usize = 3;

/// Why a password is refused. The text reads as z4j's own, to be put after `password rejected: `.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// Fewer code points than the policy asks for.
    #[error("password must be at least {minimum} characters")]
    TooShort {
        /// [`Policy::min_length`].
        minimum: usize,
    },
    /// More than 256 code points.
    #[error("password must be at most 256 characters")]
    TooLong,
    /// Fewer than three character classes.
    #[error(
        "password must contain at least 3 of: lowercase, uppercase, digits, symbols{}",
        if *.passphrase { " (or use a 16+ character passphrase)" } else { "" }
    )]
    TooSimple {
        /// Whether a longer one would do without.
        passphrase: bool,
    },
    /// z4j's list of common passwords is known to hold it. Others from that list are refused as
    /// [`Rejection::TooWeak`].
    #[error("password is too common; choose another one")]
    InBreachList,
    /// z4jctl's own: it would be guessed. z4j may take this one.
    #[error("password is too easy to guess: {why}")]
    TooWeak {
        /// One line, without a full stop.
        why: String,
    },
}

impl Rejection {
    /// z4j's code of the error; `password_too_weak` is z4jctl's own.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooShort { .. } => "password_too_short",
            Self::TooLong => "password_too_long",
            Self::TooSimple { .. } => "password_too_simple",
            Self::InBreachList => "password_in_breach_list",
            Self::TooWeak { .. } => "password_too_weak",
        }
    }
}

impl Policy {
    /// The rules with their default length.
    pub const fn new(rules: Rules) -> Self {
        Self { min_length: rules.default_min_length(), rules }
    }

    /// Whether this may become the password of the user with this address and display name. Rules are asked in
    /// z4j's order, and the first that fails answers; strength comes last.
    ///
    /// # Errors
    /// The [`Rejection`].
    pub fn check(&self, password: &str, email: &str, name: Option<&str>) -> Result<(), Rejection> {
        self.check_form(password)?;
        let folded = Zeroizing::new(fold_case(password));
        check_patterns(&folded)?;
        check_strength(password, email, name.unwrap_or_default())
    }

    /// Length and character classes.
    fn check_form(&self, password: &str) -> Result<(), Rejection> {
        let length = password.chars().count();
        if length < self.min_length {
            return Err(Rejection::TooShort { minimum: self.min_length });
        }
        if length > MAX_LENGTH {
            return Err(Rejection::TooLong);
        }
        let older = classes(password, true) >= CLASSES;
        let newer = length >= PASSPHRASE_LENGTH || classes(password, false) >= CLASSES;
        let enough = match self.rules {
            Rules::UpTo1_3 => older,
            Rules::Either => older && newer,
            Rules::From1_6 => newer,
        };
        if enough { Ok(()) } else { Err(Rejection::TooSimple { passphrase: self.rules == Rules::From1_6 }) }
    }
}

/// How many of the four classes occur. Letters and numbers of every script are no symbols; what Unicode calls
/// alphabetic is wider than what Python does, so that a few vowel signs count for less here than there.
fn classes(password: &str, space_is_symbol: bool) -> usize {
    let has = |matches: &dyn Fn(char) -> bool| usize::from(password.chars().any(matches));
    has(&char::is_lowercase)
        + has(&char::is_uppercase)
        + has(&is_digit)
        + has(&|c| !c.is_alphanumeric() && (space_is_symbol || !is_space(c)))
}

/// Words that z4j combines with a year, as far as they are known: the seasons and, of its 27 product and common
/// words, those that occur in the vectors. Other words are refused by the same pattern, under another name.
const YEAR_WORDS: &[&str] = &[
    "spring",
    "summer",
    "autumn",
    "fall",
    "winter",
    "password",
    "welcome",
    "celery",
    "z4j",
    "dramatiq",
    "postgresql",
];

/// What an operator of a brain would think of first; the dictionaries of the strength check lack these.
const PRODUCT_WORDS: &str = "\
    z4j celery dramatiq taskiq huey arq apscheduler scheduler flower redis rabbitmq postgres \
    postgresql sqlite sqlalchemy alembic django flask fastapi uvicorn starlette python docker \
    kubernetes worker workers queue queues tasks brain agent broker backend dashboard monitor \
    monitoring observability operator administrator superuser supervisor audit auditor production \
    staging localhost changeme welcome letmein";

/// The words that placeholders in configuration files are made of.
const PLACEHOLDER_WORDS: &str = "\
    admin administrator an and api before brain change changed changeit changeme changethis chosen \
    default demo deploy deployment dev development dummy edit enter example fake fill fixme for \
    generate generated here hunter in initial insecure insert is it key local long me must my new not \
    now of on only or passphrase passwd password pick placeholder please postgres prod production \
    random real replace replaced root safe sample secret secure set setup something staging string \
    strong super supersecret superuser temp temporary test testing the this to todo token unsafe \
    update use user value very with word xxx you your z4j";

/// What may follow the year.
const YEAR_SUFFIXES: &[&str] = &["", "!", "!!", "#", "$", "*", "@"];
/// The years that z4j's list spans.
const YEARS: std::ops::RangeInclusive<u32> = 2015..=2029;
/// Runs of digits that people append instead of a year.
const COUNTING: &[&str] = &[
    "123",
    "1234",
    "12345",
    "123456",
    "1234567",
    "12345678",
    "123456789",
    "1234567890",
    "321",
    "4321",
    "54321",
    "654321",
];
/// The longest single word, in code points, that a year does not make a password.
const LONGEST_WORD: usize = 14;
/// A stem that takes fewer guesses than this is no better than a word.
const STEM_GUESSES: u64 = 1_000_000;

/// Refuses `word + year + suffix` and placeholders. `password` is case-folded.
fn check_patterns(password: &str) -> Result<(), Rejection> {
    for suffix in YEAR_SUFFIXES {
        let Some(body) = password.strip_suffix(suffix) else { continue };
        for stem in dated_stems(body) {
            if YEAR_WORDS.contains(&stem) {
                return Err(Rejection::InBreachList);
            }
            if is_keyboard_run(stem) {
                return Err(too_weak("it is a run of keys and a year"));
            }
            if is_weak_stem(stem) {
                return Err(too_weak("a word and a year are tried first; use several uncommon words"));
            }
        }
        for tail in COUNTING {
            if body.strip_suffix(tail).is_some_and(is_weak_stem) {
                return Err(too_weak(
                    "a word and a run of digits are tried first; use several uncommon words",
                ));
            }
        }
    }
    if is_placeholder(password) {
        return Err(too_weak("it reads like the placeholder of a configuration file"));
    }
    Ok(())
}

fn too_weak(why: &str) -> Rejection {
    Rejection::TooWeak { why: why.to_owned() }
}

/// What is left without a year of four digits, and without one of two.
fn dated_stems(body: &str) -> impl Iterator<Item = &str> {
    let without = |digits: usize, century: u32| {
        let at = body.len().checked_sub(digits)?;
        let (stem, year) = (body.get(..at)?, body.get(at..)?);
        let year = year.bytes().all(|byte| byte.is_ascii_digit()).then(|| year.parse::<u32>().ok())??;
        (!stem.is_empty() && YEARS.contains(&(century + year))).then_some(stem)
    };
    [without(4, 0), without(2, 2000)].into_iter().flatten()
}

/// Whether this is one word, or something that is guessed as fast as one.
fn is_weak_stem(stem: &str) -> bool {
    let word = stem.replace("z4j", "zfj");
    let single = word.chars().all(char::is_alphabetic) && word.chars().count() <= LONGEST_WORD;
    single
        || is_keyboard_run(stem)
        || zxcvbn(stem, &PRODUCT_WORDS.split(' ').collect::<Vec<_>>()).guesses() < STEM_GUESSES
}

/// Whether the keys of an American keyboard follow one another: each beside the one before (`qwerty`, `1q2w3e`,
/// `4rfv`), or at the start of the next column after the end of one (`1qaz2wsx`), or of the next row.
fn is_keyboard_run(text: &str) -> bool {
    const ROWS: [&str; 4] = ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"];
    let place = |c: char| ROWS.iter().enumerate().find_map(|(row, keys)| Some((row, keys.find(c)?)));
    let Some(keys) = text.chars().map(place).collect::<Option<Vec<_>>>() else { return false };
    let follows = |(row, column): (usize, usize), (next_row, next_column): (usize, usize)| {
        let beside = row.abs_diff(next_row) <= 1 && column.abs_diff(next_column) <= 1;
        let next_column_of_keys = next_column == column + 1 && (row, next_row) >= (2, 0) && next_row <= 1;
        let next_row_of_keys = next_row == row + 1 && column + 1 == ROWS[row].len() && next_column == 0;
        beside || next_column_of_keys || next_row_of_keys
    };
    keys.len() >= 4 && keys.windows(2).all(|pair| follows(pair[0], pair[1]))
}

/// Whether the text falls into words of placeholders, with nothing between them but punctuation and digits.
fn is_placeholder(text: &str) -> bool {
    let plain: Vec<&str> =
        text.split(|c: char| !c.is_alphabetic() && c != '4').filter(|part| !part.is_empty()).collect();
    !plain.is_empty() && plain.iter().all(|part| is_made_of_placeholders(part))
}

fn is_made_of_placeholders(part: &str) -> bool {
    // Which prefixes can be taken apart, by length.
    let mut reached = vec![false; part.len() + 1];
    reached[0] = true;
    for from in 0..part.len() {
        if reached[from] && part.is_char_boundary(from) {
            for word in PLACEHOLDER_WORDS.split(' ') {
                if part[from..].starts_with(word) {
                    reached[from + word.len()] = true;
                }
            }
        }
    }
    reached[part.len()]
}

/// Refuses what zxcvbn scores below 3, that is, what takes fewer than 10^8 guesses. It looks at the first 100
/// characters, takes time quadratic in them, and for dates it asks the clock which year it is.
fn check_strength(password: &str, email: &str, name: &str) -> Result<(), Rejection> {
    let mut known: Vec<&str> = vec![email, name];
    known.extend(email.split(|c: char| !c.is_alphanumeric()).filter(|part| part.len() > 2));
    known.extend(name.split(|c: char| !c.is_alphanumeric()).filter(|part| part.len() > 2));
    known.extend(PRODUCT_WORDS.split(' '));
    let found = zxcvbn(password, &known);
    if found.score() >= Score::Three {
        return Ok(());
    }
    let warning = found.feedback().and_then(zxcvbn::feedback::Feedback::warning);
    let reason = warning.map_or_else(
        || "it takes too few guesses".to_owned(),
        |warning| {
            let text = warning.to_string();
            let mut letters = text.trim_end_matches('.').chars();
            letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
        },
    );
    Err(Rejection::TooWeak { why: format!("{reason}; use several uncommon words or a random one") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;

    const EMAIL: &str = "someone@example.com";

    #[derive(Deserialize)]
    struct Hashes {
        cases: Vec<HashCase>,
    }

    #[derive(Deserialize)]
    struct HashCase {
        name: String,
        password: String,
        hash: String,
        verify: bool,
        verify_with_extra_char: bool,
    }

    #[derive(Deserialize)]
    struct Policies {
        cases: Vec<PolicyCase>,
    }

    #[derive(Deserialize)]
    struct PolicyCase {
        password: String,
        code_points: usize,
        #[serde(rename = "1.0.19,1.3.4")]
        older: Verdicts,
        #[serde(rename = "1.6.9,1.13.0")]
        newer: Verdicts,
    }

    #[derive(Deserialize)]
    struct Verdicts {
        min8: String,
        min12: String,
    }

    fn hashes() -> Vec<HashCase> {
        let vectors: Hashes =
            serde_json::from_str(include_str!("../../fixtures/vectors/identity/password-hashes.json"))
                .unwrap();
        assert_eq!(vectors.cases.len(), 11);
        vectors.cases
    }

    fn policies() -> Vec<PolicyCase> {
        let vectors: Policies =
            serde_json::from_str(include_str!("../../fixtures/vectors/identity/password-policy.json"))
                .unwrap();
        assert_eq!(vectors.cases.len(), 74);
        vectors.cases
    }

    /// The codes of `check_form` alone, and of everything.
    fn codes(policy: Policy, password: &str) -> (&'static str, &'static str) {
        let code = |found: Result<(), Rejection>| found.map_or_else(|error| error.code(), |()| "ok");
        (code(policy.check_form(password)), code(policy.check(password, EMAIL, None)))
    }

    #[test]
    fn stored_hashes_verify() {
        for case in hashes() {
            assert_eq!(verify(&case.password, &case.hash).matches(), case.verify, "{}", case.name);
            let longer = format!("{}x", case.password);
            assert_eq!(verify(&longer, &case.hash).matches(), case.verify_with_extra_char, "{}", case.name);
            let readable = case.hash.starts_with("$argon2");
            assert_eq!(verify(&longer, &case.hash) == Verdict::Unreadable, !readable, "{}", case.name);
        }
    }

    #[test]
    fn new_hashes_are_those_of_z4j() {
        let salt = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
        let mut made = 0;
        for case in hashes() {
            let Some(stored) = Stored::parse(&case.hash) else { continue };
            if (stored.algorithm, stored.version) != (Algorithm::Argon2id, Version::V0x13) {
                continue;
            }
            let cost = Cost {
                memory_kib: stored.params.m_cost(),
                iterations: stored.params.t_cost(),
                lanes: stored.params.p_cost(),
            };
            assert_eq!(hash(&case.password, salt, cost).as_deref(), Ok(case.hash.as_str()), "{}", case.name);
            made += 1;
        }
        assert_eq!(made, 6);
        assert_eq!(hash("x", salt, Cost::default()).unwrap().len(), 97);
    }

    #[test]
    fn impossible_costs_are_refused() {
        let error = hash("x", [0; 16], Cost { memory_kib: 8, iterations: 1, lanes: 4 }).unwrap_err();
        assert!(error.to_string().contains("8 KiB of memory, 1 passes and 4 lanes"), "{error}");
        let stored = "$argon2id$v=19$m=65536,t=3,p=4$AAECAwQFBgcICQoLDA0ODw$FDnEp9fFOESx2hUuBaiejfaa3IJdBby3gCw+J6Y6wUE";
        for (from, to) in [
            ("m=65536", "m=4294967295"),
            ("t=3", "t=4294967295"),
            ("p=4", "p=256"),
            ("m=65536", "m=065536"),
            ("m=65536", "m=+65536"),
            ("t=3,p=4", "p=4,t=3"),
            ("t=3", "t=0"),
            ("v=19", "v=18"),
            ("wUE", "wUE="),
            ("wUE", "wUE$"),
            ("p=4", "p=4,keyid=AAAA"),
        ] {
            assert_eq!(verify("x", &stored.replace(from, to)), Verdict::Unreadable, "{to}");
        }
    }

    /// Length and classes give exactly z4j's verdict. Behind them z4jctl is stricter on purpose: whatever z4j finds
    /// on its list is refused, as that or as too weak, and of what z4j takes some is too weak.
    #[test]
    fn nothing_passes_that_z4j_refuses() {
        for case in policies() {
            assert_eq!(case.password.chars().count(), case.code_points);
            for (rules, verdicts) in [(Rules::UpTo1_3, &case.older), (Rules::From1_6, &case.newer)] {
                for (min_length, expected) in [(8, verdicts.min8.as_str()), (12, verdicts.min12.as_str())] {
                    let context = format!("{:?} {rules:?} {min_length}", case.password);
                    let (form, all) = codes(Policy { min_length, rules }, &case.password);
                    let (either, _) = codes(Policy { min_length, rules: Rules::Either }, &case.password);
                    match expected {
                        "ok" => {
                            assert_eq!(form, "ok", "{context}");
                            assert!(
                                matches!(all, "ok" | "password_too_weak"),
                                "{context}: stricter only in strength, not {all}"
                            );
                        }
                        "password_in_breach_list" => {
                            assert_eq!(form, "ok", "{context}");
                            assert!(
                                matches!(all, "password_in_breach_list" | "password_too_weak"),
                                "{context}: {all}"
                            );
                        }
                        refused => {
                            assert_eq!((form, all), (refused, refused), "{context}");
                            assert_eq!(either, refused, "{context}");
                        }
                    }
                }
            }
        }
    }

    /// Good passwords of the vectors pass: the strength check does not refuse everything.
    #[test]
    fn good_passwords_pass() {
        for password in ["CorrectHorse9!battery", "Ünïcödé-pass-1", "пароль-Пароль1", "vK9!mZ2#qLx7wT"]
        {
            for rules in [Rules::UpTo1_3, Rules::Either, Rules::From1_6] {
                assert_eq!(Policy::new(rules).check(password, EMAIL, None), Ok(()), "{password}");
            }
        }
        let passphrase = "correct horse battery staple gravel";
        assert_eq!(Policy::new(Rules::From1_6).check(passphrase, EMAIL, None), Ok(()));
        let refused = Policy::new(Rules::UpTo1_3).check(passphrase, EMAIL, None);
        assert_eq!(refused, Err(Rejection::TooSimple { passphrase: false }));
    }

    /// Every combination that the specification describes, for words known and unknown.
    #[test]
    fn words_with_a_year_are_refused() {
        let words =
            ["Spring", "Summer", "Autumn", "Fall", "Winter", "Z4j", "Postgresql", "Qwerty", "Qwertyuiop"];
        let words =
            words.iter().chain(&["Administrator", "P@ssw0rd", "1q2w3e4r", "1qaz2wsx", "Admin", "Asdfghjkl"]);
        for word in words {
            for year in YEARS {
                for suffix in YEAR_SUFFIXES {
                    for year in [year.to_string(), (year % 100).to_string()] {
                        let password = format!("{word}{year}{suffix}");
                        let found = check_patterns(&fold_case(&password));
                        assert!(found.is_err(), "{password}");
                    }
                }
            }
        }
    }

    #[test]
    fn keyboard_runs() {
        for run in
            ["qwerty", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890", "1q2w3e4r", "1qaz2wsx", "qazwsx"]
        {
            assert!(is_keyboard_run(run), "{run}");
        }
        for other in ["qwe", "staple", "horse", "qwertyz", "pässword", ""] {
            assert!(!is_keyboard_run(other), "{other}");
        }
    }

    #[test]
    fn placeholders_are_refused() {
        for placeholder in
            ["changeme-please-replace", "default-password", "change-this-secret-1", "MySuperSecretPassword!1"]
        {
            assert!(is_placeholder(&fold_case(placeholder)), "{placeholder}");
        }
        for other in ["correct horse battery staple", "default-gravel", "1234", ""] {
            assert!(!is_placeholder(other), "{other}");
        }
    }

    #[test]
    fn the_user_is_no_secret() {
        let policy = Policy::new(Rules::From1_6);
        let refused =
            policy.check("Quillfeather.19", "quillfeather@example.com", Some("Thaddeus Quillfeather"));
        assert_eq!(refused.map_err(|error| error.code()), Err("password_too_weak"));
        assert_eq!(policy.check("Quillfeather.19", EMAIL, None), Ok(()));
    }

    #[test]
    fn messages_are_those_of_z4j() {
        let said =
            |rules, password: &str| Policy::new(rules).check(password, EMAIL, None).unwrap_err().to_string();
        assert_eq!(said(Rules::From1_6, "short"), "password must be at least 12 characters");
        assert_eq!(said(Rules::UpTo1_3, "short"), "password must be at least 8 characters");
        assert_eq!(said(Rules::From1_6, &"x".repeat(257)), "password must be at most 256 characters");
        let simple = "password must contain at least 3 of: lowercase, uppercase, digits, symbols";
        assert_eq!(said(Rules::UpTo1_3, "abcdefgh"), simple);
        assert_eq!(
            said(Rules::From1_6, "abcdefghijkl"),
            format!("{simple} (or use a 16+ character passphrase)")
        );
        assert_eq!(said(Rules::From1_6, "Summer2025!!"), "password is too common; choose another one");
        assert_eq!(
            said(Rules::From1_6, "aaaaaaaaaaaaaaaa"),
            "password is too easy to guess: repeats like \"aaa\" are easy to guess; use several uncommon words or a \
             random one"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn arbitrary_text_never_panics(password: String, email: String, name: String) {
            let _ = Policy { min_length: 0, rules: Rules::Either }.check(&password, &email, Some(&name));
            let _ = check_patterns(&password);
            let _ = is_placeholder(&password);
            let _ = Stored::parse(&password);
        }

        /// Hashing takes what hashes look like, at a cost that tests can pay.
        #[test]
        fn damaged_hashes_never_panic(salt in "[A-Za-z0-9+/]{0,24}", tag in "[A-Za-z0-9+/]{0,24}", lanes in 0_u32..4) {
            let _ = verify("x", &format!("$argon2id$v=19$m=32,t=1,p={lanes}${salt}${tag}"));
        }
    }
}
