//! `task-api verify FILE`: what a disk, a copy or a crash may do to a backup.

use std::{fs, os::unix::fs::FileExt};

use crate::{
    cases,
    support::operator::{Operator, tamper},
};

cases![
    on Sqlite;
    a_backup_is_sound_and_stays_as_it_is,
    a_wrong_checksum_is_found,
    a_corrupted_page_is_found,
    a_truncated_file_is_found,
    what_is_no_database_is_found,
    a_missing_entry_of_the_search_index_is_found,
    a_row_of_nobody_is_found,
    a_file_with_a_log_is_read_with_it,
];

async fn backup(operator: &Operator) -> std::path::PathBuf {
    operator.filled().await;
    operator.done(&["backup", "copy.db"]);
    operator.folder.path().join("copy.db")
}

async fn a_backup_is_sound_and_stays_as_it_is(operator: Operator) {
    let copy = backup(&operator).await;
    let (before, names) = (fs::read(&copy).unwrap(), operator.names());
    let said = operator.done(&["verify", "copy.db"]);
    let checks: Vec<&str> = said.lines().map(|line| line[..16].trim()).collect();
    assert_eq!(
        checks,
        [
            "CHECK",
            "checksum",
            "bytes",
            "migrations",
            "pages",
            "foreign keys",
            "search index",
            "references",
            "subtasks",
            "blockers",
            "ids",
            "epoch",
            "users",
            "projects",
            "tasks",
            "sessions",
            "refresh_tokens",
            "personal_tokens",
            "idempotency_keys",
            "security_events",
            "throttles"
        ]
    );
    assert_eq!(
        (fs::read(&copy).unwrap(), operator.names()),
        (before, names)
    );
    fs::remove_file(operator.folder.path().join("copy.db.sha256")).unwrap();
    let said = operator.done(&["verify", "copy.db"]);
    assert!(said.contains("ok; there is no copy.db.sha256\n"), "{said}");
}

async fn a_wrong_checksum_is_found(operator: Operator) {
    backup(&operator).await;
    let sum = operator.folder.path().join("copy.db.sha256");
    let text = fs::read_to_string(&sum).unwrap();
    let other = if text.starts_with('0') { "1" } else { "0" };
    fs::write(&sum, format!("{other}{}", &text[1..])).unwrap();
    let (found, said) = operator.refused(&["verify", "copy.db"]);
    assert!(
        found.contains("checksum: the bytes are not those of copy.db.sha256"),
        "{found}"
    );
    assert_eq!(said, "copy.db is not sound: 1 fault");
}

/// What the file itself says, without a checksum.
fn found_without_checksum(operator: &Operator) -> String {
    fs::remove_file(operator.folder.path().join("copy.db.sha256")).ok();
    let (found, said) = operator.refused(&["verify", "copy.db"]);
    assert!(said.starts_with("copy.db is not sound: "), "{said}");
    found
}

async fn a_corrupted_page_is_found(operator: Operator) {
    let copy = backup(&operator).await;
    let pages = fs::metadata(&copy).unwrap().len() / 4096;
    let whole = fs::read(&copy).unwrap();
    for page in 1..pages {
        let file = fs::File::options().write(true).open(&copy).unwrap();
        file.write_all_at(&[0xa5; 4096], page * 4096).unwrap();
        let found = found_without_checksum(&operator);
        assert!(found.contains("pages: "), "page {page}: {found}");
        fs::write(&copy, &whole).unwrap();
    }
    operator.done(&["verify", "copy.db"]);
}

async fn a_truncated_file_is_found(operator: Operator) {
    let copy = backup(&operator).await;
    let length = fs::metadata(&copy).unwrap().len();
    for left in [length - 1, length - 4096, length / 2, 4096, 100, 0] {
        let file = fs::File::options().write(true).open(&copy).unwrap();
        file.set_len(left).unwrap();
        found_without_checksum(&operator);
    }
}

async fn what_is_no_database_is_found(operator: Operator) {
    fs::write(operator.folder.path().join("copy.db"), "milk".repeat(5000)).unwrap();
    let found = found_without_checksum(&operator);
    assert!(
        found.contains("it is not a database of this service: file is not a database"),
        "{found}"
    );
    let (_, said) = operator.refused(&["verify", "/dev/null"]);
    assert_eq!(said, "/dev/null is not a regular file");
    let (_, said) = operator.refused(&["verify", "nowhere.db"]);
    assert!(
        said.starts_with("cannot read nowhere.db: No such file"),
        "{said}"
    );
}

async fn a_missing_entry_of_the_search_index_is_found(operator: Operator) {
    let copy = backup(&operator).await;
    tamper(
        &copy,
        "DELETE FROM task_search WHERE rowid = 3;
         INSERT INTO task_search (rowid, tokens) VALUES (77, '1:milk')",
    );
    let found = found_without_checksum(&operator);
    for fault in [
        "it lacks task 3",
        "it has 77, which is no task outside the trash",
    ] {
        let line = format!("search index: {fault}\n");
        assert!(found.contains(&line), "{line} in {found}");
    }
    tamper(
        &copy,
        "INSERT INTO task_search (rowid, tokens) VALUES (3, '1:milk');
         DELETE FROM task_search WHERE rowid = 77",
    );
    operator.done(&["verify", "copy.db"]);
}

async fn a_row_of_nobody_is_found(operator: Operator) {
    let copy = backup(&operator).await;
    tamper(&copy, "UPDATE tasks SET user_id = 99 WHERE id = 5");
    let found = found_without_checksum(&operator);
    let line = "foreign keys: tasks (row 5) points to no row of users\n";
    assert!(found.contains(line), "{found}");
}

async fn a_file_with_a_log_is_read_with_it(operator: Operator) {
    // The service is killed with writes in its log alone.
    let mut service = operator.start();
    let ann = crate::support::client::Client::new(&service.base)
        .register_and_log_in("ann")
        .await;
    ann.task("Milk").await;
    service.kill();
    let file = operator.file();
    assert!(
        fs::metadata(format!("{}-wal", file.display()))
            .unwrap()
            .len()
            > 0
    );
    let said = operator.done(&["verify", file.to_str().unwrap()]);
    let tasks = said
        .lines()
        .find(|line| line.starts_with("tasks "))
        .unwrap();
    assert_eq!(
        tasks.split_whitespace().collect::<Vec<_>>(),
        ["tasks", "1", "ok"]
    );
}
