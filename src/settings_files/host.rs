//! Which entries of `allowed-hosts` can ever match.
//!
//! z4j takes the `Host` header of a request, cuts the port off, and looks for it in the list: exactly, but for the case
//! of letters. Its own `allowed-hosts add` takes anything; what could never match is refused here. Found by asking a
//! running 1.13.0.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::error::{Error, Result};

/// The limits of the domain name system, in bytes.
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// Checks a host as somebody gave it; gives it without the blanks around it.
pub(super) fn check(text: &str) -> Result<&str> {
    let host = text.trim();
    let refuse = |complaint: &str, hint: String| {
        Err(Error::usage("hosts.invalid", format!("{host:?} {complaint}")).hint(hint))
    };
    match fault(host) {
        None => Ok(host),
        Some(Fault { complaint, instead }) => refuse(
            complaint,
            instead.map_or_else(
                || {
                    "give what a browser sends as its Host, without scheme, port and path: tasks.example.com, \
                     10.0.0.5 or [fd00::5]"
                        .to_owned()
                },
                |instead| format!("give {instead}"),
            ),
        ),
    }
}

/// Why an entry can never match, if so.
pub(super) fn complaint(entry: &str) -> Option<&'static str> {
    fault(entry).map(|fault| fault.complaint)
}

struct Fault {
    complaint: &'static str,
    /// What was meant, where that is plain.
    instead: Option<String>,
}

fn fault(host: &str) -> Option<Fault> {
    let because = |complaint| Some(Fault { complaint, instead: None });
    let but = |complaint, instead: String| Some(Fault { complaint, instead: Some(instead) });
    if host.is_empty() {
        return because("is empty");
    }
    if let Some(inner) = host.strip_prefix('[') {
        let Some((address, rest)) = inner.split_once(']') else {
            return because("has no ] behind its address");
        };
        return match address.parse::<Ipv6Addr>() {
            Ok(_) if rest.is_empty() => None,
            Ok(_) => but("has something behind its address", format!("[{address}]")),
            Err(_) => because("is no IPv6 address"),
        };
    }
    if host.parse::<Ipv6Addr>().is_ok() {
        return but("is an IPv6 address without brackets, which never matches", format!("[{host}]"));
    }
    if let Some((_, rest)) = host.split_once("://") {
        let name = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
        let is_name = fault(name).is_none();
        return Some(Fault { complaint: "is a URL, not a host", instead: is_name.then(|| name.to_owned()) });
    }
    if host.contains('*') {
        return because("has a *, and z4j knows no wildcards: each host is listed");
    }
    if host.contains(['/', '?', '#', '@', '\\', '%']) {
        return because("has a character that is in no host name");
    }
    if let Some((name, port)) = host.split_once(':') {
        let is_port = port.parse::<u16>().is_ok() && fault(name).is_none();
        return Some(Fault {
            complaint: "has a port, which z4j takes off before it compares",
            instead: is_port.then(|| name.to_owned()),
        });
    }
    if !host.is_ascii() {
        let complaint = "has letters beyond ASCII, which browsers send in another spelling";
        return Some(Fault { complaint, instead: idna::domain_to_ascii(host).ok() });
    }
    // A dot at the end is part of what is compared.
    let name = host.strip_suffix('.').unwrap_or(host);
    let labels: Vec<&str> = name.split('.').collect();
    let is_label = |label: &&str| {
        (1..=LONGEST_LABEL).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if name.len() > LONGEST_NAME || !labels.iter().all(is_label) {
        return because("is no host name");
    }
    let is_number = labels.last().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    if is_number && host.parse::<Ipv4Addr>().is_err() {
        return because("is no IPv4 address");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_running_brain_matched_is_accepted() {
        for host in [
            "localhost",
            "Example.com",
            "xn--bcher-kva.example",
            "trail.example.",
            "under_score.example",
            "10.0.0.1",
            "[fe80::6]",
            "[FE80::6]",
            "a-b.c9",
        ] {
            assert_eq!(check(host).unwrap(), host);
            assert_eq!(complaint(host), None);
        }
        assert_eq!(check(" spaced.example.org\t").unwrap(), "spaced.example.org");
    }

    #[test]
    fn what_never_matched_is_refused_with_what_was_meant() {
        for (host, meant) in [
            ("https://tasks.example.com/login", "tasks.example.com"),
            ("tasks.example.com:7700", "tasks.example.com"),
            ("fe80::5", "[fe80::5]"),
            ("[fe80::5]:80", "[fe80::5]"),
            ("bücher.example", "xn--bcher-kva.example"),
        ] {
            let error = check(host).unwrap_err();
            assert_eq!(error.code(), "hosts.invalid");
            assert_eq!(error.hint_text(), Some(format!("give {meant}").as_str()), "{error}");
        }
        for host in [
            "",
            " ",
            "a b",
            "*.example.com",
            "a/b",
            "a#b",
            "me@host",
            "a..b",
            ".a",
            "-a",
            "a-",
            "[::1",
            "[x]",
            "1.2.3",
            "1.2.3.256",
            "a:b:c",
            "http://",
            "\u{1b}[0m",
            "a\nb",
            "::1%eth0",
            "\u{1f4a9} x",
        ] {
            assert!(check(host).is_err(), "{host:?}");
            assert!(complaint(host.trim()).is_some(), "{host:?}");
        }
        assert!(check(&"a".repeat(64)).is_err());
        assert!(check(&["a"; 128].join(".")).is_err());
        let error = check("\u{1b}]0;x").unwrap_err();
        assert!(!error.message().contains('\u{1b}'), "{error}");
    }
}
