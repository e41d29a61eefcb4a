//! `If-Match` and `If-None-Match`.

use reqwest::Method;
use serde_json::json;

use crate::{
    cases,
    support::{
        answer::Answer,
        app::TestApp,
        client::{Client, send},
    },
};

cases![
    if_match_holds_in_every_form_that_names_the_version,
    a_missing_task_is_404_before_412,
    if_none_match_spares_a_task_that_is_known,
    if_none_match_spares_a_list_that_is_known,
    a_malformed_condition_is_named,
    what_has_no_tag_takes_no_precondition,
    what_has_no_tag_sends_none,
    a_restoration_may_demand_a_version,
];

const MALFORMED: &[&str] = &[
    "",
    " ",
    "1",
    "\"1",
    ",",
    "1\"",
    "w/\"1\"",
    "\"1\" \"2\"",
    "*, \"1\"",
    "\"a b\"",
    "\"1\"x",
];

async fn with(client: &Client, method: Method, path: &str, header: (&str, &str)) -> Answer {
    let body = (method == Method::PATCH).then(|| json!({ "title": "U" }));
    client.call(method, path, &[header], body.as_ref()).await
}

async fn if_match_holds_in_every_form_that_names_the_version(app: TestApp) {
    let ann = app.user("ann").await;
    for method in [Method::PATCH, Method::DELETE] {
        let task = ann.task("T").await;
        let path = format!("/tasks/{}", task["id"]);
        let first = ann.get(&path).await;
        let tag = first.tag_of(1);
        for tags in [
            "\"2\"",
            "W/\"1\"",
            "\"01\"",
            "\"x\"",
            "\"2\", W/\"1\"",
            "\"\"",
            "\"1,2\"",
            "\"1.\"",
            "\".1\"",
            "\"1.00000000\"",
            &format!("W/{tag}"),
            &tag.replacen('1', "2", 1),
            &tag.replacen('1', "01", 1),
        ] {
            let answer = with(&ann, method.clone(), &path, ("if-match", tags)).await;
            assert_eq!(answer.header("etag"), None);
            let problem = answer.problem(412, "version_mismatch");
            assert_eq!(problem["current"], task, "{tags}");
        }
        assert_eq!(ann.get(&path).await.json(), task);
        for tags in [
            "\"1\"",
            "*",
            " * ",
            "\"9\",\"1\"",
            "\"a,b\" ,, \"1\"",
            "W/\"1\", \"1\"",
            tag,
            &format!("\"1.00000000\", {tag}"),
        ] {
            let task = ann.task("T").await;
            let path = format!("/tasks/{}", task["id"]);
            let answer = with(&ann, method.clone(), &path, ("if-match", tags)).await;
            assert!(answer.status.is_success(), "{tags}: {answer:?}");
        }
        // Several lines are one list.
        let lines = [("if-match", "\"9\""), ("if-match", "\"1\"")];
        let body = (method == Method::PATCH).then(|| json!({ "title": "U" }));
        let answer = ann.call(method, &path, &lines, body.as_ref()).await;
        assert!(answer.status.is_success(), "{answer:?}");
    }
    // A condition is looked at even where nothing would change.
    let path = format!("/tasks/{}", ann.task("T").await["id"]);
    let stale = [("if-match", "\"2\"")];
    let same = json!({ "title": "T" });
    let answer = ann.call(Method::PATCH, &path, &stale, Some(&same)).await;
    answer.problem(412, "version_mismatch");
}

async fn a_missing_task_is_404_before_412(app: TestApp) {
    let ann = app.user("ann").await;
    let gone = ann.task("T").await;
    ann.delete(&format!("/tasks/{}", gone["id"]))
        .await
        .expect(204);
    let bob = app.user("bob").await;
    let theirs = format!("/tasks/{}", bob.task("T").await["id"]);
    let trashed = format!("/tasks/{}", gone["id"]);
    for path in [
        theirs.as_str(),
        trashed.as_str(),
        "/tasks/999",
        "/tasks/x",
        "/trash/999",
    ] {
        for tags in ["*", "\"1\"", "\"7\""] {
            let answer = with(&ann, Method::DELETE, path, ("if-match", tags)).await;
            answer.problem(404, "not_found");
        }
    }
    // What is wrong with the request itself comes first.
    let answer = ann
        .call(
            Method::PATCH,
            "/tasks/999",
            &[("if-match", "\"1\"")],
            Some(&json!({ "title": "" })),
        )
        .await;
    assert_eq!(answer.faults(), ["/title length"]);
    let answer = with(&ann, Method::PATCH, "/tasks/999", ("if-match", "1")).await;
    assert_eq!(answer.faults(), ["If-Match format"]);
}

async fn if_none_match_spares_a_task_that_is_known(app: TestApp) {
    let ann = app.user("ann").await;
    let path = format!("/tasks/{}", ann.task("T").await["id"]);
    let first = ann.get(&path).await.expect(200);
    let tag = first.tag_of(1);
    for tags in [
        tag.to_owned(),
        format!("W/{tag}"),
        "*".to_owned(),
        format!("\"7\", {tag}"),
        format!("\"7\",,W/{tag}"),
    ] {
        let answer = with(&ann, Method::GET, &path, ("if-none-match", &tags)).await;
        let answer = answer.expect(304);
        assert_eq!(answer.header("etag"), Some(tag), "{tags}");
        assert!(answer.body.is_empty());
        let head = with(&ann, Method::HEAD, &path, ("if-none-match", &tags)).await;
        assert_eq!(head.status, 304);
    }
    // The version alone is no tag that was ever sent.
    for tags in [
        "\"2\"",
        "\"11\"",
        "W/\"x\"",
        "\"1\"",
        "W/\"1\"",
        "\"1.00000000\"",
    ] {
        let answer = with(&ann, Method::GET, &path, ("if-none-match", tags)).await;
        assert_eq!(answer.expect(200).json()["version"], 1, "{tags}");
    }
    ann.patch(&path, &json!({ "title": "U" })).await.expect(200);
    let answer = with(&ann, Method::GET, &path, ("if-none-match", tag)).await;
    answer.expect(200).tag_of(2);
    let answer = with(&ann, Method::GET, "/tasks/999", ("if-none-match", "*")).await;
    answer.problem(404, "not_found");
}

