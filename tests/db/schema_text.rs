//! What `diesel::table!` declarations say, from their text: `src/schema.rs` and the output of
//! `diesel print-schema` are compared in this form.

use std::{fs, path::Path};

use regex::Regex;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    pub tables: Vec<Table>,
    /// The arguments of `joinable!` and `allow_tables_to_appear_in_same_query!`.
    pub relations: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    /// The columns of the primary key.
    pub key: String,
    /// Names and Diesel types, in order.
    pub columns: Vec<(String, String)>,
}

/// `src/schema.rs`.
pub fn committed() -> Schema {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/schema.rs");
    parse(&fs::read_to_string(path).unwrap())
}

/// Reads names, keys, columns and relations. What else a column may be annotated with, such as
/// `#[max_length = 200]`, is left out: the committed file has none of it.
pub fn parse(text: &str) -> Schema {
    // A table with a column of the engine's own type begins with imports.
    let table = Regex::new(r"table! \{\s*(?:use [^;]*;\s*)*(\w+) \(([^)]*)\) \{([^}]*)\}").unwrap();
    let column = Regex::new(r"(\w+) -> (\S+),").unwrap();
    // However many lines it takes.
    let relation = Regex::new(r"(?s)(joinable|allow_tables\w+)!\((.*?)\);").unwrap();
    let tables = table.captures_iter(text).map(|table| Table {
        name: table[1].to_owned(),
        key: table[2].to_owned(),
        columns: column
            .captures_iter(&table[3])
            .map(|column| (column[1].to_owned(), standard(&column[2])))
            .collect(),
    });
    let relations = relation.captures_iter(text);
    Schema {
        tables: tables.collect(),
        relations: relations.map(|found| one_line(&found[2])).collect(),
    }
}

fn one_line(arguments: &str) -> String {
    let words: String = arguments.split_whitespace().collect();
    words.trim_end_matches(',').to_owned()
}

/// `print-schema` calls PostgreSQL's types by names that are aliases in `diesel::sql_types`.
fn standard(diesel_type: &str) -> String {
    diesel_type
        .replace("Int8", "BigInt")
        .replace("Int2", "SmallInt")
        .replace("Bytea", "Binary")
}
