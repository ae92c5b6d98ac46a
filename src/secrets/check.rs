//! `secrets check`: which stored values hang on which secret, counted on this very database, and what is amiss with the
//! secrets themselves.

use std::num::NonZeroUsize;

use serde::Serialize;

use super::count::{self, Sealed};
use super::witness::{Witness, witness};
use super::{MASTER, MASTER_PREVIOUS};
use crate::audit::bounds::{StateTrust, judge_state};
use crate::audit::rotation::keys_of;
use crate::audit::verify::{Progress, VerifyOptions, verify};
use crate::config::{KeyRing, Origin, Secret, Settings};
use crate::context::Context;
use crate::error::{ExitCode, Result};
use crate::format::Id;
use crate::format::sealed::Table;
use crate::format::state::ChainState;
use crate::settings_files::audit_keys::{CURRENT as AUDIT, PREVIOUS as AUDIT_PREVIOUS};
use crate::store::generation::{Detection, Family, Generation};
use crate::store::{OpenOptions, Store};

const SESSION: &str = "Z4J_SESSION_SECRET";
const SESSION_PREVIOUS: &str = "Z4J_PREVIOUS_SESSION_SECRETS";

/// How many rows a finding names.
const NAMED: usize = 8;

/// How to check.
#[derive(Debug, Clone, Copy)]
pub struct CheckOptions {
    /// How patient to be with the database.
    pub open: OpenOptions,
    /// Verify the whole audit log, to count its rows per key.
    pub count_rows: bool,
    /// Cores to use for that.
    pub jobs: NonZeroUsize,
}

/// What is in the database and hangs on a secret.
#[derive(Debug, Clone, Serialize)]
pub struct Dependents {
    /// What: `agent-tokens`, `api-keys`, `invitations`, `password-resets`, `setup-tokens`, `totp-secrets`,
    /// `notification-channels`, `user-channels`, `audit-rows`, `audit-frozen-rows`, `sessions`.
    pub what: &'static str,
    /// The setting that holds the secret.
    pub secret: &'static str,
    /// Whether previous secrets are tried for it too.
    pub previous_honoured: bool,
    /// How many there are that are alive: not revoked, not over, not used.
    pub values: u64,
    /// Of these, by the secret they need; `None` where the database cannot tell, as of hashes.
    pub by_secret: Option<Vec<Under>>,
    /// Of these, how many no configured secret opens; `None` where the database cannot tell.
    pub under_none: Option<u64>,
    /// Beside these: values that are stored in the clear.
    pub plaintext: u64,
}

/// How many values need one secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Under {
    /// First 12 digits of the secret's key id.
    pub fingerprint: String,
    /// Values.
    pub values: u64,
}

/// One configured secret.
#[derive(Debug, Clone, Serialize)]
pub struct ConfiguredSecret {
    /// The setting.
    pub name: &'static str,
    /// First 12 digits of the key id.
    pub fingerprint: String,
    /// Who said so.
    pub origin: Origin,
    /// What becomes of it: `current`, `needed`, `removable`, `cannot-tell`.
    pub verdict: &'static str,
}

/// How bad a remark is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// A secret that is needed is missing: exit code 6.
    Missing,
    /// Something is wrong: exit code 1.
    Finding,
    /// Something should be changed; the exit code stays 0.
    Warning,
    /// Good to know.
    Info,
}

/// Something to say about the secrets.
#[derive(Debug, Clone, Serialize)]
pub struct Remark {
    /// Its name: `does-not-open`, `missing`, `wrong-secret`, `rotation-pending`, `shared`, `misplaced`,
    /// `previous-needed`, `previous-removable`, `plaintext`.
    pub code: &'static str,
    /// How bad it is.
    pub level: Level,
    /// One sentence.
    pub message: String,
}

