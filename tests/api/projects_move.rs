//! The order of projects by hand.

use serde_json::{Value, json};

use crate::{
    cases,
    support::{answer::Answer, app::TestApp, client::Client},
};

cases![
    a_project_goes_right_where_it_is_put,
    the_later_of_two_moves_to_one_place_is_nearer,
    a_crowded_gap_gets_other_positions,
    a_move_needs_another_project,
];

async fn place(client: &Client, id: i64, side: &str, other: i64) -> Answer {
    let path = format!("/projects/{id}/move");
    client.post(&path, &json!({ side: other })).await
}

async fn made(client: &Client, count: usize) -> Vec<i64> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(client.project("P").await["id"].as_i64().unwrap());
    }
    ids
}

async fn order(client: &Client) -> Vec<i64> {
    let all = client.all("/projects?limit=3").await;
    all.iter()
        .map(|project| project["id"].as_i64().unwrap())
        .collect()
}

async fn a_project_goes_right_where_it_is_put(app: TestApp) {
    let ann = app.user("ann").await;
    let ids = made(&ann, 5).await;
    let mut expected = ids.clone();
    for (from, side, to) in [
        (0, "after", 4),
        (3, "before", 1),
        (2, "after", 3),
        (4, "before", 2),
    ] {
        let before = ann.all("/projects").await;
        let moved = place(&ann, ids[from], side, ids[to]).await.expect(200);
        let body = moved.json();
        moved.tag_of(body["version"].as_i64().unwrap());
        expected.retain(|id| *id != ids[from]);
        let at = expected.iter().position(|id| *id == ids[to]).unwrap();
        expected.insert(at + usize::from(side == "after"), ids[from]);
        assert_eq!(order(&ann).await, expected);
        // A change of this project alone.
        for project in before {
            let path = format!("/projects/{}", project["id"]);
            let now = ann.get(&path).await.json();
            if project["id"] == body["id"] {
                let version = project["version"].as_i64().unwrap() + 1;
                assert_eq!((&now, &now["version"]), (&body, &json!(version)));
            } else {
                assert_eq!(now, project);
            }
        }
        let again = place(&ann, ids[from], side, ids[to]).await.expect(200);
        assert_eq!(again.json(), body, "it stands there");
    }
    // A new one is the last.
    let last = made(&ann, 1).await[0];
    expected.push(last);
    assert_eq!(order(&ann).await, expected);
    // In the trash it keeps its place.
    let path = format!("/projects/{}", expected[2]);
    ann.delete(&path).await.expect(204);
    let restore = format!("/trash{path}/restore");
    ann.call(reqwest::Method::POST, &restore, &[], None)
        .await
        .expect(200);
    assert_eq!(order(&ann).await, expected);
}

async fn the_later_of_two_moves_to_one_place_is_nearer(app: TestApp) {
    let ann = app.user("ann").await;
    let ids = made(&ann, 4).await;
    place(&ann, ids[2], "after", ids[0]).await.expect(200);
    place(&ann, ids[3], "after", ids[0]).await.expect(200);
    assert_eq!(order(&ann).await, [ids[0], ids[3], ids[2], ids[1]]);
    // At once: one after the other, and none is lost.
    let moves = ids[1..].iter().map(|id| place(&ann, *id, "before", ids[0]));
    for answer in futures_util::future::join_all(moves).await {
        answer.expect(200);
    }
    let found = order(&ann).await;
    assert_eq!(found[3], ids[0]);
    let positions = ann.all("/projects").await;
    let distinct: std::collections::BTreeSet<String> = positions
        .iter()
        .map(|project| project["position"].to_string())
        .collect();
    assert_eq!(distinct.len(), 4);
}

async fn a_crowded_gap_gets_other_positions(app: TestApp) {
    let ann = app.user("ann").await;
    let ids = made(&ann, 4).await;
    // Neighbours between which there is no key but a longer one than may be.
    let crowded = format!("a0{}1", "0".repeat(252));
    let next = format!("a0{}2", "0".repeat(252));
    for (id, key) in [(ids[0], &crowded), (ids[1], &next)] {
        app.database.execute(&format!(
            "UPDATE projects SET position = '{key}' WHERE id = {id}"
        ));
    }
    let moved = place(&ann, ids[3], "after", ids[0])
        .await
        .expect(200)
        .json();
    assert!(moved["position"].as_str().unwrap().len() < 20, "{moved}");
    assert_eq!(order(&ann).await, [ids[0], ids[3], ids[1], ids[2]]);
    let versions =
        async |id: i64| ann.get(&format!("/projects/{id}")).await.json()["version"].clone();
    assert_eq!(versions(ids[2]).await, 1, "it is outside the gap");
    let spaced = [versions(ids[0]).await, versions(ids[1]).await];
    assert!(spaced.contains(&json!(2)), "{spaced:?}");
}

async fn a_move_needs_another_project(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let (ids, his) = (made(&ann, 3).await, made(&bob, 1).await[0]);
    ann.delete(&format!("/projects/{}", ids[2]))
        .await
        .expect(204);
    for other in [ids[0], ids[2], his, 99_999] {
        for side in ["before", "after"] {
            let problem = place(&ann, ids[0], side, other)
                .await
                .problem(409, "conflict");
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.starts_with(&format!("{side}: ")), "{detail}");
        }
    }
    for missing in [ids[2], his, 99_999] {
        place(&ann, missing, "after", ids[0])
            .await
            .problem(404, "not_found");
    }
    let path = format!("/projects/{}/move", ids[0]);
    let both = json!({ "before": ids[1], "after": ids[1] });
    for (body, fault) in [
        (json!({}), "/after required"),
        (both, "/after unknown"),
        (json!({ "after": null }), "/after null"),
        (json!({ "after": "1" }), "/after type"),
        (json!({ "position": "a1" }), "/position unknown"),
    ] {
        let faults = ann.post(&path, &body).await.faults();
        assert!(faults.contains(&fault.to_owned()), "{body}: {faults:?}");
    }
    assert_eq!(order(&ann).await, ids[..2]);
    assert_eq!(bob.all("/trash/projects").await, [Value::Null; 0]);
}
