//! The real z4j: the judge of what z4jctl reads and writes.
//!
//! A release is installed from the Python package index once (`tests/tools/install-z4j`) and run as a black box, with a
//! home directory and an environment of its own.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::http::{self, Response};
use super::process::{Output, Service};
use super::{BrainDatabase, Secrets, free_port, process, repository, search_path};

/// A start of Python with z4j's modules takes seconds, on a loaded machine many.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a `secret.env` may hold.
const SECRET_FILE_KEYS: [&str; 5] = [
    "Z4J_SECRET",
    "Z4J_SESSION_SECRET",
    "Z4J_METRICS_AUTH_TOKEN",
    "Z4J_AUDIT_CHAIN_SECRET",
    "Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS",
];

/// One installed release of z4j.
#[derive(Debug, Clone)]
pub(crate) struct Brain {
    version: String,
    command: PathBuf,
}

/// A release with a database, secrets and a home directory.
///
/// The environment is empty but for what z4j needs, and for settings that keep a server from
/// deleting what is old in a fixture: without them its first seconds prune audit rows and agents.
pub(crate) struct Installation {
    brain: Brain,
    home: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

/// The verdict of the real `audit verify`.
#[derive(Debug, Clone)]
pub(crate) struct RealVerify {
    /// Its exit code.
    pub(crate) exit_code: i32,
    /// Rows whose HMAC it accepted; `None` when it refused to look.
    pub(crate) verified: Option<u64>,
    /// Frozen rows, from 1.8.
    pub(crate) frozen: Option<u64>,
    /// The lines below `MISMATCHES`, without indentation.
    pub(crate) findings: Vec<String>,
    /// The reason of a refusal (`Boundary-F integrity verification refused: …`).
    pub(crate) refused: Option<String>,
    /// All it printed.
    pub(crate) output: Output,
}

/// A running `z4j serve`; killed with this value.
pub(crate) struct RunningBrain {
    port: u16,
    log: PathBuf,
    // In this order: the server ends before its home directory vanishes.
    server: Service,
    installation: Installation,
}

/// A session that logged in with a password.
pub(crate) struct Session<'brain> {
    brain: &'brain RunningBrain,
    cookies: String,
    csrf: String,
}

impl Brain {
    /// A release of z4j, installed if it is not there yet.
    pub(crate) fn release(version: &str) -> Self {
        static INSTALLED: OnceLock<Mutex<HashMap<String, Arc<OnceLock<PathBuf>>>>> = OnceLock::new();
        let installed = INSTALLED.get_or_init(Mutex::default);
        let cell = Arc::clone(
            installed.lock().unwrap_or_else(PoisonError::into_inner).entry(version.into()).or_default(),
        );
        let command = cell.get_or_init(|| {
            let mut install = Command::new(repository().join("tests/tools/install-z4j"));
            let output = process::run(install.arg(version), b"", PATIENCE).expect_code(0);
            output.stdout.trim_end().into()
        });
        Self { version: version.into(), command: command.clone() }
    }

    /// Its version.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// The path of its command.
    pub(crate) fn command(&self) -> &Path {
        &self.command
    }

    /// This release with a database and secrets.
    pub(crate) fn installation(&self, database: &impl BrainDatabase, secrets: &Secrets) -> Installation {
        Installation::new(self.clone(), &database.z4j_url(), secrets)
    }

    /// Lets the release judge the audit log of a database.
    pub(crate) fn audit_verify(&self, database: &impl BrainDatabase, secrets: &Secrets) -> RealVerify {
        self.installation(database, secrets).audit_verify()
    }

    /// Starts the release on a database.
    pub(crate) fn serve(&self, database: &impl BrainDatabase, secrets: &Secrets) -> RunningBrain {
        self.installation(database, secrets).serve()
    }
}

impl Installation {
    fn new(brain: Brain, database_url: &str, secrets: &Secrets) -> Self {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};

        let home = tempfile::tempdir().expect("create a temporary directory");
        let state = home.path().join(".z4j");
        std::fs::DirBuilder::new().mode(0o700).create(&state).expect("create the home of a brain");
        // From 1.8 serve refuses an existing SQLite file without the secret.env of its installation.
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(state.join("secret.env"))
            .expect("create secret.env");
        // And it refuses a secret.env with other keys, such as Z4J_PREVIOUS_SECRETS.
        for (name, value) in secrets.iter().filter(|(name, _)| SECRET_FILE_KEYS.contains(&name.as_str())) {
            writeln!(file, "{name}={value}").expect("write secret.env");
        }

