//! One throw-away PostgreSQL cluster per test process.
//!
//! Started on first use from Debian's binaries, by the script `tests/tools/postgres-cluster`, which
//! stops it and removes its directory when this process ends, however it ends. Tests share it and
//! get a database of their own each. A machine without PostgreSQL fails the test; nothing is skipped.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::certificates::{Authority, CertificateFiles};
use super::{BrainDatabase, environment, find_program, free_port, process, search_path};

/// The script is passed as text, because the user `postgres` may not be allowed to read the repository.
const SCRIPT: &str = include_str!("../../tools/postgres-cluster");

/// Longer than any restore or dump of a fixture takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Whether a cluster offers TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tls {
    /// With a certificate of [`Cluster::authority`] for `localhost` and `127.0.0.1`.
    Offered,
    /// As a server that was built or configured without it.
    Absent,
}

/// How a role proves who it is, over TCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Login {
    /// No proof.
    Trust,
    /// A password, SCRAM-SHA-256.
    Scram,
    /// A password, MD5.
    Md5,
    /// A password, SCRAM-SHA-256, and only over TLS.
    ScramOverTls,
    /// A client certificate whose common name is the role (`clientcert=verify-full`), only over TLS.
    Certificate,
}

/// A running cluster. It ends with this value or with the test process.
pub(crate) struct Cluster {
    binaries: PathBuf,
    directory: PathBuf,
    port: u16,
    authority: Authority,
    counter: AtomicU32,
    templates: Mutex<HashMap<String, Arc<OnceLock<String>>>>,
    supervisor: Child,
}

/// A database of its own, dropped with this value.
pub(crate) struct Database {
    name: String,
    port: u16,
    directory: PathBuf,
    binaries: PathBuf,
    keep: bool,
}

/// A role that may log in.
#[derive(Debug, Clone)]
pub(crate) struct Role {
    /// Its name, unique in the cluster.
    pub(crate) name: String,
    /// Its password, if it has one.
    pub(crate) password: Option<String>,
}

