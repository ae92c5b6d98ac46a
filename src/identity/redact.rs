//! Hiding e-mail addresses and network addresses, so that a report can be handed on.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use serde_json::Value;

/// Replaces addresses by numbered names, the same one by the same name; or leaves everything as it is.
#[derive(Debug, Default)]
pub(crate) struct Redaction {
    active: bool,
    names: HashMap<String, String>,
    emails: usize,
    addresses: usize,
}

impl Redaction {
    pub(crate) fn new(active: bool) -> Self {
        Self { active, ..Self::default() }
    }

    pub(crate) fn is_active(&self) -> bool {
        self.active
    }

    /// What is an e-mail address as a whole, whatever it looks like.
    pub(crate) fn email(&mut self, text: String) -> String {
        if !self.active {
            return text;
        }
        let (names, count) = (&mut self.names, &mut self.emails);
        let new = || {
            *count += 1;
            format!("[e-mail {count}]")
        };
        names.entry(text.to_lowercase()).or_insert_with(new).clone()
    }

    /// What is a network address as a whole.
    pub(crate) fn address(&mut self, text: String) -> String {
        if !self.active {
            return text;
        }
        let (names, count) = (&mut self.names, &mut self.addresses);
        let new = || {
            *count += 1;
            format!("[address {count}]")
        };
        names.entry(text).or_insert_with(new).clone()
    }

    /// Text that may hold addresses.
    pub(crate) fn text(&mut self, text: String) -> String {
        if !self.active {
            return text;
        }
        let belongs = |character: char| character.is_alphanumeric() || "@._%+-:~".contains(character);
        let (mut out, mut word) = (String::with_capacity(text.len()), String::new());
        for character in text.chars() {
            if belongs(character) {
                word.push(character);
            } else {
                self.push_word(&mut out, &word);
                word.clear();
                out.push(character);
            }
        }
        self.push_word(&mut out, &word);
        out
    }

    /// A JSON value with all its texts; what is called an e-mail address is one.
    pub(crate) fn json(&mut self, value: Value) -> Value {
        if !self.active {
            return value;
        }
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.into_iter().map(|item| self.json(item)).collect(),
            Value::Object(members) => {
                let members = members.into_iter().map(|(name, value)| {
                    let value = match value {
                        Value::String(text) if name.to_lowercase().contains("email") => {
                            Value::String(self.email(text))
                        }
                        other => self.json(other),
                    };
                    (self.text(name), value)
                });
                Value::Object(members.collect())
            }
            other => other,
        }
    }

    fn push_word(&mut self, out: &mut String, word: &str) {
        // An IPv6 address may end in a colon, and a sentence in a stop.
        let (whole, trimmed) = (word, word.trim_end_matches(['.', ':']));
        for core in [whole, trimmed] {
            let without_zone = core.split('%').next().unwrap_or_default();
            let hidden = if is_email(core) {
                self.email(core.to_owned())
            } else if without_zone.parse::<IpAddr>().is_ok() {
                self.address(core.to_owned())
            } else {
                continue;
            };
            out.push_str(&hidden);
            return out.push_str(&word[core.len()..]);
        }
        self.push_dotted(out, word);
    }

    /// A word that may hold an IPv4 address: `10.0.0.7:443`, `worker-10.0.0.7`.
    fn push_dotted(&mut self, out: &mut String, word: &str) {
        let is_part = |character: char| character.is_ascii_digit() || character == '.';
        let mut rest = word;
        while !rest.is_empty() {
            let run = rest.split(|character| !is_part(character)).next().unwrap_or_default();
            let core = run.trim_matches('.');
            if core.parse::<Ipv4Addr>().is_ok() {
                let before = run.len() - run.trim_start_matches('.').len();
                out.push_str(&run[..before]);
                out.push_str(&self.address(core.to_owned()));
                out.push_str(&run[before + core.len()..]);
            } else {
                out.push_str(run);
            }
            rest = &rest[run.len()..];
            let other = rest.find(is_part).unwrap_or(rest.len());
            out.push_str(&rest[..other]);
            rest = &rest[other..];
        }
    }
}

/// Something, an at sign, and a domain with a dot.
fn is_email(word: &str) -> bool {
    word.split_once('@').is_some_and(|(user, domain)| {
        !user.is_empty() && domain.trim_matches('.').contains('.') && !domain.contains('@')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn addresses_become_names_and_the_same_one_the_same_name() {
        let mut redaction = Redaction::new(true);
        let text = "from 10.0.0.7:443, 2001:db8::1 and ada@example.com; again worker-10.0.0.7. [::1]:80";
        assert_eq!(
            redaction.text(text.into()),
            "from [address 1]:443, [address 2] and [e-mail 1]; again worker-[address 1]. [[address 3]]:80"
        );
        assert_eq!(redaction.email("Ada@example.com".into()), "[e-mail 1]");
        assert_eq!(
            redaction.json(json!({"email": "root@localhost", "list": ["10.0.0.7", 1]})),
            json!({"email": "[e-mail 2]", "list": ["[address 1]", 1]})
        );
    }

    #[test]
    fn what_is_no_address_stays() {
        let mut redaction = Redaction::new(true);
        for text in ["1.13.0", "celery@host-1", "celery:task-0007", "2026-03-01 12:00:00.000001", "@ a@b"] {
            assert_eq!(redaction.text(text.into()), text);
        }
        let mut off = Redaction::new(false);
        assert_eq!(off.text("10.0.0.7 ada@example.com".into()), "10.0.0.7 ada@example.com");
    }
}
