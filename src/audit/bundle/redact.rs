//! Leaving values out of a bundle: value and salt go, the commitment stays, and everything still verifies.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::file::{Field, Row};
use crate::error::{Error, Result};
use crate::store::batch::Column;

/// The column that ties a row to the log.
const TIE: Column = Column::RowHmac;
/// What stands before the name of a member of the metadata.
const MEMBER: &str = "metadata.";

/// What is left out.
#[derive(Debug, Clone)]
pub struct Redaction {
    columns: BTreeSet<String>,
    members: BTreeSet<String>,
    /// Whether e-mail and network addresses go too, wherever they can be.
    identities: bool,
}

impl Redaction {
    /// Of columns and of members of the metadata (`metadata.NAME`) by their names.
    ///
    /// # Errors
    ///
    /// `Usage` for what is no column, and for the one that ties a row to the log.
    pub fn parse(names: &[String], include_identities: bool) -> Result<Self> {
        let (mut columns, mut members) = (BTreeSet::new(), BTreeSet::new());
        for name in names {
            if let Some(member) = name.strip_prefix(MEMBER).filter(|member| !member.is_empty()) {
                members.insert(member.to_owned());
            } else if name == TIE.name() {
                return Err(Error::usage(
                    "usage.redact",
                    "row_hmac cannot be redacted: it ties a row to the log, and tells nothing without the key",
                ));
            } else if Column::ALL.iter().any(|column| column.name() == name) {
                columns.insert(name.clone());
            } else {
                let known: Vec<&str> =
                    Column::ALL.iter().filter(|column| **column != TIE).map(|column| column.name()).collect();
                return Err(Error::usage(
                    "usage.redact",
                    format!("--redact {name:?}: the log has no such column"),
                )
                .hint(format!("one of {}, or metadata.NAME", known.join(", "))));
            }
        }
        Ok(Self { columns, members, identities: !include_identities })
    }

    /// Whether nothing is left out.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty() && self.members.is_empty() && !self.identities
    }

    /// Whether addresses go wherever they can be.
    pub fn hides_identities(&self) -> bool {
        self.identities
    }

    /// Leaves out what is to be left out of a row, and counts it by name.
    pub fn apply(&self, row: &mut Row, counts: &mut BTreeMap<String, u64>) {
        for field in &mut row.fields {
            if field.salt.is_some() && (self.columns.contains(&field.name) || self.hides(field)) {
                *counts.entry(field.name.clone()).or_default() += 1;
                (field.salt, field.value, field.members) = (None, None, None);
            }
            let members = field.members.iter_mut().flatten();
            for member in
                members.filter(|member| member.salt.is_some() && self.members.contains(&member.name))
            {
                *counts.entry(format!("{MEMBER}{}", member.name)).or_default() += 1;
                (member.salt, member.value) = (None, None);
            }
        }
    }

    /// Whether a column can hold an e-mail or network address, or what a browser says of itself.
    fn hides(&self, field: &Field) -> bool {
        let is_address = |text: &str| text.contains('@') || text.parse::<IpAddr>().is_ok();
        // NULL tells nothing of anybody, and that there is nothing may matter.
        let is_null = field.value.is_none() && field.members.is_none();
        let hides = match field.name.as_str() {
            "source_ip" | "user_agent" | "metadata" => true,
            "target_id" => field.text().is_some_and(is_address),
            _ => false,
        };
        self.identities && hides && !is_null
    }
}
