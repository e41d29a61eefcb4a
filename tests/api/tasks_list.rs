//! `GET /tasks`: pages, newest first.

use serde_json::{Value, json};

use crate::{
    cases,
    support::{answer::Answer, app::TestApp, client::Client},
};

cases![
    an_empty_list,
    newest_first_and_fifty_at_a_time,
    every_page_but_the_last_links_to_the_next,
    a_walk_neither_loses_nor_doubles,
    wrong_parameters_are_named,
    a_cursor_with_a_character_changed_is_refused,
];

async fn tasks(client: &Client, count: usize) {
    for number in 0..count {
        client.task(&format!("task {number}")).await;
    }
}

fn titles(answer: &Answer) -> Vec<String> {
    let json = answer.json();
    let tasks = json.as_array().unwrap().iter();
    tasks
        .map(|t| t["title"].as_str().unwrap().to_owned())
        .collect()
}

/// Target of `rel="next"`.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link")?;
    let target = link.strip_prefix('<')?.strip_suffix(">; rel=\"next\"")?;
    Some(target.to_owned())
}

async fn an_empty_list(app: TestApp) {
    let answer = app.user("ann").await.get("/tasks").await.expect(200);
    assert_eq!(answer.json(), json!([]));
    assert_eq!(answer.header("link"), None);
    assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
}

async fn newest_first_and_fifty_at_a_time(app: TestApp) {
    let ann = app.user("ann").await;
    tasks(&ann, 51).await;
    let first = ann.get("/tasks").await.expect(200);
    assert_eq!(titles(&first).len(), 50);
    assert_eq!(titles(&first)[0], "task 50");
    let second = ann.get(&next(&first).unwrap()).await.expect(200);
    assert_eq!(titles(&second), ["task 0"]);
    assert_eq!(next(&second), None);
    let task: &Value = &second.json()[0];
    let path = format!("/tasks/{}", task["id"]);
    assert_eq!(
        *task,
        ann.get(&path).await.json(),
        "a list shows whole tasks"
    );
    assert_eq!(titles(&ann.get("/tasks?limit=200").await).len(), 51);
}

async fn every_page_but_the_last_links_to_the_next(app: TestApp) {
    let ann = app.user("ann").await;
    tasks(&ann, 4).await;
    let mut path = "/tasks?limit=2".to_owned();
    let mut pages = Vec::new();
    loop {
        let page = ann.get(&path).await.expect(200);
        pages.push(titles(&page));
        match next(&page) {
            Some(target) => path = target,
            None => break,
        }
    }
    assert_eq!(pages, [["task 3", "task 2"], ["task 1", "task 0"]]);
}

async fn a_walk_neither_loses_nor_doubles(app: TestApp) {
    let ann = app.user("ann").await;
    tasks(&ann, 10).await;
    let first = ann.get("/tasks?limit=4").await.expect(200);
    assert_eq!(titles(&first), ["task 9", "task 8", "task 7", "task 6"]);
    // Meanwhile one comes, the last of the page goes, one that is still to come changes.
    ann.task("new").await;
    let last = first.json()[3]["id"].clone();
    ann.delete(&format!("/tasks/{last}")).await.expect(204);
    let second = ann.get(&next(&first).unwrap()).await.expect(200);
    assert_eq!(titles(&second), ["task 5", "task 4", "task 3", "task 2"]);
    let third = ann.get(&next(&second).unwrap()).await.expect(200);
    assert_eq!(titles(&third), ["task 1", "task 0"]);
}

