//! Two processes on one PostgreSQL, asked for the same at once: what counts once, counts once for both.

use std::sync::Arc;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use crate::{
    cases,
    support::{
        answer::Answer,
        app::SECRET,
        client::{Client, PASSWORD},
        database::TestDatabase,
        process::Process,
        runner::{Engine, FromEngine},
    },
};

cases![
    on Postgres;
    a_key_at_both_counts_once,
    a_key_outlives_its_replica,
    of_equal_conditions_at_both_one_holds,
    a_refresh_token_at_both_gives_one_pair,
    failures_at_both_count_together,
    failures_outlive_their_replica,
    an_address_is_taken_once,
];

const ANN: &str = "ann@example.com";
const WRONG: &str = "not the password";

struct Replicas {
    replicas: [Process; 2],
    database: Arc<TestDatabase>,
    folder: TempDir,
}

impl FromEngine for Replicas {
    async fn from_engine(engine: Engine) -> Self {
        let database = Arc::new(TestDatabase::create(engine));
        let folder = tempdir().unwrap();
        let replicas = [(); 2].map(|()| start(&database, &folder));
        Self {
            replicas,
            database,
            folder,
        }
    }
}

/// Room for everyone who waits, on a slow machine too.
fn start(database: &TestDatabase, folder: &TempDir) -> Process {
    let variables = [
        ("DATABASE_URL", &*database.url()),
        ("APP_SERVER__PORT", "0"),
        ("APP_DATABASE__TIMEOUT_MS", "30000"),
        ("APP_AUTH__BCRYPT_COST", "4"),
        ("APP_AUTH__FAILURES_PER_ACCOUNT", "6"),
        ("APP_AUTH__JWT_SECRETS", SECRET),
    ];
    Process::start(folder.path(), &variables)
}

impl Replicas {
    /// A new user, logged in, at either replica.
    async fn ann(&self) -> [Client; 2] {
        let here = Client::new(&self.replicas[0].base);
        let ann = here.register_and_log_in("ann").await;
        [ann.clone(), ann.at(&self.replicas[1].base)]
    }

    /// Kills the second replica, without a chance to tell anybody, and starts another one.
    fn replace(&mut self) {
        self.replicas[1].kill();
        self.replicas[1] = start(&self.database, &self.folder);
    }
}

/// Sends the same request with one key so many times at once, to both in turn.
async fn crowd(
    ann: &[Client; 2],
    method: Method,
    path: &str,
    key: &str,
    body: &Value,
) -> Vec<Answer> {
    let headers = [("idempotency-key", key)];
    let sent = (0..6).map(|n| ann[n % 2].call(method.clone(), path, &headers, Some(body)));
    join_all(sent).await
}

/// One answer of `status` is the first, the others are the same again, or came too early for that.
fn assert_one_counts(answers: &[Answer], status: u16) -> Value {
    let (done, early): (Vec<_>, Vec<_>) = answers.iter().partition(|a| a.status == status);
    for answer in early {
        assert_eq!(answer.status, 409, "{answer:?}");
        assert_eq!(answer.json()["code"], "request_in_progress");
    }
    let first = done
        .iter()
        .filter(|answer| answer.header("idempotency-replayed").is_none());
    assert_eq!(first.count(), 1, "{answers:?}");
    for answer in &done {
        assert_eq!(answer.body, done[0].body);
    }
    done[0].json()
}

async fn a_key_at_both_counts_once(replicas: Replicas) {
    let ann = replicas.ann().await;
    for round in 0..20 {
        let key = format!("create {round}").replace(' ', "-");
        let body = json!({ "title": key, "labels": ["a"] });
        let answers = crowd(&ann, Method::POST, "/tasks", &key, &body).await;
        let task = assert_one_counts(&answers, 201);
        let path = format!("/tasks/{}", task["id"]);
        let key = format!("patch-{round}");
        let change = json!({ "status": "done" });
        let answers = crowd(&ann, Method::PATCH, &path, &key, &change).await;
        assert_eq!(assert_one_counts(&answers, 200)["version"], 2);
        for client in &ann {
            assert_eq!(client.get(&path).await.expect(200).json()["version"], 2);
        }
    }
    assert_eq!(ann[1].all("/tasks").await.len(), 20);
    assert_eq!(replicas.database.count("FROM tasks"), 20);
}

