//! CSV as RFC 4180 has it, with two conventions of PostgreSQL's `COPY … (FORMAT csv)`: an empty field is NULL, and `""`
//! is empty text.

/// Appends a field of text: in quotes when it is empty or holds a comma, a quote, CR or LF.
pub fn write_text(text: &[u8], out: &mut Vec<u8>) {
    // To the end, whatever is found: without an exit the compiler looks at many bytes at once, and few fields have any.
    let special = |found: bool, byte: &u8| found | matches!(byte, b',' | b'"' | b'\r' | b'\n');
    if !text.is_empty() && !text.iter().fold(false, special) {
        out.extend_from_slice(text);
        return;
    }
    write_quoted(text, out);
}

/// Appends a field in quotes; quotes in it are doubled.
pub fn write_quoted(text: &[u8], out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| *byte == b'"') {
        out.extend_from_slice(&rest[..=at]);
        out.push(b'"');
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// A parsed record: fields one after the other, NULL told from empty text.
#[derive(Debug, Default)]
pub struct Record {
    bytes: Vec<u8>,
    fields: Vec<(usize, usize, bool)>,
}

impl Record {
    /// Number of fields.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// A field; `None` is NULL, or that there is none.
    pub fn field(&self, index: usize) -> Option<&[u8]> {
        let (start, end, is_null) = *self.fields.get(index)?;
        (!is_null).then(|| &self.bytes[start..end])
    }

    /// Reads one record without its line end. The error says what is wrong with it.
    pub fn parse(&mut self, line: &[u8]) -> Result<(), &'static str> {
        self.bytes.clear();
        self.fields.clear();
        let mut rest = line;
        loop {
            let start = self.bytes.len();
            let quoted = rest.first() == Some(&b'"');
            if quoted {
                rest = self.quoted(&rest[1..])?;
            } else {
                let end = rest.iter().position(|byte| *byte == b',').unwrap_or(rest.len());
                if rest[..end].iter().any(|byte| matches!(byte, b'"' | b'\r' | b'\n')) {
                    return Err("a quote or line end in a field without quotes");
                }
                self.bytes.extend_from_slice(&rest[..end]);
                rest = &rest[end..];
            }
            self.fields.push((start, self.bytes.len(), !quoted && self.bytes.len() == start));
            match rest.split_first() {
                None => return Ok(()),
                Some((b',', behind)) => rest = behind,
                Some(_) => return Err("something stands behind the closing quote of a field"),
            }
        }
    }

    /// Reads a field after its opening quote; gives what is behind the closing one.
    fn quoted<'l>(&mut self, mut rest: &'l [u8]) -> Result<&'l [u8], &'static str> {
        loop {
            let end = rest
                .iter()
                .position(|byte| *byte == b'"')
                .ok_or("the closing quote of a field is missing")?;
            self.bytes.extend_from_slice(&rest[..end]);
            rest = &rest[end + 1..];
            match rest.first() {
                Some(b'"') => {
                    self.bytes.push(b'"');
                    rest = &rest[1..];
                }
                _ => return Ok(rest),
            }
        }
    }
}

/// Where records end: a line feed that is not in quotes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lines {
    in_quotes: bool,
}

impl Lines {
    /// The place of the next line end in what follows what was looked at before.
    pub fn find_end(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'"' => self.in_quotes = !self.in_quotes,
                b'\n' if !self.in_quotes => return Some(at),
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever a field holds, it comes back, and NULL stays NULL.
        #[test]
        fn any_field_comes_back(fields in proptest::collection::vec(
            proptest::option::of(proptest::collection::vec(
                prop_oneof![any::<u8>(), proptest::sample::select(b",\"\r\n'=\0".as_slice())],
                0..12,
            )),
            1..8,
        )) {
            let mut line = Vec::new();
            for (index, field) in fields.iter().enumerate() {
                if index > 0 {
                    line.push(b',');
                }
                if let Some(text) = field {
                    write_text(text, &mut line);
                }
            }
            line.push(b'\n');
            line.extend_from_slice(b"next");
            let end = Lines::default().find_end(&line);
            prop_assert_eq!(end, Some(line.len() - 5));
            let mut record = Record::default();
            record.parse(&line[..line.len() - 5]).expect("a record");
            prop_assert_eq!(record.len(), fields.len());
            for (index, field) in fields.iter().enumerate() {
                prop_assert_eq!(record.field(index), field.as_deref());
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(line in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Record::default().parse(&line);
        }
    }

    #[test]
    fn refuses_what_no_export_holds() {
        let mut record = Record::default();
        for line in [&b"\"a"[..], b"\"a\"b", b"a\"b", b"a,\"b\"\"", b"a\rb"] {
            assert!(record.parse(line).is_err(), "{line:?}");
        }
        record.parse(b"").expect("one NULL");
        assert_eq!((record.len(), record.field(0)), (1, None));
    }
}
