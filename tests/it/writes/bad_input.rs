//! Input that makes no sense, or that nobody can have meant: one error that names it, and nothing is written.

use super::leaks::Known;
use super::{PASSWORD, Unchanged, cheap};
use crate::support::judge::{AnyDatabase, Target};
use crate::support::process::Output;
use crate::support::z4jctl::Z4jctl;

const SQLITE: Target = Target::Sqlite("1.13.0");
const POSTGRES: Target = Target::Postgres("1.13.0");
const BASELINE: Target = Target::Sqlite("1.6.9");
const EARLY: Target = Target::Sqlite("1.3.4");

/// An invocation, and what has to come of it.
pub(super) struct Case {
    pub(super) arguments: Vec<String>,
    stdin: Vec<u8>,
    exit_code: i32,
    /// What the error says.
    fragment: &'static str,
}

fn case(
    arguments: impl IntoIterator<Item: AsRef<str>>,
    stdin: impl Into<Vec<u8>>,
    exit_code: i32,
    fragment: &'static str,
) -> Case {
    let arguments = arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
    Case { arguments, stdin: stdin.into(), exit_code, fragment }
}

/// Splits at blanks.
fn words(line: &str, stdin: impl Into<Vec<u8>>, exit_code: i32, fragment: &'static str) -> Case {
    case(line.split(' '), stdin, exit_code, fragment)
}

impl Case {
    pub(super) fn call(&self, target: Target, database: &AnyDatabase) -> Z4jctl {
        use crate::support::BrainDatabase as _;

        cheap()
            .db_url(database.z4j_url())
            .secrets(target.secrets())
            .args(&self.arguments)
            .stdin(self.stdin.clone())
    }

    /// What was piped into it, which must not come out again.
    pub(super) fn secret(&self) -> Option<String> {
        let text = String::from_utf8(self.stdin.clone()).ok()?;
        let text = text.trim().to_owned();
        (text.len() > 4).then_some(text)
    }

    /// As text and as JSON: this exit code, exactly one error that says the fragment, nothing on stdout.
    #[track_caller]
    fn check(&self, target: Target, database: &AnyDatabase, known: &Known) {
        let clean = |output: &Output| {
            known.check(output);
            if let Some(secret) = self.secret() {
                assert!(!output.stderr.contains(&secret), "{secret} is echoed: {output}");
            }
        };
        let human = self.call(target, database).run().expect_code(self.exit_code);
        assert_eq!(human.stdout, "", "{human}");
        assert_eq!(human.stderr.matches("error:").count(), 1, "{human}");
        assert!(human.stderr.contains(self.fragment), "{:?} is not said: {human}", self.fragment);
        clean(&human);

        let json = self.call(target, database).env("Z4JCTL_OUTPUT", "json").run().expect_code(self.exit_code);
        assert_eq!(json.stdout, "", "{json}");
        let error = json.json_error();
        assert_eq!(error["schema"], "z4jctl.error/1", "{json}");
        assert_eq!(error["exit_code"], self.exit_code, "{json}");
        let said = error["error"].to_string().replace("\\\"", "\"");
        assert!(said.contains(self.fragment), "{:?} is not said: {json}", self.fragment);
        clean(&json);
    }
}

#[track_caller]
fn check_all(target: Target, cases: &[Case]) {
    let database = target.database();
    let known = Known::of(target, &database);
    let unchanged = Unchanged::of(&database);
    for case in cases {
        case.check(target, &database, &known);
    }
    unchanged.check();
}

