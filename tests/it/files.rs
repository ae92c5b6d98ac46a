//! The files beside the database: `allowed-hosts`, `metrics-token`; and leave to write, which they need.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::support::brain::Brain;
use crate::support::process::{Output, Running, run};
use crate::support::z4jctl::Z4jctl;
use crate::support::{search_path, wait_for};

const STORE: &str = "Z4J_SECRET=kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\n\
                     Z4J_SESSION_SECRET=ssssssssssssssssssssssssssssssssssssssss\n";
const OLD_TOKEN: &str = "an-old-metrics-token-that-is-43-characters-x";

/// A home directory of a user, with z4j's in it.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().expect("create a temporary directory"));
        fs::create_dir(home.z4j()).expect("create a directory");
        fs::set_permissions(home.z4j(), fs::Permissions::from_mode(0o700)).expect("close a directory");
        home
    }

    /// With a `secret.env` as z4j wrote it.
    fn with_secrets(text: &str) -> Self {
        let home = Self::new();
        home.write("secret.env", text, 0o600);
        home
    }

    fn z4j(&self) -> PathBuf {
        self.0.path().join(".z4j")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.z4j().join(name)
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        fs::write(self.file(name), text).expect("write a file");
        fs::set_permissions(self.file(name), fs::Permissions::from_mode(mode)).expect("set a mode");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn mode(&self, name: &str) -> u32 {
        fs::symlink_metadata(self.file(name)).expect("a file").mode() & 0o7777
    }

    /// The names in z4j's directory.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.z4j()).expect("read a directory");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("a directory entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// A call of z4jctl with this home directory.
    fn call<const N: usize>(&self, arguments: [&str; N]) -> Z4jctl {
        Z4jctl::new().env("HOME", self.0.path()).current_dir(self.0.path()).args(arguments)
    }

    /// A call of the real z4j with this home directory.
    fn real<const N: usize>(&self, version: &str, arguments: [&str; N]) -> Output {
        let mut command = Command::new(Brain::release(version).command());
        command.env_clear().env("PATH", search_path()).env("HOME", self.0.path()).args(arguments);
        run(command.current_dir(self.0.path()), b"", Duration::from_secs(300))
    }
}

/// As it is and as JSON: this exit code and one error of this name with a way out, and nothing on stdout.
#[track_caller]
fn refuses(call: &Z4jctl, exit_code: i32, code: &str) -> Output {
    let human = call.run().expect_code(exit_code);
    assert_eq!(human.stdout, "", "{human}");
    assert_eq!(human.stderr.matches("z4jctl: error: ").count(), 1, "{human}");
    let mut json = call.command();
    let json = run(json.args(["--output", "json"]), b"", Duration::from_secs(60)).expect_code(exit_code);
    let error = json.json_error();
    assert_eq!(error["error"]["code"], code, "{json}");
    assert!(error["error"]["hint"].is_string(), "{json}");
    human
}

