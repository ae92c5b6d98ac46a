//! `allowed-hosts`: the host names under which `z4j serve` answers, beside those that it finds out itself.
//!
//! One host per line, `#` starts a comment anywhere, hosts are the same in any case of letters (operations-cli, section
//! 3.4). z4j's own command writes the file anew; here every other line stays as it is.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{host, lock, readable, replace};
use crate::config::read_public_file;
use crate::context::Cancel;
use crate::error::{Error, Result};
use crate::plan::WriteToken;

/// The name of the file in the home directory.
const FILE: &str = "allowed-hosts";

/// Everybody may know them.
const MODE: u32 = 0o644;

/// What z4j writes at the top of a new file.
const HEADER: &str = "\
# z4j allowed-hosts - one hostname or IP per line.
# Managed by `z4j allowed-hosts add/remove`.
# Edits here take effect on the next `z4j serve` start.

";

/// The hosts of the file.
#[derive(Debug, Clone, Serialize)]
pub struct AllowedHosts {
    /// `z4jctl.allowed-hosts.list/1`.
    pub schema: &'static str,
    /// The file.
    #[serde(serialize_with = "readable")]
    pub path: PathBuf,
    /// Whether there is such a file.
    pub exists: bool,
    /// In the order of the file, repeats left out.
    pub hosts: Vec<String>,
    /// What an operator should hear.
    pub notes: Vec<String>,
}

/// What happens to one host that was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A line is added.
    Added,
    /// It is there already.
    AlreadyPresent,
    /// Its lines are removed.
    Removed,
    /// It is not there.
    NotFound,
}

/// One host that was named.
#[derive(Debug, Clone, Serialize)]
pub struct Change {
    /// The host: as it was given, or when it is in the file already, as it stands there.
    pub host: String,
    /// What happens to it.
    pub outcome: Outcome,
}

/// What would be written.
#[derive(Debug, Clone, Serialize)]
pub struct AllowedHostsPlan {
    /// `z4jctl.allowed-hosts.add/1` or `z4jctl.allowed-hosts.remove/1`.
    pub schema: &'static str,
    /// The file.
    #[serde(serialize_with = "readable")]
    pub path: PathBuf,
    /// One for each host that was named, in that order; a repeat is named once.
    pub changes: Vec<Change>,
    /// The hosts of the file behind the change.
    pub hosts: Vec<String>,
    /// Whether it was done.
    pub applied: bool,
    /// What an operator should hear.
    pub notes: Vec<String>,
    #[serde(skip)]
    before: Option<String>,
    #[serde(skip)]
    after: String,
}

impl AllowedHostsPlan {
    /// Whether there is anything to write.
    pub fn changes_anything(&self) -> bool {
        self.changes.iter().any(|change| matches!(change.outcome, Outcome::Added | Outcome::Removed))
    }
}

/// The file of a home directory.
pub fn path(home: &Path) -> PathBuf {
    home.join(FILE)
}

/// Reads the file; one that is not there has no hosts.
///
/// # Errors
///
/// `Unreachable` for a file that cannot be read as text.
pub fn list(home: &Path) -> Result<AllowedHosts> {
    let path = path(home);
    let text = read_public_file(&path)?;
    let hosts = hosts(text.as_deref().unwrap_or_default());
    let notes = hosts.iter().filter_map(|entry| Some(useless(entry, host::complaint(entry)?))).collect();
    Ok(AllowedHosts { schema: "z4jctl.allowed-hosts.list/1", path, exists: text.is_some(), hosts, notes })
}

fn useless(entry: &str, complaint: &str) -> String {
    format!("the entry {entry:?} never matches a request: it {complaint}")
}

/// Says what adding these hosts would do.
///
/// # Errors
///
/// `Usage` for a host that could never match, before anything else is looked at.
pub fn plan_add(home: &Path, wanted: &[String]) -> Result<AllowedHostsPlan> {
    let wanted = wanted.iter().map(|text| host::check(text)).collect::<Result<Vec<_>>>()?;
    let before = read_public_file(&path(home))?;
    let mut after = before.clone().unwrap_or_else(|| HEADER.to_owned());
    let mut present = hosts(&after);
    let mut changes: Vec<Change> = Vec::new();
    for host in without_repeats(&wanted) {
        if let Some(known) = present.iter().find(|known| is_same(known, host)) {
            changes.push(Change { host: known.clone(), outcome: Outcome::AlreadyPresent });
            continue;
        }
        if !after.is_empty() && !after.ends_with('\n') {
            after.push('\n');
        }
        after.push_str(host);
        after.push('\n');
        present.push(host.to_owned());
        changes.push(Change { host: host.to_owned(), outcome: Outcome::Added });
    }
    Ok(plan("z4jctl.allowed-hosts.add/1", home, changes, before, after))
}

