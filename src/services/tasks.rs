//! Tasks. The owner is always an argument, and always the current user.

use super::{
    batch, computed,
    refusal::{Refusal, refused},
};
use crate::{
    db::DbConn,
    error::AppError,
    models::{
        batch::{
            DeletedBelow, Destination, Done, Operation, Subject, UpdateOptions, UpdatedSubtasks,
        },
        computed::ComputedTask,
        epoch::Epoch,
        filter::TaskFilter,
        sort::{Sort, SortValue},
        status::Status,
        task::{Change, NewTask, Task, TaskDraft, TaskPatch, TaskState},
        time::UtcTime,
    },
    repositories::{
        list::page::{self, Listing},
        tasks,
    },
};

/// Which page of which tasks.
#[derive(Debug, Clone)]
pub struct PageRequest {
    pub filter: TaskFilter,
    pub sort: Sort,
    /// Where the page before ended; `None` for the first page.
    pub after: Option<Vec<SortValue>>,
    /// 1 or more.
    pub limit: u32,
    /// Whether all tasks on all pages are to be counted.
    pub total: bool,
    /// Whether what follows from other tasks is to be worked out.
    pub computed: bool,
}

/// Items in their order.
pub struct Page<T> {
    pub items: Vec<T>,
    /// Whether there are more.
    pub more: bool,
    /// How many there are on all pages, where it was asked for.
    pub total: Option<i64>,
}

impl<T> Page<T> {
    /// From one item more than `limit`, if there are so many: that says whether there is a next page,
    /// without a count.
    pub fn cut(mut items: Vec<T>, limit: u32) -> Self {
        let limit = limit as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        Self {
            items,
            more,
            total: None,
        }
    }

    /// The same page with each item made into another.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(make).collect(),
            more: self.more,
            total: self.total,
        }
    }
}

/// Which task an operation is about.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    pub user_id: i64,
    pub id: i64,
    /// Where it has to be: elsewhere it is not found.
    pub state: TaskState,
}

impl Target {
    /// The task as it is now, and the epoch of its entity tag. Errors: `NotFound`.
    pub fn find(self, conn: &mut DbConn) -> Result<(Task, Epoch), AppError> {
        tasks::find_with_epoch(conn, self.user_id, self.id)?
            .filter(|(task, _)| task.state() == self.state)
            .ok_or(AppError::NotFound)
    }
}

/// Makes a task of `user_id`. Errors: `ExternalIdTaken`; `Conflict` where it names what is not there; `InvalidToken`
/// where the user is gone.
pub fn create(
    conn: &mut DbConn,
    user_id: i64,
    draft: TaskDraft,
    now: UtcTime,
) -> Result<Task, Refusal> {
    if draft.has_references() {
        let temporary_id = None;
        let operation = Operation::Create {
            temporary_id,
            draft,
        };
        return written(batch::run_one(conn, user_id, operation, now)?);
    }
    let new = NewTask::new(draft, user_id, now);
    let stored = tasks::insert(conn, &new);
    stored.map_err(|error| refused(error, new.external_id.as_deref()).into())
}

/// A task, and what follows from others where it was asked for.
pub type Shown = (Task, Option<ComputedTask>);

/// Errors: `NotFound`, also where the task is in the trash or someone else's.
pub fn get_computed(conn: &mut DbConn, user_id: i64, id: i64) -> Result<Shown, AppError> {
    computed::in_snapshot(conn, |conn| {
        let task = get(conn, user_id, id)?;
        let computed = computed::of_tasks(conn, user_id, std::slice::from_ref(&task))?;
        Ok((task, computed.first().copied()))
    })
}

/// Errors: `NotFound`, also where the task is in the trash or someone else's.
pub fn get(conn: &mut DbConn, user_id: i64, id: i64) -> Result<Task, AppError> {
    tasks::find(conn, user_id, id)?
        .filter(|task| task.state() == TaskState::Live)
        .ok_or(AppError::NotFound)
}

/// One page of the tasks of `user_id`.
pub fn list(
    conn: &mut DbConn,
    user_id: i64,
    request: &PageRequest,
    now: UtcTime,
) -> Result<Page<Shown>, AppError> {
    if !request.computed {
        let page = page_of(conn, user_id, request, now)?;
        return Ok(page.map(|task| (task, None)));
    }
    computed::in_snapshot(conn, |conn| {
        let page = page_of(conn, user_id, request, now)?;
        let computed = computed::of_tasks(conn, user_id, &page.items)?;
        let mut computed = computed.into_iter();
        Ok(page.map(|task| (task, computed.next())))
    })
}

