//! What the engines do for the pages of a large account: which indexes they read, and how much of them.

use diesel::{
    Connection, QueryResult, RunQueryDsl,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Integer, Text},
};
use task_api::{
    db::DbConn,
    models::{
        filter::TaskFilter,
        sort::{Sort, SortValue},
    },
    repositories::list::page::{self, Listing},
};

use crate::{
    fixtures::{Migrated, time, user},
    owners::tape::Tape,
    plan_shapes::{SHAPES, SORTED_SHAPES, Shape},
    support::runner::Engine,
};

crate::cases![
    every_shape_of_a_page_reads_a_range_of_an_index,
    blockers_are_found_by_their_ids,
    the_documented_statements_are_those_sent,
];

type Backend = <DbConn as Connection>::Backend;

/// A statement that is explained instead of run. PostgreSQL runs it too, to count the rows.
struct Explained<Row, S> {
    command: &'static str,
    statement: S,
    row: std::marker::PhantomData<Row>,
}

impl<Row, S> Query for Explained<Row, S> {
    type SqlType = Row;
}

impl<Row, S> QueryId for Explained<Row, S> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Row, S> RunQueryDsl<DbConn> for Explained<Row, S> {}

impl<Row, S: QueryFragment<Backend>> QueryFragment<Backend> for Explained<Row, S> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql(self.command);
        self.statement.walk_ast(out)
    }
}

fn plan(conn: &mut DbConn, statement: impl QueryFragment<Backend>) -> Vec<String> {
    let row = std::marker::PhantomData;
    match conn {
        DbConn::Postgres(_) => Explained::<Text, _> {
            command: "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ",
            statement,
            row,
        }
        .load(conn)
        .unwrap(),
        DbConn::Sqlite(_) => {
            let lines: Vec<(i32, i32, i32, String)> =
                Explained::<(Integer, Integer, Integer, Text), _> {
                    command: "EXPLAIN QUERY PLAN ",
                    statement,
                    row: std::marker::PhantomData,
                }
                .load(conn)
                .unwrap();
            lines.into_iter().map(|(.., line)| line).collect()
        }
    }
}

/// Tasks of the large account.
const LARGE: i64 = 20_000;
/// Tasks of someone else.
const OTHERS: i64 = 5_000;
const PAGE: i64 = 51;

/// Statuses, priorities and due times are mixed; a third has no due time, a tenth has the label `l`, a twentieth `m` as well,
/// one in 500 has both words of the search. One in 100 is in each of the projects 3 and 4, one in 400 a subtask of the task
/// 7, and another blocked by the tasks 8 and 9. Every tenth was moved.
pub fn fill(conn: &mut DbConn, owner: i64, count: i64) {
    let (numbers, minutes, text) = match conn {
        DbConn::Postgres(_) => (
            format!("generate_series(1, {count}) AS g(n)"),
            "timestamp '2026-01-01' + (n * 7919 % 400000) * interval '1 minute'",
            "n::text",
        ),
        DbConn::Sqlite(_) => (
            format!(
                "generate_numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM generate_numbers WHERE n < {count})"
            ),
            "datetime('2026-01-01', (n * 7919 % 400000) || ' minutes')",
            "n",
        ),
    };
    let (with, from) = match conn {
        DbConn::Postgres(_) => (String::new(), numbers),
        DbConn::Sqlite(_) => (
            format!("WITH RECURSIVE {numbers} "),
            "generate_numbers".to_owned(),
        ),
    };
    let sql = format!(
        "{with}INSERT INTO tasks (user_id, title, status, priority, due_at, version, completed_at,
             created_at, updated_at, labels, title_key, words, project_id, parent_id, blocked_by, position)
         SELECT {owner}, 'Task ' || {text},
             CASE WHEN n % 10 < 2 THEN 'todo' WHEN n % 10 = 2 THEN 'in_progress'
                  WHEN n % 10 = 3 THEN 'cancelled' ELSE 'done' END,
             n * 31 % 5, CASE WHEN n % 3 > 0 THEN {minutes} END, 1,
             CASE WHEN n % 10 > 3 THEN {minutes} END, {minutes}, {minutes},
             CASE WHEN n % 20 = 7 THEN 'l,m' WHEN n % 20 = 17 THEN 'l' ELSE '' END, 'task ' || {text},
             ':task .task :n' || {text} || CASE WHEN n % 500 = 0 THEN ' :rare :words' ELSE '' END,
             CASE WHEN n % 50 = 1 THEN 3 + n / 50 % 2 END, CASE WHEN n % 400 = 3 THEN 7 END,
             CASE WHEN n % 400 = 5 THEN '8,9' ELSE '' END, CASE WHEN n % 10 = 0 THEN 'd' || {text} END
         FROM {from}"
    );
    diesel::sql_query(sql).execute(conn).unwrap();
}

