//! Sends the requests and compares every answer.

use std::collections::BTreeMap;

use proptest::test_runner::{RngAlgorithm, TestRng};
use reqwest::Method;
use serde_json::json;

use super::{
    answers::{assert_fault, assert_gone, assert_refused, assert_task, status_of},
    lists,
    memory::{Memory, Refusal, Task},
    operations::{self, Dice, Operation, Request},
};
use crate::{
    cases,
    support::{answer::Answer, app::TestApp, client::Client},
};

cases![the_service_does_what_the_model_does];

const OPERATIONS: usize = 300;
/// After so many operations, some lists are compared too.
const BETWEEN_LISTS: usize = 12;

/// The first answer under a key, and the request that it answered.
type Kept = BTreeMap<String, (Operation, Answer)>;

struct Run {
    client: Client,
    dice: Dice,
    memory: Memory,
    kept: Kept,
    keys: usize,
    log: Log,
}

/// Says on failure how to repeat the run.
struct Log {
    seed: u64,
    last: String,
}

impl Drop for Log {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "MODEL_SEED={} repeats it; the last was {}",
                self.seed, self.last
            );
        }
    }
}

/// `MODEL_SEED` chooses other operations than the usual ones.
async fn the_service_does_what_the_model_does(app: TestApp) {
    let seed: u64 = match std::env::var("MODEL_SEED") {
        Ok(text) => text.parse().expect("MODEL_SEED is a whole number"),
        Err(_) => 1,
    };
    let bytes = [seed.to_le_bytes(); 4].concat();
    let mut run = Run {
        client: app.user("ann").await,
        dice: Dice(TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)),
        memory: Memory::default(),
        kept: Kept::new(),
        keys: 0,
        log: Log {
            seed,
            last: String::new(),
        },
    };
    for number in 1..=OPERATIONS {
        run.step(number).await;
        if number % BETWEEN_LISTS == 0 {
            for _ in 0..4 {
                lists::compare(&run.client, &mut run.dice, &run.memory, &mut run.log.last).await;
            }
        }
    }
}

impl Run {
    async fn step(&mut self, number: usize) {
        let request = self.request();
        let (method, path, body) = request.operation.target();
        self.log.last = format!("{number}: {request:?}");
        let mut headers = Vec::new();
        headers.extend(request.if_match.as_deref().map(|tags| ("if-match", tags)));
        headers.extend(request.key.as_deref().map(|key| ("idempotency-key", key)));
        let answer = self
            .client
            .call(method, &path, &headers, body.as_ref())
            .await;
        assert!(answer.status.as_u16() < 500, "{answer:?}");
        if !self.known(&request, &answer) {
            assert_eq!(answer.header("idempotency-replayed"), None);
            self.fresh(&request, &answer);
            let dry = matches!(request.operation, Operation::Batch { dry_run: true, .. });
            if let Some(key) = request.key.filter(|_| answer.status.is_success() && !dry) {
                self.kept.insert(key, (request.operation, answer));
            }
        }
        self.settle().await;
    }

    fn request(&mut self) -> Request {
        let dice = &mut self.dice;
        // The same once more, whatever its condition says by now.
        if !self.kept.is_empty() && dice.chance(8) {
            let keys: Vec<&String> = self.kept.keys().collect();
            let key = dice.pick(&keys).clone();
            let operation = self.kept[&key].0.clone();
            let if_match = operations::if_match(dice, &self.memory, &operation);
            return Request {
                operation,
                if_match,
                key: Some(key),
            };
        }
        let operation = operations::operation(dice, &self.memory);
        let key = match dice.below(10) {
            0..2 => {
                self.keys += 1;
                Some(format!("key-{}", self.keys))
            }
            // A key that is taken, or one whose request failed.
            2 if self.keys > 0 && faults(&operation) == 0 => {
                Some(format!("key-{}", 1 + dice.below(self.keys)))
            }
            _ => None,
        };
        let if_match = operations::if_match(dice, &self.memory, &operation);
        Request {
            operation,
            if_match,
            key,
        }
    }

