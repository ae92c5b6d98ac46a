//! Passwords that a person chooses: typed where nobody sees them, or read from standard input. Never an argument.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Read};

use clap::Args;
use zeroize::Zeroizing;

use super::Run;
use crate::error::{Error, Kind, Result};

/// Far more than any password, in bytes; whoever pipes more has piped the wrong thing.
const LIMIT: usize = 4096;

/// The flag of every command that takes a password.
#[derive(Debug, Args)]
#[command(next_help_heading = "Password")]
pub(super) struct PasswordArgs {
    /// Read the password from standard input, to its end; line ends behind it are not part of it
    #[arg(long)]
    password_stdin: bool,
}

impl PasswordArgs {
    /// Whether a password is offered without being asked for.
    pub(super) fn is_given(&self) -> bool {
        self.password_stdin
    }

    /// To be called before the settings are read, which may want standard input themselves.
    pub(super) fn claim_stdin(&self, run: &Run<'_>) -> Result<()> {
        if self.password_stdin { run.connection.leave_stdin_to("--password-stdin") } else { Ok(()) }
    }

    /// The password: typed at the terminal, twice when `confirm`, or all of standard input with `--password-stdin`.
    ///
    /// # Errors
    ///
    /// `Usage` for a password that is empty, too long, no UTF-8, of more than one line, or typed differently the second
    /// time, and where nobody is at a terminal to type it.
    pub(super) fn read(&self, prompt: &str, confirm: bool) -> Result<Zeroizing<String>> {
        read_password(prompt, confirm, self.password_stdin)
    }
}

/// Reads a password from the terminal or, with `from_stdin`, from standard input.
pub(super) fn read_password(prompt: &str, confirm: bool, from_stdin: bool) -> Result<Zeroizing<String>> {
    read_from(&mut Terminal, &mut io::stdin().lock(), prompt, confirm, from_stdin)
}

fn read_from(
    keyboard: &mut dyn Keyboard,
    stdin: &mut dyn Read,
    prompt: &str,
    confirm: bool,
    from_stdin: bool,
) -> Result<Zeroizing<String>> {
    match (from_stdin, keyboard.is_there()) {
        (true, false) => read_stdin(stdin),
        (false, false) => {
            Err(Error::usage("password.no-terminal", "nobody is at a terminal to type a password")
                .hint("pipe it into the command and give --password-stdin"))
        }
        // z4j's own commands ask too, where --password-stdin finds a terminal.
        (_, true) => {
            let password = judge(keyboard.hidden(&format!("{prompt}: ")).map_err(|error| untyped(&error))?)?;
            if confirm {
                let again = keyboard.hidden(&format!("{prompt} again: ")).map_err(|error| untyped(&error))?;
                if again != password {
                    return Err(Error::usage(
                        "password.mismatch",
                        "the two passwords differ; nothing was written",
                    )
                    .hint("run the command again"));
                }
            }
            Ok(password)
        }
    }
}

fn read_stdin(stdin: &mut dyn Read) -> Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LIMIT + 64));
    // One byte more than may be, to notice it.
    let limit = u64::try_from(LIMIT).unwrap_or(u64::MAX).saturating_add(1);
    stdin.take(limit).read_to_end(&mut bytes).map_err(|error| {
        Error::usage("password.stdin", format!("cannot read the password from standard input: {error}"))
            .hint("pipe it into the command")
    })?;
    if bytes.len() > LIMIT {
        return Err(too_long());
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| not_utf8())?;
    judge(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Refuses what cannot be meant as a password. Whether it is a good one is for others to say.
fn judge(password: Zeroizing<String>) -> Result<Zeroizing<String>> {
    if password.is_empty() {
        return Err(
            Error::usage("password.empty", "the password is empty").hint("nothing was written; try again")
        );
    }
    if password.len() > LIMIT {
        return Err(too_long());
    }
    if password.contains(['\0', '\r', '\n']) {
        return Err(Error::usage(
            "password.several-lines",
            "the password has a line end or a NUL in its middle",
        )
        .hint("pipe the password alone; line ends behind it are taken off"));
    }
    Ok(password)
}

fn too_long() -> Error {
    Error::usage("password.too-long", format!("the password is longer than {LIMIT} bytes"))
        .hint("pipe the password alone")
}

fn not_utf8() -> Error {
    Error::usage("password.not-utf8", "the password is not valid UTF-8")
        .hint("z4j takes passwords as UTF-8 text; check the encoding of the terminal or the file")
}

fn untyped(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::Interrupted => {
            Error::new(Kind::Signal(2), "interrupted", "stopped before the end; nothing was written")
        }
        io::ErrorKind::InvalidData => not_utf8(),
        io::ErrorKind::UnexpectedEof => {
            Error::usage("password.empty", "no password was typed").hint("nothing was written; try again")
        }
        _ => Error::usage("password.no-terminal", format!("cannot ask for a password: {error}"))
            .hint("pipe it into the command and give --password-stdin"),
    }
}

/// Where somebody types what nobody shall see.
trait Keyboard {
    /// Whether anybody is there.
    fn is_there(&self) -> bool;
    /// Prompts and reads one line without showing it.
    fn hidden(&mut self, prompt: &str) -> io::Result<Zeroizing<String>>;
}

/// The terminal of this process.
struct Terminal;

impl Keyboard for Terminal {
    fn is_there(&self) -> bool {
        io::stdin().is_terminal()
    }