async fn if_none_match_spares_a_list_that_is_known(app: TestApp) {
    let ann = app.user("ann").await;
    for number in 0..3 {
        let body = json!({ "title": format!("{number}"), "labels": ["a", "b"] });
        ann.post("/tasks", &body).await.expect(201);
    }
    for number in 0..3 {
        let id = ann.task(&format!("{number}")).await["id"].clone();
        ann.delete(&format!("/tasks/{id}")).await.expect(204);
    }
    for list in [
        "/tasks?limit=2&include_total=true",
        "/tasks?limit=200",
        "/tasks?q=nothing",
        "/trash?limit=2",
        "/labels?limit=1",
    ] {
        let first = ann.get(list).await.expect(200);
        let etag = first.header("etag").unwrap().to_owned();
        for tags in [
            etag.clone(),
            format!("W/{etag}"),
            "*".into(),
            format!("\"x\", {etag}"),
        ] {
            let answer = with(&ann, Method::GET, list, ("if-none-match", &tags)).await;
            let answer = answer.expect(304);
            assert!(answer.body.is_empty());
            for name in ["etag", "link", "x-total-count"] {
                assert_eq!(answer.header(name), first.header(name), "{list} {name}");
            }
        }
        let answer = with(&ann, Method::GET, list, ("if-none-match", "\"x\"")).await;
        assert_eq!(answer.expect(200).body, first.body);
    }
    let first = ann.get("/tasks?include_total=true").await.expect(200);
    assert_eq!(first.header("x-total-count"), Some("3"));
    let etag = first.header("etag").unwrap();
    ann.patch(
        &format!("/tasks/{}", first.json()[1]["id"]),
        &json!({ "priority": "low" }),
    )
    .await
    .expect(200);
    let answer = with(&ann, Method::GET, "/tasks", ("if-none-match", etag)).await;
    answer.expect(200);
}

async fn a_malformed_condition_is_named(app: TestApp) {
    let ann = app.user("ann").await;
    let task = ann.task("T").await;
    let path = format!("/tasks/{}", task["id"]);
    for tags in MALFORMED {
        for (method, path) in [
            (Method::PATCH, path.as_str()),
            (Method::DELETE, path.as_str()),
            (Method::DELETE, "/trash/1"),
        ] {
            let answer = with(&ann, method, path, ("if-match", tags)).await;
            assert_eq!(answer.faults(), ["If-Match format"], "{tags:?} {path}");
        }
        for path in [path.as_str(), "/tasks", "/trash", "/labels"] {
            let answer = with(&ann, Method::GET, path, ("if-none-match", tags)).await;
            assert_eq!(answer.faults(), ["If-None-Match format"], "{tags:?} {path}");
        }
    }
    assert_eq!(ann.get(&path).await.json(), task);
}

async fn what_has_no_tag_takes_no_precondition(app: TestApp) {
    let ann = app.user("ann").await;
    let body = json!({ "title": "T", "labels": ["a"] });
    let task = ann.post("/tasks", &body).await.expect(201).json();
    let guarded =
        |method: Method, path: &str| ann.request(method, path).header("if-match", "\"1\"");
    let rename = guarded(Method::PATCH, "/labels/a").json(&json!({ "name": "b" }));
    for request in [
        rename,
        guarded(Method::DELETE, "/labels/a"),
        guarded(Method::DELETE, "/trash"),
    ] {
        assert_eq!(send(request).await.faults(), ["If-Match unknown"]);
    }
    assert_eq!(ann.get("/tasks").await.json(), json!([task]));
}

async fn what_has_no_tag_sends_none(app: TestApp) {
    let ann = app.user("ann").await;
    ann.post("/tasks", &json!({ "title": "T", "labels": ["a"] }))
        .await
        .expect(201);
    let label = json!({ "name": "b" });
    let batch = json!({ "operations": [{ "op": "create", "task": { "title": "U" } }] });
    for (method, path, body) in [
        (Method::GET, "/auth/me", None),
        (Method::GET, "/health/live", None),
        (Method::GET, "/health/ready", None),
        (Method::PATCH, "/labels/a", Some(label)),
        (Method::POST, "/tasks/batch", Some(batch)),
    ] {
        let answer = ann.call(method, path, &[], body.as_ref()).await;
        assert_eq!(answer.expect(200).header("etag"), None, "{path}");
    }
}

async fn a_restoration_may_demand_a_version(app: TestApp) {
    let ann = app.user("ann").await;
    let id = ann.task("T").await["id"].clone();
    ann.delete(&format!("/tasks/{id}")).await.expect(204);
    let restore = |tag: &str| {
        let path = format!("/trash/{id}/restore");
        send(ann.request(Method::POST, &path).header("if-match", tag))
    };
    let stale = restore("\"1\"").await.problem(412, "version_mismatch");
    assert_eq!(stale["current"]["version"], 2);
    assert_eq!(restore("\"2\"").await.expect(200).json()["version"], 3);
}
