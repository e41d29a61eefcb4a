//! `Db` when something goes wrong under it: panics, callers that leave, connections that break.

use std::{panic::resume_unwind, sync::mpsc};

use diesel::{Connection, RunQueryDsl, sql_query};
use futures_util::future::{Either, select};
use task_api::{
    db::{Db, DbConn},
    error::{AppError, UnavailableReason},
    models::user::User,
};
use tokio::sync::oneshot;

use crate::fixtures::{self, Migrated, PATIENCE, number, settings, task, user};

crate::cases![
    a_panic_is_internal_and_the_pool_goes_on,
    a_panic_rolls_its_transaction_back,
    a_caller_that_leaves_loses_neither_write_nor_connection,
    a_caller_that_leaves_the_queue_gives_its_place_up,
    a_broken_connection_is_replaced_and_a_sound_one_kept,
];

fn count(conn: &mut DbConn) -> Result<i64, AppError> {
    Ok(number(conn, "SELECT count(*) AS number FROM tasks"))
}

fn insert(conn: &mut DbConn, owner: &User) -> Result<i64, AppError> {
    Ok(fixtures::insert(conn, task(owner, "Milk"))?.id)
}

/// A panic that leaves nothing in the log of the tests.
fn panic() -> Result<(), AppError> {
    resume_unwind(Box::new("on purpose"))
}

async fn a_panic_is_internal_and_the_pool_goes_on(db: Migrated) {
    let ann = user(&mut db.open(), "ann");
    for pool_size in [1, 3] {
        let pool = Db::new(&settings(&db.database, pool_size, PATIENCE));
        // More panics than there are connections.
        for _ in 0..=pool_size {
            let read = pool.read(|_| panic()).await;
            assert!(matches!(read, Err(AppError::Internal { .. })), "{read:?}");
            let write = pool.write(|_| panic()).await;
            assert!(matches!(write, Err(AppError::Internal { .. })), "{write:?}");
        }
        let before = pool.read(count).await.unwrap();
        let owner = ann.clone();
        pool.write(move |conn| insert(conn, &owner)).await.unwrap();
        assert_eq!(pool.read(count).await.unwrap(), before + 1);
    }
}

async fn a_panic_rolls_its_transaction_back(db: Migrated) {
    let ann = user(&mut db.open(), "ann");
    let pool = Db::new(&settings(&db.database, 1, PATIENCE));
    let owner = ann.clone();
    let outcome = pool
        .write(move |conn| {
            conn.transaction(|conn| {
                insert(conn, &owner)?;
                panic()
            })
        })
        .await;
    assert!(matches!(outcome, Err(AppError::Internal { .. })));
    assert_eq!(pool.write(count).await.unwrap(), 0);
    pool.write(move |conn| insert(conn, &ann)).await.unwrap();
    assert_eq!(pool.read(count).await.unwrap(), 1);
}

async fn a_caller_that_leaves_loses_neither_write_nor_connection(db: Migrated) {
    let ann = user(&mut db.open(), "ann");
    let pool = Db::new(&settings(&db.database, 1, PATIENCE));
    let (begin, begun) = oneshot::channel();
    let (go_on, wait) = mpsc::channel();
    let owner = ann.clone();
    let write = Box::pin(pool.write(move |conn| {
        begin.send(()).unwrap();
        wait.recv_timeout(PATIENCE).unwrap();
        insert(conn, &owner)
    }));
    match select(write, begun).await {
        Either::Right((begun, write)) => {
            begun.unwrap();
            drop(write);
        }
        Either::Left((outcome, _)) => panic!("over before it may go on: {outcome:?}"),
    }
    go_on.send(()).unwrap();
    // The only connection for writes: this waits until the first write has given it back.
    pool.write(move |conn| insert(conn, &ann)).await.unwrap();
    assert_eq!(pool.read(count).await.unwrap(), 2);
}

async fn a_caller_that_leaves_the_queue_gives_its_place_up(db: Migrated) {
    let ann = user(&mut db.open(), "ann");
    let pool = Db::new(&settings(&db.database, 1, PATIENCE));
    let (begin, begun) = oneshot::channel();
    let (go_on, wait) = mpsc::channel();
    let holder = pool.write(move |_| {
        begin.send(()).unwrap();
        wait.recv_timeout(PATIENCE).unwrap();
        Ok(())
    });
    let others = async {
        begun.await.unwrap();
        let owner = ann.clone();
        let mut left = Box::pin(pool.write(move |conn| insert(conn, &owner)));
        let mut stays = Box::pin(pool.write(count));
        // Each joins the queue when it is first polled.
        assert!(futures_util::poll!(&mut left).is_pending());
        assert!(futures_util::poll!(&mut stays).is_pending());
        drop(left);
        go_on.send(()).unwrap();
        assert_eq!(stays.await.unwrap(), 0, "work that never began is not done");
    };
    let (held, ()) = futures_util::future::join(holder, others).await;
    held.unwrap();
}

async fn a_broken_connection_is_replaced_and_a_sound_one_kept(db: Migrated) {
    let pool = Db::new(&settings(&db.database, 1, PATIENCE));
    let mark = |conn: &mut DbConn| {
        sql_query("CREATE TEMPORARY TABLE mark (number BIGINT)").execute(conn)?;
        Ok(())
    };
    let is_marked = |conn: &mut DbConn| Ok(sql_query("DELETE FROM mark").execute(conn).is_ok());

    pool.write(mark).await.unwrap();
    let refused: Result<(), _> = pool.write(|_| Err(AppError::NotFound)).await;
    assert!(matches!(refused, Err(AppError::NotFound)));
    assert!(pool.write(is_marked).await.unwrap(), "the same connection");

    let broken: Result<(), _> = pool
        .write(|_| Err(AppError::unavailable(UnavailableReason::Lost, "gone")))
        .await;
    assert!(matches!(broken, Err(AppError::Unavailable { .. })));
    assert!(!pool.write(is_marked).await.unwrap(), "another connection");
}