    /// Whether the key of the request has an answer, which then must be this one.
    fn known(&self, request: &Request, answer: &Answer) -> bool {
        let dry = matches!(request.operation, Operation::Batch { dry_run: true, .. });
        let kept = request.key.as_ref().and_then(|key| self.kept.get(key));
        let Some((operation, first)) = kept.filter(|_| !dry) else {
            return false;
        };
        if operation.target() != request.operation.target() {
            answer.clone().problem(422, "idempotency_key_reused");
            return true;
        }
        assert_eq!(
            answer.header("idempotency-replayed"),
            Some("true"),
            "{answer:?}"
        );
        assert_eq!((answer.status, &answer.body), (first.status, &first.body));
        for name in ["location", "etag", "content-type"] {
            assert_eq!(answer.header(name), first.header(name));
        }
        true
    }

    /// Compares the answer to a request that has its effect now.
    fn fresh(&mut self, request: &Request, answer: &Answer) {
        let memory = &mut self.memory;
        if let Some(fault) = request.operation.fault() {
            assert_eq!(answer.clone().faults(), [fault]);
            return;
        }
        let holds = |version| operations::holds(request.if_match.as_deref(), version);
        match &request.operation {
            Operation::Create(body) => {
                let made = memory.create(body);
                assert_task(memory, made, answer, 201);
            }
            Operation::Update(id, body) => {
                let changed = memory.update(*id, &holds, body);
                assert_task(memory, changed, answer, 200);
            }
            Operation::Restore(id) => {
                let restored = memory.restore(*id);
                assert_task(memory, restored, answer, 200);
            }
            Operation::Delete(id) => assert_gone(memory.delete(*id, &holds).map(drop), answer),
            Operation::Purge(id) => assert_gone(memory.purge(*id, &holds), answer),
            Operation::EmptyTrash => {
                memory.empty_trash();
                assert_gone(Ok(()), answer);
            }
            Operation::RemoveLabel(name) => match memory.relabel(name, None) {
                0 => assert_gone(Err(Refusal::NotFound), answer),
                _ => assert_gone(Ok(()), answer),
            },
            Operation::Rename(old, new) => match memory.relabel(old, Some(new)) {
                0 => assert_gone(Err(Refusal::NotFound), answer),
                _ => {
                    let expected = json!({ "name": new, "tasks": memory.labels()[*new] });
                    assert_eq!(answer.clone().expect(200).json(), expected);
                    assert_eq!(answer.header("etag"), None);
                }
            },
            Operation::Batch {
                atomic,
                dry_run,
                items,
            } => {
                self.batch((*atomic, *dry_run), items, answer);
            }
        }
    }

    fn batch(&mut self, mode: (bool, bool), items: &[(Operation, Option<i64>)], answer: &Answer) {
        let (atomic, dry_run) = mode;
        let mut trial = self.memory.clone();
        if let Some(index) = items
            .iter()
            .position(|(item, _)| item.fault().is_some() && atomic)
        {
            let problem = answer.clone().problem(422, "validation_failed");
            assert_fault(&items[index].0, index, &problem);
            assert_eq!(problem["index"], index);
            return;
        }
        let mut results = Vec::new();
        for (index, (item, if_version)) in items.iter().enumerate() {
            let outcome = run(&mut trial, item, *if_version);
            if let (true, Err(refusal)) = (atomic, &outcome) {
                let (status, code) = status_of(refusal);
                let problem = answer.clone().problem(status, code);
                assert_eq!(problem["index"], index);
                assert_refused(refusal, &problem);
                return;
            }
            results.push(outcome);
        }
        let body = answer.clone().expect(200).json();
        let seen = body["results"].as_array().unwrap();
        assert_eq!(seen.len(), items.len());
        let mut ids = Vec::new();
        for (index, (outcome, seen)) in results.into_iter().zip(seen).enumerate() {
            let item = &items[index].0;
            match (item.fault(), outcome) {
                (Some(_), _) => assert_fault(item, index, &seen["problem"]),
                (None, Err(refusal)) => {
                    let (status, code) = status_of(&refusal);
                    assert_eq!(seen["status"], status);
                    assert_eq!(seen["problem"]["code"], code);
                    assert_refused(&refusal, &seen["problem"]);
                }
                (None, Ok(_)) if matches!(item, Operation::Delete(_)) => {
                    assert_eq!(*seen, json!({ "status": 204 }));
                }
                (None, Ok(mut task)) => {
                    let made = task.id == 0;
                    assert_eq!(seen["status"], if made { 201 } else { 200 });
                    task.learn(&seen["task"]);
                    ids.extend(made.then_some(task.id));
                }
            }
        }
        let known = [&[self.memory.last_id], ids.as_slice()].concat();
        assert!(known.is_sorted_by(|a, b| a < b), "ids: {known:?}");
        if !dry_run {
            let new = trial.tasks.iter_mut().filter(|task| task.id == 0);
            new.zip(&ids).for_each(|(task, id)| task.id = *id);
            trial.last_id = known[known.len() - 1];
            self.memory = trial;
        }
    }