/// The report of `secrets check`.
#[derive(Debug, Clone, Serialize)]
pub struct SecretsReport {
    /// `z4jctl.secrets.check/1`.
    pub schema: &'static str,
    /// Exit code of the command.
    pub exit_code: u8,
    /// The database.
    pub database: String,
    /// Its generation.
    pub generation: Generation,
    /// `alembic_version.version_num`.
    pub revision: String,
    /// Whether the configured `Z4J_SECRET` is the one that this database was used with.
    pub witness: Witness,
    /// The secrets that are configured.
    pub secrets: Vec<ConfiguredSecret>,
    /// What hangs on them.
    pub dependents: Vec<Dependents>,
    /// What is to be said, the worst first.
    pub remarks: Vec<Remark>,
}

impl SecretsReport {
    /// The exit code.
    pub fn exit(&self) -> ExitCode {
        let of = |level: Level| self.remarks.iter().any(|remark| remark.level == level);
        match (of(Level::Missing), of(Level::Finding)) {
            (true, _) => ExitCode::Secret,
            (false, true) => ExitCode::Finding,
            (false, false) => ExitCode::Done,
        }
    }
}

/// The rings and what is known of the database.
struct Look<'a> {
    master: &'a KeyRing,
    audit: &'a KeyRing,
    session: &'a KeyRing,
    dependents: Vec<Dependents>,
    remarks: Vec<Remark>,
}

impl Look<'_> {
    fn remark(&mut self, code: &'static str, level: Level, message: impl Into<String>) {
        self.remarks.push(Remark { code, level, message: message.into() });
    }

    fn add(&mut self, what: &'static str, secret: &'static str, previous_honoured: bool, values: u64) {
        self.dependents.push(Dependents {
            what,
            secret,
            previous_honoured,
            values,
            by_secret: None,
            under_none: None,
            plaintext: 0,
        });
    }

    fn add_sealed(&mut self, what: &'static str, sealed: &Sealed) {
        let shown = self.master.all().iter().zip(&sealed.under);
        let by_secret =
            shown.map(|(key, values)| Under { fingerprint: key.value.fingerprint(), values: *values });
        self.dependents.push(Dependents {
            what,
            secret: MASTER,
            previous_honoured: true,
            values: sealed.values(),
            by_secret: Some(by_secret.collect()),
            under_none: Some(u64::try_from(sealed.never.len()).unwrap_or(u64::MAX)),
            plaintext: sealed.plain,
        });
        if !sealed.never.is_empty() && !self.master.all().is_empty() {
            let level = Level::Finding;
            let message = format!(
                "{} of {} {what} open under no configured {MASTER}: {}",
                sealed.never.len(),
                sealed.values(),
                ids(&sealed.never)
            );
            self.remark("does-not-open", level, message);
        }
    }

    fn values(&self, secret: &str) -> u64 {
        self.dependents.iter().filter(|found| found.secret == secret).map(|found| found.values).sum()
    }

    /// Values that are known to need this secret.
    fn needing(&self, name: &str, fingerprint: &str) -> u64 {
        let of = self.dependents.iter().filter(|found| found.secret == name);
        let under = of.flat_map(|found| found.by_secret.iter().flatten());
        under.filter(|under| under.fingerprint == fingerprint).map(|under| under.values).sum()
    }
}

fn ids(all: &[Id]) -> String {
    let shown: Vec<String> = all.iter().take(NAMED).map(ToString::to_string).collect();
    match all.len() {
        count if count > NAMED => format!("{} and {} more", shown.join(", "), count - NAMED),
        _ => shown.join(", "),
    }
}

