//! Whether the configured `Z4J_SECRET` is the one that this database was used with. What is minted under another one is
//! refused by every brain, so whoever mints asks first.

use serde::Serialize;

use super::{Opens, field_opens, totp_opens};
use crate::audit::check::{Checker, Verdict};
use crate::audit::keys::Keys;
use crate::config::{KeyRing, Settings};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::mac::MacKey;
use crate::format::sealed::Table;
use crate::store::batch::Layout;
use crate::store::generation::{Detection, Family};
use crate::store::value::Value;
use crate::store::{OpenOptions, Store};

/// How many values of each kind are tried.
const TRIED: u32 = 8;

/// What the database says of the configured `Z4J_SECRET`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Witness {
    /// Something in it was made with this secret.
    Confirmed,
    /// What could have been made with it was made with none of those that are configured.
    Contradicted,
    /// Nothing in it can tell: only hashes hang on the secret, or values of previous secrets.
    Unknown,
}

impl Witness {
    /// One sentence for a person.
    pub fn explain(self) -> &'static str {
        match self {
            Self::Confirmed => "the configured Z4J_SECRET is one that this database was used with",
            Self::Contradicted => {
                "the configured Z4J_SECRET is not the one of this database: nothing that was made with the secret opens \
                 under a configured one"
            }
            Self::Unknown => {
                "nothing in this database tells whether the configured Z4J_SECRET is the one that it was used with"
            }
        }
    }
}

/// What was found among the values that were tried.
#[derive(Default)]
struct Found {
    current: bool,
    previous: bool,
    never: bool,
}

impl Found {
    fn note(&mut self, opens: Opens, ring: &KeyRing) {
        match opens {
            Opens::Under(0) if ring.current().is_some() => self.current = true,
            Opens::Under(_) => self.previous = true,
            Opens::Never => self.never = true,
            Opens::Plain => {}
        }
    }
}

/// For a command that is about to mint: fails when the configured secret is not that of the database, and says what
/// cannot be told.
///
/// # Errors
///
/// `Secret` for a secret that is missing or contradicted, and those of reading.
pub fn before_minting(
    context: &Context,
    settings: &Settings,
    open: OpenOptions,
) -> Result<Option<&'static str>> {
    settings.require_secret()?;
    let mut store = Store::open(&settings.database.value, open, &context.cancel)?;
    let detection = store.detect()?;
    match witness(&mut store, &detection, settings.master_ring()?)? {
        Witness::Confirmed => Ok(None),
        Witness::Unknown => Ok(Some(Witness::Unknown.explain())),
        Witness::Contradicted => Err(Error::secret("secret.wrong", Witness::Contradicted.explain()).hint(
            "a brain would refuse what is minted under it; configure the Z4J_SECRET of this installation, \
             `z4jctl secrets check` tells more. Nothing was written",
        )),
    }
}

/// Asks the database: up to 1.7 the newest audit rows, from 1.8 on the first TOTP secrets, encrypted channels and frozen
/// rows. `master` is the ring of `Z4J_SECRET`. Costs a few small queries.
///
/// # Errors
///
/// Those of reading.
pub fn witness(store: &mut Store, detection: &Detection, master: &KeyRing) -> Result<Witness> {
    let mut found = Found::default();
    if detection.generation.family() == Family::Active {
        frozen(store, detection, master, &mut found)?;
    } else {
        rows(store, detection, master, &mut found)?;
    }
    if !found.current {
        totp(store, master, &mut found)?;
    }
    for table in Table::ALL {
        if !found.current {
            fields(store, table, master, &mut found)?;
        }
    }
    Ok(match (found.current, found.previous, found.never) {
        (true, ..) => Witness::Confirmed,
        // Freshly rotated: what is there is of the secret before.
        (false, true, _) | (false, false, false) => Witness::Unknown,
        (false, false, true) => Witness::Contradicted,
    })
}

/// Up to 1.7 every row is signed with the secret.
fn rows(store: &mut Store, detection: &Detection, ring: &KeyRing, found: &mut Found) -> Result<()> {
    let keys = Keys {
        master: ring.all().iter().map(|key| MacKey::new(key.value.expose())).collect(),
        has_current_master: ring.current().is_some(),
        ..Keys::default()
    };
    let layout = Layout::new(detection.has_api_key_id, detection.has_markers);
    let batch = store.newest_rows(layout, false, TRIED)?;
    let mut checker = Checker::new(&keys, detection.generation.family());
    for (_, raw) in batch.rows() {
        match checker.check(0, raw).verdict {
            Verdict::Verified(id) => {
                let place = keys.master.iter().position(|key| key.id() == id).unwrap_or_default();
                found.note(Opens::Under(place), ring);
            }
            Verdict::Mismatch { .. } | Verdict::UnknownKey(_) => found.note(Opens::Never, ring),
            Verdict::Unsigned | Verdict::MalformedMac | Verdict::Unreadable(_) | Verdict::Unverifiable => {}
        }
    }
    Ok(())
}

/// Frozen rows name the master secret that verified them. Another one than the configured says nothing: the secret may
/// have been rotated since, and z4j needs the old one no more.
fn frozen(store: &mut Store, detection: &Detection, ring: &KeyRing, found: &mut Found) -> Result<()> {
    let Some(current) = ring.current().filter(|_| detection.has_markers) else { return Ok(()) };
    let clause = "WHERE legacy_frozen = ? AND hmac_key_id = ? LIMIT 1";
    let values = [Value::Bool(true), Value::Text(current.value.key_id())];
    if !store.rows("audit_log", &["id"], clause, &values)?.is_empty() {
        found.current = true;
    }
    Ok(())
}

fn totp(store: &mut Store, ring: &KeyRing, found: &mut Found) -> Result<()> {
    if !store.columns("users")?.contains("mfa_secret_encrypted") {
        return Ok(());
    }
    let clause = "WHERE mfa_secret_encrypted IS NOT NULL ORDER BY id LIMIT ?";
    let columns = ["id", "mfa_secret_encrypted"];
    for row in store.rows("users", &columns, clause, &[Value::Int(i64::from(TRIED))])? {
        let blob = row.bytes("mfa_secret_encrypted")?.unwrap_or_default();
        found.note(totp_opens(ring, row.required_id("id")?, blob), ring);
    }
    Ok(())
}

fn fields(store: &mut Store, table: Table, ring: &KeyRing, found: &mut Found) -> Result<()> {
    if !store.has_table(table.name())? {
        return Ok(());
    }
    let values = [Value::Int(i64::from(TRIED))];
    for row in store.rows(table.name(), &["id", "config"], "ORDER BY id LIMIT ?", &values)? {
        found.note(field_opens(ring, table, row.text("config")?.unwrap_or_default()), ring);
    }
    Ok(())
}
