//! Standard output, standard error, and the forms in which a result is printed.

use std::cell::RefCell;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Serialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::context::Env;
use crate::error::{Error, ExitCode, Result};
use crate::format::Timestamp;
use crate::whole_file;

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Output {
    /// For a person.
    Human,
    /// One JSON document.
    Json,
    /// JSON lines: one for each finding, then a summary.
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
    /// What is to be said, while stderr belongs to one JSON object; `None` when it can be said at once.
    held: Option<RefCell<Vec<String>>>,
    /// Whether progress may be drawn.
    pub(super) terminal: bool,
}

impl Ui {
    pub(super) fn new(output: Output, quiet: bool, reports: Vec<ReportFile>, env: &Env) -> Self {
        let dumb = env.var_os("TERM").is_some_and(|term| term == "dumb");
        let terminal = io::stderr().is_terminal() && !dumb;
        let held = is_json(output).then(RefCell::default);
        Self { output, quiet, reports, held, terminal }
    }

    /// How results are printed.
    pub(super) fn output(&self) -> Output {
        self.output
    }

    /// Whether nothing but the result and errors may be printed.
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Prints a result, and writes the report files; what cannot be written does not keep the rest back.
    pub(super) fn print(&self, report: &impl Render) -> Result<()> {
        let (printed, files): (Vec<_>, Vec<_>) =
            self.reports.iter().partition(|file| file.path == Path::new("-"));
        let mut forms: Vec<Output> = printed.iter().map(|file| file.format).collect();
        if forms.is_empty() {
            forms.push(self.output);
        }
        let mut outcome = Ok(());
        for form in forms {
            // It may hold a secret that is shown once.
            outcome =
                outcome.and(render(report, form).map(Zeroizing::new).and_then(|text| write_stdout(&text)));
        }
        for file in files {
            let written =
                render(report, file.format).and_then(|text| write_file(&file.path, text.as_bytes()));
            outcome = outcome.and(written);
        }
        outcome
    }

    /// The report files that are no standard output.
    fn report_files(&self) -> impl Iterator<Item = &ReportFile> {
        self.reports.iter().filter(|file| file.path != Path::new("-"))
    }

    /// Whether there are report files.
    pub(super) fn has_report_files(&self) -> bool {
        self.report_files().next().is_some()
    }

    /// Writes the report files alone, while standard output belongs to something else.
    pub(super) fn print_files(&self, report: &impl Render) -> Result<()> {
        let mut outcome = Ok(());
        for file in self.report_files() {
            let written =
                render(report, file.format).and_then(|text| write_file(&file.path, text.as_bytes()));
            outcome = outcome.and(written);
        }
        outcome
    }

    /// Refuses report files for a result that holds a secret: they are readable for others, and they are kept.
    pub(super) fn refuse_report_files(&self, secret: &str) -> Result<()> {
        if !self.has_report_files() {
            return Ok(());
        }
        Err(Error::usage(
            "usage.report-of-secret",
            format!("{secret} is not written to a report file, which others may read"),
        )
        .hint("take it from stdout: umask 077; z4jctl … > FILE"))
    }

    /// Refuses `--report` for a command whose result has one form of its own.
    pub(super) fn refuse_reports(&self, instead: &str) -> Result<()> {
        if self.reports.is_empty() {
            return Ok(());
        }
        Err(Error::usage("usage.no-report", "--report: this command has no report").hint(instead))
    }

    /// A line of explanation on stderr.
    pub(super) fn note(&self, text: &str) {
        match &self.held {
            _ if self.quiet => {}
            Some(held) => held.borrow_mut().push(text.to_owned()),
            None => say(&format!("z4jctl: {text}\n")),
        }
    }

    /// A line about how far the work has come; none where a program may read stderr.
    pub(super) fn progress(&self, text: &str) {
        if self.held.is_none() {
            self.note(text);
        }
    }

    /// A warning on stderr.
    pub(super) fn warn(&self, text: &str) {
        self.note(&format!("warning: {text}"));
    }

    /// The one error of a run, on stderr; as JSON together with all that was held back.
    pub(super) fn error(&self, error: &Error) {
        print_error(self.output, error, &self.take_held());
    }

    /// Says what was held back, when the run ends without an error.
    pub(super) fn finish(&self) {
        for text in self.take_held() {
            say(&format!("z4jctl: {text}\n"));
        }
    }

    fn take_held(&self) -> Vec<String> {
        self.held.as_ref().map(RefCell::take).unwrap_or_default()
    }
}

/// The text without characters that a terminal would obey.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .map(|one| if one.is_control() { one.escape_default().to_string() } else { one.to_string() })
        .collect()
}

/// Text of a database as a terminal may be given it: agents choose names, and whoever holds a token is one.
pub(super) fn safe(text: &str) -> String {
    let is_unsafe = |character: char| {
        character.is_control()
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unsafe(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out
}

fn is_json(output: Output) -> bool {
    matches!(output, Output::Json | Output::Jsonl)
}

/// Writes to stderr; that nobody listens there is no reason to fail.
fn say(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
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

/// A table for a person.
pub(super) fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(header.to_vec());
    for row in rows {
        table.add_row(row);
    }
    let mut text = String::new();
    for line in table.to_string().lines() {
        text.push_str(line.trim());
        text.push('\n');
    }
    text
}

/// Names and values for a person, a line each; the names padded to `width`.
pub(super) fn lines(width: usize, lines: &[(&str, String)]) -> String {
    lines.iter().map(|(name, value)| format!("{name:<width$} {value}").trim_end().to_owned() + "\n").collect()
}

/// A time for a person, of something that may not have happened.
pub(super) fn or_never(time: Option<Timestamp>) -> String {
    time.map_or_else(|| "never".into(), Timestamp::zulu)
}

/// Prints text as it is.
pub(super) fn write_stdout(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        // Whoever reads has had enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Error::unreachable("output.stdout", format!("cannot write to stdout: {error}"))
            .hint("the result went nowhere; check what stdout is connected to, or use --report FORMAT=PATH")),
        Ok(()) => Ok(()),
    }
}