#[test]
fn a_host_is_added_once_and_removed_in_any_case_of_letters() {
    let home = Home::new();
    let output = home.call(["allowed-hosts", "list"]).run().expect_code(0);
    assert_eq!(output.stdout, "", "{output}");
    assert!(output.stderr.contains("no hosts in"), "{output}");
    // The plan is that of the change, and nothing is written by it.
    let add = ["allowed-hosts", "add", "Tasks.example.com", "[::1]", "tasks.EXAMPLE.com"];
    let planned = home.call(add).args(["--dry-run"]).run().expect_code(0);
    assert!(planned.stdout.contains("would write"), "{planned}");
    assert_eq!(home.names(), [""; 0]);
    let written = home.call(add).args(["-y", "-o", "json"]).run().expect_code(0).json();
    assert_eq!(written["schema"], "z4jctl.allowed-hosts.add/1");
    assert_eq!(written["applied"], true);
    assert_eq!(
        written["changes"],
        json!([{ "host": "Tasks.example.com", "outcome": "added" }, { "host": "[::1]", "outcome": "added" }])
    );
    assert_eq!((home.names(), home.mode("allowed-hosts")), (vec!["allowed-hosts".to_owned()], 0o644));
    // Again: nothing to write, so nobody has to say yes.
    let before = fs::metadata(home.file("allowed-hosts")).expect("a file").ino();
    let again = home.call(add).run().expect_code(0);
    assert!(again.stdout.contains("skipped: Tasks.example.com (already present)"), "{again}");
    assert_eq!(fs::metadata(home.file("allowed-hosts")).expect("a file").ino(), before);
    // Comments and what z4j would not match stay where they are.
    let text = home.read("allowed-hosts") + "# mine\nbad host # why\n";
    home.write("allowed-hosts", &text, 0o644);
    let remove = ["allowed-hosts", "remove", "TASKS.example.com", "nowhere.example", "--yes"];
    let removed = home.call(remove).run().expect_code(0);
    assert!(removed.stdout.contains("  removed: Tasks.example.com\n"), "{removed}");
    assert!(removed.stdout.contains("  not found: nowhere.example\n"), "{removed}");
    assert_eq!(home.read("allowed-hosts"), text.replace("Tasks.example.com\n", ""));
    let listed = home.call(["allowed-hosts", "list"]).run().expect_code(0);
    assert_eq!(listed.stdout, "[::1]\nbad host\n");
    assert!(listed.stderr.contains("never matches"), "{listed}");
    let listed = home.call(["allowed-hosts", "list", "-o", "json"]).run().expect_code(0).json();
    assert_eq!(listed["hosts"], json!(["[::1]", "bad host"]));
}

#[test]
fn the_real_z4j_reads_and_writes_the_same_file() {
    for version in ["1.3.4", "1.6.9", "1.13.0"] {
        let (ours, theirs) = (Home::new(), Home::new());
        ours.call(["allowed-hosts", "add", "a.example", "10.0.0.1", "-y"]).run().expect_code(0);
        theirs.real(version, ["allowed-hosts", "add", "a.example", "10.0.0.1"]).expect_code(0);
        assert_eq!(ours.read("allowed-hosts"), theirs.read("allowed-hosts"), "{version}");
        assert_eq!(ours.mode("allowed-hosts"), theirs.mode("allowed-hosts"), "{version}");
        let listed = ours.real(version, ["allowed-hosts", "list"]).expect_code(0);
        assert!(listed.stdout.contains("  a.example\n  10.0.0.1\n"), "{version}: {listed}");
        ours.real(version, ["allowed-hosts", "add", "b.example"]).expect_code(0);
        let listed = ours.call(["allowed-hosts", "list"]).run().expect_code(0);
        assert_eq!(listed.stdout, "a.example\n10.0.0.1\nb.example\n", "{version}");
    }
    // This file is where Z4J_HOME says, also for the releases whose database is not.
    let home = Home::new();
    let elsewhere = home.0.path().join("elsewhere");
    home.call(["allowed-hosts", "add", "a.example", "-y"]).env("Z4J_HOME", &elsewhere).run().expect_code(0);
    assert_eq!(home.names(), [""; 0]);
    assert_eq!(fs::metadata(&elsewhere).expect("a directory").mode() & 0o7777, 0o700);
    let mut real = Command::new(Brain::release("1.3.4").command());
    real.env_clear().env("PATH", search_path()).env("HOME", home.0.path()).env("Z4J_HOME", &elsewhere);
    let listed = run(real.args(["allowed-hosts", "list"]), b"", Duration::from_secs(300)).expect_code(0);
    assert!(listed.stdout.contains("  a.example\n"), "{listed}");
}

