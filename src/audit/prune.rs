//! `audit prune`: removing the oldest rows of a log so that what is left still verifies (audit chain, section 9).
//!
//! Only a contiguous prefix goes, and only when every row of it verifies, is linked to the one before it, and the row
//! behind it links to the last one that goes. From 1.8 on the signed state records that boundary; 1.7 keeps an
//! unsigned watermark; before that nothing records it, and the original's own verification and its upgrade to 1.8 take
//! the rest for a log whose beginning was cut. Frozen rows of an upgraded log are never touched.

use std::collections::BTreeMap;

use serde_json::json;

use crate::audit::bounds::{StateTrust, judge_state};
use crate::audit::check::{Checker, Link, Part, Verdict};
use crate::audit::keys::Keys;
use crate::audit::transact::{Operation, Scope};
use crate::error::{Error, Result};
use crate::format::mac::{Digest, KeyId};
use crate::format::state::Quartet;
use crate::format::{Id, Timestamp};
use crate::plan::{Entry, Plan, Removal};
use crate::store::Scan;
use crate::store::batch::{Column, Layout, RowBatch};
use crate::store::generation::{Family, Generation};

/// Advisory lock of PostgreSQL that a brain's sweep holds; whoever does not get it leaves it (audit chain, section 9.1).
const SWEEP_LOCK: i64 = 2_050_255_425;

/// How many rows one run removes at most, unless told otherwise; a brain's own limit of a pass.
pub const DEFAULT_MAX_ROWS: u64 = 200_000;

/// Which rows are old enough.
#[derive(Debug, Clone)]
pub struct Cutoffs {
    /// Rows before this time go.
    pub default: Timestamp,
    /// Rows of a class, the text before the first dot of `action`, go before another time.
    pub by_class: BTreeMap<String, Timestamp>,
    /// `before` when a time was given, `retention` when the brain's settings decide.
    pub source: &'static str,
}

impl Cutoffs {
    fn of(&self, class: &str) -> Timestamp {
        self.by_class.get(class).copied().unwrap_or(self.default)
    }

    fn latest(&self) -> Timestamp {
        self.by_class.values().copied().fold(self.default, Timestamp::max)
    }
}

/// Removes old rows.
#[derive(Debug)]
pub struct Prune<'a> {
    /// Which rows are old.
    pub cutoffs: Cutoffs,
    /// At most so many.
    pub max_rows: u64,
    /// Do it also where the original can no longer upgrade the database to 1.8 (1.3 to 1.7).
    pub accept_unupgradable: bool,
    /// The keys that verify the rows.
    pub keys: &'a Keys,
    /// Where the rows were exported to before: exactly those go.
    pub exported: Option<Exported>,
}

/// An export that holds the rows that go.
#[derive(Debug, Clone)]
pub struct Exported {
    /// The last row that goes; the export was made and read back up to it.
    pub boundary: Quartet,
    /// What the audit row says of it: name of the file, SHA-256, digest of the manifest, rows.
    pub record: serde_json::Value,
}

