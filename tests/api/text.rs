//! Text, wherever it enters: normalised, counted after that, seen, and without a byte order mark.

use reqwest::{Method, multipart::Form};
use serde_json::{Value, json};

use crate::{
    cases,
    support::{
        app::TestApp,
        client::{Client, PASSWORD, query, segment, send, token_request},
    },
};

cases![
    composed_and_decomposed_is_one_text,
    lengths_count_the_normal_form,
    a_password_is_one_however_it_was_typed,
    what_shows_nothing_is_no_name,
    a_byte_order_mark_before_a_body_is_passed_over,
    a_time_is_refused_with_what_is_wrong_with_it,
];

const COMPOSED: &str = "caf\u{e9}";
const DECOMPOSED: &str = "cafe\u{301}";
const FORMS: [&str; 2] = [COMPOSED, DECOMPOSED];

async fn created(client: &Client, body: Value) -> Value {
    client.post("/tasks", &body).await.expect(201).json()
}

/// What shows nothing, alone or beside others.
const UNSEEN: [&str; 14] = [
    "\u{200b}",
    "\u{ad}",
    "\u{200d}\u{200c}",
    "\u{2060} \u{feff}",
    "\u{fe0f}",
    "\u{34f}",
    "\u{301}",
    "\u{61c}\u{200e}\u{202e}",
    "\u{115f}\u{1160}",
    "\u{3164}\u{ffa0}",
    "\u{2800}",
    "\u{180e}",
    "\u{fffb}",
    "\u{e0041}\u{1d173}",
];

async fn composed_and_decomposed_is_one_text(app: TestApp) {
    let ann = app.user("ann").await;
    let mut ids = Vec::new();
    for form in FORMS {
        let title = format!("{form} \u{212b}");
        let body = json!({ "title": title, "description": form, "labels": [form] });
        let task = created(&ann, body).await;
        assert_eq!(task["title"], "caf\u{e9} \u{c5}");
        assert_eq!(task["description"], COMPOSED);
        assert_eq!(task["labels"], json!([COMPOSED]));
        ids.push(task["id"].clone());
    }
    let twice = json!({ "title": "T", "labels": FORMS });
    let answer = ann.post("/tasks", &twice).await;
    assert_eq!(answer.faults(), ["/labels/1 duplicate"]);
    let all = json!([{ "name": COMPOSED, "tasks": 2 }]);
    assert_eq!(ann.get("/labels").await.json(), all);
    // A change to the same is none.
    let path = format!("/tasks/{}", ids[0]);
    let same = json!({ "title": format!("{DECOMPOSED} \u{c5}"), "labels": [DECOMPOSED] });
    assert_eq!(ann.patch(&path, &same).await.json()["version"], 1);
    for form in FORMS {
        for parameter in ["label", "q"] {
            let target = format!("/tasks?{}", query(&[(parameter, form)]));
            assert_eq!(ann.all(&target).await.len(), 2, "{target}");
        }
        let id = json!({ "external_id": form });
        ann.patch(&path, &id).await.expect(200);
        let other = format!("/tasks/{}", ids[1]);
        ann.patch(&other, &id).await.problem(409, "conflict");
        let target = format!("/tasks?{}", query(&[("external_id", form)]));
        assert_eq!(ann.all(&target).await[0]["external_id"], COMPOSED);
        let create = json!({ "op": "create", "task": { "title": form, "labels": [form] } });
        let batch = json!({ "operations": [create], "dry_run": true });
        let made = ann.post("/tasks/batch", &batch).await.expect(200).json();
        let made = &made["results"][0]["task"];
        assert_eq!(
            (&made["title"], &made["labels"][0]),
            (&COMPOSED.into(), &COMPOSED.into())
        );
        let mut token = token_request();
        token["name"] = form.into();
        let token = ann.post("/auth/tokens", &token).await.expect(201).json();
        assert_eq!(token["name"], COMPOSED);
    }
    let renamed = json!({ "name": "e\u{301}te\u{301}" });
    let path = format!("/labels/{}", segment(DECOMPOSED));
    let label = ann.patch(&path, &renamed).await.expect(200).json();
    assert_eq!(label, json!({ "name": "\u{e9}t\u{e9}", "tasks": 2 }));
    let path = format!("/labels/{}", segment("e\u{301}te\u{301}"));
    ann.delete(&path).await.expect(204);
    assert_eq!(ann.get("/labels").await.json(), json!([]));
}