impl Cluster {
    /// The cluster of this test process, with TLS.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(Tls::Offered))
    }

    /// A cluster of one's own, for tests that stop it or need it another way.
    pub(crate) fn start(tls: Tls) -> Self {
        let binaries = find_binaries().unwrap_or_else(|| {
            panic!("no PostgreSQL server in /usr/lib/postgresql/*/bin or PATH: run ./test, which installs it")
        });
        let authority = Authority::new("z4jctl test authority");
        // Between choosing a free port and listening on it, another process may take it.
        let mut failures = String::new();
        for _ in 0..3 {
            let port = free_port();
            match start_supervisor(&binaries, port, (tls == Tls::Offered).then_some(&authority)) {
                Ok((supervisor, directory)) => {
                    return Self {
                        binaries,
                        directory,
                        port,
                        authority,
                        counter: AtomicU32::new(0),
                        templates: Mutex::default(),
                        supervisor,
                    };
                }
                Err(failure) => failures.push_str(&failure),
            }
        }
        panic!(
            "PostgreSQL from {} does not start (./test installs what it needs):\n{failures}",
            binaries.display()
        )
    }

    /// The port on 127.0.0.1 and 127.0.0.2.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The directory of the Unix socket, of the data (`data`) and of the log (`server.log`).
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The version of the server: 15, 17, …
    pub(crate) fn major_version(&self) -> u32 {
        let row = self.client().query_one("SELECT current_setting('server_version_num')::integer", &[]);
        let number: i32 = row.expect("ask for the server version").get(0);
        u32::try_from(number / 10_000).expect("a version is positive")
    }

    /// A program of this PostgreSQL, such as `pg_dump`.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.binaries.join(name)
    }

    /// The authority that signed the certificate of the server, to issue client certificates.
    pub(crate) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The certificate of the authority in a file (`sslrootcert`).
    pub(crate) fn authority_file(&self) -> PathBuf {
        self.directory.join("authority.crt")
    }

    /// A client certificate for a role, in files.
    pub(crate) fn client_certificate(&self, role: &Role) -> CertificateFiles {
        self.authority.client(&role.name).into_files()
    }

    /// A session of the superuser in the database `postgres`.
    pub(crate) fn client(&self) -> postgres::Client {
        connect(&url_of(self.port, "postgres"))
    }

    /// An empty database.
    pub(crate) fn create_database(&self, name_prefix: &str) -> Database {
        self.copy_database(name_prefix, "template0")
    }

    /// A copy of a database that `fill` has filled once per process; later calls with the same key
    /// only copy, which takes a fraction of a second.
    pub(crate) fn copy_of_template(&self, key: &str, fill: impl FnOnce(&Database)) -> Database {
        let template = Arc::clone(
            self.templates.lock().unwrap_or_else(PoisonError::into_inner).entry(key.into()).or_default(),
        );
        // Outside the lock of the map: different templates are filled at the same time.
        let name = template.get_or_init(|| {
            let mut database = self.create_database(&format!("template_{key}"));
            fill(&database);
            database.keep = true;
            database.name.clone()
        });
        self.copy_database(key, name)
    }

    /// A new role that may log in; grants come from [`Database::grant`].
    pub(crate) fn create_role(&self, name_prefix: &str, login: Login, password: Option<&str>) -> Role {
        let name = self.unique_name(name_prefix);
        let (group, encryption) = match login {
            Login::Trust => (None, "scram-sha-256"),
            Login::Scram => (Some("test_scram"), "scram-sha-256"),
            Login::Md5 => (Some("test_md5"), "md5"),
            Login::ScramOverTls => (Some("test_tls"), "scram-sha-256"),
            Login::Certificate => (Some("test_certificate"), "scram-sha-256"),
        };
        let mut statement = format!("SET password_encryption = '{encryption}'; CREATE ROLE {name} LOGIN");
        if let Some(password) = password {
            write!(statement, " PASSWORD '{}'", password.replace('\'', "''")).expect("writing to a String");
        }
        if let Some(group) = group {
            write!(statement, " IN ROLE {group}").expect("writing to a String");
        }
        self.client().batch_execute(&statement).unwrap_or_else(|error| panic!("create role {name}: {error}"));
        Role { name, password: password.map(str::to_owned) }
    }

    fn copy_database(&self, name_prefix: &str, template: &str) -> Database {
        let name = self.unique_name(name_prefix);
        self.client()
            .batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}"))
            .unwrap_or_else(|error| panic!("create database {name} from {template}: {error}"));
        Database {
            name,
            port: self.port,
            directory: self.directory.clone(),
            binaries: self.binaries.clone(),
            keep: false,
        }
    }

    /// A name that needs no quoting.
    fn unique_name(&self, prefix: &str) -> String {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let mut name: String = prefix
            .chars()
            .map(
                |character| {
                    if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { '_' }
                },
            )
            .take(40)
            .collect();
        if !name.starts_with(|character: char| character.is_ascii_alphabetic()) {
            name.insert_str(0, "t_");
        }
        write!(name, "_{number}").expect("writing to a String");
        name
    }
}

impl Drop for Cluster {
    /// The end of its input tells the supervisor to stop the server and to remove the directory.
    fn drop(&mut self) {
        self.supervisor.stdin = None;
        let _ = process::wait_at_most(&mut self.supervisor, PATIENCE);
    }
}

impl Database {
    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Its URL for the superuser, over TCP.
    pub(crate) fn url(&self) -> String {
        url_of(self.port, &self.name)
    }

    /// Its URL for a role, over TCP.
    pub(crate) fn url_as(&self, role: &Role) -> String {
        self.url_to(role, "127.0.0.1", &[])
    }

