//! `init`: a fresh brain database at the schema of z4j 1.7.0, the last one that every later release upgrades
//! directly.
//!
//! [`plan`] says what would be made and refuses a target that holds anything; [`apply`] makes it, in one
//! transaction, with a signed first audit row: an empty log would park the upgrade to 1.8.

mod home;
mod schema;
mod secrets;

use std::path::{Path, PathBuf};

use serde::Serialize;

pub use schema::{RELEASE, REVISION, postgres_partitions, postgres_sql, sqlite_sql};

use crate::config::{Database, Origin, Settings};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::address::Mapped;
use crate::format::json::Canonicalizer;
use crate::format::mac::MacKey;
use crate::format::row::{AuditRow, Format, Markers, SourceIp, write_message};
use crate::format::{Id, Timestamp};
use crate::store::create::{self, FirstRow};

/// What the first row says.
const ACTION: &str = "database.initialized";
const TARGET_TYPE: &str = "database";
const METADATA: &str = r#"{"via": "z4jctl", "schema": "1.7.0"}"#;

/// What would be made.
#[derive(Debug, Clone, Serialize)]
pub struct InitPlan {
    /// `z4jctl.init/1`.
    pub schema: &'static str,
    /// Where.
    pub database: String,
    /// The z4j release whose schema it has.
    pub release: &'static str,
    /// `alembic_version.version_num`.
    pub revision: &'static str,
    /// The file with new secrets that is written too; `None` when secrets are configured.
    pub secrets_file: Option<PathBuf>,
    /// Whether it was done.
    pub applied: bool,
    /// The id of the first audit row, once it was done.
    pub first_audit_id: Option<Id>,
    /// What the operator must know.
    pub notes: Vec<String>,
}

/// Says what would be made. Refuses a target that holds anything.
pub fn plan(settings: &Settings, context: &Context) -> Result<InitPlan> {
    let database = &settings.database.value;
    let home = &settings.home.value;
    match database {
        Database::Sqlite { path } => {
            create::check_absent(path)?;
            check_directory(path, home)?;
        }
        Database::Postgres(target) => create::check_empty(target, &context.cancel)?,
    }
    let secrets_file = match settings.master_ring()?.current() {
        Some(_) => None,
        None => Some(secrets::target(home)?),
    };
    let is_postgres = matches!(database, Database::Postgres(_));
    let mut notes = notes(is_postgres);
    if secrets_file.is_some() && is_postgres {
        notes.push(
            "outside of development z4j 1.8 and later on PostgreSQL do not start with Z4J_AUDIT_CHAIN_SECRET in secret.env alone: \
             set it in the environment or in config.env, with the same value"
                .to_owned(),
        );
    }
    if secrets_file.is_some() && home::is_open_to_others(home) {
        notes.push(format!(
            "z4j 1.8 and later refuse a secret.env that others can reach: chmod 700 {}",
            home.display()
        ));
    }
    Ok(InitPlan {
        schema: "z4jctl.init/1",
        database: database.display(),
        release: RELEASE,
        revision: REVISION,
        secrets_file,
        applied: false,
        first_audit_id: None,
        notes,
    })
}

/// Only the home directory is made; another one that is missing is a slip of the pen.
fn check_directory(path: &Path, home: &Path) -> Result<()> {
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) if parent != home && !parent.is_dir() => Err(Error::unreachable(
            "init.directory",
            format!("cannot create {}: {} is no directory", path.display(), parent.display()),
        )
        .hint("create the directory first; z4jctl makes only the home directory of z4j")),
        _ => Ok(()),
    }
}

/// What the original does with such a database, found by running it (`migrations/README.md`).
fn notes(is_postgres: bool) -> Vec<String> {
    let mut notes = vec![
        "z4j 1.7.0 runs on this database as it is; later releases migrate it at their first start".to_owned(),
        "upgrade before retention (90 days) removes the first row: afterwards the upgrade to 1.8 needs z4j's activation ceremony"
            .to_owned(),
        "after `z4j reset` of 1.7.0 the log is empty and the upgrade to 1.8 parks; do not reset before upgrading".to_owned(),
        "`z4j restore` of 1.8 and later refuses backups that were taken before the upgrade; take one behind it".to_owned(),
    ];
    if is_postgres {
        notes.push(
            "on PostgreSQL `z4j restore` of 1.8 and later also refuses this database behind the upgrade, because the function \
             z4j_schedules_notify is z4jctl's and not the original's: copy it from a database that z4j made, see migrations/README.md"
                .to_owned(),
        );
        notes.push("`z4j reset` of 1.8 and later needs PostgreSQL 16 or newer".to_owned());
    }
    notes
}

