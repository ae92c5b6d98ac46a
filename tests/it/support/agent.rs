//! The real agent of z4j: the judge of the tokens that z4jctl makes and takes away.
//!
//! A release is installed from the Python package index once (`tests/tools/install-agent`) and run as a black box by
//! `tests/tools/run-agent.py`, with a home directory of its own.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::brain::{RunningBrain, Session};
use super::fixtures::Meta;
use super::process::{self, Service};
use super::{repository, search_path};

/// A start of Python with the agent's modules takes seconds, on a loaded machine many.
const PATIENCE: Duration = Duration::from_secs(60);

/// One installed release of the agent.
#[derive(Debug, Clone)]
pub(crate) struct Agent {
    version: String,
    python: PathBuf,
}

/// What an agent needs to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    /// Its identifier, as HTTP shows it.
    pub(crate) id: String,
    /// The slug of its project.
    pub(crate) project: String,
    /// Its name.
    pub(crate) name: String,
    /// Who it is.
    pub(crate) token: String,
    /// What it signs with; the same for all agents of a project.
    pub(crate) hmac_secret: String,
}

/// An agent at work, until this value or the test process ends.
///
/// It connects again and again, as the real one does: after a refusal not before ten seconds have passed.
pub(crate) struct RunningAgent {
    name: String,
    project: String,
    command: Command,
    // In this order: the process ends before its home directory vanishes.
    service: Service,
    home: tempfile::TempDir,
}

impl Agent {
    /// A release of `z4j-bare`, installed if it is not there yet.
    pub(crate) fn release(version: &str) -> Self {
        static INSTALLED: OnceLock<Mutex<HashMap<String, Arc<OnceLock<PathBuf>>>>> = OnceLock::new();
        let installed = INSTALLED.get_or_init(Mutex::default);
        let cell = Arc::clone(
            installed.lock().unwrap_or_else(PoisonError::into_inner).entry(version.into()).or_default(),
        );
        let python = cell.get_or_init(|| {
            let mut install = Command::new(repository().join("tests/tools/install-agent"));
            let output = process::run(install.arg(version), b"", PATIENCE * 5).expect_code(0);
            output.stdout.trim_end().into()
        });
        Self { version: version.into(), python: python.clone() }
    }

    /// The agent that a brain of this release understands: a current one, but before 1.1, when the session was not yet
    /// signed with a frame, the last one of that time.
    pub(crate) fn for_brain(release: &str) -> Self {
        Self::release(if release.starts_with("1.0.") { "1.0.7" } else { "1.13.0" })
    }

    /// Its version.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Starts an agent with these credentials, which the brain may refuse; `name` is only the agent's own idea of
    /// its name.
    pub(crate) fn connect(
        &self,
        brain: &RunningBrain,
        project_slug: &str,
        token: &str,
        hmac_secret: &str,
        name: &str,
    ) -> RunningAgent {
        let home = tempfile::tempdir().expect("create a temporary directory");
        let mut command = Command::new(&self.python);
        command
            .arg(repository().join("tests/tools/run-agent.py"))
            .env_clear()
            .env("PATH", search_path())
            .env("HOME", home.path())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("Z4J_HOME", home.path().join(".z4j"))
            .env("Z4J_BRAIN_URL", brain.url())
            .env("Z4J_PROJECT_ID", project_slug)
            .env("Z4J_TOKEN", token)
            .env("Z4J_HMAC_SECRET", hmac_secret)
            .env("Z4J_AGENT_NAME", name)
            .current_dir(home.path());
        let service = Service::start(&mut command, home.path(), &log_in(&home));
        RunningAgent { name: name.into(), project: project_slug.into(), command, service, home }
    }

    /// Starts an agent with credentials that belong together.
    pub(crate) fn connect_with(&self, brain: &RunningBrain, credentials: &Credentials) -> RunningAgent {
        let Credentials { project, name, token, hmac_secret, .. } = credentials;
        self.connect(brain, project, token, hmac_secret, name)
    }
}

impl Credentials {
    /// Those of an agent of a fixture.
    #[track_caller]
    pub(crate) fn of_fixture(meta: &Meta, name: &str) -> Self {
        let agent = &meta.more["agents"][name];
        let text = |key: &str| {
            let value = agent[key].as_str();
            value.unwrap_or_else(|| panic!("{}: no {key} of an agent {name}", meta.written_by)).to_owned()
        };
        Self {
            id: text("id"),
            project: text("project"),
            name: name.into(),
            token: text("token"),
            hmac_secret: text("hmac_secret"),
        }
    }

