//! What is about all of an account with 100,000 tasks: no other user's write is refused meanwhile, and the caller
//! gets an answer that is true.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use futures_util::future::join;
use reqwest::Method;
use serde_json::json;
use tokio::time::sleep;

use crate::{
    cases,
    support::{
        answer::Answer,
        app::TestApp,
        client::{Client, PASSWORD},
        runner::{Engine, FromEngine},
    },
};

cases![
    a_large_account_is_deleted,
    a_label_of_many_tasks_is_renamed_and_removed,
    a_large_trash_is_emptied,
    a_large_project_goes_and_comes_back,
    a_deletion_goes_on_where_the_caller_hangs_up,
    a_deletion_that_was_interrupted_is_finished,
    what_is_sent_again_is_answered_again,
];

const TASKS: i64 = 100_000;
const MILK: &str = "FROM tasks WHERE title = 'Milk'";

/// A service with the default time-out of the database, which works in the background all the time.
struct Busy(TestApp);

impl FromEngine for Busy {
    async fn from_engine(engine: Engine) -> Self {
        Self(TestApp::start(
            engine,
            &[
                ("APP_DATABASE__TIMEOUT_MS", "3000"),
                ("APP_TASKS__PURGE_SECONDS", "1"),
            ],
        ))
    }
}

impl Busy {
    /// Gives the user so many tasks, outside the trash or in it.
    fn fill(&self, owner: &Client, tasks: i64, place: Place, label: &str) {
        let email = owner.claims()["sub"].as_str().unwrap().to_owned();
        let series = match self.0.engine {
            Engine::Postgres => format!("generate_series(1, {tasks})"),
            Engine::Sqlite => format!(
                "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {tasks})
                  SELECT n FROM s)"
            ),
        };
        let deleted_at = match place {
            Place::Live => "CASE WHEN false THEN u.created_at END",
            Place::Trash => "u.created_at",
        };
        self.0.database.execute(&format!(
            "INSERT INTO tasks (user_id, title, created_at, updated_at, labels, title_key, words, deleted_at)
             SELECT u.id, 'Milk', u.created_at, u.created_at, '{label}', 'milk', ':milk .milk', {deleted_at}
             FROM users u, {series} AS s WHERE u.email = '{email}'"
        ));
    }

    fn count(&self, from: &str) -> i64 {
        self.0.database.count(from)
    }

    /// Waits until no row is left of `FROM …`.
    async fn gone(&self, from: &str) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.count(from) > 0 {
            assert!(Instant::now() < deadline, "{from}");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Where tasks are.
enum Place {
    Live,
    Trash,
}

/// Runs `work` while another user makes more than 10 tasks, none of which may be refused.
async fn beside_others<T>(other: &Client, work: impl Future<Output = T>) -> T {
    beside_writes(other, 10, work).await
}

/// As [`beside_others`], with more than `least` tasks.
async fn beside_writes<T>(other: &Client, least: i64, work: impl Future<Output = T>) -> T {
    let over = AtomicBool::new(false);
    let writes = async {
        let mut written = 0;
        while !over.load(Ordering::Relaxed) {
            other
                .post("/tasks", &json!({ "title": "Bread" }))
                .await
                .expect(201);
            written += 1;
            sleep(Duration::from_millis(5)).await;
        }
        written
    };
    let work = async {
        let done = work.await;
        over.store(true, Ordering::Relaxed);
        done
    };
    let (done, written) = join(work, writes).await;
    assert!(written > least, "it was long enough: {written}");
    done
}

async fn delete_account(client: &Client) -> Answer {
    let body = json!({ "current_password": PASSWORD });
    client
        .call(Method::DELETE, "/auth/me", &[], Some(&body))
        .await
}

async fn a_large_account_is_deleted(app: Busy) {
    let (ann, bob) = (app.0.user("ann").await, app.0.user("bob").await);
    app.fill(&ann, TASKS, Place::Live, "home");
    beside_others(&bob, delete_account(&ann)).await.expect(204);
    ann.is_out().await;
    assert_eq!(app.count(MILK), 0);
    assert_eq!(app.count("FROM users"), 1);
    let events = "FROM security_events e
        WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.id = e.user_id)";
    assert_eq!(app.count(events), 1, "that of the deletion");
    app.0.user("ann").await;
}

