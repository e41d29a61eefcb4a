//! Bodies: how they are framed, what type they have, and what is none.

use reqwest::Method;
use serde_json::json;

use crate::{
    cases,
    support::{
        answer::Answer,
        app::TestApp,
        client::{Client, PASSWORD, send},
        raw,
    },
};

cases![
    a_body_of_length_zero_is_none_however_it_is_framed,
    an_empty_object_is_none_where_no_body_is_taken,
    a_body_that_is_not_taken_is_not_read,
    an_empty_body_is_missing_however_it_is_framed,
    a_media_type_may_be_written_in_many_ways,
    another_media_type_is_refused,
    a_form_may_be_typed_in_many_ways,
    two_types_are_malformed_unless_they_are_one,
    a_refused_type_says_what_is_accepted,
];

const JSON: &str = "application/json";

/// An empty body in each framing, with a type or without.
const EMPTY: &[&str] = &[
    "\r\n",
    "Content-Length: 0\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "Content-Type: junk\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n",
];

/// The beginning of a request's head.
fn head(client: &Client, operation: &str) -> String {
    let token = client.token.as_deref().unwrap();
    format!("{operation} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n")
}

async fn a_body_of_length_zero_is_none_however_it_is_framed(app: TestApp) {
    let ann = app.user("ann").await;
    let id = ann.task("T").await["id"].clone();
    let purged = ann.task("U").await["id"].clone();
    for framing in EMPTY {
        let ends = ann.log_in("ann@example.com", PASSWORD).await;
        let id = &id;
        for (client, operation, status) in [
            (&ann, format!("GET /tasks/{id}"), "200 OK"),
            (&ann, "HEAD /tasks?limit=1".to_owned(), "200 OK"),
            (&ann, format!("DELETE /tasks/{id}"), "204 No Content"),
            (&ann, format!("POST /trash/{id}/restore"), "200 OK"),
            (&ann, "DELETE /labels/none".to_owned(), "404 Not Found"),
            (&ann, "GET /auth/me".to_owned(), "200 OK"),
            (&ann, "GET /health/live".to_owned(), "200 OK"),
            (&ann, "GET /health/ready".to_owned(), "200 OK"),
            (&ann, "GET /docs".to_owned(), "200 OK"),
            (&ends, "POST /auth/logout".to_owned(), "204 No Content"),
        ] {
            let request = format!("{}{framing}", head(client, &operation));
            let answer = raw::status(&app.base, &request);
            assert_eq!(answer, format!("HTTP/1.1 {status}"), "{request}");
        }
    }
    ann.delete(&format!("/tasks/{purged}")).await.expect(204);
    // The connection goes on after it.
    let first = head(&ann, &format!("DELETE /trash/{purged}"));
    let second = head(&ann, &format!("GET /tasks/{id}"));
    let chunked = "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    let both = format!("{first}{chunked}{second}Connection: close\r\n\r\n");
    let answers = raw::exchange(&app.base, &both);
    assert!(answers.starts_with("HTTP/1.1 204 No Content\r\n"));
    assert!(answers.contains("HTTP/1.1 200 OK\r\n"), "{answers}");
}

async fn an_empty_object_is_none_where_no_body_is_taken(app: TestApp) {
    let ann = app.user("ann").await;
    let id = ann.task("T").await["id"].clone();
    let (task, restore) = (format!("/tasks/{id}"), format!("/trash/{id}/restore"));
    let calls = |media_type: &'static str, body: &'static str| {
        let requests = [
            (Method::GET, task.clone(), 200),
            (Method::DELETE, task.clone(), 204),
            (Method::POST, restore.clone(), 200),
            (Method::GET, "/health/ready".to_owned(), 200),
            (Method::GET, "/tasks".to_owned(), 200),
            (Method::DELETE, "/trash".to_owned(), 204),
            (Method::POST, "/auth/logout?scope=others".to_owned(), 204),
        ];
        requests.map(|(method, path, status)| {
            let request = ann
                .request(method, &path)
                .header("content-type", media_type);
            (request.body(body), status)
        })
    };
    for (media_type, body) in [
        (JSON, "{}"),
        ("text/plain", "{}"),
        (JSON, "\u{feff} {\r\n\t}\n"),
    ] {
        for (request, status) in calls(media_type, body) {
            send(request).await.expect(status);
        }
    }
    for body in [
        "{\"a\":1}",
        "{}{}",
        "{",
        "[]",
        "null",
        "\"\"",
        " ",
        "x",
        "{                              }",
    ] {
        for (request, _) in calls(JSON, body) {
            let answer = send(request).await;
            assert_eq!(answer.header("accept"), Some(""), "{body}");
            answer.problem(415, "unsupported_media_type");
        }
    }
    let chunks = "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n";
    for operation in ["GET /health/live", "DELETE /trash"] {
        let request = format!("{}{chunks}", head(&ann, operation));
        assert!(raw::status(&app.base, &request).starts_with("HTTP/1.1 20"));
    }
    assert_eq!(ann.get(&task).await.expect(200).json()["version"], 7);
}