fn page_of(
    conn: &mut DbConn,
    user_id: i64,
    request: &PageRequest,
    now: UtcTime,
) -> Result<Page<Task>, AppError> {
    let listing = Listing {
        owner: user_id,
        filter: &request.filter,
        sort: &request.sort,
        now,
    };
    let count = i64::from(request.limit) + 1;
    let after = request.after.as_deref();
    let (found, total) = if request.total {
        let (found, total) = page::page_and_total(conn, &listing, after, count)?;
        (found, Some(total))
    } else {
        (page::page(conn, &listing, after, count)?, None)
    };
    Ok(Page {
        total,
        ..Page::cut(found, request.limit)
    })
}

/// Applies `patch`. A patch that changes nothing writes nothing. Errors: `NotFound`; `ExternalIdTaken`; `Conflict` where
/// it names what is not there, or a tree or a chain of blockers would break its rules; `Blocked`.
pub fn update(
    conn: &mut DbConn,
    user_id: i64,
    subject: Subject,
    patch: TaskPatch,
    options: UpdateOptions,
    now: UtcTime,
) -> Result<Task, Refusal> {
    if patch.has_references() || options.subtasks == UpdatedSubtasks::Close {
        let operation = Operation::Update {
            subject,
            patch,
            options,
        };
        return written(batch::run_one(conn, user_id, operation, now)?);
    }
    change(conn, user_id, &subject, |conn, task| {
        let next = task.changed(now, |task| patch.apply(task, now));
        let is_done = next
            .as_ref()
            .is_some_and(|next| next.status == Status::Done);
        if is_done && task.status.is_open() && !options.force {
            check_blocked(conn, task)?;
        }
        Ok(next)
    })
}

/// Puts a task into the trash. Errors: `NotFound`.
pub fn trash(
    conn: &mut DbConn,
    user_id: i64,
    subject: Subject,
    subtasks: DeletedBelow,
    now: UtcTime,
) -> Result<(), Refusal> {
    let operation = Operation::Delete { subject, subtasks };
    batch::run_one(conn, user_id, operation, now)?;
    Ok(())
}

/// Takes a task out of the trash, and all below it that went there with it. Errors: `NotFound` where it is not in the
/// trash; `ExternalIdTaken`.
pub fn restore(
    conn: &mut DbConn,
    user_id: i64,
    subject: Subject,
    now: UtcTime,
) -> Result<Task, Refusal> {
    written(batch::run_one(
        conn,
        user_id,
        Operation::Restore { subject },
        now,
    )?)
}

/// Moves a task next to another one. Errors: `NotFound`; `Conflict` where the other one is not there, or is the task.
pub fn place(
    conn: &mut DbConn,
    user_id: i64,
    subject: Subject,
    destination: Destination,
    now: UtcTime,
) -> Result<Task, Refusal> {
    let operation = Operation::Move {
        subject,
        destination,
    };
    written(batch::run_one(conn, user_id, operation, now)?)
}

/// The task that an operation has left.
fn written(done: Done) -> Result<Task, Refusal> {
    match done {
        Done::Created(task) | Done::Changed(task) => Ok(task),
        Done::Deleted => {
            Err(AppError::internal("a task was deleted that was to be written").into())
        }
    }
}

/// Errors: `Blocked` where one of the task's blockers is to be done.
fn check_blocked(conn: &mut DbConn, task: &Task) -> Result<(), AppError> {
    let blockers: Vec<i64> = task.blocked_by.ids().collect();
    if blockers.is_empty() {
        return Ok(());
    }
    let blocked_by = tasks::pending(conn, task.user_id, &blockers)?;
    if blocked_by.is_empty() {
        return Ok(());
    }
    Err(AppError::Blocked { blocked_by })
}

/// Works a change out and writes it; `None` changes nothing.
///
/// The row is written only if it still is what the change was worked out from; otherwise another
/// writer was first, and the change is worked out anew, precondition and all. Each round that fails is
/// one in which another writer succeeded, and no lock is held between rounds: no deadlock.
fn change(
    conn: &mut DbConn,
    user_id: i64,
    subject: &Subject,
    next: impl Fn(&mut DbConn, &Task) -> Result<Option<Task>, AppError>,
) -> Result<Task, Refusal> {
    let target = Target {
        user_id,
        id: subject.id,
        state: TaskState::Live,
    };
    loop {
        let (current, epoch) = target.find(conn)?;
        if let Err(unmet) = subject.expected.check(current.version, epoch) {
            return Err(Refusal::Mismatch(Box::new(current), unmet));
        }
        let Some(next) = next(conn, &current)? else {
            return Ok(current);
        };
        let change = Change {
            before: &current,
            after: &next,
        };
        let saved = tasks::save(conn, &change);
        if saved.map_err(|error| refused(error, next.external_id.as_deref()))? {
            return Ok(next);
        }
    }
}
