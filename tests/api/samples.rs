//! The code samples of the page run as they stand, but for the address, the token and the ids. Every operation of the
//! document has them.

use std::{
    collections::BTreeSet,
    io::Write,
    process::{Command, Stdio},
};

use crate::{
    cases,
    support::{
        app::TestApp,
        client::{Client, PASSWORD},
        documented::operations,
    },
};

cases![
    on Sqlite unless missing;
    samples_for_the_shell_run,
    samples_in_javascript_run,
    samples_in_python_run,
];

/// As the example of a change of password has it.
const NEW_PASSWORD: &str = "a better password than before";

fn missing() -> Option<&'static str> {
    let runs = |command: &str, arguments: &[&str]| {
        let output = Command::new(command).args(arguments).output();
        output.is_ok_and(|output| output.status.success())
    };
    // `--json` came with curl 7.82, `fetch` with node 18.
    let all = runs("curl", &["--json", "{}", "--version"])
        && runs(
            "node",
            &["-e", "process.exit(typeof fetch === 'function' ? 0 : 1)"],
        )
        && runs("python3", &["-c", "import requests"]);
    (!all).then_some("the code samples: curl 7.82, node 18 or python3 with requests is not there")
}

/// How samples of a language run, one after the other, each of which has to succeed.
struct Language {
    name: &'static str,
    command: &'static [&'static str],
    /// What comes before them; `{token}` is the access token.
    before: &'static str,
    /// Around each.
    around: [&'static str; 2],
}

const SHELL: Language = Language {
    name: "Shell",
    command: &["sh", "-e"],
    before: "TOKEN={token}\ncurl() { command curl -sS --fail-with-body \"$@\"; }\n",
    around: ["", "\n"],
};

const JAVASCRIPT: Language = Language {
    name: "JavaScript",
    command: &["node", "--input-type=module"],
    before: "const TOKEN = '{token}', sent = fetch;
        globalThis.fetch = async (...request) => {
            const response = await sent(...request);
            if (!response.ok) throw new Error(await response.text());
            return response;
        };\n",
    around: ["{", "}\n"],
};

const PYTHON: Language = Language {
    name: "Python",
    command: &["python3", "-"],
    before: "
import requests
TOKEN, sent = '{token}', requests.api.request
def checked(*request, **more):
    response = sent(*request, **more)
    assert response.ok, response.text
    return response
requests.api.request = checked\n",
    around: ["", "\n"],
};

async fn samples_for_the_shell_run(app: TestApp) {
    check(&app, &SHELL).await;
}

async fn samples_in_javascript_run(app: TestApp) {
    check(&app, &JAVASCRIPT).await;
}

async fn samples_in_python_run(app: TestApp) {
    check(&app, &PYTHON).await;
}

/// An operation, and what is put in the place of its examples.
type Call<'a> = (&'a str, &'a [(&'a str, &'a str)]);

