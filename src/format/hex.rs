//! Hexadecimal digits. A row of the log has some four hundred of them, so those of UUIDs and digests are read and
//! written 32 at a time, in loops without exits, which the compiler turns into a few instructions over all of them.

/// Reads 32 lower-case digits; `None` when one is something else.
pub(crate) fn read_lower(text: &[u8; 32]) -> Option<[u8; 16]> {
    let mut values = [0; 32];
    let mut all = 0;
    for (value, digit) in values.iter_mut().zip(text) {
        let (number, letter) = (digit.wrapping_sub(b'0'), digit.wrapping_sub(b'a'));
        *value = match (number, letter) {
            (0..=9, _) => number,
            (_, 0..=5) => letter + 10,
            _ => 0xff,
        };
        all |= *value;
    }
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(values.as_chunks::<2>().0) {
        *byte = pair[0] << 4 | (pair[1] & 15);
    }
    (all < 16).then_some(bytes)
}

/// The 32 lower-case digits of 16 bytes.
pub(crate) fn write_lower(bytes: &[u8; 16]) -> [u8; 32] {
    let mut text = [0; 32];
    for (pair, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
        *pair = [byte >> 4, byte & 15];
    }
    for digit in &mut text {
        *digit += if *digit < 10 { b'0' } else { b'a' - 10 };
    }
    text
}

/// The byte of two digits in either case.
pub(crate) fn read_pair(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

/// The two lower-case digits of a byte.
pub(crate) fn write_pair(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
}

/// Bytes as lower-case digits.
pub(crate) fn text(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| write_pair(*byte)).map(char::from).collect()
}

/// The bytes of digits in either case.
pub(crate) fn parse(digits: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| read_pair(*high, *low)).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_reads_back(bytes: [u8; 16]) {
            let written = write_lower(&bytes);
            prop_assert_eq!(text(&bytes), String::from_utf8_lossy(&written));
            prop_assert_eq!(read_lower(&written), Some(bytes));
            prop_assert_eq!(parse(&text(&bytes).to_uppercase()), Some(bytes.to_vec()));
        }
    }

    #[test]
    fn every_byte_is_a_digit_or_refused_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            let value = char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
            let lower = value.filter(|_| !byte.is_ascii_uppercase());
            assert_eq!(read_pair(byte, b'0'), value.map(|value| value << 4));
            assert_eq!(read_pair(b'0', byte), value);
            for at in 0..32 {
                let mut text = [b'0'; 32];
                text[at] = byte;
                let mut expected = [0; 16];
                expected[at / 2] = lower.unwrap_or(0) << (4 * (1 - at % 2));
                assert_eq!(read_lower(&text), lower.map(|_| expected), "{byte:#x} at {at}");
            }
        }
    }
}