/// Looks at every value that hangs on a secret. Writes nothing.
///
/// # Errors
///
/// `Secret` for a secret that z4j would refuse; those of reading.
pub fn check(
    context: &Context,
    settings: &Settings,
    options: CheckOptions,
    progress: &dyn Progress,
) -> Result<SecretsReport> {
    let database = &settings.database.value;
    let mut look = Look {
        master: settings.master_ring()?,
        audit: settings.audit_ring()?,
        session: settings.session_ring()?,
        dependents: Vec::new(),
        remarks: Vec::new(),
    };
    let (mut store, detection) = Store::read_tables(database, options.open, &context.cancel)?;
    let now = context.now();
    let is_active = detection.generation.family() == Family::Active;

    let hashed = |list: usize| u64::try_from(list).unwrap_or(u64::MAX);
    look.add("agent-tokens", MASTER, true, hashed(count::agents(&mut store)?.len()));
    look.add("api-keys", MASTER, false, hashed(count::api_keys(&mut store, now)?.len()));
    look.add("invitations", MASTER, false, hashed(count::invitations(&mut store, now)?.len()));
    look.add("password-resets", MASTER, false, hashed(count::resets(&mut store, now)?.len()));
    look.add("setup-tokens", MASTER, false, count::setup_tokens(&mut store, now)?);
    let totp = count::totp(&mut store, look.master)?;
    look.add_sealed("totp-secrets", &totp);
    for (table, what) in Table::ALL.into_iter().zip(["notification-channels", "user-channels"]) {
        let sealed = count::channels(&mut store, table, look.master)?;
        look.add_sealed(what, &sealed);
        if detection.generation == Generation::H && sealed.plain > 0 {
            let message = format!(
                "{} {what} are stored in the clear, from before 1.12; `z4j secrets rewrap` encrypts them",
                sealed.plain
            );
            look.remark("plaintext", Level::Warning, message);
        }
    }
    let state = audit_rows(&mut store, &detection, settings, &mut look)?;
    look.add("sessions", SESSION, true, count::sessions(&mut store, now)?);
    if options.count_rows {
        count_rows(context, settings, options, progress, is_active, &mut look)?;
    }

    missing(&detection, state.as_ref(), &mut look);
    let witness = if look.master.all().is_empty() {
        Witness::Unknown
    } else {
        witness(&mut store, &detection, look.master)?
    };
    if witness == Witness::Contradicted {
        look.remark("wrong-secret", Level::Finding, witness.explain());
    }
    shared(&mut look);
    misplaced(settings, is_active, &mut look);
    let secrets = judge_rings(is_active, state.as_ref(), &mut look);
    let Look { dependents, mut remarks, .. } = look;
    remarks.sort_by_key(|remark| match remark.level {
        Level::Missing => 0,
        Level::Finding => 1,
        Level::Warning => 2,
        Level::Info => 3,
    });
    let mut report = SecretsReport {
        schema: "z4jctl.secrets.check/1",
        exit_code: 0,
        database: database.display(),
        generation: detection.generation,
        revision: detection.revision,
        witness,
        secrets,
        dependents,
        remarks,
    };
    report.exit_code = report.exit().code();
    Ok(report)
}

/// The rows of the log: from 1.8 on the chain state has counted them per key.
fn audit_rows(
    store: &mut Store,
    detection: &Detection,
    settings: &Settings,
    look: &mut Look<'_>,
) -> Result<Option<ChainState>> {
    if detection.generation.family() != Family::Active {
        let rows = count::audit_rows(store)?;
        look.add("audit-rows", MASTER, true, rows);
        return Ok(None);
    }
    let keys = keys_of(settings)?;
    let facts = store.facts(detection)?;
    let state = match judge_state(detection, &facts, &keys, &mut Vec::new()) {
        StateTrust::Authentic(state) | StateTrust::UnknownKey(state) => *state,
        StateTrust::NotApplicable | StateTrust::Untrusted => {
            let rows = count::audit_rows(store)?;
            look.add("audit-rows", AUDIT, true, rows);
            look.remark(
                "wrong-secret",
                Level::Finding,
                format!("the chain state is not what a configured {AUDIT} signed: `z4jctl audit verify` tells more"),
            );
            return Ok(None);
        }
    };
    let mut by_secret = Vec::new();
    let mut under_none = 0;
    for (id, values) in &state.active_key_counts {
        let id = id.to_string();
        if look.audit.find(&id).is_none() {
            under_none += values;
        }
        by_secret.push(Under { fingerprint: id[..12].to_owned(), values: *values });
    }
    look.dependents.push(Dependents {
        what: "audit-rows",
        secret: AUDIT,
        previous_honoured: true,
        values: state.active_row_count,
        by_secret: Some(by_secret),
        under_none: Some(under_none),
        plaintext: 0,
    });
    if state.frozen_row_count > 0 {
        let mut by_secret = Vec::new();
        for key in look.master.all() {
            let values = count::frozen_rows_under(store, &key.value.key_id())?;
            by_secret.push(Under { fingerprint: key.value.fingerprint(), values });
        }
        // A brain needs no secret for them: their digest is signed.
        look.dependents.push(Dependents {
            what: "audit-frozen-rows",
            secret: MASTER,
            previous_honoured: true,
            values: 0,
            by_secret: Some(by_secret),
            under_none: None,
            plaintext: 0,
        });
    }
    Ok(Some(state))
}

