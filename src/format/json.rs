//! Python's JSON text form: what `json.loads` accepts and what `json.dumps(sort_keys=True,
//! separators=(",", ":"), ensure_ascii=False)` prints.
//!
//! Audit metadata is signed in this form (audit chain, sections 3.1 and 3.2), so bytes matter: floats
//! print their shortest round-trip digits in CPython's layout, integers keep arbitrary precision, keys are
//! sorted by code point, the last of duplicate keys wins.

use std::cmp::Ordering;
use std::io::Write as _;

/// Containers nested deeper than this are refused; CPython's parser gives up at about the same depth.
pub const MAX_DEPTH: usize = 1000;

/// Why a text has no canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Not JSON as Python reads it.
    #[error("not valid JSON at byte {0}")]
    Syntax(usize),
    /// Not UTF-8.
    #[error("not valid UTF-8")]
    Utf8,
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("nested too deeply")]
    Depth,
    /// An unpaired surrogate: it cannot be written as UTF-8, so nothing could have signed it.
    #[error("unpaired surrogate in a string")]
    Surrogate,
    /// `NaN`, `Infinity` or a number that overflows, where only finite numbers are allowed.
    #[error("number that is not finite")]
    NotFinite,
}

/// Which numbers are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// `NaN`, `Infinity` and `-Infinity` too: early and baseline rows.
    Python,
    /// Finite ones only: active rows, frozen snapshots.
    Finite,
}

/// What the outermost value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// An object.
    Object,
    /// Anything else.
    Other,
}

/// Writes canonical forms; holds the buffers that one text after the other uses again.
#[derive(Debug, Default)]
pub struct Canonicalizer {
    /// Members of the objects that are open, outermost first.
    members: Vec<Member>,
    /// Decoded keys of those members.
    keys: Vec<u8>,
    /// Where the members of an object are put in order.
    sorted: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Member {
    key: (usize, usize),
    text: (usize, usize),
}

impl Canonicalizer {
    /// New, with empty buffers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends the canonical form of a JSON text to `out`. After an error `out` holds what was there
    /// before.
    pub fn write(&mut self, text: &[u8], numbers: Numbers, out: &mut Vec<u8>) -> Result<Shape, JsonError> {
        if std::str::from_utf8(text).is_err() {
            return Err(JsonError::Utf8);
        }
        let before = out.len();
        self.members.clear();
        self.keys.clear();
        let mut parser = Parser { text, at: 0, numbers, buffers: self, out };
        let result = parser.document();
        if result.is_err() {
            out.truncate(before);
        }
        result
    }
}

/// Appends a string with quotes and escapes.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    write_escaped(text.as_bytes(), out);
    out.push(b'"');
}

/// Whether a byte cannot stand in a string as it is: `"`, `\` and control characters.
fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// How many bytes from the front can stand in a string as they are. Looks at eight at a time: strings are most of
/// what is hashed, and almost all of it is plain.
fn plain_length(text: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES << 7;
    // In a word that holds no carry from below, the lowest flagged byte is exact.
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word & HIGHS;
    let equal = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let mut at = 0;
    while let Some(word) = text.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*word);
        let special = below(word, 0x20) | equal(word, b'"') | equal(word, b'\\');
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at + text[at..].iter().take_while(|byte| !is_special(**byte)).count()
}

fn write_escaped(mut text: &[u8], out: &mut Vec<u8>) {
    loop {
        let (plain, rest) = text.split_at(plain_length(text));
        out.extend_from_slice(plain);
        let Some((special, rest)) = rest.split_first() else { return };
        write_special(*special, out);
        text = rest;
    }
}

