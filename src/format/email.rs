//! E-mail addresses: the form in which a brain stores them, and which of them its login form takes.
//!
//! The two differ. What can be stored is wide; the login form is a strict validator that refuses some of it, and an
//! account with such an address can never log in. So a lookup uses [`Email::canonical`], and what creates an
//! account or changes its address uses [`Email::parse`] (identity, section 8.4).

use std::fmt;

use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;
use idna::punycode;
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::text::{fold_case, is_decimal, is_space, nfkc};

/// The longest address, in bytes.
const MAX_BYTES: usize = 254;
/// The longest domain, in bytes.
const MAX_DOMAIN_BYTES: usize = 253;
/// The longest label of a domain, in bytes.
const MAX_LABEL_BYTES: usize = 63;

/// Names of private networks that the login form takes since 1.5.
const PRIVATE_TLDS: &[&str] =
    &["local", "localhost", "internal", "intranet", "private", "corp", "home", "lan", "arpa"];
/// Names that the validator refuses as reserved, and its login form up to 1.3.4 with it.
const RESERVED_TLDS: &[&str] = &["arpa", "invalid", "local", "localhost", "onion", "test"];
/// What remains refused since 1.5: `test` is taken, as the vectors show.
const RESERVED_TLDS_FROM_1_5: &[&str] = &["invalid", "onion"];

/// Which releases' login form an address has to pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginForm {
    /// Up to 1.3.4: names of private networks are refused.
    UpTo1_3,
    /// From 1.5.
    From1_5,
}

/// An address in the form that `users.email` and `invitations.email` hold: `strasse@xn--exmple-cua.de`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

/// Why an address is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It is not of the form `name@domain`, with one `@`.
    #[error("an e-mail address has a name, one @ and a domain")]
    Form,
    /// The domain has no ASCII form: an empty label, one beyond 63 bytes, or characters that IDNA forbids.
    #[error("the domain after the @ is not valid")]
    Domain,
    /// The whole or its domain is longer than a mail server would take.
    #[error("the e-mail address is too long: 254 bytes at most, 253 of them after the @")]
    TooLong,
    /// The part before the `@` holds what the login form refuses: spaces, quotes, misplaced dots, symbols.
    #[error("the name before the @ holds characters or dots with which nobody can log in")]
    Name,
    /// The domain has a single label.
    #[error("the domain after the @ needs a dot, or nobody can log in with it")]
    NoDot,
    /// The domain's last label does not end in a letter, so it is an IP address or a mistake.
    #[error("the domain after the @ must end in a name, not in a number or an IP address")]
    TopLevel,
    /// The last label is reserved and refused by the login form of this release.
    #[error("z4j accepts no login with an address that ends in .{0}")]
    Reserved(String),
    /// A private name together with characters beyond ASCII: whether the login form takes it is not known.
    #[error("an address that ends in .{0} must be plain ASCII")]
    PrivateBeyondAscii(String),
}

impl Email {
    /// The stored form, whether or not anybody could log in with it: NFKC, trimmed, the name case-folded, the
    /// domain case-folded and in IDNA ASCII. The same in all versions, except that 1.0.19 kept the case of names
    /// in invitations.
    ///
    /// # Errors
    /// [`Refusal::Form`] or [`Refusal::Domain`].
    pub fn canonical(text: &str) -> Result<Self, Refusal> {
        let text = nfkc(text);
        let (name, domain) = split(text.trim_matches(is_space))?;
        let domain = idna_2003(&fold_case(domain)).ok_or(Refusal::Domain)?;
        Ok(Self(format!("{}@{domain}", fold_case(name))))
    }

