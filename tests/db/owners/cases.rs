//! The cases: every function was run, and every statement is keyed.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    calls,
    checker::{Found, check},
    functions,
    tables::{ACROSS_OWNERS, INDEX, OWNED, UNKEYED},
};
use crate::{
    fixtures::{Migrated, texts},
    support::runner::Engine,
};

crate::cases![
    every_statement_names_the_owner,
    every_function_is_run,
    the_owned_tables_are_those_with_an_owner,
];

/// What the functions were seen to touch, and whatever is wrong with their statements.
fn functions_seen(db: &Migrated) -> BTreeMap<String, Found> {
    let (tape, owner) = calls::run(db.open());
    let mut functions: BTreeMap<String, Found> = BTreeMap::new();
    for call in tape.calls {
        let seen = functions.entry(call.function).or_default();
        for sent in &call.sent {
            let found = check(db.engine, sent, owner.id);
            seen.tables.extend(found.tables);
            let faults = found.faults.into_iter();
            seen.faults
                .extend(faults.map(|fault| format!("{fault}: {}", sent.sql)));
        }
    }
    functions
}

async fn every_statement_names_the_owner(db: Migrated) {
    let functions = functions_seen(&db);
    let unkeyed: BTreeSet<&str> = UNKEYED.iter().map(|(function, _)| *function).collect();
    let faulty = functions
        .iter()
        .filter(|(_, found)| !found.faults.is_empty());
    let (expected, wrong): (Vec<_>, Vec<_>) =
        faulty.partition(|(function, _)| unkeyed.contains(function.as_str()));
    let wrong: Vec<String> = wrong
        .into_iter()
        .flat_map(|(function, found)| {
            found
                .faults
                .iter()
                .map(move |fault| format!("{function}: {fault}"))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    let expected: BTreeSet<&str> = expected
        .into_iter()
        .map(|(function, _)| function.as_str())
        .collect();
    assert_eq!(
        expected, unkeyed,
        "a function that need not be an exception is none"
    );

    let touched: BTreeSet<&str> = functions
        .values()
        .flat_map(|found| &found.tables)
        .map(String::as_str)
        .collect();
    for table in OWNED {
        assert!(touched.contains(table), "{table}: no statement was seen");
    }
    assert_eq!(touched.contains(INDEX), db.engine == Engine::Sqlite);
}

async fn every_function_is_run(db: Migrated) {
    let across = |function: &String| {
        let module = |(module, _): &(&str, &str)| function.starts_with(&format!("{module}::"));
        ACROSS_OWNERS.iter().any(module)
    };
    let (across, expected): (Vec<String>, Vec<String>) =
        functions::all().into_iter().partition(across);
    let run: Vec<String> = functions_seen(&db).into_keys().collect();
    assert_eq!(run, expected, "tests/db/owners/calls.rs runs all of them");
    assert!(
        expected.len() > 40 && !across.is_empty(),
        "the source was read"
    );
}

/// Whatever table has an owner is looked at.
async fn the_owned_tables_are_those_with_an_owner(db: Migrated) {
    let sql = match db.engine {
        Engine::Postgres => {
            "SELECT table_name::text AS text FROM information_schema.columns
             WHERE table_schema = 'public' AND column_name = 'user_id' ORDER BY 1"
        }
        Engine::Sqlite => {
            "SELECT t.name AS text FROM sqlite_schema t JOIN pragma_table_info(t.name) c
             WHERE t.type = 'table' AND c.name = 'user_id' ORDER BY 1"
        }
    };
    assert_eq!(texts(&mut db.open(), sql), OWNED);
}