/// Neither to its end nor at all where its length is said.
async fn a_body_that_is_not_taken_is_not_read(app: TestApp) {
    let ann = app.user("ann").await;
    for operation in ["GET /tasks", "DELETE /tasks/1", "GET /health/ready"] {
        let head = head(&ann, operation);
        let long = format!("20\r\n{}\r\n", "{".repeat(32));
        for begun in [
            "Content-Length: 17\r\n\r\n".to_owned(),
            "Content-Length: 1000000\r\n\r\n".to_owned(),
            format!("Transfer-Encoding: chunked\r\n\r\n{long}"),
        ] {
            let answer = raw::status(&app.base, &format!("{head}{begun}"));
            assert_eq!(answer, "HTTP/1.1 415 Unsupported Media Type", "{begun}");
        }
    }
    // Pages for people ignore it.
    for path in ["/docs", "/openapi.json"] {
        let begun = format!("GET {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
        assert_eq!(raw::status(&app.base, &begun), "HTTP/1.1 200 OK");
    }
}

async fn an_empty_body_is_missing_however_it_is_framed(app: TestApp) {
    let ann = app.user("ann").await;
    for (operation, media_type, status) in [
        ("POST /tasks", JSON, "400 Bad Request"),
        ("PATCH /tasks/1", JSON, "400 Bad Request"),
        ("POST /auth/register", JSON, "400 Bad Request"),
        ("DELETE /auth/me", JSON, "400 Bad Request"),
        (
            "POST /auth/login",
            "application/x-www-form-urlencoded",
            "422 Unprocessable Entity",
        ),
        (
            "POST /auth/refresh",
            "application/x-www-form-urlencoded",
            "422 Unprocessable Entity",
        ),
    ] {
        for media_type in [String::new(), format!("Content-Type: {media_type}\r\n")] {
            for framing in &EMPTY[..3] {
                let request = format!("{}{media_type}{framing}", head(&ann, operation));
                let answer = raw::status(&app.base, &request);
                assert_eq!(answer, format!("HTTP/1.1 {status}"), "{request}");
            }
        }
    }
    // Content without a type is refused before it is read.
    let chunk = "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n";
    for operation in ["POST /tasks", "POST /auth/login"] {
        let answer = raw::status(&app.base, &format!("{}{chunk}", head(&ann, operation)));
        assert_eq!(answer, "HTTP/1.1 415 Unsupported Media Type");
    }
}

async fn a_media_type_may_be_written_in_many_ways(app: TestApp) {
    let ann = app.user("ann").await;
    let body = r#"{"title":"T"}"#;
    for parameters in [
        "",
        ";",
        " ;",
        " ; ;\t;",
        ";charset=utf-8",
        " ; charset=UTF-8",
        "; charset=utf8",
        "; Charset=\"Utf8\"",
        "; charset=\"u\\tf-8\";",
        "; profile=\"a;charset=x\"; charset=utf-8",
        "; odata=verbose",
    ] {
        for media_type in ["application/json", "Application/JSON"] {
            let media_type = format!("{media_type}{parameters}");
            let answer = ann.raw(Method::POST, "/tasks", &media_type, body).await;
            answer.expect(201);
        }
        let path = format!("/tasks/{}", ann.task("T").await["id"]);
        let media_type = format!("application/merge-patch+json{parameters}");
        let answer = ann.raw(Method::PATCH, &path, &media_type, body).await;
        answer.expect(200);
    }
    for coding in ["identity", "Identity", "", "identity, identity"] {
        let request = ann
            .request(Method::POST, "/tasks")
            .header("content-encoding", coding);
        send(request.json(&json!({ "title": "T" })))
            .await
            .expect(201);
    }
}

async fn another_media_type_is_refused(app: TestApp) {
    let ann = app.user("ann").await;
    for media_type in [
        "text/plain",
        "application/merge-patch+json",
        "application/jsonx",
        "application/json; charset=iso-8859-1",
        "application/json; charset=utf-8; charset=utf-16",
        "application/json; charset = utf-8",
        "application/json; charset",
        "application/json, application/json",
        "application/json; a=\"b",
        "junk",
        "",
    ] {
        let answer = ann.raw(Method::POST, "/tasks", media_type, r#"{"title":"T"}"#);
        let answer = answer.await;
        assert_eq!(answer.header("accept"), Some(JSON), "{media_type}");
        answer.problem(415, "unsupported_media_type");
    }
    let coded = |codings: &[&'static str]| {
        let request = ann.request(Method::POST, "/tasks");
        let request = codings.iter().fold(request, |request, coding| {
            request.header("content-encoding", *coding)
        });
        send(request.json(&json!({ "title": "T" })))
    };
    for codings in [&["gzip"][..], &["identity", "br"], &["identity, gzip"]] {
        let answer = coded(codings).await;
        assert_eq!(answer.header("accept-encoding"), Some("identity"));
        answer.problem(415, "unsupported_media_type");
    }
    assert_eq!(ann.get("/tasks").await.json(), json!([]));
}

async fn a_form_may_be_typed_in_many_ways(app: TestApp) {
    app.user("ann").await;
    let anonymous = app.anonymous();
    let login = async |media_type: &str, body: &str| {
        let path = "/auth/login";
        anonymous.raw(Method::POST, path, media_type, body).await
    };
    let form = "username=ann%40example.com&password=correct+horse+battery+staple";
    for parameters in [" ;", "; charset=utf8", ";charset=\"UTF-8\" ; a=b"] {
        let media_type = format!("application/x-www-form-urlencoded{parameters}");
        login(&media_type, form).await.expect(200);
    }
    let part = |name: &str, value: &str| {
        format!("--a b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let (name, password) = (
        part("username", "ann@example.com"),
        part("password", PASSWORD),
    );
    let form = format!("{name}{password}--a b--\r\n");
    for media_type in [
        "multipart/form-data; boundary=\"a b\"",
        "multipart/form-data ; charset=utf8 ; Boundary=\"a b\" ;",
        "Multipart/Form-Data;; boundary=\"a\\ b\"",
    ] {
        login(media_type, &form).await.expect(200);
    }
    for media_type in [
        "multipart/form-data",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"\\\"\"",
        "multipart/form-data; boundary=other",
    ] {
        let answer = login(media_type, &form).await;
        answer.problem(400, "malformed_request");
    }
}

async fn two_types_are_malformed_unless_they_are_one(app: TestApp) {
    let ann = app.user("ann").await;
    let typed = async |types: [&str; 2]| -> Answer {
        let request = ann.request(Method::POST, "/tasks");
        let request = types.iter().fold(request, |request, media_type| {
            request.header("content-type", *media_type)
        });
        send(request.body(r#"{"title":"T"}"#)).await
    };
    typed([JSON, JSON]).await.expect(201);
    typed([JSON, "Application/Json ;"]).await.expect(201);
    for types in [
        [JSON, "text/plain"],
        ["text/plain", JSON],
        [JSON, "application/json; charset=utf-8"],
        [JSON, "junk"],
    ] {
        typed(types).await.problem(400, "malformed_request");
    }
    typed(["junk", "junk"])
        .await
        .problem(415, "unsupported_media_type");
}

async fn a_refused_type_says_what_is_accepted(app: TestApp) {
    let ann = app.user("ann").await;
    let patches = "application/json, application/merge-patch+json";
    let forms = "application/x-www-form-urlencoded, multipart/form-data, application/json";
    for (method, path, accept) in [
        (Method::POST, "/tasks", JSON),
        (Method::POST, "/tasks/batch", JSON),
        (Method::PATCH, "/tasks/1", patches),
        (Method::PATCH, "/labels/a", patches),
        (Method::PATCH, "/auth/me", patches),
        (Method::DELETE, "/auth/me", JSON),
        (Method::POST, "/auth/tokens", JSON),
        (Method::POST, "/auth/login", forms),
        (Method::POST, "/auth/refresh", forms),
        (Method::GET, "/tasks", ""),
        (Method::DELETE, "/tasks/1", ""),
        (Method::POST, "/auth/logout", ""),
    ] {
        let patch = (method == Method::PATCH).then_some(accept);
        let request = |name: &str, value: &str| {
            let request = ann.request(method.clone(), path).header(name, value);
            send(request.body("x"))
        };
        let typed = request("content-type", "text/plain").await;
        assert_eq!(typed.header("accept"), Some(accept), "{method} {path}");
        assert_eq!(typed.header("accept-patch"), patch, "{method} {path}");
        assert_eq!(typed.header("accept-encoding"), None, "{method} {path}");
        typed.problem(415, "unsupported_media_type");
        let coding = (!accept.is_empty()).then_some("identity");
        let coded = request("content-encoding", "gzip").await;
        assert_eq!(coded.header("accept"), Some(accept), "{method} {path}");
        assert_eq!(coded.header("accept-patch"), patch, "{method} {path}");
        assert_eq!(coded.header("accept-encoding"), coding, "{method} {path}");
        coded.problem(415, "unsupported_media_type");
    }
}