    /// The stored form of an address with which an account can log in, typed as it is given here.
    ///
    /// What is typed must pass as well as what is stored: the login form judges before it converts. Where the
    /// validator's rule rests on Unicode tables that are not at hand, this is the stricter of the two: symbols
    /// beyond ASCII are refused. It is laxer only for characters that are newer than the brain's Python (3.11
    /// knows Unicode 14).
    ///
    /// # Errors
    /// Any [`Refusal`].
    pub fn parse(text: &str, form: LoginForm) -> Result<Self, Refusal> {
        let typed = text.trim_matches(is_space);
        let stored = Self::canonical(typed)?;
        let (name, domain) = split(typed)?;
        if typed.len() > MAX_BYTES || domain.len() > MAX_DOMAIN_BYTES {
            return Err(Refusal::TooLong);
        }
        check_name(name)?;
        // Full stops other than the ASCII one, and what holds one, are refused where they are typed; so is what
        // would vanish on the way to the stored form.
        let folded = nfkc(&fold_case(&nfkc(domain)));
        let dots = |text: &str| text.chars().filter(|c| FULL_STOPS.contains(c)).count();
        if dots(&folded) != domain.matches('.').count()
            || domain.contains(&FULL_STOPS[1..])
            || !domain.chars().all(|c| c.is_ascii() || c.is_alphanumeric() || is_mark(c))
            || !folded.chars().all(in_idna_2008)
        {
            return Err(Refusal::Domain);
        }
        stored.check(form)?;
        Ok(stored)
    }

    /// Whether the login form of these releases takes this address as it is stored.
    ///
    /// # Errors
    /// Any [`Refusal`] but [`Refusal::Form`].
    pub fn check(&self, form: LoginForm) -> Result<(), Refusal> {
        let (name, domain) = split(&self.0)?;
        if self.0.len() > MAX_BYTES || domain.len() > MAX_DOMAIN_BYTES {
            return Err(Refusal::TooLong);
        }
        check_name(name)?;
        check_domain(domain)?;
        let Some((_, top)) = domain.rsplit_once('.') else { return Err(Refusal::NoDot) };
        if !top.ends_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(Refusal::TopLevel);
        }
        let reserved = match form {
            LoginForm::UpTo1_3 => RESERVED_TLDS,
            LoginForm::From1_5 => RESERVED_TLDS_FROM_1_5,
        };
        if reserved.contains(&top) {
            return Err(Refusal::Reserved(top.to_owned()));
        }
        let beyond_ascii = !name.is_ascii() || domain.split('.').any(|label| label.starts_with("xn--"));
        if PRIVATE_TLDS.contains(&top) && beyond_ascii {
            return Err(Refusal::PrivateBeyondAscii(top.to_owned()));
        }
        Ok(())
    }

    /// The address as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The two sides of the only `@`.
fn split(text: &str) -> Result<(&str, &str), Refusal> {
    match text.rsplit_once('@') {
        Some((name, domain)) if !name.is_empty() && !domain.is_empty() && !name.contains('@') => {
            Ok((name, domain))
        }
        _ => Err(Refusal::Form),
    }
}

/// Python's codec `idna` (RFC 3490 without the rules for host names) on a domain that is already case-folded NFKC.
///
/// Equal to it for every domain that the login form takes. Of the others it refuses a few that the codec takes:
/// those that mix left-to-right letters with right-to-left ones from after Unicode 3.2.
fn idna_2003(domain: &str) -> Option<String> {
    let labels: Vec<&str> =
        if domain.is_ascii() { domain.split('.').collect() } else { domain.split(FULL_STOPS).collect() };
    let mut out = String::with_capacity(domain.len() + 8);
    for (at, label) in labels.iter().enumerate() {
        let last = at + 1 == labels.len();
        // Only the last label may be empty: a trailing dot is kept.
        if label.is_empty() && (!last || at == 0) {
            return None;
        }
        let ascii = label_2003(label)?;
        if ascii.len() > MAX_LABEL_BYTES {
            return None;
        }
        out.push_str(&ascii);
        if !last {
            out.push('.');
        }
    }
    Some(out)
}