impl Operation for Prune<'_> {
    fn plan(&self, scope: &mut Scope<'_>) -> Result<Plan> {
        let generation = scope.detection.generation;
        if generation == Generation::A {
            return Err(Error::refused(
                "prune.early",
                "releases 1.0 to 1.2 remove no audit rows, and their log has no way to record it; nothing was written",
            )
            .hint("take a copy of the database and keep it"));
        }
        if !scope.store.try_lock(SWEEP_LOCK)? {
            return Err(Error::refused(
                "prune.sweeping",
                "a brain is removing old rows just now; nothing was written",
            )
            .hint("run the command again in a minute"));
        }
        let Some(removal) = self.removal(scope)? else {
            return Ok(Plan::nothing(format!(
                "no row at the beginning of the log is older than {}",
                self.cutoffs.default.zulu()
            )));
        };
        if let Some(exported) = &self.exported
            && exported.boundary != removal.boundary
        {
            return Err(Error::refused(
                "prune.not-exported",
                format!(
                    "the rows that would go end at {}, the export at {}; nothing was removed",
                    removal.boundary.id, exported.boundary.id
                ),
            )
            .hint("the log changed meanwhile: run the command again, into another file"));
        }
        let is_active = generation.family() == Family::Active;
        if !is_active && !self.accept_unupgradable {
            return Err(Error::refused(
                "prune.unupgradable",
                format!(
                    "removing {} rows of a log of {} makes z4j 1.6's own verification fail for ever and stops the \
                     upgrade to 1.8 half way; nothing was written",
                    removal.rows,
                    generation.releases()
                ),
            )
            .hint("export them and keep them, or accept that with --accept-unupgradable"));
        }
        let mut plan = Plan::default();
        let chain_generation = if is_active { chain_generation(scope, self.keys)? } else { None };
        let metadata = json!({
            "mode": "soft",
            "cutoff": self.cutoffs.default.canonical(),
            "cutoff_by_class": self
                .cutoffs
                .by_class
                .iter()
                .map(|(class, time)| (class.clone(), json!(time.canonical())))
                .collect::<serde_json::Map<_, _>>(),
            "cutoff_source": self.cutoffs.source,
            "rows": removal.rows,
            "rows_by_class": removal.by_class,
            "generation": chain_generation,
            "boundary_id": removal.boundary.id,
            "boundary_row_hmac": removal.boundary.row_hmac,
        });
        let mut metadata = metadata;
        if let Some(exported) = &self.exported {
            metadata["export"] = exported.record.clone();
        }
        plan.entries.push(Entry::new("audit.prune", "audit_chain", chain_generation, metadata));
        plan.summary = format!(
            "{} row(s) up to {} ({}) are removed, {} stay",
            removal.rows,
            removal.boundary.occurred_at.zulu(),
            removal.boundary.id,
            removal.remaining
        );
        let classes = removal.by_class.iter().map(|(class, rows)| format!("{class} {rows}"));
        plan.notes.push(format!("by class: {}", classes.collect::<Vec<_>>().join(", ")));
        if let Some(reason) = &removal.stopped_by {
            plan.notes.push(format!("older rows stay: {reason}"));
        }
        if !is_active {
            plan.notes.push(match generation {
                Generation::D => "1.7 keeps the boundary as an unsigned watermark; the upgrade to 1.8 will stop half way".into(),
                _ => "nothing in the database records the boundary: z4j 1.6 reports a truncation from now on, and the \
                      upgrade to 1.8 will stop half way"
                    .into(),
            });
        }
        plan.removal = Some(removal);
        Ok(plan)
    }
}

impl Prune<'_> {
    /// The verified prefix of rows that are old enough.
    fn removal(&self, scope: &mut Scope<'_>) -> Result<Option<Removal>> {
        let detection = scope.detection;
        let family = detection.generation.family();
        let layout = Layout::new(detection.has_api_key_id, detection.has_markers);
        let mut prefix = Prefix {
            checker: Checker::new(self.keys, family),
            cutoffs: &self.cutoffs,
            max_rows: self.max_rows,
            family,
            rows: 0,
            by_class: BTreeMap::new(),
            by_key: BTreeMap::new(),
            begins_behind: None,
            last: None,
            stopped_by: None,
        };
        let scan = Scan { layout, since: None, until: Some(self.cutoffs.latest()) };
        let mut position = 0;
        let end = scope.store.scan(&scan, &mut |batch: RowBatch| {
            for (_, raw) in batch.rows() {
                position += 1;
                if prefix.stopped_by.is_none() {
                    prefix.take(position, raw)?;
                }
            }
            let mut batch = batch;
            batch.clear(1);
            Ok(batch)
        })?;
        if end == crate::store::ScanEnd::OutOfOrder {
            // The next scan reads in order.
            return self.removal(scope);
        }
        let Some(boundary) = prefix.last else { return Ok(None) };
        self.check_successor(scope, layout, family, &boundary)?;
        let all = scope.store.number(
            if detection.has_markers {
                "SELECT count(*) AS count FROM audit_log WHERE legacy_frozen = ?"
            } else {
                "SELECT count(*) AS count FROM audit_log"
            },
            if detection.has_markers { &[crate::store::value::Value::Bool(false)] } else { &[] },
        )?;
        Ok(Some(Removal {
            rows: prefix.rows,
            by_class: prefix.by_class,
            by_key: prefix.by_key,
            begins_behind: prefix.begins_behind,
            boundary,
            remaining: all.saturating_sub(prefix.rows),
            stopped_by: prefix.stopped_by,
        }))
    }

    /// The row behind the boundary must verify and link to it: a cut may lie there, and removing up to it would hide it.
    fn check_successor(
        &self,
        scope: &mut Scope<'_>,
        layout: Layout,
        family: Family,
        boundary: &Quartet,
    ) -> Result<()> {
        let batch = scope.store.row_behind(boundary.occurred_at, boundary.id, layout)?;
        if batch.is_empty() {
            return Ok(());
        }
        let next = Checker::new(self.keys, family).check(0, batch.row(0));
        let links = next.previous.mac() == Some(boundary.row_hmac);
        if matches!(next.verdict, Verdict::Verified(_)) && links {
            return Ok(());
        }
        let id = next.id.map(|id| id.to_string()).unwrap_or_default();
        Err(not_verified(&format!("row {id}, behind the last one that would go, does not continue it")))
    }
}

