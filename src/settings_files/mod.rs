//! The files beside the database that a brain reads at its start: `allowed-hosts`, and the metrics token and the audit
//! keys in `secret.env` (identity-and-secrets, sections 2.1 and 2.3). They work without the database, and no audit row tells
//! of them: z4j's own commands write none either.

pub mod allowed_hosts;
pub mod audit_keys;
pub mod metrics_token;

mod host;
mod lock;
mod replace;

use std::path::Path;

use serde::Serializer;

/// A path that is not UTF-8 shall not cost anybody the whole report.
fn readable<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}
