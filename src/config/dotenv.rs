//! The syntax of `config.env` and `.env`: dotenv without expansion (identity-and-secrets, section 2.3).

use zeroize::Zeroizing;

use super::files::{Document, malformed, shown_name};
use crate::error::Result;

/// Reads a whole document. Names are folded to upper case, because z4j compares them so.
///
/// `label` names the file in errors; errors name the line, and never a value.
pub(super) fn parse(text: &str, label: &str) -> Result<Document> {
    let mut document = Document::default();
    let mut reader = Reader { text, position: 0 };
    loop {
        reader.skip(char::is_whitespace);
        if reader.rest().is_empty() {
            return Ok(document);
        }
        let line = reader.line();
        let Some(binding) = reader.binding() else {
            return Err(malformed(label, line, "is not an assignment"));
        };
        let Some((name, value)) = binding else { continue };
        let name = name.to_uppercase();
        let shown = shown_name(&name);
        let Some(value) = value else {
            return Err(malformed(label, line, &format!("names {shown} and gives it no value")));
        };
        if !document.insert(name, value, line) {
            return Err(malformed(label, line, &format!("sets {shown} a second time")));
        }
    }
}

/// One line: nothing (a comment), or a name with or without a value.
type Binding = Option<(String, Option<Zeroizing<String>>)>;

struct Reader<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.position..]
    }

    fn line(&self) -> u32 {
        let newlines = self.text[..self.position].matches('\n').count();
        u32::try_from(newlines).unwrap_or(u32::MAX).saturating_add(1)
    }

    fn skip(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|character| !accept(character)).unwrap_or(rest.len());
        self.position += end;
        &rest[..end]
    }

    fn skip_blanks(&mut self) -> bool {
        !self.skip(is_blank).is_empty()
    }

    fn eat(&mut self, character: char) -> bool {
        let found = self.rest().starts_with(character);
        if found {
            self.position += character.len_utf8();
        }
        found
    }

    /// Reads one binding and its end of line; `None` when it is malformed.
    fn binding(&mut self) -> Option<Binding> {
        let start = self.position;
        if self.rest().starts_with("export") {
            self.position += "export".len();
            if !self.skip_blanks() {
                self.position = start;
            }
        }
        let name = match self.rest().chars().next() {
            Some('#') => None,
            Some('\'') => {
                self.eat('\'');
                let name = self.skip(|character| character != '\'');
                (self.eat('\'') && !name.is_empty()).then_some(())?;
                Some(name)
            }
            _ => {
                let name =
                    self.skip(|character| !matches!(character, '=' | '#') && !character.is_whitespace());
                (!name.is_empty()).then_some(())?;
                Some(name)
            }
        };
        self.skip_blanks();
        let value = if self.eat('=') {
            self.skip_blanks();
            Some(self.value()?)
        } else {
            None
        };
        self.skip_blanks();
        if self.rest().starts_with('#') {
            self.skip(|character| !is_newline(character));
        }
        let ended = self.rest().is_empty() || self.rest().starts_with(is_newline);
        ended.then(|| name.map(|name| (name.to_owned(), value)))
    }

    fn value(&mut self) -> Option<Zeroizing<String>> {
        if let Some(quote @ ('\'' | '"')) = self.rest().chars().next() {
            return self.quoted(quote);
        }
        let whole = self.skip(|character| !is_newline(character));
        let comment = whole
            .char_indices()
            .find(|(index, character)| *character == '#' && whole[..*index].ends_with(char::is_whitespace));
        let end = comment.map_or(whole.len(), |(index, _)| index);
        Some(Zeroizing::new(whole[..end].trim_end().to_owned()))
    }

    fn quoted(&mut self, quote: char) -> Option<Zeroizing<String>> {
        self.eat(quote);
        let mut value = Zeroizing::new(String::new());
        let mut characters = self.rest().char_indices();
        while let Some((index, character)) = characters.next() {
            if character == quote {
                self.position += index + quote.len_utf8();
                return Some(value);
            }
            if character != '\\' {
                value.push(character);
                continue;
            }
            let (_, escaped) = characters.next()?;
            match unescape(escaped, quote) {
                Some(plain) => value.push(plain),
                None => value.extend([character, escaped]),
            }
        }
        None
    }
}

/// The character that `\` and this one stand for; single quotes know only `\\` and `\'`.
fn unescape(escaped: char, quote: char) -> Option<char> {
    match (escaped, quote) {
        ('\\' | '\'', _) => Some(escaped),
        (_, '\'') => None,
        ('"', _) => Some('"'),
        ('a', _) => Some('\u{7}'),
        ('b', _) => Some('\u{8}'),
        ('f', _) => Some('\u{c}'),
        ('n', _) => Some('\n'),
        ('r', _) => Some('\r'),
        ('t', _) => Some('\t'),
        ('v', _) => Some('\u{b}'),
        _ => None,
    }
}

fn is_newline(character: char) -> bool {
    matches!(character, '\n' | '\r')
}

fn is_blank(character: char) -> bool {
    character.is_whitespace() && !is_newline(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_span_lines_and_lines_are_counted() {
        let document = parse("A='x\ny'\nB=\"q\\\"\\z\"\n\nC = 3 # c\n", "f").unwrap();
        assert_eq!(document.get("A").unwrap().value.as_str(), "x\ny");
        assert_eq!(document.get("B").unwrap().value.as_str(), "q\"\\z");
        assert_eq!(document.get("C").unwrap().value.as_str(), "3");
        assert_eq!(document.get("C").unwrap().line, 5);
    }

    #[test]
    fn errors_name_the_line_and_not_the_value() {
        let error = parse("A=1\n\nZ4J_SECRET='hunter2hunter2\n", "config.env").unwrap_err();
        assert_eq!(error.message(), "config.env line 3 is not an assignment");
    }
}