/// Verifies the whole log to count its rows per key.
fn count_rows(
    context: &Context,
    settings: &Settings,
    options: CheckOptions,
    progress: &dyn Progress,
    is_active: bool,
    look: &mut Look<'_>,
) -> Result<()> {
    let ring = if is_active { look.audit } else { look.master };
    if ring.all().is_empty() {
        return Ok(());
    }
    let options = VerifyOptions { max_findings: 1, ..VerifyOptions::new(options.open, options.jobs) };
    let report = verify(context, &settings.database.value, &keys_of(settings)?, &options, progress)?;
    let Some(rows) = look.dependents.iter_mut().find(|found| found.what == "audit-rows") else {
        return Ok(());
    };
    let known = |id: &str| ring.all().iter().any(|key| key.value.key_id() == id);
    let by_secret = report.keys.iter().map(|used| (used.key_id.to_string(), used.rows));
    let by_secret: Vec<Under> = by_secret
        .filter(|(id, _)| known(id))
        .map(|(id, values)| Under { fingerprint: id[..12].to_owned(), values })
        .collect();
    let verified: u64 = by_secret.iter().map(|under| under.values).sum();
    let live = report.rows.total.saturating_sub(report.rows.frozen);
    (rows.values, rows.by_secret) = (live, Some(by_secret));
    let under_none = live.saturating_sub(verified);
    rows.under_none = Some(under_none);
    if under_none > 0 {
        let message = format!(
            "{under_none} of {live} audit rows verify under no configured secret: `z4jctl audit verify` tells which"
        );
        look.remark("does-not-open", Level::Finding, message);
    }
    Ok(())
}

/// Secrets that are needed and not configured.
fn missing(detection: &Detection, state: Option<&ChainState>, look: &mut Look<'_>) {
    for (name, ring) in [(MASTER, look.master), (SESSION, look.session)] {
        let values = look.values(name);
        if ring.current().is_none() && values > 0 {
            look.remark(
                "missing",
                Level::Missing,
                format!("{name} is not configured, and {values} values in this database hang on it"),
            );
        }
    }
    if detection.generation.family() != Family::Active {
        return;
    }
    let Some(current) = look.audit.current() else {
        let message = format!("{AUDIT} is not configured, and the audit log is signed with it");
        return look.remark("missing", Level::Missing, message);
    };
    let Some(state) = state else { return };
    let signer = state.state_key_id.to_string();
    if look.audit.find(&signer).is_none() {
        look.remark(
            "missing",
            Level::Missing,
            format!(
                "the chain state is signed under key {signer}, which is not among the configured audit keys"
            ),
        );
    } else if current.value.key_id() != signer {
        look.remark(
            "rotation-pending",
            Level::Finding,
            format!(
                "the chain state is signed under key {}, the configured one is {}: brains write nothing until \
                 `z4jctl audit keys rotate` commits the rotation",
                &signer[..12],
                current.value.fingerprint()
            ),
        );
    }
    for (id, rows) in &state.active_key_counts {
        let id = id.to_string();
        if look.audit.find(&id).is_none() && id != signer {
            let message = format!(
                "{rows} audit rows are signed under key {id}, which is not among the configured audit keys"
            );
            look.remark("missing", Level::Missing, message);
        }
    }
}

