//! What people read where a request fails: plain sentences, which begin with a small letter.

use reqwest::{Method, header::HeaderValue};
use serde_json::{Value, json};

use crate::{
    cases,
    support::{
        app::TestApp,
        client::{Client, PASSWORD, send},
        personal_token::body,
    },
};

cases![
    a_field_or_parameter_is_named_with_its_fault,
    a_name_with_a_capital_stands_within_the_sentence,
    a_version_that_does_not_match_is_told_with_the_one_that_is,
    an_etag_from_before_a_restore_is_told_so,
    a_batch_tells_the_version_too,
    other_refusals_are_plain,
];

/// The `detail` of the problem, and of its first error where it has one.
async fn told(client: &Client, method: Method, path: &str, body: &Value) -> (String, String) {
    let body = Some(body).filter(|body| !body.is_null());
    let problem = client.call(method, path, &[], body).await.json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (
        text(&problem["detail"]),
        text(&problem["errors"][0]["detail"]),
    )
}

async fn a_field_or_parameter_is_named_with_its_fault(app: TestApp) {
    let ann = app.user("ann").await;
    let mut past = body(&["tasks:read"], 60);
    past["expires_at"] = json!("2020-01-01T00:00:00Z");
    let none = Value::Null;
    let (get, post) = (Method::GET, Method::POST);
    for (method, path, body, expected) in [
        (
            post.clone(),
            "/tasks",
            json!({ "title": "T", "titel": 1 }),
            "titel is an unknown field; did you mean title?",
        ),
        (post.clone(), "/tasks", json!({}), "title is required"),
        (
            post.clone(),
            "/tasks",
            json!({ "title": "T", "labels": ["a", "a"] }),
            "labels/1 is a duplicate",
        ),
        (
            post.clone(),
            "/tasks",
            json!({ "title": "T", "status": "don" }),
            "status must be one of todo, in_progress, done, cancelled; did you mean done?",
        ),
        (
            post.clone(),
            "/auth/tokens",
            past,
            "expires_at must be in the future, at most 366 days from now",
        ),
        (
            get.clone(),
            "/tasks?limt=5",
            none.clone(),
            "limt is an unknown parameter; did you mean limit?",
        ),
        (
            get.clone(),
            "/tasks?limit=5&limit=5",
            none.clone(),
            "limit is a duplicate; it may be given only once",
        ),
        (
            get.clone(),
            "/tasks?sort=id,-id",
            none.clone(),
            "sort contains id as a duplicate",
        ),
        (
            get,
            "/tasks?due_after=2026-01-01T00:00:00+01:00",
            none,
            "due_after must be an RFC 3339 time or a date, such as 2026-11-23T09:00:00Z or 2026-11-23: \
             there is a space where the sign of the offset belongs; in a query, a + that is not \
             percent-encoded means a space",
        ),
        (post, "/tasks", json!([]), "the body must be a JSON object"),
    ] {
        let (detail, first) = told(&ann, method, path, &body).await;
        assert_eq!(detail, expected);
        assert!(detail.ends_with(&first) && !first.is_empty(), "{first}");
    }
}

async fn a_name_with_a_capital_stands_within_the_sentence(app: TestApp) {
    let ann = app.user("ann").await;
    for (path, body, expected) in [
        (
            "/tasks",
            json!({ "title": "T", "Title": 1 }),
            "the field \"Title\" is an unknown field; did you mean title?",
        ),
        (
            "/tasks",
            json!({ "title": "T", "": 1 }),
            "the field \"\" is an unknown field",
        ),
        (
            "/tasks?Limit=1",
            json!({ "title": "T" }),
            "the parameter \"Limit\" is an unknown parameter",
        ),
    ] {
        let (detail, _) = told(&ann, Method::POST, path, &body).await;
        assert_eq!(detail, expected);
    }
    let header = [("if-match", "\"1\"")];
    let answer = ann.call(Method::GET, "/tasks", &header, None).await;
    let problem = answer.problem(422, "validation_failed");
    let expected = "the header If-Match is not supported by this operation";
    assert_eq!(problem["detail"], expected);
}

/// The `detail` of the 412 to a write with this header.
async fn mismatch(client: &Client, path: &str, (name, value): (&str, &str)) -> String {
    let headers = [(name, value)];
    let body = json!({ "title": "U" });
    let answer = client
        .call(Method::PATCH, path, &headers, Some(&body))
        .await;
    let problem = answer.problem(412, "version_mismatch");
    problem["detail"].as_str().unwrap().to_owned()
}