/// Projects, agents, tokens.
pub(super) fn of_tokens() -> Vec<Case> {
    let unknown_token = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let long = "x".repeat(201);
    let mint = |name: &str, fragment| {
        case(["token", "mint", "--project=payments", "--name", name, "--yes"], "", 2, fragment)
    };
    vec![
        words("token mint --project nowhere --name x --yes", "", 2, "there is no project \"nowhere\""),
        // A beginning is enough for an agent, which is only looked up; not for where something new goes.
        words("token mint --project pay --name x --yes", "", 2, "there is no project \"pay\""),
        words("token revoke --all-in-project nowhere --yes", "", 2, "there is no project \"nowhere\""),
        words("token rotate nobody --yes", "", 2, "there is no agent \"nobody\""),
        words("token revoke nobody --yes", "", 2, "there is no agent \"nobody\""),
        words("token revoke 00000000-0000-4000-8000-000000000000 --yes", "", 2, "there is no agent"),
        words("token revoke analytics-eu/web-01 --yes", "", 2, "there is no agent"),
        words("token show nobody", "", 2, "there is no agent \"nobody\""),
        words("token rotate w --yes", "", 2, "could be any of 2 agents"),
        words("token revoke payments/w --yes", "", 2, "could be any of 2 agents"),
        words("token rotate w --overlap --yes", "", 2, "could be any of 2 agents"),
        words("token rotate ghost-03 --yes", "", 7, "is revoked and stays so"),
        words("token mint --project payments --name web-01 --yes", "", 7, "exists already"),
        words(
            "token mint --project payments --name __z4j_revoked__:x --yes",
            "",
            2,
            "those of revoked agents",
        ),
        words("token rotate web-01 --overlap --name web-01 --yes", "", 7, "exists already"),
        words(
            "token rotate web-01 --overlap --name __z4j_revoked__:x --yes",
            "",
            2,
            "those of revoked agents",
        ),
        mint(&long, "1 to 200 characters, this one has 201"),
        mint("", "1 to 200 characters, this one has 0"),
        mint("   ", "1 to 200 characters, this one has 0"),
        mint("a\tb", "no control characters"),
        mint("a\u{7f}b", "no control characters"),
        mint("a\nb", "no control characters"),
        words("token mint --project payments --name x --capabilities [1] --yes", "", 2, "--capabilities"),
        words("token mint --project payments --name x --capabilities { --yes", "", 2, "--capabilities"),
        words("token revoke --token-stdin --yes", unknown_token, 2, "no agent has this token"),
        words("token revoke --token-stdin --yes", "", 2, "it has not the form of one"),
        words("token revoke --token-stdin --yes", "too-short-for-a-token", 2, "it has not the form of one"),
        words("token revoke --token-stdin --yes", b"\xff\xfe\xfd".to_vec(), 2, "not valid UTF-8"),
        words("token identify", "too-short-for-a-token", 2, "it has not the form of one"),
        words("token revoke web-01 --token-stdin --yes", unknown_token, 2, "cannot be used with"),
    ]
}

/// Users and roles.
pub(super) fn of_users() -> Vec<Case> {
    let create = |email: &str, fragment| {
        case(["user", "create", "--email", email, "--password-stdin", "--yes"], PASSWORD, 2, fragment)
    };
    let long = format!("x@{}.example.com", "y".repeat(260));
    vec![
        words("user promote nobody@example.com --yes", "", 2, "there is no user \"nobody@example.com\""),
        words("user demote nobody@example.com --yes", "", 2, "there is no user"),
        words("user unlock nobody@example.com --yes", "", 2, "there is no user"),
        words("unlock nobody@example.com --yes", "", 2, "there is no user"),
        words("user show nobody@example.com", "", 2, "there is no user"),
        words("reset-mfa nobody@example.com --yes", "", 2, "there is no user"),
        words("user promote view --yes", "", 2, "there is no user"),
        case(["user", "promote", "", "--yes"], "", 2, "there is no user"),
        words("changepassword nobody@example.com --password-stdin --yes", PASSWORD, 2, "there is no user"),
        words(
            "createsuperuser --email nobody@example.com --promote-existing --yes",
            "",
            2,
            "there is no user \"nobody@example.com\"",
        ),
        words("user demote admin@example.com --yes", "", 7, "last active administrator"),
        words("user demote ADMIN@EXAMPLE.COM --yes", "", 7, "last active administrator"),
        words("user deactivate admin@example.com --yes", "", 7, "last active administrator"),
        words("user rename admin@example.com other@example.com", "", 2, "no rename of an e-mail address"),
        words("reset-setup --yes", "", 7, "the setup is over"),
        words("reset-setup --force", "", 7, "the setup is over"),
        // The same address in another case, or as somebody would type it.
        words("user create --email ADMIN@example.com --password-stdin --yes", PASSWORD, 7, "already"),
        words("createsuperuser --email Admin@Example.COM --password-stdin --yes", PASSWORD, 7, "already"),
        words("bootstrap-admin --email viewer@example.com --password-stdin --yes", PASSWORD, 7, "already"),
        case(
            ["user", "create", "--email", " \u{ff41}dmin@example.com ", "--password-stdin", "--yes"],
            PASSWORD,
            7,
            "already",
        ),
        // Nobody could log in with these.
        create("root@localhost", "needs a dot"),
        create("nobody", "one @ and a domain"),
        create("", "one @ and a domain"),
        create("a@b@example.com", "nobody could log in"),
        create("a b@example.com", "nobody could log in"),
        create(".a@example.com", "nobody could log in"),
        create("a@-example.com", "nobody could log in"),
        create("a@example..com", "nobody could log in"),
        create(&long, "nobody could log in"),
        words("createsuperuser --email root@localhost --password-stdin --yes", PASSWORD, 2, "needs a dot"),
        words(
            "user create --email a@example.com --project payments --role god --password-stdin --yes",
            PASSWORD,
            2,
            "know no role \"god\"",
        ),
        words(
            "user create --email a@example.com --project nowhere --role viewer --password-stdin --yes",
            PASSWORD,
            2,
            "there is no project \"nowhere\"",
        ),
        words(
            "user create --email a@example.com --role viewer --password-stdin --yes",
            PASSWORD,
            2,
            "--project",
        ),
    ]
}

