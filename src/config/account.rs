//! The account this process runs as, and the places that libpq looks at on this machine.

use std::path::{Path, PathBuf};

use crate::context::Env;

/// The parts of the machine that decide libpq's defaults. A value, so that tests can invent one.
#[derive(Debug, Clone, Default)]
pub(super) struct Machine {
    /// The user's home directory.
    pub(super) home: Option<PathBuf>,
    /// The user's name.
    pub(super) user: Option<String>,
    /// Where a local server's socket may be, likeliest first.
    pub(super) socket_directories: Vec<PathBuf>,
    /// Where the system's `pg_service.conf` may be.
    pub(super) service_directories: Vec<PathBuf>,
}

impl Machine {
    /// The machine that this process runs on.
    ///
    /// The name of the effective uid wins over `USER` and `LOGNAME`: it is what libpq asks for and what
    /// peer authentication on the socket compares; under `sudo` the variables often say something else.
    pub(super) fn of(env: &Env) -> Self {
        let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let account = find_account(&passwd, rustix::process::geteuid().as_raw());
        let named = ["USER", "LOGNAME"]
            .into_iter()
            .filter_map(|name| env.var(name).ok().flatten())
            .find(|name| !name.is_empty())
            .map(str::to_owned);
        let (user, directory) = account.unzip();
        Self {
            home: env.home().map(Path::to_path_buf).or(directory),
            user: user.or(named),
            socket_directories: vec!["/var/run/postgresql".into(), "/tmp".into()],
            service_directories: vec!["/etc/postgresql-common".into(), "/etc".into()],
        }
    }
}

/// Who runs this process, and where: for the audit rows of what it writes.
#[derive(Debug, Clone)]
pub struct Account {
    /// The effective user id.
    pub uid: u32,
    /// Its name, with the user behind `sudo`.
    pub name: Option<String>,
    /// The machine.
    pub host: Option<String>,
}

/// The account of this process.
pub fn account_of_process(env: &Env) -> Account {
    let uid = rustix::process::geteuid().as_raw();
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = find_account(&passwd, uid)
        .map(|(name, _)| name)
        .or_else(|| env.var("USER").ok().flatten().map(str::to_owned));
    let behind = env.var("SUDO_USER").ok().flatten().filter(|user| !user.is_empty());
    let name = match (name, behind) {
        (Some(name), Some(behind)) => Some(format!("{name} (sudo by {behind})")),
        (name, behind) => name.or_else(|| behind.map(str::to_owned)),
    };
    let host = rustix::system::uname().nodename().to_str().ok().map(str::to_owned);
    Account { uid, name, host: host.filter(|host| !host.is_empty()) }
}

/// The name and home directory of a uid in the text of `/etc/passwd`.
fn find_account(passwd: &str, uid: u32) -> Option<(String, PathBuf)> {
    passwd.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, number, _, _, directory, ..] = fields.as_slice() else { return None };
        (number.parse() == Ok(uid)).then(|| ((*name).to_owned(), PathBuf::from(directory)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_by_uid() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nbroken\nz4j:x:999:999::/var/lib/z4j:/bin/false\n";
        assert_eq!(find_account(passwd, 999), Some(("z4j".to_owned(), "/var/lib/z4j".into())));
        assert_eq!(find_account(passwd, 1), None);
    }
}