async fn a_label_of_many_tasks_is_renamed_and_removed(app: Busy) {
    let (ann, bob) = (app.0.user("ann").await, app.0.user("bob").await);
    app.fill(&ann, TASKS, Place::Live, "a,home");
    let new = json!({ "name": "house" });
    let renamed = beside_others(&bob, ann.patch("/labels/home", &new)).await;
    assert_eq!(
        renamed.expect(200).json(),
        json!({ "name": "house", "tasks": TASKS })
    );
    assert_eq!(
        app.count("FROM tasks WHERE labels = 'a,house' AND version = 2"),
        TASKS
    );
    beside_others(&bob, ann.delete("/labels/house"))
        .await
        .expect(204);
    assert_eq!(
        app.count("FROM tasks WHERE labels = 'a' AND version = 3"),
        TASKS
    );
    ann.delete("/labels/house").await.problem(404, "not_found");
}

async fn a_large_trash_is_emptied(app: Busy) {
    let (ann, bob) = (app.0.user("ann").await, app.0.user("bob").await);
    app.fill(&ann, TASKS, Place::Trash, "");
    app.fill(&bob, 10, Place::Trash, "");
    let live = ann.task("Milk").await;
    beside_others(&bob, ann.delete("/trash")).await.expect(204);
    assert_eq!(app.count(MILK), 11);
    ann.get(&format!("/tasks/{}", live["id"])).await.expect(200);
    assert_eq!(ann.all("/trash").await.len(), 0);
}

/// All at once: no other may wait for longer than the time-out of the database.
async fn a_large_project_goes_and_comes_back(app: Busy) {
    let (ann, bob) = (app.0.user("ann").await, app.0.user("bob").await);
    let project = ann.project("House").await;
    app.fill(&ann, 10_000, Place::Live, "home");
    let all = format!("UPDATE tasks SET project_id = {}", project["id"]);
    app.0.database.execute(&all);
    let path = format!("/projects/{}", project["id"]);
    let restore = format!("/trash{path}/restore");
    let there_and_back = async {
        for _ in 0..3 {
            ann.delete(&path).await.expect(204);
            assert_eq!(app.count("FROM tasks WHERE deletion IS NOT NULL"), 10_000);
            ann.call(Method::POST, &restore, &[], None)
                .await
                .expect(200);
        }
        ann.delete(&format!("{path}?tasks=keep")).await.expect(204);
    };
    beside_writes(&bob, 3, there_and_back).await;
    let stayed = "FROM tasks WHERE title = 'Milk' AND version = 8 AND project_id IS NULL";
    assert_eq!(app.count(stayed), 10_000);
}

async fn a_deletion_goes_on_where_the_caller_hangs_up(app: Busy) {
    let ann = app.0.user("ann").await;
    app.fill(&ann, 20_000, Place::Live, "");
    let body = json!({ "current_password": PASSWORD });
    let request = ann.request(Method::DELETE, "/auth/me").json(&body);
    let hung_up = request.timeout(Duration::from_millis(100)).send().await;
    assert!(hung_up.is_err(), "it was too short");
    app.gone("FROM users").await;
    assert_eq!(app.count(MILK), 0);
}

async fn a_deletion_that_was_interrupted_is_finished(app: Busy) {
    let (ann, bob) = (app.0.user("ann").await, app.0.user("bob").await);
    app.fill(&ann, 5_000, Place::Live, "");
    app.fill(&bob, 10, Place::Live, "");
    app.0
        .database
        .execute("UPDATE users SET deleted_at = created_at WHERE email = 'ann@example.com'");
    ann.is_out_within_a_second().await;
    let refused = ann.try_log_in("ann@example.com", PASSWORD).await;
    refused.problem(401, "invalid_credentials");
    app.gone("FROM users WHERE email = 'ann@example.com'").await;
    assert_eq!(app.count(MILK), 10);
}

async fn what_is_sent_again_is_answered_again(app: Busy) {
    let ann = app.0.user("ann").await;
    let rename = async || {
        let key = [("Idempotency-Key", "k")];
        let body = json!({ "name": "house" });
        ann.call(Method::PATCH, "/labels/home", &key, Some(&body))
            .await
    };
    app.fill(&ann, 1_200, Place::Live, "home");
    let first = rename().await.expect(200).json();
    assert_eq!(first, json!({ "name": "house", "tasks": 1_200 }));
    // Others of the old name, and more than one step takes, are none of that request's.
    app.fill(&ann, 1_200, Place::Live, "home");
    assert_eq!(rename().await.expect(200).json(), first);
    assert_eq!(app.count("FROM tasks WHERE labels = 'home'"), 1_200);
}