async fn lengths_count_the_normal_form(app: TestApp) {
    let ann = app.user("ann").await;
    // Three characters that become one, and one that becomes two.
    let (shrinks, grows) = ("u\u{308}\u{304}", "\u{958}");
    for (member, max) in [
        ("title", 200),
        ("description", 10_000),
        ("external_id", 255),
    ] {
        for (text, is_right) in [
            (shrinks.repeat(max), true),
            (shrinks.repeat(max + 1), false),
            (grows.repeat(max / 2), true),
            (grows.repeat(max / 2 + 1), false),
        ] {
            let mut body = json!({ "title": "T" });
            body[member] = text.into();
            let answer = ann.post("/tasks", &body).await;
            if is_right {
                answer.expect(201);
            } else {
                assert_eq!(answer.faults(), [format!("/{member} length")]);
            }
        }
    }
    for (max, name) in [(50, "label"), (255, "q")] {
        for (text, status) in [(shrinks.repeat(max), 200), (shrinks.repeat(max + 1), 422)] {
            let target = format!("/tasks?{}", query(&[(name, &text)]));
            ann.get(&target).await.expect(status);
        }
    }
}

async fn a_password_is_one_however_it_was_typed(app: TestApp) {
    let composed = "p\u{e2}te bris\u{e9}e ";
    let decomposed = "pa\u{302}te brise\u{301}e ";
    let anonymous = app.anonymous();
    for (name, chosen) in [("ann", composed), ("bob", decomposed)] {
        let email = format!("{name}@example.com");
        let account = json!({ "email": email, "password": chosen });
        anonymous.post("/auth/register", &account).await.expect(201);
        for typed in [composed, decomposed] {
            anonymous.log_in(&email, typed).await;
            let trimmed = anonymous.try_log_in(&email, typed.trim()).await;
            trimmed.problem(401, "invalid_credentials");
        }
        let user = anonymous.log_in(&email, chosen).await;
        let change = json!({ "current_password": decomposed, "new_password": composed });
        user.post("/auth/password", &change).await.expect(204);
        let body = json!({ "current_password": decomposed });
        let request = user.request(Method::DELETE, "/auth/me").json(&body);
        send(request).await.expect(204);
    }
    for (number, (password, is_right)) in [
        ("e\u{301}".repeat(7), false),
        ("e\u{301}".repeat(8), true),
        ("u\u{308}\u{304}".repeat(36), true),
        ("u\u{308}\u{304}".repeat(37), false),
        ("\u{958}".repeat(12), true),
        ("\u{958}".repeat(13), false),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("user{number}@example.com");
        let account = json!({ "email": email, "password": password });
        let answer = anonymous.post("/auth/register", &account).await;
        if is_right {
            answer.expect(201);
            anonymous.log_in(&email, &password).await;
        } else {
            assert_eq!(answer.faults(), ["/password length"], "{password}");
        }
    }
}

async fn what_shows_nothing_is_no_name(app: TestApp) {
    let ann = app.user("ann").await;
    let path = format!("/tasks/{}", ann.task("T").await["id"]);
    let labelled = json!({ "labels": ["home"] });
    ann.patch(&path, &labelled).await.expect(200);
    for unseen in UNSEEN {
        let faults = |name: &str| [format!("{name} characters")];
        let answer = ann.post("/tasks", &json!({ "title": unseen })).await;
        let problem = answer.problem(422, "validation_failed");
        assert_eq!(
            problem["detail"],
            "title must have at least one visible character, not only format characters, fillers and accents"
        );
        for (body, name) in [
            (json!({ "title": unseen }), "/title"),
            (json!({ "labels": ["a", unseen] }), "/labels/1"),
            (json!({ "external_id": unseen }), "/external_id"),
        ] {
            assert_eq!(
                ann.patch(&path, &body).await.faults(),
                faults(name),
                "{body}"
            );
        }
        let update = json!({ "op": "create", "task": { "title": unseen } });
        let batch = json!({ "operations": [update] });
        let answer = ann.post("/tasks/batch", &batch).await;
        assert_eq!(answer.faults(), faults("/operations/0/task/title"));
        let rename = json!({ "name": unseen });
        let answer = ann.patch("/labels/home", &rename).await;
        assert_eq!(answer.faults(), faults("/name"));
        let mut token = token_request();
        token["name"] = unseen.into();
        let answer = ann.post("/auth/tokens", &token).await;
        assert_eq!(answer.faults(), faults("/name"));
        for name in ["label", "external_id"] {
            let target = format!("/tasks?{}", query(&[(name, unseen)]));
            assert_eq!(ann.get(&target).await.faults(), faults(name));
        }
        let target = format!("/labels/{}", segment(unseen));
        ann.delete(&target).await.problem(404, "not_found");
        // Something to be seen, a description, and a search are another matter.
        let seen = format!("\u{200d}{unseen}\u{1f980}{unseen}");
        let body = json!({ "title": seen, "labels": [seen], "description": unseen });
        let task = created(&ann, body).await;
        assert_eq!(
            (&task["title"], &task["labels"][0]),
            (&seen.clone().into(), &seen.into())
        );
        assert_eq!(task["description"], unseen);
        let target = format!("/tasks?{}", query(&[("q", unseen)]));
        assert_eq!(ann.get(&target).await.expect(200).json(), json!([]));
    }
}

