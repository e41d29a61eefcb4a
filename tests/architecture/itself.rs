//! That the checker sees what it must, and nothing else.

use crate::rules::{strays, violations};

#[test]
fn a_forbidden_import_is_named_with_its_line() {
    let source = "\
use std::fmt;

use crate::{
    db::DbConn,
    controllers::{respond, tasks::{self, Page}},
};
";
    let expected = [
        "src/services/tasks.rs:5: services may not import controllers",
        "src/services/tasks.rs:5: services may not import controllers",
        "src/services/tasks.rs:5: services may not import controllers",
    ];
    assert_eq!(violations("services/tasks.rs", source), expected);
}

#[test]
fn every_way_to_name_a_room_counts() {
    for source in [
        "use crate::services::tasks;",
        "use crate::services as quiet;",
        "use crate::{db::{DbConn}, services};",
        "pub use crate::services::*;",
        "fn f() { crate::services::tasks::get() }",
        "fn f(task: &crate::services::tasks::Page) {}",
        "macro_rules! m { () => { $crate::services::tasks::get() } }",
        "use super::super::services::tasks;",
        "use super::{super::services::tasks, users};",
        "use self::super::super::services;",
    ] {
        let found = violations("repositories/tasks.rs", source);
        let expected = ["src/repositories/tasks.rs:1: repositories may not import services"];
        assert_eq!(found, expected, "{source}");
    }
    for source in ["use crate::*;", "use super::super::*;"] {
        let found = violations("repositories/tasks.rs", source);
        let expected = ["src/repositories/tasks.rs:1: repositories may not import *"];
        assert_eq!(found, expected, "{source}");
    }
    let found = violations("state.rs", "use super::routes;");
    assert_eq!(found, ["src/state.rs:1: state may not import routes"]);
    let found = violations("cellar/wine.rs", "use crate::db::Db;");
    assert_eq!(found, ["src/cellar/wine.rs:1: cellar may not import db"]);
}

#[test]
fn what_is_allowed_or_no_code_passes() {
    for source in [
        "use super::users; use crate::{db::DbConn, models::task::Task, schema::tasks};",
        "use crate::repositories::users;",
        "pub(crate) fn f() {} pub(in crate::repositories) fn g() {}",
        "//! [`crate::services`]\n/// crate::services\n// use crate::services;\n/* crate::services */",
        r##"const TEXT: &str = "\" crate::services"; const RAW: &str = r#"" crate::services"#;"##,
        "fn f<'a>(c: char) -> bool { c == '\"' || c == '\\'' || c == 'a' } // \" crate::services",
        "#[cfg(test)]\nmod tests { use crate::services; fn f() { [1; 2]; } }",
        "#[cfg(test)]\n#[path = \"far.rs\"]\nmod tests;",
        "#[cfg(test)]\nuse crate::{services};",
    ] {
        let found = violations("repositories/tasks.rs", source);
        assert_eq!(found, [""; 0], "{source}");
    }
    let behind_the_tests = "#[cfg(test)] mod tests { fn f() {} }\nuse crate::services;";
    assert_eq!(
        violations("repositories/tasks.rs", behind_the_tests).len(),
        1
    );
}

#[test]
fn only_the_outer_rooms_know_http() {
    for (source, name) in [
        ("use actix_web::http::StatusCode;", "actix_web"),
        ("fn f() -> actix_web::HttpResponse { todo() }", "actix_web"),
        ("use actix_web_httpauth::headers;", "actix_web_httpauth"),
        (
            "#[derive(paperclip::actix::Apiv2Schema)] struct S;",
            "paperclip",
        ),
    ] {
        let expected = format!("src/models/task.rs:1: models may not name {name}");
        assert_eq!(violations("models/task.rs", source), [expected], "{source}");
        assert_eq!(violations("controllers/tasks.rs", source), [""; 0]);
    }
}

#[test]
fn only_the_inner_rooms_write_queries() {
    for (source, name) in [
        ("use diesel::prelude::*;", "prelude"),
        ("use diesel::{RunQueryDsl};", "RunQueryDsl"),
        ("fn f() { diesel::insert_into(t) }", "insert_into"),
        ("use diesel as d;", "all"),
    ] {
        let expected = format!("src/services/tasks.rs:1: services may not name diesel::{name}");
        assert_eq!(
            violations("services/tasks.rs", source),
            [expected],
            "{source}"
        );
        assert_eq!(violations("repositories/tasks.rs", source), [""; 0]);
    }
    let failures = "use diesel::result::{DatabaseErrorKind, Error};";
    assert_eq!(violations("services/tasks.rs", failures), [""; 0]);
    assert_eq!(violations("controllers/tasks.rs", failures).len(), 2);
}

#[test]
fn only_services_open_transactions() {
    for source in [
        "fn f() { conn.transaction(|conn| g(conn)) }",
        "fn f() { conn.transaction::<_, Error, _>(g) }",
        "fn f() { conn.immediate_transaction(g) }",
        "fn f() { Connection::transaction(conn, g) }",
    ] {
        let expected = "src/repositories/tasks.rs:1: repositories may not open transactions";
        assert_eq!(
            violations("repositories/tasks.rs", source),
            [expected],
            "{source}"
        );
        assert_eq!(violations("services/tasks.rs", source), [""; 0]);
        assert_eq!(violations("db/writer.rs", source), [""; 0]);
    }
}

#[test]
fn a_mod_file_with_anything_else_is_named() {
    let listing = "\
//! Rooms.

pub mod a;
mod b;
#[path = \"../c.rs\"]
pub mod c;

pub use a::{A, B};
";
    assert_eq!(strays(listing), [0; 0]);
    for stray in [
        "use a::A;",
        "fn f() {}",
        "mod d { fn f() {} }",
        "const N: u8 = 1;",
    ] {
        assert_eq!(strays(&format!("{listing}{stray}\n")), [9], "{stray}");
    }
}
