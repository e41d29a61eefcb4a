//! On SQLite, writes that wait share a commit; each still stands or falls alone.

use std::sync::mpsc;

use futures_util::future::{join, join_all};
use task_api::{
    db::{Db, DbConn},
    error::AppError,
};
use tokio::sync::oneshot;

use crate::{
    cases,
    fixtures::{Migrated, PATIENCE, insert, settings, task, user},
};

cases![
    on Sqlite;
    a_write_that_fails_takes_no_other_with_it,
    a_panic_fails_its_group_and_no_other,
    nothing_is_answered_before_it_is_committed,
];

/// Holds the writer until `others` have joined the queue behind it, so that all share a commit.
async fn in_one_group<T>(pool: &Db, others: Vec<impl Future<Output = T>>) -> Vec<T> {
    let (begin, begun) = oneshot::channel();
    let (go_on, wait) = mpsc::channel();
    let holder = pool.write(move |_| {
        begin.send(()).unwrap();
        wait.recv_timeout(PATIENCE).map_err(AppError::internal)
    });
    let rest = async {
        begun.await.unwrap();
        let mut others: Vec<_> = others.into_iter().map(Box::pin).collect();
        for other in &mut others {
            assert!(futures_util::poll!(other).is_pending());
        }
        go_on.send(()).unwrap();
        join_all(others).await
    };
    let (_, answers) = join(holder, rest).await;
    answers
}

async fn a_write_that_fails_takes_no_other_with_it(db: Migrated) {
    let ann = user(&mut db.open(), "ann");
    let pool = Db::new(&settings(&db.database, 1, PATIENCE));
    let writes = (0..10).map(|number| {
        let row = task(&ann, &format!("{number}"));
        pool.write(move |conn: &mut DbConn| {
            insert(conn, row)?;
            match number % 2 {
                0 => Ok(()),
                _ => Err(AppError::NotFound),
            }
        })
    });
    let answers = in_one_group(&pool, writes.collect()).await;
    let kept = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(kept, 5);
    assert_eq!(db.database.count("FROM tasks"), 5);
    assert_eq!(
        db.database
            .count("FROM tasks WHERE title IN ('1', '3', '5', '7', '9')"),
        0
    );
}

async fn a_panic_fails_its_group_and_no_other(db: Migrated) {
    let ann = user(&mut db.open(), "ann");
    let pool = Db::new(&settings(&db.database, 1, PATIENCE));
    let writes = (0..3).map(|number| {
        let row = task(&ann, "Milk");
        pool.write(move |conn: &mut DbConn| {
            assert_ne!(number, 2, "on purpose");
            Ok(insert(conn, row)?.id)
        })
    });
    let answers = in_one_group(&pool, writes.collect()).await;
    assert!(matches!(answers[0], Err(AppError::Unavailable { .. })));
    assert!(matches!(answers[1], Err(AppError::Unavailable { .. })));
    assert!(matches!(answers[2], Err(AppError::Internal { .. })));
    assert_eq!(
        db.database.count("FROM tasks"),
        0,
        "none was acknowledged, none is there"
    );
    let row = task(&ann, "Milk");
    pool.write(move |conn| Ok(insert(conn, row)?.id))
        .await
        .unwrap();
    assert_eq!(db.database.count("FROM tasks"), 1);
}

async fn nothing_is_answered_before_it_is_committed(db: Migrated) {
    let ann = user(&mut db.open(), "ann");
    let pool = Db::new(&settings(&db.database, 1, PATIENCE));
    let writes = (0..50).map(async |_| {
        let row = task(&ann, "Milk");
        let stored = pool
            .write(move |conn| Ok(insert(conn, row)?.id))
            .await
            .unwrap();
        // Another connection sees what is committed and no more.
        db.database
            .count(&format!("FROM tasks WHERE id = {stored}"))
    });
    assert_eq!(join_all(writes).await, vec![1; 50]);
}
