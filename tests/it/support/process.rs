//! Child processes that end in time and leave nothing behind.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

/// What a finished process left.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    /// The command line, for messages.
    pub(crate) command: String,
    /// The exit code; 128 + number when a signal ended it, as a shell reports it.
    pub(crate) code: i32,
    /// Standard output; bytes that are not UTF-8 are replaced.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
    /// Standard output, exactly.
    pub(crate) stdout_bytes: Vec<u8>,
}

impl Output {
    /// The same, after checking the exit code.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert!(self.code == code, "expected exit code {code}: {self}");
        self
    }

    /// Standard output as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout_bytes)
            .unwrap_or_else(|error| panic!("standard output is not JSON ({error}): {self}"))
    }

    /// Standard output as one JSON document per line.
    #[track_caller]
    pub(crate) fn json_lines(&self) -> Vec<serde_json::Value> {
        let parse = |line: &str| {
            serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("{line:?} is not JSON ({error}): {self}"))
        };
        self.stdout.lines().map(parse).collect()
    }

    /// Standard error as one JSON document: the form of errors under `--output json`.
    #[track_caller]
    pub(crate) fn json_error(&self) -> serde_json::Value {
        serde_json::from_str(&self.stderr)
            .unwrap_or_else(|error| panic!("standard error is not JSON ({error}): {self}"))
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { command, code, stdout, stderr, .. } = self;
        write!(formatter, "{command}\nexit code {code}\n--- stdout\n{stdout}--- stderr\n{stderr}---")
    }
}

/// A running process whose output is collected.
pub(crate) struct Running {
    command: String,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: JoinHandle<Vec<u8>>,
    stderr: JoinHandle<Vec<u8>>,
}

impl Running {
    /// Starts the command with pipes on all three standard streams.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let text = format!("{command:?}");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("start {text}: {error}"));
        let stdin = child.stdin.take();
        let stdout = collect(child.stdout.take().expect("a piped stdout"));
        let stderr = collect(child.stderr.take().expect("a piped stderr"));
        Self { command: text, child, stdin, stdout, stderr }
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Writes to the standard input of the process; a process that does not read it is no error.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        if let Some(stdin) = &mut self.stdin {
            let _ = stdin.write_all(bytes).and_then(|()| stdin.flush());
        }
    }

    /// Ends the standard input of the process.
    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let _ = rustix::process::kill_process(pid(&self.child), signal);
    }

    /// Whether the process has not ended yet.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("ask for the state of a child").is_none()
    }

    /// Waits for the end; kills the process and panics when it takes longer than `patience`.
    pub(crate) fn wait(mut self, patience: Duration) -> Output {
        self.close_stdin();
        let status = wait_at_most(&mut self.child, patience);
        if status.is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        let stdout_bytes = self.stdout.join().expect("the reader of stdout");
        let output = Output {
            command: self.command,
            code: status.map_or(-1, exit_code),
            stdout: String::from_utf8_lossy(&stdout_bytes).into_owned(),
            stderr: String::from_utf8_lossy(&self.stderr.join().expect("the reader of stderr")).into_owned(),
            stdout_bytes,
        };
        assert!(status.is_some(), "did not end within {patience:?}: {output}");
        output
    }
}

/// Runs a command to its end with `input` as its standard input.
pub(crate) fn run(command: &mut Command, input: &[u8], patience: Duration) -> Output {
    let mut running = Running::spawn(command);
    // From a thread: a process that writes much before it reads would wait for us, and we for it.
    let stdin = running.stdin.take();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
    let output = running.wait(patience);
    // A process need not read its input; then the write fails, and that is its own business.
    let _ = writer.join();
    output
}

/// The exit code as a shell reports it.
pub(crate) fn exit_code(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}

/// The process id of a child as rustix wants it.
pub(crate) fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// Waits for a child; `None` when it still runs after `patience`.
pub(crate) fn wait_at_most(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + patience;
    let mut pause = Duration::from_millis(1);
    loop {
        match child.try_wait().expect("ask for the state of a child") {
            Some(status) => return Some(status),
            None if Instant::now() >= deadline => return None,
            None => std::thread::sleep(pause),
        }
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

fn collect(mut stream: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // An error ends the collection; what arrived is what there is to show.
        let _ = stream.read_to_end(&mut bytes);
        bytes
    })
}

/// A process that serves in the background, in a group of its own with whatever it starts.
///
/// The group is killed when this value or the test process ends; the latter removes the directory too.
pub(crate) struct Service {
    child: Child,
    _watchdog: Watchdog,
}

impl Service {
    /// Starts the command; what it prints goes to the file `log`.
    pub(crate) fn start(command: &mut Command, directory: &Path, log: &Path) -> Self {
        let sink = File::create(log).expect("create a log file");
        let child = command
            .process_group(0) // so that what it starts ends with it
            .stdin(Stdio::null())
            .stdout(sink.try_clone().expect("a second handle of a file"))
            .stderr(sink)
            .spawn()
            .unwrap_or_else(|error| panic!("start {command:?}: {error}"));
        Self { _watchdog: Watchdog::over(&child, directory), child }
    }

    /// Its exit status, if it has ended.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("ask for the state of a child")
    }

    /// Sends a signal to its first process.
    pub(crate) fn signal(&self, signal: Signal) {
        let _ = rustix::process::kill_process(pid(&self.child), signal);
    }

    /// Asks it to end, as a service manager does; false when it has not after `patience`.
    pub(crate) fn terminate(&mut self, patience: Duration) -> bool {
        self.signal(Signal::TERM);
        wait_at_most(&mut self.child, patience).is_some()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Once its leader was waited for, the number of the group may belong to somebody else.
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            let _ = rustix::process::kill_process_group(pid(&self.child), Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

/// Kills a process group and removes a directory when the test process ends before it could.
///
/// The same idea as `tests/tools/postgres-cluster`: the kernel closes our end of a pipe in any
/// case, also after SIGKILL.
pub(crate) struct Watchdog(Child);

impl Watchdog {
    /// Watches the process group that `child` leads.
    pub(crate) fn over(child: &Child, directory: &Path) -> Self {
        const SCRIPT: &str = r#"read -r _ || { kill -KILL -- "-$1"; rm -rf -- "$2"; }"#;
        let dog = Command::new("sh")
            .args(["-c", SCRIPT, "watchdog", &child.id().to_string()])
            .arg(directory)
            .process_group(0) // Ctrl-C at the terminal shall not reach it before its work is done
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(dog.expect("start sh as a watchdog"))
    }
}

impl Drop for Watchdog {
    /// The watched process has ended in order: a line instead of the end of input sends the dog home.
    fn drop(&mut self) {
        if let Some(mut stdin) = self.0.stdin.take() {
            let _ = stdin.write_all(b"done\n");
        }
        let _ = self.0.wait();
    }
}
