//! What leaves a connection open, with each answer in its place.

use serde_json::json;

use crate::{
    cases,
    connections::{LIVE, app, head, token},
    support::{raw::Connection, runner::Engine},
};

cases![
    on Sqlite;
    demands_for_another_protocol_are_ignored,
    the_demand_may_come_in_pieces,
    requests_that_come_at_once_are_answered_one_after_the_other,
];

const DEMANDS: [&str; 9] = [
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n",
    "Connection: Upgrade, keep-alive\r\nUpgrade: h2c\r\n",
    "Connection: keep-alive, Upgrade\r\nUpgrade: TLS/1.0, HTTP/2.0\r\n",
    "Connection: keep-alive\r\nconnection:UPGRADE\r\nUpgrade: h2c\r\n",
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    "Upgrade: websocket\r\n",
    "Upgrade: h2c\r\nUpgrade: websocket\r\n",
    "Connection: ,\t upgrade ,,\r\nUPGRADE:\twebsocket \r\n",
    "Connection: upgrade\r\n",
];

async fn demands_for_another_protocol_are_ignored(_: Engine) {
    let app = app();
    let token = token(&app).await;
    let json = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
    let body = json!({ "title": "Connection: Upgrade\r\nUpgrade: h2c" }).to_string();
    let mut client = Connection::open(&app.base);
    let mut requests = Vec::new();
    for demand in DEMANDS {
        let get = head("GET /health/live", demand);
        let post = head("POST /tasks", &format!("{json}{demand}"));
        let length = body.len();
        requests.push((200, format!("{get}\r\n")));
        requests.push((201, format!("{post}Content-Length: {length}\r\n\r\n{body}")));
        requests.push((
            201,
            format!("{post}Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n"),
        ));
    }
    for (status, request) in &requests {
        client.send(request);
        let answer = client.answer();
        assert_eq!(answer.status, *status, "{request}: {answer:?}");
        assert_eq!(answer.connection, None, "{request}");
        if answer.status == 201 {
            assert!(answer.body.contains("Connection: Upgrade"), "{answer:?}");
        }
    }
    // The wish to close is honoured.
    client.send(&head(
        "GET /health/live",
        "Connection: upgrade, close\r\nUpgrade: h2c\r\n\r\n",
    ));
    assert!(client.answer().says_close());
    client.expect_end();
}

async fn the_demand_may_come_in_pieces(_: Engine) {
    let app = app();
    let mut client = Connection::open(&app.base);
    for demand in DEMANDS {
        for byte in head("GET /health/live", &format!("{demand}\r\n")).chars() {
            client.send(&byte.to_string());
        }
        let answer = client.answer();
        assert_eq!((answer.status, answer.connection), (200, None));
    }
}

async fn requests_that_come_at_once_are_answered_one_after_the_other(_: Engine) {
    let app = app();
    let bearer = format!("Authorization: Bearer {}\r\n", token(&app).await);
    // It waits for the database, the others for nothing.
    let list = head("GET /tasks", &format!("{bearer}\r\n"));
    let post = |body: &str| {
        let json = format!("{bearer}Content-Type: application/json\r\n");
        let length = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        format!("{}{length}", head("POST /tasks", &json))
    };
    let ask = "HEAD /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let last = head("GET /health/live", "Connection: close\r\n\r\n");
    let mut client = Connection::open(&app.base);
    let (first, second) = (post(r#"{"title": "one"}"#), post(r#"{"title": "two"}"#));
    client.send(&format!(
        "{list}{first}{second}{list}{LIVE}{last}{LIVE}nonsense"
    ));
    for (status, body) in [
        (200, "[]"),
        (201, "one"),
        (201, "two"),
        (200, "two"),
        (200, "ok"),
    ] {
        let answer = client.answer();
        assert_eq!((answer.status, answer.connection), (status, None));
        assert!(answer.body.contains(body), "{}", answer.body);
    }
    let answer = client.answer();
    assert_eq!(answer.status, 200);
    assert!(answer.says_close());
    client.expect_end();
    // An answer has its body, whatever is asked next.
    let mut client = Connection::open(&app.base);
    client.send(&format!("{list}{ask}"));
    assert!(client.answer().body.contains("two"));
    // Nor does an unfinished one spoil the answers to those before it.
    let mut client = Connection::open(&app.base);
    let (begun, rest) = first.split_at(first.len() - 5);
    client.send(&format!("{list}{begun}"));
    assert_eq!(client.answer().connection, None);
    client.send(rest);
    let answer = client.answer();
    assert_eq!((answer.status, answer.connection), (201, None));
    // Many at once are more than is read ahead.
    let mut client = Connection::open(&app.base);
    client.send(&LIVE.repeat(2000));
    for _ in 0..2000 {
        assert_eq!(client.answer().status, 200);
    }
}
