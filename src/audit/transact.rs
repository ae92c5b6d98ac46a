//! One change of the database and the audit row that tells of it: both, or neither.
//!
//! An [`Operation`] plans from what it reads. For a preview it reads from a snapshot; to be carried out it plans again
//! inside of the writing transaction, from rows that nobody else can change any more. So no decision rests on something
//! that has changed since, and what a person agreed to is compared with what is about to be done.

use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::audit::append::{Appended, ChainWriter, VerifyFirst, check_writable};
use crate::audit::keys::Keys;
use crate::audit::verify::{Silent, VerifyOptions, verify};
use crate::config::Database;
use crate::context::Context;
use crate::error::{Error, ExitCode, Result};
use crate::format::Timestamp;
use crate::plan::Entry;
use crate::plan::{Action, Change, Plan, WriteToken};
use crate::store::generation::Detection;
use crate::store::sqlite::SqliteStore;
use crate::store::transition::{CONFLICT, Transition};
use crate::store::write::WriteStore;
use crate::store::{OpenOptions, Store};

/// How often a transaction that met another one is begun again.
const ATTEMPTS: u32 = 8;

/// Lets this process die at a point of its writing transaction, named by its number in `Z4JCTL_FAULT_POINT`: so tests see
/// what a killed process leaves. Builds for release do not have it.
#[cfg(debug_assertions)]
pub fn arm_fault_point(env: &crate::context::Env) -> Result<()> {
    let Some(text) = env.var("Z4JCTL_FAULT_POINT")? else { return Ok(()) };
    let point = text.parse().map_err(|_| {
        Error::usage("usage.value", format!("Z4JCTL_FAULT_POINT {text:?}: expected the number of a point"))
    })?;
    crate::store::fault::arm(point);
    Ok(())
}

/// Who does it, from where and why: goes into the metadata of every audit row.
#[derive(Debug, Clone, Default)]
pub struct Attribution {
    /// The name of the operating system's user.
    pub operator: Option<String>,
    /// Its number.
    pub operator_uid: Option<u32>,
    /// The machine.
    pub host: Option<String>,
    /// Who says that they do it: `--actor`.
    pub actor: Option<String>,
    /// Why: `--reason`.
    pub reason: Option<String>,
}

impl Attribution {
    /// Adds what is known to an entry, without touching what z4j itself puts there.
    fn complete(&self, entry: &mut Entry) {
        let known = [
            ("via", Some(json!("z4jctl"))),
            ("operator", self.operator.as_ref().map(|name| json!(name))),
            ("operator_uid", self.operator_uid.map(|uid| json!(uid))),
            ("host", self.host.as_ref().map(|name| json!(name))),
            ("actor", self.actor.as_ref().map(|name| json!(name))),
            ("reason", self.reason.as_ref().map(|text| json!(text))),
        ];
        for (name, value) in known {
            if let Some(value) = value {
                entry.metadata.entry(name.to_owned()).or_insert(value);
            }
        }
    }
}

/// What an operation plans from.
#[derive(Debug)]
pub struct Scope<'a> {
    /// The database: a snapshot, or a writing transaction that holds the rows that are read with
    /// [`Store::rows_locked`].
    pub store: &'a mut Store,
    /// Its generation.
    pub detection: &'a Detection,
    /// The time of the change.
    pub now: Timestamp,
}

