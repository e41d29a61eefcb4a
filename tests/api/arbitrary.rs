//! Requests of arbitrary text: answered or refused, never a failure of the service.

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use reqwest::{Method, header::CONTENT_TYPE};

use crate::{
    cases,
    support::{app::TestApp, client::send},
};

cases![
    any_query_of_a_list_is_answered_or_refused,
    any_content_is_refused_as_what_it_is,
];

const REQUESTS: usize = 100;

/// The same values in every run.
fn arbitrary<T>(strategy: impl Strategy<Value = T>) -> impl Iterator<Item = T> {
    let mut runner = TestRunner::deterministic();
    (0..REQUESTS).map(move |_| strategy.new_tree(&mut runner).unwrap().current())
}

async fn any_query_of_a_list_is_answered_or_refused(app: TestApp) {
    let ann = app.user("ann").await;
    let pair = (
        "limit|cursor|include_total|status|priority|label|due_after|overdue|external_id|q|sort|x",
        "[!-~&&[^#&]]{0,20}|todo|true|-id|2026-01-01|%00|%ff|\\+",
    );
    let mut answered = 0;
    for pairs in arbitrary(prop::collection::vec(pair, 0..4)) {
        let pairs: Vec<String> = pairs.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let target = format!("/tasks?{}", pairs.join("&"));
        let answer = ann.get(&target).await;
        assert!(
            [200, 422].contains(&answer.status.as_u16()),
            "{target} {answer:?}"
        );
        answered += usize::from(answer.status == 200);
    }
    assert!(
        (1..REQUESTS).contains(&answered),
        "{answered} were answered"
    );
}

async fn any_content_is_refused_as_what_it_is(app: TestApp) {
    let ann = app.user("ann").await;
    let content = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..40),
        "[\\[\\]{}\":,a-z0-9 \\\\]{1,40}".prop_map(String::into_bytes),
    ];
    for content in arbitrary(content) {
        let expected = match serde_json::from_slice::<serde_json::Value>(&content) {
            Ok(_) => 422,
            Err(_) => 400,
        };
        let request = ann.request(Method::POST, "/tasks");
        let request = request.header(CONTENT_TYPE, "application/json");
        let answer = send(request.body(content.clone())).await;
        assert_eq!(answer.status.as_u16(), expected, "{content:?} {answer:?}");
    }
}
