//! One page of a user's tasks, whatever the filters and the order, in one statement.
//!
//! Here alone is SQL text: Diesel's query language has no row comparison, no `LATERAL`, no
//! `INDEXED BY` and no full-text search for both engines. A page is cut from ranges: `ranges` divides what
//! follows a position in an order into ranges that an index holds in that order, and a range may have to be
//! merged from branches, one for each status or project, since indexes begin with it (`scan`). `writer` has the
//! outline of the statement, `postgres` and `sqlite` write what differs, `clauses` what does not; `conditions` are
//! tested task by task, in the words of a `dialect`. A statement reads no more than a page of any branch, however large
//! the account.
//!
//! These are the statements of `GET /tasks?status=todo,in_progress&label_not=work&sort=-due_at`, with `…` instead of the
//! names of a task's columns. There are two ranges, since tasks without a due time come last. On PostgreSQL
//! the second range is limited to the rows that the first leaves to the page:
//!
//! ```sql
//! WITH range_0 AS MATERIALIZED (
//!     SELECT * FROM (
//!         SELECT found.* FROM (VALUES ($1), ($2)) AS branch (branch_status)
//!             CROSS JOIN LATERAL (
//!                 SELECT … FROM tasks
//!                 WHERE user_id = $3 AND deleted_at IS NULL AND status = branch_status
//!                     AND due_at IS NOT NULL AND strpos(',' || labels || ',', $4) = 0
//!                 ORDER BY due_at DESC, id DESC LIMIT 51
//!             ) AS found
//!     ) AS range ORDER BY due_at DESC, id DESC LIMIT 51
//! ), range_1 AS MATERIALIZED (
//!     SELECT * FROM (
//!         SELECT found.* FROM (VALUES ($5), ($6)) AS branch (branch_status)
//!             CROSS JOIN LATERAL (
//!                 SELECT … FROM tasks
//!                 WHERE user_id = $7 AND deleted_at IS NULL AND status = branch_status
//!                     AND due_at IS NULL AND strpos(',' || labels || ',', $8) = 0
//!                 ORDER BY due_at DESC, id DESC LIMIT 51
//!             ) AS found
//!     ) AS range ORDER BY due_at DESC, id DESC LIMIT 51 - (SELECT count(*) FROM range_0)
//! )
//! SELECT … FROM (SELECT * FROM range_0 UNION ALL SELECT * FROM range_1) AS page
//! ORDER BY due_at DESC NULLS LAST, id DESC LIMIT 51
//! ```
//!
//! On SQLite the statement names the index, and a `UNION ALL` stops once it has returned enough rows:
//!
//! ```sql
//! SELECT … FROM (
//!     SELECT * FROM (
//!         SELECT * FROM (
//!             SELECT … FROM tasks INDEXED BY tasks_due_idx
//!             WHERE user_id = $1 AND deleted_at IS NULL AND status = $2 AND due_at IS NOT NULL
//!                 AND instr(',' || labels || ',', $3) = 0
//!             UNION ALL
//!             SELECT … FROM tasks INDEXED BY tasks_due_idx
//!             WHERE user_id = $4 AND deleted_at IS NULL AND status = $5 AND due_at IS NOT NULL
//!                 AND instr(',' || labels || ',', $6) = 0
//!         ) AS range ORDER BY due_at DESC, id DESC LIMIT 51
//!     ) AS range_0
//!     UNION ALL
//!     SELECT * FROM (
//!         SELECT * FROM (
//!             SELECT … FROM tasks INDEXED BY tasks_due_idx
//!             WHERE user_id = $7 AND deleted_at IS NULL AND status = $8 AND due_at IS NULL
//!                 AND instr(',' || labels || ',', $9) = 0
//!             UNION ALL
//!             SELECT … FROM tasks INDEXED BY tasks_due_idx
//!             WHERE user_id = $10 AND deleted_at IS NULL AND status = $11 AND due_at IS NULL
//!                 AND instr(',' || labels || ',', $12) = 0
//!         ) AS range ORDER BY due_at DESC, id DESC LIMIT 51
//!     ) AS range_1
//!     LIMIT 51
//! ) AS page
//! ORDER BY due_at DESC NULLS LAST, id DESC LIMIT 51
//! ```

mod clauses;
mod conditions;
mod dialect;
pub mod full_text;
pub mod graph;
pub mod page;
mod postgres;
mod ranges;
mod scan;
mod sqlite;
mod statement;
mod writer;
