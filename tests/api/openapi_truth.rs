//! The served document says what the service does: each bound of it is tried from both sides.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    cases,
    support::{
        app::TestApp,
        client::{Client, PASSWORD},
        documented::Schema,
    },
};

cases![
    every_bound_of_text_holds_on_both_sides,
    every_enum_value_is_taken_and_no_other,
    every_pattern_says_what_the_service_does,
    labels_are_taken_as_documented,
    required_members_are_required_and_others_not,
    every_example_is_taken,
    answers_have_the_documented_shape,
];

async fn document(client: &Client) -> Value {
    client.get("/openapi.json").await.expect(200).json()
}

/// Requests by shape: where it is sent, and what it needs besides the member under test.
const SHAPES: [(&str, &str, &str); 6] = [
    ("CreateTask", "/tasks", r#"{"title":"T"}"#),
    ("UpdateTask", "/tasks/{id}", "{}"),
    ("CreateProject", "/projects", r#"{"name":"P"}"#),
    ("UpdateProject", "/projects/{id}", "{}"),
    // There is none, which is found out only once the request itself is right.
    ("RenameLabel", "/labels/none", "{}"),
    (
        "Registration",
        "/auth/register",
        r#"{"email":"","password":"correct horse"}"#,
    ),
];

struct Probe {
    ann: Client,
    document: Value,
    task: String,
    project: String,
    tries: usize,
}

impl Probe {
    async fn new(app: &TestApp) -> Self {
        let ann = app.user("ann").await;
        let task = format!("/tasks/{}", ann.task("T").await["id"]);
        let project = ann.project("P").await;
        let document = document(&ann).await;
        Self {
            ann,
            document,
            task,
            project: format!("/projects/{}", project["id"]),
            tries: 0,
        }
    }

    fn properties(&self, shape: &str) -> Vec<(String, Value)> {
        let properties = &self.document["components"]["schemas"][shape]["properties"];
        let properties = properties.as_object().unwrap().iter();
        properties
            .map(|(name, schema)| (name.clone(), schema.clone()))
            .collect()
    }

    /// Whether the service takes `value` as `member` of `shape`; 404 and 409 say that the request
    /// itself is right.
    async fn takes(&mut self, shape: &str, member: &str, value: &Value) -> bool {
        let (_, path, base) = SHAPES.iter().find(|(name, ..)| *name == shape).unwrap();
        self.tries += 1;
        let mut body: Value = serde_json::from_str(base).unwrap();
        if shape == "Registration" && member != "email" {
            body["email"] = json!(format!("user{}@example.com", self.tries));
        }
        body[member] = value.clone();
        let answer = match *path {
            "/tasks/{id}" => self.ann.patch(&self.task, &body).await,
            "/projects/{id}" => self.ann.patch(&self.project, &body).await,
            "/labels/none" => self.ann.patch(path, &body).await,
            path => self.ann.post(path, &body).await,
        };
        match answer.status.as_u16() {
            200 | 201 | 404 | 409 => true,
            422 => {
                let faults = answer.faults();
                assert!(faults[0].starts_with(&format!("/{member}")), "{faults:?}");
                false
            }
            _ => panic!("{shape}.{member}: {answer:?}"),
        }
    }
}

async fn every_bound_of_text_holds_on_both_sides(app: TestApp) {
    let mut probe = Probe::new(&app).await;
    let mut bounds = 0;
    for (shape, ..) in SHAPES {
        for (member, schema) in probe.properties(shape) {
            if member == "email" {
                continue; // Its pattern bounds it further; tried below.
            }
            if let Some(max) = schema["maxLength"].as_u64() {
                bounds += 1;
                assert!(
                    probe
                        .takes(shape, &member, &json!("x".repeat(max as usize)))
                        .await,
                    "{shape}.{member}"
                );
                assert!(
                    !probe
                        .takes(shape, &member, &json!("x".repeat(max as usize + 1)))
                        .await,
                    "{shape}.{member}"
                );
            }
            if let Some(min) = schema["minLength"].as_u64() {
                bounds += 1;
                assert!(
                    probe
                        .takes(shape, &member, &json!("x".repeat(min as usize)))
                        .await,
                    "{shape}.{member}"
                );
                assert!(
                    !probe
                        .takes(shape, &member, &json!("x".repeat(min as usize - 1)))
                        .await,
                    "{shape}.{member}"
                );
            }
            let nullable = schema["nullable"] == true;
            assert_eq!(
                probe.takes(shape, &member, &Value::Null).await,
                nullable,
                "{shape}.{member}"
            );
            assert_eq!(
                probe.takes(shape, &member, &json!(7)).await,
                schema["type"] == "integer",
                "{shape}.{member}"
            );
        }
    }
    assert_eq!(
        bounds, 20,
        "title, description, external_id, name and password, in each shape that has them"
    );
}

async fn every_enum_value_is_taken_and_no_other(app: TestApp) {
    let mut probe = Probe::new(&app).await;
    for shape in ["CreateTask", "UpdateTask"] {
        for (member, name) in [("status", "Status"), ("priority", "Priority")] {
            let schemas = &probe.document["components"]["schemas"];
            let property = schemas[shape]["properties"][member].to_string();
            assert!(
                property.contains(&format!("#/components/schemas/{name}")),
                "{property}"
            );
            for value in schemas[name]["enum"].as_array().unwrap().clone() {
                let value = &value;
                assert!(probe.takes(shape, member, value).await, "{value}");
            }
            for wrong in ["", "Todo", "done ", "null"] {
                assert!(!probe.takes(shape, member, &json!(wrong)).await, "{wrong}");
            }
        }
    }
}

/// Text that is more than blanks, and that descriptions refuse.
const IN_WORDS: [&str; 9] = [
    "\u{3000}\u{2028}",
    "a\u{0}b",
    "\u{7f}",
    "\u{85}",
    "\u{feff}",
    "\u{ad}\u{200d}",
    "\u{3164}",
    "\u{2800}",
    "\u{301}",
];

async fn every_pattern_says_what_the_service_does(app: TestApp) {
    let mut probe = Probe::new(&app).await;
    let texts = [
        "a",
        " a ",
        " ",
        "\u{3000}\u{2028}",
        "\t\n\r",
        "a\u{0}b",
        "\u{7f}",
        "\u{85}",
        "\u{feff}",
        "a\u{200b}",
        "\u{ad}\u{200d}",
        "\u{3164}",
        "\u{2800}",
        "\u{301}",
        "e\u{301}",
        "\u{915}\u{93e}",
        "2026-11-23T09:00:00Z",
        "0000-11-23T09:00:00Z",
        "line\nline",
        "🦀",
        "ann@example.org",
        "ann@",
        "a@b",
        "ann@-x.com",
        "o'neil@example.com",
        "correct horse",
        "a,b",
        ",",
    ];
    let (mut patterns, mut refused_by_pattern) = (0, 0);
    for (shape, ..) in SHAPES {
        for (member, schema) in probe.properties(shape) {
            let Some(pattern) = schema["pattern"].as_str() else {
                continue;
            };
            patterns += 1;
            let pattern = regex::Regex::new(pattern).unwrap();
            for text in texts {
                let padded = member == "email" && text.trim() != text;
                let short =
                    text.chars().count() < schema["minLength"].as_u64().unwrap_or(0) as usize;
                if padded || short {
                    continue;
                }
                let taken = probe.takes(shape, &member, &json!(text)).await;
                // What it allows, the description may refuse: what cannot be seen, and control characters.
                let in_words = IN_WORDS.contains(&text);
                assert_eq!(
                    taken,
                    pattern.is_match(text) && !in_words,
                    "{shape}.{member} {text:?}"
                );
                refused_by_pattern += usize::from(!pattern.is_match(text));
            }
        }
    }
    assert_eq!(
        patterns, 10,
        "titles, external ids, names, colors and the e-mail address"
    );
    assert!(refused_by_pattern > 30, "{refused_by_pattern}");
}

/// Labels, and whether the service takes them. What is the same only after trimming no keyword can say, and what cannot be
/// seen none that all dialects of patterns share.
async fn labels_are_taken_as_documented(app: TestApp) {
    let mut probe = Probe::new(&app).await;
    let many = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
    for labels in [
        json!([]),
        json!(["a", "A", "é", " b "]),
        json!(["a", "a"]),
        json!([""]),
        json!([" "]),
        json!(["a,b"]),
        json!(["a\tb"]),
        json!(["🦀".repeat(50)]),
        json!(["x".repeat(51)]),
        json!(many(20)),
        json!(many(21)),
        json!([null]),
        json!([7]),
        json!([["a"]]),
        json!("a"),
        json!({ "0": "a" }),
        json!(null),
    ] {
        for shape in ["CreateTask", "UpdateTask"] {
            let allowed = Schema::named(shape).allows(&json!({ "title": "T", "labels": labels }));
            let taken = probe.takes(shape, "labels", &labels).await;
            assert_eq!(taken, allowed, "{shape} {labels}");
        }
    }
    for in_words in [json!(["a", " a"]), json!(["\u{3000}"]), json!(["a\u{0}"])] {
        let taken = probe.takes("CreateTask", "labels", &in_words).await;
        assert!(!taken, "{in_words}");
    }
}

async fn required_members_are_required_and_others_not(app: TestApp) {
    let probe = Probe::new(&app).await;
    for (shape, path, _) in SHAPES {
        let schema = &probe.document["components"]["schemas"][shape];
        assert_eq!(schema["additionalProperties"], false, "{shape}");
        let path = path.replace("/tasks/{id}", &probe.task);
        let path = path.replace("/projects/{id}", &probe.project);
        let method = match shape {
            "UpdateTask" | "UpdateProject" | "RenameLabel" => Method::PATCH,
            _ => Method::POST,
        };
        let answer = probe.ann.raw(method, &path, "application/json", "{}").await;
        let required: Vec<String> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|name| format!("/{} required", name.as_str().unwrap()))
            .collect();
        if required.is_empty() {
            answer.expect(200);
        } else {
            assert_eq!(answer.faults(), required, "{shape}");
        }
    }
}

async fn every_example_is_taken(app: TestApp) {
    let probe = Probe::new(&app).await;
    let content = |path: &str, method: &str| {
        let body = &probe.document["paths"][path][method]["requestBody"];
        let content = body["content"].as_object().unwrap();
        assert_eq!(content.len(), 1, "{path}: one media type");
        content.values().next().unwrap().clone()
    };
    let register = &content("/auth/register", "post")["example"];
    let bob = json!({ "email": "bob@example.com", "password": register["password"] });
    probe.ann.post("/auth/register", &bob).await.expect(201);
    let create = &content("/tasks", "post")["example"];
    probe.ann.post("/tasks", create).await.expect(201);
    let update = &content("/tasks/{id}", "patch")["example"];
    probe.ann.patch(&probe.task, update).await.expect(200);
    let create = &content("/projects", "post")["example"];
    probe.ann.post("/projects", create).await.expect(201);
    let update = &content("/projects/{id}", "patch")["example"];
    probe.ann.patch(&probe.project, update).await.expect(200);
    let rename = &content("/labels/{name}", "patch")["example"];
    probe.ann.patch("/labels/home", rename).await.expect(200);
    for example in content("/tasks/batch", "post")["examples"]
        .as_object()
        .unwrap()
        .values()
    {
        let answer = probe.ann.post("/tasks/batch", &example["value"]).await;
        answer.expect(200);
    }
    let login = &content("/auth/login", "post")["example"];
    assert_eq!(login["password"], PASSWORD);
}

async fn answers_have_the_documented_shape(app: TestApp) {
    let probe = Probe::new(&app).await;
    let path = format!("{}?include_computed=true", probe.task);
    let task = probe.ann.get(&path).await.json();
    let me = probe.ann.get("/auth/me").await.json();
    let labels = json!({ "labels": ["home"] });
    probe.ann.patch(&probe.task, &labels).await.expect(200);
    let label = probe.ann.get("/labels").await.json()[0].clone();
    let path = format!("{}?include_computed=true", probe.project);
    let project = probe.ann.get(&path).await.json();
    for (shape, answer) in [
        ("Task", task),
        ("Project", project),
        ("User", me),
        ("Label", label),
    ] {
        let schema = &probe.document["components"]["schemas"][shape];
        let mut documented: Vec<&String> =
            schema["properties"].as_object().unwrap().keys().collect();
        documented.sort();
        let mut sent: Vec<&String> = answer.as_object().unwrap().keys().collect();
        sent.sort();
        assert_eq!(sent, documented, "{shape}");
        let required = schema["required"].as_array().unwrap();
        let optional = documented
            .iter()
            .filter(|name| !required.contains(&json!(name)));
        let optional: Vec<&str> = optional.map(|name| name.as_str()).collect();
        let computed: &[&str] = match shape {
            "Task" => &["blocked", "open_subtasks", "subtasks"],
            "Project" => &["open_tasks", "tasks"],
            _ => &[],
        };
        assert_eq!(optional, computed, "{shape}: nothing else is ever left out");
        for (name, value) in answer.as_object().unwrap() {
            assert!(
                !value.is_null() || schema["properties"][name]["nullable"] == true,
                "{shape}.{name}"
            );
        }
    }
}