/// One label. ASCII passes as it is, spaces and hyphens included.
fn label_2003(label: &str) -> Option<String> {
    if label.is_ascii() {
        return Some(label.to_owned());
    }
    // Nameprep (RFC 3491): drop, map, normalise, prohibit. What it maps beyond folding is lower case again.
    let kept =
        label.chars().filter(|c| !within(DROPPED, *c)).flat_map(char::to_lowercase).collect::<String>();
    let kept = nfkc(&kept);
    // A label far beyond the limit cannot get below it; refusing it here keeps a quadratic conversion short.
    if kept.is_empty() || kept.len() > 4 * MAX_LABEL_BYTES {
        return None;
    }
    if kept.chars().any(|c| within(PROHIBITED, c)) || !reads_one_way(&kept) {
        return None;
    }
    if kept.is_ascii() {
        return Some(kept);
    }
    if kept.starts_with("xn--") {
        return None;
    }
    punycode::encode_str(&kept).map(|encoded| format!("xn--{encoded}"))
}

/// Whether a label with letters that are written from right to left begins and ends with one and has no others
/// (RFC 3454, section 6).
fn reads_one_way(label: &str) -> bool {
    let letter = |c: char| c.is_alphabetic() && !is_mark(c);
    let backwards = |c: char| letter(c) && within(RIGHT_TO_LEFT, c);
    if !label.chars().any(backwards) {
        return true;
    }
    label.starts_with(backwards)
        && label.ends_with(backwards)
        && label.chars().all(|c| !letter(c) || within(RIGHT_TO_LEFT, c))
}

/// Whether the character has a combining class: most marks, among them those that are not alphabetic.
fn is_mark(c: char) -> bool {
    CanonicalCombiningClassMapBorrowed::new().get_u8(c) != 0
}

