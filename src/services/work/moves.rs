//! The order by hand.

use super::unit::Work;
use crate::{
    db::DbConn,
    error::AppError,
    models::{
        batch::{Destination, Done, Subject},
        order_key::OrderKey,
        placement::{Placed, place},
        task::{Task, TaskState},
    },
    repositories::{
        list::graph::{self, Side},
        tasks,
    },
    services::refusal::Refusal,
};

/// So many neighbours on either side are read where a gap is crowded, and then always twice as many. With few, only
/// those with long keys would be in sight, and the gap would soon be crowded again.
const CROWD: usize = 5_000;

/// Tasks by their keys, the nearest first.
type Neighbours = Vec<(OrderKey, i64)>;

impl Work {
    pub(super) fn place(
        &mut self,
        conn: &mut DbConn,
        subject: &Subject,
        destination: Destination,
    ) -> Result<Done, Refusal> {
        let current = self.find(subject, TaskState::Live)?;
        let (name, id, side) = match destination {
            Destination::Before(id) => ("before", id, Side::Before),
            Destination::After(id) => ("after", id, Side::After),
        };
        let anchor = self.reference(name, id)?.clone();
        if anchor.id == current.id {
            let detail = format!("{name}: a task cannot be moved next to itself");
            return Err(AppError::Conflict(detail).into());
        }
        let next = self.neighbours(conn, &anchor, side, 1)?;
        if next.first().is_some_and(|(_, id)| *id == current.id) {
            return Ok(Done::Changed(current));
        }
        let gap = gap(&anchor, side, next, Neighbours::new(), 1);
        let (placed, gap) = match gap.place(1) {
            Some(placed) => (placed, gap),
            None => self.make_room(conn, &current, &anchor, side)?,
        };
        let others = placed.before.into_iter().zip(gap.before);
        let others = others.chain(placed.after.into_iter().zip(gap.after));
        self.space(conn, others.map(|(key, (_, id))| (id, key)).collect())?;
        let key = placed.key;
        let moved = current.changed(self.now, |task| task.position = Some(key));
        let moved = moved.unwrap_or(current);
        self.put(vec![moved.clone()])?;
        Ok(Done::Changed(moved))
    }

    /// Places a task where the gap is crowded, with as many neighbours as it takes.
    fn make_room(
        &self,
        conn: &mut DbConn,
        current: &Task,
        anchor: &Task,
        side: Side,
    ) -> Result<(Placed, Gap), Refusal> {
        let mut limit = CROWD;
        loop {
            let mut others = |side| -> Result<Neighbours, Refusal> {
                let mut found = self.neighbours(conn, anchor, side, limit + 1)?;
                found.retain(|(_, id)| *id != current.id);
                Ok(found)
            };
            let gap = gap(anchor, side, others(side)?, others(side.opposite())?, limit);
            if let Some(placed) = gap.place(limit) {
                return Ok((placed, gap));
            }
            limit *= 2;
        }
    }

    /// The next `limit` tasks on a side of `anchor`, as the operations so far leave them.
    fn neighbours(
        &self,
        conn: &mut DbConn,
        anchor: &Task,
        side: Side,
        limit: usize,
    ) -> Result<Neighbours, Refusal> {
        let is_elsewhere = |before: &&Task| {
            let after = self.after.get(&before.id);
            after.is_some_and(|after| place_of(before) != place_of(after))
        };
        let elsewhere = self.before.values().filter(is_elsewhere).count();
        let place = (anchor.order_key(), anchor.id);
        let found = graph::neighbours(conn, self.user_id, &place, side, limit + elsewhere)?;
        let unknown = found
            .into_iter()
            .filter(|(_, id)| !self.after.contains_key(id));
        let known = self.after.values().filter_map(place_of);
        let known = known.filter(|other| match side {
            Side::Before => *other < place,
            Side::After => *other > place,
        });
        let mut all: Neighbours = unknown.chain(known).collect();
        all.sort_unstable();
        if side == Side::Before {
            all.reverse();
        }
        all.truncate(limit);
        Ok(all)
    }

    /// Gives tasks other places, in the same order.
    fn space(&mut self, conn: &mut DbConn, keys: Vec<(i64, OrderKey)>) -> Result<(), Refusal> {
        if keys.is_empty() {
            return Ok(());
        }
        let unknown = keys.iter().map(|(id, _)| *id);
        let unknown = unknown.filter(|id| !self.after.contains_key(id));
        let found = tasks::lock(conn, self.user_id, &unknown.collect::<Vec<_>>())?;
        self.add(found);
        let changed = keys.into_iter().filter_map(|(id, key)| {
            let task = self.after.get(&id)?;
            task.changed(self.now, |task| task.position = Some(key))
        });
        let changed = changed.collect();
        Ok(self.put(changed)?)
    }
}

/// Where a task is in the order, unless it is in the trash.
fn place_of(task: &Task) -> Option<(OrderKey, i64)> {
    (task.state() == TaskState::Live).then(|| (task.order_key(), task.id))
}

/// A place between others. Both sides begin with the nearest and have at most as many as were read.
struct Gap {
    before: Neighbours,
    after: Neighbours,
}

impl Gap {
    fn place(&self, limit: usize) -> Option<Placed> {
        let keys = |side: &Neighbours| side.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
        place(&keys(&self.before), &keys(&self.after), limit)
    }
}

/// The gap on a side of `anchor`, between that and the `next`; what is on its other side is `behind` it.
fn gap(
    anchor: &Task,
    side: Side,
    mut next: Neighbours,
    mut behind: Neighbours,
    limit: usize,
) -> Gap {
    behind.insert(0, (anchor.order_key(), anchor.id));
    behind.truncate(limit);
    next.truncate(limit);
    let (before, after) = match side {
        Side::Before => (next, behind),
        Side::After => (behind, next),
    };
    Gap { before, after }
}
