//! Whether a database is sound, and one of this service.

use std::collections::BTreeSet;

use diesel::Connection;

use crate::{
    db::{DbConn, blueprint},
    error::AppError,
    models::{
        finding::{FAULTS_MAX, Finding},
        label::Labels,
    },
    repositories::integrity::{
        engine,
        rules::{self, TABLES},
        search::Index,
        tasks,
    },
};

/// A check, and what it finds of how many.
type Check = fn(&mut DbConn) -> Result<(i64, Vec<String>), AppError>;

/// Checks all that a database says of itself, as one moment sees it; it writes nothing. What the checks cannot
/// read is a fault of theirs. Errors: the database does not answer at all.
pub fn check(conn: &mut DbConn) -> Result<Vec<Finding>, AppError> {
    let mut found = Vec::new();
    let outcome = conn.transaction(|conn| {
        engine::freeze(conn)?;
        found = findings(conn);
        Ok(())
    });
    match outcome {
        // A broken file may not even end a transaction; what was found in it says more.
        Err(error) if found.iter().all(|finding| finding.faults.is_empty()) => Err(error),
        _ => Ok(found),
    }
}

/// How many users and tasks there are.
pub fn counts(conn: &mut DbConn) -> Result<(i64, i64), AppError> {
    let users = engine::number(conn, "SELECT COUNT(*) FROM users")?;
    let tasks = engine::number(conn, "SELECT COUNT(*) FROM tasks")?;
    Ok((users, tasks))
}

fn findings(conn: &mut DbConn) -> Vec<Finding> {
    let sqlite = matches!(conn, DbConn::Sqlite(_));
    let (migrations, current) = migrations(conn);
    let mut findings = vec![migrations];
    if sqlite {
        findings.push(run(conn, "pages", |conn| Ok(engine::pages(conn)?)));
    }
    // What the rules speak of is there only with all migrations.
    if !current {
        return findings;
    }
    let engines: &[(&'static str, Check)] = match sqlite {
        true => &[
            ("schema", schema),
            ("foreign keys", |conn| Ok(engine::foreign_keys(conn)?)),
        ],
        false => &[("indexes", |conn| Ok(engine::indexes(conn)?))],
    };
    for (name, check) in engines {
        findings.push(run(conn, name, *check));
    }
    for table in &TABLES {
        findings.push(run(conn, table.name, |conn| Ok(rules::rows(conn, table)?)));
    }
    findings.push(run(conn, "ids", |conn| Ok(engine::sequences(conn)?)));
    findings.push(run(conn, "labels", labels));
    if sqlite {
        findings.push(run(conn, "search index", search_index));
    }
    findings
}

/// Runs a check apart from the others: on PostgreSQL a statement that fails would end the transaction for
/// all of them.
fn run(
    conn: &mut DbConn,
    name: &'static str,
    check: impl Fn(&mut DbConn) -> Result<(i64, Vec<String>), AppError>,
) -> Finding {
    match conn.transaction(|conn| check(conn)) {
        Ok((count, faults)) => Finding::new(name, count, faults),
        Err(error) => {
            let cause = error
                .cause()
                .map_or_else(|| error.to_string(), str::to_owned);
            Finding::new(name, 0, vec![format!("cannot be read: {cause}")])
        }
    }
}

/// Also tells whether the schema is that of this binary.
fn migrations(conn: &mut DbConn) -> (Finding, bool) {
    const CHECK: &str = "migrations";
    let state: Result<_, diesel::result::Error> = conn.transaction(engine::migrations);
    let (applied, pending, unknown) = match state {
        Ok(state) => state,
        Err(error) => {
            let fault = format!("it is no database of this service: {error}");
            return (Finding::new(CHECK, 0, vec![fault]), false);
        }
    };
    let count = applied.len() as i64;
    let faults = match unknown.is_empty() {
        true if count == 0 => vec!["none is applied: it is no database of this service".to_owned()],
        true => Vec::new(),
        false => vec![format!("unknown to this binary: {}", unknown.join(", "))],
    };
    let current = faults.is_empty() && pending.is_empty();
    let mut finding = Finding::new(CHECK, count, faults);
    if !pending.is_empty() {
        let pending = pending.join(", ");
        finding.note = Some(format!(
            "pending: {pending}; rows are checked once they are applied"
        ));
    }
    (finding, current)
}

fn schema(conn: &mut DbConn) -> Result<(i64, Vec<String>), AppError> {
    let expected = blueprint::sqlite_objects()?;
    let there: BTreeSet<String> = engine::sqlite_objects(conn)?.into_iter().collect();
    let missing = expected.iter().filter(|object| !there.contains(*object));
    let faults = missing
        .map(|object| format!("the {object} is missing"))
        .collect();
    Ok((expected.len() as i64, faults))
}

fn labels(conn: &mut DbConn) -> Result<(i64, Vec<String>), AppError> {
    let mut faults = Vec::new();
    let count = each_task(conn, |task| {
        if !Labels::is_stored_form(&task.labels) && faults.len() < FAULTS_MAX {
            faults.push(format!("tasks {} has labels out of order or form", task.id));
        }
    })?;
    Ok((count, faults))
}

fn search_index(conn: &mut DbConn) -> Result<(i64, Vec<String>), AppError> {
    let mut index = Index::read(conn)?;
    let mut faults = Vec::new();
    let count = each_task(conn, |task| {
        if !index.take(task) && faults.len() < FAULTS_MAX {
            faults.push(format!(
                "the search index has other entries for task {} than the task",
                task.id
            ));
        }
    })?;
    let rest = index.rest().into_iter().take(FAULTS_MAX);
    faults
        .extend(rest.map(|id| format!("the search index has entries for {id}, which is no task")));
    Ok((count, faults))
}

fn each_task(conn: &mut DbConn, mut look: impl FnMut(&tasks::Indexed)) -> Result<i64, AppError> {
    let (mut count, mut last) = (0, (0, 0));
    loop {
        let page = tasks::next(conn, last)?;
        let Some(task) = page.last() else {
            return Ok(count);
        };
        last = (task.user_id, task.id);
        count += page.len() as i64;
        page.iter().for_each(&mut look);
    }
}