async fn a_version_that_does_not_match_is_told_with_the_one_that_is(app: TestApp) {
    let ann = app.user("ann").await;
    let path = format!("/tasks/{}", ann.task("T").await["id"]);
    let mut tag = String::new();
    for title in ["a", "b", "c"] {
        let answer = ann.patch(&path, &json!({ "title": title })).await;
        tag = answer.header("etag").unwrap().to_owned();
    }
    let epoch = tag.trim_matches('"').split_once('.').unwrap().1;
    let old = format!("\"1.{epoch}\"");
    for (header, expected) in [
        (
            ("if-match", &*old),
            "the task is at version 4; If-Match asked for 1",
        ),
        (
            ("if-match", "\"1\""),
            "the task is at version 4; If-Match asked for 1",
        ),
        (
            ("if-match", "\"2\", \"3\""),
            "the task is at version 4; If-Match asked for 2 or 3",
        ),
        (
            ("if-match", "\"x\""),
            "the task is at version 4; If-Match asked for another",
        ),
        (
            ("if-match", "\"1\",\"2\",\"3\",\"5\",\"6\",\"7\""),
            "the task is at version 4; If-Match asked for another",
        ),
        (
            ("if-none-match", &*tag),
            "the task is at version 4, which If-None-Match excludes",
        ),
        (
            ("if-none-match", "*"),
            "the task is at version 4, which If-None-Match excludes",
        ),
    ] {
        assert_eq!(mismatch(&ann, &path, header).await, expected);
    }
    let weak = mismatch(&ann, &path, ("if-match", &format!("W/{tag}"))).await;
    assert!(
        weak.starts_with("a weak tag in If-Match never holds"),
        "{weak}"
    );
}

async fn an_etag_from_before_a_restore_is_told_so(app: TestApp) {
    let ann = app.user("ann").await;
    let path = format!("/tasks/{}", ann.task("T").await["id"]);
    let expected = "the task is at version 1, but the ETag in If-Match is from before the database was restored";
    let said = mismatch(&ann, &path, ("if-match", "\"1.00000000\"")).await;
    assert_eq!(said, expected);
}

async fn a_batch_tells_the_version_too(app: TestApp) {
    let ann = app.user("ann").await;
    let id = ann.task("T").await["id"].clone();
    let operations = json!([{ "op": "delete", "id": id, "if_version": 7 }]);
    let answer = ann
        .post("/tasks/batch", &json!({ "operations": operations }))
        .await;
    let problem = answer.problem(412, "version_mismatch");
    let expected = "the task is at version 1; if_version asked for 7";
    assert_eq!(problem["detail"], expected);
}

async fn other_refusals_are_plain(app: TestApp) {
    let ann = app.user("ann").await;
    let anonymous = app.anonymous();
    let wrong = json!({ "username": "ann@example.com", "password": "wrong" });
    let taken = json!({ "email": "ann@example.com", "password": PASSWORD });
    let (get, post) = (Method::GET, Method::POST);
    for (client, method, path, body, expected) in [
        (
            &anonymous,
            get.clone(),
            "/tasks",
            Value::Null,
            "this operation needs an access token in the Authorization header",
        ),
        (
            &ann,
            get,
            "/tasks/99",
            Value::Null,
            "nothing is at this address, or it is not yours",
        ),
        (
            &anonymous,
            post.clone(),
            "/auth/login",
            wrong,
            "wrong e-mail address or password",
        ),
        (
            &anonymous,
            post.clone(),
            "/auth/register",
            taken,
            "this e-mail address is already in use",
        ),
        (
            &ann,
            Method::PUT,
            "/tasks",
            Value::Null,
            "the path exists, but not with this method",
        ),
        (
            &ann,
            Method::GET,
            "/nowhere",
            Value::Null,
            "nothing is at this address, or it is not yours: the answer is the same for both",
        ),
    ] {
        let (detail, _) = told(client, method, path, &body).await;
        assert_eq!(detail, expected, "{path}");
    }
    for (given, expected) in [
        (
            None,
            "the Content-Type is missing; it must be application/json",
        ),
        (
            Some("json"),
            "the Content-Type is malformed; it must be application/json",
        ),
        (
            Some("text/plain; a=b"),
            "the Content-Type is text/plain; it must be application/json",
        ),
    ] {
        let request = ann.request(post.clone(), "/tasks").body("{}");
        let request = match given {
            Some(given) => request.header("content-type", given),
            None => request,
        };
        let problem = send(request).await.problem(415, "unsupported_media_type");
        assert_eq!(problem["detail"], expected);
    }
    let line = HeaderValue::from_static("application/json");
    let zipped = ann
        .request(post, "/tasks")
        .header("content-encoding", "gzip");
    let problem = send(zipped.header("content-type", line).body("x")).await;
    let problem = problem.problem(415, "unsupported_media_type");
    let expected = "the body must not be compressed or encoded (Content-Encoding)";
    assert_eq!(problem["detail"], expected);
}
