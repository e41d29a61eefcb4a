//! Lists of values in a query: with commas between, or one by one under the same name.

use reqwest::Method;
use serde_json::json;

use crate::{
    cases,
    support::{app::TestApp, client::Client, documented::parameter},
};

cases![
    both_forms_are_the_same_list,
    a_page_goes_on_in_either_form,
    both_forms_have_the_same_bounds,
    a_parameter_of_one_value_is_given_once,
    the_document_says_both_forms,
];

/// The forms of one list, and another list.
const FORMS: [([&str; 4], &str); 4] = [
    (
        [
            "status=todo,done,cancelled",
            "status=todo&status=done&status=cancelled",
            "status=done&limit=2&status=cancelled,todo",
            "st%61tus=todo&status=done%2Ccancelled&status=todo",
        ],
        "status=todo&status=done",
    ),
    (
        [
            "priority=low,high",
            "priority=low&priority=high",
            "priority=high&priority=low,high",
            "priority=high,low&priority=low",
        ],
        "priority=high",
    ),
    (
        [
            "label=home,a%20b",
            "label=home&label=a+b",
            "label=a%20b&label=home",
            "label=home&label=home,%20a%20b%20",
        ],
        "label=home",
    ),
    (
        [
            "sort=priority,-title,id",
            "sort=priority&sort=-title&sort=id",
            "sort=priority,-title&sort=id",
            "sort=priority&sort=-title,id",
        ],
        "sort=-title&sort=priority&sort=id",
    ),
];

async fn tasks(client: &Client) {
    let statuses = ["todo", "in_progress", "done", "cancelled"];
    let priorities = ["low", "high", "urgent"];
    let labels = ["home", "a b", "work"];
    for number in 0..12 {
        let task = json!({
            "title": format!("task {number}"),
            "status": statuses[number % 4],
            "priority": priorities[number % 3],
            "labels": [labels[number / 2 % 3]],
        });
        client.post("/tasks", &task).await.expect(201);
    }
}

async fn both_forms_are_the_same_list(app: TestApp) {
    let ann = app.user("ann").await;
    tasks(&ann).await;
    for (forms, other) in FORMS {
        let first = ann.get(&format!("/tasks?{}", forms[0])).await.expect(200);
        assert!(first.json().as_array().unwrap().len() > 2);
        let different = ann.get(&format!("/tasks?{other}")).await.expect(200);
        assert_ne!(different.body, first.body, "{other}");
        for form in forms {
            let path = format!("/tasks?{form}&limit=200").replace("&limit=2&", "&");
            let answer = ann.get(&path).await.expect(200);
            assert_eq!(answer.body, first.body, "{form}");
            let known = [("if-none-match", first.header("etag").unwrap())];
            let answer = ann.call(Method::GET, &path, &known, None).await;
            answer.expect(304);
        }
    }
}

async fn a_page_goes_on_in_either_form(app: TestApp) {
    let ann = app.user("ann").await;
    tasks(&ann).await;
    for (forms, other) in FORMS {
        let whole = ann.all(&format!("/tasks?{}", forms[0])).await;
        for form in forms {
            let form = form.replace("&limit=2", "");
            let path = format!("/tasks?{form}&limit=1");
            assert_eq!(ann.all(&path).await, whole, "{form}");
            let next = ann.get(&path).await.next().unwrap();
            let (_, cursor) = next.split_once("cursor=").unwrap();
            for form in forms {
                let path = format!("/tasks?{form}&cursor={cursor}");
                let page = ann.get(&path).await.expect(200);
                assert_eq!(page.json()[0], whole[1], "{form}");
            }
            let answer = ann.get(&format!("/tasks?{other}&cursor={cursor}")).await;
            assert_eq!(answer.faults(), ["cursor cursor"], "{other}");
        }
    }
}

async fn both_forms_have_the_same_bounds(app: TestApp) {
    let ann = app.user("ann").await;
    let repeated = |name: &str, count: usize| -> String {
        let pairs = (0..count).map(|number| format!("{name}={number}"));
        pairs.collect::<Vec<_>>().join("&")
    };
    ann.get(&format!("/tasks?{}", repeated("label", 20)))
        .await
        .expect(200);
    for (query, fault) in [
        (repeated("label", 21), "label length"),
        (repeated("label", 2_000), "label length"),
        ("status=todo&status=".to_owned(), "status choice"),
        ("status=&status=todo".to_owned(), "status choice"),
        (
            "status=todo&status=late&status=x".to_owned(),
            "status choice",
        ),
        ("sort=title&sort=-title".to_owned(), "sort duplicate"),
        (
            "sort=id&sort=title&sort=priority&sort=due_at".to_owned(),
            "sort length",
        ),
        ("sort=relevance&sort=id".to_owned(), "sort choice"),
    ] {
        let answer = ann.get(&format!("/tasks?{query}")).await;
        assert_eq!(answer.faults(), [fault], "{query}");
    }
}

async fn a_parameter_of_one_value_is_given_once(app: TestApp) {
    let ann = app.user("ann").await;
    for pair in [
        "limit=5",
        "include_total=true",
        "due_after=2026-01-01",
        "due_before=2026-01-01",
        "created_after=2026-01-01",
        "created_before=2099-01-01",
        "updated_after=2026-01-01",
        "updated_before=2099-01-01",
        "overdue=true",
        "external_id=a",
        "q=task",
    ] {
        let (name, _) = pair.split_once('=').unwrap();
        let answer = ann.get(&format!("/tasks?{pair}&{pair}")).await;
        assert_eq!(answer.faults(), [format!("{name} duplicate")]);
    }
    // Two members of one name are no list, whatever their value is.
    for body in [
        r#"{ "title": "T", "labels": ["a"], "labels": ["b"] }"#,
        r#"{ "title": "T", "labels": [], "labels": [] }"#,
    ] {
        let answer = ann.raw(Method::POST, "/tasks", "application/json", body);
        assert_eq!(answer.await.faults(), ["/labels duplicate"]);
    }
    let logout = ann.call(
        Method::POST,
        "/auth/logout?scope=local&scope=local",
        &[],
        None,
    );
    assert_eq!(logout.await.faults(), ["scope duplicate"]);
}

async fn the_document_says_both_forms(_: TestApp) {
    for name in ["status", "priority", "label", "project", "with", "sort"] {
        let parameter = parameter("/tasks", "get", name);
        assert_eq!(parameter["schema"]["type"], "array", "{name}");
        // With commas between; form is what a query has without a word (OpenAPI 3.0, parameter object).
        assert_eq!(parameter.get("style"), None, "{name}");
        assert_eq!(parameter["explode"], false, "{name}");
        let text = parameter["description"].as_str().unwrap();
        assert!(
            text.contains("repeated") && text.contains("commas"),
            "{text}"
        );
    }
}
