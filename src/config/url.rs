//! The forms in which operators write a database (identity-and-secrets, section 2.4): SQLAlchemy's URLs as
//! z4j has them, libpq's URLs and connection strings, and bare SQLite paths.
//!
//! No error repeats a piece of the text: in a malformed URL any piece may belong to the password.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

use super::Origin;
use super::parameters::Parameters;
use crate::error::{Error, Result};

/// What a text turned out to name.
pub(super) enum Address {
    /// A file, not yet resolved against the working directory.
    Sqlite(PathBuf),
    /// A server.
    Postgres(Parameters),
}

/// Whose rules a PostgreSQL URL follows. They differ in where a password ends and in what `+` means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Libpq,
    SqlAlchemy,
}

/// Reads any form. `origin` is for errors and for the origins of the parameters.
pub(super) fn parse(text: &str, origin: &Origin, warnings: &mut Vec<String>) -> Result<Address> {
    let text = text.trim();
    if text.is_empty() {
        return Err(refusal(origin, "is empty"));
    }
    if text.contains('\0') {
        return Err(refusal(origin, "contains a NUL character"));
    }
    let Some((scheme, rest)) = split_scheme(text) else {
        return parse_without_scheme(text, origin, warnings);
    };
    let scheme = scheme.to_ascii_lowercase();
    let (family, driver) = scheme.split_once('+').map_or((scheme.as_str(), None), |(a, b)| (a, Some(b)));
    match (family, driver, rest.strip_prefix("//")) {
        ("sqlite", _, Some(rest)) => {
            let path = rest.strip_prefix('/').ok_or_else(|| {
                refusal(origin, "is a SQLite URL with a host")
                    .hint("write three slashes in front of a relative path, four in front of an absolute one")
            })?;
            parse_sqlite(path, origin).map(Address::Sqlite)
        }
        ("sqlite", None, None) => parse_sqlite(rest, origin).map(Address::Sqlite),
        ("postgresql" | "postgres", driver, Some(rest)) => {
            let dialect = if driver.is_some() { Dialect::SqlAlchemy } else { Dialect::Libpq };
            parse_postgres(rest, dialect, origin, warnings).map(Address::Postgres)
        }
        ("file", _, _) => Err(refusal(origin, "is a SQLite 'file:' URI, which is not supported")
            .hint("give the path itself; z4jctl decides how the file is opened")),
        _ => Err(refusal(origin, "is not a URL of a SQLite or PostgreSQL database").hint(
            "write sqlite+aiosqlite:///…, postgresql+asyncpg://…, postgresql://… or a path; \
             put ./ in front of a file name that contains a colon",
        )),
    }
}

fn refusal(origin: &Origin, complaint: &str) -> Error {
    Error::usage("database.malformed", format!("the database setting ({origin}) {complaint}"))
}

fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme.then_some((scheme, rest))
}

/// A libpq connection string when it begins with `word=`, else a path. A word that is not libpq's is
/// refused, because a mistyped connection string must not be shown as the name of a missing file.
fn parse_without_scheme(text: &str, origin: &Origin, warnings: &mut Vec<String>) -> Result<Address> {
    let is_word = |one: char| one.is_ascii_alphanumeric() || one == '_';
    let word = text.find(|one| !is_word(one)).unwrap_or(text.len());
    if word > 0 && text[word..].trim_start().starts_with('=') {
        return parse_conninfo(text, origin, warnings).map(Address::Postgres);
    }
    if text == ":memory:" {
        return Err(in_memory(origin));
    }
    Ok(Address::Sqlite(PathBuf::from(text)))
}

fn in_memory(origin: &Origin) -> Error {
    refusal(origin, "names a SQLite database in memory; there is nothing of a brain in it")
}

fn parse_sqlite(text: &str, origin: &Origin) -> Result<PathBuf> {
    let path = text.split_once('?').map_or(text, |(path, _)| path);
    if path.is_empty() || path == ":memory:" {
        return Err(in_memory(origin));
    }
    if path.starts_with("file:") {
        return Err(refusal(origin, "holds a SQLite 'file:' URI, which is not supported"));
    }
    let bytes: Vec<u8> = percent_decode_str(path).collect();
    if bytes.contains(&0) {
        return Err(refusal(origin, "contains a NUL character"));
    }
    Ok(PathBuf::from(OsString::from_vec(bytes)))
}