async fn wrong_parameters_are_named(app: TestApp) {
    let ann = app.user("ann").await;
    ann.get("/tasks?limit=200").await.expect(200);
    for (query, faults) in [
        ("limit=0", vec!["limit range"]),
        ("limit=201", vec!["limit range"]),
        ("limit=", vec!["limit range"]),
        ("limit=-1", vec!["limit range"]),
        ("limit=%2B5", vec!["limit range"]),
        ("limit=5.0", vec!["limit range"]),
        ("limit=ten", vec!["limit range"]),
        ("limit=99999999999999999999", vec!["limit range"]),
        ("limit=5&limit=5", vec!["limit duplicate"]),
        ("cursor=x", vec!["cursor cursor"]),
        ("cursor=x&limit=x", vec!["limit range", "cursor cursor"]),
        ("cursor=LWlkOjc%00", vec!["cursor cursor"]),
        ("cursor=AAAAAAAAAAAAWzdd", vec!["cursor cursor"]),
        ("page=2", vec!["page unknown"]),
        ("%FF=1", vec!["\u{fffd} format"]),
        ("limit=%FF", vec!["limit format"]),
        ("li%6Dit=%FF", vec!["limit format"]),
        ("user_id=1", vec!["user_id unknown"]),
        ("sort=", vec!["sort choice"]),
        ("sort=name", vec!["sort choice"]),
        ("sort=--id", vec!["sort choice"]),
        ("sort=id,", vec!["sort choice"]),
        ("sort=%20id", vec!["sort choice"]),
        ("sort=-relevance&q=a", vec!["sort choice"]),
        ("sort=id,relevance", vec!["sort choice"]),
        ("sort=id,-id", vec!["sort duplicate"]),
        ("sort=title,due_at,priority,id", vec!["sort length"]),
        ("due_after=", vec!["due_after format"]),
        ("due_after=2026-02-30", vec!["due_after format"]),
        ("due_after=2026-13-01", vec!["due_after format"]),
        ("due_after=20261123", vec!["due_after format"]),
        ("due_after=2026-11-2%D9%A3", vec!["due_after format"]),
    ] {
        let answer = ann.get(&format!("/tasks?{query}")).await;
        assert_eq!(answer.faults(), faults, "{query}");
    }
    let hint = ann
        .get("/tasks?limt=5")
        .await
        .problem(422, "validation_failed");
    let detail = hint["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.ends_with("did you mean limit?"), "{detail}");
    let plus = "/tasks?due_after=2026-11-23T01:00:00+01:00";
    let problem = ann.get(plus).await.problem(422, "validation_failed");
    let detail = problem["errors"][0]["detail"].as_str().unwrap();
    assert!(
        detail.ends_with("a + that is not percent-encoded means a space"),
        "{detail}"
    );
    tasks(&ann, 2).await;
    let first = ann.get("/tasks?limit=1").await.expect(200);
    let target = next(&first).unwrap();
    for other in [
        "sort=id",
        "status=todo",
        "priority=high",
        "label=a",
        "due_after=2026-01-01",
        "due_before=2026-01-01",
        "created_after=2026-01-01",
        "created_before=2099-01-01",
        "updated_after=2026-01-01",
        "updated_before=2099-01-01",
        "external_id=a",
        "q=task",
        "overdue=false",
    ] {
        let answer = ann.get(&format!("{target}&{other}")).await;
        assert_eq!(answer.faults(), ["cursor cursor"], "with {other}");
    }
    let filtered = ann.get("/tasks?status=todo,done&limit=1").await.expect(200);
    let following = next(&filtered).unwrap();
    let (_, cursor) = following.split_once("cursor=").unwrap();
    let cursor = cursor.split('&').next().unwrap();
    for (status, found) in [
        ("done,todo,done", 200),
        ("todo", 422),
        ("todo,cancelled", 422),
    ] {
        let target = format!("/tasks?status={status}&limit=1&cursor={cursor}");
        ann.get(&target).await.expect(found);
    }
    let elsewhere = ann.get(&target.replace("/tasks", "/trash")).await;
    assert_eq!(elsewhere.faults(), ["cursor cursor"], "of another list");
    let more = target.replace("limit=1", "limit=2&include_total=true");
    ann.get(&more).await.expect(200);
}

async fn a_cursor_with_a_character_changed_is_refused(app: TestApp) {
    let ann = app.user("ann").await;
    tasks(&ann, 2).await;
    for order in ["id", "-title"] {
        let list = format!("/tasks?sort={order}&limit=1");
        let target = next(&ann.get(&list).await.expect(200)).unwrap();
        let (_, cursor) = target.split_once("cursor=").unwrap();
        for (at, character) in cursor.char_indices() {
            let mut changed = cursor.to_owned();
            changed.replace_range(at..=at, if character == 'x' { "y" } else { "x" });
            let answer = ann.get(&format!("{list}&cursor={changed}")).await;
            assert_eq!(answer.faults(), ["cursor cursor"], "{changed}");
        }
    }
}