async fn every_shape_of_a_page_reads_a_range_of_an_index(db: Migrated) {
    let mut conn = db.open();
    let (ann, bob) = (user(&mut conn, "ann"), user(&mut conn, "bob"));
    fill(&mut conn, ann.id, LARGE);
    fill(&mut conn, bob.id, OTHERS);
    if db.engine == Engine::Postgres {
        diesel::sql_query("VACUUM ANALYZE tasks")
            .execute(&mut conn)
            .unwrap();
    }
    let now = time("2026-06-01T00:00:00Z");
    let sorted = SORTED_SHAPES.iter().map(|shape| (shape, true));
    for (shape, is_sorted) in SHAPES.iter().map(|shape| (shape, false)).chain(sorted) {
        let mut filter = TaskFilter::default();
        (shape.filter)(&mut filter);
        let sort: Sort = shape.sort.parse().unwrap();
        let listing = Listing {
            owner: ann.id,
            filter: &filter,
            sort: &sort,
            now,
        };
        let check = |conn: &mut DbConn, after| check(conn, shape, &listing, after, is_sorted);
        check(&mut conn, None);
        // Far down the list it must cost the same.
        if let Some(position) = far_down(&mut conn, &listing) {
            check(&mut conn, Some(&position));
        }
    }
}

/// Of all the tasks that are open, no other is looked at.
async fn blockers_are_found_by_their_ids(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    fill(&mut conn, ann.id, LARGE);
    if db.engine == Engine::Postgres {
        diesel::sql_query("VACUUM ANALYZE tasks")
            .execute(&mut conn)
            .unwrap();
    }
    for blocked in [true, false] {
        let filter = TaskFilter {
            blocked: Some(blocked),
            ..TaskFilter::default()
        };
        let listing = Listing {
            owner: ann.id,
            filter: &filter,
            sort: &"-id".parse().unwrap(),
            now: time("2026-06-01T00:00:00Z"),
        };
        let statement = page::statement(&conn, &listing, None, PAGE);
        let shown = plan(&mut conn, statement).join("\n");
        let (blocker, by_id) = match db.engine {
            Engine::Postgres => ("on tasks blocker", "tasks_pkey"),
            Engine::Sqlite => ("SEARCH blocker", "INTEGER PRIMARY KEY"),
        };
        let looked_up = shown.lines().find(|line| line.contains(blocker)).unwrap();
        assert!(looked_up.contains(by_id), "{shown}");
    }
}