/// Says what removing these hosts would do. Anything that stands in the file can be named, also what never matches.
///
/// # Errors
///
/// `Usage` for a name that cannot stand in the file.
pub fn plan_remove(home: &Path, unwanted: &[String]) -> Result<AllowedHostsPlan> {
    let unwanted: Vec<&str> = unwanted.iter().map(|text| text.trim()).collect();
    if let Some(host) = unwanted.iter().find(|host| host.is_empty() || host.contains(['#', '\n', '\r'])) {
        let message = format!("{host:?} cannot be an entry of the file");
        return Err(Error::usage("hosts.invalid", message).hint("see `z4jctl allowed-hosts list`"));
    }
    let before = read_public_file(&path(home))?;
    let text = before.clone().unwrap_or_default();
    let present = hosts(&text);
    let changes = without_repeats(&unwanted)
        .into_iter()
        .map(|host| match present.iter().find(|known| is_same(known, host)) {
            Some(known) => Change { host: known.clone(), outcome: Outcome::Removed },
            None => Change { host: host.to_owned(), outcome: Outcome::NotFound },
        })
        .collect();
    let stays =
        |line: &&str| entry(line).is_none_or(|entry| !unwanted.iter().any(|host| is_same(host, entry)));
    let after = text.split_inclusive('\n').filter(stays).collect();
    Ok(plan("z4jctl.allowed-hosts.remove/1", home, changes, before, after))
}

fn plan(
    schema: &'static str,
    home: &Path,
    changes: Vec<Change>,
    before: Option<String>,
    after: String,
) -> AllowedHostsPlan {
    // The header of a file that nobody is about to write holds no host.
    let hosts = hosts(&after);
    AllowedHostsPlan {
        schema,
        path: path(home),
        changes,
        hosts,
        applied: false,
        notes: Vec::new(),
        before,
        after,
    }
}

/// Writes what was planned. Makes the home directory when there is none, as z4j does, for its owner alone.
///
/// # Errors
///
/// `Refused` when the file is no longer the one that the plan is about, or somebody holds the lock.
pub fn apply(mut plan: AllowedHostsPlan, _token: WriteToken, cancel: &Cancel) -> Result<AllowedHostsPlan> {
    if let Some(home) = plan.path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(home).map_err(|error| {
            Error::unreachable("home.create", format!("cannot create {}: {error}", home.display()))
                .hint("name another directory with --home or Z4J_HOME")
        })?;
        let _locked = lock::directory(home, cancel)?;
        if read_public_file(&plan.path)? != plan.before {
            return Err(Error::refused(
                "hosts.changed",
                format!("{} has changed meanwhile", plan.path.display()),
            )
            .hint("run the command again; nothing was written"));
        }
        replace::replace(&replace::target(&plan.path)?, plan.after.as_bytes(), MODE)?;
        plan.applied = true;
    }
    Ok(plan)
}

/// The host of a line.
fn entry(line: &str) -> Option<&str> {
    let host = line.split('#').next().unwrap_or_default().trim();
    (!host.is_empty()).then_some(host)
}

/// Every host of a text, the first spelling of each.
fn hosts(text: &str) -> Vec<String> {
    let entries: Vec<&str> = text.lines().filter_map(entry).collect();
    without_repeats(&entries).into_iter().map(str::to_owned).collect()
}

fn without_repeats<'a>(hosts: &[&'a str]) -> Vec<&'a str> {
    let mut known: Vec<&str> = Vec::new();
    for host in hosts {
        if !known.iter().any(|other| is_same(other, host)) {
            known.push(host);
        }
    }
    known
}

fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# mine\r\nExample.com  # note\n\n  b.example\nexample.COM\n#c.example\nbad host";

    fn home_with(text: &str) -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(path(home.path()), text).unwrap();
        home
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn outcomes(plan: &AllowedHostsPlan) -> Vec<(&str, Outcome)> {
        plan.changes.iter().map(|change| (change.host.as_str(), change.outcome)).collect()
    }

    #[test]
    fn comments_blanks_and_repeats_are_no_hosts() {
        let report = list(home_with(TEXT).path()).unwrap();
        assert_eq!(report.hosts, ["Example.com", "b.example", "bad host"]);
        assert_eq!(report.notes, ["the entry \"bad host\" never matches a request: it is no host name"]);
    }

    #[test]
    fn other_lines_stay_as_they_are() {
        let home = home_with(TEXT);
        let plan = plan_add(home.path(), &names(&["new.example", "EXAMPLE.com", "NEW.example"])).unwrap();
        assert_eq!(
            outcomes(&plan),
            [("new.example", Outcome::Added), ("Example.com", Outcome::AlreadyPresent)]
        );
        assert_eq!(plan.after, format!("{TEXT}\nnew.example\n"));
        let plan = plan_remove(home.path(), &names(&["example.com", "c.example", "bad host"])).unwrap();
        assert_eq!(
            outcomes(&plan),
            [
                ("Example.com", Outcome::Removed),
                ("c.example", Outcome::NotFound),
                ("bad host", Outcome::Removed)
            ]
        );
        assert_eq!(plan.after, "# mine\r\n\n  b.example\n#c.example\n");
        assert_eq!(plan.hosts, ["b.example"]);
    }

    #[test]
    fn a_file_that_changed_behind_the_plan_is_left_alone() {
        let home = home_with("a.example\n");
        let plan = plan_add(home.path(), &names(&["b.example"])).unwrap();
        std::fs::write(path(home.path()), "c.example\n").unwrap();
        let error = apply(plan, WriteToken::for_tests(), &Cancel::default()).unwrap_err();
        assert_eq!(error.code(), "hosts.changed");
        assert_eq!(list(home.path()).unwrap().hosts, ["c.example"]);
    }
}