    /// Learns what no answer told, and compares everything that is there.
    async fn settle(&mut self) {
        let live = self.client.all("/tasks?limit=200&sort=id").await;
        let mut trash = self.client.all("/trash?limit=200").await;
        for task in &mut trash {
            let members = task.as_object_mut().unwrap();
            assert_eq!(
                members.remove("deleted_at").as_ref(),
                members.get("updated_at")
            );
            assert!(members.remove("purge_at").is_some());
        }
        assert_eq!(live.len(), self.memory.live().count());
        assert_eq!(trash.len(), self.memory.trash().count());
        let mut last = 0;
        for (seen, trashed) in live
            .iter()
            .map(|t| (t, false))
            .chain(trash.iter().map(|t| (t, true)))
        {
            let id = seen["id"].as_i64().unwrap();
            let task = self.memory.find_mut(id).expect("a known task");
            assert_eq!(task.trashed, trashed, "{seen}");
            task.learn(seen);
            assert!(trashed || id > last, "by id");
            last = id;
        }
        let mut order: Vec<(&str, i64)> = self
            .memory
            .trash()
            .map(|task| (task.updated_at.as_str(), task.id))
            .collect();
        order.sort_unstable();
        order.reverse();
        let seen: Vec<(&str, i64)> = trash
            .iter()
            .map(|task| {
                (
                    task["updated_at"].as_str().unwrap(),
                    task["id"].as_i64().unwrap(),
                )
            })
            .collect();
        assert_eq!(seen, order, "the trash, last deleted first");
        let labels = self.memory.labels();
        let labels = labels
            .iter()
            .map(|(name, tasks)| json!({ "name": name, "tasks": tasks }));
        assert_eq!(
            self.client.all("/labels?limit=3").await,
            labels.collect::<Vec<_>>()
        );
        if let Some(seen) = live.get(self.dice.below(live.len().max(1))) {
            let path = format!("/tasks/{}", seen["id"]);
            let answer = self
                .client
                .call(Method::GET, &path, &[], None)
                .await
                .expect(200);
            assert_eq!(answer.json(), *seen);
            answer.tag_of(seen["version"].as_i64().unwrap());
        }
    }
}

/// How many bodies of an operation are wrong.
fn faults(operation: &Operation) -> usize {
    match operation {
        Operation::Batch { items, .. } => items.iter().filter(|(i, _)| i.fault().is_some()).count(),
        single => usize::from(single.fault().is_some()),
    }
}

/// One operation of a batch; one that is wrong changes nothing.
fn run(memory: &mut Memory, item: &Operation, if_version: Option<i64>) -> Result<Task, Refusal> {
    let holds = |version| if_version.is_none_or(|demanded| demanded == version);
    match item {
        wrong if wrong.fault().is_some() => Err(Refusal::NotFound),
        Operation::Create(body) => memory.create(body),
        Operation::Update(id, body) => memory.update(*id, &holds, body),
        Operation::Delete(id) => memory.delete(*id, &holds),
        Operation::Restore(id) => memory.restore(*id),
        other => panic!("no operation of a batch: {other:?}"),
    }
}
