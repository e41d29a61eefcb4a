//! How the model's tasks and projects belong together: trees, blockers, the order by hand, the trash.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use task_api::models::{order_key::OrderKey, placement};

use super::{
    memory::{Kind, Memory, Refusal, Row},
    operations::Options,
};

const LEVELS: usize = 5;

/// Where a row is moved.
#[derive(Debug, Clone, Copy)]
pub enum Next {
    Before(i64),
    After(i64),
}

impl Memory {
    pub fn create(&mut self, body: &Value, name: Option<i64>) -> Result<Row, Refusal> {
        let empty = self.unborn(Kind::Task);
        let body = self.resolved(body)?;
        let body = self.placed(&empty, 1, body)?;
        self.check_blockers(&empty, &body, false)?;
        let new = empty.merged(&body).expect("a title");
        self.put(vec![new.clone()])?;
        self.names.extend(name.map(|name| (name, new.id)));
        Ok(new)
    }

    pub fn update(
        &mut self,
        id: i64,
        holds: &dyn Fn(i64) -> bool,
        body: &Value,
        options: Options,
    ) -> Result<Row, Refusal> {
        let current = self.at((Kind::Task, id), false, holds)?;
        let body = self.resolved(body)?;
        let body = self.placed(&current, self.levels_below(current.id), body)?;
        self.check_blockers(&current, &body, true)?;
        let next = current.merged(&body);
        let mut changed: Vec<Row> = next.iter().cloned().collect();
        for row in self.below(current.id) {
            let mut same = json!({});
            if let Some(project) = body.get("project_id") {
                same["project_id"] = project.clone();
            }
            if options.close && row.is_open() {
                same["status"] = body["status"].clone();
            }
            changed.extend(row.merged(&same));
        }
        if !options.force {
            self.check_blocked(&changed)?;
        }
        self.put(changed)?;
        Ok(next.unwrap_or(current))
    }

    pub fn delete(
        &mut self,
        id: i64,
        holds: &dyn Fn(i64) -> bool,
        keep: bool,
    ) -> Result<Row, Refusal> {
        let current = self.at((Kind::Task, id), false, holds)?;
        let below = self.below(current.id);
        let mut changed = Vec::new();
        if keep {
            changed.push(current.deleted(None));
            let subtasks = below.iter().filter(|row| row.parent() == Some(current.id));
            let parent = json!({ "parent_id": current.parent() });
            changed.extend(subtasks.filter_map(|row| row.merged(&parent)));
        } else {
            let deletion = (!below.is_empty()).then_some((Kind::Task, current.id));
            let all = std::iter::once(&current).chain(below);
            changed.extend(all.map(|row| row.deleted(deletion)));
        }
        self.put(changed)?;
        Ok(current)
    }

    pub fn restore(&mut self, id: i64, holds: &dyn Fn(i64) -> bool) -> Result<Row, Refusal> {
        let current = self.at((Kind::Task, id), true, holds)?;
        // Level by level.
        let mut together = vec![current.clone()];
        let mut at = 0;
        while at < together.len() {
            let parent = together[at].id;
            let with = |row: &&Row| {
                row.parent() == Some(parent)
                    && row.deletion.is_some()
                    && row.deletion == current.deletion
            };
            together.extend(self.trash().filter(with).cloned());
            at += 1;
        }
        let parent = self.parent_of_restored(&current, &together);
        let project = match &parent {
            Some(parent) => parent.project(),
            None => current.project().filter(|id| self.is_live_project(*id)),
        };
        for row in &mut together {
            *row = row.restored();
            row.content.insert("project_id".into(), json!(project));
        }
        let parent = json!(parent.map(|parent| parent.id));
        together[0].content.insert("parent_id".into(), parent);
        let first = together[0].clone();
        self.put(together)?;
        Ok(first)
    }

    /// The parent that a task of the trash still has, `together` with which others come back.
    fn parent_of_restored(&self, row: &Row, together: &[Row]) -> Option<Row> {
        let parent = self.find_live(row.parent()?)?;
        let levels = levels(row.id, &together.iter().collect::<Vec<_>>());
        (self.path(parent.id).len() + levels <= LEVELS).then(|| parent.clone())
    }

