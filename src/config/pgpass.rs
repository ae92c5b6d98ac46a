//! The syntax and the rules of `.pgpass`.

use std::path::Path;

use zeroize::Zeroizing;

use super::Password;
use super::files::{Accept, FILE_LIMIT, read_text};

/// The server and role that a password is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Login<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) dbname: &'a str,
    pub(super) user: &'a str,
}

/// Reads a password file. As in libpq no fault of it is an error; unlike libpq each one is said.
///
/// `is_named` tells a file that somebody asked for, whose absence is worth a word.
pub(super) fn read(path: &Path, is_named: bool, warnings: &mut Vec<String>) -> Option<Zeroizing<String>> {
    match read_text(path, FILE_LIMIT, Accept::Regular) {
        Ok(Some(file)) if file.is_shared => {
            warnings.push(format!(
                "the password file {} is open to group or others and was ignored: chmod 600",
                path.display()
            ));
            None
        }
        Ok(Some(file)) => Some(file.text),
        Ok(None) => {
            if is_named {
                warnings.push(format!("the password file {} does not exist", path.display()));
            }
            None
        }
        Err(error) => {
            warnings.push(format!("the password file was ignored: {error}"));
            None
        }
    }
}

/// The password of the first line that matches, and that line, counted from 1.
pub(super) fn find(text: &str, login: Login<'_>) -> Option<(Password, u32)> {
    let port = login.port.to_string();
    let wanted = [login.host, port.as_str(), login.dbname, login.user];
    (1..).zip(text.lines()).filter(|(_, line)| !line.starts_with('#')).find_map(|(number, line)| {
        let rest = wanted.into_iter().try_fold(line, after_match)?;
        Some((Password::new(&field(rest)), number))
    })
}

/// What follows the first field, when that field is `*` or exactly this text.
fn after_match<'a>(line: &'a str, wanted: &str) -> Option<&'a str> {
    if let Some(rest) = line.strip_prefix("*:") {
        return Some(rest);
    }
    let mut expected = wanted.chars();
    let mut characters = line.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            ':' => return expected.next().is_none().then(|| &line[index + 1..]),
            '\\' => {
                let (_, escaped) = characters.next()?;
                (expected.next() == Some(escaped)).then_some(())?;
            }
            character => (expected.next() == Some(character)).then_some(())?,
        }
    }
    None
}

/// The field up to the next bare colon, without its backslashes.
fn field(text: &str) -> Zeroizing<String> {
    let mut value = Zeroizing::new(String::new());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            ':' => break,
            '\\' => value.push(characters.next().unwrap_or('\\')),
            character => value.push(character),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look_up(text: &str) -> Option<String> {
        let login = Login { host: "db:1", port: 5432, dbname: "z4j", user: "back\\slash" };
        find(text, login).map(|(password, _)| password.expose().to_owned())
    }

    #[test]
    fn fields_match_exactly_or_by_star() {
        let exact = "db\\:1:5432:z4j:back\\\\slash:p\\:w\\\\d\n";
        assert_eq!(look_up(exact).as_deref(), Some("p:w\\d"));
        assert_eq!(look_up("*:*:*:*:pw").as_deref(), Some("pw"));
        assert_eq!(look_up("#*:*:*:*:pw"), None);
        assert_eq!(look_up("other:*:*:*:pw\n*:5433:*:*:pw\n*:*:z4:*:pw\n*:*:z4jj:*:pw"), None);
        assert_eq!(look_up("*:*:*:*"), None);
        assert_eq!(look_up("*x:*:*:*:pw"), None);
        assert_eq!(look_up("*:*:*:*:first\r\n*:*:*:*:second\n").as_deref(), Some("first"));
    }
}
