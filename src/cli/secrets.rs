//! `z4jctl secrets`.
#![expect(clippy::doc_markdown, reason = "texts of --help, not of the documentation")]

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Read as _};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::progress::Reporter;
use super::ui::{self, Render};
use super::{Run, connection};
use crate::config::Secret;
use crate::error::{Error, ExitCode, Result};
use crate::format::Timestamp;
use crate::secrets::check::{CheckOptions, Dependents, Level, SecretsReport, check};
use crate::secrets::rotation::{RotationOptions, RotationPlan, SecretRotation, plan};

const CHECK_EXAMPLES: &str = "Examples:
  z4jctl secrets check
  z4jctl secrets check --count-rows -o json | jq '.remarks[] | select(.level != \"info\")'";

const PLAN_EXAMPLES: &str = "Examples:
  z4jctl secrets plan-rotation
  z4jctl secrets plan-rotation --audit-key
  (umask 077; openssl rand -base64 48 > new-secret)
  z4jctl secrets plan-rotation --new-secret-file new-secret -o json | jq '.secret.signing_secrets'";

/// The secrets of a brain: what hangs on them, and what a rotation would break.
#[derive(Debug, Subcommand)]
pub(super) enum Secrets {
    #[command(after_long_help = CHECK_EXAMPLES)]
    Check(CheckArgs),
    #[command(after_long_help = PLAN_EXAMPLES)]
    PlanRotation(PlanArgs),
}

/// Count what hangs on each secret, and say what is amiss with the secrets.
///
/// Reads only, and shows secrets as fingerprints. Exit code 1 for a value that opens under no configured secret, 6 for a
/// secret that is needed and not configured.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Verify the whole audit log to count its rows per key; without it the chain state of 1.8 and later has the counts
    #[arg(long)]
    count_rows: bool,
}

/// Say what a rotation of Z4J_SECRET or of the audit key would break on this database, and in which order to go about it.
///
/// Writes nothing. With the new secret it also prints the new Z4J_HMAC_SECRET of each project, which every agent of the
/// project needs, and which z4j shows only when it mints a token.
#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    /// Plan a rotation of Z4J_SECRET; the default
    #[arg(long)]
    secret: bool,
    /// Plan a rotation of Z4J_AUDIT_CHAIN_SECRET
    #[arg(long)]
    audit_key: bool,
    /// A file that holds the new Z4J_SECRET and nothing else: print the new signing secret of each project
    #[arg(long, value_name = "FILE", conflicts_with = "new_secret_stdin")]
    new_secret_file: Option<PathBuf>,
    /// The same, from standard input
    #[arg(long)]
    new_secret_stdin: bool,
}

pub(super) fn run(run: &Run<'_>, verb: &Secrets) -> Result<ExitCode> {
    match verb {
        Secrets::Check(arguments) => {
            let settings = run.settings()?;
            let options = CheckOptions {
                open: connection::open_options(&settings),
                count_rows: arguments.count_rows,
                jobs: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            };
            let report = check(run.context, &settings, options, &Reporter::new(run.ui))?;
            run.ui.print(&report)?;
            Ok(report.exit())
        }
        Secrets::PlanRotation(arguments) => plan_rotation(run, arguments),
    }
}

fn plan_rotation(run: &Run<'_>, arguments: &PlanArgs) -> Result<ExitCode> {
    let wants_signing = arguments.new_secret_file.is_some() || arguments.new_secret_stdin;
    if wants_signing {
        run.ui.refuse_report_files("the signing secret of a project")?;
    }
    if arguments.new_secret_stdin {
        run.connection.leave_stdin_to("--new-secret-stdin")?;
    }
    let new_secret = new_secret(run, arguments)?;
    let settings = run.settings()?;
    let options = RotationOptions {
        open: connection::open_options(&settings),
        secret: arguments.secret || wants_signing || !arguments.audit_key,
        audit_key: arguments.audit_key,
        new_secret,
    };
    run.ui.print(&plan(run.context, &settings, &options)?)?;
    Ok(ExitCode::Done)
}

