//! Asking before anything is written: `--dry-run`, `--yes`, and the question at the terminal.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

use clap::Args;

use super::ui::printable;
use crate::error::{Error, Result};
use crate::plan::WriteToken;

/// The flags of every command that writes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Safety")]
pub(super) struct SafetyArgs {
    /// Print what would be done and do nothing
    #[arg(long, short = 'n', conflicts_with = "yes")]
    dry_run: bool,
    /// Do it without asking; needed where nobody is at a terminal to be asked
    #[arg(long, short = 'y')]
    yes: bool,
}

/// The flags of every command whose write appends an audit row.
#[derive(Debug, Args)]
#[command(next_help_heading = "Safety")]
pub(super) struct AttributionArgs {
    /// Who does it, for the audit row
    #[arg(long, value_name = "NAME", env = "Z4JCTL_ACTOR", hide_env_values = true)]
    pub(super) actor: Option<String>,
    /// Why it is done, for the audit row
    #[arg(long, value_name = "TEXT", env = "Z4JCTL_REASON", hide_env_values = true)]
    pub(super) reason: Option<String>,
}

/// How hard it would be to take a write back.
#[derive(Debug, Clone, Copy)]
pub(super) enum Severity<'a> {
    /// A person answers `y`.
    Ordinary,
    #[allow(
        dead_code,
        reason = "for the verbs of the database that write, the first of which is about to come"
    )]
    /// Something is lost for good: a person types the name of what it happens to.
    Destructive {
        /// What has to be typed: a database, a user, an agent.
        name: &'a str,
    },
}

/// What somebody decided about a plan. A refusal is an error.
#[derive(Debug)]
pub(super) enum Decision {
    /// Only the plan was asked for: print it, and end.
    DryRun,
    /// It may be written.
    Write(WriteToken),
}

impl SafetyArgs {
    /// Whether only the plan is asked for.
    pub(super) fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// Whether somebody has agreed beforehand.
    pub(super) fn says_yes(&self) -> bool {
        self.yes && !self.dry_run
    }

    /// With another flag that says yes.
    pub(super) fn or_yes(&self, yes: bool) -> Self {
        Self { dry_run: self.dry_run, yes: self.yes || yes }
    }

    /// Asks for leave to write what `plan` says; it is only rendered for somebody who reads it.
    ///
    /// # Errors
    ///
    /// `Refused` when a person says no, and when there is nobody to ask and `--yes` was not given.
    pub(super) fn leave(
        &self,
        plan: impl FnOnce() -> Result<String>,
        severity: Severity<'_>,
    ) -> Result<Decision> {
        self.leave_from(&mut Terminal, plan, severity)
    }

    fn leave_from(
        &self,
        person: &mut dyn Person,
        plan: impl FnOnce() -> Result<String>,
        severity: Severity<'_>,
    ) -> Result<Decision> {
        if self.dry_run {
            return Ok(Decision::DryRun);
        }
        if self.yes {
            return Ok(Decision::Write(WriteToken::granted()));
        }
        if !person.is_there() {
            return Err(Error::refused(
                "confirmation.required",
                "this command writes, and nobody is at a terminal to confirm it; nothing was written",
            )
            .hint("look at what it would do with --dry-run, then run it with --yes"));
        }
        let plan = plan()?;
        let question = match severity {
            Severity::Ordinary => "Apply? [y/N] ".to_owned(),
            Severity::Destructive { name } => format!("Type {} to confirm: ", printable(name)),
        };
        let answer = person.answer(&format!("{}\n{question}", plan.trim_end())).map_err(|error| {
            Error::refused("confirmation.declined", "the answer cannot be read; nothing was written")
                .hint("run it with --yes")
                .source(error)
        })?;
        let answer = answer.as_deref().map(str::trim).unwrap_or_default();
        let agrees = match severity {
            Severity::Ordinary => ["y", "yes"].iter().any(|yes| answer.eq_ignore_ascii_case(yes)),
            Severity::Destructive { name } => !answer.is_empty() && answer == name.trim(),
        };
        if agrees {
            return Ok(Decision::Write(WriteToken::granted()));
        }
        let way_out = match severity {
            Severity::Ordinary => "answer y to apply the plan".to_owned(),
            Severity::Destructive { name } => format!("type {} exactly to apply the plan", printable(name)),
        };
        Err(Error::refused("confirmation.declined", "not confirmed; nothing was written").hint(way_out))
    }
}

/// Who can be asked.
trait Person {
    /// Whether anybody reads the question and can answer it.
    fn is_there(&self) -> bool;
    /// Shows a text and reads one line; `None` at the end of the input.
    fn answer(&mut self, text: &str) -> io::Result<Option<String>>;
}

