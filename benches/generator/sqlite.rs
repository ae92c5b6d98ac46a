//! Into a SQLite file.

use std::path::Path;

use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, Transaction, params};
use z4jctl::format::{Id, Timestamp};

use super::events::Cast;
use super::log::{Head, Installation, Log};
use super::{Failure, LogFormat, Recipe, Summary};

/// Extends the log of a SQLite file, in one transaction.
pub(crate) fn extend_sqlite(path: &Path, recipe: &Recipe) -> Result<Summary, Failure> {
    let secret = recipe.format.secret("meta.json")?;
    let mut connection = Connection::open(path)?;
    // Random keys of a million rows scatter over the indexes: they shall fit into memory. The file is a copy
    // of a fixture, so nothing is lost when the machine dies half way. Foreign keys: as z4j has them.
    connection.execute_batch(
        "PRAGMA foreign_keys = OFF; PRAGMA cache_size = -1000000; PRAGMA synchronous = OFF; \
         PRAGMA journal_mode = MEMORY",
    )?;
    // From 1.8 the triggers ask the connection whether this writer may write; only z4j's own has the function.
    connection.create_scalar_function("z4j_audit_guard", 2, FunctionFlags::SQLITE_UTF8, |_| Ok(1))?;
    let transaction = connection.transaction()?;
    let summary = extend(&transaction, recipe, &secret)?;
    transaction.commit()?;
    connection.execute_batch("PRAGMA optimize")?;
    Ok(summary)
}

fn extend(transaction: &Transaction<'_>, recipe: &Recipe, secret: &str) -> Result<Summary, Failure> {
    let present: i64 = transaction.query_row("SELECT count(*) FROM audit_log", [], |row| row.get(0))?;
    let missing =
        recipe.rows.checked_sub(u64::try_from(present)?).ok_or("the fixture has more rows already")?;
    let installation = match recipe.format {
        LogFormat::Active => Some(installation(transaction)?),
        LogFormat::Baseline => None,
    };
    let cast = Cast {
        users: ids(transaction, "users")?,
        projects: ids(transaction, "projects")?,
        api_keys: ids(transaction, "api_keys")?,
    };
    let mut log = Log::new(recipe, secret, cast, head(transaction)?, installation, true);
    insert(transaction, &mut log, missing)?;
    if recipe.format == LogFormat::Active && missing > 0 {
        update_state(transaction, &log, recipe.rows)?;
    }
    Ok(log.summary())
}

fn insert(transaction: &Transaction<'_>, log: &mut Log, count: u64) -> Result<(), Failure> {
    let active = log.generation().is_some();
    let (names, values) = if active {
        (", hmac_key_id, chain_generation, legacy_frozen, hmac_version", ", ?17, ?18, 0, 2")
    } else {
        ("", "")
    };
    let mut statement = transaction.prepare(&format!(
        "INSERT INTO audit_log (project_id, user_id, api_key_id, action, target_type, target_id, result, metadata, \
         source_ip, user_agent, occurred_at, outcome, event_id, row_hmac, prev_row_hmac, id{names}) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16{values})"
    ))?;
    let (key_id, generation) = (log.key_id().to_owned(), log.generation().map(Id::simple));
    for _ in 0..count {
        let row = log.grow()?;
        let entry = &row.entry;
        let common = params![
            entry.project_id.map(Id::simple),
            entry.user_id.map(Id::simple),
            entry.api_key_id.map(Id::simple),
            entry.action,
            entry.target_type,
            entry.target_id,
            entry.result,
            entry.metadata,
            entry.source_ip,
            entry.user_agent,
            row.occurred_at.sqlite(),
            entry.outcome,
            entry.event_id.map(Id::simple),
            row.row_hmac,
            row.prev_row_hmac,
            entry.id.simple(),
        ];
        for (index, value) in (1..).zip(common) {
            statement.raw_bind_parameter(index, value)?;
        }
        if active {
            statement.raw_bind_parameter(17, &key_id)?;
            statement.raw_bind_parameter(18, &generation)?;
        }
        statement.raw_execute()?;
    }
    Ok(())
}

fn update_state(transaction: &Transaction<'_>, log: &Log, rows: u64) -> Result<(), Failure> {
    let head = log.head();
    transaction.execute(
        "UPDATE audit_chain_state SET state_key_id = ?1, head_hmac_key_id = ?1, head_row_hmac = ?2, \
         head_occurred_at = ?3, head_id = ?4, active_row_count = ?5, active_key_counts = ?6, state_mac = ?7",
        params![
            log.key_id(),
            head.row_hmac,
            head.occurred_at.sqlite(),
            head.id.simple(),
            i64::try_from(rows)?,
            log.key_counts(rows),
            log.state_mac(rows)?,
        ],
    )?;
    Ok(())
}

fn installation(transaction: &Transaction<'_>) -> Result<Installation, Failure> {
    let (generation, installation_id): (String, String) = transaction.query_row(
        "SELECT generation, installation_id FROM audit_chain_state \
         WHERE frozen_row_count = 0 AND prune_id IS NULL AND coalesce(retired_recovery_binding, 'null') = 'null'",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(Installation { generation: id(&generation)?, installation_id: id(&installation_id)? })
}

fn head(transaction: &Transaction<'_>) -> Result<Head, Failure> {
    let (row_hmac, occurred_at, own): (String, String, String) = transaction.query_row(
        "SELECT row_hmac, occurred_at, id FROM audit_log ORDER BY occurred_at DESC, id DESC LIMIT 1",
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let occurred_at = Timestamp::parse(&occurred_at).ok_or("the time of the last row")?;
    Ok(Head { row_hmac, occurred_at, id: id(&own)? })
}

fn ids(transaction: &Transaction<'_>, table: &str) -> Result<Vec<Id>, Failure> {
    let mut statement = transaction.prepare(&format!("SELECT id FROM {table} ORDER BY id"))?;
    let texts = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    texts.iter().map(|text| id(text)).collect()
}

fn id(text: &str) -> Result<Id, Failure> {
    Id::parse(text.as_bytes()).ok_or_else(|| format!("not a UUID: {text}").into())
}