/// The new secret, without the line end behind it.
fn new_secret(run: &Run<'_>, arguments: &PlanArgs) -> Result<Option<Secret>> {
    /// Far longer than any secret.
    const LIMIT: u64 = 64 << 10;
    let fail = |reason: &dyn std::fmt::Display| {
        Error::secret("secret.new", format!("cannot read the new secret: {reason}"))
            .hint("give a file with the secret alone, or pipe it into --new-secret-stdin")
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    if let Some(path) = &arguments.new_secret_file {
        let path = run.context.env.working_directory().join(path);
        let file =
            std::fs::File::open(&path).map_err(|error| fail(&format!("{}: {error}", path.display())))?;
        file.take(LIMIT).read_to_end(&mut bytes).map_err(|error| fail(&error))?;
    } else if arguments.new_secret_stdin {
        if std::io::stdin().is_terminal() {
            return Err(fail(&"standard input is a terminal, which would show it"));
        }
        std::io::stdin().lock().take(LIMIT).read_to_end(&mut bytes).map_err(|error| fail(&error))?;
    } else {
        return Ok(None);
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| fail(&"it is not valid UTF-8"))?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    Ok(Some(Secret::new(text.strip_suffix('\r').unwrap_or(text))))
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Missing => "MISSING",
        Level::Finding => "FINDING",
        Level::Warning => "warning",
        Level::Info => "note",
    }
}

fn by_secret(found: &Dependents) -> String {
    let Some(by_secret) = &found.by_secret else {
        let what = if found.values == 0 { "-" } else { "not told by the database" };
        return what.to_owned();
    };
    let under = by_secret.iter().filter(|under| under.values > 0);
    let mut parts: Vec<String> =
        under.map(|under| format!("{} under {}", under.values, under.fingerprint)).collect();
    if let Some(none) = found.under_none.filter(|none| *none > 0) {
        parts.push(format!("{none} UNDER NONE"));
    }
    if found.plaintext > 0 {
        parts.push(format!("{} in the clear", found.plaintext));
    }
    if parts.is_empty() { "-".to_owned() } else { parts.join(", ") }
}

impl Render for SecretsReport {
    fn human(&self) -> String {
        let mut text =
            format!("{} (generation {}, revision {})\n", self.database, self.generation, self.revision);
        let secrets = self.secrets.iter().map(|secret| {
            vec![
                secret.name.to_owned(),
                secret.fingerprint.clone(),
                secret.verdict.to_owned(),
                secret.origin.to_string(),
            ]
        });
        text.push_str(&ui::table(&["SECRET", "FINGERPRINT", "VERDICT", "ORIGIN"], secrets));
        text.push('\n');
        let dependents = self.dependents.iter().map(|found| {
            vec![found.what.to_owned(), found.secret.to_owned(), found.values.to_string(), by_secret(found)]
        });
        text.push_str(&ui::table(&["WHAT", "HANGS ON", "ALIVE", "BY SECRET"], dependents));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\n{}", self.witness.explain());
        for remark in &self.remarks {
            let _ = writeln!(text, "{}: {} ({})", level(remark.level), remark.message, remark.code);
        }
        text
    }

    fn items(&self) -> Vec<Value> {
        self.remarks.iter().map(|remark| json!({ "type": "remark", "remark": remark })).collect()
    }

    fn plain(&self) -> Vec<(String, String)> {
        let mut lines = vec![
            ("exit_code".to_owned(), self.exit_code.to_string()),
            ("witness".to_owned(), json!(self.witness).as_str().unwrap_or_default().to_owned()),
        ];
        let counts = self.dependents.iter().map(|found| (found.what.to_owned(), found.values.to_string()));
        lines.extend(counts);
        lines.extend(
            self.remarks.iter().map(|remark| (format!("remark.{}", remark.code), remark.message.clone())),
        );
        lines
    }
}

fn yes(truth: bool) -> &'static str {
    if truth { "yes" } else { "NO" }
}

