//! Questions to the inverted index, which holds the words of a task, those of its title, and its
//! labels. Every entry begins with its owner: see the migrations.

use super::statement::Statement;
use crate::models::{label::LabelName, search::Search};

/// A question in both engines' languages.
pub struct Question {
    tsquery: String,
    fts5: String,
}

impl Question {
    /// All words, anywhere, the last as a prefix. `None` where there is no word.
    pub fn words(owner: i64, search: &Search) -> Option<Self> {
        Self::all(owner, ':', search.words())
    }

    /// All words in the title, the last as a prefix. `None` where there is no word.
    pub fn title(owner: i64, search: &Search) -> Option<Self> {
        Self::all(owner, '.', search.words())
    }

    /// Any of the labels.
    pub fn labels<'a>(owner: i64, labels: impl IntoIterator<Item = &'a LabelName>) -> Self {
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

    fn all(owner: i64, kind: char, words: &[String]) -> Option<Self> {
        let last = words.len().checked_sub(1)?;
        let entry = |word: &String| format!("{owner}{kind}{word}");
        let (mut tsquery, mut fts5) = (Vec::new(), Vec::new());
        for (number, word) in words.iter().enumerate() {
            let (colon, star) = if number == last {
                (":*", " *")
            } else {
                ("", "")
            };
            tsquery.push(lexeme(&entry(word)) + colon);
            fts5.push(format!("\"{}\"{star}", entry(word)));
        }
        Some(Self {
            tsquery: tsquery.join(" & "),
            fts5: fts5.join(" AND "),
        })
    }

    /// Adds a condition on a row of `tasks`.
    pub fn push<Row>(self, statement: &mut Statement<Row>, postgres: bool) {
        match postgres {
            true => statement
                .sql("search @@ ")
                .text(self.tsquery)
                .sql("::tsquery"),
            false => statement
                .sql("id IN (SELECT rowid FROM task_search WHERE task_search MATCH ")
                .text(self.fts5)
                .sql(")"),
        };
    }
}

/// A lexeme in quotes, as PostgreSQL reads it in a `tsquery`.
fn lexeme(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
