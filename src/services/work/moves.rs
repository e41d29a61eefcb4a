//! The order by hand.

use super::{places::Gap, unit::Work};
use crate::{
    db::DbConn,
    error::AppError,
    models::{
        batch::{Destination, Done, Subject},
        order_key::OrderKey,
        placement::place,
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

impl Work {
    pub(super) fn place(
        &mut self,
        conn: &mut DbConn,
        subject: &Subject,
        destination: Destination,
    ) -> Result<Done, Refusal> {
        let current = self.find(subject, TaskState::Live)?;
        let (name, id) = match destination {
            Destination::Before(id) => ("before", id),
            Destination::After(id) => ("after", id),
        };
        let anchor = self.reference(name, id)?.clone();
        if anchor.id == current.id {
            let detail = format!("{name}: a task cannot be moved next to itself");
            return Err(AppError::Conflict(detail).into());
        }
        let nearest = self.places.around(&anchor, 1);
        let next = match destination {
            Destination::Before(_) => nearest.before.first(),
            Destination::After(_) => nearest.after.first(),
        };
        if next.is_some_and(|(_, id)| *id == current.id) {
            return Ok(Done::Changed(current));
        }
        self.places.remove(&current);
        let key = self.make_room(conn, &anchor, destination)?;
        let moved = current.changed(self.now, |task| task.position = Some(key));
        let moved = moved.unwrap_or(current);
        self.put(vec![moved.clone()])?;
        self.places.insert(&moved);
        Ok(Done::Changed(moved))
    }

    /// A key next to that of `anchor`. Where the gap is crowded, the tasks in it get other keys.
    fn make_room(
        &mut self,
        conn: &mut DbConn,
        anchor: &Task,
        destination: Destination,
    ) -> Result<OrderKey, Refusal> {
        let mut most = 1;
        loop {
            let gap = gap(self.places.around(anchor, most), anchor, destination, most);
            let (before, after) = (keys(&gap.before), keys(&gap.after));
            if let Some(placed) = place(&before, &after, most) {
                let moved = placed.before.into_iter().zip(gap.before);
                let moved = moved.chain(placed.after.into_iter().zip(gap.after));
                self.space(conn, moved.map(|(key, (_, id))| (id, key)).collect())?;
                return Ok(placed.key);
            }
            most = if most == 1 { CROWD } else { most * 2 };
            let (key, id) = (anchor.order_key(), anchor.id);
            let sides = [(key.clone(), id, Side::Before), (key, id, Side::After)];
            let found = graph::neighbours(conn, self.user_id, &sides, most + 1)?;
            self.places.extend(found, |id| self.after.contains_key(&id));
        }
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
        let mut changed = Vec::new();
        for (id, key) in keys {
            let Some(task) = self.after.get(&id) else {
                continue;
            };
            self.places.remove(task);
            if let Some(next) = task.changed(self.now, |task| task.position = Some(key)) {
                self.places.insert(&next);
                changed.push(next);
            }
        }
        Ok(self.put(changed)?)
    }
}

/// The gap next to `anchor` on the side of the destination, with `anchor` as its nearest neighbour.
fn gap(around: Gap, anchor: &Task, destination: Destination, most: usize) -> Gap {
    let Gap {
        mut before,
        mut after,
    } = around;
    let side = match destination {
        Destination::Before(_) => &mut after,
        Destination::After(_) => &mut before,
    };
    side.insert(0, (anchor.order_key(), anchor.id));
    side.truncate(most);
    Gap { before, after }
}

fn keys(side: &[(OrderKey, i64)]) -> Vec<OrderKey> {
    side.iter().map(|(key, _)| key.clone()).collect()
}
