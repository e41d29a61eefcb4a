//! Many clients at once.

use futures_util::future::join_all;
use serde_json::json;

use crate::{
    cases,
    support::{app::TestApp, runner::Engine},
};

cases![
    sixty_four_clients_write_at_once_without_an_error,
    of_many_patches_each_counts_once,
    deletes_and_patches_of_one_task_never_fail,
    two_services_share_one_database,
];

async fn sixty_four_clients_write_at_once_without_an_error(app: TestApp) {
    let ann = app.user("ann").await;
    let clients: Vec<_> = (0..64)
        .map(|_| app.anonymous().with_token(ann.token.as_deref().unwrap()))
        .collect();
    let work = clients.iter().enumerate().map(async |(client, ann)| {
        for number in 0..4 {
            ann.task(&format!("{client}-{number}")).await;
        }
    });
    join_all(work).await;
    let first = ann.get("/tasks?limit=200").await.expect(200);
    assert_eq!(first.json().as_array().unwrap().len(), 200);
    let link = first.header("link").unwrap().to_owned();
    let target = link.trim_start_matches('<').split('>').next().unwrap();
    let rest = ann.get(target).await.expect(200).json();
    assert_eq!(rest.as_array().unwrap().len(), 56);
}

async fn of_many_patches_each_counts_once(app: TestApp) {
    let ann = app.user("ann").await;
    let path = format!("/tasks/{}", ann.task("T").await["id"]);
    let patches = (0..40).map(|n| {
        let (ann, path) = (ann.clone(), path.clone());
        async move {
            ann.patch(&path, &json!({ "title": format!("title {n}") }))
                .await
                .expect(200)
                .json()
        }
    });
    let mut versions: Vec<i64> = join_all(patches)
        .await
        .iter()
        .map(|t| t["version"].as_i64().unwrap())
        .collect();
    versions.sort_unstable();
    let expected: Vec<i64> = (2..=41).collect();
    assert_eq!(versions, expected, "no change is lost, none counts twice");
    assert_eq!(ann.get(&path).await.json()["version"], 41);
}

async fn deletes_and_patches_of_one_task_never_fail(app: TestApp) {
    let ann = app.user("ann").await;
    let path = format!("/tasks/{}", ann.task("T").await["id"]);
    let patches = (0..10).map(|n| {
        let (ann, path) = (ann.clone(), path.clone());
        async move { ann.patch(&path, &json!({ "title": format!("{n}") })).await }
    });
    let deletes = (0..10).map(|_| {
        let (ann, path) = (ann.clone(), path.clone());
        async move { ann.delete(&path).await }
    });
    let (patched, deleted) = futures_util::join!(join_all(patches), join_all(deletes));
    let gone = deleted.iter().filter(|answer| answer.status == 204).count();
    assert_eq!(gone, 1);
    for answer in patched.iter().chain(&deleted) {
        assert!(
            [200, 204, 404].contains(&answer.status.as_u16()),
            "{answer:?}"
        );
    }
}

/// Two copies behind one PostgreSQL, or two processes' worth of connections on one SQLite file.
async fn two_services_share_one_database(engine: Engine) {
    let one = TestApp::start(engine, &[]);
    let two = one.second(&[]);
    let ann = one.user("ann").await;
    let elsewhere = two.anonymous().with_token(ann.token.as_deref().unwrap());
    let work = (0..20).map(async |n| {
        let client = if n % 2 == 0 { &ann } else { &elsewhere };
        client.task(&format!("{n}")).await
    });
    join_all(work).await;
    let seen = elsewhere.get("/tasks").await.expect(200).json();
    assert_eq!(seen, ann.get("/tasks").await.expect(200).json());
    assert_eq!(seen.as_array().unwrap().len(), 20);
}
