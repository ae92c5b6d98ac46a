//! Text as Python sees it: what counts as a space or a digit, case folding, NFKC.

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizerBorrowed;

/// `str.isspace`: the Unicode property `White_Space`, and the four ASCII separators.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// `str.isdecimal`: a digit of a positional system, in any script.
pub(super) fn is_decimal(c: char) -> bool {
    let after = ZEROS.partition_point(|zero| *zero <= c);
    after > 0 && u32::from(c) - u32::from(ZEROS[after - 1]) < 10
}

/// `str.isdigit`: a decimal, or a digit of another make, such as a superscript. A fraction is none.
pub(super) fn is_digit(c: char) -> bool {
    is_decimal(c) || OTHER_DIGITS.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

/// `str.casefold`: full Unicode case folding.
pub(super) fn fold_case(text: &str) -> String {
    CaseMapper::new().fold_string(text).into_owned()
}

/// `unicodedata.normalize("NFKC", …)`.
pub(super) fn nfkc(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfkc().normalize(text).into_owned()
}

/// The zero of every run of ten decimal digits (Unicode 14, general category Nd). A digit that is newer is taken
/// for neither digit nor symbol, which makes the password policy stricter, not laxer.
const ZEROS: &[char] = &[
    '\u{30}',
    '\u{660}',
    '\u{6f0}',
    '\u{7c0}',
    '\u{966}',
    '\u{9e6}',
    '\u{a66}',
    '\u{ae6}',
    '\u{b66}',
    '\u{be6}',
    '\u{c66}',
    '\u{ce6}',
    '\u{d66}',
    '\u{de6}',
    '\u{e50}',
    '\u{ed0}',
    '\u{f20}',
    '\u{1040}',
    '\u{1090}',
    '\u{17e0}',
    '\u{1810}',
    '\u{1946}',
    '\u{19d0}',
    '\u{1a80}',
    '\u{1a90}',
    '\u{1b50}',
    '\u{1bb0}',
    '\u{1c40}',
    '\u{1c50}',
    '\u{a620}',
    '\u{a8d0}',
    '\u{a900}',
    '\u{a9d0}',
    '\u{a9f0}',
    '\u{aa50}',
    '\u{abf0}',
    '\u{ff10}',
    '\u{104a0}',
    '\u{10d30}',
    '\u{11066}',
    '\u{110f0}',
    '\u{11136}',
    '\u{111d0}',
    '\u{112f0}',
    '\u{11450}',
    '\u{114d0}',
    '\u{11650}',
    '\u{116c0}',
    '\u{11730}',
    '\u{118e0}',
    '\u{11950}',
    '\u{11c50}',
    '\u{11d50}',
    '\u{11da0}',
    '\u{16a60}',
    '\u{16ac0}',
    '\u{16b50}',
    '\u{1d7ce}',
    '\u{1d7d8}',
    '\u{1d7e2}',
    '\u{1d7ec}',
    '\u{1d7f6}',
    '\u{1e140}',
    '\u{1e2f0}',
    '\u{1e950}',
    '\u{1fbf0}',
];

/// Digits without a place value (Unicode 14, `Numeric_Type=Digit`).
const OTHER_DIGITS: &[(char, char)] = &[
    ('\u{b2}', '\u{b3}'),
    ('\u{b9}', '\u{b9}'),
    ('\u{1369}', '\u{1371}'),
    ('\u{19da}', '\u{19da}'),
    ('\u{2070}', '\u{2070}'),
    ('\u{2074}', '\u{2079}'),
    ('\u{2080}', '\u{2089}'),
    ('\u{2460}', '\u{2468}'),
    ('\u{2474}', '\u{247c}'),
    ('\u{2488}', '\u{2490}'),
    ('\u{24ea}', '\u{24ea}'),
    ('\u{24f5}', '\u{24fd}'),
    ('\u{24ff}', '\u{24ff}'),
    ('\u{2776}', '\u{277e}'),
    ('\u{2780}', '\u{2788}'),
    ('\u{278a}', '\u{2792}'),
    ('\u{10a40}', '\u{10a43}'),
    ('\u{10e60}', '\u{10e68}'),
    ('\u{11052}', '\u{1105a}'),
    ('\u{1f100}', '\u{1f10a}'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_python() {
        assert!(ZEROS.is_sorted());
        let all = || char::MIN..=char::MAX;
        assert_eq!(all().filter(|c| is_decimal(*c)).count(), 660);
        assert_eq!(all().filter(|c| is_digit(*c)).count(), 788);
        assert!(all().all(|c| !is_digit(c) || c.is_numeric()));
        for (c, decimal, digit) in
            [('9', true, true), ('\u{669}', true, true), ('²', false, true), ('½', false, false)]
        {
            assert_eq!((is_decimal(c), is_digit(c)), (decimal, digit), "{c}");
        }
    }

    #[test]
    fn spaces_are_those_of_python() {
        assert_eq!((char::MIN..=char::MAX).filter(|c| is_space(*c)).count(), 29);
    }
}