    /// Those that the brain itself makes.
    #[track_caller]
    pub(crate) fn mint(session: &Session<'_>, project: &str, name: &str) -> Self {
        let path = format!("/projects/{project}/agents");
        let answer = session.post(&path, &serde_json::json!({ "name": name })).expect_status(201).json();
        let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
        Self {
            id: text(&answer["agent"]["id"]),
            project: project.into(),
            name: name.into(),
            token: text(&answer["token"]),
            hmac_secret: text(&answer["hmac_secret"]),
        }
    }

    /// Lets the brain itself revoke them.
    #[track_caller]
    pub(crate) fn revoke(&self, session: &Session<'_>) {
        session.delete(&format!("/projects/{}/agents/{}", self.project, self.id)).expect_status(204);
    }
}

impl RunningAgent {
    /// Waits until it is connected and the brain shows it as online.
    #[track_caller]
    pub(crate) fn wait_until_online(&self, session: &Session<'_>) {
        // A state in the database may be a leftover, so the agent has to say it too.
        self.wait_until_connected();
        self.wait_for_state(session, "online");
    }

    /// Waits until the brain shows it in this state (`unknown`, `online`, `offline`).
    #[track_caller]
    pub(crate) fn wait_for_state(&self, session: &Session<'_>, state: &str) {
        let path = format!("/projects/{}/agents", self.project);
        self.wait_until(&format!("to be shown as {state}"), || {
            let agents = session.get(&path).expect_status(200).json();
            let agents = agents.as_array().expect("a list of agents");
            agents.iter().any(|agent| agent["name"] == *self.name && agent["state"] == state)
        });
    }

    /// Waits until it was let in, which is before the brain has seen its signature.
    #[track_caller]
    pub(crate) fn wait_until_connected(&self) {
        self.wait_until("to be connected", || self.connections() > 0);
    }

    /// Waits until the brain has closed a connection with this code; see [`Self::closes`].
    #[track_caller]
    pub(crate) fn wait_for_close(&self, code: u16) {
        self.wait_until(&format!("to be closed with {code}"), || self.closes().contains(&code));
    }

    /// Waits until it has sent a signed frame: a heartbeat, which follows a connection at once.
    #[track_caller]
    pub(crate) fn wait_for_heartbeat(&self) {
        self.wait_until("to send a heartbeat", || self.log().contains(r#""id":"hb_"#));
    }

    /// Waits until it has sent one more signed frame than it has by now.
    #[track_caller]
    pub(crate) fn wait_for_another_heartbeat(&self) {
        let count = || self.log().matches(r#""id":"hb_"#).count();
        let before = count();
        self.wait_until("to send another heartbeat", || count() > before);
    }

    /// How many times the brain let it in since it started.
    pub(crate) fn connections(&self) -> usize {
        self.log().matches("z4j agent connected: ").count()
    }

    /// The codes with which the brain closed its connections, the first one first: 4003 revoked while connected,
    /// 4401 unknown token, 4403 wrong signature.
    pub(crate) fn closes(&self) -> Vec<u16> {
        let log = self.log();
        let closes = log.lines().filter_map(|line| line.split_once("< CLOSE "));
        closes.filter_map(|(_, rest)| rest.split(' ').next()?.parse().ok()).collect()
    }

    /// Ends it and starts it anew, with the same credentials and an empty log. Otherwise one that was refused comes
    /// back at its own time only: after ten seconds, then after minutes.
    pub(crate) fn restart(&mut self) {
        self.end();
        self.service = Service::start(&mut self.command, self.home.path(), &log_in(&self.home));
    }

    /// What it has printed since it started; the token is not in it.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(log_in(&self.home)).unwrap_or_default()
    }

    /// Ends it as a service manager does, so that it says goodbye, and returns all codes of [`Self::closes`]. Frames are
    /// read in order: where only 1000 is, the goodbye, everything that was sent before it was accepted.
    pub(crate) fn stop(mut self) -> Vec<u16> {
        self.end();
        self.closes()
    }

    fn end(&mut self) {
        let ended = self.service.terminate(Duration::from_secs(60));
        assert!(ended, "the agent does not end when asked to:\n{}", self.log());
    }

    #[track_caller]
    fn wait_until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so() {
            let waits = Instant::now() < deadline;
            assert!(waits, "waited in vain for agent {} {what}:\n{}", self.name, self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn log_in(home: &tempfile::TempDir) -> PathBuf {
    home.path().join("agent.log")
}
