//! Changes of one's own password and e-mail address.

use futures_util::{future::join_all, join};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    cases,
    support::{
        answer::Answer,
        app::TestApp,
        client::{Client, PASSWORD},
        runner::Engine,
    },
};

cases![
    another_password_ends_every_other_session,
    a_wrong_password_is_a_fault_of_the_body_and_counts,
    the_bounds_of_a_new_password,
    logins_that_race_a_new_password_leave_no_session,
    another_address_ends_access_tokens_and_no_session,
    a_taken_address_changes_nothing,
    the_same_address_is_no_change,
    a_token_stays_dead_when_its_address_comes_back,
    a_refresh_that_races_another_address_has_the_new_one_or_is_dead,
    a_freed_address_leads_to_whoever_took_it,
    what_a_change_of_address_takes,
];

const NEW_PASSWORD: &str = "another horse, another staple";

async fn log_in(app: &TestApp) -> Client {
    app.anonymous().log_in("ann@example.com", PASSWORD).await
}

async fn change_password(client: &Client, current: &str, new: &str) -> Answer {
    let body = json!({ "current_password": current, "new_password": new });
    client.post("/auth/password", &body).await
}

async fn change_email(client: &Client, email: &str) -> Answer {
    let body = json!({ "email": email, "current_password": PASSWORD });
    client.patch("/auth/me", &body).await
}

async fn personal(client: &Client) -> Client {
    let token = client.personal_token().await["token"].clone();
    client.with_token(token.as_str().unwrap())
}

async fn another_password_ends_every_other_session(engine: Engine) {
    let app = TestApp::start(engine, &[]);
    let copy = app.second(&[]);
    let ann = app.user("ann").await;
    let bob = app.user("bob").await;
    let other = log_in(&app).await;
    let personal = personal(&ann).await;
    let elsewhere = other.at(&copy.base);
    elsewhere.get("/tasks").await.expect(200);
    let answer = change_password(&ann, PASSWORD, NEW_PASSWORD)
        .await
        .expect(204);
    assert!(answer.body.is_empty());
    other.is_out().await;
    elsewhere.is_out_within_a_second().await;
    ann.is_in().await;
    ann.at(&copy.base).is_in().await;
    personal.get("/tasks").await.expect(200);
    bob.is_in().await;
    assert_eq!(ann.all("/auth/sessions").await.len(), 1);
    let anonymous = app.anonymous();
    let old = anonymous.try_log_in("ann@example.com", PASSWORD).await;
    old.problem(401, "invalid_credentials");
    let new = app.anonymous();
    let new = new.log_in("ann@example.com", NEW_PASSWORD).await;
    new.is_in().await;
    // What was the password is none any more.
    let again = change_password(&ann, PASSWORD, NEW_PASSWORD).await;
    assert_eq!(again.faults(), ["/current_password incorrect"]);
}

async fn a_wrong_password_is_a_fault_of_the_body_and_counts(app: TestApp) {
    let ann = app.user("ann").await;
    let bob = app.user("bob").await;
    let wrong = "a wrong password";
    let account = json!({ "current_password": wrong });
    let email = json!({ "email": "new@example.com", "current_password": wrong });
    for number in 0..9 {
        let answer = match number % 3 {
            0 => change_password(&ann, wrong, NEW_PASSWORD).await,
            1 => ann.patch("/auth/me", &email).await,
            _ => {
                ann.call(Method::DELETE, "/auth/me", &[], Some(&account))
                    .await
            }
        };
        assert_eq!(answer.header("www-authenticate"), None);
        assert_eq!(answer.faults(), ["/current_password incorrect"]);
    }
    let login = app.anonymous().try_log_in("ann@example.com", wrong).await;
    login.problem(401, "invalid_credentials");
    let delete = json!({ "current_password": PASSWORD });
    for blocked in [
        change_password(&ann, wrong, NEW_PASSWORD).await,
        change_password(&ann, PASSWORD, NEW_PASSWORD).await,
        change_email(&ann, "new@example.com").await,
        ann.call(Method::DELETE, "/auth/me", &[], Some(&delete))
            .await,
        app.anonymous()
            .try_log_in("ann@example.com", PASSWORD)
            .await,
    ] {
        for header in ["retry-after", "ratelimit", "ratelimit-policy"] {
            assert!(blocked.header(header).is_some(), "{header}");
        }
        blocked.problem(429, "too_many_requests");
    }
    // Tokens go on, and so do other clients of that address.
    ann.is_in().await;
    change_password(&bob, PASSWORD, NEW_PASSWORD)
        .await
        .expect(204);
    let events = ann.all("/auth/events").await;
    let failed = events.iter().filter(|e| e["type"] == "login_failed");
    assert_eq!(failed.count(), 10);
}

