//! The secrets of a brain and what hangs on them: which stored values open under which secret, whether the configured
//! one is that of this database, and what a rotation would break (identity-and-secrets, section 12).
//!
//! Nothing here writes, and nothing shows a secret but by its fingerprint; the signing secrets of a
//! [`rotation`] are the exception, which is what they are for.

pub mod check;
mod count;
pub mod rotation;
pub mod witness;

use crate::config::KeyRing;
use crate::format::Id;
use crate::format::sealed::{Field, Table, open_field, open_totp};

/// z4j's name of the master secret.
const MASTER: &str = "Z4J_SECRET";
/// Its predecessors.
const MASTER_PREVIOUS: &str = "Z4J_PREVIOUS_SECRETS";

/// Under which secret of a ring a value opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opens {
    /// Under the one at this place.
    Under(usize),
    /// Under none.
    Never,
    /// It is not encrypted.
    Plain,
}

fn totp_opens(ring: &KeyRing, user: Id, blob: &[u8]) -> Opens {
    let place = ring.all().iter().position(|key| open_totp(key.value.expose(), user, blob).is_some());
    place.map_or(Opens::Never, Opens::Under)
}

fn field_opens(ring: &KeyRing, table: Table, text: &str) -> Opens {
    if !text.starts_with(crate::format::sealed::FIELD_MARK) {
        return Opens::Plain;
    }
    let opens = |secret: &[u8]| matches!(open_field(secret, table, text), Field::Opens(_));
    let place = ring.all().iter().position(|key| opens(key.value.expose()));
    place.map_or(Opens::Never, Opens::Under)
}