/// Passwords that are refused.
pub(super) fn of_passwords() -> Vec<Case> {
    let set = |password: &[u8], fragment| {
        words("changepassword admin@example.com --password-stdin --yes", password, 2, fragment)
    };
    let hidden = "hunter2-Hunter2!";
    let mut cases = vec![
        set(b"", "the password is empty"),
        set(b"\r\n\n", "the password is empty"),
        set(b"Short-1", "at least 12 characters"),
        set(b"Sh\xc3\xb6rt-1abcd", "at least 12 characters"),
        set(b"alllowercase1", "at least 3 of"),
        set(b"Correct-Horse-9\nBattery-Staple-9", "a line end or a NUL in its middle"),
        set(b"Correct-Horse-9\rBattery", "a line end or a NUL in its middle"),
        set(b"Correct-Horse-9\0", "a line end or a NUL in its middle"),
        set(b"Correct-Horse-9\xff\xfe", "not valid UTF-8"),
        // Latin-1, as an editor of another age would save it.
        set(b"P\xe4ssw\xf6rter-9-viele", "not valid UTF-8"),
        set("Xy9-".repeat(65).as_bytes(), "at most 256 characters"),
        set(&[b'x'; 5000], "longer than 4096 bytes"),
        set(b"Password123!", "too easy to guess"),
        // Built from what everybody knows of the account.
        set(b"Admin@example.com1", "too easy to guess"),
        words("changepassword admin@example.com --yes", PASSWORD, 2, "nobody is at a terminal"),
        words("user passwd admin@example.com --password-stdin --yes", "Short-1", 2, "at least 12 characters"),
        words(
            "user create --email a@example.com --password-stdin --yes",
            "Short-1",
            2,
            "at least 12 characters",
        ),
        words("createsuperuser --email a@example.com --password-stdin --yes", "Short-1", 2, "at least 12"),
        words(
            "createsuperuser --email viewer@example.com --promote-existing --password-stdin --yes",
            "Short-1",
            2,
            "at least 12 characters",
        ),
    ];
    for flag in ["--password", "--Password", "--passwd", "--pass", "--pwd"] {
        for value in [vec![format!("{flag}={hidden}")], vec![flag.to_owned(), hidden.to_owned()]] {
            for command in ["changepassword admin@example.com", "createsuperuser --email a@example.com"] {
                let arguments = command.split(' ').map(str::to_owned).chain(value.clone());
                cases.push(case(arguments, PASSWORD, 2, "a password must not be an argument"));
            }
        }
    }
    cases.push(case(
        ["changepassword", "admin@example.com", &format!("--password-stdin={hidden}")],
        PASSWORD,
        2,
        "a password must not be an argument",
    ));
    cases
}

