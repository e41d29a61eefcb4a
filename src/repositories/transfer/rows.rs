//! Every table, row by row as it is: read from SQLite, written to PostgreSQL in its own binary form.

use diesel::{
    dsl::sql,
    prelude::*,
    result::Error,
    sql_types::{BigInt, Bool},
};

use crate::{
    db::DbConn,
    models::time::UtcTime,
    repositories::{integrity::engine::number, statement::Statement},
    schema,
};

/// A table to be carried over.
pub struct Table {
    pub name: &'static str,
    /// Rows in one step: few where a row may be large, for a step is held in memory.
    step: i64,
    carry: fn(&mut SqliteConnection, &mut PgConnection, i64, i64) -> QueryResult<Option<Carried>>,
}

/// A step: the row of SQLite's that was the last, and how many there were.
#[derive(Debug, Clone, Copy)]
pub struct Carried {
    pub last: i64,
    pub rows: i64,
}

/// All tables, those first to whose rows others point.
pub const TABLES: [Table; 8] = [
    Table::new("users", 1000, users),
    Table::new("tasks", 1000, tasks),
    Table::new("sessions", 1000, sessions),
    Table::new("refresh_tokens", 1000, refresh_tokens),
    Table::new("personal_tokens", 1000, personal_tokens),
    Table::new("idempotency_keys", 20, idempotency_keys),
    Table::new("security_events", 1000, security_events),
    Table::new("throttles", 1000, throttles),
];

impl Table {
    const fn new(
        name: &'static str,
        step: i64,
        carry: fn(
            &mut SqliteConnection,
            &mut PgConnection,
            i64,
            i64,
        ) -> QueryResult<Option<Carried>>,
    ) -> Self {
        Self { name, step, carry }
    }

    /// Carries the next rows after SQLite's row `after`; `None` where there are none.
    pub fn carry(
        &self,
        source: &mut DbConn,
        target: &mut DbConn,
        after: i64,
    ) -> QueryResult<Option<Carried>> {
        let (DbConn::Sqlite(source), DbConn::Postgres(target)) = (source, target) else {
            return Err(Error::QueryBuilderError(
                "it goes from SQLite to PostgreSQL".into(),
            ));
        };
        (self.carry)(source, target, after, self.step)
    }

    /// How many rows it has.
    pub fn count(&self, conn: &mut DbConn) -> QueryResult<i64> {
        number(conn, format!("SELECT COUNT(*) FROM {}", self.name))
    }
}

/// The highest id that SQLite has given out in the table `name`, though its row may be gone; 0: none.
pub fn last_given(source: &mut DbConn, name: &str) -> QueryResult<i64> {
    let sql = format!(
        "SELECT MAX(COALESCE((SELECT MAX(id) FROM {name}), 0), \
         COALESCE((SELECT seq FROM sqlite_sequence WHERE name = '{name}'), 0))"
    );
    Statement::<BigInt>::new(sql).get_result(source)
}

/// A row of the table of this name, with all its columns in the order of the schema, and how a step of them
/// is carried.
macro_rules! carried {
    ($table:ident as $row:ident { $($column:ident: $type:ty),+ $(,)? }) => {
        #[derive(Queryable, Insertable)]
        #[diesel(table_name = schema::$table, treat_none_as_default_value = false)]
        struct $row {
            $($column: $type),+
        }

        fn $table(
            source: &mut SqliteConnection,
            target: &mut PgConnection,
            after: i64,
            most: i64,
        ) -> QueryResult<Option<Carried>> {
            let rows: Vec<(i64, $row)> = schema::$table::table
                .select((sql::<BigInt>("rowid"), schema::$table::all_columns))
                .filter(sql::<Bool>("rowid > ").bind::<BigInt, _>(after))
                .order(sql::<BigInt>("rowid"))
                .limit(most)
                .load(source)?;
            let Some(last) = rows.last().map(|(rowid, _)| *rowid) else {
                return Ok(None);
            };
            let rows: Vec<$row> = rows.into_iter().map(|(_, row)| row).collect();
            diesel::copy_from(schema::$table::table)
                .from_insertable(&rows)
                .execute(target)?;
            let rows = rows.len() as i64;
            Ok(Some(Carried { last, rows }))
        }
    };
}

carried!(users as User {
    id: i64,
    email: String,
    password_hash: String,
    created_at: UtcTime,
    tokens_not_before: i64,
    deleted_at: Option<UtcTime>,
});

carried!(tasks as Task {
    id: i64,
    user_id: i64,
    title: String,
    description: Option<String>,
    status: String,
    priority: i16,
    due_at: Option<UtcTime>,
    version: i64,
    completed_at: Option<UtcTime>,
    created_at: UtcTime,
    updated_at: UtcTime,
    labels: String,
    external_id: Option<String>,
    deleted_at: Option<UtcTime>,
    title_key: String,
    words: String,
});

carried!(sessions as Session {
    id: i64,
    user_id: i64,
    created_at: UtcTime,
    last_used_at: UtcTime,
    expires_at: UtcTime,
    ip: String,
    user_agent: Option<String>,
});

carried!(refresh_tokens as RefreshToken {
    user_id: i64,
    hash: Vec<u8>,
    session_id: i64,
    used_at: Option<UtcTime>,
    child_hash: Option<Vec<u8>>,
});

carried!(personal_tokens as PersonalToken {
    id: i64,
    user_id: i64,
    hash: Vec<u8>,
    name: String,
    scopes: String,
    expires_at: UtcTime,
    created_at: UtcTime,
    last_used_at: Option<UtcTime>,
});

carried!(idempotency_keys as IdempotencyKey {
    user_id: i64,
    key: String,
    fingerprint: Vec<u8>,
    status: i16,
    headers: String,
    body: Option<String>,
    created_at: UtcTime,
});

carried!(security_events as SecurityEvent {
    id: i64,
    user_id: i64,
    kind: String,
    created_at: UtcTime,
    ip: Option<String>,
    request_id: Option<String>,
});

carried!(throttles as Throttle {
    bucket: Vec<u8>,
    hits: i64,
    ends_at: UtcTime,
});