/// Runs the samples of every operation.
async fn check(app: &TestApp, language: &Language) {
    let anonymous = app.anonymous();
    let mut samples = Samples::of(app, language).await;
    let open = ["register", "login", "getLiveness", "getReadiness"];
    samples.run(&anonymous, &open.map(|name| (name, &[][..])));
    let ann = anonymous.log_in("ann@example.com", PASSWORD).await;
    let refresh_token = ann.refresh_token.clone().unwrap();
    let example = samples.example("refresh", "tmr_");
    let first: &[_] = &[("/7", "/1")];
    samples.run(
        &ann,
        &[
            ("refresh", &[(&example, &refresh_token)]),
            ("getCurrentUser", &[]),
            ("createTask", &[]),
            ("listTasks", &[]),
            ("getTask", first),
            ("updateTask", first),
            ("batchTasks", &[]),
            ("moveTask", &[("/7", "/1"), ("5}", "2}")]),
            ("createProject", &[]),
            ("createProject", &[]),
            ("listProjects", &[]),
            ("getProject", first),
            ("updateProject", first),
            ("moveProject", &[("/7", "/1"), ("5}", "2}")]),
            ("deleteProject", first),
            ("listProjectTrash", &[]),
            ("restoreProject", first),
            ("deleteProject", first),
            ("purgeProject", first),
            ("listLabels", &[]),
            ("renameLabel", &[]),
            ("deleteLabel", &[("/home", "/house")]),
            ("deleteTask", first),
            ("restoreTask", first),
            ("deleteTask", first),
            ("listTrash", &[]),
            ("purgeTask", first),
            ("emptyTrash", &[]),
            ("createToken", &[]),
            ("listTokens", &[]),
            ("revokeToken", first),
            ("listSessions", &[]),
            // That of the sample of a login.
            ("revokeSession", first),
            ("listEvents", &[]),
            ("changePassword", &[]),
            // Ends the access token.
            ("changeEmail", &[(PASSWORD, NEW_PASSWORD)]),
        ],
    );
    let ann = anonymous.log_in("ann@example.org", NEW_PASSWORD).await;
    samples.run(&ann, &[("logout", &[])]);
    let ann = anonymous.log_in("ann@example.org", NEW_PASSWORD).await;
    samples.run(&ann, &[("deleteAccount", &[(PASSWORD, NEW_PASSWORD)])]);
    assert_eq!(samples.left, BTreeSet::new(), "samples that did not run");
}

/// The samples of a language.
struct Samples<'a> {
    language: &'a Language,
    base: String,
    /// Source by the id of its operation.
    sources: Vec<(String, String)>,
    /// The operations whose samples did not run yet.
    left: BTreeSet<String>,
}

impl<'a> Samples<'a> {
    async fn of(app: &TestApp, language: &'a Language) -> Self {
        let samples = app.anonymous().get("/docs/samples.json").await;
        let samples = samples.expect(200).json();
        let ids = operations().map(|(_, operation)| {
            let id = operation["operationId"].as_str().unwrap();
            id.to_owned()
        });
        let sources: Vec<_> = ids
            .map(|id| {
                let samples = samples[&id].as_array().expect(&id).iter();
                let mut own = samples.filter(|sample| sample["lang"] == language.name);
                let source = own.next().expect(&id)["source"].as_str().unwrap();
                let source = source.to_owned();
                (id, source)
            })
            .collect();
        Self {
            language,
            base: app.base.clone(),
            left: sources.iter().map(|(id, _)| id.clone()).collect(),
            sources,
        }
    }

    fn source(&self, operation: &str) -> &str {
        let mut found = self.sources.iter().filter(|(id, _)| id == operation);
        &found.next().expect(operation).1
    }

    /// The text in an operation's sample that begins with `start`.
    fn example(&self, operation: &str, start: &str) -> String {
        let source = self.source(operation);
        let rest = &source[source.find(start).expect(start)..];
        let end = rest.find(|char: char| !char.is_alphanumeric() && char != '_');
        rest[..end.unwrap()].to_owned()
    }

    /// Runs samples with the client's access token.
    fn run(&mut self, client: &Client, calls: &[Call<'_>]) {
        let token = client.token.as_deref().unwrap_or_default();
        let mut script = self.language.before.replace("{token}", token);
        let [start, end] = self.language.around;
        for (operation, replaced) in calls {
            let source = self.source(operation);
            let source = source.replace("http://localhost:8000", &self.base);
            let source = replaced.iter().fold(source, |source, (example, own)| {
                assert!(source.contains(example), "{example} in {source}");
                source.replace(example, own)
            });
            script.push_str(&format!("{start}{source}{end}"));
            self.left.remove(*operation);
        }
        let [program, arguments @ ..] = self.language.command else {
            unreachable!("a command has a name")
        };
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect(program);
        let mut input = child.stdin.take().expect("its input");
        input.write_all(script.as_bytes()).expect("the script");
        drop(input);
        let output = child.wait_with_output().expect("its output");
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            output.status.success(),
            "{script}\n{}\n{}",
            said(&output.stdout),
            said(&output.stderr),
        );
    }
}
