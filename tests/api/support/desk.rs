//! An operator's desk: a running service, and the commands on its database.

use std::{
    io::Write,
    path::Path,
    process::{Output, Stdio},
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use super::{
    app::{SECRET, TestApp},
    client::PASSWORD,
    process,
    runner::Engine,
};

/// Whose account the commands are about.
pub const ANN: &str = "ann@example.com";
/// Another password than [`PASSWORD`].
pub const OTHER: &str = "another battery staple";

/// The running service, and where commands are run.
pub struct Desk {
    pub app: TestApp,
    pub folder: TempDir,
    http: reqwest::Client,
}

/// Access and refresh token.
pub struct Session {
    access: String,
    refresh: String,
}

impl Desk {
    pub fn new(engine: Engine) -> Self {
        Self {
            app: TestApp::start(engine, &[]),
            folder: tempdir().unwrap(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    pub fn run(&self, arguments: &[&str], input: &str) -> Output {
        let url = self.app.database.url();
        run(self.folder.path(), &url, arguments, input)
    }

    /// The output of a command that succeeds.
    #[track_caller]
    pub fn done(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input);
        assert!(output.status.success(), "{output:?}");
        assert!(output.stderr.is_empty(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command that fails says.
    #[track_caller]
    pub fn refused(&self, arguments: &[&str], input: &str) -> String {
        refusal(&self.run(arguments, input), 1)
    }

    pub async fn try_log_in(&self, password: &str) -> Result<Session, StatusCode> {
        let form = [("username", ANN), ("password", password)];
        self.grant("/auth/login", &form).await
    }

    pub async fn log_in(&self, password: &str) -> Session {
        self.try_log_in(password).await.expect("a login")
    }

    async fn try_refresh(&self, session: &Session) -> Result<Session, StatusCode> {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", session.refresh.as_str()),
        ];
        self.grant("/auth/refresh", &form).await
    }

    async fn grant(&self, path: &str, form: &[(&str, &str)]) -> Result<Session, StatusCode> {
        let request = self.http.post(format!("{}{path}", self.app.base));
        let answer = request.form(form).send().await.unwrap();
        match answer.status() {
            StatusCode::OK => {
                let body: Value = answer.json().await.unwrap();
                let text = |name: &str| body[name].as_str().unwrap().to_owned();
                Ok(Session {
                    access: text("access_token"),
                    refresh: text("refresh_token"),
                })
            }
            other => Err(other),
        }
    }

    pub async fn status(&self, session: &Session) -> StatusCode {
        self.me(&session.access).await
    }

    pub async fn me(&self, token: &str) -> StatusCode {
        let request = self.http.get(format!("{}/auth/me", self.app.base));
        let answer = request.bearer_auth(token).send().await;
        answer.unwrap().status()
    }

    /// A personal access token.
    pub async fn personal_token(&self, session: &Session) -> String {
        let tomorrow = chrono::Utc::now() + chrono::TimeDelta::days(1);
        let body =
            json!({ "name": "T", "scopes": ["tasks:read"], "expires_at": tomorrow.to_rfc3339() });
        let request = self.http.post(format!("{}/auth/tokens", self.app.base));
        let request = request.bearer_auth(&session.access).json(&body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        let body: Value = answer.json().await.unwrap();
        body["token"].as_str().unwrap().to_owned()
    }

    /// The access token ends within a second, in spite of what the service remembers, and the refresh
    /// token with it.
    pub async fn ends(&self, session: &Session) {
        let deadline = Instant::now() + Duration::from_secs(1);
        let mut asked = Instant::now();
        while self.status(session).await != StatusCode::UNAUTHORIZED {
            assert!(asked < deadline, "the token is still good");
            tokio::time::sleep(Duration::from_millis(20)).await;
            asked = Instant::now();
        }
        assert_eq!(
            self.try_refresh(session).await.err(),
            Some(StatusCode::UNAUTHORIZED)
        );
    }
}

/// `task-api user …` on the database at `url`, with `input` on its standard input.
pub fn run(folder: &Path, url: &str, arguments: &[&str], input: &str) -> Output {
    let variables = [
        ("DATABASE_URL", url),
        ("APP_AUTH__BCRYPT_COST", "4"),
        ("APP_AUTH__JWT_SECRETS", SECRET),
    ];
    let mut command = process::command(folder, &variables);
    command.arg("user").args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    // A command that refuses before it reads has closed the pipe.
    child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    child.wait_with_output().unwrap()
}

/// The one line that a failure prints, with no secret in it.
#[track_caller]
pub fn refusal(output: &Output, status: i32) -> String {
    assert_eq!(output.status.code(), Some(status), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    for secret in [PASSWORD, OTHER, SECRET] {
        assert!(!said.contains(secret), "{said}");
    }
    let line = said.strip_prefix("task-api: ").expect(&said);
    assert_eq!(line.lines().count(), 1, "{said}");
    line.trim_end().to_owned()
}
