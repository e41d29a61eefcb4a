//! What guards a write: the preconditions that hold or not, and what an operation refuses, for it does not honour it.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::{
    cases,
    support::{
        answer::Answer,
        app::TestApp,
        client::{Client, send},
        documented,
    },
};

cases![
    if_none_match_that_matches_stops_a_write,
    if_match_comes_before_if_none_match,
    a_weak_tag_that_holds_for_nothing_says_so,
    a_malformed_if_none_match_stops_a_write,
    what_an_operation_does_not_honour_is_refused,
    pages_refuse_what_would_guard_a_write,
    what_a_reader_may_always_ask_for_is_ignored,
];

/// A task in the state that an operation needs: the operation's address, and the tag that holds there.
async fn target(ann: &Client, path: &str) -> (String, String) {
    let created = ann.post("/tasks", &json!({ "title": "T" })).await;
    let created = created.expect(201);
    let (id, tag) = (created.json()["id"].to_string(), created.header("etag"));
    let tag = tag.unwrap();
    let path = path.replace("{id}", &id);
    if path.starts_with("/tasks") {
        return (path, tag.to_owned());
    }
    ann.delete(&format!("/tasks/{id}")).await.expect(204);
    // The next version.
    (path, tag.replacen('1', "2", 1))
}

/// The operations that honour preconditions.
const GUARDED: [(Method, &str); 4] = [
    (Method::PATCH, "/tasks/{id}"),
    (Method::DELETE, "/tasks/{id}"),
    (Method::POST, "/trash/{id}/restore"),
    (Method::DELETE, "/trash/{id}"),
];

async fn write(ann: &Client, (method, path): (&Method, &str), headers: &[(&str, &str)]) -> Answer {
    let body = (*method == Method::PATCH).then(|| json!({ "title": "U" }));
    ann.call(method.clone(), path, headers, body.as_ref()).await
}

async fn if_none_match_that_matches_stops_a_write(app: TestApp) {
    let ann = app.user("ann").await;
    for (method, template) in GUARDED {
        let (path, tag) = target(&ann, template).await;
        for tags in [
            tag.clone(),
            // The version alone.
            format!("{}\"", tag.split('.').next().unwrap()),
            format!("W/{tag}"),
            "*".to_owned(),
            format!("\"x\", {tag}"),
        ] {
            let answer = write(&ann, (&method, &path), &[("if-none-match", &tags)]).await;
            let problem = answer.problem(412, "version_mismatch");
            let version = format!("\"{}", problem["current"]["version"]);
            assert!(tag.starts_with(&version), "it was written: {method} {path}");
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains("If-None-Match"), "{detail}");
        }
        let others = [("if-none-match", "\"x\", W/\"77\"")];
        let answer = write(&ann, (&method, &path), &others).await;
        assert!(answer.status.is_success(), "{method} {path}: {answer:?}");
        let gone = template.replace("{id}", "999");
        let answer = write(&ann, (&method, &gone), &[("if-none-match", "*")]).await;
        answer.problem(404, "not_found");
    }
}

async fn if_match_comes_before_if_none_match(app: TestApp) {
    let ann = app.user("ann").await;
    for (method, path) in GUARDED {
        let (path, tag) = target(&ann, path).await;
        let detail = async |if_match: &str, if_none_match: &str| {
            let headers = [("if-match", if_match), ("if-none-match", if_none_match)];
            let answer = write(&ann, (&method, &path), &headers).await;
            let problem = answer.problem(412, "version_mismatch");
            problem["detail"].as_str().unwrap().to_owned()
        };
        let both = detail("\"x\"", "*").await;
        assert!(!both.contains("If-None-Match"), "{both}");
        let second = detail(&tag, &tag).await;
        assert!(second.contains("If-None-Match"), "{second}");
        // A date is no matter where a tag guards the write (RFC 9110 section 13.1.4).
        let headers = [
            ("if-match", tag.as_str()),
            ("if-none-match", "\"x\""),
            ("if-unmodified-since", "Sat, 29 Oct 1994 19:43:31 GMT"),
        ];
        let answer = write(&ann, (&method, &path), &headers).await;
        assert!(answer.status.is_success(), "{method} {path}: {answer:?}");
    }
}

