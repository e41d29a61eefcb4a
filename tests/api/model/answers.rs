//! What an answer must be, given what the model came to.

use serde_json::{Value, json};

use super::{
    memory::{Kind, Memory, Refusal, Row},
    operations::Operation,
};
use crate::support::answer::Answer;

pub fn status_of(refusal: &Refusal) -> (u16, &'static str) {
    match refusal {
        Refusal::NotFound => (404, "not_found"),
        Refusal::Conflict => (409, "conflict"),
        Refusal::Blocked(_) => (409, "blocked"),
        Refusal::Mismatch(_) => (412, "version_mismatch"),
    }
}

#[track_caller]
pub fn assert_refused(refusal: &Refusal, problem: &Value) {
    match refusal {
        Refusal::Mismatch(row) => return row.clone().learn(&problem["current"]),
        Refusal::Blocked(ids) => assert_eq!(problem["blocked_by"], json!(ids)),
        _ => assert_eq!(problem.get("blocked_by"), None),
    }
    assert_eq!(problem.get("current"), None);
}

#[track_caller]
pub fn assert_fault(item: &Operation, index: usize, problem: &Value) {
    let fault = item.fault().expect("a fault");
    let error = &problem["errors"][0];
    let seen = format!(
        "{} {}",
        error["pointer"].as_str().unwrap(),
        error["code"].as_str().unwrap()
    );
    assert_eq!(seen, format!("/operations/{index}/task{fault}"));
}

/// The answer shows the row as the model has it, whose times it teaches.
#[track_caller]
pub fn assert_row(
    memory: &mut Memory,
    outcome: Result<Row, Refusal>,
    answer: &Answer,
    status: u16,
) {
    let expected = match outcome {
        Ok(row) => row,
        Err(refusal) => return assert_gone(Err(refusal), answer),
    };
    let seen = answer.clone().expect(status).json();
    let (kind, id) = (expected.kind, expected.id);
    let place = match kind {
        Kind::Task => format!("/tasks/{id}"),
        Kind::Project => format!("/projects/{id}"),
    };
    let location = (status == 201).then_some(place);
    assert_eq!(answer.header("location"), location.as_deref());
    let row = memory.row_mut(kind, id).expect("a row of the model");
    row.learn(&seen);
    answer.tag_of(row.version);
}

#[track_caller]
pub fn assert_gone(outcome: Result<(), Refusal>, answer: &Answer) {
    match outcome {
        Ok(()) => {
            assert!(answer.clone().expect(204).body.is_empty());
            assert_eq!(answer.header("etag"), None);
        }
        Err(refusal) => {
            let (status, code) = status_of(&refusal);
            let problem = answer.clone().problem(status, code);
            assert_refused(&refusal, &problem);
        }
    }
}