async fn the_bounds_of_a_new_password(app: TestApp) {
    let ann = app.user("ann").await;
    for wrong in ["1234567", &"x".repeat(73), &"é".repeat(37), "tab\u{0}zero!"] {
        let faults = change_password(&ann, PASSWORD, wrong).await.faults();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with("/new_password "), "{faults:?}");
    }
    let post = async |body| ann.post("/auth/password", &body).await.faults();
    let both = ["/current_password required", "/new_password required"];
    assert_eq!(post(json!({})).await, both);
    let with = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD, "x": 1 });
    assert_eq!(post(with).await, ["/x unknown"]);
    log_in(&app).await;
    let longest = "é".repeat(36);
    change_password(&ann, PASSWORD, &longest).await.expect(204);
    app.anonymous().log_in("ann@example.com", &longest).await;
    let count = "FROM security_events WHERE kind = 'login_failed'";
    assert_eq!(app.database.count(count), 0, "no password was tried");
}

async fn logins_that_race_a_new_password_leave_no_session(engine: Engine) {
    let limits = [
        ("APP_AUTH__FAILURES_PER_ACCOUNT", "1000"),
        ("APP_AUTH__FAILURES_PER_ADDRESS", "1000"),
    ];
    let app = TestApp::start(engine, &limits);
    let ann = app.user("ann").await;
    let anonymous = app.anonymous();
    let (mut old, mut new) = (PASSWORD, NEW_PASSWORD);
    for round in 0..6 {
        let logins = join_all((0..6).map(|_| anonymous.try_log_in("ann@example.com", old)));
        let change = change_password(&ann, old, new);
        let (logins, change) = match round % 2 {
            0 => join!(logins, change),
            _ => {
                let (change, logins) = join!(change, logins);
                (logins, change)
            }
        };
        change.expect(204);
        for login in logins {
            match login.status {
                StatusCode::OK => anonymous.with_pair(&login).is_out().await,
                _ => drop(login.problem(401, "invalid_credentials")),
            }
        }
        assert_eq!(ann.all("/auth/sessions").await.len(), 1);
        (old, new) = (new, old);
    }
    ann.is_in().await;
}

async fn another_address_ends_access_tokens_and_no_session(engine: Engine) {
    let app = TestApp::start(engine, &[]);
    let copy = app.second(&[]);
    let ann = app.user("ann").await;
    let other = log_in(&app).await;
    let personal = personal(&ann).await;
    let task = ann.task("T").await;
    let before = ann.get("/auth/me").await.expect(200).json();
    let elsewhere = other.at(&copy.base);
    elsewhere.get("/tasks").await.expect(200);
    let answer = change_email(&ann, " Ann.New@Example.COM ")
        .await
        .expect(200);
    let user = answer.json();
    assert_eq!(user["email"], "ann.new@example.com");
    assert_eq!(
        (&user["id"], &user["created_at"]),
        (&before["id"], &before["created_at"])
    );
    elsewhere.is_out_within_a_second().await;
    for old in [&ann, &other] {
        old.get("/tasks").await.problem(401, "invalid_token");
        let sid = old.claims()["sid"].clone();
        let new = old.refreshed().await;
        assert_eq!(new.claims()["sub"], "ann.new@example.com");
        assert_eq!(new.claims()["sid"], sid);
        assert_eq!(new.get("/auth/me").await.expect(200).json(), user);
        assert_eq!(new.all("/tasks").await, std::slice::from_ref(&task));
        new.at(&copy.base).is_in().await;
        old.get("/tasks").await.problem(401, "invalid_token");
    }
    let me = personal.get("/auth/me").await.expect(200).json();
    assert_eq!((&me["id"], &me["email"]), (&user["id"], &user["email"]));
    let anonymous = app.anonymous();
    let old = anonymous.try_log_in("ann@example.com", PASSWORD).await;
    old.problem(401, "invalid_credentials");
    let new = app.anonymous();
    new.log_in("ann.new@example.com", PASSWORD)
        .await
        .is_in()
        .await;
}