async fn a_weak_tag_that_holds_for_nothing_says_so(app: TestApp) {
    let ann = app.user("ann").await;
    for (method, path) in GUARDED {
        let (path, tag) = target(&ann, path).await;
        let detail = async |tags: &str| {
            let answer = write(&ann, (&method, &path), &[("if-match", tags)]).await;
            let problem = answer.problem(412, "version_mismatch");
            problem["detail"].as_str().unwrap().to_owned()
        };
        let weak = detail(&format!("W/{tag}")).await;
        assert!(weak.contains("weak") && weak.contains("proxy"), "{weak}");
        assert_eq!(detail(&format!("\"x\", W/{tag}")).await, weak);
        let strong = detail("\"x\"").await;
        assert!(!strong.contains("weak"), "{strong}");
        let tags = format!("W/{tag}, {tag}");
        let answer = write(&ann, (&method, &path), &[("if-match", &tags)]).await;
        assert!(answer.status.is_success(), "{method} {path}: {answer:?}");
    }
}

async fn a_malformed_if_none_match_stops_a_write(app: TestApp) {
    let ann = app.user("ann").await;
    for (method, path) in GUARDED {
        let (path, _) = target(&ann, path).await;
        for tags in ["", "1", "*, \"1\"", "W/1"] {
            let answer = write(&ann, (&method, &path), &[("if-none-match", tags)]).await;
            assert_eq!(answer.faults(), ["If-None-Match format"], "{tags:?} {path}");
        }
    }
}

const GUARDS: [(&str, &str); 4] = [
    ("If-Match", "*"),
    ("If-None-Match", "*"),
    ("If-Unmodified-Since", "Sat, 29 Oct 2094 19:43:31 GMT"),
    ("Idempotency-Key", "k"),
];

/// What the document does not name is refused by default, not ignored.
async fn what_an_operation_does_not_honour_is_refused(app: TestApp) {
    let ann = app.user("ann").await;
    let mut refused = [0; GUARDS.len()];
    for (path, item) in documented::document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let path = path.replace("{id}", "1").replace("{name}", "a");
            let method: Method = method.to_uppercase().parse().unwrap();
            let mut unread = Vec::new();
            for (number, (name, value)) in GUARDS.into_iter().enumerate() {
                if documented::parameters(operation).any(|parameter| parameter["name"] == name) {
                    continue;
                }
                let request = ann.request(method.clone(), &path).header(name, value);
                let fault = format!("{name} unknown");
                assert_eq!(send(request).await.faults(), [&*fault], "{method} {path}");
                refused[number] += 1;
                unread.push((name, value, fault));
            }
            // All at once.
            let request = ann.request(method.clone(), &path);
            let request = unread.iter().fold(request, |request, (name, value, _)| {
                request.header(*name, *value)
            });
            let faults: Vec<_> = unread.iter().map(|(_, _, fault)| fault).collect();
            assert_eq!(
                send(request).await.faults().iter().collect::<Vec<_>>(),
                faults
            );
        }
    }
    let [if_match, if_none_match, date, key] = refused;
    assert!(if_match > 20 && if_none_match > 15, "{refused:?}");
    assert!(date > if_match && key > 15, "{refused:?}");
    // Without credentials the answer is 401, and a path that is not there 404, whatever else is wrong.
    for (path, status) in [("/auth/tokens", 401), ("/nothing", 404)] {
        let request = app.anonymous().request(Method::POST, path);
        let answer = send(request.header("idempotency-key", "k")).await;
        assert_eq!(answer.status, StatusCode::from_u16(status).unwrap());
    }
}

async fn pages_refuse_what_would_guard_a_write(app: TestApp) {
    for path in ["/", "/docs", "/docs/problems", "/openapi.json"] {
        for (name, value) in GUARDS {
            let request = app.anonymous().request(Method::GET, path);
            let answer = send(request.header(name, value)).await;
            if name == "If-None-Match" {
                assert!(answer.status.as_u16() < 400, "{path}: {answer:?}");
            } else {
                assert_eq!(answer.faults(), [format!("{name} unknown")], "{path}");
            }
        }
    }
}

/// `If-Modified-Since` and `If-Range` only ever spare a part of an answer, and it is sent in full.
async fn what_a_reader_may_always_ask_for_is_ignored(app: TestApp) {
    let ann = app.user("ann").await;
    let task = format!("/tasks/{}", ann.task("T").await["id"]);
    let date = "Sat, 29 Oct 2094 19:43:31 GMT";
    let headers = [
        ("if-modified-since", date),
        ("if-range", date),
        ("range", "bytes=0-1"),
    ];
    for path in [task.as_str(), "/tasks", "/auth/me", "/health/live", "/docs"] {
        let plain = ann.get(path).await.expect(200);
        let answer = ann.call(Method::GET, path, &headers, None).await;
        assert_eq!(answer.expect(200).body, plain.body, "{path}");
    }
    let body = json!({ "title": "U" });
    let answer = ann.call(Method::PATCH, &task, &headers, Some(&body)).await;
    answer.expect(200);
}