fn write_special(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' => b'"',
        b'\\' => b'\\',
        0x08 => b'b',
        0x09 => b't',
        0x0a => b'n',
        0x0c => b'f',
        0x0d => b'r',
        _ => {
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&super::hex::write_pair(byte));
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Appends a float as CPython's `repr` prints it: shortest digits, plain between 1e-4 and 1e16.
pub fn write_float(value: f64, out: &mut Vec<u8>) {
    if value.is_nan() {
        out.extend_from_slice(b"NaN");
        return;
    }
    if value.is_infinite() {
        out.extend_from_slice(if value > 0.0 { b"Infinity" } else { b"-Infinity" });
        return;
    }
    // Rust prints the same shortest digits, in the layout `-d.ddde±x`.
    let mut buffer = [0_u8; 40];
    let mut cursor = std::io::Cursor::new(&mut buffer[..]);
    let written = write!(cursor, "{value:e}").is_ok();
    debug_assert!(written, "a float in scientific form fits 40 bytes");
    let length = usize::try_from(cursor.position()).unwrap_or(0);
    let mut rest = &buffer[..length];
    if let [b'-', after @ ..] = rest {
        out.push(b'-');
        rest = after;
    }
    let split = rest.iter().position(|byte| *byte == b'e').unwrap_or(rest.len());
    let exponent: i32 = std::str::from_utf8(rest.get(split + 1..).unwrap_or_default())
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let (first, fraction) = (&rest[..1], rest[..split].get(2..).unwrap_or_default());
    let digits = || first.iter().chain(fraction).copied();
    let count = 1 + fraction.len();
    match exponent {
        0..16 => {
            let whole = usize::try_from(exponent).unwrap_or(0) + 1;
            out.extend(digits().chain(std::iter::repeat(b'0')).take(whole));
            out.push(b'.');
            if count > whole {
                out.extend(digits().skip(whole));
            } else {
                out.push(b'0');
            }
        }
        -4..0 => {
            out.extend_from_slice(b"0.");
            out.extend(std::iter::repeat_n(b'0', usize::try_from(-exponent - 1).unwrap_or(0)));
            out.extend(digits());
        }
        _ => {
            out.extend_from_slice(first);
            if !fraction.is_empty() {
                out.push(b'.');
                out.extend_from_slice(fraction);
            }
            let sign = if exponent < 0 { '-' } else { '+' };
            // Writing to a Vec cannot fail.
            let _ = write!(out, "e{sign}{:02}", exponent.unsigned_abs());
        }
    }
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    numbers: Numbers,
    buffers: &'a mut Canonicalizer,
    out: &'a mut Vec<u8>,
}

impl Parser<'_> {
    fn document(&mut self) -> Result<Shape, JsonError> {
        self.skip_whitespace();
        let shape = if self.peek() == Some(b'{') { Shape::Object } else { Shape::Other };
        self.value(0)?;
        self.skip_whitespace();
        if self.at == self.text.len() { Ok(shape) } else { Err(self.syntax()) }
    }

    fn value(&mut self, depth: usize) -> Result<(), JsonError> {
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                self.out.push(b'"');
                self.string(None)?;
                self.out.push(b'"');
                Ok(())
            }
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal(b"true"),
            Some(b'f') => self.literal(b"false"),
            Some(b'n') => self.literal(b"null"),
            Some(b'N') => self.not_finite(b"NaN"),
            Some(b'I') => self.not_finite(b"Infinity"),
            _ => Err(self.syntax()),
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), JsonError> {
        if depth >= MAX_DEPTH {
            return Err(JsonError::Depth);
        }
        self.at += 1;
        self.out.push(b'{');
        let first_member = self.buffers.members.len();
        let first_key = self.buffers.keys.len();
        let mut in_order = true;
        self.skip_whitespace();
        if self.take(b'}') {
            self.out.push(b'}');
            return Ok(());
        }
        loop {
            if !self.take(b'"') {
                return Err(self.syntax());
            }
            if self.buffers.members.len() > first_member {
                self.out.push(b',');
            }
            let key_start = self.buffers.keys.len();
            let text_start = self.out.len();
            self.out.push(b'"');
            self.string(Some(()))?;
            self.out.push(b'"');
            let key = (key_start, self.buffers.keys.len());
            self.skip_whitespace();
            if !self.take(b':') {
                return Err(self.syntax());
            }
            self.out.push(b':');
            self.skip_whitespace();
            self.value(depth + 1)?;
            if let Some(previous) = self.buffers.members[first_member..].last() {
                in_order &= self.compare_keys(previous.key, key) == Ordering::Less;
            }
            self.buffers.members.push(Member { key, text: (text_start, self.out.len()) });
            self.skip_whitespace();
            if self.take(b',') {
                self.skip_whitespace();
            } else if self.take(b'}') {
                break;
            } else {
                return Err(self.syntax());
            }
        }
        if !in_order {
            self.sort_members(first_member);
        }
        self.buffers.members.truncate(first_member);
        self.buffers.keys.truncate(first_key);
        self.out.push(b'}');
        Ok(())
    }

    /// Puts the members of the innermost open object, whose texts end `out`, in order of their keys.
    fn sort_members(&mut self, first_member: usize) {
        let Canonicalizer { members, keys, sorted } = &mut *self.buffers;
        let members = &mut members[first_member..];
        let start = members[0].text.0;
        let key = |member: &Member| &keys[member.key.0..member.key.1];
        // Stable, so that of equal keys the last written stays last.
        members.sort_by(|one, other| key(one).cmp(key(other)));
        sorted.clear();
        for (at, member) in members.iter().enumerate() {
            if members.get(at + 1).is_some_and(|next| key(next) == key(member)) {
                continue;
            }
            if !sorted.is_empty() {
                sorted.push(b',');
            }
            sorted.extend_from_slice(&self.out[member.text.0..member.text.1]);
        }
        self.out.truncate(start);
        self.out.extend_from_slice(sorted);
    }

    fn compare_keys(&self, one: (usize, usize), other: (usize, usize)) -> Ordering {
        self.buffers.keys[one.0..one.1].cmp(&self.buffers.keys[other.0..other.1])
    }

    fn array(&mut self, depth: usize) -> Result<(), JsonError> {
        if depth >= MAX_DEPTH {
            return Err(JsonError::Depth);
        }
        self.at += 1;
        self.out.push(b'[');
        self.skip_whitespace();
        if self.take(b']') {
            self.out.push(b']');
            return Ok(());
        }
        loop {
            self.value(depth + 1)?;
            self.skip_whitespace();
            if self.take(b',') {
                self.out.push(b',');
                self.skip_whitespace();
            } else if self.take(b']') {
                self.out.push(b']');
                return Ok(());
            } else {
                return Err(self.syntax());
            }
        }
    }

    /// Reads a string after its opening quote and writes it without quotes; with `as_key` its decoded
    /// text is added to the keys too.
    fn string(&mut self, as_key: Option<()>) -> Result<(), JsonError> {
        loop {
            let run = plain_length(&self.text[self.at..]);
            let plain = &self.text[self.at..self.at + run];
            self.out.extend_from_slice(plain);
            if as_key.is_some() {
                self.buffers.keys.extend_from_slice(plain);
            }
            self.at += run;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    let mut utf8 = [0; 4];
                    let decoded = self.escape()?.encode_utf8(&mut utf8).as_bytes();
                    write_escaped(decoded, self.out);
                    if as_key.is_some() {
                        self.buffers.keys.extend_from_slice(decoded);
                    }
                }
                // A raw control character, or the end of the text.
                _ => return Err(self.syntax()),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let letter = self.text.get(self.at + 1).copied().ok_or_else(|| self.syntax())?;
        let simple = match letter {
            b'"' | b'\\' | b'/' => letter,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => return self.unicode_escape(),
            _ => return Err(self.syntax()),
        };
        self.at += 2;
        Ok(char::from(simple))
    }

    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        let unit = self.hex_unit()?;
        let code = match unit {
            0xd800..=0xdbff => {
                if self.text[self.at..].starts_with(b"\\u") {
                    let low = self.hex_unit()?;
                    if !(0xdc00..=0xdfff).contains(&low) {
                        return Err(JsonError::Surrogate);
                    }
                    0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
                } else {
                    return Err(JsonError::Surrogate);
                }
            }
            _ => unit,
        };
        char::from_u32(code).ok_or(JsonError::Surrogate)
    }

    /// Reads `\uXXXX` at the present place.
    fn hex_unit(&mut self) -> Result<u32, JsonError> {
        let digits = self.text.get(self.at + 2..self.at + 6).ok_or_else(|| self.syntax())?;
        let high = super::hex::read_pair(digits[0], digits[1]);
        let low = super::hex::read_pair(digits[2], digits[3]);
        let (Some(high), Some(low)) = (high, low) else { return Err(self.syntax()) };
        self.at += 6;
        Ok(u32::from(high) << 8 | u32::from(low))
    }

    fn number(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        self.take(b'-');
        if self.peek() == Some(b'I') {
            self.at = start;
            return self.not_finite(b"-Infinity");
        }
        let whole = self.digits();
        if whole == 0 || (whole > 1 && self.text[self.at - whole] == b'0') {
            self.at = start;
            return Err(self.syntax());
        }
        let mut float = false;
        if self.peek() == Some(b'.') {
            self.at += 1;
            float = true;
            if self.digits() == 0 {
                return Err(self.syntax());
            }
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            float = true;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(self.syntax());
            }
        }
        let number = &self.text[start..self.at];
        if !float {
            self.out.extend_from_slice(if number == b"-0" { b"0" } else { number });
            return Ok(());
        }
        let value: f64 = std::str::from_utf8(number)
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or(JsonError::Syntax(start))?;
        if value.is_infinite() && self.numbers == Numbers::Finite {
            return Err(JsonError::NotFinite);
        }
        write_float(value, self.out);
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let count = self.text[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }

    fn not_finite(&mut self, word: &[u8]) -> Result<(), JsonError> {
        if self.numbers == Numbers::Finite && self.text[self.at..].starts_with(word) {
            return Err(JsonError::NotFinite);
        }
        self.literal(word)
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), JsonError> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.syntax());
        }
        self.at += word.len();
        self.out.extend_from_slice(word);
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn syntax(&self) -> JsonError {
        JsonError::Syntax(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(text: &str) -> Result<String, JsonError> {
        let mut out = Vec::new();
        Canonicalizer::new().write(text.as_bytes(), Numbers::Python, &mut out)?;
        Ok(String::from_utf8(out).expect("canonical text is UTF-8"))
    }

    #[test]
    fn sorts_keys_and_keeps_the_last_duplicate() {
        assert_eq!(
            canonical(r#"{"b":1,"a":{"z":1,"Z":2},"b":[2, 3]}"#),
            Ok(r#"{"a":{"Z":2,"z":1},"b":[2,3]}"#.into())
        );
        assert_eq!(canonical(r#"{"a":1,"a":2,"a":{"a":3}}"#), Ok(r#"{"a":{"a":3}}"#.into()));
        // By decoded code points: the escape of a quote must not change the order.
        assert_eq!(canonical(r#"{"]":1,"\"":2}"#), Ok(r#"{"\"":2,"]":1}"#.into()));
    }

    #[test]
    fn refuses_what_python_refuses() {
        for text in [
            "",
            " ",
            "{",
            "}",
            "[1,]",
            "{\"a\":1,}",
            "01",
            "1.",
            "-",
            ".5",
            "1e",
            "+1",
            "tru",
            "'a'",
            "\"\t\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u12g4\"",
            "\"abc",
            "{\"a\" 1}",
            "{1:2}",
            "1 2",
            "\u{feff}{}",
            "nan",
            "-NaN",
            "[1 2]",
        ] {
            assert!(matches!(canonical(text), Err(JsonError::Syntax(_))), "{text:?}: {:?}", canonical(text));
        }
        assert_eq!(canonical(r#""\ud800""#), Err(JsonError::Surrogate));
        assert_eq!(canonical(r#""\udc00\ud800""#), Err(JsonError::Surrogate));
        assert_eq!(canonical(r#""\ud800\u0041""#), Err(JsonError::Surrogate));
        assert_eq!(canonical(&"[".repeat(100_000)), Err(JsonError::Depth));
    }

    #[test]
    fn an_error_leaves_the_output_as_it_was() {
        let mut out = b"before".to_vec();
        assert!(Canonicalizer::new().write(b"{\"a\":1,", Numbers::Python, &mut out).is_err());
        assert_eq!(out, b"before");
    }

    #[test]
    fn floats_print_as_python_prints_them() {
        for (text, expected) in [
            ("1.0", "1.0"),
            ("1e15", "1000000000000000.0"),
            ("1e16", "1e+16"),
            ("0.0001", "0.0001"),
            ("0.00001", "1e-05"),
            ("1.5e-10", "1.5e-10"),
            ("5e-324", "5e-324"),
            ("-0.0", "-0.0"),
            ("0.0", "0.0"),
            ("1e400", "Infinity"),
            ("123456789012345680.0", "1.2345678901234568e+17"),
            ("9007199254740993.0", "9007199254740992.0"),
            ("1234.5678", "1234.5678"),
            ("100e-2", "1.0"),
            ("-1e-400", "-0.0"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"),
        ] {
            assert_eq!(canonical(text).as_deref(), Ok(expected), "{text}");
        }
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_filter("finite", |value| value.is_finite()).prop_map(Into::into),
            "\\PC{0,12}".prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(5, 60, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                proptest::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn keeps_the_value_and_is_idempotent(value in any_json()) {
            let once = canonical(&value.to_string()).expect("valid JSON");
            let read: serde_json::Value = serde_json::from_str(&once).expect("canonical text is JSON");
            prop_assert_eq!(&read, &value);
            prop_assert_eq!(canonical(&once).expect("canonical text"), once);
        }

        #[test]
        fn arbitrary_bytes_never_panic(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Canonicalizer::new().write(&text, Numbers::Finite, &mut Vec::new());
        }

        #[test]
        fn plain_runs_are_measured_exactly(text in proptest::collection::vec(any::<u8>(), 0..64)) {
            let expected = text.iter().take_while(|byte| !is_special(**byte)).count();
            prop_assert_eq!(plain_length(&text), expected);
        }

        #[test]
        fn floats_read_back(bits: u64) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            let mut out = Vec::new();
            write_float(value, &mut out);
            let text = String::from_utf8(out).expect("digits");
            prop_assert_eq!(text.parse::<f64>().expect("a float").to_bits(), bits);
        }
    }
}
