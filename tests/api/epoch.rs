//! The epoch of the database in the entity tags of tasks: what is restored has other tags than what was lost.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::{
    cases,
    support::{answer::Answer, client::Client, operator::Operator},
};

cases![
    no_write_with_a_tag_of_before_gets_through,
    what_is_read_has_the_new_tag_within_a_second,
    a_replayed_answer_keeps_its_tag,
    an_epoch_is_renewed_in_a_migrated_database_alone,
];

async fn with(client: &Client, method: Method, path: &str, header: (&str, &str)) -> Answer {
    let body = (method == Method::PATCH).then(|| json!({ "title": "U" }));
    client.call(method, path, &[header], body.as_ref()).await
}

/// A task outside the trash and one in it, by their paths, each with its tag.
async fn two(ann: &Client) -> [(String, String); 2] {
    let live = ann.post("/tasks", &json!({ "title": "T" })).await;
    let live_path = live
        .clone()
        .expect(201)
        .header("location")
        .unwrap()
        .to_owned();
    let id = ann.task("T").await["id"].clone();
    ann.delete(&format!("/tasks/{id}")).await.expect(204);
    let epoch = live.tag_of(1).trim_start_matches("\"1");
    [
        (live_path, live.tag_of(1).to_owned()),
        (format!("/trash/{id}"), format!("\"2{epoch}")),
    ]
}

async fn no_write_with_a_tag_of_before_gets_through(operator: Operator) {
    let service = operator.start();
    let ann = Client::new(&service.base).register_and_log_in("ann").await;
    let [(live, tag), (trashed, trashed_tag)] = two(&ann).await;
    let restore = format!("{trashed}/restore");
    let task = ann.get(&live).await.json();
    let said = operator.done(&["renew-epoch"]);
    let (epoch, _) = said
        .strip_prefix("the epoch is ")
        .unwrap()
        .split_once(':')
        .unwrap();
    // At once, also where the service has yet to notice.
    for (method, path, tag) in [
        (Method::PATCH, &live, &tag),
        (Method::DELETE, &live, &tag),
        (Method::POST, &restore, &trashed_tag),
        (Method::DELETE, &trashed, &trashed_tag),
    ] {
        let answer = with(&ann, method, path, ("if-match", tag)).await;
        let problem = answer.problem(412, "version_mismatch");
        assert!(problem["current"]["id"].is_u64(), "{path}");
    }
    assert_eq!(ann.get(&live).await.json(), task);
    // The tag of now holds, and so does the version alone.
    let new = format!("\"1.{epoch}\"");
    with(&ann, Method::PATCH, &live, ("if-match", &new))
        .await
        .expect(200);
    with(&ann, Method::DELETE, &live, ("if-match", "\"2\""))
        .await
        .expect(204);
    let new = format!("\"2.{epoch}\"");
    with(&ann, Method::POST, &restore, ("if-match", &new))
        .await
        .expect(200);
    let id = task["id"].clone();
    let batch = json!({ "operations": [{ "op": "restore", "id": id }, { "op": "delete", "id": id, "if_version": 4 }] });
    ann.post("/tasks/batch", &batch).await.expect(200);
}

async fn what_is_read_has_the_new_tag_within_a_second(operator: Operator) {
    let service = operator.start();
    let ann = Client::new(&service.base).register_and_log_in("ann").await;
    let [(path, tag), _] = two(&ann).await;
    with(&ann, Method::GET, &path, ("if-none-match", &tag))
        .await
        .expect(304);
    let before = operator.done(&["renew-epoch"]);
    let said = operator.done(&["renew-epoch"]);
    assert_ne!(said, before);
    let since = Instant::now();
    loop {
        let waited = since.elapsed();
        let answer = with(&ann, Method::GET, &path, ("if-none-match", &tag)).await;
        if answer.status == 200 {
            let new = answer
                .tag_of(1)
                .trim_matches('"')
                .split('.')
                .nth(1)
                .unwrap();
            assert!(said.contains(new), "{new}: {said}");
            break;
        }
        assert!(waited < Duration::from_secs(1), "304 after {waited:?}");
    }
}

/// It is the first answer, byte for byte; its tag holds no more.
async fn a_replayed_answer_keeps_its_tag(operator: Operator) {
    let service = operator.start();
    let ann = Client::new(&service.base).register_and_log_in("ann").await;
    let keyed = || {
        let body = json!({ "title": "T" });
        let client = ann.clone();
        async move {
            client
                .call(
                    Method::POST,
                    "/tasks",
                    &[("idempotency-key", "k")],
                    Some(&body),
                )
                .await
        }
    };
    let first = keyed().await.expect(201);
    operator.done(&["renew-epoch"]);
    let again = keyed().await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.tag_of(1), first.tag_of(1));
    let path = again.header("location").unwrap();
    let stale = with(&ann, Method::DELETE, path, ("if-match", again.tag_of(1))).await;
    stale.problem(412, "version_mismatch");
}

async fn an_epoch_is_renewed_in_a_migrated_database_alone(operator: Operator) {
    let (_, said) = operator.refused(&["renew-epoch"]);
    let is_missing = said.starts_with("there is no database yet: the file ");
    assert!(
        is_missing || said.starts_with("migrations are pending: "),
        "{said}"
    );
    operator.done(&["migrate", "run"]);
    operator.done(&["renew-epoch"]);
    operator.done(&["migrate", "revert", "--yes"]);
    let (_, said) = operator.refused(&["renew-epoch"]);
    assert!(said.starts_with("migrations are pending: 0"), "{said}");
}
