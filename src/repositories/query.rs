//! What the statements have in common.

use std::marker::PhantomData;

use diesel::{
    Connection, QueryResult, QuerySource, RunQueryDsl, Selectable,
    backend::Backend as AnyBackend,
    debug_query,
    deserialize::{self, FromSql},
    pg::Pg,
    query_builder::{AsChangeset, AstPass, QueryFragment, QueryId},
    sql_types::Timestamp,
};

use crate::{db::DbConn, models::time::UtcTime};

/// A model's columns in the order of its fields. `as_select()` does not compile on a connection that may
/// lead to either engine; these columns are the same for both.
pub fn columns<M: Selectable<Pg>>() -> M::SelectExpression {
    M::construct_selection()
}

/// The names of a model's columns, in the order of its fields.
pub fn column_names<M>() -> Vec<String>
where
    M: Selectable<Pg, SelectExpression: QueryFragment<Pg>>,
{
    let columns = columns::<M>();
    let text = debug_query::<Pg, _>(&columns).to_string();
    // "tasks"."id", "tasks"."title" -- binds: []
    let names = text.split('"').skip(3).step_by(4);
    names.map(str::to_owned).collect()
}

/// The changes of an upsert into `Table`: each of these columns becomes that of the row that could not be inserted.
pub struct SetExcluded<Table> {
    names: Vec<String>,
    table: PhantomData<Table>,
}

impl<Table> SetExcluded<Table> {
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self {
            names: names.into_iter().collect(),
            table: PhantomData,
        }
    }
}

impl<Table: QuerySource> AsChangeset for SetExcluded<Table> {
    type Target = Table;
    type Changeset = Self;

    fn as_changeset(self) -> Self {
        self
    }
}

impl<Table, DB: AnyBackend> QueryFragment<DB> for SetExcluded<Table> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        for (number, name) in self.names.iter().enumerate() {
            out.push_sql(if number == 0 { "" } else { ", " });
            out.push_identifier(name)?;
            out.push_sql(" = excluded.");
            out.push_identifier(name)?;
        }
        Ok(())
    }
}

/// One typed query, compiled once for each engine: for what [`DbConn`] cannot say, but both engines can
/// (`ON CONFLICT`, several rows).
macro_rules! on_backend {
    ($conn:expr, |$c:ident| $query:expr) => {
        match $conn {
            crate::db::DbConn::Postgres($c) => $query,
            crate::db::DbConn::Sqlite($c) => $query,
        }
    };
}
pub(super) use on_backend;

/// Deletes at most `$most` of the owner's rows, found by the column `$key`, which may have to meet a condition.
macro_rules! delete_some {
    (
        $conn:expr, $table:ident::$key:ident, $user_id:expr, $most:expr
        $(, $column:ident.$operator:ident($value:expr))?
    ) => {{
        // Diesel tells a table in a subquery apart by an alias.
        let some = diesel::alias!($table as some);
        let keys = some
            .filter(some.field($table::user_id).eq($user_id))
            $(.filter(some.field($table::$column).$operator($value)))?
            .select(some.field($table::$key))
            .limit($most);
        let rows = $table::table
            .filter($table::user_id.eq($user_id))
            .filter($table::$key.eq_any(keys));
        diesel::delete(rows).execute($conn)
    }};
}
pub(super) use delete_some;

type Backend = <DbConn as Connection>::Backend;

/// From the text of either engine: see [`UtcTime`].
impl FromSql<Timestamp, Backend> for UtcTime {
    fn from_sql(value: <Backend as AnyBackend>::RawValue<'_>) -> deserialize::Result<Self> {
        value.from_sql::<Self, Timestamp>()
    }
}

/// An update that is sent often. Diesel has each of its own compiled anew, since a changeset may leave columns out
/// and so have many texts; this one is kept by its text, of which there are few. Compiling it takes as long again
/// as an update of one task on SQLite, and a third of that on PostgreSQL.
pub struct CachedUpdate<Values, Condition> {
    pub table: &'static str,
    /// What [`diesel::AsChangeset::as_changeset`] gives.
    pub values: Values,
    pub condition: Condition,
}

impl<Values, Condition> QueryFragment<Backend> for CachedUpdate<Values, Condition>
where
    Values: QueryFragment<Backend>,
    Condition: QueryFragment<Backend>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("UPDATE ");
        out.push_identifier(self.table)?;
        out.push_sql(" SET ");
        self.values.walk_ast(out.reborrow())?;
        out.push_sql(" WHERE ");
        self.condition.walk_ast(out)
    }
}

impl<Values, Condition> QueryId for CachedUpdate<Values, Condition> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Values, Condition> RunQueryDsl<DbConn> for CachedUpdate<Values, Condition> {}