fn secret_text(plan: &SecretRotation) -> String {
    let mut text = format!("rotating Z4J_SECRET (fingerprint {})\n\n", plan.fingerprint);
    let effects = plan.effects.iter().map(|effect| {
        vec![
            effect.what.to_owned(),
            effect.count.to_string(),
            yes(effect.survives_with_previous).to_owned(),
            yes(effect.survives_without).to_owned(),
        ]
    });
    text.push_str(&ui::table(&["WHAT", "NUMBER", "WORKS WITH PREVIOUS LISTED", "WITHOUT"], effects));
    for effect in plan.effects.iter().filter(|effect| effect.count > 0) {
        let _ = writeln!(text, "  {}: {}", effect.what, effect.message);
    }
    if !plan.api_keys.is_empty() {
        text.push_str("\nAPI keys that die:\n");
        let keys = plan.api_keys.iter().map(|key| {
            vec![
                key.name.clone(),
                key.owner.clone().unwrap_or_else(|| "-".into()),
                key.project.clone().unwrap_or_else(|| "(all)".into()),
                key.prefix.clone(),
                key.last_used_at.map_or_else(|| "never used".into(), Timestamp::zulu),
                key.id.to_string(),
            ]
        });
        text.push_str(&ui::table(&["NAME", "OWNER", "PROJECT", "PREFIX", "LAST USED", "ID"], keys));
    }
    if !plan.invitations.is_empty() {
        let who: Vec<&str> = plan.invitations.iter().map(|open| open.email.as_str()).collect();
        let _ = writeln!(text, "\ninvitations that die: {}", who.join(", "));
    }
    if !plan.password_resets.is_empty() {
        let who = plan.password_resets.iter().map(|open| open.user.as_deref().unwrap_or("-"));
        let _ = writeln!(text, "\npassword resets that die: {}", who.collect::<Vec<_>>().join(", "));
    }
    if !plan.agents.is_empty() {
        text.push_str("\nagents that need the new Z4J_HMAC_SECRET of their project:\n");
        for agent in &plan.agents {
            let _ = writeln!(text, "  {}/{} ({})", agent.project, agent.name, agent.id);
        }
    }
    text.push_str("\nsteps:\n");
    for (number, step) in (1..).zip(&plan.steps) {
        let _ = writeln!(text, "  {number}. {step}");
    }
    if let Some(secrets) = &plan.signing_secrets {
        let new = plan.new_fingerprint.as_deref().unwrap_or_default();
        let _ = writeln!(text, "\nsigning secrets under the new Z4J_SECRET (fingerprint {new}):\n");
        for secret in secrets {
            let _ = writeln!(text, "# project {}, {} agents", secret.project, secret.agents);
            let _ = writeln!(text, "Z4J_HMAC_SECRET={}", secret.hmac_secret.text());
        }
    }
    text
}

impl Render for RotationPlan {
    fn human(&self) -> String {
        let mut text = format!("{} (generation {}, z4j {})\n", self.database, self.generation, self.releases);
        if let Some(secret) = &self.secret {
            text.push_str(&secret_text(secret));
        }
        if let Some(audit) = &self.audit_key {
            let _ = writeln!(text, "\nrotating the audit key\n\n{}", audit.keys.human());
            for (number, step) in (1..).zip(&audit.steps) {
                let _ = writeln!(text, "  {number}. {step}");
            }
        }
        for note in &self.notes {
            let _ = writeln!(text, "note: {note}");
        }
        text
    }

    fn items(&self) -> Vec<Value> {
        let effects = self.secret.iter().flat_map(|secret| &secret.effects);
        effects.map(|effect| json!({ "type": "effect", "effect": effect })).collect()
    }

    fn plain(&self) -> Vec<(String, String)> {
        let mut lines = Vec::new();
        if let Some(secret) = &self.secret {
            for effect in &secret.effects {
                let (with, without) = (effect.survives_with_previous, effect.survives_without);
                lines.push((
                    effect.what.to_owned(),
                    format!("{} with-previous={with} without={without}", effect.count),
                ));
            }
            let dying =
                secret.api_keys.iter().map(|key| ("api_key".to_owned(), format!("{} {}", key.id, key.name)));
            lines.extend(dying);
            for signing in secret.signing_secrets.iter().flatten() {
                lines.push((
                    format!("Z4J_HMAC_SECRET.{}", signing.project),
                    signing.hmac_secret.text().to_owned(),
                ));
            }
            lines.extend(secret.steps.iter().map(|step| ("step".to_owned(), step.clone())));
        }
        if let Some(audit) = &self.audit_key {
            lines.extend(audit.steps.iter().map(|step| ("audit_key.step".to_owned(), step.clone())));
        }
        lines
    }
}