/// Collects the prefix, row by row.
struct Prefix<'a> {
    checker: Checker<'a>,
    cutoffs: &'a Cutoffs,
    max_rows: u64,
    family: Family,
    rows: u64,
    by_class: BTreeMap<String, u64>,
    by_key: BTreeMap<KeyId, u64>,
    begins_behind: Option<Digest>,
    last: Option<Quartet>,
    stopped_by: Option<String>,
}

impl Prefix<'_> {
    fn take(&mut self, position: u64, raw: crate::store::batch::RawRow<'_>) -> Result<()> {
        let checked = self.checker.check(position, raw);
        if self.family == Family::Active && checked.part == Part::Frozen {
            return Ok(());
        }
        let action = raw.text(Column::Action).ok().flatten().unwrap_or_default();
        let class = action.split('.').next().unwrap_or_default();
        let name = checked.id.map_or_else(|| "(unreadable id)".to_owned(), |id| id.to_string());
        let (Some(occurred_at), Some(id)) = (checked.occurred_at, checked.id) else {
            return Err(not_verified(&format!("row {name} cannot be read")));
        };
        if occurred_at >= self.cutoffs.of(class) {
            self.stopped_by = Some(format!("row {name} ({action}) is not old enough in its class"));
            return Ok(());
        }
        if self.rows == self.max_rows {
            self.stopped_by = Some(format!("at most {} rows go in one run; run it again", self.max_rows));
            return Ok(());
        }
        let (Verdict::Verified(key), Link::Mac(row_hmac)) = (&checked.verdict, checked.mac) else {
            return Err(not_verified(&format!("row {name} does not verify")));
        };
        match &self.last {
            None => self.begins_behind = checked.previous.mac(),
            Some(last) if checked.previous.mac() == Some(last.row_hmac) => {}
            Some(_) => return Err(not_verified(&format!("row {name} is not linked to the row before it"))),
        }
        self.rows += 1;
        *self.by_class.entry(class.to_owned()).or_default() += 1;
        *self.by_key.entry(*key).or_default() += 1;
        self.last = Some(Quartet { row_hmac, hmac_key_id: *key, occurred_at, id });
        Ok(())
    }
}

fn chain_generation(scope: &mut Scope<'_>, keys: &Keys) -> Result<Option<Id>> {
    let facts = scope.store.facts(scope.detection)?;
    match judge_state(scope.detection, &facts, keys, &mut Vec::new()) {
        StateTrust::Authentic(state) => Ok(Some(state.generation)),
        _ => Err(not_verified("the chain state does not hold")),
    }
}

fn not_verified(reason: &str) -> Error {
    Error::refused(
        "prune.not-verified",
        format!("the beginning of the log does not verify: {reason}; nothing was written"),
    )
    .hint("run `z4jctl audit verify`: what may have been tampered with is not removed, it is evidence")
}