/// Something that changes the database.
pub trait Operation {
    /// What would be done to the database as it is now. Called twice when somebody is asked in between, so it decides
    /// nothing by chance: ids and secrets that are new were made before.
    fn plan(&self, scope: &mut Scope<'_>) -> Result<Plan>;

    /// Which transition of the audit chain this is.
    fn transition(&self) -> Transition {
        Transition::Append
    }

    /// The key that signs from now on, when that is what changes: the current one of the session's keys.
    fn next_key(&self) -> Option<crate::format::mac::MacKey> {
        None
    }

    /// What has to be done outside of the database at the last moment, when nothing but the commit can fail any more.
    /// It may be called again, when the commit met another one.
    fn before_commit(&self) -> Result<()> {
        Ok(())
    }
}

/// Before something is written: puts a SQLite file right that somebody left in the middle of a write. A reader must not,
/// and so every command that reads first would refuse the file for ever.
pub fn recover(context: &Context, database: &Database, open: OpenOptions) -> Result<()> {
    match database {
        Database::Sqlite { path } => SqliteStore::roll_back_journal(path, open, &context.cancel),
        Database::Postgres(_) => Ok(()),
    }
}

/// The database that operations change, and how.
#[derive(Debug)]
pub struct Session<'a> {
    /// Time, randomness, cancellation.
    pub context: &'a Context,
    /// The database.
    pub database: &'a Database,
    /// Its keys.
    pub keys: &'a Keys,
    /// How patient to be.
    pub open: OpenOptions,
    /// How much of the log is verified first.
    pub verify: VerifyFirst,
    /// Who does it.
    pub attribution: Attribution,
}

/// A change as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct ShownChange {
    /// The table.
    pub table: &'static str,
    /// What is done to the row.
    pub action: Action,
    /// What names the row in the table.
    pub key: std::collections::BTreeMap<&'static str, String>,
    /// The row for a person.
    pub label: String,
    /// Columns: what they hold before and after. Hidden values are not shown.
    pub columns: Vec<ShownField>,
}

/// A column as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct ShownField {
    /// Its name.
    pub column: &'static str,
    /// Before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// After.
    pub after: String,
}

impl From<&Change> for ShownChange {
    fn from(change: &Change) -> Self {
        let columns = change.fields.iter().filter_map(|field| {
            let after = field.after.as_ref()?.shown();
            Some(ShownField { column: field.column, before: field.before.clone(), after })
        });
        Self {
            table: change.table,
            action: change.action,
            key: change.key.iter().map(|(name, value)| (*name, value.shown())).collect(),
            label: change.label.clone(),
            columns: columns.collect(),
        }
    }
}

/// What was, or would be, done.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// The database.
    pub database: String,
    /// Its generation.
    pub generation: String,
    /// Whether anything was written: false for a dry run, and where there was nothing to do.
    pub written: bool,
    /// One sentence.
    pub summary: String,
    /// The rows.
    pub changes: Vec<ShownChange>,
    /// The audit rows that were appended.
    pub appended: Vec<Appended>,
    /// The audit rows that would be appended, in a dry run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub to_append: Vec<Entry>,
    /// What an operator should know.
    pub notes: Vec<String>,
}

/// What an operation would do, from a snapshot.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The plan.
    pub plan: Plan,
    /// The plan as it is shown.
    pub outcome: Outcome,
}

