//! The binary as an operator runs it.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use super::app::SECRET;

/// A running `task-api serve`; killed when dropped.
pub struct Process {
    pub base: String,
    pub child: Child,
    lines: mpsc::Receiver<String>,
}

/// The usual settings of a service on the database at `url`, with `more` over them.
pub fn variables<'a>(url: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut variables = vec![
        ("DATABASE_URL", url),
        ("APP_SERVER__PORT", "0"),
        ("APP_AUTH__BCRYPT_COST", "4"),
        ("APP_AUTH__JWT_SECRETS", SECRET),
    ];
    variables.extend(more);
    variables
}

/// The binary, in `folder`, with `variables` and nothing else of this environment's settings.
pub fn command(folder: &Path, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_task-api"));
    command.current_dir(folder).env_clear();
    command.envs(variables.iter().copied());
    command
}

/// Runs the binary to its end.
pub fn output(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = command(folder, variables);
    command.args(arguments).output().expect("the binary runs")
}

impl Process {
    /// Starts the service and waits until it says where it listens.
    pub fn start(folder: &Path, variables: &[(&str, &str)]) -> Self {
        let mut process = Self::spawn(command(folder, variables));
        process.wait_until_it_listens();
        process
    }

    /// Starts `command`, which runs the service.
    pub fn spawn(mut command: Command) -> Self {
        command.stderr(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().expect("the binary starts");
        let stderr = child.stderr.take().expect("a piped stderr");
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            let lines = BufReader::new(stderr).lines();
            lines.map_while(Result::ok).try_for_each(|l| sender.send(l))
        });
        Self {
            base: String::new(),
            child,
            lines,
        }
    }

    pub fn wait_until_it_listens(&mut self) {
        let line = self.wait_for("documentation at ");
        let (_, rest) = line.split_once(" at ").expect("an address");
        self.base = rest.split(',').next().unwrap().to_owned();
    }

    /// What is left of the log once the service is gone.
    pub fn rest_of_log(mut self) -> String {
        self.kill();
        self.lines.iter().collect::<Vec<_>>().join("\n")
    }

    /// The next line of the log that contains `text`.
    pub fn wait_for(&self, text: &str) -> String {
        let mut seen = String::new();
        loop {
            match self.lines.recv_timeout(Duration::from_secs(30)) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => seen += &(line + "\n"),
                Err(_) => panic!("no line with {text:?} in the log:\n{seen}"),
            }
        }
    }

    /// Sends the signal of this name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.expect("kill").success(), "kill -s {name}");
    }

    /// Waits for its end, and returns its exit status.
    pub fn wait(&mut self) -> Option<i32> {
        self.child.wait().expect("wait").code()
    }

    /// SIGKILL: no chance to clean up.
    pub fn kill(&mut self) {
        self.child.kill().expect("kill");
        self.child.wait().expect("wait");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already gone where the test killed it.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
