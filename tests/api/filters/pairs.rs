//! Every filter, and any two of them together, against the same conditions on the tasks themselves.

use super::account::{FILTERS, Filter, ORDERS, TASKS, account, expected, ids};
use crate::{cases, support::app::TestApp};

cases![
    each_filter_alone_and_with_every_other,
    the_order_by_hand_goes_by_position_and_id,
];

/// The parameters of a filter.
fn names(filter: &Filter) -> impl Iterator<Item = &str> {
    filter
        .0
        .split('&')
        .filter_map(|pair| pair.split('=').next())
}

async fn each_filter_alone_and_with_every_other(app: TestApp) {
    let (ann, _, tasks) = account(&app).await;
    let mut orders = ORDERS.iter().cycle();
    for (number, first) in FILTERS.iter().enumerate() {
        for order in ORDERS {
            let wanted = expected(&tasks, &[first], order);
            let few = !wanted.is_empty() && wanted.len() < tasks.len();
            assert!(few, "{} tells tasks apart", first.0);
            let query = format!("{}&sort={order}&limit=4", first.0);
            assert_eq!(ids(&ann, &query).await, wanted, "{query}");
        }
        let total = ann
            .get(&format!("/tasks?{}&limit=1&include_total=true", first.0))
            .await;
        let wanted = expected(&tasks, &[first], "-id").len().to_string();
        assert_eq!(
            total.header("x-total-count"),
            Some(wanted.as_str()),
            "{}",
            first.0
        );
        for second in &FILTERS[number + 1..] {
            // A parameter is given once; the values of a list would add up.
            if names(first).any(|name| names(second).any(|other| other == name)) {
                continue;
            }
            let order = orders.next().unwrap();
            let wanted = expected(&tasks, &[first, second], order);
            let query = format!("{}&{}&sort={order}&limit=7", first.0, second.0);
            assert_eq!(ids(&ann, &query).await, wanted, "{query}");
        }
    }
}

async fn the_order_by_hand_goes_by_position_and_id(app: TestApp) {
    let (ann, _, tasks) = account(&app).await;
    for order in [
        "position",
        "-position",
        "position,title",
        "-position,-id",
        "position,-id",
    ] {
        let mut wanted = expected(&tasks, &[], "position");
        match order {
            "-position" | "-position,-id" => wanted.reverse(),
            "position" => {}
            _ => wanted = expected(&tasks, &[], order),
        }
        for limit in [1, 3, 200] {
            let query = format!("sort={order}&limit={limit}");
            assert_eq!(ids(&ann, &query).await, wanted, "{query}");
        }
    }
    let places: Vec<&str> = tasks
        .values()
        .map(|t| t["position"].as_str().unwrap())
        .collect();
    assert!(
        places.iter().filter(|place| **place == "b12").count() > 2,
        "ties"
    );
    ann.task("new").await;
    let last = ids(&ann, "sort=-position&limit=1").await[0];
    assert_eq!(last, TASKS + 2, "a new task is last");
}
