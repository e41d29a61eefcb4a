//! Full-text queries: what the inverted index is asked for. It holds the words of a task, those of its
//! title, and its labels; every entry begins with its owner (see the migrations).

use diesel::{
    dsl::{AsExprOf, sql},
    expression::{SqlLiteral, UncheckedBind},
    sql_types::{Bool, Text},
};

use crate::{
    db::DbConn,
    models::{label::LabelName, search::Search},
};

/// A condition on a row of `tasks` with one value in its text.
pub type Condition = SqlLiteral<Bool, UncheckedBind<SqlLiteral<Bool>, AsExprOf<String, Text>>>;

/// A query to the inverted index in the language of each engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FtsQuery {
    tsquery: String,
    fts5: String,
}

/// The condition that a task of `owner` has the label; whether the task is the owner's and live is asked
/// for apart.
pub fn has_label(conn: &DbConn, owner: i64, name: &LabelName) -> Condition {
    let query = FtsQuery::any_label(owner, [name]);
    match conn {
        DbConn::Postgres(_) => query.on_postgres(),
        DbConn::Sqlite(_) => query.on_sqlite(),
    }
}

impl FtsQuery {
    /// All words of `search`, anywhere, the last as a prefix; `None` where it has no word and so matches
    /// nothing.
    pub fn words(owner: i64, search: &Search) -> Option<Self> {
        Self::all_words(owner, ':', search.words())
    }

    /// All words of `search` in the title, the last as a prefix; `None` as for [`Self::words`].
    pub fn title_words(owner: i64, search: &Search) -> Option<Self> {
        Self::all_words(owner, '.', search.words())
    }

    /// Any of the labels, of which there is at least one.
    pub fn any_label<'a>(owner: i64, labels: impl IntoIterator<Item = &'a LabelName>) -> Self {
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

    fn all_words(owner: i64, kind: char, words: &[String]) -> Option<Self> {
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

    /// Both this and `other`.
    pub fn and(&self, other: &Self) -> Self {
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
        let before = "id IN (SELECT rowid FROM task_search WHERE task_search MATCH ";
        condition(before, self.fts5, ")")
    }

    /// The condition on a row of SQLite's `task_search`.
    pub fn on_task_search(self) -> Condition {
        condition("task_search MATCH ", self.fts5, "")
    }
}

fn condition(before: &str, value: String, after: &str) -> Condition {
    sql(before).bind::<Text, _>(value).sql(after)
}

/// A lexeme in quotes, as PostgreSQL reads it in a `tsquery`.
fn lexeme(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
