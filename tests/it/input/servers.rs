//! Servers beside the shared cluster: a standby of it, and PgBouncer.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;

use super::is_root;
use crate::support::postgres::Cluster;
use crate::support::process::{self, Watchdog};
use crate::support::{find_program, free_port, search_path, wait_for};

/// A server of one's own on 127.0.0.1; it ends with this value or with the test process.
pub(crate) struct Server {
    pub(crate) port: u16,
    child: Child,
    _watchdog: Watchdog,
    directory: tempfile::TempDir,
}

impl Server {
    fn start(port: u16, directory: tempfile::TempDir, command: &mut Command) -> Self {
        let log = fs::File::create(directory.path().join("log")).expect("create a log");
        command.process_group(0).stdin(Stdio::null()).stderr(log.try_clone().expect("a handle")).stdout(log);
        let child = command.spawn().unwrap_or_else(|error| panic!("start {command:?}: {error}"));
        Self { port, _watchdog: Watchdog::over(&child, directory.path()), child, directory }
    }

    /// Waits until the database can be asked.
    fn ready(self, url: &str) -> Self {
        wait_for("a server", Duration::from_secs(60), || {
            postgres::Client::connect(url, postgres::NoTls).ok()?.simple_query("SELECT 1").ok()
        });
        self
    }

    /// What it has written so far.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            let _ = rustix::process::kill_process_group(process::pid(&self.child), Signal::QUIT);
            if process::wait_at_most(&mut self.child, Duration::from_secs(10)).is_none() {
                let _ = rustix::process::kill_process_group(process::pid(&self.child), Signal::KILL);
                let _ = self.child.wait();
            }
        }
    }
}

/// A directory that belongs to the account under which servers run, and that account.
fn directory() -> (tempfile::TempDir, u32) {
    let owner = fs::metadata(Cluster::shared().directory()).expect("the directory of the cluster").uid();
    let directory =
        tempfile::Builder::new().prefix("z4jctl-server-").tempdir_in("/tmp").expect("a directory");
    if is_root() {
        chown(directory.path(), Some(owner), Some(owner)).expect("give the directory away");
    }
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).expect("protect the directory");
    (directory, owner)
}

/// A program under the account of the servers: they refuse to run as root.
fn program(path: &Path, owner: u32) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command
            .args([format!("--reuid={owner}"), format!("--regid={owner}")])
            .args(["--clear-groups", "--"])
            .arg(path);
        command
    } else {
        Command::new(path)
    };
    command.env_clear().env("PATH", search_path()).env("LC_ALL", "C").current_dir("/");
    command
}

/// A standby of the shared cluster.
pub(crate) fn standby() -> Server {
    let cluster = Cluster::shared();
    let (directory, owner) = directory();
    let data = directory.path().join("data");
    let mut backup = program(&cluster.program("pg_basebackup"), owner);
    backup.args(["-R", "-X", "stream", "--checkpoint=fast", "-h", "127.0.0.1", "-U", "postgres", "-p"]);
    backup.arg(cluster.port().to_string()).arg("-D").arg(&data);
    process::run(&mut backup, b"", Duration::from_secs(120)).expect_code(0);
    let port = free_port();
    let mut server = program(&cluster.program("postgres"), owner);
    server.arg("-D").arg(&data).arg("-k").arg(directory.path()).args(["-p", &port.to_string()]);
    // As many as the primary has, or it does not start.
    server.args(["-c", "hot_standby=on", "-c", "max_connections=60", "-c", "fsync=off"]);
    server.args(["-c", "listen_addresses=127.0.0.1", "-c", "shared_buffers=32MB"]);
    let server = Server::start(port, directory, &mut server);
    server.ready(&format!("postgresql://postgres@127.0.0.1:{port}/postgres"))
}

/// PgBouncer in transaction mode with two connections per database to the shared cluster; `None` where it is not
/// installed.
pub(super) fn bouncer() -> Option<Server> {
    let path = find_program("pgbouncer")
        .or_else(|| Some(PathBuf::from("/usr/sbin/pgbouncer")).filter(|path| path.exists()))?;
    let cluster = Cluster::shared();
    let (directory, owner) = directory();
    let port = free_port();
    let settings = directory.path().join("pgbouncer.ini");
    fs::write(
        &settings,
        format!(
            "[databases]\n* = host=127.0.0.1 port={} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n\
             default_pool_size = 2\nmax_client_conn = 50\n",
            cluster.port()
        ),
    )
    .expect("write settings");
    fs::set_permissions(&settings, fs::Permissions::from_mode(0o644)).expect("let it read");
    let server = Server::start(port, directory, program(&path, owner).arg(&settings));
    Some(server.ready(&format!("postgresql://postgres@127.0.0.1:{port}/postgres")))
}