#[test]
fn a_host_that_can_never_match_is_a_usage_error() {
    let home = Home::new();
    for host in
        ["https://tasks.example.com/", "tasks.example.com:7700", "*.example.com", "bad host", "::1", ""]
    {
        // One bad host spoils the call, however good the others are.
        refuses(&home.call(["allowed-hosts", "add", "good.example", host, "--yes"]), 2, "hosts.invalid");
    }
    let output = home.call(["allowed-hosts", "add", "tasks.example.com:7700"]).run();
    assert!(output.stderr.contains("hint: give tasks.example.com\n"), "{output}");
    refuses(&home.call(["allowed-hosts", "remove", "#"]), 2, "hosts.invalid");
    assert_eq!(home.call(["allowed-hosts", "add", "--yes"]).run().code, 2);
    assert_eq!(home.names(), [""; 0]);
}

#[test]
fn what_is_no_file_of_hosts_is_left_alone() {
    let home = Home::new();
    let add = home.call(["allowed-hosts", "add", "a.example", "--yes"]);
    fs::create_dir(home.file("allowed-hosts")).expect("create a directory");
    refuses(&add, 5, "settings.unreadable-file");
    fs::remove_dir(home.file("allowed-hosts")).expect("remove a directory");
    fs::write(home.file("allowed-hosts"), b"caf\xe9.example\n").expect("write a file");
    refuses(&add, 5, "settings.unreadable-file");
    fs::remove_file(home.file("allowed-hosts")).expect("remove a file");
    // A link stays a link.
    let behind = home.0.path().join("hosts");
    fs::write(&behind, "b.example").expect("write a file");
    symlink(&behind, home.file("allowed-hosts")).expect("link a file");
    add.run().expect_code(0);
    assert_eq!(fs::read_to_string(&behind).expect("read a file"), "b.example\na.example\n");
    assert!(fs::symlink_metadata(home.file("allowed-hosts")).expect("a link").is_symlink());
}

#[test]
fn it_is_said_when_the_brain_would_not_read_the_hosts() {
    let home = Home::new();
    let list = || home.call(["allowed-hosts", "list"]);
    assert!(!list().run().expect_code(0).stderr.contains("does not read"));
    let output = list().env("Z4J_ALLOWED_HOSTS", "[\"a\"]").run().expect_code(0);
    assert!(output.stderr.contains("does not read this file while Z4J_ALLOWED_HOSTS is set"), "{output}");
    let output = list().db_url("postgresql+asyncpg://u@h/d").run().expect_code(0);
    assert!(output.stderr.contains("does not read this file on PostgreSQL"), "{output}");
    // What is wrong with the database is no business of this command.
    list().db_url("nonsense://x").run().expect_code(0);
}

#[test]
fn nothing_is_written_before_somebody_said_so() {
    let home = Home::with_secrets(STORE);
    for call in [
        home.call(["allowed-hosts", "add", "a.example"]),
        home.call(["metrics-token", "rotate"]),
        // An answer that nobody was asked for.
        home.call(["metrics-token", "rotate"]).stdin("y\n"),
    ] {
        let output = refuses(&call, 7, "confirmation.required");
        assert!(output.stderr.contains("--yes") && output.stderr.contains("--dry-run"), "{output}");
    }
    let both = home.call(["metrics-token", "rotate", "--yes", "--dry-run"]).run().expect_code(2);
    assert!(both.stderr.contains("cannot be used with"), "{both}");
    assert_eq!(home.names(), ["secret.env"]);
    assert_eq!(home.read("secret.env"), STORE);
}

