//! What filters refuse, what they find nothing of, and what the document says of them.

use serde_json::json;

use super::account::{FILTERS, account, ids};
use crate::{
    cases,
    support::{
        app::TestApp,
        documented::{parameter, resolve},
    },
};

cases![
    ids_that_are_not_there_find_nothing,
    wrong_values_are_named,
    a_cursor_holds_for_its_filters_alone,
    the_document_has_typed_lists,
];

async fn ids_that_are_not_there_find_nothing(app: TestApp) {
    let (ann, bob, _) = account(&app).await;
    let max = "9007199254740991";
    for name in ["project", "parent", "blocked_by"] {
        for order in ["-id", "position", "due_at"] {
            let found = ids(&ann, &format!("{name}=77,{max}&sort={order}")).await;
            assert_eq!(found, [0; 0], "{name}");
        }
    }
    let all = ids(&ann, "limit=200").await;
    assert_eq!(
        ids(&ann, &format!("project_not=77,{max}&limit=200")).await,
        all
    );
    let his = ids(&bob, "").await;
    for query in [
        "project=3",
        "parent=1",
        "blocked_by=12",
        "blocked=false",
        "archived=false",
    ] {
        assert_eq!(ids(&bob, query).await, his, "{query}: his own alone");
    }
    assert_eq!(
        ids(&bob, "blocked=true").await,
        [0; 0],
        "by the tasks of another user"
    );
    assert_eq!(ids(&bob, "project=4").await, [0; 0]);
}

async fn wrong_values_are_named(app: TestApp) {
    let ann = app.user("ann").await;
    let numbers = |count: usize| {
        (1..=count)
            .map(|n| n.to_string())
            .collect::<Vec<_>>()
            .join(",")
    };
    let mut wrong = vec![
        ("blocked=yes".to_owned(), "blocked type"),
        ("archived=".to_owned(), "archived type"),
        ("blocked=true&blocked=true".to_owned(), "blocked duplicate"),
        ("completed_after=x".to_owned(), "completed_after format"),
        (
            "completed_before=2026-02-30".to_owned(),
            "completed_before format",
        ),
        ("with=title".to_owned(), "with choice"),
        ("without=".to_owned(), "without choice"),
        ("with=due_at".to_owned(), "with choice"),
        (
            "without=due,due,due,due,due,due".to_owned(),
            "without length",
        ),
        ("label_all=".to_owned(), "label_all length"),
        ("label_not=a,".to_owned(), "label_not length"),
        ("sort=position,-position".to_owned(), "sort duplicate"),
    ];
    for (name, fault) in [
        ("project", "project"),
        ("project_not", "project_not"),
        ("parent", "parent"),
        ("blocked_by", "blocked_by"),
    ] {
        ann.get(&format!("/tasks?{name}={}", numbers(20)))
            .await
            .expect(200);
        ann.get(&format!("/tasks?{name}=7&{name}=7,8"))
            .await
            .expect(200);
        let leaked = |code: &str| -> &'static str { format!("{fault} {code}").leak() };
        wrong.push((format!("{name}={}", numbers(21)), leaked("length")));
        for value in [
            "",
            "0",
            "-1",
            "%2B7",
            "007",
            "7.0",
            "x",
            "null",
            "9007199254740992",
            "7,",
        ] {
            wrong.push((format!("{name}={value}"), leaked("range")));
        }
    }
    for (query, fault) in wrong {
        assert_eq!(
            ann.get(&format!("/tasks?{query}")).await.faults(),
            [fault],
            "{query}"
        );
    }
}

async fn a_cursor_holds_for_its_filters_alone(app: TestApp) {
    let (ann, ..) = account(&app).await;
    let next = ann
        .get("/tasks?limit=1&sort=position")
        .await
        .next()
        .unwrap();
    for (filter, _) in FILTERS {
        let answer = ann.get(&format!("{next}&{filter}")).await;
        assert_eq!(answer.faults(), ["cursor cursor"], "with {filter}");
    }
    let next = ann.get("/tasks?limit=1&project=3,4").await.next().unwrap();
    ann.get(&next.replace("project=3,4", "project=4,3,4"))
        .await
        .expect(200);
    for other in [
        "project=3",
        "project_not=3,4",
        "parent=3,4",
        "blocked_by=3,4",
    ] {
        let answer = ann.get(&next.replace("project=3,4", other)).await;
        assert_eq!(answer.faults(), ["cursor cursor"], "with {other}");
    }
}

async fn the_document_has_typed_lists(_: TestApp) {
    for (name, kind, most) in [
        ("project", "integer", 20),
        ("project_not", "integer", 20),
        ("parent", "integer", 20),
        ("blocked_by", "integer", 20),
        ("label_all", "string", 20),
        ("label_not", "string", 20),
        ("without", "string", 5),
        ("with", "string", 5),
    ] {
        let parameter = parameter("/tasks", "get", name);
        let schema = &parameter["schema"];
        assert_eq!(schema["type"], "array", "{name}");
        assert_eq!(
            (&schema["minItems"], &schema["maxItems"]),
            (&json!(1), &json!(most)),
            "{name}"
        );
        assert_eq!(resolve(&schema["items"])["type"], kind, "{name}");
        // `style: form` is what a query has without a word.
        assert_eq!(parameter.get("style"), None, "{name}");
        assert_eq!(parameter["explode"], false, "{name}");
    }
}