fn parse_postgres(
    text: &str,
    dialect: Dialect,
    origin: &Origin,
    warnings: &mut Vec<String>,
) -> Result<Parameters> {
    let mut parameters = Parameters::default();
    let (login, rest) = split_login(text, dialect);
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let (path, query) = tail.split_once('?').map_or((tail, ""), |(path, query)| (path, query));
    if authority.contains('@') || path.contains('@') {
        return Err(refusal(origin, "has an '@' where none can be").hint(
            "write special characters of a user name or password in percent code: @ is %40, / is %2F",
        ));
    }
    let (hosts, ports) = split_hosts(authority, origin)?;
    if let Some(path) = path.strip_prefix('/') {
        parameters.fill("dbname", &decode(path, origin)?, origin);
    }
    if let Some((user, password)) = login {
        parameters.fill("user", &decode(user, origin)?, origin);
        if let Some(password) = password {
            parameters.fill("password", &decode(password, origin)?, origin);
        }
    }
    let mut query_hosts: Vec<String> = Vec::new();
    let mut port_given = false;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(refusal(origin, "has a query parameter without '='"));
        };
        let (name, value) = match dialect {
            Dialect::Libpq => (decode(name, origin)?, decode(value, origin)?),
            Dialect::SqlAlchemy => {
                (decode(&name.replace('+', " "), origin)?, decode(&value.replace('+', " "), origin)?)
            }
        };
        if name.as_str() == "host" {
            query_hosts.push(value.to_string());
            continue;
        }
        port_given |= name.as_str() == "port";
        parameters.accept(&name, &value, origin, !tail.contains('@'), warnings)?;
    }
    // A host in the query replaces that of the authority, in libpq and in SQLAlchemy.
    let (hosts, ports) = if query_hosts.iter().all(String::is_empty) {
        (hosts, ports)
    } else {
        split_hosts(&query_hosts.join(","), origin)?
    };
    parameters.fill("host", &hosts.join(","), origin);
    if !port_given && ports.iter().any(|port| !port.is_empty()) {
        parameters.fill("port", &ports.join(","), origin);
    }
    Ok(parameters)
}

/// Splits `user:password@` off. libpq looks for the `@` up to the first slash; SQLAlchemy lets a password
/// run to the first `@` whatever stands before it.
fn split_login(text: &str, dialect: Dialect) -> (Option<(&str, Option<&str>)>, &str) {
    let end = match dialect {
        Dialect::Libpq => text.find('/').unwrap_or(text.len()),
        Dialect::SqlAlchemy => {
            let user_end = text.find([':', '/']).unwrap_or(text.len());
            if text[user_end..].starts_with(':') { text.len() } else { user_end }
        }
    };
    let Some(at) = text[..end].find('@') else { return (None, text) };
    let login = &text[..at];
    let split = login.split_once(':').map_or((login, None), |(user, password)| (user, Some(password)));
    (Some(split), &text[at + 1..])
}

/// Splits `host:port,[address]:port,…` into decoded hosts and ports; a missing one is empty.
fn split_hosts(text: &str, origin: &Origin) -> Result<(Vec<String>, Vec<String>)> {
    let mut hosts = Vec::new();
    let mut ports = Vec::new();
    for item in text.split(',') {
        let (host, port) = if let Some(rest) = item.strip_prefix('[') {
            let (host, after) =
                rest.split_once(']').ok_or_else(|| refusal(origin, "has an address without its ']'"))?;
            match after.strip_prefix(':') {
                Some(port) => (host, port),
                None if after.is_empty() => (host, ""),
                None => return Err(refusal(origin, "has text between an address and its port")),
            }
        } else if item.starts_with('/') || item.matches(':').count() > 1 {
            (item, "")
        } else {
            item.split_once(':').unwrap_or((item, ""))
        };
        if !port.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refusal(origin, "has a port that is not a number").hint(
                "if this is a piece of the password, write its special characters in percent code: : is %3A, \
                 / is %2F, @ is %40",
            ));
        }
        hosts.push(decode(host, origin)?.to_string());
        ports.push(port.to_owned());
    }
    Ok((hosts, ports))
}

fn decode(text: &str, origin: &Origin) -> Result<Zeroizing<String>> {
    let bytes = Zeroizing::new(percent_decode_str(text).collect::<Vec<u8>>());
    let decoded =
        std::str::from_utf8(&bytes).map_err(|_| refusal(origin, "has percent codes that are not UTF-8"))?;
    if decoded.contains('\0') {
        return Err(refusal(origin, "contains a NUL character"));
    }
    Ok(Zeroizing::new(decoded.to_owned()))
}

/// Reads a libpq connection string: `keyword = value` pairs, values optionally in single quotes, with
/// backslash escapes.
fn parse_conninfo(text: &str, origin: &Origin, warnings: &mut Vec<String>) -> Result<Parameters> {
    let mut parameters = Parameters::default();
    // Behind an unquoted password with a blank in it, the next "name" may be the rest of the password.
    let shown = !text.contains("pass");
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (name, after) = rest
            .split_once('=')
            .ok_or_else(|| refusal(origin, "has a word without '=' in its connection string"))?;
        let name = name.trim_end();
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(refusal(origin, "has a word without '=' in its connection string"));
        }
        let (value, after) = conninfo_value(after.trim_start(), origin)?;
        parameters.accept(name, &value, origin, shown, warnings)?;
        rest = after.trim_start();
    }
    Ok(parameters)
}

fn conninfo_value<'a>(text: &'a str, origin: &Origin) -> Result<(Zeroizing<String>, &'a str)> {
    let quoted = text.starts_with('\'');
    let body = if quoted { &text[1..] } else { text };
    let mut value = Zeroizing::new(String::new());
    let mut characters = body.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            '\'' if quoted => return Ok((value, &body[index + 1..])),
            character if !quoted && character.is_whitespace() => return Ok((value, &body[index..])),
            character => value.push(character),
        }
    }
    if quoted {
        return Err(refusal(origin, "has a quoted value without its closing quote"));
    }
    Ok((value, ""))
}
