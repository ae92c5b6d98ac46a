//! Standard output, standard error, and the forms in which a result is printed.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Serialize;
use serde_json::{Value, json};

use crate::context::Env;
use crate::error::{Error, ExitCode, Result};

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Output {
    /// For a person.
    Human,
    /// One JSON document.
    Json,
    /// JSON lines: a summary, then one line for each item.
    Jsonl,
    /// Tab-separated `key value` lines, for `cut` and `grep`.
    Plain,
}

/// A report file that was asked for with `--report FORMAT=PATH`.
#[derive(Debug, Clone)]
pub(super) struct ReportFile {
    format: Output,
    path: PathBuf,
}

impl FromStr for ReportFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, path) = text.split_once('=').ok_or("expected FORMAT=PATH, such as json=report.json")?;
        let format = <Output as clap::ValueEnum>::from_str(format, false)
            .map_err(|_| format!("unknown format {format:?}: human, json, jsonl or plain"))?;
        if path.is_empty() {
            return Err("the path is empty".into());
        }
        Ok(Self { format, path: path.into() })
    }
}

/// A result in all its forms.
pub(super) trait Render: Serialize {
    /// For a person.
    fn human(&self) -> String;
    /// The items of `jsonl`: each becomes a line with its `type`.
    fn items(&self) -> Vec<Value> {
        Vec::new()
    }
    /// Key and value of each line of `plain`.
    fn plain(&self) -> Vec<(String, String)>;
}

/// The face towards a terminal or a log.
pub(super) struct Ui {
    output: Output,
    quiet: bool,
    reports: Vec<ReportFile>,
    /// Whether progress may be drawn.
    pub(super) terminal: bool,
}

impl Ui {
    pub(super) fn new(output: Output, quiet: bool, reports: Vec<ReportFile>, env: &Env) -> Self {
        let dumb = env.var_os("TERM").is_some_and(|term| term == "dumb");
        let terminal = io::stderr().is_terminal() && !dumb;
        Self { output, quiet, reports, terminal }
    }

    /// Whether nothing but the result and errors may be printed.
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Prints a result, and writes the report files.
    pub(super) fn print(&self, report: &impl Render) -> Result<()> {
        for file in &self.reports {
            let text = render(report, file.format)?;
            if file.path == Path::new("-") {
                write_stdout(&text)?;
            } else {
                write_file(&file.path, text.as_bytes())?;
            }
        }
        if self.reports.iter().any(|file| file.path == Path::new("-")) {
            return Ok(());
        }
        write_stdout(&render(report, self.output)?)
    }

    /// A line of explanation on stderr.
    #[expect(clippy::print_stderr, reason = "the face")]
    pub(super) fn note(&self, text: &str) {
        if !self.quiet {
            eprintln!("z4jctl: {text}");
        }
    }

    /// A warning on stderr.
    pub(super) fn warn(&self, text: &str) {
        self.note(&format!("warning: {text}"));
    }

    /// The one error of a run, on stderr.
    pub(super) fn error(&self, error: &Error) {
        print_error(self.output, error);
    }
}

fn render(report: &impl Render, output: Output) -> Result<String> {
    let json = |error: serde_json::Error| Error::bug(format!("cannot write JSON: {error}"));
    Ok(match output {
        Output::Human => report.human(),
        Output::Json => serde_json::to_string_pretty(report).map_err(json)? + "\n",
        Output::Jsonl => {
            let mut text = String::new();
            for item in report.items() {
                text.push_str(&item.to_string());
                text.push('\n');
            }
            let mut summary = serde_json::to_value(report).map_err(json)?;
            if let Some(object) = summary.as_object_mut() {
                object.remove("findings");
                object.insert("type".into(), "summary".into());
            }
            text + &summary.to_string() + "\n"
        }
        Output::Plain => {
            let mut text = String::new();
            for (key, value) in report.plain() {
                text.push_str(&format!("{key}\t{}\n", value.replace(['\t', '\n', '\r'], " ")));
            }
            text
        }
    })
}

/// Prints text as it is.
pub(super) fn write_stdout(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        // Whoever reads has had enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Error::unreachable("output.stdout", format!("cannot write to stdout: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// Writes a file whole or not at all: to a temporary name beside it, synced, renamed.
pub(super) fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let fail = |error: io::Error| {
        Error::unreachable("output.file", format!("cannot write {}: {error}", path.display()))
            .hint("check that its directory exists and may be written to")
    };
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".z4jctl-").tempfile_in(directory).map_err(fail)?;
    file.write_all(bytes).map_err(fail)?;
    #[cfg(unix)]
    {
        // Readable for collectors that run as somebody else; a report holds no secret.
        use std::os::unix::fs::PermissionsExt as _;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644)).map_err(fail)?;
    }
    file.as_file().sync_all().map_err(fail)?;
    file.persist(path).map_err(|error| fail(error.error))?;
    Ok(())
}

#[expect(clippy::print_stderr, reason = "the face")]
fn print_error(output: Output, error: &Error) {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    match output {
        Output::Json | Output::Jsonl => {
            let body = json!({
                "schema": "z4jctl.error/1",
                "exit_code": error.exit_code().code(),
                "error": { "code": error.code(), "message": error.message(), "hint": error.hint_text(), "cause": cause },
            });
            eprintln!("{body}");
        }
        Output::Human | Output::Plain => {
            eprintln!("z4jctl: error: {}", error.message());
            if let Some(cause) = cause {
                eprintln!("  cause: {cause}");
            }
            if let Some(hint) = error.hint_text() {
                eprintln!("  hint: {hint}");
            }
        }
    }
}

/// What clap has to say: help and version on stdout, errors on stderr.
pub(super) fn usage(arguments: &[OsString], error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind;
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let _ = error.print();
        return ExitCode::Done;
    }
    let is_json = |text: &OsString| matches!(text.to_str(), Some("json" | "jsonl"));
    let wants_json = arguments
        .windows(2)
        .any(|pair| matches!(pair[0].to_str(), Some("--output" | "-o")) && is_json(&pair[1]))
        || arguments.iter().any(|text| matches!(text.to_str(), Some("--output=json" | "--output=jsonl")));
    if wants_json && error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let text = error.to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        print_error(Output::Json, &Error::usage("usage", message).hint("see --help"));
    } else {
        let _ = error.print();
    }
    ExitCode::Usage
}
