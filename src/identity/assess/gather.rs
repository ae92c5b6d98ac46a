//! Reading what is on record about one agent.

use std::collections::BTreeSet;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use super::report::{ActionCount, AddressCount, Attempts, AuditRow, AuditRows, Listed, Window};
use crate::context::Cancel;
use crate::error::Result;
use crate::format::Id;
use crate::identity::gather::{AUDIT_COLUMNS, Condition, Gather};
use crate::store::Store;
use crate::store::value::Value;

/// Reads about one agent, as [`Gather`] reads about all.
pub(super) struct AgentGather<'a> {
    gather: Gather<'a>,
    pub(super) agent: Id,
    pub(super) project: Option<Id>,
    addresses: Option<Rc<BTreeSet<String>>>,
}

impl<'a> Deref for AgentGather<'a> {
    type Target = Gather<'a>;

    fn deref(&self) -> &Gather<'a> {
        &self.gather
    }
}

impl<'a> DerefMut for AgentGather<'a> {
    fn deref_mut(&mut self) -> &mut Gather<'a> {
        &mut self.gather
    }
}

impl<'a> AgentGather<'a> {
    pub(super) fn new(
        store: &'a mut Store,
        cancel: &'a Cancel,
        agent: Id,
        window: Window,
        max_rows: u32,
        redact: bool,
    ) -> Self {
        let gather = Gather::new(store, cancel, window, max_rows, redact);
        Self { gather, agent, project: None, addresses: None }
    }

    pub(super) fn is_agent(&self, column: &str) -> Condition {
        Condition::new(format!("{column} = ?"), vec![Value::Id(self.agent)])
    }

    /// Audit rows whose target is the agent, or whose metadata names it in whatever place.
    pub(super) fn about_agent(&self) -> Condition {
        let find = if self.store.is_postgres() { "strpos" } else { "instr" };
        let id = Value::Text(self.agent.to_string());
        Condition::new(
            format!("(target_id = ? OR {find}(CAST(metadata AS text), ?) > 0)"),
            vec![id.clone(), id],
        )
    }

    fn is_token_row(&self) -> Condition {
        let id = Value::Text(self.agent.to_string());
        Condition::new("(target_id = ? AND action LIKE 'agent.token.%')", vec![id])
    }

    /// Mints, rotations and revocations of the agent at any time.
    pub(super) fn token_rows(&mut self) -> Result<Listed<AuditRow>> {
        let condition = self.is_token_row();
        self.audit_rows(&condition)
    }

    /// The first mint and the last revocation of the agent, however many rows there are.
    pub(super) fn token_row(&mut self, action: &str, newest: bool) -> Result<Option<AuditRow>> {
        let order = if newest { "DESC" } else { "ASC" };
        let clause =
            format!("WHERE target_id = ? AND action = ? ORDER BY occurred_at {order}, id {order} LIMIT 1");
        let values = [Value::Text(self.agent.to_string()), Value::Text(action.to_owned())];
        let rows = self.store.rows("audit_log", AUDIT_COLUMNS, &clause, &values)?;
        rows.first().map(|row| self.audit_row(row)).transpose()
    }

    pub(super) fn audit(&mut self) -> Result<AuditRows> {
        let condition = self.about_agent().and(self.inside("occurred_at"));
        let sql = format!(
            "SELECT action, result, outcome, count(*) AS count, min(occurred_at) AS first_at, max(occurred_at) AS last_at \
             FROM audit_log WHERE {} GROUP BY action, result, outcome ORDER BY min(occurred_at), action",
            condition.sql
        );
        let rows = self.query("audit_log", &sql, &condition.values)?;
        let by_action = rows
            .iter()
            .map(|row| ActionCount {
                action: self.words(row, "action"),
                result: self.text(row, "result"),
                outcome: self.text(row, "outcome"),
                span: self.span(row),
            })
            .collect();
        Ok(AuditRows { by_action, rows: self.audit_rows(&condition)? })
    }

    /// Refused connections. Their rows name no agent, so that all of them are possible attempts with this token.
    pub(super) fn attempts(&mut self) -> Result<Attempts> {
        let refused = Condition::new("(action LIKE 'agent.auth.%' AND target_id IS NULL)", Vec::new());
        let condition = refused.and(self.inside("occurred_at"));
        let known = self.addresses_about_agent()?;
        let by_address = self.by_address(&condition, &known)?;
        Ok(Attempts { by_address, rows: self.audit_rows(&condition)? })
    }

    /// Addresses in audit rows about the agent, at any time.
    pub(super) fn addresses_about_agent(&mut self) -> Result<Rc<BTreeSet<String>>> {
        if let Some(known) = &self.addresses {
            return Ok(Rc::clone(known));
        }
        let condition = self.about_agent();
        let sql = format!(
            "SELECT source_ip FROM audit_log WHERE source_ip IS NOT NULL AND {} GROUP BY source_ip LIMIT {}",
            condition.sql, self.max_rows
        );
        let rows = self.query("audit_log", &sql, &condition.values)?;
        let found: BTreeSet<String> = rows.iter().filter_map(|row| self.address(row, "source_ip")).collect();
        let found = Rc::new(found);
        self.addresses = Some(Rc::clone(&found));
        Ok(found)
    }

    pub(super) fn by_address(
        &mut self,
        condition: &Condition,
        known: &BTreeSet<String>,
    ) -> Result<Vec<AddressCount>> {
        let sql = format!(
            "SELECT source_ip, count(*) AS count, min(occurred_at) AS first_at, max(occurred_at) AS last_at \
             FROM audit_log WHERE {} GROUP BY source_ip ORDER BY min(occurred_at) LIMIT {}",
            condition.sql, self.max_rows
        );
        let rows = self.query("audit_log", &sql, &condition.values)?;
        Ok(rows
            .iter()
            .map(|row| {
                let source_ip = self.address(row, "source_ip");
                AddressCount {
                    is_in_rows_about_agent: source_ip.as_ref().is_some_and(|address| known.contains(address)),
                    source_ip,
                    span: self.span(row),
                }
            })
            .collect())
    }
}
