//! `z4jctl completions` and `z4jctl man`: generated from the definition of the command line.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use super::{Run, command, ui};
use crate::error::{Error, ExitCode, Result};

/// Print a shell completion script.
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Write the manual pages to a directory.
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The directory; it must exist
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

pub(super) fn completions(run: &Run<'_>, arguments: &CompletionsArgs) -> Result<ExitCode> {
    run.ui.refuse_reports("z4jctl completions SHELL > FILE")?;
    ui::write_stdout(&script(arguments.shell).1)?;
    Ok(ExitCode::Done)
}

pub(super) fn man(run: &Run<'_>, arguments: &ManArgs) -> Result<ExitCode> {
    run.ui.refuse_reports("the pages go to the directory that is named")?;
    for (name, text) in manual_pages()? {
        ui::write_file(&arguments.directory.join(name), text.as_bytes())?;
    }
    run.ui.note(&format!("wrote the manual pages to {}", arguments.directory.display()));
    Ok(ExitCode::Done)
}

pub(super) fn completion_script(shell: &str) -> Result<(String, String)> {
    let shell: Shell = shell.parse().map_err(|message: String| Error::usage("usage.shell", message))?;
    Ok(script(shell))
}

/// File name and text.
fn script(shell: Shell) -> (String, String) {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut command(), "z4jctl", &mut bytes);
    let name = match shell {
        Shell::Zsh => "_z4jctl".to_owned(),
        other => format!("z4jctl.{other}"),
    };
    (name, String::from_utf8_lossy(&bytes).into_owned())
}

pub(super) fn manual_pages() -> Result<Vec<(String, String)>> {
    let mut pages = Vec::new();
    let mut root = command();
    root.build();
    add_pages(&root, "z4jctl", &mut pages)?;
    pages.sort();
    Ok(pages)
}

fn add_pages(definition: &clap::Command, name: &str, pages: &mut Vec<(String, String)>) -> Result<()> {
    // Manual pages are found by their name in one word.
    let definition = definition.clone().name(name.to_owned()).display_name(name.to_owned());
    let mut bytes = Vec::new();
    // Without the version the pages change only when the command line does.
    clap_mangen::Man::new(definition.clone())
        .source("z4jctl")
        .render(&mut bytes)
        .map_err(|error| Error::bug(format!("cannot write a manual page: {error}")))?;
    pages.push((format!("{name}.1"), with_sections(&String::from_utf8_lossy(&bytes))));
    for verb in definition.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help") {
        add_pages(verb, &format!("{name}-{}", verb.get_name()), pages)?;
    }
    Ok(())
}

/// Gives what stands behind the options the name that manual pages have for it, and keeps its lines.
fn with_sections(page: &str) -> String {
    let sections = [("Examples:", "EXAMPLES"), ("Example:", "EXAMPLES"), ("Exit codes:", "EXIT STATUS")];
    let mut out = String::with_capacity(page.len());
    let mut is_kept = false;
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        if is_kept && line.starts_with(".SH") {
            out.push_str(".fi\n");
            is_kept = false;
        }
        let section = sections.iter().find(|(title, _)| lines.peek() == Some(title));
        if let (".SH EXTRA", Some((_, name))) = (line, section) {
            lines.next();
            out.push_str(&format!(".SH {name}\n.nf\n"));
            is_kept = true;
        } else {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}