/// Makes it: all of it, or nothing is left.
pub fn apply(mut plan: InitPlan, settings: &Settings, context: &Context) -> Result<InitPlan> {
    let home = &settings.home.value;
    let needs_home = plan.secrets_file.is_some()
        || matches!(&settings.database.value, Database::Sqlite { path } if path.parent() == Some(home));
    let mut undo = Undo::default();
    if needs_home {
        undo.directories = home::create(home)?;
    }
    match make(&plan, settings, context, &mut undo) {
        Ok(id) => {
            plan.applied = true;
            plan.first_audit_id = Some(id);
            Ok(plan)
        }
        Err(error) => {
            // When the server did not say whether it committed, the only copy of the key has to stay.
            if error.code() != create::OUTCOME_UNKNOWN {
                undo.run();
            }
            Err(error)
        }
    }
}

/// What to take away again when something fails.
#[derive(Default)]
struct Undo {
    /// Outermost first.
    directories: Vec<PathBuf>,
    secrets: Option<PathBuf>,
}

impl Undo {
    fn run(self) {
        // Best effort: the error that led here is the one to tell.
        if let Some(path) = self.secrets {
            let _ = std::fs::remove_file(path);
        }
        for directory in self.directories.iter().rev() {
            let _ = std::fs::remove_dir(directory);
        }
    }
}

fn make(plan: &InitPlan, settings: &Settings, context: &Context, undo: &mut Undo) -> Result<Id> {
    // Another init with the same home directory may be about to use the secrets that this one takes back, or
    // the other way round.
    let _lock = home::lock(&settings.home.value, &context.cancel)?;
    let current = settings.master_ring()?.current();
    let mut draft = plan.secrets_file.as_deref().map(|path| secrets::draft(path, context)).transpose()?;
    let key = match (&draft, current) {
        (Some(draft), _) => draft.key(),
        (None, Some(secret)) => {
            if let Origin::File { path, .. } = &secret.origin
                && !path.exists()
            {
                return Err(secrets::changed_meanwhile(path));
            }
            MacKey::new(secret.value.expose())
        }
        (None, None) => return Err(Error::bug("init has no key to sign the first row with")),
    };
    let row = first_row(&key, context)?;
    // Secrets first: a database whose secrets are nowhere would be lost.
    let mut before_end = || {
        context.cancel.check()?;
        if let Some(draft) = draft.take() {
            undo.secrets = Some(draft.keep()?);
        }
        Ok(())
    };
    match &settings.database.value {
        Database::Sqlite { path } => create::sqlite(path, sqlite_sql(), &row, &mut before_end)?,
        Database::Postgres(target) => {
            create::postgres(target, &context.cancel, &postgres_sql, &row, &mut before_end)?;
        }
    }
    Ok(row.id)
}

fn first_row(key: &MacKey, context: &Context) -> Result<FirstRow> {
    let id = context.random.id()?;
    let occurred_at: Timestamp = context.now();
    let row = AuditRow {
        id,
        occurred_at,
        action: ACTION,
        target_type: TARGET_TYPE,
        target_id: None,
        result: "success",
        outcome: Some("allow"),
        event_id: None,
        user_id: None,
        project_id: None,
        api_key_id: None,
        source_ip: SourceIp::Null,
        user_agent: None,
        metadata: METADATA.as_bytes(),
        prev_row_hmac: None,
        row_hmac: None,
        markers: Markers::default(),
    };
    let mut message = Vec::new();
    write_message(&row, Format::Baseline, Mapped::Groups, &mut Canonicalizer::new(), &mut message)
        .map_err(|error| Error::bug(format!("the first row has no payload: {error:?}")))?;
    Ok(FirstRow {
        id,
        occurred_at,
        action: ACTION,
        target_type: TARGET_TYPE,
        result: "success",
        outcome: "allow",
        metadata: METADATA,
        row_hmac: key.sign(&message),
    })
}
