//! `q` and `label`: what is found, the same on both engines.

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Value, json};

use crate::{
    cases,
    search_corpus::{CORPUS, QUERIES},
    support::{
        app::TestApp,
        client::{Client, query},
        runner::Engine,
    },
};

cases![
    each_query_finds_its_set,
    titles_come_before_descriptions,
    a_search_follows_its_task,
    users_with_the_same_words_find_their_own,
    long_words_and_many_words,
    labels_of_every_kind_are_found,
    no_query_is_an_error_but_for_the_rules_of_text,
];

async fn found(client: &Client, q: &str) -> Vec<i64> {
    let target = format!("/tasks?{}", query(&[("q", q), ("sort", "id")]));
    let tasks = client.all(&target).await;
    tasks
        .iter()
        .map(|task| task["id"].as_i64().unwrap())
        .collect()
}

async fn task(client: &Client, title: &str, description: &str) -> i64 {
    let body = json!({ "title": title, "description": description });
    let task = client.post("/tasks", &body).await.expect(201).json();
    task["id"].as_i64().unwrap()
}

async fn each_query_finds_its_set(app: TestApp) {
    let ann = app.user("ann").await;
    let mut ids = Vec::new();
    for (title, description) in CORPUS {
        ids.push(task(&ann, title, description).await);
    }
    let mut wrong = Vec::new();
    for (q, expected) in QUERIES {
        let numbers: Vec<usize> = found(&ann, q)
            .await
            .iter()
            .map(|id| ids.iter().position(|known| known == id).unwrap())
            .collect();
        if numbers != *expected {
            wrong.push(format!("{q:?}: {numbers:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

async fn titles_come_before_descriptions(app: TestApp) {
    let ann = app.user("ann").await;
    let mut ids = Vec::new();
    for (title, description) in [
        ("bread", "milk and honey"),
        ("Milk", ""),
        ("honey", "milk"),
        ("MILK and honey", "milk"),
        ("milkshake", ""),
        ("nothing", "of it"),
    ] {
        ids.push(task(&ann, title, description).await);
    }
    for (q, sort, expected) in [
        ("milk", "relevance", vec![1, 3, 4, 0, 2]),
        ("milk", "relevance,-id", vec![4, 3, 1, 2, 0]),
        ("milk", "relevance,title", vec![1, 3, 4, 0, 2]),
        ("milk", "relevance,-title", vec![4, 3, 1, 2, 0]),
        ("honey milk", "relevance", vec![3, 0, 2]),
        ("milk honey", "-priority,relevance", vec![3, 0, 2]),
        ("!!", "relevance", vec![]),
    ] {
        let expected: Vec<i64> = expected.iter().map(|n: &usize| ids[*n]).collect();
        for limit in ["1", "2", "200"] {
            let target = query(&[("q", q), ("sort", sort), ("limit", limit)]);
            let tasks = ann.all(&format!("/tasks?{target}")).await;
            let found: Vec<i64> = tasks.iter().map(|t| t["id"].as_i64().unwrap()).collect();
            assert_eq!(found, expected, "{target}");
        }
    }
    for target in ["/tasks?sort=relevance", "/tasks?q=a&sort=-relevance"] {
        assert_eq!(ann.get(target).await.faults(), ["sort choice"]);
    }
}

async fn a_search_follows_its_task(app: TestApp) {
    let ann = app.user("ann").await;
    let id = task(&ann, "old title", "old words").await;
    let path = format!("/tasks/{id}");
    ann.patch(&path, &json!({ "title": "new heading" }))
        .await
        .expect(200);
    assert_eq!(found(&ann, "title").await, [0; 0]);
    assert_eq!(found(&ann, "heading").await, [id]);
    assert_eq!(found(&ann, "heading words").await, [id]);
    ann.patch(&path, &json!({ "description": null }))
        .await
        .expect(200);
    assert_eq!(found(&ann, "words").await, [0; 0]);
    ann.patch(
        &path,
        &json!({ "labels": ["words"], "external_id": "words" }),
    )
    .await
    .expect(200);
    assert_eq!(found(&ann, "words").await, [0; 0], "labels are no text");
    ann.delete(&path).await.expect(204);
    assert_eq!(found(&ann, "heading").await, [0; 0]);
    let restore = format!("/trash/{id}/restore");
    ann.call(reqwest::Method::POST, &restore, &[], None)
        .await
        .expect(200);
    assert_eq!(found(&ann, "heading").await, [id]);
    ann.patch("/labels/words", &json!({ "name": "other" }))
        .await
        .expect(200);
    assert_eq!(found(&ann, "heading").await, [id]);
    ann.delete(&path).await.expect(204);
    ann.delete("/trash").await.expect(204);
    assert_eq!(found(&ann, "heading").await, [0; 0]);
}

/// Eleven of them, so that the number of one is the beginning of another's.
async fn users_with_the_same_words_find_their_own(app: TestApp) {
    let mut users = Vec::new();
    for number in 1..=11 {
        let user = app.user(&format!("user{number}")).await;
        let body =
            json!({ "title": "1 milk 11", "description": "1:milk", "labels": ["1", "11", "a"] });
        let task = user.post("/tasks", &body).await.expect(201).json();
        users.push((user, task));
    }
    for (user, task) in &users {
        for q in ["milk", "mi", "1", "11", "1:milk", "11:milk", "1:"] {
            let target = format!("/tasks?{}", query(&[("q", q)]));
            assert_eq!(user.all(&target).await, std::slice::from_ref(task), "{q}");
        }
        for label in ["1", "11", "a,1"] {
            assert_eq!(
                user.all(&format!("/tasks?label={label}")).await,
                std::slice::from_ref(task)
            );
        }
        assert_eq!(
            user.all("/labels").await[2],
            json!({ "name": "a", "tasks": 1 })
        );
    }
}

async fn long_words_and_many_words(app: TestApp) {
    let ann = app.user("ann").await;
    let long = task(&ann, "long", &"x".repeat(10_000)).await;
    let wide = task(&ann, "wide", &"\u{1f980}".repeat(10_000)).await;
    let hanzi: String = ('\u{4e00}'..).take(10_000).collect();
    let many = task(&ann, "many", &hanzi).await;
    let letters = task(&ann, "letters", &"\u{1e900}".repeat(10_000)).await;
    let all: String = ('\u{4e00}'..).take(255).collect();
    let missing: String = ('\u{4e00}'..).take(254).chain(['\u{3400}']).collect();
    for (q, expected) in [
        ("x".repeat(255), vec![long]),
        ("x".repeat(254), vec![long]),
        ("x".repeat(200) + "y", vec![]),
        ("\u{1f980}".repeat(255), vec![wide]),
        ("\u{1e900}".repeat(255), vec![letters]),
        ("\u{1e922}".repeat(100), vec![letters]),
        (all, vec![many]),
        (missing, vec![]),
        ("a ".repeat(127) + "a", vec![]),
        // Characters that stand for several words.
        (
            ('\u{3300}'..='\u{3357}').cycle().take(255).collect(),
            vec![],
        ),
        ("\u{fdfa}".repeat(255), vec![]),
    ] {
        assert_eq!(found(&ann, &q).await, expected, "{q}");
    }
    let long = query(&[("q", &"x".repeat(256))]);
    assert_eq!(
        ann.get(&format!("/tasks?{long}")).await.faults(),
        ["q length"]
    );
}

async fn labels_of_every_kind_are_found(app: TestApp) {
    let ann = app.user("ann").await;
    let names = [
        "\"quoted\"",
        "back\\slash",
        "two words",
        "🦀",
        "it's",
        "a:b*",
        "#",
        "100%",
        "ä",
        "a",
        "A",
        "q\u{308}",
        "OR",
        "(",
        "&|!",
        "tab\there",
        "NULL",
        "[]",
        "{}",
        "'",
        "''",
        "\\'",
        "ab",
        "b c",
        "日本",
        "0",
        "true",
        "line\nfeed",
    ];
    let mut tasks = Vec::new();
    for name in names {
        let body = json!({ "title": "T", "labels": [name, "every"] });
        tasks.push(ann.post("/tasks", &body).await.expect(201).json());
    }
    for (name, task) in names.iter().zip(&tasks) {
        let target = format!("/tasks?{}", query(&[("label", name)]));
        assert_eq!(
            ann.all(&target).await,
            std::slice::from_ref(task),
            "{name:?}"
        );
        let target = format!(
            "/tasks?{}",
            query(&[("label", &format!("none,{name},\"")), ("limit", "1")])
        );
        assert_eq!(
            ann.all(&target).await,
            std::slice::from_ref(task),
            "{name:?}"
        );
    }
    for name in [
        "quoted", "Every", "EVERY", "ever", "every2", "*", "b", "c", "two", "日", "\\",
    ] {
        let target = format!("/tasks?{}", query(&[("label", name)]));
        assert_eq!(ann.all(&target).await, [Value::Null; 0], "{name:?}");
    }
    assert_eq!(
        ann.all("/tasks?label=every&limit=5").await.len(),
        names.len()
    );
    assert_eq!(
        ann.all("/tasks?label=a,A,every,a&limit=5").await.len(),
        names.len()
    );
    let twenty = names[..20].join(",");
    let target = format!("/tasks?{}", query(&[("label", &twenty), ("sort", "id")]));
    assert_eq!(ann.all(&target).await, tasks[..20]);
    for (label, fault) in [("", "length"), ("a,", "length"), ("\u{7f}", "characters")] {
        let target = format!("/tasks?{}", query(&[("label", label)]));
        assert_eq!(ann.get(&target).await.faults(), [format!("label {fault}")]);
    }
}

async fn no_query_is_an_error_but_for_the_rules_of_text(engine: Engine) {
    const CASES: usize = 150;
    let app = TestApp::start(engine, &[]);
    let ann = app.user("ann").await;
    task(&ann, "milk and 'bread'", "NOT \"a\" word").await;
    let text = prop_oneof![
        any::<String>(),
        "[-\"'*:^(){}\\[\\]+&|!<>~%_.,;#@$/\\\\a ]{1,40}",
        "((AND|OR|NOT|NEAR|milk|\"|\\*|\\(|\\)|:|é|牛|👍)[ ]?){1,20}",
        "[\\PC\t\n\r]{1,60}",
    ];
    // The same texts in every run.
    let mut runner = TestRunner::deterministic();
    for _ in 0..CASES {
        let text: String = text.new_tree(&mut runner).unwrap().current();
        let text: String = text.chars().take(300).collect();
        let sort = if text.len().is_multiple_of(2) {
            "relevance"
        } else {
            "title"
        };
        let target = format!("/tasks?{}", query(&[("q", &text), ("sort", sort)]));
        let answer = ann.get(&target).await;
        let refused = |c: char| c.is_control() && !"\t\n\r".contains(c);
        let length = text.trim().chars().count();
        if text.contains(refused) || !(1..=255).contains(&length) {
            assert_eq!(
                answer.problem(422, "validation_failed")["errors"][0]["parameter"],
                "q"
            )
        } else {
            assert!(answer.status == 200, "{text:?} {answer:?}")
        }
    }
}