/// The person at the terminal of this process.
struct Terminal;

impl Person for Terminal {
    fn is_there(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    fn answer(&mut self, text: &str) -> io::Result<Option<String>> {
        /// Longer than any name.
        const LIMIT: u64 = 4096;
        // Not locked while somebody thinks: the thread that hears Ctrl-C has something to say too.
        let mut stderr = io::stderr();
        stderr.write_all(text.as_bytes())?;
        stderr.flush()?;
        let mut line = String::new();
        io::stdin().lock().take(LIMIT).read_line(&mut line)?;
        if line.ends_with('\n') {
            return Ok(Some(line));
        }
        // The end of the input left the cursor behind the question.
        stderr.write_all(b"\n")?;
        Ok(Some(line).filter(|line| !line.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    /// Says this, or is not there at all.
    struct Actor {
        says: Option<&'static str>,
        was_shown: String,
    }

    impl Person for Actor {
        fn is_there(&self) -> bool {
            self.says.is_some()
        }

        fn answer(&mut self, text: &str) -> io::Result<Option<String>> {
            text.clone_into(&mut self.was_shown);
            match self.says {
                Some("(broken)") => Err(io::ErrorKind::InvalidData.into()),
                Some("(end)") => Ok(None),
                said => Ok(said.map(str::to_owned)),
            }
        }
    }

    fn ask(
        dry_run: bool,
        yes: bool,
        says: Option<&'static str>,
        severity: Severity<'_>,
    ) -> (Result<Decision>, String) {
        let mut actor = Actor { says, was_shown: String::new() };
        let decision =
            SafetyArgs { dry_run, yes }.leave_from(&mut actor, || Ok("the plan\n".into()), severity);
        (decision, actor.was_shown)
    }

    const DESTRUCTIVE: Severity<'_> = Severity::Destructive { name: "prod" };

    #[test]
    fn flags_need_nobody() {
        for says in [None, Some("n\n")] {
            for severity in [Severity::Ordinary, DESTRUCTIVE] {
                let (decision, shown) = ask(true, false, says, severity);
                assert!(matches!(decision, Ok(Decision::DryRun)));
                assert_eq!(shown, "");
                let (decision, shown) = ask(false, true, says, severity);
                assert!(matches!(decision, Ok(Decision::Write(_))));
                assert_eq!(shown, "");
            }
        }
    }

    #[test]
    fn nobody_there_is_a_refusal_that_names_the_flags() {
        let (decision, _) = ask(false, false, None, Severity::Ordinary);
        let error = decision.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Refused, "confirmation.required"));
        let hint = error.hint_text().unwrap();
        assert!(hint.contains("--yes") && hint.contains("--dry-run"), "{hint}");
    }

    #[test]
    fn a_person_reads_the_plan_and_agrees() {
        for says in ["y\n", "Y\r\n", " yes \n", "YES"] {
            let (decision, shown) = ask(false, false, Some(says), Severity::Ordinary);
            assert!(matches!(decision, Ok(Decision::Write(_))), "{says:?}");
            assert_eq!(shown, "the plan\nApply? [y/N] ");
        }
        let (decision, shown) = ask(false, false, Some(" prod\n"), DESTRUCTIVE);
        assert!(matches!(decision, Ok(Decision::Write(_))));
        assert_eq!(shown, "the plan\nType prod to confirm: ");
    }

    #[test]
    fn anything_else_is_a_refusal() {
        let plain = ["", "\n", "n\n", "yess\n", "prod\n", "(end)", "(broken)"];
        let named = ["", "\n", "y\n", "Prod\n", "prod2\n", "(end)", "(broken)"];
        let cases = plain.map(|says| (says, Severity::Ordinary)).into_iter();
        for (says, severity) in cases.chain(named.map(|says| (says, DESTRUCTIVE))) {
            let error = ask(false, false, Some(says), severity).0.unwrap_err();
            assert_eq!((error.kind(), error.code()), (Kind::Refused, "confirmation.declined"), "{says:?}");
            assert!(error.message().ends_with("nothing was written"), "{error}");
        }
        // Nothing to type is nothing to confirm with.
        assert!(ask(false, false, Some("\n"), Severity::Destructive { name: "" }).0.is_err());
    }

    #[test]
    fn a_name_gives_the_terminal_no_orders() {
        let (_, shown) = ask(false, false, Some("x\n"), Severity::Destructive { name: "\u{1b}]0;pröd\u{7}" });
        assert_eq!(shown, "the plan\nType \\u{1b}]0;pröd\\u{7} to confirm: ");
    }
}