async fn a_key_outlives_its_replica(mut replicas: Replicas) {
    let [here, there] = replicas.ann().await;
    let body = json!({ "title": "T" });
    let headers = [("idempotency-key", "k")];
    let create = async |client: &Client| {
        let answer = client
            .call(Method::POST, "/tasks", &headers, Some(&body))
            .await;
        answer.expect(201)
    };
    let first = create(&there).await;
    assert_eq!(first.header("idempotency-replayed"), None);
    replicas.replace();
    for client in [&here, &there.at(&replicas.replicas[1].base)] {
        let again = create(client).await;
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(again.body, first.body);
    }
}

async fn of_equal_conditions_at_both_one_holds(replicas: Replicas) {
    let ann = replicas.ann().await;
    let path = format!("/tasks/{}", ann[0].task("T").await["id"]);
    for version in 1..=20 {
        let tag = format!("\"{version}\"");
        let sent = (0..6).map(async |n| {
            let body = json!({ "title": format!("{version}-{n}") });
            let headers = [("if-match", &*tag)];
            ann[n % 2]
                .call(Method::PATCH, &path, &headers, Some(&body))
                .await
        });
        let answers = join_all(sent).await;
        let (held, failed): (Vec<_>, Vec<_>) = answers.into_iter().partition(|a| a.status == 200);
        assert_eq!(held.len(), 1);
        assert_eq!(held[0].json()["version"], version + 1);
        for answer in failed {
            answer.problem(412, "version_mismatch");
        }
    }
}

async fn a_refresh_token_at_both_gives_one_pair(replicas: Replicas) {
    let mut ann = replicas.ann().await;
    for _ in 0..10 {
        let answers = join_all((0..6).map(|n| ann[n % 2].refresh())).await;
        let child = |answer: &Answer| answer.json()["refresh_token"].clone();
        let first = child(&answers[0]);
        for answer in answers {
            assert_eq!(child(&answer.expect(200)), first);
        }
        ann = [ann[0].refreshed().await, ann[1].refreshed().await];
        assert_eq!(ann[0].refresh_token, ann[1].refresh_token);
    }
    assert_eq!(ann[1].all("/auth/sessions").await.len(), 1);
}

async fn failures_at_both_count_together(replicas: Replicas) {
    let ann = replicas.ann().await;
    for n in 0..6 {
        let answer = ann[n % 2].try_log_in(ANN, WRONG).await;
        answer.problem(401, "invalid_credentials");
    }
    for client in &ann {
        let refused = client.try_log_in(ANN, PASSWORD).await;
        assert!(refused.header("retry-after").is_some());
        refused.problem(429, "too_many_requests");
        client.get("/auth/me").await.expect(200);
    }
}

async fn failures_outlive_their_replica(mut replicas: Replicas) {
    let [here, there] = replicas.ann().await;
    for _ in 0..6 {
        there.try_log_in(ANN, WRONG).await.expect(401);
    }
    replicas.replace();
    for client in [&here, &there.at(&replicas.replicas[1].base)] {
        let refused = client.try_log_in(ANN, PASSWORD).await;
        refused.problem(429, "too_many_requests");
    }
}

async fn an_address_is_taken_once(replicas: Replicas) {
    let strangers = replicas
        .replicas
        .each_ref()
        .map(|replica| Client::new(&replica.base));
    for round in 0..5 {
        let account = json!({ "email": format!("eve{round}@example.com"), "password": PASSWORD });
        let sent = (0..6).map(|n| strangers[n % 2].post("/auth/register", &account));
        let answers = join_all(sent).await;
        let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|a| a.status == 201);
        assert_eq!(made.len(), 1);
        for answer in refused {
            answer.problem(400, "email_taken");
        }
    }
    assert_eq!(replicas.database.count("FROM users"), 5);
}
