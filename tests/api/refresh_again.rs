//! A refresh token that is used again: by two tabs, after a lost answer, by someone who has stolen it.

use futures_util::join;
use reqwest::Method;

use crate::{
    cases,
    refresh::is_a_pair,
    support::{
        app::TestApp,
        client::{PASSWORD, ago, send},
        runner::Engine,
    },
};

cases![
    a_used_token_gets_the_same_pair_again,
    a_lost_answer_can_be_fetched_again_for_ten_minutes,
    a_child_in_use_ends_that_on_every_replica,
    later_its_reuse_ends_the_family,
];

/// Lets the first use of every used token be so long ago.
fn used_ago(app: &TestApp, seconds: i64) {
    let used = ago(seconds);
    app.database.execute(&format!(
        "UPDATE refresh_tokens SET used_at = {used} WHERE used_at IS NOT NULL"
    ));
}

async fn a_used_token_gets_the_same_pair_again(app: TestApp) {
    let ann = app.user("ann").await;
    let first = ann.refresh().await.expect(200);
    assert_eq!(ann.refresh().await.expect(200).body, first.body);
    let child = ann.with_pair(&first);
    let second = child.refresh().await.expect(200);
    let grandchild = child.with_pair(&second);
    grandchild.refreshed().await.is_in().await;
    // Also now that its child was used, and the child's own.
    assert_eq!(ann.refresh().await.expect(200).body, first.body);
    assert_eq!(child.refresh().await.expect(200).body, second.body);
    used_ago(&app, 3);
    let later = ann.refreshed().await;
    assert_eq!(later.refresh_token, child.refresh_token);
    later.get("/tasks").await.expect(200);
    assert_eq!(ann.all("/auth/sessions").await.len(), 1);
}

async fn a_lost_answer_can_be_fetched_again_for_ten_minutes(app: TestApp) {
    let ann = app.user("ann").await;
    let lost = ann.refresh().await.expect(200);
    used_ago(&app, 580);
    let again = ann.refresh().await.expect(200);
    is_a_pair(&again);
    let (lost, ann) = (ann.with_pair(&lost), ann.with_pair(&again));
    assert_eq!(ann.refresh_token, lost.refresh_token);
    ann.get("/tasks").await.expect(200);
    assert_eq!(ann.all("/auth/sessions").await.len(), 1);
    let next = ann.refreshed().await;
    next.is_in().await;
    let events = next.all("/auth/events").await;
    assert!(events.iter().all(|e| e["type"] == "login_succeeded"));
}

/// Of a parent that comes again and its child's first use, both at once, one is first: either all is well, or the
/// reuse is seen and nothing works.
async fn a_child_in_use_ends_that_on_every_replica(engine: Engine) {
    let app = TestApp::start(engine, &[]);
    let replica = app.second(&[]);
    app.user("ann").await;
    for round in 0..12 {
        let parent = app.anonymous().log_in("ann@example.com", PASSWORD).await;
        let child = parent.refreshed().await;
        used_ago(&app, 60);
        let elsewhere = parent.at(&replica.base);
        let (again, next) = match round % 2 {
            0 => join!(elsewhere.refresh(), child.refresh()),
            _ => {
                let (next, again) = join!(child.refresh(), elsewhere.refresh());
                (again, next)
            }
        };
        match (again.status.as_u16(), next.status.as_u16()) {
            (200, 200) => {
                assert_eq!(parent.with_pair(&again).refresh_token, child.refresh_token);
                child.with_pair(&next).is_in().await;
            }
            (401, 200) => child.with_pair(&next).is_out_within_a_second().await,
            other => panic!("{other:?}"),
        }
        // By now the child was used.
        parent.refresh().await.problem(401, "invalid_token");
        child.refresh().await.problem(401, "invalid_token");
    }
}

async fn later_its_reuse_ends_the_family(app: TestApp) {
    let replica = app.second(&[]);
    let ann = app.user("ann").await;
    let other = app.anonymous().log_in("ann@example.com", PASSWORD).await;
    let bob = app.user("bob").await;
    let child = ann.refreshed().await;
    let newest = child.refreshed().await;
    let elsewhere = newest.at(&replica.base);
    elsewhere.get("/tasks").await.expect(200);
    let session = ann.session().await;
    used_ago(&app, 11);
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", ann.refresh_token.as_deref().unwrap()),
    ];
    let request = app.anonymous().request(Method::POST, "/auth/refresh");
    let request = request.form(&form).header("x-request-id", "reuse");
    send(request).await.problem(401, "invalid_token");
    for client in [&newest, &child, &ann] {
        client.is_out().await;
    }
    elsewhere.is_out_within_a_second().await;
    elsewhere.refresh().await.problem(401, "invalid_token");
    let sessions = other.all("/auth/sessions").await;
    assert!(sessions.iter().all(|found| found["id"] != session));
    assert_eq!(sessions.len(), 1);
    let events = other.all("/auth/events").await;
    let reused = events.iter().filter(|e| e["type"] == "refresh_reused");
    let reused: Vec<_> = reused.collect();
    assert_eq!(reused.len(), 1, "what comes after is no reuse: {events:?}");
    assert_eq!(reused[0]["request_id"], "reuse");
    assert_eq!(reused[0]["ip"], "127.0.0.1");
    other.is_in().await;
    bob.is_in().await;
}