/// At a terminal: `script` gives the program one, and the answer comes through it.
#[test]
fn a_person_at_the_terminal_sees_the_plan_and_is_asked() {
    let home = Home::new();
    let ask = |answer: &str| {
        let call = home.call(["allowed-hosts", "add", "a.example"]).command();
        let mut script = Command::new("script");
        let line = format!("{} allowed-hosts add a.example", call.get_program().display());
        script.args(["-qec", &line, "/dev/null"]).env_clear().current_dir(home.0.path());
        script.envs(call.get_envs().filter_map(|(name, value)| Some((name, value?))));
        run(&mut script, answer.as_bytes(), Duration::from_secs(60))
    };
    let refused = ask("n\n").expect_code(7);
    assert!(refused.stdout.contains("  added:   a.example"), "{refused}");
    assert!(refused.stdout.contains("Apply? [y/N] "), "{refused}");
    assert!(refused.stdout.contains("not confirmed; nothing was written"), "{refused}");
    assert_eq!(home.names(), [""; 0]);
    ask("y\n").expect_code(0);
    assert!(home.read("allowed-hosts").ends_with("\na.example\n"));
}

#[test]
fn ctrl_c_at_the_question_ends_it() {
    let home = Home::new();
    let call = home.call([]).command();
    let transcript = home.0.path().join("transcript");
    let line = format!("exec {} allowed-hosts add a.example", call.get_program().display());
    let mut script = Command::new("script");
    script.args(["-qefc", &line]).arg(&transcript).env_clear().current_dir(home.0.path());
    script.envs(call.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut running = Running::spawn(&mut script);
    let seen = || fs::read_to_string(&transcript).unwrap_or_default();
    wait_for("the question", Duration::from_secs(60), || seen().contains("Apply?").then_some(()));
    running.write(b"\x03");
    wait_for("the end", Duration::from_secs(60), || (!running.is_running()).then_some(()));
    running.wait(Duration::from_secs(60)).expect_code(130);
    assert!(seen().contains("nothing was written"), "{}", seen());
    assert!(!seen().contains("not confirmed"), "one error is enough: {}", seen());
    assert_eq!(home.names(), [""; 0]);
}

#[test]
fn the_token_in_force_is_shown_alone() {
    let home = Home::with_secrets(&format!("{STORE}Z4J_METRICS_AUTH_TOKEN={OLD_TOKEN}\n"));
    for call in [home.call(["metrics-token", "show"]), home.call(["metrics-token"])] {
        let output = call.run().expect_code(0);
        assert_eq!((output.stdout.as_str(), output.stderr.as_str()), (&*format!("{OLD_TOKEN}\n"), ""));
    }
    let report = home.call(["metrics-token", "show", "-o", "json"]).run().expect_code(0).json();
    assert_eq!(report["token"], OLD_TOKEN);
    assert_eq!(report.to_string().matches(OLD_TOKEN).count(), 1, "{report}");
    // The same sources in the same order as 1.13.0.
    home.write("config.env", "Z4J_METRICS_AUTH_TOKEN=of-config\n", 0o600);
    fs::write(home.0.path().join(".env"), "Z4J_METRICS_AUTH_TOKEN=of-dotenv\n").expect("write a file");
    fs::set_permissions(home.0.path().join(".env"), fs::Permissions::from_mode(0o600)).expect("set a mode");
    fs::set_permissions(home.0.path(), fs::Permissions::from_mode(0o700)).expect("set a mode");
    let show = || home.call(["metrics-token", "show"]);
    let agree = |token: &str| {
        assert_eq!(show().run().expect_code(0).stdout, format!("{token}\n"));
        let real = home.real("1.13.0", ["metrics-token", "show"]).expect_code(0);
        assert_eq!(real.stdout, format!("{token}\n"));
    };
    agree("of-dotenv");
    fs::remove_file(home.0.path().join(".env")).expect("remove a file");
    agree("of-config");
    assert_eq!(
        show().env("Z4J_METRICS_AUTH_TOKEN", "of-env").run().expect_code(0).stdout,
        "of-env\n",
        "the environment is the strongest"
    );
    refuses(&show().env("Z4J_METRICS_AUTH_TOKEN", ""), 6, "metrics-token.missing");
    refuses(&Home::with_secrets(STORE).call(["metrics-token", "show"]), 6, "metrics-token.missing");
    refuses(&Home::new().call(["metrics-token"]), 6, "metrics-token.missing");
    let report = home.0.path().join("report.json");
    let call = show().args([format!("--report=json={}", report.display())]);
    refuses(&call, 2, "usage.report-of-secret");
    assert!(!report.exists());
}

#[test]
fn a_new_token_is_minted_and_every_other_line_stays() {
    let before = format!("# by hand\nZ4J_METRICS_AUTH_TOKEN={OLD_TOKEN}\n{STORE}");
    let home = Home::with_secrets(&before);
    fs::set_permissions(home.file("secret.env"), fs::Permissions::from_mode(0o644)).expect("set a mode");
    let planned = home.call(["metrics-token", "rotate", "--dry-run"]).run().expect_code(0);
    assert!(planned.stdout.contains("would write a new token over the old one"), "{planned}");
    assert_eq!((home.read("secret.env"), home.names().len()), (before.clone(), 1));

    let output = home.call(["metrics-token", "rotate", "--yes"]).run().expect_code(0);
    let token = output.stdout.strip_suffix('\n').expect("a line");
    assert_eq!(token.len(), 43, "{output}");
    assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{output}");
    assert!(output.stderr.contains("restart the brain") && output.stderr.contains("Prometheus"), "{output}");
    assert!(!output.stderr.contains(token) && !output.stderr.contains(OLD_TOKEN), "{output}");
    assert_eq!(home.read("secret.env"), before.replace(OLD_TOKEN, token));
    assert_eq!(home.mode("secret.env"), 0o600);
    assert_eq!(home.mode(".z4j-secret-store.lock"), 0o600);
    assert_eq!(home.names(), [".z4j-secret-store.lock", "secret.env"], "nothing is left beside it");

    let second = home.call(["metrics-token", "rotate", "-y", "-o", "json"]).run().expect_code(0);
    let report = second.json();
    let token = report["token"].as_str().expect("a token");
    assert_eq!(second.stdout.matches(token).count(), 1, "{second}");
    assert!(!second.stderr.contains(token), "{second}");
    for version in ["1.3.4", "1.6.9", "1.13.0"] {
        let real = home.real(version, ["metrics-token", "show"]).expect_code(0);
        assert_eq!(real.stdout, format!("{token}\n"), "{version}");
    }
    // And back: the real one replaces it under the same locks, in a file that we read.
    let real = home.real("1.13.0", ["metrics-token", "rotate"]).expect_code(0);
    assert_eq!(home.call(["metrics-token"]).run().expect_code(0).stdout, real.stdout);

    // A first token, in its place among sorted keys.
    let home = Home::with_secrets(STORE);
    let output = home.call(["metrics-token", "rotate", "-y"]).run().expect_code(0);
    assert_eq!(home.read("secret.env"), format!("Z4J_METRICS_AUTH_TOKEN={}{STORE}", output.stdout));
    assert_eq!(home.real("1.13.0", ["metrics-token"]).expect_code(0).stdout, output.stdout);
}

#[test]
fn a_token_that_would_lose_is_not_minted() {
    let stored = format!("{STORE}Z4J_METRICS_AUTH_TOKEN={OLD_TOKEN}\n");
    let home = Home::with_secrets(&stored);
    let rotate = || home.call(["metrics-token", "rotate", "--yes"]);
    refuses(&rotate().env("Z4J_METRICS_AUTH_TOKEN", "of-env"), 7, "metrics-token.other-source");
    refuses(&rotate().env("z4j_metrics_auth_token", ""), 7, "metrics-token.other-source");
    home.write("config.env", "Z4J_METRICS_AUTH_TOKEN=of-config\n", 0o600);
    let output = refuses(&rotate(), 7, "metrics-token.other-source");
    assert!(output.stderr.contains("config.env line 1"), "{output}");
    assert!(!output.stderr.contains("of-config"), "{output}");
    fs::rename(home.file("config.env"), home.0.path().join(".env")).expect("move a file");
    refuses(&rotate(), 7, "metrics-token.other-source");
    fs::remove_file(home.0.path().join(".env")).expect("remove a file");
    assert_eq!(home.read("secret.env"), stored);
    // What is no file of secrets.
    home.write("secret.env", &format!("{stored}hunter2hunter2\n"), 0o600);
    let output = home.call(["metrics-token", "rotate", "--yes"]).run().expect_code(2);
    assert!(!output.stderr.contains("hunter2"), "{output}");
    let behind = home.0.path().join("secrets");
    fs::rename(home.file("secret.env"), &behind).expect("move a file");
    refuses(&rotate(), 7, "metrics-token.store");
    fs::write(&behind, &stored).expect("write a file");
    symlink(&behind, home.file("secret.env")).expect("link a file");
    refuses(&rotate(), 7, "metrics-token.store");
    assert_eq!(home.names(), ["secret.env"]);
}

#[test]
fn a_store_that_somebody_else_changes_is_waited_for() {
    let home = Home::with_secrets(STORE);
    let lock = fs::File::create(home.file(".z4j-secret-store.lock")).expect("create a file");
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).expect("lock a file");
    let mut call = home.call(["metrics-token", "rotate", "--yes"]).spawn();
    // It has the directory, the first of the two locks, and so waits for the second.
    let directory = fs::File::open(home.z4j()).expect("open a directory");
    wait_for("the lock on the directory", Duration::from_secs(60), || {
        let taken = rustix::fs::flock(&directory, rustix::fs::FlockOperation::NonBlockingLockExclusive);
        let _ = rustix::fs::flock(&directory, rustix::fs::FlockOperation::Unlock);
        taken.is_err().then_some(())
    });
    assert!(call.is_running(), "it does not wait for the lock");
    assert_eq!(home.read("secret.env"), STORE);
    drop(lock);
    call.wait(Duration::from_secs(60)).expect_code(0);
    assert_ne!(home.read("secret.env"), STORE);
}

