//! `Idempotency-Key` in a crowd, through a kill, and when the answer is old.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, future::join_all, stream::FuturesUnordered};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::{
    cases,
    support::{
        answer::Answer,
        app::{SECRET, TestApp},
        client::Client,
        database::TestDatabase,
        process::Process,
        runner::Engine,
    },
};

cases![
    of_fifty_equal_requests_at_once_one_counts,
    of_fifty_equal_requests_to_two_copies_one_counts,
    of_different_requests_with_one_key_one_counts,
    through_a_kill_each_key_counts_once,
    an_old_answer_frees_its_key,
    what_is_old_is_purged_by_either_of_two_copies,
];

/// Room for everyone who waits, on a slow machine too.
const PATIENT: &[(&str, &str)] = &[
    ("APP_DATABASE__TIMEOUT_MS", "30000"),
    ("APP_DATABASE__POOL_SIZE", "16"),
];

async fn create(client: &Client, key: &str, body: &Value) -> Answer {
    let headers = [("idempotency-key", key)];
    client
        .call(Method::POST, "/tasks", &headers, Some(body))
        .await
}

/// One is the first, and all others are the same again, or came too early for that.
fn assert_one_counts(answers: &[Answer]) {
    let mut first = 0;
    let mut bodies = Vec::new();
    for answer in answers {
        match answer.status.as_u16() {
            201 => {
                first += usize::from(answer.header("idempotency-replayed").is_none());
                bodies.push(answer.body.clone());
            }
            409 => assert_eq!(answer.json()["code"], "request_in_progress"),
            _ => panic!("{answer:?}"),
        }
    }
    bodies.dedup();
    assert_eq!((first, bodies.len()), (1, 1));
}

async fn of_fifty_equal_requests_at_once_one_counts(engine: Engine) {
    let app = TestApp::start(engine, PATIENT);
    let ann = app.user("ann").await;
    for body in [
        json!({ "title": "T" }),
        json!({ "title": "T", "external_id": "x" }),
    ] {
        let key = body.to_string();
        let answers = join_all((0..50).map(|_| create(&ann, &key, &body))).await;
        assert_one_counts(&answers);
        let again = create(&ann, &key, &body).await.expect(201);
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
    }
    assert_eq!(ann.all("/tasks").await.len(), 2);
}

async fn of_fifty_equal_requests_to_two_copies_one_counts(engine: Engine) {
    let app = TestApp::start(engine, PATIENT);
    let copy = app.second(PATIENT);
    let ann = app.user("ann").await;
    let elsewhere = copy.anonymous().with_token(ann.token.as_deref().unwrap());
    for round in 0..3 {
        let body = json!({ "title": "T", "external_id": format!("{round}") });
        let key = format!("key-{round}");
        let send = |number: usize| match number % 2 {
            0 => create(&ann, &key, &body),
            _ => create(&elsewhere, &key, &body),
        };
        let answers = join_all((0..50).map(send)).await;
        assert_one_counts(&answers);
    }
    assert_eq!(ann.all("/tasks").await.len(), 3);
}

async fn of_different_requests_with_one_key_one_counts(engine: Engine) {
    let app = TestApp::start(engine, PATIENT);
    let ann = app.user("ann").await;
    let sent = (0..20).map(async |number| {
        let body = json!({ "title": format!("{number}") });
        create(&ann, "k", &body).await
    });
    let answers = join_all(sent).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 1);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        let code = answer.json()["code"].as_str().unwrap().to_owned();
        assert!(
            ["idempotency_key_reused", "request_in_progress"].contains(&code.as_str()),
            "{answer:?}"
        );
    }
    assert_eq!(ann.all("/tasks").await.len(), 1);
}

async fn through_a_kill_each_key_counts_once(engine: Engine) {
    const KEYS: usize = 24;
    let database = TestDatabase::create(engine);
    let folder = tempdir().unwrap();
    let url = database.url();
    let variables = [
        ("DATABASE_URL", url.as_str()),
        ("APP_SERVER__PORT", "0"),
        ("APP_AUTH__BCRYPT_COST", "4"),
        ("APP_AUTH__JWT_SECRETS", SECRET),
        ("APP_DATABASE__TIMEOUT_MS", "30000"),
    ];
    let mut service = Process::start(folder.path(), &variables);
    let mut ann = Client::new(&service.base).register_and_log_in("ann").await;
    let name = |round: u32, number: usize| format!("{round}-{number}");
    let request = async |ann: &Client, round, number| {
        let body = json!({ "title": name(round, number) });
        let request = ann.request(Method::POST, "/tasks").json(&body);
        let request = request.header("idempotency-key", name(round, number));
        // An answer that breaks off is none.
        let response = request.send().await.ok()?.error_for_status().ok()?;
        response.json::<Value>().await.ok()
    };
    for round in 0..5 {
        // Where in the middle of the crowd the end comes.
        let survivors = uuid::Uuid::new_v4().as_bytes()[0] as usize % (KEYS - 4);
        let crowd = (0..KEYS).map(|number| request(&ann, round, number));
        let mut crowd: FuturesUnordered<_> = crowd.collect();
        let mut acknowledged: Vec<Value> = Vec::new();
        while acknowledged.len() < survivors {
            acknowledged.extend(crowd.next().await.flatten());
        }
        service.kill();
        acknowledged.extend(crowd.collect::<Vec<_>>().await.into_iter().flatten());
        service = Process::start(folder.path(), &variables);
        ann = Client::new(&service.base).with_token(ann.token.as_deref().unwrap());
        for number in 0..KEYS {
            let body = json!({ "title": name(round, number) });
            let key = name(round, number);
            let again = loop {
                // PostgreSQL may still be at what the dead process had begun.
                let again = create(&ann, &key, &body).await;
                if again.status != 409 {
                    break again.expect(201);
                }
                assert_eq!(again.json()["code"], "request_in_progress");
            };
            let known = acknowledged
                .iter()
                .find(|task| task["title"] == body["title"]);
            if let Some(task) = known {
                assert_eq!(again.json(), *task, "{survivors}");
                assert_eq!(again.header("idempotency-replayed"), Some("true"));
            }
        }
        let mut titles: Vec<Value> = ann.all("/tasks?limit=200&sort=id").await;
        titles.retain(|task| {
            task["title"]
                .as_str()
                .unwrap()
                .starts_with(&format!("{round}-"))
        });
        let mut titles: Vec<&str> = titles
            .iter()
            .map(|t| t["title"].as_str().unwrap())
            .collect();
        assert_eq!(titles.len(), KEYS, "survivors: {survivors}");
        titles.sort_unstable();
        titles.dedup();
        assert_eq!(titles.len(), KEYS, "survivors: {survivors}");
    }
}