impl Session<'_> {
    /// What an operation would do. Writes nothing and locks nothing.
    pub fn preview(&self, operation: &dyn Operation) -> Result<Preview> {
        let (mut store, detection) = Store::read_tables(self.database, self.open, &self.context.cancel)?;
        check_writable(&detection, self.keys)?;
        let mut scope = Scope { store: &mut store, detection: &detection, now: self.context.now() };
        let mut plan = operation.plan(&mut scope)?;
        self.complete(&mut plan);
        let outcome = self.outcome(&plan, &detection, Vec::new(), false);
        Ok(Preview { plan, outcome })
    }

    /// Carries an operation out. `agreed` is the plan that somebody was shown.
    ///
    /// # Errors
    ///
    /// `Refused` for a database that nothing may be written to, for a log whose end does not verify, and when the
    /// database changed since the plan was shown; `Secret` for a missing or wrong key. Nothing is written then.
    pub fn apply(
        &self,
        operation: &dyn Operation,
        agreed: Option<&Plan>,
        leave: WriteToken,
    ) -> Result<Outcome> {
        // One leave is good for one write.
        drop(leave);
        if self.verify == VerifyFirst::Full {
            self.verify_whole_log()?;
        }
        let mut attempt = 1;
        loop {
            match self.attempt(operation, agreed) {
                Err(error) if error.code() == CONFLICT && attempt < ATTEMPTS => attempt += 1,
                other => return other,
            }
        }
    }

    fn attempt(&self, operation: &dyn Operation, agreed: Option<&Plan>) -> Result<Outcome> {
        let mut store = WriteStore::begin(self.database, self.open, &self.context.cancel)?;
        let detection = store.detection().clone();
        check_writable(&detection, self.keys)?;
        let mut scope = Scope { store: &mut store, detection: &detection, now: self.context.now() };
        let mut plan = operation.plan(&mut scope)?;
        self.complete(&mut plan);
        if agreed.is_some_and(|agreed| !agreed.does_the_same(&plan)) {
            return Err(Error::refused(
                "plan.changed",
                "the database changed since the plan was shown, the plan is another one now; nothing was written",
            )
            .hint("run the command again and look at the new plan"));
        }
        if plan.is_empty() {
            return Ok(self.outcome(&plan, &detection, Vec::new(), false));
        }
        for change in &plan.changes {
            carry_out(&mut store, change)?;
        }
        let mut chain = match operation.next_key() {
            None => ChainWriter::lock(&mut store, self.keys, self.verify)?,
            Some(next) => ChainWriter::lock_to_rotate(&mut store, self.keys, self.verify, &next)?,
        };
        if let Some(removal) = &plan.removal {
            chain.remove_prefix(&mut store, removal, self.context.now())?;
        }
        let mut appended = Vec::new();
        for entry in &plan.entries {
            appended.push(chain.append(&mut store, self.context, entry, operation.transition())?);
        }
        chain.finish(&mut store)?;
        for (channel, payload) in &plan.notifications {
            store.notify(channel, payload)?;
        }
        self.context.cancel.check()?;
        operation.before_commit()?;
        store.commit()?;
        Ok(self.outcome(&plan, &detection, appended, true))
    }

    fn complete(&self, plan: &mut Plan) {
        for entry in &mut plan.entries {
            self.attribution.complete(entry);
        }
    }

    fn outcome(&self, plan: &Plan, detection: &Detection, appended: Vec<Appended>, written: bool) -> Outcome {
        Outcome {
            database: self.database.display(),
            generation: detection.generation.to_string(),
            written,
            summary: plan.summary.clone(),
            changes: plan.changes.iter().map(ShownChange::from).collect(),
            to_append: if written { Vec::new() } else { plan.entries.clone() },
            appended,
            notes: plan.notes.clone(),
        }
    }

    fn verify_whole_log(&self) -> Result<()> {
        let jobs = std::thread::available_parallelism().unwrap_or(std::num::NonZeroUsize::MIN);
        let options = VerifyOptions { max_findings: 1, ..VerifyOptions::new(self.open, jobs) };
        let report = verify(self.context, self.database, self.keys, &options, &Silent)?;
        if report.ok {
            return Ok(());
        }
        if report.exit() == ExitCode::Secret {
            return Err(Error::secret(
                "secret.wrong",
                "the audit log verifies under none of the configured keys; nothing was written",
            )
            .hint("configure the secrets of this installation; `z4jctl audit verify` tells more"));
        }
        Err(Error::refused("chain.not-verified", "the audit log does not verify; nothing was written")
            .hint("run `z4jctl audit verify`: nothing is appended to a log that may have been tampered with"))
    }
}

fn carry_out(store: &mut WriteStore, change: &Change) -> Result<()> {
    let values: Vec<_> = change
        .fields
        .iter()
        .filter_map(|field| field.after.clone().map(|value| (field.column, value)))
        .collect();
    let key: Vec<_> = change.key.iter().map(|(name, value)| (*name, value.clone())).collect();
    match change.action {
        Action::Insert => store.insert(change.table, &values),
        Action::Update => store.update(change.table, &key, &values),
        Action::Delete => store.delete(change.table, &key),
    }
}

/// The report of a command that writes: what was done, and what is particular to the command.
#[derive(Debug, Serialize)]
pub struct WriteReport {
    /// Name and version of this form.
    pub schema: String,
    /// Exit code of the command.
    pub exit_code: u8,
    /// Whether only the plan was asked for.
    pub dry_run: bool,
    /// What was done.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What the command gives beside that, such as a token that is shown once.
    pub result: Json,
}