async fn a_byte_order_mark_before_a_body_is_passed_over(app: TestApp) {
    let ann = app.user("ann").await;
    let json = "application/json";
    let body = "\u{feff}{\"title\":\"\u{feff}T\"}";
    let made = ann.raw(Method::POST, "/tasks", json, body).await;
    let made = made.expect(201).json();
    assert_eq!(made["title"], "\u{feff}T", "text is left as it is");
    let path = format!("/tasks/{}", made["id"]);
    let patch = "\u{feff}{\"status\":\"done\"}";
    let answer = ann.raw(Method::PATCH, &path, json, patch).await;
    assert_eq!(answer.expect(200).json()["status"], "done");
    for body in [
        "\u{feff}",
        "\u{feff}\u{feff}{}",
        "{\u{feff}}",
        " \u{feff}{}",
    ] {
        let answer = ann.raw(Method::POST, "/tasks", json, body).await;
        answer.problem(400, "malformed_request");
    }
    let form = "username=ann%40example.com&password=correct+horse+battery+staple";
    let media_type = "application/x-www-form-urlencoded";
    let form = format!("\u{feff}{form}");
    let login = ann
        .raw(Method::POST, "/auth/login", media_type, &form)
        .await;
    login.expect(200);
    // As `curl -F 'password=<FILE'` sends it.
    let form = Form::new()
        .text("username", "ann@example.com")
        .text("password", format!("\u{feff}{PASSWORD}"));
    let request = app.anonymous().request(Method::POST, "/auth/login");
    send(request.multipart(form)).await.expect(200);
}

async fn a_time_is_refused_with_what_is_wrong_with_it(app: TestApp) {
    let ann = app.user("ann").await;
    let range = "must be between the years 0001 and 9999, also after conversion to UTC";
    let time = "must be an RFC 3339 time such as 2026-11-23T09:00:00Z: ";
    let either = "must be an RFC 3339 time or a date, such as 2026-11-23T09:00:00Z or 2026-11-23: ";
    for (text, wrong) in [
        (
            "2026-11-23T09:00:00",
            "the offset is missing: Z, or one such as +01:00",
        ),
        (
            "2026-11-23 09:00:00Z",
            "there must be a T between date and time, not a space",
        ),
        ("2026-02-30", "there is no day 30 in 2026-02"),
        ("2026-13-01T00:00:00Z", "there is no month 13"),
        ("2026-11-23T24:00:00Z", "there is no hour 24"),
        ("1763888400", "it is a number, not a time"),
    ] {
        let body = json!({ "title": "T", "due_at": text });
        let problem = ann
            .post("/tasks", &body)
            .await
            .problem(422, "validation_failed");
        assert_eq!(problem["detail"], format!("due_at {time}{wrong}"));
        let answer = ann
            .get(&format!("/tasks?{}", query(&[("due_after", text)])))
            .await;
        let problem = answer.problem(422, "validation_failed");
        assert_eq!(problem["detail"], format!("due_after {either}{wrong}"));
    }
    let date = json!({ "title": "T", "due_at": "2026-11-23" });
    let problem = ann
        .post("/tasks", &date)
        .await
        .problem(422, "validation_failed");
    assert_eq!(
        problem["detail"],
        format!("due_at {time}it is a date without a time of day")
    );
    // What a form decoder makes of a plus sign.
    let answer = ann.get("/tasks?due_after=2026-11-23T09:00:00+01:00").await;
    let detail = answer.problem(422, "validation_failed")["detail"].clone();
    let blank = "there is a space where the sign of the offset belongs; in a query, a + that is not percent-encoded means a space";
    assert_eq!(detail, format!("due_after {either}{blank}"));
    for text in [
        "0000-12-31T23:59:59-01:00",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
    ] {
        let body = json!({ "title": "T", "due_at": text });
        let problem = ann
            .post("/tasks", &body)
            .await
            .problem(422, "validation_failed");
        assert_eq!(problem["detail"], format!("due_at {range}"));
    }
    let first = json!({ "title": "T", "due_at": "0001-01-01T00:00:00Z" });
    assert_eq!(
        created(&ann, first).await["due_at"],
        "0001-01-01T00:00:00.000000Z"
    );
}
