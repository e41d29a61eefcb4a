//! Sends the requests and compares every answer.

use std::collections::BTreeMap;

use proptest::test_runner::{RngAlgorithm, TestRng};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    answers::{assert_fault, assert_gone, assert_refused, assert_row, status_of},
    lists,
    memory::{Kind, Memory, Refusal, Row},
    operations::{Operation, Request, faults, run},
    requests,
    values::Dice,
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
            let if_match = requests::if_match(dice, &self.memory, &operation);
            return Request {
                operation,
                if_match,
                key: Some(key),
            };
        }
        let operation = requests::operation(dice, &self.memory);
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
        let if_match = requests::if_match(dice, &self.memory, &operation);
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
        let holds = |version| requests::holds(request.if_match.as_deref(), version);
        if answer.status == 201 {
            let id = answer.json()["id"].as_i64().unwrap();
            let last = match request.operation {
                Operation::CreateProject(_) => memory.last_project,
                _ => memory.last_id,
            };
            assert!(id > last, "an id is never used again");
            memory.told = [id].into();
        }
        match &request.operation {
            Operation::Create(body, _) => {
                let made = memory.create(body, None);
                assert_row(memory, made, answer, 201);
            }
            Operation::Update(id, body, options) => {
                let changed = memory.update(*id, &holds, body, *options);
                assert_row(memory, changed, answer, 200);
            }
            Operation::Restore(id) => {
                let restored = memory.restore(*id, &holds);
                assert_row(memory, restored, answer, 200);
            }
            Operation::Move(kind, id, next) => {
                let moved = memory.place((*kind, *id), &holds, *next);
                assert_row(memory, moved, answer, 200);
            }
            Operation::Delete(id, keep) => {
                let deleted = memory.delete(*id, &holds, *keep);
                assert_gone(deleted.map(drop), answer);
            }
            Operation::CreateProject(body) => {
                let made = memory.create_project(body);
                assert_row(memory, made, answer, 201);
            }
            Operation::UpdateProject(id, body) => {
                let changed = memory.update_project(*id, &holds, body);
                assert_row(memory, changed, answer, 200);
            }
            Operation::DeleteProject(id, keep) => {
                assert_gone(memory.delete_project(*id, &holds, *keep), answer);
            }
            Operation::RestoreProject(id) => {
                let restored = memory.restore_project(*id, &holds);
                assert_row(memory, restored, answer, 200);
            }
            Operation::Purge(kind, id) => assert_gone(memory.purge((*kind, *id), &holds), answer),
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
        let seen = answer.json()["results"].as_array().cloned();
        let seen = seen.unwrap_or_default();
        let made = seen.iter().filter(|result| result["status"] == 201);
        let made: Vec<i64> = made.map(|r| r["task"]["id"].as_i64().unwrap()).collect();
        let known = [&[self.memory.last_id], made.as_slice()].concat();
        assert!(known.is_sorted_by(|a, b| a < b), "ids: {known:?}");
        trial.told = made.into();
        let mut results = Vec::new();
        for (index, (item, if_version)) in items.iter().enumerate() {
            let outcome = run(&mut trial, item, *if_version);
            if let (true, Err(refusal)) = (atomic, &outcome) {
                let (status, code) = status_of(refusal);
                let problem = answer.clone().problem(status, code);
                assert_eq!(problem["index"], index);
                // Only an answer with results tells the ids of what is created.
                if !refusal.names_after(self.memory.last_id) {
                    assert_refused(refusal, &problem);
                }
                return;
            }
            results.push(outcome);
        }
        answer.clone().expect(200);
        assert_eq!(seen.len(), items.len());
        for (index, (outcome, seen)) in results.into_iter().zip(seen).enumerate() {
            let item = &items[index].0;
            match (item.fault(), outcome) {
                (Some(_), _) => assert_fault(item, index, &seen["problem"]),
                (None, Err(refusal)) => {
                    let (status, code) = status_of(&refusal);
                    assert_eq!(seen["status"], status, "{seen}");
                    assert_eq!(seen["problem"]["code"], code);
                    assert_refused(&refusal, &seen["problem"]);
                }
                (None, Ok(_)) if matches!(item, Operation::Delete(..)) => {
                    assert_eq!(seen, json!({ "status": 204 }));
                }
                (None, Ok(mut task)) => {
                    let made = matches!(item, Operation::Create(..));
                    assert_eq!(seen["status"], if made { 201 } else { 200 }, "{seen}");
                    task.learn(&seen["task"]);
                }
            }
        }
        if !dry_run {
            trial.names.clear();
            self.memory = trial;
        }
    }

    /// Learns what no answer told, and compares everything that is there.
    async fn settle(&mut self) {
        let live = self.client.all("/tasks?limit=200&sort=id").await;
        let trash = self.trash("/trash?limit=200").await;
        self.compare(Kind::Task, &live, &trash);
        assert!(live.is_sorted_by_key(|task| task["id"].as_i64()), "by id");
        let projects = self.projects().await;
        let trash = self.trash("/trash/projects?limit=3").await;
        self.compare(Kind::Project, &projects, &trash);
        let order = self.memory.order(Kind::Project).into_iter();
        let seen = projects
            .iter()
            .map(|project| project["id"].as_i64().unwrap());
        assert!(seen.eq(order.map(|(_, id)| id)), "{projects:?}");
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

impl Run {
    /// A list of what is in the trash, as what it was before.
    async fn trash(&self, path: &str) -> Vec<Value> {
        let mut trash = self.client.all(path).await;
        for row in &mut trash {
            let members = row.as_object_mut().unwrap();
            assert_eq!(
                members.remove("deleted_at").as_ref(),
                members.get("updated_at")
            );
            assert!(members.remove("purge_at").is_some());
        }
        trash
    }

    /// All projects, without the counts of their tasks.
    async fn projects(&self) -> Vec<Value> {
        let path = "/projects?limit=3&include_computed=true";
        let mut projects = self.client.all(path).await;
        for project in &mut projects {
            let tasks = self.memory.live();
            let tasks = tasks.filter(|task| project["id"].as_i64() == task.project());
            let tasks: Vec<bool> = tasks.map(Row::is_open).collect();
            let open = tasks.iter().filter(|is_open| **is_open).count();
            let members = project.as_object_mut().unwrap();
            assert_eq!(members.remove("tasks"), Some(json!(tasks.len())));
            assert_eq!(members.remove("open_tasks"), Some(json!(open)));
        }
        projects
    }

    /// Compares all rows, those of the trash in the order in which it shows them.
    fn compare(&mut self, kind: Kind, live: &[Value], trash: &[Value]) {
        let rows = self.memory.rows_mut(kind);
        assert_eq!(live.len() + trash.len(), rows.len());
        let seen = live.iter().map(|row| (row, false));
        for (seen, trashed) in seen.chain(trash.iter().map(|row| (row, true))) {
            let row = rows.iter_mut().find(|row| seen["id"] == row.id);
            let row = row.expect("a known row");
            assert_eq!(row.trashed, trashed, "{seen}");
            row.learn(seen);
        }
        let trashed = rows.iter().filter(|row| row.trashed);
        let mut order: Vec<_> = trashed
            .map(|row| (row.updated_at.as_str(), row.id))
            .collect();
        order.sort_unstable();
        order.reverse();
        let seen = trash.iter().map(|row| {
            let updated_at = row["updated_at"].as_str().unwrap();
            (updated_at, row["id"].as_i64().unwrap())
        });
        assert!(seen.eq(order), "the trash, last deleted first");
    }
}
