//! The command line: arguments in, one operation, its report rendered, an exit code out.
//!
//! A verb has one file with its arguments and its rendering; what it does is an operation of another module.

mod allowed_hosts;
mod anchor_delivery;
mod apikey;
mod audit_anchor;
mod audit_bundle;
mod audit_diff;
mod audit_explain;
mod audit_export;
mod audit_head;
mod audit_keys;
mod audit_prune;
mod audit_show;
mod audit_stats;
mod audit_verify;
mod audit_verify_bundle;
mod audit_verify_export;
mod audit_verify_merge;
mod audit_verify_shard;
mod changepassword;
mod config_show;
mod confirm;
mod connection;
mod copy;
mod createsuperuser;
mod credential_input;
mod findings;
mod generate;
mod hook;
mod init;
mod metrics_token;
mod migrate_status;
mod new_password;
mod password_input;
mod progress;
mod reset_mfa;
mod reset_setup;
mod row_filter;
mod secrets;
mod session;
mod signals;
mod signing_key;
mod textfile;
mod token;
mod token_assess;
mod ui;
mod user;
mod version;
mod write;

use std::ffi::OsString;
use std::process::ExitCode as ProcessExitCode;

use clap::{ArgAction, Args, CommandFactory as _, Parser, Subcommand};

use crate::context::{Cancel, Clock, Context, Env, Random};
use crate::error::{Error, ExitCode, Result};
use connection::Connection;
use ui::{Output, Ui};

/// Verify, inspect and recover the database of a z4j brain
#[derive(Debug, Parser)]
#[command(
    name = "z4jctl",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    subcommand_required = true,
    disable_help_subcommand = true,
    max_term_width = 110,
    after_long_help = exit_code_help()
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Global {
    /// How to print the result; errors go to stderr in the same form
    #[arg(
        long,
        short = 'o',
        value_enum,
        default_value = "human",
        global = true,
        env = "Z4JCTL_OUTPUT",
        hide_env_values = true,
        help_heading = "Output"
    )]
    output: Output,
    /// Also write the result to a file: FORMAT=PATH, - is stdout; repeatable
    #[arg(long, value_name = "FORMAT=PATH", global = true, action = ArgAction::Append, help_heading = "Output")]
    report: Vec<ui::ReportFile>,
    /// Print no progress, notes or warnings to stderr
    #[arg(long, short = 'q', global = true, help_heading = "Output")]
    quiet: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The audit log: verify it, look at it, export it, keep its head elsewhere
    #[command(subcommand, arg_required_else_help = true)]
    Audit(Audit),
    /// The settings in force, and where each came from
    #[command(subcommand, arg_required_else_help = true)]
    Config(Config),
    Init(init::InitArgs),
    /// The schema revision of a database
    #[command(subcommand, arg_required_else_help = true)]
    Migrate(Migrate),
    #[command(visible_alias = "bootstrap-admin")]
    Createsuperuser(createsuperuser::CreateSuperuserArgs),
    Changepassword(changepassword::ChangePasswordArgs),
    ResetMfa(reset_mfa::ResetMfaArgs),
    ResetSetup(reset_setup::ResetSetupArgs),
    #[command(hide = true)]
    Unlock(user::UnlockArgs),
    /// Users: list, create, promote, deactivate, unlock
    #[command(subcommand, arg_required_else_help = true)]
    User(user::User),
    /// Agent tokens: mint, rotate, revoke, and whose a leaked one is
    #[command(subcommand, arg_required_else_help = true)]
    Token(token::Token),
    /// API keys: mint, list, revoke, and whose a leaked one is
    #[command(name = "apikey", subcommand, arg_required_else_help = true)]
    ApiKey(apikey::ApiKey),
    /// Sessions of browsers: list and end them
    #[command(subcommand, arg_required_else_help = true)]
    Session(session::Session),
    /// The secrets of a brain: what hangs on them, and what a rotation would break
    #[command(subcommand, arg_required_else_help = true)]
    Secrets(secrets::Secrets),
    /// The Ed25519 keys that sign anchors, bundles and exports: make one, show its public half, trust one
    #[command(subcommand, arg_required_else_help = true)]
    SigningKey(signing_key::SigningKey),
    /// The host names under which `z4j serve` answers
    #[command(subcommand, arg_required_else_help = true)]
    AllowedHosts(allowed_hosts::AllowedHostsCommand),
    /// The token with which Prometheus reads /metrics
    MetricsToken(metrics_token::MetricsTokenArgs),
    /// Print a shell completion script
    Completions(generate::CompletionsArgs),
    /// Write the manual pages
    Man(generate::ManArgs),
    /// Print the version, and what it was built with
    Version,
}