    /// Its URL for a role, at an address of the server, with parameters such as `sslmode`.
    ///
    /// `127.0.0.2` reaches the same server under an address that is not in its certificate.
    pub(crate) fn url_to(&self, role: &Role, host: &str, parameters: &[(&str, &str)]) -> String {
        let mut url = format!("postgresql://{}", role.name);
        if let Some(password) = &role.password {
            write!(url, ":{}", utf8_percent_encode(password, NON_ALPHANUMERIC)).expect("writing to a String");
        }
        write!(url, "@{host}:{}/{}", self.port, self.name).expect("writing to a String");
        for (number, (name, value)) in parameters.iter().enumerate() {
            let separator = if number == 0 { '?' } else { '&' };
            write!(url, "{separator}{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))
                .expect("writing to a String");
        }
        url
    }

    /// Its URL for the superuser, over the Unix socket.
    pub(crate) fn socket_url(&self) -> String {
        let directory = self.directory.display().to_string();
        let host = utf8_percent_encode(&directory, NON_ALPHANUMERIC);
        format!("postgresql://postgres@/{}?host={host}&port={}", self.name, self.port)
    }

    /// A session of the superuser.
    pub(crate) fn client(&self) -> postgres::Client {
        connect(&self.url())
    }

    /// Runs statements as the superuser.
    #[track_caller]
    pub(crate) fn execute(&self, statements: &str) {
        self.client().batch_execute(statements).unwrap_or_else(|error| panic!("{statements}: {error:?}"));
    }

    /// The one number that a query answers, as the superuser.
    #[track_caller]
    pub(crate) fn number(&self, query: &str) -> i64 {
        self.client().query_one(query, &[]).unwrap_or_else(|error| panic!("{query}: {error:?}")).get(0)
    }

    /// Gives a role privileges, each as in `SELECT ON ALL TABLES IN SCHEMA public`.
    #[track_caller]
    pub(crate) fn grant(&self, role: &Role, privileges: &[&str]) {
        for privilege in privileges {
            self.execute(&format!("GRANT {privilege} TO {}", role.name));
        }
    }

    /// Restores a dump in custom format (`pg.dump`).
    pub(crate) fn restore_custom(&self, dump: &Path) {
        let mut command = self.tool("pg_restore");
        command.args(["--no-owner", "--exit-on-error", "--dbname", &self.url()]).arg(dump);
        process::run(&mut command, b"", PATIENCE).expect_code(0);
    }

    /// Restores a plain dump (the text of `pg.sql.gz`).
    pub(crate) fn restore_plain(&self, dump: &[u8]) {
        let mut command = self.tool("psql");
        command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &self.url()]);
        process::run(&mut command, dump, PATIENCE).expect_code(0);
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(self.binaries.join(name));
        command.env_clear().env("PATH", search_path()).env("LC_ALL", "C");
        command
    }
}

impl BrainDatabase for Database {
    fn z4j_url(&self) -> String {
        self.url().replacen("postgresql://", "postgresql+asyncpg://", 1)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        // The cluster may be gone already, and with it the database.
        if let Ok(mut client) = postgres::Client::connect(&url_of(self.port, "postgres"), postgres::NoTls) {
            let _ = client.batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}

fn url_of(port: u16, database: &str) -> String {
    format!("postgresql://postgres@127.0.0.1:{port}/{database}")
}

fn connect(url: &str) -> postgres::Client {
    postgres::Client::connect(url, postgres::NoTls)
        .unwrap_or_else(|error| panic!("connect to {url}: {error:?}"))
}

/// The newest PostgreSQL of this machine; `Z4JCTL_TEST_POSTGRES` names another one's directory of programs.
fn find_binaries() -> Option<PathBuf> {
    if let Some(directory) = environment("Z4JCTL_TEST_POSTGRES") {
        return Some(directory.into());
    }
    let version = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let mut installed: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("bin/initdb").is_file())
        .collect();
    installed.sort_by_key(version);
    let newest = installed.pop().map(|path| path.join("bin"));
    newest.or_else(|| Some(find_program("initdb")?.parent()?.to_owned()))
}

fn start_supervisor(binaries: &Path, port: u16, tls: Option<&Authority>) -> Result<(Child, PathBuf), String> {
    let mut command = if rustix::process::geteuid().is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "sh"]);
        command
    } else {
        Command::new("sh")
    };
    command.args(["-c", SCRIPT, "postgres-cluster"]).arg(binaries).arg(port.to_string());
    command.env_clear().env("PATH", search_path()).env("LC_ALL", "C");
    if let Some(directory) = environment("TMPDIR") {
        command.env("TMPDIR", directory);
    }
    if let Some(authority) = tls {
        let server = authority.server(&["localhost", "127.0.0.1"]);
        command
            .env("Z4JCTL_TEST_CA", authority.pem())
            .env("Z4JCTL_TEST_CERTIFICATE", server.certificate)
            .env("Z4JCTL_TEST_KEY", server.key);
    }
    // In a group of its own: Ctrl-C at the terminal ends the tests, and their end stops the cluster.
    command.current_dir("/").process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut supervisor = command.spawn().map_err(|error| format!("start {command:?}: {error}"))?;

    let mut line = String::new();
    let stdout = supervisor.stdout.take().expect("a piped stdout");
    // Ends with the line, or with the script.
    let _ = BufReader::new(stdout).read_line(&mut line);
    if let Some(directory) = line.trim_end().strip_prefix("ready ") {
        return Ok((supervisor, directory.into()));
    }
    let mut reason = String::new();
    let _ = supervisor.stderr.take().expect("a piped stderr").read_to_string(&mut reason);
    let _ = supervisor.wait();
    Err(reason)
}
