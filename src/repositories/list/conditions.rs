//! The conditions of the filter that are tested task by task, whatever the task was found by.

use diesel::sql_types::{BigInt, Text, Timestamp};

use super::{
    dialect::Dialect,
    page::Listing,
    statement::{Sql, bind, join, sql},
};
use crate::models::{
    filter::{OptionalMember, TaskFilter, TimeRange},
    id::Id,
    label::LabelName,
    time::UtcTime,
};

/// What a task is that is still to be done.
const OPEN: &str = "status IN ('todo', 'in_progress')";

/// ` AND …`: the conditions of the filter, without those of [`super::clauses::branch`] and of the inverted index. The
/// task is a row of `tasks`, or of a query of this name.
pub fn conditions(listing: &Listing<'_>, dialect: &Dialect) -> Sql {
    let filter = listing.filter;
    let mut sql = sql![
        time("due_at", filter.due),
        time("created_at", filter.created),
        time("updated_at", filter.updated),
        time("completed_at", filter.completed),
        members(filter),
        not_projects(&filter.not_projects),
        join(
            filter
                .not_labels
                .iter()
                .map(|name| not_label(name, dialect)),
            ""
        ),
    ];
    if let Some(overdue) = filter.overdue {
        let now = bind::<Timestamp, _>(listing.now);
        let condition = sql![OPEN, " AND due_at IS NOT NULL AND due_at < ", now];
        sql.push(whether(overdue, condition));
    }
    if let Some(blocked) = filter.blocked {
        sql.push(whether(blocked, is_blocked(listing.owner, dialect)));
    }
    if let Some(archived) = filter.archived {
        sql.push(whether(archived, is_archived(listing.owner)));
    }
    if let Some(external_id) = &filter.external_id {
        sql.push(" AND external_id = ");
        sql.push(bind::<Text, _>(external_id.as_str().to_owned()));
    }
    sql
}

/// ` AND …`: that `condition`, which is never unknown, holds or does not.
fn whether(holds: bool, condition: Sql) -> Sql {
    let and = if holds { " AND (" } else { " AND NOT (" };
    sql![and, condition, ")"]
}

fn time(column: &'static str, range: TimeRange) -> Sql {
    let compared = |operator: &'static str, time: UtcTime| {
        sql![" AND ", column, operator, bind::<Timestamp, _>(time)]
    };
    let after = range.after.map(|after| compared(" >= ", after));
    let before = range.before.map(|before| compared(" < ", before));
    join(after.into_iter().chain(before), "")
}

/// ` AND …`: the members that a task must have, and those that it must not have.
fn members(filter: &TaskFilter) -> Sql {
    let without = filter.without.iter().map(|member| match member {
        OptionalMember::Due => " AND due_at IS NULL",
        OptionalMember::Labels => " AND labels = ''",
        OptionalMember::Project => " AND project_id IS NULL",
        OptionalMember::Parent => " AND parent_id IS NULL",
        OptionalMember::Blockers => " AND blocked_by = ''",
    });
    let with = filter.with.iter().map(|member| match member {
        OptionalMember::Due => " AND due_at IS NOT NULL",
        OptionalMember::Labels => " AND labels <> ''",
        OptionalMember::Project => " AND project_id IS NOT NULL",
        OptionalMember::Parent => " AND parent_id IS NOT NULL",
        OptionalMember::Blockers => " AND blocked_by <> ''",
    });
    join(without.chain(with).map(Sql::from), "")
}

fn not_projects(projects: &[Id]) -> Sql {
    let ids = join(projects.iter().map(|id| bind::<BigInt, _>(id.get())), ", ");
    if ids.is_empty() {
        return ids;
    }
    sql![" AND (project_id IS NULL OR project_id NOT IN (", ids, "))"]
}

fn not_label(name: &LabelName, dialect: &Dialect) -> Sql {
    let name = bind::<Text, _>(format!(",{},", name.as_str()));
    sql![
        " AND ",
        dialect.find,
        "(',' || labels || ',', ",
        name,
        ") = 0"
    ]
}

/// That the task is open and one of its blockers is open and outside the trash.
fn is_blocked(owner: i64, dialect: &Dialect) -> Sql {
    sql![
        OPEN,
        " AND blocked_by <> '' AND EXISTS (SELECT 1",
        dialect.blockers,
        " AND blocker.user_id = ",
        bind::<BigInt, _>(owner),
        " AND blocker.deleted_at IS NULL AND blocker.",
        OPEN,
        ")",
    ]
}

fn is_archived(owner: i64) -> Sql {
    sql![
        "EXISTS (SELECT 1 FROM projects WHERE projects.user_id = ",
        bind::<BigInt, _>(owner),
        " AND projects.id = tasks.project_id AND archived AND projects.deleted_at IS NULL)",
    ]
}
