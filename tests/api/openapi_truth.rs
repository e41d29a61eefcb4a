//! The served document says what the service does: each bound of it is tried from both sides.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    cases,
    support::{
        app::TestApp,
        client::{Client, PASSWORD},
    },
};

cases![
    every_bound_of_text_holds_on_both_sides,
    every_enum_value_is_taken_and_no_other,
    every_pattern_says_what_the_service_does,
    the_bounds_of_parameters_hold,
    required_members_are_required_and_others_not,
    every_example_is_taken,
    answers_have_the_documented_shape,
];

async fn document(client: &Client) -> Value {
    client.get("/openapi.json").await.expect(200).json()
}

/// Requests by shape: where it is sent, and what it needs besides the member under test.
const SHAPES: [(&str, &str, &str); 3] = [
    ("CreateTask", "/tasks", r#"{"title":"T"}"#),
    ("UpdateTask", "/tasks/{id}", "{}"),
    (
        "Registration",
        "/auth/register",
        r#"{"email":"","password":"correct horse"}"#,
    ),
];

struct Probe {
    ann: Client,
    document: Value,
    path: String,
    tries: usize,
}

impl Probe {
    async fn new(app: &TestApp) -> Self {
        let ann = app.user("ann").await;
        let path = format!("/tasks/{}", ann.task("T").await["id"]);
        let document = document(&ann).await;
        Self {
            ann,
            document,
            path,
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

    /// Whether the service takes `value` as `member` of `shape`; anything but 2xx and 422 fails.
    async fn takes(&mut self, shape: &str, member: &str, value: &Value) -> bool {
        let (_, path, base) = SHAPES.iter().find(|(name, ..)| *name == shape).unwrap();
        self.tries += 1;
        let mut body: Value = serde_json::from_str(base).unwrap();
        if shape == "Registration" && member != "email" {
            body["email"] = json!(format!("user{}@example.com", self.tries));
        }
        body[member] = value.clone();
        let answer = match *path {
            "/tasks/{id}" => self.ann.patch(&self.path, &body).await,
            path => self.ann.post(path, &body).await,
        };
        match answer.status.as_u16() {
            200 | 201 => true,
            422 => {
                assert_eq!(
                    answer.faults()[0].split(' ').next(),
                    Some(format!("/{member}").as_str())
                );
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
            assert!(
                !probe.takes(shape, &member, &json!(7)).await,
                "{shape}.{member}"
            );
        }
    }
    assert_eq!(
        bounds, 8,
        "title, description and password, in each shape that has them"
    );
}

async fn every_enum_value_is_taken_and_no_other(app: TestApp) {
    let mut probe = Probe::new(&app).await;
    for shape in ["CreateTask", "UpdateTask"] {
        for member in ["status", "priority"] {
            let schema =
                probe.document["components"]["schemas"][shape]["properties"][member].clone();
            for value in schema["enum"].as_array().unwrap() {
                assert!(probe.takes(shape, member, value).await, "{value}");
            }
            for wrong in ["", "Todo", "done ", "null"] {
                assert!(!probe.takes(shape, member, &json!(wrong)).await, "{wrong}");
            }
        }
    }
}

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
        "line\nline",
        "🦀",
        "ann@example.org",
        "ann@",
        "a@b",
        "ann@-x.com",
        "o'neil@example.com",
        "correct horse",
    ];
    let mut patterns = 0;
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
                assert_eq!(taken, pattern.is_match(text), "{shape}.{member} {text:?}");
            }
        }
    }
    assert_eq!(patterns, 6);
}

async fn the_bounds_of_parameters_hold(app: TestApp) {
    let probe = Probe::new(&app).await;
    let parameters = &probe.document["paths"]["/tasks"]["get"]["parameters"];
    let limit = parameters
        .as_array()
        .unwrap()
        .iter()
        .find(|p| p["name"] == "limit")
        .unwrap();
    let bound = |name: &str| limit["schema"][name].as_i64().unwrap();
    for (value, status) in [
        (bound("minimum"), 200),
        (bound("minimum") - 1, 422),
        (bound("maximum"), 200),
        (bound("maximum") + 1, 422),
        (bound("default"), 200),
    ] {
        probe
            .ann
            .get(&format!("/tasks?limit={value}"))
            .await
            .expect(status);
    }
    let id = &probe.document["paths"]["/tasks/{id}"]["get"]["parameters"][0]["schema"];
    assert_eq!(
        (&id["minimum"], &id["maximum"]),
        (&json!(1), &json!(9_007_199_254_740_991_i64))
    );
}

async fn required_members_are_required_and_others_not(app: TestApp) {
    let probe = Probe::new(&app).await;
    for (shape, path, _) in SHAPES {
        let schema = &probe.document["components"]["schemas"][shape];
        assert_eq!(schema["additionalProperties"], false, "{shape}");
        let path = path.replace("/tasks/{id}", &probe.path);
        let method = if shape == "UpdateTask" {
            Method::PATCH
        } else {
            Method::POST
        };
        let answer = probe.ann.raw(method, &path, "application/json", "{}").await;
        let required: Vec<String> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|name| format!("/{} required", name.as_str().unwrap()))
            .collect();
        match required.is_empty() {
            true => drop(answer.expect(200)),
            false => assert_eq!(answer.faults(), required, "{shape}"),
        }
    }
}

async fn every_example_is_taken(app: TestApp) {
    let probe = Probe::new(&app).await;
    let schemas = &probe.document["components"]["schemas"];
    let register = &schemas["Registration"]["example"];
    let bob = json!({ "email": "bob@example.com", "password": register["password"] });
    probe.ann.post("/auth/register", &bob).await.expect(201);
    probe
        .ann
        .post("/tasks", &schemas["CreateTask"]["example"])
        .await
        .expect(201);
    probe
        .ann
        .patch(&probe.path, &schemas["UpdateTask"]["example"])
        .await
        .expect(200);
    assert_eq!(schemas["PasswordGrant"]["example"]["password"], PASSWORD);
}

async fn answers_have_the_documented_shape(app: TestApp) {
    let probe = Probe::new(&app).await;
    let task = probe.ann.get(&probe.path).await.json();
    let me = probe.ann.get("/auth/me").await.json();
    for (shape, answer) in [("Task", task), ("User", me)] {
        let schema = &probe.document["components"]["schemas"][shape];
        let mut documented: Vec<&String> =
            schema["properties"].as_object().unwrap().keys().collect();
        documented.sort();
        let mut sent: Vec<&String> = answer.as_object().unwrap().keys().collect();
        sent.sort();
        assert_eq!(sent, documented, "{shape}");
        let required = schema["required"].as_array().unwrap().len();
        assert_eq!(
            required,
            documented.len(),
            "{shape}: nothing is ever left out"
        );
        for (name, value) in answer.as_object().unwrap() {
            assert!(
                !value.is_null() || schema["properties"][name]["nullable"] == true,
                "{shape}.{name}"
            );
        }
    }
}
