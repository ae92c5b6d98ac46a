//! Into a PostgreSQL database.

use std::io::Write as _;

use postgres::{Client, NoTls, Transaction};
use z4jctl::format::{Id, Timestamp};

use super::events::Cast;
use super::log::{Head, Installation, Log, SignedRow};
use super::{Failure, LogFormat, Recipe, Summary};

/// What is sent to the server at a time.
const CHUNK: usize = 1 << 16;

/// Extends the log of a PostgreSQL database, in one transaction, as a superuser.
pub(crate) fn extend_postgres(url: &str, recipe: &Recipe) -> Result<Summary, Failure> {
    let secret = recipe.format.secret("meta-pg.json")?;
    let mut client = Client::connect(url, NoTls)?;
    let mut transaction = client.transaction()?;
    let summary = extend(&mut transaction, recipe, &secret)?;
    transaction.commit()?;
    // As autovacuum leaves a log that is not brand new.
    client.batch_execute("VACUUM ANALYZE audit_log")?;
    Ok(summary)
}

fn extend(transaction: &mut Transaction<'_>, recipe: &Recipe, secret: &str) -> Result<Summary, Failure> {
    let present: i64 = transaction.query_one("SELECT count(*) FROM audit_log", &[])?.get(0);
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
    let head = head(transaction)?;
    let mut log = Log::new(recipe, secret, cast, head, installation, false);
    // Ordinary triggers and foreign keys rest.
    transaction.batch_execute("SET LOCAL session_replication_role = replica")?;
    if recipe.format == LogFormat::Active {
        // The tally does not rest: it would update one row once per row of the log, in one transaction, each
        // update slower than the one before. It is set at the end.
        tally_triggers(transaction, "DISABLE TRIGGER")?;
    }
    copy(transaction, &mut log, missing)?;
    if recipe.format == LogFormat::Active {
        if missing > 0 {
            update_state(transaction, &log, recipe.rows)?;
        }
        tally_triggers(transaction, "ENABLE ALWAYS TRIGGER")?;
    }
    Ok(log.summary())
}

fn tally_triggers(transaction: &mut Transaction<'_>, action: &str) -> Result<(), Failure> {
    transaction.batch_execute(&format!(
        "ALTER TABLE audit_log {action} audit_log_tally_rows; \
         ALTER TABLE audit_chain_state {action} audit_chain_state_protect_tally"
    ))?;
    Ok(())
}

fn copy(transaction: &mut Transaction<'_>, log: &mut Log, count: u64) -> Result<(), Failure> {
    let markers = match log.generation() {
        Some(_) => ", hmac_key_id, chain_generation, legacy_frozen, hmac_version",
        None => "",
    };
    let mut writer = transaction.copy_in(&format!(
        "COPY audit_log (project_id, user_id, api_key_id, action, target_type, target_id, result, metadata, source_ip, \
         user_agent, occurred_at, outcome, event_id, row_hmac, prev_row_hmac, id{markers}) FROM STDIN"
    ))?;
    let tail = match log.generation() {
        Some(generation) => format!("\t{}\t{generation}\tf\t2\n", log.key_id()),
        None => "\n".to_owned(),
    };
    let mut lines = String::new();
    for _ in 0..count {
        write_line(&log.grow()?, &tail, &mut lines);
        if lines.len() >= CHUNK {
            writer.write_all(lines.as_bytes())?;
            lines.clear();
        }
    }
    writer.write_all(lines.as_bytes())?;
    writer.finish()?;
    Ok(())
}

/// One line in the text format of COPY.
fn write_line(row: &SignedRow, tail: &str, out: &mut String) {
    let entry = &row.entry;
    let printed = |id: Option<Id>| id.map(|id| id.to_string());
    let occurred_at = row.occurred_at.canonical();
    let (project_id, user_id) = (printed(entry.project_id), printed(entry.user_id));
    let (api_key_id, event_id) = (printed(entry.api_key_id), printed(entry.event_id));
    let id = entry.id.to_string();
    let fields = [
        project_id.as_deref(),
        user_id.as_deref(),
        api_key_id.as_deref(),
        Some(entry.action),
        Some(entry.target_type),
        entry.target_id.as_deref(),
        Some(entry.result),
        Some(&entry.metadata),
        entry.source_ip.as_deref(),
        entry.user_agent,
        Some(&occurred_at),
        Some(entry.outcome),
        event_id.as_deref(),
        Some(&row.row_hmac),
        Some(&row.prev_row_hmac),
        Some(&id),
    ];
    for (index, field) in fields.into_iter().enumerate() {
        if index > 0 {
            out.push('\t');
        }
        match field {
            None => out.push_str("\\N"),
            // Nothing in an event needs another escape.
            Some(text) => text.split('\\').enumerate().for_each(|(index, part)| {
                out.push_str(if index > 0 { "\\\\" } else { "" });
                out.push_str(part);
            }),
        }
    }
    out.push_str(tail);
}

fn update_state(transaction: &mut Transaction<'_>, log: &Log, rows: u64) -> Result<(), Failure> {
    let head = log.head();
    // As text: the values are our own, and the driver would want types that this crate does not link.
    transaction.batch_execute(&format!(
        "UPDATE audit_chain_state SET state_key_id = '{key_id}', head_hmac_key_id = '{key_id}', \
         head_row_hmac = '{}', head_occurred_at = '{}', head_id = '{}', active_row_count = {rows}, \
         observed_active_row_count = {rows}, active_key_counts = '{}', state_mac = '{}'",
        head.row_hmac,
        head.occurred_at,
        head.id,
        log.key_counts(rows),
        log.state_mac(rows)?,
        key_id = log.key_id(),
    ))?;
    Ok(())
}

fn installation(transaction: &mut Transaction<'_>) -> Result<Installation, Failure> {
    let row = transaction.query_one(
        "SELECT generation::text, installation_id::text FROM audit_chain_state \
         WHERE frozen_row_count = 0 AND prune_id IS NULL \
         AND coalesce(retired_recovery_binding::text, 'null') = 'null'",
        &[],
    )?;
    Ok(Installation { generation: id(row.get(0))?, installation_id: id(row.get(1))? })
}

fn head(transaction: &mut Transaction<'_>) -> Result<Head, Failure> {
    let row = transaction.query_one(
        "SELECT row_hmac, to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), id::text \
         FROM audit_log ORDER BY occurred_at DESC, id DESC LIMIT 1",
        &[],
    )?;
    let occurred_at = Timestamp::parse(row.get(1)).ok_or("the time of the last row")?;
    Ok(Head { row_hmac: row.get(0), occurred_at, id: id(row.get(2))? })
}

fn ids(transaction: &mut Transaction<'_>, table: &str) -> Result<Vec<Id>, Failure> {
    let rows = transaction.query(&format!("SELECT id::text FROM {table} ORDER BY 1"), &[])?;
    rows.iter().map(|row| id(row.get(0))).collect()
}

fn id(text: &str) -> Result<Id, Failure> {
    Id::parse(text.as_bytes()).ok_or_else(|| format!("not a UUID: {text}").into())
}