async fn a_taken_address_changes_nothing(app: TestApp) {
    let ann = app.user("ann").await;
    app.user("bob").await;
    for taken in ["bob@example.com", "BOB@example.com"] {
        change_email(&ann, taken).await.problem(400, "email_taken");
    }
    let me = ann.get("/auth/me").await.expect(200).json();
    assert_eq!(me["email"], "ann@example.com");
    ann.is_in().await;
    let changed = "FROM security_events WHERE kind = 'email_changed'";
    assert_eq!(app.database.count(changed), 0);
    // Of two who want one address, one gets it.
    let cid = app.user("cid").await;
    let (one, two) = join!(
        change_email(&ann, "dan@example.com"),
        change_email(&cid, "Dan@example.com")
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
}

async fn the_same_address_is_no_change(app: TestApp) {
    let ann = app.user("ann").await;
    let me = ann.get("/auth/me").await.expect(200).json();
    for same in ["ann@example.com", " ANN@example.com"] {
        assert_eq!(change_email(&ann, same).await.expect(200).json(), me);
    }
    ann.is_in().await;
    let changed = "FROM security_events WHERE kind = 'email_changed'";
    assert_eq!(app.database.count(changed), 0);
}

async fn a_token_stays_dead_when_its_address_comes_back(app: TestApp) {
    let mut ann = app.user("ann").await;
    let mut old = Vec::new();
    // Also within one second, of which all these tokens say that they are.
    for round in 0..6 {
        let email = ["x@example.com", "ann@example.com"][round % 2];
        change_email(&ann, email).await.expect(200);
        let new = ann.refreshed().await;
        old.push(std::mem::replace(&mut ann, new));
        assert_eq!(ann.get("/auth/me").await.expect(200).json()["email"], email);
        for (number, old) in old.iter().enumerate() {
            let answer = old.get("/auth/me").await;
            assert_eq!(answer.status, 401, "token {number} in round {round}");
        }
    }
    ann.is_in().await;
}

async fn a_refresh_that_races_another_address_has_the_new_one_or_is_dead(app: TestApp) {
    let mut ann = app.user("ann").await;
    for round in 0..8 {
        let email = format!("ann{round}@example.com");
        let (refresh, change) = match round % 2 {
            0 => join!(ann.refresh(), change_email(&ann, &email)),
            _ => {
                let (change, refresh) = join!(change_email(&ann, &email), ann.refresh());
                (refresh, change)
            }
        };
        change.expect(200);
        let pair = ann.with_pair(&refresh.expect(200));
        if pair.claims()["sub"] == *email {
            pair.get("/tasks").await.expect(200);
        } else {
            pair.get("/tasks").await.problem(401, "invalid_token");
        }
        ann.get("/tasks").await.problem(401, "invalid_token");
        ann = pair.refreshed().await;
        assert_eq!(ann.claims()["sub"], email);
    }
    ann.is_in().await;
}

async fn a_freed_address_leads_to_whoever_took_it(app: TestApp) {
    let ann = app.user("ann").await;
    let secret = ann.task("hers").await;
    change_email(&ann, "new@example.com").await.expect(200);
    let next = app.user("ann").await;
    next.task("his").await;
    ann.get("/tasks").await.problem(401, "invalid_token");
    let hers = ann.refreshed().await;
    assert_eq!(hers.claims()["sub"], "new@example.com");
    assert_eq!(hers.all("/tasks").await, [secret]);
    assert_eq!(next.all("/tasks").await[0]["title"], "his");
    assert_ne!(next.claims()["sid"], hers.claims()["sid"]);
    ann.get("/tasks").await.problem(401, "invalid_token");
    next.is_in().await;
    // It is not hers any more.
    let back = json!({ "email": "ann@example.com", "current_password": PASSWORD });
    hers.patch("/auth/me", &back)
        .await
        .problem(400, "email_taken");
}

async fn what_a_change_of_address_takes(app: TestApp) {
    let ann = app.user("ann").await;
    let path = "/auth/me";
    let patch = async |body: Value| ann.patch(path, &body).await.faults();
    let both = ["/email required", "/current_password required"];
    assert_eq!(patch(json!({})).await, both);
    for email in ["", "no address", "a@b@c", "a\n@b.c"] {
        let faults = patch(json!({ "email": email, "current_password": PASSWORD })).await;
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with("/email "), "{faults:?}");
    }
    let nulls = patch(json!({ "email": null, "current_password": null })).await;
    assert_eq!(nulls.len(), 2, "{nulls:?}");
    let more = json!({ "email": "x@example.com", "current_password": PASSWORD, "id": 1 });
    assert_eq!(patch(more.clone()).await, ["/id unknown"]);
    let query = ann.patch("/auth/me?x=1", &more).await;
    assert!(query.faults().contains(&"x unknown".to_owned()));
    let body = json!({ "email": "x@example.com", "current_password": PASSWORD }).to_string();
    let form = ann.raw(
        Method::PATCH,
        path,
        "application/x-www-form-urlencoded",
        &body,
    );
    form.await.problem(415, "unsupported_media_type");
    ann.is_in().await;
    let media_type = "application/merge-patch+json";
    let answer = ann.raw(Method::PATCH, path, media_type, &body).await;
    assert_eq!(answer.expect(200).json()["email"], "x@example.com");
}