/// SQL behind the service's back, which waits for its turn.
fn execute(database: &TestDatabase, engine: Engine, sql: &str) {
    let patience = match engine {
        Engine::Sqlite => "PRAGMA busy_timeout = 10000;",
        Engine::Postgres => "",
    };
    database.execute(&format!("{patience}{sql}"));
}

async fn an_old_answer_frees_its_key(app: TestApp) {
    let ann = app.user("ann").await;
    let body = json!({ "title": "T" });
    let first = create(&ann, "k", &body).await.expect(201);
    let now = chrono::Utc::now();
    let age = |hours: i64, minutes: i64| {
        let then = now - chrono::TimeDelta::minutes(hours * 60 - minutes);
        let sql = format!(
            "UPDATE idempotency_keys SET created_at = '{}'",
            then.format("%Y-%m-%d %H:%M:%S%.6f")
        );
        execute(&app.database, app.engine, &sql);
    };
    age(24, 5);
    let again = create(&ann, "k", &body).await.expect(201);
    assert_eq!(again.json(), first.json());
    create(&ann, "k", &json!({ "title": "U" }))
        .await
        .problem(422, "idempotency_key_reused");
    age(24, -5);
    let anew = create(&ann, "k", &json!({ "title": "U" }))
        .await
        .expect(201);
    assert_eq!(anew.header("idempotency-replayed"), None);
    create(&ann, "k", &body)
        .await
        .problem(422, "idempotency_key_reused");
    let again = create(&ann, "k", &json!({ "title": "U" }))
        .await
        .expect(201);
    assert_eq!(again.json(), anew.json());
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    // What fails leaves the old answer where it is, and old.
    age(48, 0);
    let path = "/tasks/999999";
    let headers = [("idempotency-key", "k")];
    ann.call(Method::DELETE, path, &headers, None)
        .await
        .problem(404, "not_found");
    create(&ann, "k", &body).await.expect(201);
    assert_eq!(ann.all("/tasks").await.len(), 3);
}

async fn what_is_old_is_purged_by_either_of_two_copies(engine: Engine) {
    let settings = [
        ("APP_TASKS__PURGE_SECONDS", "1"),
        ("APP_TASKS__IDEMPOTENCY_HOURS", "1"),
        ("APP_TASKS__TRASH_DAYS", "2"),
        ("APP_DATABASE__TIMEOUT_MS", "30000"),
    ];
    let app = TestApp::start(engine, &settings);
    let copy = app.second(&settings);
    let ann = app.user("ann").await;
    create(&ann, "young", &json!({ "title": "live" }))
        .await
        .expect(201);
    let operations: Vec<Value> = (0..6)
        .map(|n| json!({ "op": "create", "task": { "title": format!("milk {n}"), "labels": ["a"] } }))
        .collect();
    ann.post("/tasks/batch", &json!({ "operations": operations }))
        .await
        .expect(200);
    for task in ann.all("/tasks?q=milk").await {
        ann.delete(&format!("/tasks/{}", task["id"]))
            .await
            .expect(204);
    }
    let empty = match engine {
        Engine::Sqlite => "x'00'",
        Engine::Postgres => "'\\x00'::bytea",
    };
    // More than one step takes, and some of the trash.
    let sql = format!(
        "INSERT INTO idempotency_keys (user_id, key, fingerprint, status, headers, body, created_at) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200) \
         SELECT 1, 'old' || i, {empty}, 204, '[]', NULL, '2020-01-01 00:00:00' FROM n; \
         UPDATE tasks SET deleted_at = '2020-01-01 00:00:00' \
         WHERE title IN ('milk 0', 'milk 2', 'milk 4')"
    );
    execute(&app.database, engine, &sql);
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let keys = app.database.count("FROM idempotency_keys");
        let trash = ann.all("/trash").await;
        if keys == 1 && trash.len() == 3 {
            break;
        }
        assert!(keys >= 1 && trash.len() >= 3, "what is young stays");
        assert!(
            Instant::now() < deadline,
            "{keys} keys, {} tasks",
            trash.len()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let trash = ann.all("/trash").await;
    let mut titles: Vec<&str> = trash.iter().map(|t| t["title"].as_str().unwrap()).collect();
    titles.sort_unstable();
    assert_eq!(titles, ["milk 1", "milk 3", "milk 5"]);
    let again = create(&ann, "young", &json!({ "title": "live" }))
        .await
        .expect(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let elsewhere = copy.anonymous().with_token(ann.token.as_deref().unwrap());
    assert_eq!(elsewhere.all("/tasks").await.len(), 1);
}