#[derive(Debug, Subcommand)]
enum Audit {
    Verify(audit_verify::VerifyArgs),
    Head(audit_head::HeadArgs),
    Anchor(audit_anchor::AnchorArgs),
    Show(audit_show::ShowArgs),
    /// The keys that sign the log, from 1.8 on: list, rotate, retire
    #[command(subcommand, arg_required_else_help = true)]
    Keys(audit_keys::Keys),
    Prune(audit_prune::PruneArgs),
    Export(audit_export::ExportArgs),
    VerifyMerge(audit_verify_merge::VerifyMergeArgs),
    VerifyExport(audit_verify_export::VerifyExportArgs),
    Bundle(audit_bundle::BundleArgs),
    VerifyBundle(audit_verify_bundle::VerifyBundleArgs),
    Stats(audit_stats::StatsArgs),
    Diff(audit_diff::DiffArgs),
}

#[derive(Debug, Subcommand)]
enum Config {
    /// Print every setting with its origin; secrets as fingerprints
    Show,
}

#[derive(Debug, Subcommand)]
enum Migrate {
    /// Print revision, generation, and which releases can serve the database
    Status,
}

/// What every verb is given.
struct Run<'a> {
    context: &'a Context,
    connection: &'a Connection,
    ui: &'a Ui,
}

/// Runs the command of this process and gives its exit code.
pub fn main() -> ProcessExitCode {
    leave_no_core();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let cancel = Cancel::default();
    let context = Context { env: Env::from_process(), clock: Clock::System, random: Random, cancel };
    // The message and the place of a panic have been printed by then.
    let code = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(&arguments, &context)));
    ProcessExitCode::from(code.unwrap_or(ExitCode::Bug).code())
}

/// Whatever kills this process: no dump of its memory, which may hold secrets, is left behind.
fn leave_no_core() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    // Lowering a limit is always allowed.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}

fn run(arguments: &[OsString], context: &Context) -> ExitCode {
    if let Err(error) = password_input::refuse_in_arguments(arguments) {
        return ui::early_error(arguments, &context.env, &error);
    }
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return ui::usage(arguments, &context.env, &error),
    };
    #[cfg(debug_assertions)]
    if let Err(error) = crate::audit::transact::arm_fault_point(&context.env) {
        return ui::early_error(arguments, &context.env, &error);
    }
    let ui = Ui::new(cli.global.output, cli.global.quiet, cli.global.report, &context.env);
    signals::watch(&context.cancel, ui.output());
    let run = Run { context, connection: &cli.global.connection, ui: &ui };
    let outcome = match cli.command {
        Command::Audit(Audit::Verify(arguments)) => audit_verify::run(&run, &arguments),
        Command::Audit(Audit::Head(arguments)) => audit_head::run(&run, &arguments),
        Command::Audit(Audit::Anchor(arguments)) => audit_anchor::run(&run, &arguments),
        Command::Audit(Audit::Show(arguments)) => audit_show::run(&run, &arguments),
        Command::Audit(Audit::Keys(verb)) => audit_keys::run(&run, &verb),
        Command::Audit(Audit::Prune(arguments)) => audit_prune::run(&run, &arguments),
        Command::Audit(Audit::Export(arguments)) => audit_export::run(&run, &arguments),
        Command::Audit(Audit::VerifyExport(arguments)) => audit_verify_export::run(&run, &arguments),
        Command::Audit(Audit::VerifyMerge(arguments)) => audit_verify_merge::run(&run, &arguments),
        Command::Audit(Audit::Bundle(arguments)) => audit_bundle::run(&run, &arguments),
        Command::Audit(Audit::VerifyBundle(arguments)) => audit_verify_bundle::run(&run, &arguments),
        Command::Audit(Audit::Stats(arguments)) => audit_stats::run(&run, &arguments),
        Command::Audit(Audit::Diff(arguments)) => audit_diff::run(&run, &arguments),
        Command::Config(Config::Show) => config_show::run(&run),
        Command::Init(arguments) => init::run(&run, &arguments),
        Command::Migrate(Migrate::Status) => migrate_status::run(&run),
        Command::Createsuperuser(arguments) => createsuperuser::run(&run, &arguments),
        Command::Changepassword(arguments) => changepassword::run(&run, &arguments),
        Command::ResetMfa(arguments) => reset_mfa::run(&run, &arguments),
        Command::ResetSetup(arguments) => reset_setup::run(&run, &arguments),
        Command::Unlock(arguments) => user::unlock(&run, &arguments),
        Command::User(verb) => user::run(&run, &verb),
        Command::Token(verb) => token::run(&run, &verb),
        Command::ApiKey(verb) => apikey::run(&run, &verb),
        Command::Session(verb) => session::run(&run, &verb),
        Command::Secrets(verb) => secrets::run(&run, &verb),
        Command::SigningKey(verb) => signing_key::run(&run, &verb),
        Command::AllowedHosts(command) => allowed_hosts::run(&run, &command),
        Command::MetricsToken(arguments) => metrics_token::run(&run, &arguments),
        Command::Completions(arguments) => generate::completions(&run, &arguments),
        Command::Man(arguments) => generate::man(&run, &arguments),
        Command::Version => version::run(&run),
    };
    match outcome {
        Ok(code) => {
            ui.finish();
            code
        }
        Err(error) => {
            ui.error(&error);
            error.exit_code()
        }
    }
}

