//! Queries to the inverted index. It holds the words of a task, those of its title, its labels and, on SQLite, its
//! blockers; every entry begins with its owner (see the migrations).

use diesel::{
    dsl::AsExprOf,
    expression::{SqlLiteral, UncheckedBind},
    sql_types::{Bool, Text},
};

use super::statement::{Sql, fragment};
use crate::{
    db::DbConn,
    models::{filter::TaskFilter, id::Id, label::LabelName, search::Search},
};

/// A condition on a row of `tasks` with one value in its text.
pub type Condition = SqlLiteral<Bool, UncheckedBind<SqlLiteral<Bool>, AsExprOf<String, Text>>>;

/// The condition that a task of `owner` has the label. It does not say that the task is the owner's, nor
/// that it is outside the trash. `most` is the limit of the statement, if it has one: SQLite would read all of them
/// from the index before the first.
pub fn has_label(conn: &DbConn, owner: i64, name: &LabelName, most: Option<i64>) -> Condition {
    let texts = Texts::any_label(owner, [name]);
    match (conn, most) {
        (DbConn::Postgres(_), _) => texts.on_postgres(),
        (DbConn::Sqlite(_), None) => texts.on_sqlite(),
        (DbConn::Sqlite(_), Some(most)) => {
            condition(MATCHING_ROWS, texts.fts5, &format!(" LIMIT {most})"))
        }
    }
}

/// A query to the inverted index. `None`, the default, matches nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FtsQuery(Option<Texts>);

/// A query in the language of each engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    tsquery: String,
    fts5: String,
}

impl FtsQuery {
    /// The words and labels of `filter`; `None` where it has neither.
    pub fn of(owner: i64, filter: &TaskFilter) -> Option<Self> {
        let any = (!filter.labels.is_empty()).then(|| Texts::any_label(owner, &filter.labels));
        let all = filter.all_labels.iter();
        let all = all.map(|name| Texts::any_label(owner, [name]));
        let labels = any.into_iter().chain(all).map(Some);
        let search = filter.search.as_ref();
        let words = search.map(|search| Texts::all_words(owner, ':', search));
        let parts = labels.chain(words).map(Self);
        parts.reduce(Self::and)
    }

    /// As [`FtsQuery::of`], with the blockers, which SQLite's index has as well.
    pub fn with_blockers(owner: i64, filter: &TaskFilter) -> Option<Self> {
        let blockers = filter.blockers.as_slice();
        let any = (!blockers.is_empty()).then(|| Self(Some(Texts::any_blocker(owner, blockers))));
        Self::of(owner, filter)
            .into_iter()
            .chain(any)
            .reduce(Self::and)
    }

    /// What matches both.
    fn and(self, other: Self) -> Self {
        Self(self.0.zip(other.0).map(|(one, other)| one.and(&other)))
    }

    /// All words of `search` in the title, the last as a prefix.
    pub fn title(owner: i64, search: &Search) -> Self {
        Self(Texts::all_words(owner, '.', search))
    }

    /// The condition that a row matches, in one of the forms that [`Texts`] has.
    pub fn condition(self, form: fn(Texts) -> Condition) -> Sql {
        self.0.map_or("1 = 0".into(), |texts| fragment(form(texts)))
    }
}

impl Texts {
    fn any_label<'a>(owner: i64, labels: impl IntoIterator<Item = &'a LabelName>) -> Self {
        let (mut tsquery, mut fts5) = (Vec::new(), Vec::new());
        for label in labels {
            let hex: String = label.as_str().bytes().map(|b| format!("{b:02X}")).collect();
            tsquery.push(lexeme(&format!("{owner}#{}", label.as_str())));
            fts5.push(format!("\"{owner}#{hex}\""));
        }
        Self {
            tsquery: tsquery.join(" | "),
            fts5: fts5.join(" OR "),
        }
    }

    /// Only SQLite's index has blockers.
    fn any_blocker(owner: i64, ids: &[Id]) -> Self {
        let tokens = ids.iter().map(|id| format!("\"{owner}##{}\"", id.get()));
        Self {
            tsquery: String::new(),
            fts5: tokens.collect::<Vec<_>>().join(" OR "),
        }
    }

    /// All words of `search` among those of this kind, the last as a prefix; `None` where there is no word.
    fn all_words(owner: i64, kind: char, search: &Search) -> Option<Self> {
        let words = search.words();
        let last = words.len().checked_sub(1)?;
        let (mut tsquery, mut fts5) = (Vec::new(), Vec::new());
        for (number, word) in words.iter().enumerate() {
            let entry = format!("{owner}{kind}{word}");
            let (colon, star) = if number == last {
                (":*", " *")
            } else {
                ("", "")
            };
            tsquery.push(lexeme(&entry) + colon);
            fts5.push(format!("\"{entry}\"{star}"));
        }
        Some(Self {
            tsquery: tsquery.join(" & "),
            fts5: fts5.join(" AND "),
        })
    }

    fn and(&self, other: &Self) -> Self {
        Self {
            tsquery: format!("({}) & ({})", self.tsquery, other.tsquery),
            fts5: format!("({}) AND ({})", self.fts5, other.fts5),
        }
    }

    /// The condition on a row of PostgreSQL's `tasks`.
    pub fn on_postgres(self) -> Condition {
        condition("search @@ ", self.tsquery, "::tsquery")
    }

    /// The condition on a row of SQLite's `tasks`.
    pub fn on_sqlite(self) -> Condition {
        condition(MATCHING_ROWS, self.fts5, ")")
    }

    /// The condition on a row of SQLite's `task_search`.
    pub fn on_task_search(self) -> Condition {
        condition("task_search MATCH ", self.fts5, "")
    }
}

const MATCHING_ROWS: &str = "id IN (SELECT rowid FROM task_search WHERE task_search MATCH ";

fn condition(before: &str, value: String, after: &str) -> Condition {
    diesel::dsl::sql(before).bind::<Text, _>(value).sql(after)
}

/// A lexeme in quotes, as PostgreSQL reads it in a `tsquery`.
fn lexeme(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
