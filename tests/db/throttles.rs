//! Counters against floods: counted by any number of copies at once, and the limits on them.

use std::{sync::Barrier, thread, time::Duration};

use task_api::{
    error::AppError,
    models::{
        client::Client,
        throttle::{Bucket, Count},
        time::UtcTime,
    },
    repositories::throttles,
    services::throttle::Limits,
};

use crate::{
    fixtures::{Migrated, time, user},
    sign_in::{SECOND, client},
};

crate::cases![
    hits_that_are_counted_at_once_are_all_counted,
    a_window_that_is_over_begins_anew,
    a_bucket_that_was_never_counted_is_not_found,
    failures_block_an_account_for_one_address,
    failures_block_an_address_for_all_accounts,
    an_unknown_account_counts_like_a_known_one,
    registrations_are_counted_within_an_hour,
];

const ONE: Bucket = Bucket([1; 32]);
const TWO: Bucket = Bucket([2; 32]);

const LIMITS: Limits = Limits {
    per_account: 3,
    per_address: 5,
    window: Duration::from_secs(900),
    registrations: 2,
};

fn start() -> UtcTime {
    time("2099-12-01T00:00:00Z")
}

fn end() -> UtcTime {
    start().plus(SECOND * 60)
}

/// Two statements that lock two rows in opposite orders would wait for each other.
async fn hits_that_are_counted_at_once_are_all_counted(db: Migrated) {
    const THREADS: usize = 4;
    const ROUNDS: i64 = 50;
    let begin = Barrier::new(THREADS);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (db, begin) = (&db, &begin);
            let buckets = match number % 2 {
                0 => [ONE, TWO],
                _ => [TWO, ONE],
            };
            scope.spawn(move || {
                let mut conn = db.open();
                begin.wait();
                for _ in 0..ROUNDS {
                    let counts = throttles::count(&mut conn, &buckets, start(), end());
                    assert_eq!(counts.expect("a count").len(), 2);
                }
            });
        }
    });
    let mut counts = throttles::find(&mut db.open(), &[ONE, TWO], start()).unwrap();
    counts.sort_by_key(|count| count.bucket);
    let expected = [ONE, TWO].map(|bucket| Count {
        bucket,
        hits: ROUNDS * i64::try_from(THREADS).unwrap(),
        ends_at: end(),
    });
    assert_eq!(counts, expected);
}

async fn a_window_that_is_over_begins_anew(db: Migrated) {
    let mut conn = db.open();
    let mut count = |now: UtcTime| {
        let counts = throttles::count(&mut conn, &[ONE], now, now.plus(SECOND * 60));
        let [count] = counts.unwrap()[..] else {
            panic!("one count");
        };
        (count.hits, count.ends_at)
    };
    assert_eq!(count(start()), (1, end()));
    assert_eq!(count(start().plus(SECOND * 59)), (2, end()), "no longer");
    assert_eq!(count(end()), (1, end().plus(SECOND * 60)));
    assert_eq!(count(end()), (2, end().plus(SECOND * 60)));
    assert_eq!(db.database.count("FROM throttles"), 1);
}

async fn a_bucket_that_was_never_counted_is_not_found(db: Migrated) {
    let mut conn = db.open();
    throttles::count(&mut conn, &[ONE], start(), end()).unwrap();
    let mut find = |now| {
        let counts = throttles::find(&mut conn, &[ONE, TWO], now).unwrap();
        counts.iter().map(|count| count.bucket).collect::<Vec<_>>()
    };
    assert_eq!(find(start()), [ONE]);
    assert_eq!(find(end().minus(SECOND)), [ONE]);
    assert_eq!(find(end()), [], "over");
}

fn at(ip: &str) -> Client {
    Client {
        ip: ip.parse().unwrap(),
        ..client()
    }
}

/// The policy that refuses, and for how long.
fn refusal(outcome: Result<(), AppError>) -> Option<(&'static str, Duration)> {
    match outcome {
        Ok(()) => None,
        Err(AppError::TooManyRequests { policy, wait, .. }) => Some((policy, wait)),
        Err(other) => panic!("{other}"),
    }
}

async fn failures_block_an_account_for_one_address(db: Migrated) {
    let mut conn = db.open();
    let (here, there) = (at("192.0.2.1"), at("192.0.2.2"));
    for number in 0..3 {
        let now = start().plus(SECOND * number);
        let allowed = LIMITS.allow_login(&mut conn, &here, "ann@example.com", now);
        assert_eq!(refusal(allowed), None, "after {number}");
        LIMITS
            .count_failure(&mut conn, &here, "ann@example.com", now)
            .unwrap();
    }
    let mut allowed =
        |client, account, now| refusal(LIMITS.allow_login(&mut conn, client, account, now));
    let now = start().plus(SECOND * 3);
    let wait = LIMITS.window - SECOND * 3;
    let refused = Some(("login-account", wait));
    assert_eq!(allowed(&here, "ann@example.com", now), refused);
    assert_eq!(allowed(&here, " Ann@Example.com", now), refused);
    assert_eq!(allowed(&here, "bob@example.com", now), None);
    assert_eq!(allowed(&there, "ann@example.com", now), None);
    let end = start().plus(LIMITS.window);
    assert_eq!(allowed(&here, "ann@example.com", end), None);
}

async fn failures_block_an_address_for_all_accounts(db: Migrated) {
    let mut conn = db.open();
    let here = at("2001:db8::1");
    for number in 0..5 {
        let account = format!("{number}@example.com");
        LIMITS
            .count_failure(&mut conn, &here, &account, start())
            .unwrap();
    }
    let mut allowed = |ip| {
        let account = "ann@example.com";
        refusal(LIMITS.allow_login(&mut conn, &at(ip), account, start()))
    };
    let refused = Some(("login-address", LIMITS.window));
    assert_eq!(allowed("2001:db8::2"), refused, "of the same network");
    assert_eq!(allowed("2001:db8:0:1::1"), None);
}

async fn an_unknown_account_counts_like_a_known_one(db: Migrated) {
    let mut conn = db.open();
    let ann = user(&mut conn, "ann");
    for account in [
        "ann@example.com",
        "Ann@example.com",
        "nobody@example.com",
        "?",
    ] {
        LIMITS
            .count_failure(&mut conn, &client(), account, start())
            .unwrap();
    }
    // Ann's, the unknown one's, that of no address, and the address's own.
    assert_eq!(db.database.count("FROM throttles"), 4);
    let hers = format!(
        "FROM security_events WHERE user_id = {} AND kind = 'login_failed'
         AND ip = '192.0.2.1' AND request_id = 'r1'",
        ann.id
    );
    assert_eq!(db.database.count(&hers), 2);
    assert_eq!(db.database.count("FROM security_events"), 2);
}

async fn registrations_are_counted_within_an_hour(db: Migrated) {
    let mut conn = db.open();
    let hour = SECOND * 3600;
    let mut count =
        |limits: Limits, now| refusal(limits.count_registration(&mut conn, &client(), now));
    let free = Limits {
        registrations: 0,
        ..LIMITS
    };
    assert!(!free.counts_registrations() && LIMITS.counts_registrations());
    assert_eq!(count(LIMITS, start()), None);
    assert_eq!(count(LIMITS, start().plus(SECOND)), None);
    let refused = Some(("registration", hour - SECOND));
    assert_eq!(count(LIMITS, start().plus(SECOND)), refused);
    assert_eq!(count(LIMITS, start().plus(hour)), None);
}