/// Writes a file whole or not at all: to a temporary name beside it, synced, renamed. What is no regular file, such
/// as a pipe or a device, is written to as it is.
pub(super) fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    // Readable for collectors that run as somebody else; a report holds no secret.
    write_file_as(path, bytes, 0o644)
}

/// [`write_file`] with other permissions.
pub(super) fn write_file_as(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let fail = |error: io::Error| whole_file::cannot_write(path, &error);
    // A link stays a link: the file behind it is replaced.
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| match std::fs::read_link(path) {
        Ok(absent) => path.parent().unwrap_or(Path::new("")).join(absent),
        Err(_) => path.to_owned(),
    });
    match std::fs::metadata(&target) {
        Ok(metadata) if metadata.is_dir() => return Err(fail(io::ErrorKind::IsADirectory.into())),
        Ok(metadata) if !metadata.is_file() => {
            let opened = std::fs::OpenOptions::new().write(true).open(&target);
            return match opened.and_then(|mut file| file.write_all(bytes)) {
                // Whoever reads has had enough.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                other => other.map_err(fail),
            };
        }
        _ => {}
    }
    whole_file::put(&target, bytes, mode, true).map_err(fail)
}

/// Prints an error in the form of the results.
pub(super) fn print_error(output: Output, error: &Error, remarks: &[String]) {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    if is_json(output) {
        let mut body = json!({
            "schema": "z4jctl.error/1",
            "exit_code": error.exit_code().code(),
            "error": { "code": error.code(), "message": error.message(), "hint": error.hint_text(), "cause": cause },
        });
        if let Some(object) = body.as_object_mut().filter(|_| !remarks.is_empty()) {
            object.insert("remarks".into(), json!(remarks));
        }
        return say(&format!("{body}\n"));
    }
    let mut text = format!("z4jctl: error: {}\n", error.message());
    for (name, more) in [("cause", cause.as_deref()), ("hint", error.hint_text())] {
        if let Some(more) = more {
            text.push_str(&format!("  {name}: {more}\n"));
        }
    }
    say(&text);
}

/// What clap has to say: help and version on stdout, errors on stderr.
pub(super) fn usage(arguments: &[OsString], env: &Env, error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind;
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let _ = error.print();
        return ExitCode::Done;
    }
    let text = error.to_string();
    let shown = without_passwords(&text);
    if wants_json(arguments, env) {
        let message = if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
            "a command is missing".to_owned()
        } else {
            // The first paragraph: a list of what is missing goes over several lines.
            let lines = shown.lines().map(str::trim).take_while(|line| !line.is_empty());
            lines.collect::<Vec<_>>().join(" ").trim_start_matches("error: ").to_owned()
        };
        print_error(Output::Json, &Error::usage("usage", message).hint("see --help"), &[]);
    } else if shown == text {
        let _ = error.print();
    } else {
        say(&shown);
    }
    ExitCode::Usage
}

/// An error about the command line that is found before it is read, in the form that it asks for.
pub(super) fn early_error(arguments: &[OsString], env: &Env, error: &Error) -> ExitCode {
    let output = if wants_json(arguments, env) { Output::Json } else { Output::Human };
    print_error(output, error, &[]);
    error.exit_code()
}

/// Whether JSON was asked for on a command line that could not be read; the last word counts.
fn wants_json(arguments: &[OsString], env: &Env) -> bool {
    let mut word = env.var_os("Z4JCTL_OUTPUT").and_then(|word| word.to_str());
    let mut rest = arguments.iter().map(|argument| argument.to_str().unwrap_or_default());
    while let Some(argument) = rest.next() {
        if matches!(argument, "--output" | "-o" | "-qo") {
            word = rest.next();
        } else if let Some(value) = argument.strip_prefix("--output=") {
            word = Some(value);
        } else if let Some(value) = argument.strip_prefix("-o").or_else(|| argument.strip_prefix("-qo")) {
            word = Some(value.strip_prefix('=').unwrap_or(value));
        }
    }
    matches!(word, Some("json" | "jsonl"))
}

/// Takes the passwords out of URLs and connection strings that somebody gave where none belongs.
fn without_passwords(text: &str) -> String {
    let redact = |piece: &str| -> String {
        if let Some((scheme, rest)) = piece.split_once("://")
            && let Some((login, host)) = rest.rsplit_once('@')
            && let Some((user, _)) = login.split_once(':')
        {
            return format!("{scheme}://{user}:redacted@{host}");
        }
        match piece.to_ascii_lowercase().find("password=") {
            Some(at) => {
                let (name, value) = piece.split_at(at + "password=".len());
                let end = value.find(['\'', '"', '&']).unwrap_or(value.len());
                format!("{name}redacted{}", &value[end..])
            }
            None => piece.to_owned(),
        }
    };
    text.split(' ').map(redact).collect::<Vec<_>>().join(" ")
}
