//! What can go wrong, and what the process answers.
//!
//! Every operation ends in a report or in one [`Error`]. The error says what happened, which thing it
//! happened to, and the way out; its [`Kind`] alone decides the exit code, in the one table of
//! [`ExitCode`].

use std::fmt;

/// The exit codes of `z4jctl`: a contract with cron, CI and shell scripts. Additive changes only.
///
/// When several apply the order is: usage, then unreachable/secret/refused, then finding, incomplete,
/// warnings, done ([`ExitCode::precedence`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ExitCode {
    /// Done, and nothing was found.
    Done = 0,
    /// A finding: tampering, a failed control, a failed drill.
    Finding = 1,
    /// Bad flag, unknown id, empty selection; decided before anything is touched.
    Usage = 2,
    /// Something could not be judged: an unknown key, an unreadable row, a probe error.
    Incomplete = 3,
    /// Warnings only, under `--strict`.
    Warnings = 4,
    /// The source (database, file, network) cannot be reached or read.
    Unreachable = 5,
    /// A secret is missing or wrong.
    Secret = 6,
    /// Refused: needs confirmation, target not empty, schema not understood, lock held.
    Refused = 7,
    /// A bug in `z4jctl`.
    Bug = 70,
    /// Stopped by SIGINT.
    Interrupted = 130,
    /// Stopped by SIGTERM.
    Terminated = 143,
}

impl ExitCode {
    /// Every code with its meaning, in the words of the manual page.
    pub const TABLE: [(ExitCode, &'static str); 11] = [
        (Self::Done, "done, nothing found"),
        (Self::Finding, "a finding: tampering, a failed control, a failed drill"),
        (Self::Usage, "usage: bad flag, unknown id, empty selection; decided before anything is touched"),
        (Self::Incomplete, "incomplete: something could not be judged (unknown key, unreadable row)"),
        (Self::Warnings, "warnings only, under --strict"),
        (Self::Unreachable, "cannot reach or read the source (database, file, network)"),
        (Self::Secret, "a secret is missing or wrong"),
        (Self::Refused, "refused: target not empty, schema not understood, lock held, needs confirmation"),
        (Self::Bug, "a bug in z4jctl"),
        (Self::Interrupted, "stopped by SIGINT"),
        (Self::Terminated, "stopped by SIGTERM"),
    ];

    /// The number that the process answers with.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The code with a number; [`ExitCode::Bug`] when no code has it.
    pub fn of(code: u8) -> Self {
        let known = Self::TABLE.iter().map(|(known, _)| *known).find(|known| known.code() == code);
        known.unwrap_or(Self::Bug)
    }

    /// Position in the order of precedence; lower wins when several codes apply.
    pub fn precedence(self) -> u8 {
        match self {
            Self::Bug | Self::Interrupted | Self::Terminated => 0,
            Self::Usage => 1,
            Self::Unreachable | Self::Secret | Self::Refused => 2,
            Self::Finding => 3,
            Self::Incomplete => 4,
            Self::Warnings => 5,
            Self::Done => 6,
        }
    }

    /// The stronger of two codes; the first one on a tie.
    #[must_use]
    pub fn strongest(self, other: Self) -> Self {
        if other.precedence() < self.precedence() { other } else { self }
    }
}

/// The kind of an [`Error`]; it decides the exit code and nothing else does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request itself makes no sense: exit code 2.
    Usage,
    /// The source cannot be reached or read: exit code 5.
    Unreachable,
    /// A secret is missing, malformed or wrong: exit code 6.
    Secret,
    /// Understood, and declined: exit code 7.
    Refused,
    /// An invariant of `z4jctl` itself is broken: exit code 70.
    Bug,
    /// Stopped by a signal, by its number: exit code 128 + number.
    Signal(u8),
}

impl Kind {
    /// The exit code of this kind.
    pub fn exit_code(self) -> ExitCode {
        match self {
            Self::Usage => ExitCode::Usage,
            Self::Unreachable => ExitCode::Unreachable,
            Self::Secret => ExitCode::Secret,
            Self::Refused => ExitCode::Refused,
            Self::Bug => ExitCode::Bug,
            Self::Signal(15) => ExitCode::Terminated,
            Self::Signal(_) => ExitCode::Interrupted,
        }
    }
}

/// An operation's failure: one message that names the thing, and a hint that names the way out.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    code: &'static str,
    message: String,
    hint: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The result of an operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A new error. `code` is its stable machine name in dotted kebab case, such as
    /// `database.not-found`; `message` is a lower-case sentence without a final stop.
    pub fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        Self { kind, code, message: message.into(), hint: None, source: None }
    }

    /// [`Kind::Usage`].
    pub fn usage(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, code, message)
    }

    /// [`Kind::Unreachable`].
    pub fn unreachable(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Unreachable, code, message)
    }

    /// [`Kind::Secret`].
    pub fn secret(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Secret, code, message)
    }

    /// [`Kind::Refused`].
    pub fn refused(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, code, message)
    }

    /// [`Kind::Bug`].
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(Kind::Bug, "bug", message)
    }

    /// Adds the way out, one or two sentences.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the cause, which is shown behind the message.
    #[must_use]
    pub fn source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The stable machine name.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The message without hint and cause.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The way out, where there is one.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The exit code.
    pub fn exit_code(&self) -> ExitCode {
        self.kind.exit_code()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence_follows_the_table() {
        use ExitCode::{Done, Finding, Incomplete, Secret, Unreachable, Usage, Warnings};
        let order = [Usage, Unreachable, Finding, Incomplete, Warnings, Done];
        for pair in order.windows(2) {
            assert_eq!(pair[0].strongest(pair[1]), pair[0]);
            assert_eq!(pair[1].strongest(pair[0]), pair[0]);
        }
        assert_eq!(Unreachable.strongest(Secret), Unreachable);
    }

    #[test]
    fn the_table_holds_every_code_once() {
        let mut codes: Vec<u8> = ExitCode::TABLE.iter().map(|(code, _)| code.code()).collect();
        codes.dedup();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 70, 130, 143]);
    }
}