    pub fn place(
        &mut self,
        (kind, id): (Kind, i64),
        holds: &dyn Fn(i64) -> bool,
        next: Next,
    ) -> Result<Row, Refusal> {
        let current = self.at((kind, id), false, holds)?;
        let (Next::Before(anchor) | Next::After(anchor)) = next;
        let anchor = self.resolve(anchor)?;
        let mut order: Vec<(OrderKey, i64)> = self.order(kind);
        let find = |order: &[(OrderKey, i64)]| order.iter().position(|(_, id)| *id == anchor);
        let at = find(&order).filter(|_| anchor != current.id);
        let at = at.ok_or(Refusal::Conflict)?;
        let beside = match next {
            Next::Before(_) => at.checked_sub(1),
            Next::After(_) => Some(at + 1),
        };
        let beside = beside.and_then(|at| order.get(at));
        if beside.is_some_and(|(_, id)| *id == current.id) {
            return Ok(current);
        }
        order.retain(|(_, id)| *id != current.id);
        let at = find(&order).unwrap() + usize::from(matches!(next, Next::After(_)));
        let (before, after) = order.split_at(at);
        let before: Vec<(OrderKey, i64)> = before.iter().rev().cloned().collect();
        let keys = |side: &[(OrderKey, i64)]| -> Vec<OrderKey> {
            side.iter().map(|(key, _)| key.clone()).collect()
        };
        let placed = placement::place(&keys(&before), &keys(after), order.len() + 1);
        let placed = placed.expect("all neighbours");
        let mut moved = current.versioned();
        moved.key = placed.key;
        let mut changed = vec![moved.clone()];
        // Those that have one key since a restore get others.
        let others = placed.before.into_iter().zip(&before);
        for (key, (_, id)) in others.chain(placed.after.into_iter().zip(after)) {
            let mut other = self.row_mut(kind, *id).unwrap().clone().versioned();
            other.key = key;
            changed.push(other);
        }
        self.put(changed)?;
        Ok(moved)
    }

    /// What is outside the trash, in the order by hand.
    pub fn order(&self, kind: Kind) -> Vec<(OrderKey, i64)> {
        let live = self.rows(kind).iter().filter(|row| !row.trashed);
        let mut order: Vec<(OrderKey, i64)> = live.map(|row| (row.key.clone(), row.id)).collect();
        order.sort_unstable();
        order
    }

    pub fn create_project(&mut self, body: &Value) -> Result<Row, Refusal> {
        let new = self.unborn(Kind::Project).merged(body).expect("a name");
        self.put(vec![new.clone()])?;
        Ok(new)
    }

    pub fn update_project(
        &mut self,
        id: i64,
        holds: &dyn Fn(i64) -> bool,
        body: &Value,
    ) -> Result<Row, Refusal> {
        let current = self.at((Kind::Project, id), false, holds)?;
        let next = current.merged(body);
        self.put(next.iter().cloned().collect())?;
        Ok(next.unwrap_or(current))
    }

    pub fn delete_project(
        &mut self,
        id: i64,
        holds: &dyn Fn(i64) -> bool,
        keep: bool,
    ) -> Result<(), Refusal> {
        let current = self.at((Kind::Project, id), false, holds)?;
        let tasks = self.live().filter(|task| task.project() == Some(id));
        let tasks = tasks.map(|task| {
            if keep {
                let none = json!({ "project_id": null });
                task.merged(&none).expect("another project")
            } else {
                task.deleted(Some((Kind::Project, id)))
            }
        });
        let mut changed: Vec<Row> = tasks.collect();
        changed.push(current.deleted(None));
        self.put(changed)
    }

    pub fn restore_project(
        &mut self,
        id: i64,
        holds: &dyn Fn(i64) -> bool,
    ) -> Result<Row, Refusal> {
        let current = self.at((Kind::Project, id), true, holds)?;
        let with = |row: &&Row| row.deletion == Some((Kind::Project, id));
        let together: Vec<Row> = self.trash().filter(with).cloned().collect();
        let restored = together.iter().map(|row| {
            let mut next = row.restored();
            let comes = |id| together.iter().any(|row| row.id == id);
            if row.parent().is_some_and(|id| !comes(id)) {
                // No such task has a parent outside the trash: it would have come along with it.
                next.content.insert("parent_id".into(), Value::Null);
            }
            next
        });
        let mut changed: Vec<Row> = restored.collect();
        let project = current.restored();
        changed.push(project.clone());
        self.put(changed)?;
        Ok(project)
    }

    pub fn is_live_project(&self, id: i64) -> bool {
        let mut projects = self.projects.iter().filter(|project| !project.trashed);
        projects.any(|project| project.id == id)
    }

