//! More logins than there are cores.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use task_api::hash_pool::Permit;
use tokio::time::timeout;

use crate::{
    cases,
    support::{answer::Answer, app::TestApp, client::PASSWORD, raw::break_off, runner::Engine},
};

cases![
    of_many_logins_the_surplus_is_refused_and_tasks_go_on,
    whoever_finds_no_place_is_refused_at_once,
    a_caller_that_hangs_up_gives_its_place_up,
    what_was_hashed_is_counted_for_who_hangs_up_too,
];

const SETTINGS: [(&str, &str); 2] = [
    ("APP_AUTH__HASH_QUEUE", "1"),
    ("APP_AUTH__BCRYPT_COST", "10"),
];

/// Longer than an answer takes, shorter than anyone wants to wait for a test.
const A_WHILE: Duration = Duration::from_secs(10);

fn surplus(answer: Answer) {
    assert_eq!(answer.header("retry-after"), Some("1"));
    answer.problem(503, "unavailable");
}

/// Every turn to hash a password: nobody else has one until they are dropped.
async fn all_turns(app: &TestApp) -> Vec<Permit> {
    let cores = std::thread::available_parallelism().unwrap().get();
    let turns = (0..cores).map(|_| app.state.auth.hashes.permit());
    let turns = join_all(turns).await;
    turns.into_iter().map(|turn| turn.ok().unwrap()).collect()
}

/// A login of ann's, as it goes over the wire.
fn login(password: &str) -> String {
    let form = format!("username=ann%40example.com&password={password}");
    format!(
        "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )
}

async fn of_many_logins_the_surplus_is_refused_and_tasks_go_on(engine: Engine) {
    let app = TestApp::start(engine, &SETTINGS);
    let ann = app.user("ann").await;
    let bob = app.user("bob").await;
    let logins = (0..40).map(|_| ann.try_log_in("ann@example.com", PASSWORD));
    let tasks = async {
        for _ in 0..20 {
            bob.get("/tasks").await.expect(200);
        }
    };
    let (logins, ()) = futures_util::join!(join_all(logins), tasks);
    let (right, refused): (Vec<_>, Vec<_>) = logins.into_iter().partition(|a| a.status == 200);
    assert!(!right.is_empty() && !refused.is_empty());
    refused.into_iter().for_each(surplus);
    // No wrong password was among them.
    assert_eq!(app.database.count("FROM throttles"), 0);
    ann.log_in("ann@example.com", PASSWORD).await;
}

async fn whoever_finds_no_place_is_refused_at_once(engine: Engine) {
    let app = TestApp::start(engine, &SETTINGS);
    let ann = app.user("ann").await;
    let bob = app.user("bob").await;
    let turns = all_turns(&app).await;
    let logins = (0..10).map(|_| timeout(A_WHILE / 5, ann.try_log_in("ann@example.com", PASSWORD)));
    let logins = join_all(logins).await;
    // While nobody hashes: one waits, and the others need not.
    let answered: Vec<Answer> = logins.into_iter().filter_map(Result::ok).collect();
    assert_eq!(answered.len(), 9);
    answered.into_iter().for_each(surplus);
    bob.task("T").await;
    bob.get("/tasks").await.expect(200);
    drop(turns);
    ann.log_in("ann@example.com", PASSWORD).await;
}

async fn a_caller_that_hangs_up_gives_its_place_up(engine: Engine) {
    let app = TestApp::start(engine, &SETTINGS);
    let ann = app.user("ann").await;
    let turns = all_turns(&app).await;
    for _ in 0..3 {
        // The client that takes the connection waits until it hangs up; then there is room for the next one.
        let deadline = Instant::now() + A_WHILE;
        loop {
            let login = login("correct+horse+battery+staple");
            match break_off(&app.base, &login, Duration::from_millis(500)).await {
                None => break,
                Some(refused) => assert!(refused.contains(" 503 "), "{refused}"),
            }
            assert!(Instant::now() < deadline, "the place is not given up");
        }
    }
    drop(turns);
    ann.log_in("ann@example.com", PASSWORD).await;
}

async fn what_was_hashed_is_counted_for_who_hangs_up_too(engine: Engine) {
    let app = TestApp::start(engine, &SETTINGS);
    app.user("ann").await;
    let mut patience = Duration::from_millis(20);
    // Somewhat longer each time, until it is the hash that is left alone.
    while app.database.count("FROM throttles") == 0 {
        let refused = break_off(&app.base, &login("a+wrong+one"), patience).await;
        if let Some(refused) = refused {
            // Out of places, while those that were left alone are at work; else nothing was counted.
            assert!(refused.contains(" 503 "), "{refused}");
            tokio::time::sleep(patience).await;
        }
        patience += Duration::from_millis(10);
        assert!(patience < A_WHILE, "nothing is counted");
    }
}