/// One secret for several purposes: who learns one learns all.
fn shared(look: &mut Look<'_>) {
    let purposes = [(MASTER, look.master), (SESSION, look.session), (AUDIT, look.audit)];
    for (at, (name, ring)) in purposes.iter().enumerate() {
        for (other_name, other) in &purposes[at + 1..] {
            let same: Vec<&Secret> = ring
                .all()
                .iter()
                .filter(|key| other.all().iter().any(|found| found.value == key.value))
                .map(|key| &key.value)
                .collect();
            if let Some(secret) = same.first() {
                let message = format!(
                    "{name} and {other_name} share the secret {secret}: whoever learns it for one purpose has it for both"
                );
                look.remarks.push(Remark { code: "shared", level: Level::Warning, message });
            }
        }
    }
}

/// Previous master secrets in a `secret.env`, which a brain of 1.8 or later refuses.
fn misplaced(settings: &Settings, is_active: bool, look: &mut Look<'_>) {
    let path = settings.home.value.join("secret.env");
    let in_store = |origin: &Origin| matches!(origin, Origin::File { path: found, .. } if *found == path);
    if look.master.previous().iter().any(|key| in_store(&key.origin)) {
        let level = if is_active { Level::Finding } else { Level::Warning };
        let message = format!(
            "{MASTER_PREVIOUS} is in {}, with which z4j 1.8 and later refuse to start: move it to config.env or the environment",
            path.display()
        );
        look.remark("misplaced", level, message);
    }
}

/// What becomes of each secret that is configured.
fn judge_rings(is_active: bool, state: Option<&ChainState>, look: &mut Look<'_>) -> Vec<ConfiguredSecret> {
    let names = [(MASTER, MASTER_PREVIOUS), (SESSION, SESSION_PREVIOUS), (AUDIT, AUDIT_PREVIOUS)];
    let mut all = Vec::new();
    for ((name, previous), ring) in names.into_iter().zip([look.master, look.session, look.audit]) {
        if let Some(key) = ring.current() {
            all.push(secret(name, &key.value, &key.origin, "current"));
        }
        for key in ring.previous() {
            let fingerprint = key.value.fingerprint();
            let needing = look.needing(name, &fingerprint);
            let signs = name == AUDIT
                && state.is_some_and(|state| state.state_key_id.to_string() == key.value.key_id());
            // Hashes and cookies do not tell, rows only when they were counted.
            let may_hang = look.dependents.iter().filter(|found| {
                found.secret == name
                    && found.previous_honoured
                    && found.by_secret.is_none()
                    && found.values > 0
            });
            let untold: Vec<String> =
                may_hang.map(|found| format!("{} {}", found.values, found.what)).collect();
            let (verdict, level, code, message) = if needing > 0 || signs {
                let what = if needing > 0 {
                    format!("{needing} values need it")
                } else {
                    "it signs the chain state".into()
                };
                (
                    "needed",
                    Level::Info,
                    "previous-needed",
                    format!("{previous} {}: {what}; keep it", key.value),
                )
            } else if untold.is_empty() && (name != AUDIT || state.is_some() || !is_active) {
                let how = if name == AUDIT { "; `z4jctl audit keys retire` lets go of it" } else { "" };
                let message =
                    format!("{previous} {}: nothing needs it any more, it is safe to remove{how}", key.value);
                ("removable", Level::Info, "previous-removable", message)
            } else {
                let message = format!(
                    "{previous} {}: no encrypted value needs it, but {} may, which the database does not tell",
                    key.value,
                    if untold.is_empty() { "the audit log".to_owned() } else { untold.join(", ") }
                );
                ("cannot-tell", Level::Info, "previous-needed", message)
            };
            look.remark(code, level, message);
            all.push(secret(previous, &key.value, &key.origin, verdict));
        }
    }
    all
}

fn secret(name: &'static str, value: &Secret, origin: &Origin, verdict: &'static str) -> ConfiguredSecret {
    ConfiguredSecret { name, fingerprint: value.fingerprint(), origin: origin.clone(), verdict }
}