fn within(ranges: &[(char, char)], c: char) -> bool {
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

/// What separates the labels of a domain that is not plain ASCII.
const FULL_STOPS: [char; 4] = ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'];

/// RFC 3454, table B.1.
const DROPPED: &[(char, char)] = &[
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{1806}', '\u{1806}'),
    ('\u{180b}', '\u{180d}'),
    ('\u{200b}', '\u{200d}'),
    ('\u{2060}', '\u{2060}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
];

/// RFC 3454, tables C.1.2 and C.2.2 to C.9 without surrogates.
const PROHIBITED: &[(char, char)] = &[
    ('\u{80}', '\u{a0}'),
    ('\u{340}', '\u{341}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{180e}', '\u{180e}'),
    ('\u{2000}', '\u{200f}'),
    ('\u{2028}', '\u{202f}'),
    ('\u{205f}', '\u{2063}'),
    ('\u{206a}', '\u{206f}'),
    ('\u{2ff0}', '\u{2ffb}'),
    ('\u{3000}', '\u{3000}'),
    ('\u{e000}', '\u{f8ff}'),
    ('\u{fdd0}', '\u{fdef}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{fff9}', '\u{ffff}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{1fffe}', '\u{1ffff}'),
    ('\u{2fffe}', '\u{2ffff}'),
    ('\u{3fffe}', '\u{3ffff}'),
    ('\u{4fffe}', '\u{4ffff}'),
    ('\u{5fffe}', '\u{5ffff}'),
    ('\u{6fffe}', '\u{6ffff}'),
    ('\u{7fffe}', '\u{7ffff}'),
    ('\u{8fffe}', '\u{8ffff}'),
    ('\u{9fffe}', '\u{9ffff}'),
    ('\u{afffe}', '\u{affff}'),
    ('\u{bfffe}', '\u{bffff}'),
    ('\u{cfffe}', '\u{cffff}'),
    ('\u{dfffe}', '\u{dffff}'),
    ('\u{e0001}', '\u{e0001}'),
    ('\u{e0020}', '\u{e007f}'),
    ('\u{efffe}', '\u{10ffff}'),
];

/// The blocks of scripts that are written from right to left.
const RIGHT_TO_LEFT: &[(char, char)] = &[
    ('\u{590}', '\u{8ff}'),
    ('\u{fb1d}', '\u{fdff}'),
    ('\u{fe70}', '\u{fefc}'),
    ('\u{10800}', '\u{10fff}'),
    ('\u{1e800}', '\u{1efff}'),
];

/// An atom or atoms with dots between them, of what mail servers take (RFC 5322, 3.2.3), or letters, digits and
/// combining marks beyond ASCII.
fn check_name(name: &str) -> Result<(), Refusal> {
    let allowed = |c: char| {
        if c.is_ascii() {
            c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
        } else {
            c.is_alphabetic() || c.is_numeric() || is_mark(c)
        }
    };
    let good = name.split('.').all(|atom| !atom.is_empty() && atom.chars().all(allowed))
        && name.chars().next().is_some_and(may_begin);
    if good { Ok(()) } else { Err(Refusal::Name) }
}

/// Whether this is no combining mark, which would attach itself to what stands before. UTS 46 knows which are.
fn may_begin(c: char) -> bool {
    c.is_ascii()
        || Uts46::new()
            .to_ascii(
                fold_case(c.encode_utf8(&mut [0; 4])).as_bytes(),
                AsciiDenyList::EMPTY,
                Hyphens::Allow,
                DnsLength::Ignore,
            )
            .is_ok()
}

/// A host name in ASCII whose encoded labels decode to valid ones.
fn check_domain(domain: &str) -> Result<(), Refusal> {
    for label in domain.split('.') {
        let bytes = label.as_bytes();
        let host = !label.is_empty()
            && label.len() <= MAX_LABEL_BYTES
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-');
        // Two hyphens in the third place are reserved for encoded labels.
        let reserved = bytes.len() >= 4 && &bytes[2..4] == b"--" && !label.starts_with("xn--");
        if !host || reserved {
            return Err(Refusal::Domain);
        }
    }
    if !domain.contains("xn--") {
        return Ok(());
    }
    let (unicode, valid) = Uts46::new().to_unicode(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::Check);
    if valid.is_ok() && unicode.chars().all(in_idna_2008) { Ok(()) } else { Err(Refusal::Domain) }
}

/// Whether IDNA 2008 allows the character wherever it stands (RFC 5892), which the login form asks for: letters,
/// digits and marks. UTS 46 would let symbols pass. Characters that are allowed only in context are refused.
fn in_idna_2008(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    }
    let letter = c.is_alphabetic() || is_decimal(c);
    (letter || is_mark(c)) && !within(OUTSIDE_IDNA_2008, c)
}

/// Letters and marks that IDNA 2008 leaves out, and digits that it allows in context only.
const OUTSIDE_IDNA_2008: &[(char, char)] = &[
    ('\u{640}', '\u{640}'),
    ('\u{660}', '\u{669}'),
    ('\u{6f0}', '\u{6f9}'),
    ('\u{7fa}', '\u{7fa}'),
    ('\u{1100}', '\u{11ff}'),
    ('\u{16ee}', '\u{16f0}'),
    ('\u{20d0}', '\u{20f0}'),
    ('\u{2180}', '\u{2182}'),
    ('\u{2185}', '\u{2188}'),
    ('\u{3021}', '\u{3029}'),
    ('\u{302e}', '\u{303b}'),
    ('\u{a6e6}', '\u{a6ef}'),
    ('\u{a960}', '\u{a97c}'),
    ('\u{d7b0}', '\u{d7fb}'),
    ('\u{10140}', '\u{10174}'),
    ('\u{10341}', '\u{10341}'),
    ('\u{1034a}', '\u{1034a}'),
    ('\u{103d1}', '\u{103d5}'),
    ('\u{12400}', '\u{1246e}'),
    ('\u{1d165}', '\u{1d244}'),
    ('\u{1f150}', '\u{1f189}'),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Vectors {
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        input: String,
        canonical: Option<String>,
        canonical_refused: bool,
        login_form_1_5_plus: Option<String>,
        login_form_1_5_plus_refused: bool,
    }

    fn vectors() -> Vec<Case> {
        let vectors: Vectors =
            serde_json::from_str(include_str!("../../fixtures/vectors/identity/email.json")).unwrap();
        assert_eq!(vectors.cases.len(), 39);
        vectors.cases
    }

    #[test]
    fn stored_forms() {
        for case in vectors() {
            let found = Email::canonical(&case.input);
            assert_eq!(found.is_err(), case.canonical_refused, "{:?}", case.input);
            assert_eq!(found.ok().map(|email| email.0), case.canonical, "{:?}", case.input);
        }
    }

    #[test]
    fn what_can_log_in_from_1_5() {
        for case in vectors() {
            let found = Email::parse(&case.input, LoginForm::From1_5);
            assert_eq!(found.is_err(), case.login_form_1_5_plus_refused, "{:?} {found:?}", case.input);
            assert_eq!(found.ok().map(|email| email.0), case.login_form_1_5_plus, "{:?}", case.input);
        }
    }

    /// No vector records the older form; it is the newer one without the private and the reserved names.
    #[test]
    fn the_older_form_refuses_private_names() {
        for case in vectors() {
            let newer = Email::parse(&case.input, LoginForm::From1_5);
            let older = Email::parse(&case.input, LoginForm::UpTo1_3);
            if let Ok(email) = &older {
                assert_eq!(newer.as_ref(), Ok(email));
            }
        }
        for (input, top) in
            [("root@brain.local", "local"), ("a@b.localhost", "localhost"), ("a@b.test", "test")]
        {
            assert_eq!(Email::parse(input, LoginForm::UpTo1_3), Err(Refusal::Reserved(top.into())));
            assert!(Email::parse(input, LoginForm::From1_5).is_ok());
        }
    }

    #[test]
    fn each_refusal_has_its_case() {
        let refused = |input: &str| Email::parse(input, LoginForm::From1_5).unwrap_err();
        assert_eq!(refused("user"), Refusal::Form);
        assert_eq!(refused("user\u{ff20}example.com"), Refusal::Form);
        assert_eq!(refused("a..b@example.com"), Refusal::Name);
        assert_eq!(refused("\u{301}a@example.com"), Refusal::Name);
        assert_eq!(refused("a\u{202e}b@example.com"), Refusal::Name);
        assert_eq!(refused("user@ab--c.example.com"), Refusal::Domain);
        assert_eq!(refused("user@💩.example.com"), Refusal::Domain);
        assert_eq!(refused("user@xn--a.example.com"), Refusal::Domain);
        assert_eq!(refused("user@127.0.0.1"), Refusal::TopLevel);
        assert_eq!(refused("root@localhost"), Refusal::NoDot);
        assert_eq!(refused("user@a.onion"), Refusal::Reserved("onion".into()));
        assert_eq!(refused("üser@brain.local"), Refusal::PrivateBeyondAscii("local".into()));
        assert_eq!(refused(&format!("{}@example.com", "a".repeat(243))), Refusal::TooLong);
        assert!(Email::parse(&format!("{}@example.com", "a".repeat(242)), LoginForm::From1_5).is_ok());
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text: String) {
            let _ = Email::parse(&text, LoginForm::From1_5);
        }

        /// What passes is stored in its final form: it can be typed as it stands.
        #[test]
        fn what_passes_is_final(name in "[\\w.@+ -]{0,12}", domain in "[\\w. -]{0,12}\\.(com|local|中国|ΣΑΣ)") {
            for form in [LoginForm::UpTo1_3, LoginForm::From1_5] {
                if let Ok(email) = Email::parse(&format!("{name}@{domain}"), form) {
                    prop_assert_eq!(Email::parse(email.as_str(), form), Ok(email));
                }
            }
        }
    }
}