/// The statements in the documentation of the module are those of a page of open tasks, latest first.
async fn the_documented_statements_are_those_sent(db: Migrated) {
    let documented = include_str!("../../src/repositories/list/mod.rs");
    let mut examples = documented.split("//! ```sql").skip(1).map(|rest| {
        let lines = rest.split("//! ```").next().unwrap().lines();
        let lines: Vec<&str> = lines.map(|line| line.trim_start_matches("//!")).collect();
        lines.join(" ")
    });
    let example = match db.engine {
        Engine::Postgres => examples.next(),
        Engine::Sqlite => examples.nth(1),
    };
    let mut tape = Tape::new(db.open());
    let filter = TaskFilter {
        status: vec!["todo".parse().unwrap(), "in_progress".parse().unwrap()],
        not_labels: vec!["work".parse().unwrap()],
        ..TaskFilter::default()
    };
    let listing = Listing {
        owner: 1,
        filter: &filter,
        sort: &"-due_at".parse().unwrap(),
        now: time("2026-06-01T00:00:00Z"),
    };
    crate::call!(tape, list::page::page(&listing, None, PAGE));
    let sent = &tape.calls[0].sent[0].sql;
    assert_eq!(plain(&example.unwrap()), plain(sent));
}

/// A statement on one line, with `…` in place of the columns of a task.
fn plain(sql: &str) -> String {
    let mut parts = sql.split("SELECT \"id\"");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        let (_columns, rest) = part.split_once(" FROM ").unwrap();
        text.extend(["SELECT … FROM ", rest]);
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace("( ", "(").replace(" )", ")")
}

/// The position of the task in the middle of the list, which is read as one page.
fn far_down(conn: &mut DbConn, listing: &Listing<'_>) -> Option<Vec<SortValue>> {
    let all = page::page(conn, listing, None, LARGE).unwrap();
    let task = all.get(all.len() / 2)?;
    Some(
        listing
            .sort
            .position_of(task, listing.filter.search.as_ref()),
    )
}

fn check(
    conn: &mut DbConn,
    shape: &Shape,
    listing: &Listing<'_>,
    after: Option<&[SortValue]>,
    is_sorted: bool,
) {
    let postgres = matches!(conn, DbConn::Postgres(_));
    let statement = page::statement(conn, listing, after, PAGE);
    let plan = plan(conn, statement);
    let name = format!("{} sort={} after={after:?}", shape.query, shape.sort);
    let shown = plan.join("\n");
    assert!(
        shape.indexes.iter().any(|index| shown.contains(index)),
        "{name}:\n{shown}"
    );
    if postgres {
        let read: f64 = plan.iter().filter_map(|line| rows_read(line)).sum();
        // A search first tries 1,000 tasks; each counts twice, as it is read and as it is tested.
        let tried = if shape.query.starts_with('q') {
            2000.0
        } else {
            0.0
        };
        // What is sorted is read for each of the two ranges: the 200 tasks of a project, and what the filter drops of them.
        let most = tried + if is_sorted { 800.0 } else { 6.0 * PAGE as f64 };
        assert!(read <= most, "{name}: {read} rows\n{shown}");
    } else {
        let whole = |line: &&String| line.starts_with("SCAN tasks");
        assert_eq!(plan.iter().find(whole), None, "{name}:\n{shown}");
        // What comes in the order of an index, or is merged, is not sorted: only a page that was
        // gathered from several ranges is.
        let sorted = |pair: &&[String]| {
            pair[1].contains("TEMP B-TREE") && pair[0] != "SCAN page" && !is_sorted
        };
        assert_eq!(plan.windows(2).find(sorted), None, "{name}:\n{shown}");
    }
}

/// The rows that a node of PostgreSQL's plan takes from a table, those included that a filter drops.
fn rows_read(line: &str) -> Option<f64> {
    let number = |after: &str| -> Option<f64> {
        let (_, rest) = line.split_once(after)?;
        let digits: String = rest
            .chars()
            .take_while(|c| c.is_ascii_digit() || *c == '.')
            .collect();
        digits.parse().ok()
    };
    if line.contains("Removed by Filter") {
        return number(": ");
    }
    let from_a_table = line.contains("Scan") && line.contains(" on tasks");
    let loops = number("loops=")?;
    Some(number("rows=")? * loops).filter(|_| from_a_table)
}
