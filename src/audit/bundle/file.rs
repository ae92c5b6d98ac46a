//! The file of a bundle. Its JSON form is a contract.
//!
//! Nothing may be in it that is not verified: members that are not known are refused, as are members that stand there twice.

use std::io::{BufWriter, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::commit::{self, Salt};
use crate::error::{Error, Result};
use crate::format::Digest;
use crate::whole_file::{PendingFile, cannot_write};

/// The schema of bundles.
pub const SCHEMA: &str = "z4jctl.audit.bundle/1";
/// What every schema of a bundle begins with.
const FAMILY: &str = "z4jctl.audit.bundle/";
/// No bundle has more rows: it is held in memory by whoever makes and whoever verifies it.
pub const MAX_ROWS: usize = 10_000;
/// A larger file than this is none, bytes.
const MAX_SIZE: u64 = 512 << 20;

/// A bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// [`SCHEMA`].
    pub schema: String,
    /// What is signed, see [`super::statement`].
    pub statement: String,
    /// The armored signature of OpenSSH over exactly the bytes of the statement.
    pub signature: String,
    /// The proof (RFC 6962) that the tree continues that of the anchor in the statement; only with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consistency: Option<Vec<Digest>>,
    /// The rows, in chain order.
    pub rows: Vec<Row>,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Index of its leaf in the tree of the log, from 0.
    pub index: u64,
    /// What its HMAC said when the bundle was made, see [`super::gather`].
    pub verdict: String,
    /// Its columns, all of them, in the order of the statement.
    pub fields: Vec<Field>,
    /// The proof that leads from its `row_hmac` to the root of the checkpoint.
    pub inclusion: Vec<Digest>,
    /// The proof that leads from its digest to the root over the rows of the bundle.
    pub membership: Vec<Digest>,
}

/// A column. What is redacted has a commitment and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The column.
    pub name: String,
    /// The commitment to it.
    pub commitment: Digest,
    /// Its salt; `None` when it is redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<Salt>,
    /// The value, in the text form of exports; with a salt and no value it is NULL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The members, instead of a value, of metadata that are an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<Member>>,
}

/// A member of the metadata; its name is bound as that of a column is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// The commitment to it.
    pub commitment: Digest,
    /// Its salt; `None` when it is redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<Salt>,
    /// Its canonical JSON, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

impl Field {
    /// Whether what is shown is what was committed to; a sentence fragment when not.
    pub fn check(&self) -> std::result::Result<(), String> {
        let name = &self.name;
        let Some(salt) = self.salt else {
            let is_bare = self.value.is_none() && self.members.is_none();
            return is_bare.then_some(()).ok_or_else(|| format!("column {name} has a value and no salt"));
        };
        let opened = match &self.members {
            None => commit::value(salt, self.value.as_deref()),
            Some(_) if self.value.is_some() => {
                return Err(format!("column {name} has a value and members"));
            }
            Some(members) => {
                members.iter().try_for_each(Member::check)?;
                commit::object(salt, members.iter().map(|member| (member.name.as_str(), member.commitment)))
            }
        };
        let holds = opened == self.commitment;
        holds.then_some(()).ok_or_else(|| format!("column {name} is not what was committed to"))
    }

    /// The value, when it is there and no NULL.
    pub fn text(&self) -> Option<&str> {
        self.value.as_deref()
    }
}

impl Member {
    fn check(&self) -> std::result::Result<(), String> {
        let name = &self.name;
        match (self.salt, &self.value) {
            (None, None) => Ok(()),
            (Some(salt), Some(value)) if commit::value(salt, Some(value)) == self.commitment => Ok(()),
            (Some(_), Some(_)) => Err(format!("metadata.{name} is not what was committed to")),
            _ => Err(format!("metadata.{name} has a salt without a value, or a value without a salt")),
        }
    }
}

impl Row {
    /// The digest of the row.
    pub fn digest(&self) -> Digest {
        let columns = self.fields.iter().map(|field| (field.name.as_str(), field.commitment));
        commit::row(self.index, &self.verdict, columns)
    }

    /// A column.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The value of a column, when it is there and no NULL.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.field(name).and_then(Field::text)
    }

    /// What is redacted: columns, and members of the metadata as `metadata.NAME`.
    pub fn redacted(&self) -> Vec<String> {
        let mut names = Vec::new();
        for field in &self.fields {
            if field.salt.is_none() {
                names.push(field.name.clone());
            }
            let members = field.members.iter().flatten().filter(|member| member.salt.is_none());
            names.extend(members.map(|member| format!("{}.{}", field.name, member.name)));
        }
        names
    }
}

impl Bundle {
    /// Reads a bundle.
    ///
    /// # Errors
    ///
    /// `Unreachable` when it cannot be read, is damaged or is something else; `Refused` when it is of a later release.
    pub fn read(path: &Path) -> Result<Self> {
        #[derive(Deserialize)]
        struct Schema {
            schema: String,
        }
        let shown = path.display();
        let fail = |reason: String| {
            Error::unreachable("bundle.unreadable", format!("cannot read the bundle {shown}: {reason}"))
                .hint("expected the file of `z4jctl audit bundle --out`")
        };
        let size = std::fs::metadata(path).map_err(|error| fail(error.to_string()))?.len();
        if size > MAX_SIZE {
            return Err(fail("it is too large to be one".into()));
        }
        let bytes = std::fs::read(path).map_err(|error| fail(error.to_string()))?;
        let damaged = |error: serde_json::Error| fail(format!("it is damaged: {error}"));
        let Schema { schema } = serde_json::from_slice(&bytes).map_err(damaged)?;
        if schema != SCHEMA {
            return Err(match schema.strip_prefix(FAMILY) {
                Some(_) => Error::refused(
                    "bundle.version",
                    format!("the bundle {shown} is {schema}, and this z4jctl knows {SCHEMA}"),
                )
                .hint("use the version of z4jctl that made it, or a later one"),
                None => fail(format!("it is not a {SCHEMA}")),
            });
        }
        let bundle: Self = serde_json::from_slice(&bytes).map_err(damaged)?;
        if bundle.rows.len() > MAX_ROWS {
            return Err(fail(format!("it has more than {MAX_ROWS} rows")));
        }
        Ok(bundle)
    }

    /// Writes it into a file that has no name yet.
    pub(super) fn write(&self, pending: &PendingFile, path: &Path) -> Result<()> {
        let mut out = BufWriter::new(pending.file());
        serde_json::to_writer_pretty(&mut out, self)
            .map_err(std::io::Error::from)
            .and_then(|()| out.write_all(b"\n"))
            .and_then(|()| out.flush())
            .map_err(|error| cannot_write(path, &error))?;
        drop(out);
        pending.sync()
    }
}
