//! A new password, from the keyboard or standard input to its hash.

use super::Run;
use super::password_input::PasswordArgs;
use crate::config::Settings;
use crate::error::Result;
use crate::format::password::Cost;
use crate::identity::Generation;
use crate::identity::password::Demands;

/// Reads a password, judges it and gives its hash; the password itself is wiped.
pub(super) fn hashed(
    run: &Run<'_>,
    settings: &Settings,
    generation: Generation,
    arguments: &PasswordArgs,
    prompt: &str,
    email: &str,
    name: Option<&str>,
) -> Result<String> {
    let default = Cost::default();
    let cost = Cost {
        memory_kib: settings
            .brain_number("Z4J_ARGON2_MEMORY_COST", 8192..=u32::MAX)?
            .unwrap_or(default.memory_kib),
        iterations: settings.brain_number("Z4J_ARGON2_TIME_COST", 1..=10)?.unwrap_or(default.iterations),
        lanes: settings.brain_number("Z4J_ARGON2_PARALLELISM", 1..=16)?.unwrap_or(default.lanes),
    };
    let min_length = settings.brain_number("Z4J_PASSWORD_MIN_LENGTH", 8..=128)?;
    let password = arguments.read(prompt, true)?;
    Demands { generation, min_length, cost }.hash(run.context, &password, email, name)
}
