//! What an answer must be, given what the model came to.

use serde_json::Value;

use super::{
    memory::{Memory, Refusal, Task},
    operations::Operation,
};
use crate::support::answer::Answer;

pub fn status_of(refusal: &Refusal) -> (u16, &'static str) {
    match refusal {
        Refusal::NotFound => (404, "not_found"),
        Refusal::Conflict => (409, "conflict"),
        Refusal::Mismatch(_) => (412, "version_mismatch"),
    }
}

#[track_caller]
pub fn assert_refused(refusal: &Refusal, problem: &Value) {
    match refusal {
        Refusal::Mismatch(task) => task.clone().learn(&problem["current"]),
        _ => assert_eq!(problem.get("current"), None),
    }
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

/// The answer shows the task as the model has it, whose times it teaches.
#[track_caller]
pub fn assert_task(
    memory: &mut Memory,
    outcome: Result<Task, Refusal>,
    answer: &Answer,
    status: u16,
) {
    let expected = match outcome {
        Ok(task) => task,
        Err(refusal) => return assert_gone(Err(refusal), answer),
    };
    let seen = answer.clone().expect(status).json();
    if expected.id == 0 {
        let id = seen["id"].as_i64().unwrap();
        assert!(id > memory.last_id, "an id is never used again");
        memory.last_id = id;
        assert_eq!(
            answer.header("location"),
            Some(format!("/tasks/{id}").as_str())
        );
    } else {
        assert_eq!(answer.header("location"), None);
        assert_eq!(seen["id"], expected.id);
    }
    let task = memory.find_mut(expected.id).expect("a task of the model");
    task.learn(&seen);
    answer.tag_of(task.version);
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