    /// All below a task outside the trash.
    pub fn below(&self, id: i64) -> Vec<&Row> {
        let mut found: Vec<&Row> = Vec::new();
        let mut parents = vec![id];
        while let Some(id) = parents.pop() {
            for row in self.live().filter(|row| row.parent() == Some(id)) {
                found.push(row);
                parents.push(row.id);
            }
        }
        found
    }

    fn levels_below(&self, id: i64) -> usize {
        levels(id, &self.below(id))
    }

    /// A task, its parent, and so on.
    fn path(&self, id: i64) -> Vec<i64> {
        let parent = |id: &i64| self.find(*id).and_then(Row::parent);
        std::iter::successors(Some(id), parent).collect()
    }

    /// Whether it is open and an open task blocks it.
    pub fn is_blocked(&self, task: &Row) -> bool {
        let open = |id: &i64| self.find_live(*id).is_some_and(Row::is_open);
        task.is_open() && task.blockers().iter().any(open)
    }

    /// A body with ids for the temporary ones in it.
    fn resolved(&self, body: &Value) -> Result<Value, Refusal> {
        let mut body = body.clone();
        if let Some(id) = body.get("parent_id").and_then(Value::as_i64) {
            body["parent_id"] = json!(self.resolve(id)?);
        }
        if let Some(ids) = body.get("blocked_by") {
            let ids: Vec<i64> = serde_json::from_value(ids.clone()).unwrap();
            let ids = ids.into_iter().map(|id| self.resolve(id));
            body["blocked_by"] = json!(ids.collect::<Result<Vec<i64>, _>>()?);
        }
        Ok(body)
    }

    /// A body with the project that its parent brings along.
    fn placed(&self, row: &Row, levels: usize, mut body: Value) -> Result<Value, Refusal> {
        let asked = |name: &str, now: Option<i64>| match body.get(name) {
            Some(value) => value.as_i64(),
            None => now,
        };
        let parent = asked("parent_id", row.parent());
        let project = asked("project_id", row.project());
        let Some(parent) = parent else {
            let new = project.filter(|_| project != row.project());
            return match new {
                Some(id) if !self.is_live_project(id) => Err(Refusal::Conflict),
                _ => Ok(body),
            };
        };
        let own = if Some(parent) == row.parent() {
            row.project()
        } else {
            let found = self.find_live(parent).ok_or(Refusal::Conflict)?;
            let path = self.path(parent);
            if path.contains(&row.id) || path.len() + levels > LEVELS {
                return Err(Refusal::Conflict);
            }
            found.project()
        };
        if body.get("project_id").is_some() && project != own {
            return Err(Refusal::Conflict);
        }
        body["project_id"] = json!(own);
        Ok(body)
    }

    fn check_blockers(&self, row: &Row, body: &Value, is_there: bool) -> Result<(), Refusal> {
        let Some(named) = body.get("blocked_by") else {
            return Ok(());
        };
        let named: Vec<i64> = serde_json::from_value(named.clone()).unwrap();
        let old = row.blockers();
        let mut new = named.iter().filter(|id| !old.contains(id)).peekable();
        if new.peek().is_none() {
            return Ok(());
        }
        if new.any(|id| self.find_live(*id).is_none() && *id != row.id) {
            return Err(Refusal::Conflict);
        }
        let mut seen = BTreeSet::new();
        let mut open = named;
        while let Some(id) = open.pop() {
            if id == row.id {
                return Err(Refusal::Conflict);
            }
            if is_there && seen.insert(id) {
                open.extend(self.find(id).map(Row::blockers).unwrap_or_default());
            }
        }
        Ok(())
    }

    /// Whether changes make a task done that others block.
    fn check_blocked(&self, changed: &[Row]) -> Result<(), Refusal> {
        let is_open = |id: i64| {
            let changed = changed.iter().find(|row| row.id == id);
            changed.or(self.find_live(id)).is_some_and(Row::is_open)
        };
        let becomes_done = |row: &&Row| {
            let was_open = self.find(row.id).is_some_and(Row::is_open);
            was_open && row.text("status") == Some("done")
        };
        let blockers = changed.iter().filter(becomes_done).flat_map(Row::blockers);
        let open: BTreeSet<i64> = blockers.filter(|id| is_open(*id)).collect();
        if open.is_empty() {
            return Ok(());
        }
        Err(Refusal::Blocked(open.into_iter().collect()))
    }
}

/// How many levels a task has together with those of `rows` that are below it.
fn levels(id: i64, rows: &[&Row]) -> usize {
    let subtasks = rows.iter().filter(|row| row.parent() == Some(id));
    1 + subtasks.map(|row| levels(row.id, rows)).max().unwrap_or(0)
}