/// As root for a brain of somebody else: what is written is the brain's, not root's.
#[test]
fn files_belong_to_whom_they_belonged() {
    const NOBODY: u32 = 65_534;
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let home = Home::with_secrets(STORE);
    for path in [home.z4j(), home.file("secret.env")] {
        std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).expect("give a file away");
    }
    home.call(["metrics-token", "rotate", "--yes"]).run().expect_code(0);
    home.call(["allowed-hosts", "add", "a.example", "--yes"]).run().expect_code(0);
    for name in ["secret.env", ".z4j-secret-store.lock", "allowed-hosts"] {
        let metadata = fs::metadata(home.file(name)).expect("a file");
        assert_eq!((metadata.uid(), metadata.gid()), (NOBODY, NOBODY), "{name}");
    }
}

#[test]
fn a_password_is_no_argument_of_any_command() {
    let home = Home::new();
    for words in [
        &["audit", "verify", "--password", "hunter2"][..],
        &["init", "--password=hunter2"],
        &["--passwd=hunter2"],
        &["metrics-token", "--password-stdin=hunter2"],
    ] {
        let output = refuses(&home.call([]).args(words), 2, "usage.password-in-arguments");
        assert!(!output.stderr.contains("hunter2"), "{output}");
        assert!(output.stderr.contains("--password-stdin"), "{output}");
    }
}

#[test]
fn a_home_that_cannot_be_written_is_one_clear_error() {
    let home = Home::new();
    fs::write(home.0.path().join("file"), "").expect("write a file");
    let call = home.call(["allowed-hosts", "add", "a.example", "--yes"]);
    let call = call.env("Z4J_HOME", home.0.path().join("file/below"));
    let output = refuses(&call, 5, "home.create");
    assert!(output.stderr.contains("--home"), "{output}");
    assert!(home.0.path().join("file").is_file());
}