/// Flags.
pub(super) fn of_flags() -> Vec<Case> {
    let mint = "token mint --project payments --name x";
    let mut cases = vec![
        words("token mint --project payments --yes", "", 2, "--name <NAME>"),
        words("token mint --name x --yes", "", 2, "--project <SLUG>"),
        words("token rotate --yes", "", 2, "<AGENT>"),
        words("token revoke --yes", "", 2, "--all-in-project"),
        words("token rotate web-01 --name y --yes", "", 2, "--overlap"),
        words("changepassword --password-stdin --yes", PASSWORD, 2, "<EMAIL>"),
        words("createsuperuser --password-stdin --yes", PASSWORD, 2, "--email <EMAIL>"),
        words("user create --password-stdin --yes", PASSWORD, 2, "--email <EMAIL>"),
        words("reset-mfa --yes", "", 2, "<EMAIL>"),
        words("user promote --yes", "", 2, "<USER>"),
        words(
            "createsuperuser --email viewer@example.com --promote-existing --display-name X --yes",
            "",
            2,
            "cannot be used with",
        ),
        words(&format!("{mint} --yes --verify-first some"), "", 2, "--verify-first"),
        words(&format!("{mint} --yes --min-free lots"), "", 2, "--min-free"),
        words(&format!("{mint} --yes --min-free=-1"), "", 2, "--min-free"),
        words(&format!("{mint} --yes --lock-timeout soon"), "", 2, "--lock-timeout"),
        words(&format!("{mint} --yes --frobnicate"), "", 2, "--frobnicate"),
        words(&format!("{mint} --yes extra"), "", 2, "extra"),
        words("token frobnicate", "", 2, "frobnicate"),
        words("user frobnicate", "", 2, "frobnicate"),
        words(&format!("{mint} --yes --report json=/nowhere/token.json"), "", 2, "report file"),
        words("token rotate web-01 --yes --report plain=/nowhere/token.txt", "", 2, "report file"),
        words(
            "changepassword admin@example.com --password-stdin --secret-file - --yes",
            PASSWORD,
            2,
            "standard input",
        ),
        words("reset-mfa viewer@example.com --confirm --dry-run", "", 2, "cannot be used with"),
        words("reset-setup --force --dry-run", "", 2, "cannot be used with"),
    ];
    for verb in [
        mint,
        "token rotate web-01",
        "token revoke web-01",
        "token revoke --all-in-project payments",
        "changepassword admin@example.com --password-stdin",
        "createsuperuser --email new@example.com --password-stdin",
        "user create --email new@example.com --password-stdin",
        "user promote viewer@example.com",
        "user deactivate viewer@example.com",
        "reset-mfa viewer@example.com",
    ] {
        cases.push(words(&format!("{verb} --dry-run --yes"), PASSWORD, 2, "cannot be used with"));
        cases.push(words(verb, PASSWORD, 7, "nobody is at a terminal to confirm it; nothing was written"));
    }
    cases
}

/// Everything in this table, for who wants to look at the output with other eyes.
pub(super) fn all() -> Vec<Case> {
    of_tokens().into_iter().chain(of_users()).chain(of_passwords()).chain(of_flags()).collect()
}

#[test]
fn projects_agents_and_tokens() {
    check_all(SQLITE, &of_tokens());
    check_all(POSTGRES, &of_tokens());
}

#[test]
fn users_addresses_and_roles() {
    check_all(SQLITE, &of_users());
    check_all(POSTGRES, &of_users());
}

#[test]
fn passwords() {
    check_all(SQLITE, &of_passwords());
}

#[test]
fn flags() {
    check_all(SQLITE, &of_flags());
}

/// What one release takes and another does not.
#[test]
fn what_only_some_releases_know() {
    let passphrase = "inkwell plover tarragon osmosis";
    let set = |exit_code, fragment| {
        words("changepassword admin@example.com --password-stdin --dry-run", passphrase, exit_code, fragment)
    };
    let local = "createsuperuser --email x@brain.local --password-stdin --yes";
    check_all(
        EARLY,
        &[
            words(local, PASSWORD, 2, "ends in .local"),
            words("reset-mfa viewer@example.com --yes", "", 7, "no second factor"),
            // Three kinds of characters, however long it is.
            set(2, "at least 3 of"),
        ],
    );
    check_all(
        BASELINE,
        &[words(
            "user create --email a@example.com --project payments --role auditor --password-stdin --yes",
            PASSWORD,
            2,
            "know no role \"auditor\"",
        )],
    );
    // And those that do take it.
    let database = SQLITE.database();
    words(local, PASSWORD, 0, "").call(SQLITE, &database).run().expect_code(0);
    set(0, "").call(SQLITE, &database).run().expect_code(0);
}

/// The line end of whatever wrote the file is not part of the password.
#[test]
fn a_password_with_a_windows_line_end_is_the_password_without() {
    let target = SQLITE;
    let database = target.database();
    for (user, input) in
        [("admin@example.com", format!("{PASSWORD}\r\n")), ("viewer@example.com", format!("{PASSWORD}\n"))]
    {
        let call = target.z4jctl(&database).args(["changepassword", user, "--password-stdin", "--yes"]);
        call.stdin(input).run().expect_code(0);
    }
    let brain = target.accept(&database);
    assert_eq!(brain.login("admin@example.com", PASSWORD).me()["email"], "admin@example.com");
    brain.refuses_login("admin@example.com", &format!("{PASSWORD}\r"));
    brain.refuses_login("admin@example.com", target.admin().1);
    // The second factor is asked for behind a password that is right.
    let answer = brain.try_login("viewer@example.com", PASSWORD);
    assert!(answer.text().contains("mfa"), "{}", answer.text());
}
