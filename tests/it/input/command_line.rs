//! The contract with cron, CI and shell scripts: exit codes, forms of output, files, hooks.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::{refuses, verify, verify_at};
use crate::support::fixtures::{Fixture, TempSqlite};
use crate::support::process::{self, Output};
use crate::support::z4jctl::Z4jctl;
use crate::support::{Secrets, find_program};

fn intact() -> (TempSqlite, &'static Secrets) {
    let fixture = Fixture::by_name("1.6.9");
    (fixture.sqlite(), &fixture.meta().secrets)
}

/// With one row that somebody edited.
fn edited() -> (TempSqlite, &'static Secrets) {
    let (database, secrets) = intact();
    database
        .connection()
        .execute_batch("UPDATE audit_log SET action = 'nothing.happened' WHERE rowid = 20")
        .expect("edit a row");
    (database, secrets)
}

#[test]
fn mistakes_in_the_arguments_are_named_before_anything_is_touched() {
    let verify = |words: &[&'static str]| [&["audit", "verify"], words].concat();
    let cases: Vec<(Vec<&str>, &str)> = vec![
        (verify(&["--since", "2026-03-02", "--until", "2026-03-01"]), "--since must be before --until"),
        (verify(&["--since", "2026-03-01", "--until", "2026-03-01"]), "--since must be before --until"),
        (verify(&["--since", "yesterday"]), "--since"),
        (verify(&["--until", "2026-13-01"]), "--until"),
        (verify(&["--jobs", "0"]), "--jobs"),
        (verify(&["--jobs", "many"]), "--jobs"),
        (verify(&["-j", "99999999999999"]), "--jobs"),
        (verify(&["--jobs", "18446744073709551615"]), "--jobs"),
        (verify(&["--max-findings", "-1"]), "-1"),
        (verify(&["--frobnicate"]), "--frobnicate"),
        (verify(&["--output", "xml"]), "--output"),
        (verify(&["--report", "pdf=x"]), "--report"),
        (verify(&["--report", "json"]), "--report"),
        (verify(&["--report", "json="]), "--report"),
        (verify(&["--on-finding", ""]), "--on-finding"),
        (verify(&["--on-finding", "mail 'x"]), "--on-finding"),
        (verify(&["--lock-timeout", "soon"]), "--lock-timeout"),
        (verify(&["--connect-timeout=-1s"]), "--connect-timeout"),
        (verify(&["--statement-timeout", ""]), "--statement-timeout"),
        (verify(&["--db", "z4j.db", "--db-file", "url"]), "--db-file"),
        (verify(&["--db", "postgresql://127.0.0.1/x", "--sslmode", "maybe"]), "sslmode"),
        (verify(&["--db", "postgresql://127.0.0.1:99999/x"]), "port"),
        (verify(&["--db", "mysql://127.0.0.1/x"]), "--db"),
        (verify(&["--known-head", "/nowhere/head.json"]), "/nowhere/head.json"),
        (verify(&["--textfile"]), "--textfile"),
        (verify(&["extra"]), "extra"),
        (vec!["audit", "frobnicate"], "frobnicate"),
        (vec!["frobnicate"], "frobnicate"),
        (vec!["audit"], ""),
        (vec![], ""),
        (vec!["audit", "head", "--report", "json=x"], "--report"),
        (vec!["completions", "bash", "--report", "json=x"], "--report"),
        (vec!["man", ".", "--report", "json=x"], "--report"),
        (vec!["audit", "show"], "ROW|ID"),
        (vec!["audit", "show", "0"], "ROW|ID"),
        (vec!["audit", "show", "first"], "ROW|ID"),
        (vec!["audit", "show", "../../etc/passwd"], "ROW|ID"),
    ];
    for (arguments, word) in cases {
        // A database that is not there: whoever touches it ends with 5.
        let call = Z4jctl::new().db_url("/nowhere/z4j.db").args(&arguments);
        let output = call.run().expect_code(2);
        assert!(output.stdout.is_empty() && output.stderr.contains(word), "{word:?}: {output}");
        if arguments.contains(&"xml") {
            continue;
        }
        let error = call.args(["--output=json"]).run().expect_code(2).json_error();
        assert_eq!(error["exit_code"], 2);
        let message = error["error"]["message"].as_str().expect("a message");
        assert!(message.contains(word) && !message.contains('\n'), "{word:?}: {error}");
    }
    // Standard input has one reader.
    let email = "x@example.com";
    for (words, wants) in [
        (&["changepassword", email, "--password-stdin"][..], "--password-stdin"),
        (&["createsuperuser", "--email", email, "--password-stdin"], "--password-stdin"),
        (&["user", "create", "--email", email, "--password-stdin"], "--password-stdin"),
        (&["token", "revoke", "--token-stdin"], "--token-stdin"),
        (&["token", "identify"], "the token"),
        (&["apikey", "revoke", "--key-stdin"], "--key-stdin"),
        (&["apikey", "identify"], "the API key"),
        (&["secrets", "plan-rotation", "--new-secret-stdin"], "--new-secret-stdin"),
    ] {
        let call = Z4jctl::new().db_url("/nowhere/z4j.db").args(words).args(["--secret-file", "-"]);
        let output = call.stdin("not read").run().expect_code(2);
        assert!(output.stderr.contains(&format!("{wants} and --secret-file - both want")), "{output}");
    }
    // However JSON was asked for.
    for words in
        [vec!["-o", "json"], vec!["-ojson"], vec!["-o=json"], vec!["-qo", "json"], vec!["--output", "jsonl"]]
    {
        let output = Z4jctl::new().args(["audit", "verify", "--frobnicate"]).args(words).run().expect_code(2);
        assert_eq!(output.json_error()["error"]["code"], "usage");
    }
    let output = Z4jctl::new().env("Z4JCTL_OUTPUT", "json").args(["audit", "verify", "--frobnicate"]).run();
    assert_eq!(output.expect_code(2).json_error()["error"]["code"], "usage");
}

#[test]
fn help_and_version_go_to_stdout() {
    let help = Z4jctl::new().arg("--help").run().expect_code(0);
    let table: Vec<String> = z4jctl::error::ExitCode::TABLE
        .iter()
        .map(|(code, meaning)| format!("{} {meaning}", code.code()))
        .collect();
    let section = help.stdout.split("Exit codes:").nth(1).expect("a table of exit codes");
    let shown = section.split_whitespace().collect::<Vec<_>>().join(" ");
    let table = table.join(" ");
    assert!(shown.starts_with(&table), "{shown}\nis not\n{table}");
    assert_eq!(help.stderr, "");
    let version = Z4jctl::new().arg("--version").run().expect_code(0);
    assert!(version.stdout.starts_with("z4jctl "), "{version}");
}

#[test]
fn every_form_of_output_holds_the_finding() {
    let (database, secrets) = edited();
    let human = verify(&database, secrets).run().expect_code(1);
    assert!(human.stdout.starts_with("z4jctl audit verify: FAIL at row 20 (audit_id="), "{human}");
    assert_eq!(human.stderr, "");

    let json = verify(&database, secrets).args(["--output", "json"]).run().expect_code(1);
    let report = json.json();
    assert_eq!((&report["schema"], &report["exit_code"]), (&"z4jctl.audit.verify/1".into(), &1.into()));
    assert_eq!((&report["ok"], &report["findings"][0]["row"]), (&false.into(), &20.into()));
    assert_eq!(json.stderr, "");

    let lines = verify(&database, secrets).args(["--output", "jsonl"]).run().expect_code(1).json_lines();
    let kinds: Vec<&Value> = lines.iter().map(|line| &line["type"]).collect();
    let mut expected = vec!["finding"; lines.len() - 1];
    expected.push("summary");
    assert_eq!(kinds, expected);
    assert_eq!((lines.len() - 1) as u64, report["findings"].as_array().expect("findings").len() as u64);
    assert_eq!((&lines[0]["row"], &lines[lines.len() - 1]["exit_code"]), (&20.into(), &1.into()));

    let plain = verify(&database, secrets).args(["-o", "plain"]).run().expect_code(1);
    for line in plain.stdout.lines() {
        assert_eq!(line.matches('\t').count(), 1, "{line:?}");
    }
    assert!(plain.stdout.contains("result\tFAIL\nexit_code\t1\n"), "{plain}");
}

#[test]
fn reports_go_where_they_are_asked_to() {
    let (database, secrets) = edited();
    let directory = tempfile::tempdir().expect("create a temporary directory");
    let (file, link) = (directory.path().join("report.json"), directory.path().join("latest.json"));
    symlink("report.json", &link).expect("make a link");
    let output = verify(&database, secrets)
        .arg(format!("--report=json={}", link.display()))
        .args(["--report", "plain=-", "--report", "jsonl=/dev/stderr"])
        .run()
        .expect_code(1);
    assert!(output.stdout.starts_with("result\tFAIL\n"), "only what was asked for: {output}");
    assert!(output.stderr.contains(r#""type":"summary""#), "{output}");
    let report: Value = serde_json::from_slice(&fs::read(&file).expect("a report")).expect("JSON");
    assert_eq!(report["exit_code"], 1);
    assert!(fs::symlink_metadata(&link).expect("a link").is_symlink(), "a link stays a link");
    assert_eq!(fs::read_dir(directory.path()).expect("read").count(), 2, "nothing is left behind");

    // A pipe is written to, not replaced.
    let pipe = directory.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()), "mkfifo");
    let reader = Command::new("cat").arg(&pipe).stdout(std::process::Stdio::piped()).spawn().expect("cat");
    verify(&database, secrets).arg(format!("--report=json={}", pipe.display())).run().expect_code(1);
    let read = reader.wait_with_output().expect("the output of cat");
    assert!(serde_json::from_slice::<Value>(&read.stdout).is_ok(), "the report came through the pipe");
}

#[test]
fn a_report_that_cannot_be_written_does_not_hide_the_finding() {
    let (database, secrets) = edited();
    let directory = tempfile::tempdir().expect("create a temporary directory");
    let (heard, metrics) = (directory.path().join("heard"), directory.path().join("z4j.prom"));
    let output = verify(&database, secrets)
        .args(["--report", "json=/nowhere/report.json"])
        .arg(format!("--textfile={}", metrics.display()))
        .arg(format!("--on-finding=cp /dev/stdin {}", heard.display()))
        .run()
        .expect_code(5);
    assert!(output.stdout.contains("FAIL at row 20"), "{output}");
    assert!(output.stderr.contains("/nowhere/report.json") && output.stderr.contains("hint: "), "{output}");
    assert!(heard.exists(), "the command was not run: {output}");
    assert_eq!(metric(&metrics, "z4jctl_audit_verify_exit_code"), Some(5.0));

    let output = verify(&database, secrets).args(["--textfile", "/nowhere/z4j.prom"]).run().expect_code(5);
    assert!(output.stdout.contains("FAIL at row 20"), "{output}");
    assert_eq!(output.stderr.matches("cannot write /nowhere/z4j.prom").count(), 1, "{output}");

    if fs::metadata("/dev/full").is_ok() {
        let call = verify(&database, secrets);
        let mut command = call.command();
        command.stdout(fs::OpenOptions::new().write(true).open("/dev/full").expect("open /dev/full"));
        assert_eq!(command.stderr(std::process::Stdio::null()).status().expect("run").code(), Some(5));
    }
}

#[test]
fn a_reader_who_has_had_enough_is_no_error() {
    let (database, secrets) = intact();
    let (broken, _) = edited();
    for (database, code) in [(&database, "0"), (&broken, "1")] {
        for both in ["", "2>&1"] {
            let plain = verify(database, secrets).arg("--bogus-is-not-given").command();
            let place = tempfile::tempdir().expect("create a temporary directory");
            let result = place.path().join("code");
            let script = format!(r#"{{ sleep 0.2; "$0" audit verify; echo $? >"$1"; }} {both} | true"#);
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(script).arg(plain.get_program()).arg(&result).env_clear();
            shell.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
            process::run(&mut shell, b"", Duration::from_secs(60)).expect_code(0);
            assert_eq!(fs::read_to_string(&result).expect("an exit code").trim(), code, "{both}");
        }
    }
    // An error that nobody can read is still that error.
    let place = tempfile::tempdir().expect("create a temporary directory");
    let result = place.path().join("code");
    let plain = verify_at("/nowhere/z4j.db", &Secrets::new()).command();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", r#"{ sleep 0.2; "$0" audit verify --db /nowhere/z4j.db; echo $? >"$1"; } 2>&1 | true"#])
        .arg(plain.get_program())
        .arg(&result);
    process::run(&mut shell, b"", Duration::from_secs(60)).expect_code(0);
    assert_eq!(fs::read_to_string(&result).expect("an exit code").trim(), "5");
}

/// The value of a metric without labels.
fn metric(path: &std::path::Path, name: &str) -> Option<f64> {
    let text = fs::read_to_string(path).expect("a file with metrics");
    check_format(&text);
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

/// The text format of Prometheus as the textfile collector demands it: every sample behind the HELP and TYPE of its
/// metric, each metric once, numbers that parse, a line feed at the end.
#[track_caller]
fn check_format(text: &str) {
    assert!(text.ends_with('\n'), "{text}");
    let (mut described, mut current, mut samples) = (Vec::new(), "", Vec::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            current = rest.split(' ').next().expect("a name");
            assert!(!described.contains(&current), "{current} twice:\n{text}");
            described.push(current);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            assert_eq!(rest, format!("{current} gauge"));
        } else {
            let (series, value) = line.rsplit_once(' ').expect("a sample");
            let (name, labels) =
                series.split_once('{').map_or((series, None), |(name, rest)| (name, Some(rest)));
            assert_eq!(name, current, "{text}");
            assert!(labels.is_none_or(|labels| labels.ends_with("\"}")), "{line}");
            assert!(value.parse::<f64>().is_ok(), "{line}");
            assert!(!samples.contains(&series), "{series} twice:\n{text}");
            samples.push(series);
        }
    }
}

#[test]
fn metrics_remember_the_last_success() {
    const LAST_RUN: &str = "z4jctl_audit_verify_last_run_timestamp_seconds";
    const LAST_SUCCESS: &str = "z4jctl_audit_verify_last_success_timestamp_seconds";
    const CODE: &str = "z4jctl_audit_verify_exit_code";
    let (database, secrets) = intact();
    let directory = tempfile::tempdir().expect("create a temporary directory");
    let path = directory.path().join("z4j.prom");
    let run = |call: Z4jctl, code| call.arg(format!("--textfile={}", path.display())).run().expect_code(code);

    // Never yet successful.
    run(verify_at("/nowhere/z4j.db", secrets), 5);
    assert_eq!((metric(&path, CODE), metric(&path, LAST_SUCCESS)), (Some(5.0), None));

    run(verify(&database, secrets), 0);
    let success = metric(&path, LAST_SUCCESS);
    assert!(success.is_some_and(|time| time > 1.7e9), "{success:?}");
    assert_eq!(metric(&path, "z4jctl_audit_verify_success"), Some(1.0));
    let text = fs::read_to_string(&path).expect("metrics");
    assert!(text.contains("z4jctl_audit_verify_rows{state=\"verified\"} 51\n"), "{text}");
    assert_eq!(
        fs::metadata(&path).expect("metrics").permissions().mode() & 0o777,
        0o644,
        "for the collector"
    );

    let (broken, _) = edited();
    let wrong = Secrets::from([("Z4J_SECRET".into(), "x".repeat(40))]);
    for (call, code) in [
        (verify(&broken, secrets), 1),
        (verify_at("/nowhere/z4j.db", secrets), 5),
        (verify_at("postgresql://nobody@127.0.0.1:1/z4j", secrets), 5),
        (verify(&database, &Secrets::new()), 6),
        (verify(&database, &wrong), 6),
    ] {
        run(call, code);
        assert_eq!(metric(&path, CODE), Some(f64::from(code)));
        assert_eq!(metric(&path, LAST_SUCCESS), success, "kept after {code}");
        assert!(metric(&path, LAST_RUN) >= success);
        assert_eq!(metric(&path, "z4jctl_audit_verify_success"), Some(0.0));
    }
    // A mistake in the arguments is no run.
    let before = fs::read(&path).expect("metrics");
    run(verify(&database, secrets).args(["--since", "never"]), 2);
    assert_eq!(fs::read(&path).expect("metrics"), before);
    // Something else in its place is no reason to fail.
    fs::write(&path, b"\xff\xfe nonsense").expect("spoil the file");
    run(verify(&database, secrets), 0);
    assert!(metric(&path, LAST_SUCCESS) >= success);
}

#[test]
fn the_command_on_finding_gets_the_report_and_no_shell() {
    let (database, secrets) = edited();
    let directory = tempfile::tempdir().expect("create a temporary directory");
    let at = |name: &str| directory.path().join(name);
    let script = at("tell somebody");
    fs::write(&script, "#!/bin/sh\ncat >\"$1.json\"\nprintf %s \"$2\" >\"$1.argument\"\necho told\n")
        .expect("write");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("make it a program");
    let argument = format!("$(touch {0}); `touch {0}` *", at("touched").display());
    let command = format!("'{}' {} '{argument}'", script.display(), at("heard").display());
    let call =
        |database: &TempSqlite| verify(database, secrets).args(["--output=json", "--on-finding", &command]);
    let output = call(&database).run().expect_code(1);
    let heard: Value = serde_json::from_slice(&fs::read(at("heard.json")).expect("stdin")).expect("JSON");
    assert_eq!(heard, output.json(), "the same report, and nothing else on stdout");
    assert!(output.stderr.contains("told"), "{output}");
    assert_eq!(fs::read_to_string(at("heard.argument")).expect("an argument"), argument);
    assert!(!at("touched").exists(), "a shell was at work");

    // Nothing was found: nobody is told.
    fs::remove_file(at("heard.json")).expect("remove");
    call(&intact().0).run().expect_code(0);
    assert!(!at("heard.json").exists());

    // It is missing, fails, does not read: a warning, and the exit code stays.
    for (command, word) in
        [("/nowhere/program", "/nowhere/program"), ("false", "exit status: 1"), ("true", "")]
    {
        let output = verify(&database, secrets).args(["--on-finding", command]).run().expect_code(1);
        assert!(output.stderr.contains(word), "{output}");
        assert_eq!(output.stderr.contains("warning: --on-finding"), !word.is_empty(), "{output}");
        let json =
            verify(&database, secrets).args(["--on-finding", command, "--output=json"]).run().expect_code(1);
        assert_eq!(json.json()["exit_code"], 1);
    }
}

/// Runs a call at a terminal of its own.
fn at_terminal(call: &Z4jctl) -> Option<Output> {
    find_program("script")?;
    let plain = call.command();
    let quoted: Vec<String> = std::iter::once(plain.get_program())
        .chain(plain.get_args())
        .map(|word| format!("'{}'", word.to_string_lossy()))
        .collect();
    let mut script = Command::new("script");
    script.args(["-qec", &quoted.join(" "), "/dev/null"]).env_clear();
    script.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Some(process::run(&mut script, b"", Duration::from_secs(60)))
}

#[test]
fn quiet_and_colourless_where_asked() {
    let (database, secrets) = intact();
    let directory = tempfile::tempdir().expect("create a temporary directory");
    let missing = directory.path().join("missing");
    let call = || verify(&database, secrets).arg(format!("--home={}", missing.display()));
    assert!(call().run().expect_code(0).stderr.contains("warning: the home directory"));
    assert_eq!(call().arg("--quiet").run().expect_code(0).stderr, "");
    // An error is not a remark.
    let output =
        refuses(verify_at("/nowhere/z4j.db", secrets).arg("-q"), 5, "database.not-found", &["/nowhere"]);
    assert!(!output.stderr.contains("warning"), "{output}");
    // Remarks do not disturb whoever reads the error as JSON.
    let call = verify_at("/nowhere/z4j.db", secrets).arg(format!("--home={}", missing.display()));
    let error = call.args(["--output", "json"]).run().expect_code(5).json_error();
    assert!(error["remarks"][0].as_str().is_some_and(|remark| remark.contains("home directory")), "{error}");

    for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        for arguments in [&["audit", "verify"][..], &["audit", "verify", "--frobnicate"], &["--help"]] {
            let call = Z4jctl::new().db(&database).secrets(secrets).env("TERM", "xterm").env(name, value);
            let Some(output) = at_terminal(&call.args(arguments)) else { return };
            let colour = output.stdout.contains("\u{1b}[") && output.stdout.contains('m');
            let drawn = value == "dumb" && output.stdout.contains('\u{1b}');
            assert!(!(drawn || colour && arguments != ["audit", "verify"]), "{name}: {:?}", output.stdout);
        }
    }
}

#[test]
fn show_finds_a_row_by_number_and_by_id() {
    let (database, secrets) = intact();
    let call =
        |words: &[&str]| Z4jctl::new().db(&database).secrets(secrets).args(["audit", "show"]).args(words);
    let by_row = call(&["7", "--output=json"]).run().expect_code(0).json();
    let columns = by_row["columns"].clone();
    let listed = columns.as_array().and_then(|columns| columns.iter().find(|column| column[0] == "id"));
    let id = listed.map_or(&columns["id"], |column| &column[1]).as_str().expect("an id").to_owned();
    assert_eq!(call(&[&id, "--output=json"]).run().expect_code(0).json(), by_row);
    assert_eq!(call(&[&id.replace('-', "").to_uppercase(), "-o=json"]).run().expect_code(0).json(), by_row);
    for (row, word) in [
        ("52", "52"),
        ("18446744073709551615", "18446744073709551615"),
        ("00000000-0000-0000-0000-000000000000", "00000000"),
    ] {
        let output = call(&[row]).run().expect_code(2);
        assert!(output.stderr.contains(word) && output.stdout.is_empty(), "{output}");
    }
    for row in ["52000000000000000000000", "-7", "7.0", ""] {
        let output = call(&["--", row]).run().expect_code(2);
        assert!(output.stderr.contains("ROW|ID"), "{output}");
    }
}

#[test]
fn a_head_goes_to_a_file_whole() {
    let (database, secrets) = intact();
    let directory = tempfile::tempdir().expect("create a temporary directory");
    let path = directory.path().join("head.json");
    let head = || Z4jctl::new().db(&database).secrets(secrets).args(["audit", "head"]);
    let printed = head().run().expect_code(0);
    let output = head().arg("--to").arg(&path).run().expect_code(0);
    assert_eq!(output.stdout, "");
    let kept: Value = serde_json::from_slice(&fs::read(&path).expect("a head")).expect("JSON");
    assert_eq!(kept["row_hmac"], printed.json()["row_hmac"]);
    verify(&database, secrets).arg("--known-head").arg(&path).run().expect_code(0);
    refuses(head().args(["--to", "/nowhere/head.json"]), 5, "output.file", &["/nowhere/head.json"]);
    refuses(head().arg("--to").arg(directory.path()), 5, "output.file", &["directory"]);
}

#[test]
fn settings_are_shown_with_their_origin() {
    let (database, secrets) = intact();
    let call = || Z4jctl::new().db(&database).secrets(secrets).args(["config", "show", "--lock-timeout=3s"]);
    let human = call().run().expect_code(0);
    for word in ["z4j.db", "Z4J_DATABASE_URL", "--lock-timeout", "3s"] {
        assert!(human.stdout.contains(word), "{word}: {human}");
    }
    let report = call().args(["--output=json"]).run().expect_code(0).json();
    assert_eq!(report["schema"], "z4jctl.config.show/1");
    let entries = report["entries"].as_array().expect("entries");
    let secret = entries.iter().find(|entry| entry["name"] == "Z4J_SECRET").expect("an entry");
    assert_eq!(secret["secret"], true);
    // It needs neither a database nor secrets.
    Z4jctl::new().db_url("/nowhere/z4j.db").args(["config", "show"]).run().expect_code(0);
}