    fn hidden(&mut self, prompt: &str) -> io::Result<Zeroizing<String>> {
        rpassword::prompt_password(prompt).map(Zeroizing::new)
    }
}

/// Answers a password among the arguments before anything else looks at them: the parser would tell what it does not
/// understand, and with it the password.
///
/// # Errors
///
/// `Usage` for any flag of a password but `--password-stdin`. The error does not hold the value.
pub(super) fn refuse_in_arguments(arguments: &[OsString]) -> Result<()> {
    let flags = arguments.iter().skip(1).take_while(|argument| *argument != "--");
    for bytes in flags.map(|argument| argument.as_encoded_bytes()) {
        let Some(long) = bytes.strip_prefix(b"--") else { continue };
        let mut parts = long.splitn(2, |byte| *byte == b'=');
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let has_value = parts.next().is_some();
        let means_password = name == b"pass" || name == b"pwd" || name.starts_with(b"passw");
        if means_password && (has_value || name != b"password-stdin") {
            return Err(Error::usage(
                "usage.password-in-arguments",
                "a password must not be an argument: every user of this machine can read it in the process list (ps)",
            )
            .hint(
                "pipe it into a command that takes --password-stdin, or let the command ask at the terminal; a \
                 database's goes into Z4JCTL_DATABASE_URL, --db-file or ~/.pgpass",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Types these lines, or is not there at all.
    struct Typist(Option<Vec<&'static str>>);

    impl Keyboard for Typist {
        fn is_there(&self) -> bool {
            self.0.is_some()
        }

        fn hidden(&mut self, _: &str) -> io::Result<Zeroizing<String>> {
            let lines = self.0.as_mut().expect("somebody is there");
            if lines.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Ok(Zeroizing::new(lines.remove(0).to_owned()))
        }
    }

    #[track_caller]
    fn refused(outcome: Result<Zeroizing<String>>, code: &str) {
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Usage, code));
        let hint = error.hint_text().expect("a way out");
        assert!(!format!("{error} {hint}").contains("hunter2"), "{error}");
    }

    fn piped(mut input: &[u8]) -> Result<Zeroizing<String>> {
        read_from(&mut Typist(None), &mut input, "Password", true, true)
    }

    fn typed(lines: &[&'static str], confirm: bool) -> Result<Zeroizing<String>> {
        read_from(&mut Typist(Some(lines.to_vec())), &mut io::empty(), "Password", confirm, false)
    }

    #[test]
    fn a_piped_password_loses_its_line_ends_and_nothing_else() {
        for (input, password) in [
            ("hunter2", "hunter2"),
            ("hunter2\n", "hunter2"),
            ("hunter2\r\n\n", "hunter2"),
            (" hunter 2\t\n", " hunter 2\t"),
            ("pässwört\n", "pässwört"),
        ] {
            assert_eq!(piped(input.as_bytes()).unwrap().as_str(), password);
        }
        assert_eq!(piped(&[b'x'; LIMIT]).unwrap().len(), LIMIT);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (input, code) in [
            (&b""[..], "password.empty"),
            (b"\r\n\n", "password.empty"),
            (b"hunter2\nhunter2\n", "password.several-lines"),
            (b"hunter2\0", "password.several-lines"),
            (b"hunter2\rx", "password.several-lines"),
            (b"hunter2\xff", "password.not-utf8"),
            (&[b'x'; LIMIT + 1], "password.too-long"),
        ] {
            refused(piped(input), code);
        }
    }

    #[test]
    fn a_typed_password_is_typed_twice() {
        assert_eq!(typed(&["hunter2", "hunter2"], true).unwrap().as_str(), "hunter2");
        assert_eq!(typed(&["hunter2"], false).unwrap().as_str(), "hunter2");
        refused(typed(&["hunter2", "hunter3"], true), "password.mismatch");
        refused(typed(&["hunter2"], true), "password.empty");
        refused(typed(&["", ""], true), "password.empty");
        refused(typed(&[], true), "password.empty");
    }

    #[test]
    fn the_flag_and_the_terminal_have_to_agree() {
        let mut nobody = Typist(None);
        refused(read_from(&mut nobody, &mut &b"hunter2"[..], "p", true, false), "password.no-terminal");
        let mut somebody = Typist(Some(vec!["hunter2", "hunter2"]));
        let typed = read_from(&mut somebody, &mut &b"other"[..], "p", true, true);
        assert_eq!(typed.unwrap().as_str(), "hunter2");
    }

    #[test]
    fn a_password_is_no_argument() {
        let refuse = |words: &[&str]| {
            let words: Vec<OsString> = ["z4jctl"].iter().chain(words).map(OsString::from).collect();
            refuse_in_arguments(&words)
        };
        for words in [
            &["user", "create", "--password", "hunter2"][..],
            &["--password=hunter2"],
            &["--Password", "hunter2"],
            &["--password"],
            &["--passwd=hunter2"],
            &["--pass", "hunter2"],
            &["--password-stdin=hunter2"],
        ] {
            let error = refuse(words).unwrap_err();
            assert_eq!(
                (error.kind(), error.code()),
                (Kind::Usage, "usage.password-in-arguments"),
                "{words:?}"
            );
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
        for words in
            [&["--password-stdin"][..], &["--passfile", "f"], &["--", "--password", "x"], &["passwd"]]
        {
            assert!(refuse(words).is_ok(), "{words:?}");
        }
    }
}
