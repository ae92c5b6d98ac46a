//! Elements of DER (ITU-T X.690): tags of one byte, definite lengths in their shortest form. As much as timestamps need.

/// Tag of an INTEGER.
pub const INTEGER: u8 = 0x02;
/// Tag of a BIT STRING.
pub const BIT_STRING: u8 = 0x03;
/// Tag of an OCTET STRING.
pub const OCTET_STRING: u8 = 0x04;
/// Tag of an OBJECT IDENTIFIER.
pub const OBJECT_IDENTIFIER: u8 = 0x06;
/// Tag of a `GeneralizedTime`.
pub const GENERALIZED_TIME: u8 = 0x18;
/// Tag of a SEQUENCE.
pub const SEQUENCE: u8 = 0x30;
/// Tag of a SET.
pub const SET: u8 = 0x31;

/// The tag of a constructed element `[number]`.
pub const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// One element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'b> {
    /// Its tag.
    pub tag: u8,
    /// What is in it.
    pub value: &'b [u8],
    /// All of it, with tag and length.
    pub whole: &'b [u8],
}

/// Reads elements that follow one another.
#[derive(Debug, Clone)]
pub struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    /// Over these bytes.
    pub fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next element, when it is whole and has this tag; otherwise the reader stays where it is.
    pub fn read(&mut self, tag: u8) -> Option<&'b [u8]> {
        let element = element(self.0).filter(|element| element.tag == tag)?;
        self.0 = &self.0[element.whole.len()..];
        Some(element.value)
    }

    /// A reader over what is in the next element, when that has this tag.
    pub fn enter(&mut self, tag: u8) -> Option<Self> {
        self.read(tag).map(Self)
    }
}

impl<'b> Iterator for Reader<'b> {
    type Item = Element<'b>;

    fn next(&mut self) -> Option<Element<'b>> {
        let element = element(self.0)?;
        self.0 = &self.0[element.whole.len()..];
        Some(element)
    }
}

/// The element at the beginning.
fn element(bytes: &[u8]) -> Option<Element<'_>> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    // Tags of several bytes do not occur in what is read here.
    if tag & 0x1f == 0x1f {
        return None;
    }
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
            let is_shortest = length > 0x7f && digits[0] != 0;
            (is_shortest.then_some(length)?, rest)
        }
        _ => return None,
    };
    let value = rest.get(..length)?;
    let head = bytes.len() - rest.len();
    Some(Element { tag: *tag, value, whole: &bytes[..head + length] })
}

/// The bytes of an element that holds these parts.
pub fn encode(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut bytes = vec![tag];
    let digits = length.to_be_bytes();
    let digits = &digits[digits.iter().take_while(|digit| **digit == 0).count()..];
    if length > 0x7f {
        bytes.push(0x80 | u8::try_from(digits.len()).unwrap_or_default());
    }
    bytes.extend_from_slice(if length == 0 { &[0] } else { digits });
    bytes.extend(parts.iter().copied().flatten());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_whole_elements_in_their_shortest_form() {
        for bytes in [
            &[][..],
            &[0x30],
            &[0x30, 1],
            &[0x30, 0x80, 0, 0],
            &[0x30, 0x81, 1, 0],
            &[0x30, 0x82, 0, 0x80],
            &[0x3f, 1, 0],
            &[0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert_eq!(Reader::new(bytes).next(), None, "{bytes:02x?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_reads_back(tag in 0_u8..0x1f, value in proptest::collection::vec(any::<u8>(), 0..70_000), rest in any::<[u8; 3]>()) {
            let whole = encode(tag, &[&value[..value.len() / 2], &value[value.len() / 2..]]);
            let bytes = [&whole[..], &rest].concat();
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(reader.next(), Some(Element { tag, value: &value, whole: &whole }));
            prop_assert_eq!(reader.0, rest);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut reader = Reader::new(&bytes);
            while reader.next().is_some() {}
            let _ = Reader::new(&bytes).enter(SEQUENCE).is_some_and(|inner| inner.is_empty());
        }
    }
}
