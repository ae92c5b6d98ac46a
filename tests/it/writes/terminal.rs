//! At a terminal: passwords that nobody sees, the question that shows the plan, and somebody who changes their mind.
//! `script` gives the program a terminal; what it shows goes to a transcript, what is typed comes through a pipe.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal};

use super::{PASSWORD, Unchanged, cheap};
use crate::support::judge::{AnyDatabase, Target};
use crate::support::process::{Output, Running};
use crate::support::wait_for;
use crate::support::z4jctl::Z4jctl;

const TARGET: Target = Target::Sqlite("1.13.0");
const PATIENCE: Duration = Duration::from_secs(60);

/// z4jctl at a terminal of its own, in front of somebody.
struct AtTerminal {
    running: Running,
    place: tempfile::TempDir,
    /// The home directory of the call lives as long as it.
    _call: Z4jctl,
}

/// How it ended.
struct Ended {
    output: Output,
    seen: String,
    /// What `stty -a` says of the terminal that is left behind.
    modes: String,
}

impl AtTerminal {
    fn start(database: &AnyDatabase, arguments: &[&str]) -> Self {
        let call = cheap().db(database).secrets(TARGET.secrets()).args(arguments);
        let place = tempfile::tempdir().expect("create a temporary directory");
        let command = call.command();
        // The shell stays, to look at the terminal afterwards; Ctrl-C reaches both.
        let line = "trap : INT; tty >terminal; \
                    sh -c 'echo $$ >process.new; mv process.new process; exec \"$0\" \"$@\"' \"$PROGRAM\" $ARGUMENTS; \
                    code=$?; stty -a >modes; exit $code";
        let mut script = Command::new("script");
        script.args(["-qefc", line, "transcript"]).env_clear().current_dir(place.path());
        script.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        script.env("PROGRAM", command.get_program()).env("ARGUMENTS", arguments.join(" "));
        Self { running: Running::spawn(&mut script), place, _call: call }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// What the terminal has shown so far.
    fn seen(&self) -> String {
        fs::read(self.path("transcript"))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    #[track_caller]
    fn sees(&self, text: &str) {
        wait_for(&format!("{text:?} at the terminal"), PATIENCE, || self.seen().contains(text).then_some(()));
    }

    /// Waits for a prompt behind which nothing is echoed: what is typed earlier would be seen.
    #[track_caller]
    fn is_asked_in_secret(&self, prompt: &str) {
        self.sees(prompt);
        let terminal = fs::read_to_string(self.path("terminal")).expect("the name of the terminal");
        wait_for("a terminal without echo", PATIENCE, || {
            let modes = Command::new("stty").args(["-a", "-F", terminal.trim()]).output().expect("run stty");
            String::from_utf8_lossy(&modes.stdout).contains("-echo ").then_some(())
        });
    }

    fn types(&mut self, text: &str) {
        self.running.write(text.as_bytes());
    }

    /// The process of z4jctl itself, which `script` and its shell wait for.
    fn signal(&self, signal: Signal) {
        let number = fs::read_to_string(self.path("process")).expect("the number of the process");
        let process = number.trim().parse().ok().and_then(Pid::from_raw).expect("a number");
        rustix::process::kill_process(process, signal).expect("send a signal");
    }

    #[track_caller]
    fn ends(self, exit_code: i32) -> Ended {
        let Self { mut running, place, _call } = self;
        wait_for("the end", PATIENCE, || (!running.is_running()).then_some(()));
        let output = running.wait(PATIENCE);
        let read = |name: &str| {
            let bytes = fs::read(place.path().join(name)).expect("read what is left");
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let ended =
            Ended { output: output.expect_code(exit_code), seen: read("transcript"), modes: read("modes") };
        assert!(ended.modes.contains(" echo "), "the terminal is left without echo: {}", ended.modes);
        assert!(ended.modes.contains(" icanon "), "the terminal is left raw: {}", ended.modes);
        ended
    }
}

impl Ended {
    #[track_caller]
    fn shows(&self, words: &[&str]) {
        for word in words {
            assert!(self.seen.contains(word), "{word:?} is not shown: {}", self.seen);
        }
    }

    #[track_caller]
    fn hides(&self, words: &[&str]) {
        for word in words {
            assert!(
                !self.seen.contains(word) && !self.output.stdout.contains(word),
                "{word:?}: {}",
                self.seen
            );
        }
    }
}

fn hash_of(database: &AnyDatabase, email: &str) -> String {
    let AnyDatabase::Sqlite(copy) = database else { panic!("{TARGET} is a file") };
    let query = "SELECT password_hash FROM users WHERE email = ?1";
    copy.connection().query_row(query, [email], |row| row.get(0)).expect("a hash")
}

const CHANGE: &[&str] = &["changepassword", "admin@example.com"];
const PROMPT: &str = "new password of admin@example.com: ";
const AGAIN: &str = "new password of admin@example.com again: ";

#[test]
fn a_password_is_typed_twice_unseen_and_the_plan_is_agreed_to() {
    for answer in ["y", "YES"] {
        let database = TARGET.database();
        let before = hash_of(&database, "admin@example.com");
        let mut terminal = AtTerminal::start(&database, CHANGE);
        for prompt in [PROMPT, AGAIN] {
            terminal.is_asked_in_secret(prompt);
            terminal.types(&format!("{PASSWORD}\n"));
        }
        terminal.sees("Apply? [y/N] ");
        assert_eq!(hash_of(&database, "admin@example.com"), before, "not before somebody agrees");
        terminal.types(&format!("{answer}\n"));
        let ended = terminal.ends(0);
        ended.shows(&[
            "update users",
            "password_hash: (hidden)",
            "user.password.changed_by_cli",
            "password updated",
        ]);
        let after = hash_of(&database, "admin@example.com");
        ended.hides(&[PASSWORD, &before, &after, "argon2"]);
        assert_ne!(after, before);
    }
    // The password is the one that was typed.
    let database = TARGET.database();
    let email = "new@example.com";
    let mut terminal = AtTerminal::start(&database, &["createsuperuser", "--email", email]);
    for prompt in ["password of new@example.com: ", "password of new@example.com again: "] {
        terminal.is_asked_in_secret(prompt);
        terminal.types(&format!("{PASSWORD}\n"));
    }
    terminal.sees("Apply? [y/N] ");
    terminal.types("y\n");
    terminal.ends(0).hides(&[PASSWORD]);
    TARGET.accept(&database).login(email, PASSWORD);
}

#[test]
fn passwords_that_differ_or_are_weak_are_refused() {
    let database = TARGET.database();
    let unchanged = Unchanged::of(&database);
    let other = "Quite-Anoth3r-Phrasf";
    let mut terminal = AtTerminal::start(&database, CHANGE);
    for (prompt, password) in [(PROMPT, PASSWORD), (AGAIN, other)] {
        terminal.is_asked_in_secret(prompt);
        terminal.types(&format!("{password}\n"));
    }
    let ended = terminal.ends(2);
    ended.shows(&["the two passwords differ; nothing was written"]);
    ended.hides(&[PASSWORD, other, "Apply?"]);

    let mut terminal = AtTerminal::start(&database, CHANGE);
    for prompt in [PROMPT, AGAIN] {
        terminal.is_asked_in_secret(prompt);
        terminal.types("Short-1\n");
    }
    let ended = terminal.ends(2);
    ended.shows(&["password must be at least 12 characters"]);
    ended.hides(&["Short-1", "Apply?"]);

    let mut terminal = AtTerminal::start(&database, CHANGE);
    terminal.is_asked_in_secret(PROMPT);
    terminal.types("\n");
    terminal.ends(2).shows(&["the password is empty"]);
    unchanged.check();
}

/// Types the answer to the question of a command, and gives what comes of it.
#[track_caller]
fn answered(
    database: &AnyDatabase,
    arguments: &[&str],
    question: &str,
    answer: &str,
    exit_code: i32,
) -> Ended {
    let mut terminal = AtTerminal::start(database, arguments);
    terminal.sees(question);
    terminal.types(answer);
    let ended = terminal.ends(exit_code);
    let (plan, _) = ended.seen.split_once(question).expect("a question");
    assert!(plan.contains("audit row to append: "), "the plan comes before the question: {plan}");
    ended
}

#[test]
fn anything_but_yes_writes_nothing() {
    let database = TARGET.database();
    let unchanged = Unchanged::of(&database);
    let promote = ["user", "promote", "viewer@example.com"];
    for answer in ["n\n", "\n", "yep\n", "viewer@example.com\n", "\u{4}"] {
        let ended = answered(&database, &promote, "Apply? [y/N] ", answer, 7);
        ended.shows(&["update users", "is_admin: false -> true", "not confirmed; nothing was written"]);
    }
    let mint = ["token", "mint", "--project=payments", "--name=new-01"];
    let ended = answered(&database, &mint, "Apply? [y/N] ", "n\n", 7);
    ended.shows(&["insert into agents", "agent.token.minted"]);
    ended.hides(&["Z4J_TOKEN", "Z4J_HMAC_SECRET"]);
    unchanged.check();
    let ended = answered(&database, &promote, "Apply? [y/N] ", "y\n", 0);
    ended.shows(&["viewer@example.com is an administrator"]);
    let ended = answered(&database, &mint, "Apply? [y/N] ", "y\n", 0);
    ended.shows(&["Z4J_TOKEN=", "Z4J_HMAC_SECRET="]);
}

/// What cannot be taken back is confirmed by its name.
#[test]
fn the_name_is_typed_where_something_is_lost() {
    for (arguments, name) in [
        (&["token", "revoke", "web-01"][..], "web-01"),
        (&["token", "revoke", "--all-in-project=payments"], "payments"),
        (&["user", "deactivate", "viewer@example.com"], "viewer@example.com"),
        (&["reset-mfa", "viewer@example.com"], "viewer@example.com"),
    ] {
        let database = TARGET.database();
        let unchanged = Unchanged::of(&database);
        let question = format!("Type {name} to confirm: ");
        for answer in ["y\n", "yes\n", "\n", "web-02\n", &format!("{}\n", name.to_uppercase())] {
            let ended = answered(&database, arguments, &question, answer, 7);
            ended.shows(&["not confirmed; nothing was written", &format!("type {name} exactly")]);
        }
        unchanged.check();
        answered(&database, arguments, &question, &format!("{name}\n"), 0).shows(&["audit row "]);
    }
}

/// A leaked token is as secret as a password.
#[test]
fn a_leaked_token_is_typed_unseen() {
    let database = TARGET.database();
    let token = TARGET.meta().more["agents"]["web-01"]["token"].as_str().expect("a token");
    let mut terminal = AtTerminal::start(&database, &["token", "revoke", "--token-stdin"]);
    terminal.is_asked_in_secret("token (hidden): ");
    terminal.types(&format!("{token}\n"));
    terminal.sees("to confirm: ");
    terminal.types("revoke\n");
    let ended = terminal.ends(0);
    ended.shows(&["payments/web-01", "is revoked"]);
    ended.hides(&[token]);
}

#[test]
fn whoever_stops_it_leaves_the_terminal_and_the_database_as_they_were() {
    let database = TARGET.database();
    let unchanged = Unchanged::of(&database);
    // At the first prompt, and at the second.
    for typed_before in [false, true] {
        let mut terminal = AtTerminal::start(&database, CHANGE);
        terminal.is_asked_in_secret(PROMPT);
        if typed_before {
            terminal.types(&format!("{PASSWORD}\n"));
            terminal.is_asked_in_secret(AGAIN);
        }
        terminal.types("\u{3}");
        let ended = terminal.ends(130);
        ended.shows(&["nothing was written"]);
        ended.hides(&[PASSWORD, "Apply?"]);
    }
    // At the question.
    for arguments in [&["user", "promote", "viewer@example.com"][..], &["token", "revoke", "web-01"]] {
        let mut terminal = AtTerminal::start(&database, arguments);
        terminal.sees(if arguments[0] == "user" { "Apply? [y/N] " } else { "Type web-01 to confirm: " });
        terminal.types("\u{3}");
        let ended = terminal.ends(130);
        ended.shows(&["nothing was written"]);
        ended.hides(&["not confirmed"]);
    }
    // From outside, while nobody sees what is typed.
    for (signal, exit_code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let terminal = AtTerminal::start(&database, CHANGE);
        terminal.is_asked_in_secret(PROMPT);
        terminal.signal(signal);
        terminal.ends(exit_code);
    }
    unchanged.check();
}