/// The definition of the command line, for completions and manual pages.
pub fn command() -> clap::Command {
    Cli::command()
}

/// The manual pages: file name and text in roff, one for the command and one for each verb.
pub fn manual_pages() -> Result<Vec<(String, String)>> {
    generate::manual_pages()
}

/// A completion script for a shell: `bash`, `zsh` or `fish`.
pub fn completion_script(shell: &str) -> Result<(String, String)> {
    generate::completion_script(shell)
}

fn exit_code_help() -> String {
    let mut text = String::from("Exit codes:\n");
    for (code, meaning) in ExitCode::TABLE {
        text.push_str(&format!("  {:>3}  {meaning}\n", code.code()));
    }
    text.push_str(
        "\nThe strongest wins: 2, then 5, 6 and 7, then 1, 3, 4, 0. Treat a code that you do not know as a failure.",
    );
    text
}

impl Run<'_> {
    /// Finds the settings and prints what is remarkable about them.
    fn settings(&self) -> Result<crate::config::Settings> {
        let settings = self.connection.resolve(self.context)?;
        for warning in &settings.warnings {
            self.ui.warn(warning);
        }
        Ok(settings)
    }

    /// The settings of a verb that writes; unless only its plan is asked for, the database is made ready for it.
    fn settings_to_write(&self, arguments: &write::WriteArgs) -> Result<crate::config::Settings> {
        let settings = self.settings()?;
        if !arguments.is_dry_run() {
            let open = connection::open_options(&settings);
            crate::audit::transact::recover(self.context, &settings.database.value, open)?;
        }
        Ok(settings)
    }

    /// Looks z4j's settings up one by one, for a command without database, and prints what is remarkable about them.
    fn lookup(&self, overrides: &crate::config::Overrides) -> Result<crate::config::Lookup<'_>> {
        let lookup = crate::config::Lookup::open(overrides, &self.context.env)?;
        for warning in &lookup.warnings {
            self.ui.warn(warning);
        }
        Ok(lookup)
    }
}

/// A word as a shell and a `.env` file take it.
fn shell_word(text: &str) -> String {
    shlex::try_quote(text).map_or_else(|_| text.to_owned(), std::borrow::Cow::into_owned)
}

/// A value that was given on the command line and cannot be read.
fn bad_value(flag: &str, value: &str, expected: &str) -> Error {
    Error::usage("usage.value", format!("{flag} {value:?}: expected {expected}"))
}