        let mut installation = Self { brain, home, variables: Vec::new() };
        for (name, value) in [
            ("Z4J_DATABASE_URL", database_url),
            ("Z4J_ENVIRONMENT", "dev"),
            ("Z4J_REQUIRE_DB_SSL", "false"),
            ("Z4J_AUDIT_RETENTION_DAYS", "3650"),
            ("Z4J_EVENT_RETENTION_DAYS", "3650"),
            ("Z4J_AGENT_STALE_PRUNE_DAYS", "0"),
            // Up to 1.6 the MAC of a row depends on the zone of the process.
            ("TZ", "UTC"),
        ] {
            installation = installation.env(name, value);
        }
        installation.variables.extend(secrets.iter().map(|(name, value)| (name.clone(), value.clone())));
        installation
    }

    /// Sets an environment variable; the last value of a name counts.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Takes an environment variable away.
    pub(crate) fn env_remove(mut self, name: &str) -> Self {
        self.variables.retain(|(variable, _)| variable != name);
        self
    }

    /// The directory that holds `.z4j`.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Runs a command of the release.
    pub(crate) fn run<I>(&self, arguments: I) -> Output
    where
        I: IntoIterator<Item: AsRef<OsStr>>,
    {
        self.run_with_input(arguments, b"")
    }

    /// Runs a command of the release that reads standard input.
    pub(crate) fn run_with_input<I>(&self, arguments: I, input: &[u8]) -> Output
    where
        I: IntoIterator<Item: AsRef<OsStr>>,
    {
        process::run(self.command().args(arguments), input, PATIENCE)
    }

    /// Lets the release judge the audit log.
    pub(crate) fn audit_verify(&self) -> RealVerify {
        RealVerify::read(self.run(["audit", "verify"]))
    }

    /// Its own `createsuperuser`, with the password on standard input.
    pub(crate) fn createsuperuser(&self, email: &str, password: &str) -> Output {
        self.run_with_input(["createsuperuser", "--email", email, "--password-stdin"], password.as_bytes())
    }

    /// Its own `changepassword`, with the new password on standard input.
    pub(crate) fn changepassword(&self, email: &str, password: &str) -> Output {
        self.run_with_input(["changepassword", email, "--password-stdin"], password.as_bytes())
    }

    /// Starts the server and waits until it answers.
    pub(crate) fn serve(self) -> RunningBrain {
        let port = free_port();
        let log = self.home().join("serve.log");
        let mut command = self.command();
        command.args(["serve", "--host", "127.0.0.1", "--port", &port.to_string(), "--workers", "1"]);
        let mut server = Service::start(&mut command, self.home(), &log);

        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = http::request(port, "GET", "/api/v1/health", &[], b"");
            if answer.is_ok_and(|response| response.status == 200) {
                break;
            }
            let ended = server.ended();
            if ended.is_some() || Instant::now() > deadline {
                let log = std::fs::read_to_string(&log).unwrap_or_default();
                panic!("z4j {} serve does not answer ({ended:?}):\n{log}", self.brain.version);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        RunningBrain { port, log, server, installation: self }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.brain.command);
        command
            .env_clear()
            .env("PATH", search_path())
            .env("HOME", self.home())
            .env("Z4J_HOME", self.home().join(".z4j"))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.home());
        command
    }
}

impl RealVerify {
    /// Reads what `audit verify` printed; see its forms per release in the tests of this module.
    pub(crate) fn read(output: Output) -> Self {
        let number = |prefixes: &[&str]| {
            let mut lines = output.stdout.lines();
            lines.find_map(|line| {
                prefixes.iter().find_map(|prefix| line.strip_prefix(prefix))?.trim().parse().ok()
            })
        };
        let mut findings = output.stdout.lines().skip_while(|line| !line.starts_with("MISMATCHES"));
        findings.next();
        let refused = output.stderr.lines().find(|line| line.contains("refused:"));
        Self {
            exit_code: output.code,
            verified: number(&["verified active:", "verified:"]),
            frozen: number(&["verified frozen:", "canonical frozen rows assessed in aggregate:"]),
            findings: findings
                .map_while(|line| line.strip_prefix("  "))
                .map(|line| line.trim().to_owned())
                .collect(),
            refused: refused.map(str::to_owned),
            output,
        }
    }

    /// The same, after checking that the release found nothing wrong.
    #[track_caller]
    pub(crate) fn expect_intact(self) -> Self {
        assert!(self.exit_code == 0, "the real z4j rejects the log: {}", self.output);
        self
    }
}

impl RunningBrain {
    /// The port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Where agents and browsers find it.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its installation, to run commands beside the server.
    pub(crate) fn installation(&self) -> &Installation {
        &self.installation
    }

