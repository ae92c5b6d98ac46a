//! The bearer token of `/metrics` (identity-and-secrets, section 5): `Z4J_METRICS_AUTH_TOKEN`, compared as text,
//! nowhere in the database.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use zeroize::Zeroizing;

use super::{lock, readable, replace};
use crate::config::{Lookup, Origin, Revealed, SecretStore, Sourced};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::plan::WriteToken;

/// z4j's name for it.
const NAME: &str = "Z4J_METRICS_AUTH_TOKEN";

/// How much randomness a token has; 43 characters as text.
const BYTES: usize = 32;

const MODE: u32 = 0o600;

/// The token in force.
#[derive(Debug, Serialize)]
pub struct MetricsToken {
    /// `z4jctl.metrics-token.show/1`.
    pub schema: &'static str,
    /// The token itself.
    pub token: Revealed,
    /// Where it came from.
    pub origin: Origin,
}

/// A rotation.
#[derive(Debug, Serialize)]
pub struct MetricsTokenRotation {
    /// `z4jctl.metrics-token.rotate/1`.
    pub schema: &'static str,
    /// The `secret.env` with the token.
    #[serde(serialize_with = "readable")]
    pub path: PathBuf,
    /// Whether it takes the place of an older token.
    pub replaces: bool,
    /// Whether it was done.
    pub applied: bool,
    /// The new token, once it was done.
    pub token: Option<Revealed>,
    /// What an operator should hear.
    pub notes: Vec<String>,
}

/// The token that a brain with these settings demands.
///
/// # Errors
///
/// `Secret` when there is none; what spoils a settings file that could have held it.
pub fn show(lookup: &Lookup<'_>) -> Result<MetricsToken> {
    let missing = |why: String| {
        Error::secret("metrics-token.missing", format!("there is no metrics token: {why}")).hint(
            "name the brain's home directory with --home, or call this with the environment of the brain; without \
             a token it answers 401 to every scrape",
        )
    };
    let Sourced { value, origin } =
        lookup.find(NAME)?.ok_or_else(|| missing(format!("{NAME} is nowhere set")))?;
    if value.text().is_empty() {
        return Err(missing(format!("{origin} sets {NAME} to nothing")));
    }
    Ok(MetricsToken { schema: "z4jctl.metrics-token.show/1", token: Revealed::new(value.text()), origin })
}

/// Says what a rotation would do.
///
/// # Errors
///
/// `Refused` when the token in force does not come from `secret.env`, which is the only file that is changed, or when
/// that file is not there or is a symbolic link.
pub fn plan_rotate(lookup: &Lookup<'_>) -> Result<MetricsTokenRotation> {
    let home = &lookup.home.value;
    let path = home.join("secret.env");
    let found = lookup.find(NAME)?;
    match &found {
        None => {}
        Some(Sourced { origin: Origin::File { path: origin, .. }, .. }) if *origin == path => {}
        Some(Sourced { origin, .. }) => {
            return Err(Error::refused(
                "metrics-token.other-source",
                format!("{NAME} is set by {origin}, which wins over {}", path.display()),
            )
            .hint("change it there; nothing was written"));
        }
    }
    check_store(&path)?;
    let mut notes = Vec::new();
    let is_open = std::fs::metadata(home).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0);
    if is_open {
        notes.push(format!(
            "z4j 1.8 and later refuse a secret.env in a directory that others can reach: chmod 700 {}",
            home.display()
        ));
    }
    Ok(MetricsTokenRotation {
        schema: "z4jctl.metrics-token.rotate/1",
        path,
        replaces: found.is_some(),
        applied: false,
        token: None,
        notes,
    })
}

fn check_store(path: &Path) -> Result<()> {
    let shown = path.display();
    let refuse =
        |complaint: String, hint: &str| Err(Error::refused("metrics-token.store", complaint).hint(hint));
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => refuse(
            format!("{shown} is a symbolic link, which z4j 1.8 and later refuse"),
            "change the token where the link leads to, or put the file itself there",
        ),
        Ok(_) => replace::target(path).map(|_| ()),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            Err(Error::unreachable("files.unreadable", format!("cannot look at {shown}: {error}"))
                .hint("run as the user that the brain runs as"))
        }
        Err(_) => refuse(
            format!("there is no {shown} to put a token into"),
            "name the brain's home directory with --home; `z4j serve` makes the file at its first start. Where \
             secrets come from the environment, set Z4J_METRICS_AUTH_TOKEN there",
        ),
    }
}

/// Mints a token and writes it into `secret.env`, under z4j's own locks. Every other line stays as it is.
///
/// # Errors
///
/// As [`plan_rotate`]; `Refused` when somebody holds the locks; `Unreachable` when the file cannot be written.
pub fn apply_rotate(
    mut rotation: MetricsTokenRotation,
    _token: WriteToken,
    context: &Context,
) -> Result<MetricsTokenRotation> {
    let home = rotation.path.parent().unwrap_or(Path::new("."));
    let _locked = lock::secret_store(home, &context.cancel)?;
    check_store(&rotation.path)?;
    // Read again: only now nobody else changes it.
    let store = SecretStore::read(&rotation.path)?;
    let mut bytes = Zeroizing::new([0; BYTES]);
    context.random.fill(&mut bytes[..])?;
    let minted = Zeroizing::new(URL_SAFE_NO_PAD.encode(&bytes[..]));
    context.cancel.check()?;
    replace::replace(&rotation.path, store.with(NAME, &minted).as_bytes(), MODE)?;
    rotation.applied = true;
    rotation.token = Some(Revealed::new(&minted));
    Ok(rotation)
}
