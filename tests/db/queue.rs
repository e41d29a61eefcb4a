//! How `Db` shares few connections among many callers.

use std::{
    sync::{Arc, Mutex, mpsc},
    time::{Duration, Instant},
};

use futures_util::future::{join, join_all, try_join_all};
use task_api::{
    db::{Db, DbConn},
    error::AppError,
};
use tokio::sync::oneshot;

use crate::{
    fixtures::{Migrated, PATIENCE, insert, settings, task, user},
    support::runner::Engine,
};

crate::cases![
    past_the_time_out_it_is_unavailable,
    work_goes_on_past_the_time_out,
    callers_are_served_first_come_first_served,
    one_writer_at_a_time_on_sqlite_alone,
    readers_do_not_wait_for_a_writer_of_sqlite,
    sixty_four_writers_at_once_all_succeed,
];

/// Ends soon, yet is long enough to connect on a busy machine.
const TIME_OUT: Duration = Duration::from_secs(1);

/// Holds the connection of some work until `release` is dropped or used, or patience ends.
struct Held {
    begun: oneshot::Receiver<()>,
    release: mpsc::Sender<()>,
}

/// The pair of some work and the handle by which a case holds it.
fn held() -> (
    Held,
    impl FnOnce(&mut DbConn) -> Result<(), AppError> + Send + 'static,
) {
    let (begin, begun) = oneshot::channel();
    let (release, wait) = mpsc::channel::<()>();
    let work = move |_: &mut DbConn| {
        begin.send(()).expect("the case waits");
        // Both errors let go too: the handle was dropped, or the case would hang.
        wait.recv_timeout(PATIENCE).ok();
        Ok(())
    };
    (Held { begun, release }, work)
}

async fn past_the_time_out_it_is_unavailable(db: Migrated) {
    const CONNECTIONS: u32 = 2;
    let pool = Db::new(&settings(&db.database, CONNECTIONS, TIME_OUT));
    let (handles, work): (Vec<_>, Vec<_>) = (0..CONNECTIONS).map(|_| held()).unzip();
    let holders = join_all(work.into_iter().map(|work| pool.read(work)));
    let next = async {
        let mut releases = Vec::new();
        for handle in handles {
            handle.begun.await.expect("every connection is taken");
            releases.push(handle.release);
        }
        let asked = Instant::now();
        let outcome = pool.read(|_| Ok(())).await;
        (outcome, asked.elapsed())
    };
    let (_, (outcome, waited)) = join(holders, next).await;
    assert!(matches!(outcome, Err(AppError::Unavailable { .. })));
    assert!(waited >= TIME_OUT, "{waited:?}");
    assert!(waited < TIME_OUT + Duration::from_secs(2), "{waited:?}");
    pool.read(|_| Ok(())).await.expect("free again");
}

async fn work_goes_on_past_the_time_out(db: Migrated) {
    let ann = user(&mut db.open(), "ann");
    let pool = Db::new(&settings(&db.database, 1, TIME_OUT));
    let (release, wait) = mpsc::channel::<()>();
    let (end, ended) = oneshot::channel();
    let slow = pool.write(move |conn| {
        wait.recv_timeout(PATIENCE).ok();
        let stored = insert(conn, task(&ann, "Milk"))?;
        end.send(()).expect("the case waits");
        Ok(stored.id)
    });
    let outcome = slow.await;
    assert!(matches!(outcome, Err(AppError::Unavailable { .. })));
    assert_eq!(db.database.count("FROM tasks"), 0, "it has not gone on yet");
    release.send(()).unwrap();
    ended.await.expect("the work goes on");
    // Answered once what went before it is committed.
    pool.write(|_| Ok(())).await.expect("free again");
    assert_eq!(db.database.count("FROM tasks"), 1);
}

async fn callers_are_served_first_come_first_served(db: Migrated) {
    const CALLERS: usize = 30;
    let pool = Db::new(&settings(&db.database, 1, PATIENCE));
    let order = Arc::new(Mutex::new(Vec::new()));
    let (handle, work) = held();
    let callers = async {
        handle.begun.await.expect("the connection is taken");
        let callers = (0..CALLERS).map(|number| {
            let order = order.clone();
            pool.write(move |_| {
                order.lock().unwrap().push(number);
                Ok(())
            })
        });
        // The first poll of each, in this order, puts it into the queue; only then is the
        // connection given back.
        let release = async { drop(handle.release) };
        join(try_join_all(callers), release).await.0
    };
    let (holder, callers) = join(pool.write(work), callers).await;
    holder.unwrap();
    callers.unwrap();
    let expected: Vec<usize> = (0..CALLERS).collect();
    assert_eq!(*order.lock().unwrap(), expected);
}

/// Two at once would have the second fail with "database is locked" whenever the first is slow.
async fn one_writer_at_a_time_on_sqlite_alone(db: Migrated) {
    let pool = Db::new(&settings(&db.database, 2, TIME_OUT));
    let (handle, work) = held();
    let second = async {
        handle.begun.await.expect("the first writes");
        let outcome = pool.write(|_| Ok(())).await;
        drop(handle.release);
        outcome
    };
    let (_, outcome) = join(pool.write(work), second).await;
    match db.engine {
        Engine::Sqlite => assert!(matches!(outcome, Err(AppError::Unavailable { .. }))),
        Engine::Postgres => outcome.expect("another connection"),
    }
}

/// On PostgreSQL the same with a second connection.
async fn readers_do_not_wait_for_a_writer_of_sqlite(db: Migrated) {
    let pool = Db::new(&settings(&db.database, 2, PATIENCE));
    let (handle, work) = held();
    let reader = async {
        handle.begun.await.expect("the writer holds its connection");
        let read = pool.read(|_| Ok(())).await;
        drop(handle.release);
        read
    };
    let (writer, read) = join(pool.write(work), reader).await;
    read.expect("a read beside a write");
    writer.unwrap();
}

async fn sixty_four_writers_at_once_all_succeed(db: Migrated) {
    const WRITERS: usize = 64;
    let ann = user(&mut db.open(), "ann");
    let pool = Db::new(&settings(&db.database, 8, PATIENCE));
    let writers = (0..WRITERS).map(|number| {
        let new = task(&ann, &format!("task {number}"));
        pool.write(move |conn| Ok(insert(conn, new)?.id))
    });
    let mut ids = try_join_all(writers).await.expect("every write succeeds");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), WRITERS);
    assert_eq!(db.database.count("FROM tasks"), WRITERS as i64);
}

pub mod of_statements {
    use diesel::{RunQueryDsl, sql_query};

    use super::*;

    crate::cases![
        on Postgres;
        a_statement_ends_soon_after_its_caller_has_gone,
    ];

    async fn a_statement_ends_soon_after_its_caller_has_gone(db: Migrated) {
        let pool = Db::new(&settings(&db.database, 1, TIME_OUT));
        let asked = Instant::now();
        let slow = pool.read(|conn| Ok(sql_query("SELECT pg_sleep(60)").execute(conn)?));
        assert!(matches!(slow.await, Err(AppError::Unavailable { .. })));
        pool.read(|_| Ok(()))
            .await
            .expect("its connection is free again");
        assert!(asked.elapsed() < 2 * TIME_OUT, "{:?}", asked.elapsed());
    }
}