    /// What the server printed so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// A request; `path` below `/api/v1`, or from the root when it starts with `//`.
    #[track_caller]
    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        let path = path
            .strip_prefix('/')
            .filter(|rest| rest.starts_with('/'))
            .map_or_else(|| format!("/api/v1{path}"), str::to_owned);
        http::request(self.port, method, &path, headers, body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}\n{}", self.log()))
    }

    /// A GET with a bearer token: an API key, or an agent's.
    #[track_caller]
    pub(crate) fn get_as(&self, token: &str, path: &str) -> Response {
        self.request("GET", path, &[("Authorization", &format!("Bearer {token}"))], b"")
    }

    /// Tries to log in.
    #[track_caller]
    pub(crate) fn try_login(&self, email: &str, password: &str) -> Response {
        let body = serde_json::json!({ "email": email, "password": password }).to_string();
        self.request("POST", "/auth/login", &[("Content-Type", "application/json")], body.as_bytes())
    }

    /// Checks that a password is not accepted. The brain tells nobody why: unknown, wrong, inactive and locked are
    /// one answer. An address that is none gets another one and fails the test.
    #[track_caller]
    pub(crate) fn refuses_login(&self, email: &str, password: &str) {
        let answer = self.try_login(email, password).expect_status(401).json();
        assert_eq!(answer["details"]["reason"], "invalid_credentials", "{answer}");
    }

    /// Whether an agent could connect with this token: long-polling asks the same as a WebSocket does.
    ///
    /// Unlike a connection it leaves no trace: neither is the agent online for it, nor is a refusal a row of the log. But
    /// up to 1.7 a waiting command may be handed out, and so be lost.
    #[track_caller]
    pub(crate) fn accepts_agent_token(&self, token: &str) -> bool {
        let authorization = format!("Bearer {token}");
        let headers = [
            ("Authorization", authorization.as_str()),
            // From 1.7.
            ("X-Z4J-Session-Nonce", "nonce-of-the-test-0123"),
        ];
        // Up to 1.7 one has to ask for at least one command.
        let ask = |frames: &str| {
            let path = format!("/agent/commands?wait=0&max_frames={frames}");
            self.request("GET", &path, &headers, b"")
        };
        let mut answer = ask("0");
        if answer.status == 422 {
            answer = ask("1");
        }
        match answer.status {
            200 => true,
            401 => false,
            status => panic!("an agent is answered {status}: {}", answer.text()),
        }
    }

    /// Logs in; the test fails when the brain refuses.
    #[track_caller]
    pub(crate) fn login(&self, email: &str, password: &str) -> Session<'_> {
        let cookies = self.try_login(email, password).expect_status(200).cookies();
        let csrf = cookies.iter().find(|(name, _)| name.ends_with("csrf")).map(|(_, value)| value.clone());
        let cookies: Vec<String> =
            cookies.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        Session { brain: self, cookies: cookies.join("; "), csrf: csrf.unwrap_or_default() }
    }

    /// Ends the server as a service manager does, so that it finishes what it has begun.
    pub(crate) fn stop(mut self) -> Installation {
        let ended = self.server.terminate(Duration::from_secs(60));
        assert!(ended, "z4j does not end when asked to:\n{}", self.log());
        self.installation
    }
}

impl Session<'_> {
    /// A GET below `/api/v1`.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Response {
        self.brain.request("GET", path, &[("Cookie", &self.cookies)], b"")
    }

    /// Who the brain thinks it is.
    #[track_caller]
    pub(crate) fn me(&self) -> serde_json::Value {
        self.get("/auth/me").expect_status(200).json()
    }

    /// The brain that it belongs to.
    pub(crate) fn brain(&self) -> &RunningBrain {
        self.brain
    }

    /// A POST with a JSON body.
    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &serde_json::Value) -> Response {
        self.send("POST", path, body)
    }

    /// A PATCH with a JSON body.
    #[track_caller]
    pub(crate) fn patch(&self, path: &str, body: &serde_json::Value) -> Response {
        self.send("PATCH", path, body)
    }

    /// A DELETE.
    #[track_caller]
    pub(crate) fn delete(&self, path: &str) -> Response {
        let headers = [("Cookie", self.cookies.as_str()), ("X-CSRF-Token", &self.csrf)];
        self.brain.request("DELETE", path, &headers, b"")
    }

    fn send(&self, method: &str, path: &str, body: &serde_json::Value) -> Response {
        let headers = [
            ("Cookie", self.cookies.as_str()),
            ("X-CSRF-Token", &self.csrf),
            ("Content-Type", "application/json"),
        ];
        self.brain.request(method, path, &headers, body.to_string().as_bytes())
    }
}
