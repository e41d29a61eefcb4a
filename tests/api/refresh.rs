//! `POST /auth/refresh`: tokens that are rotated at every use.

use diesel::connection::SimpleConnection;
use futures_util::{future::join_all, join};
use reqwest::{Method, multipart::Form};
use task_api::models::opaque_token::{Kind, OpaqueToken};

use crate::{
    cases,
    support::{
        answer::Answer,
        app::{SECRET, TestApp},
        client::{Client, PASSWORD, ago, send},
        runner::Engine,
    },
};

cases![
    a_pair_is_exchanged_for_another,
    what_the_form_must_have,
    a_session_ends_unless_it_is_used,
    no_access_token_outlives_its_session,
    of_many_at_once_all_get_one_answer,
    two_replicas_give_one_answer,
    a_refresh_racing_a_logout_leaves_nothing,
    what_is_no_refresh_token_is_refused,
    a_chain_goes_on_through_a_rotation_of_secrets,
    a_forged_token_waits_for_no_lock,
];

const DAY: i64 = 86_400;

/// It is the answer of a login or a refresh.
pub fn is_a_pair(answer: &Answer) {
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let pair = answer.json();
    assert_eq!(pair.as_object().unwrap().len(), 4, "{pair}");
    assert_eq!(pair["token_type"], "bearer");
    assert_eq!(pair["expires_in"], 900);
    let refresh = pair["refresh_token"].as_str().unwrap();
    assert!(refresh.starts_with("tmr_") && refresh.len() == 64);
}

async fn a_pair_is_exchanged_for_another(app: TestApp) {
    app.user("ann").await;
    let anonymous = app.anonymous();
    let login = anonymous.try_log_in("ann@example.com", PASSWORD).await;
    let login = login.expect(200);
    is_a_pair(&login);
    let old = anonymous.with_pair(&login);
    let answer = old.refresh().await.expect(200);
    is_a_pair(&answer);
    let new = old.with_pair(&answer);
    assert_ne!(old.refresh_token, new.refresh_token);
    assert_ne!(old.token, new.token);
    assert_eq!(old.claims()["sid"], new.claims()["sid"]);
    assert_ne!(old.claims()["jti"], new.claims()["jti"]);
    new.is_in().await;
    // It is signed for as long as it says.
    old.get("/tasks").await.expect(200);
}

async fn what_the_form_must_have(app: TestApp) {
    let ann = app.user("ann").await;
    let token = ann.refresh_token.clone().unwrap();
    let path = "/auth/refresh";
    let post = async |body: &str| {
        let media_type = "application/x-www-form-urlencoded";
        let anonymous = app.anonymous();
        anonymous.raw(Method::POST, path, media_type, body).await
    };
    let right = format!("grant_type=refresh_token&refresh_token={token}");
    let both = ["/grant_type required", "/refresh_token required"];
    assert_eq!(post("").await.faults(), both);
    assert_eq!(post("grant_type=&refresh_token=").await.faults(), both);
    let named = post(&format!("refresh_token={token}")).await;
    assert_eq!(named.faults(), ["/grant_type required"]);
    let named = post("grant_type=refresh_token").await;
    assert_eq!(named.faults(), ["/refresh_token required"]);
    let other = post(&right.replace("grant_type=refresh_token", "grant_type=password")).await;
    assert_eq!(other.faults(), ["/grant_type choice"]);
    let twice = post(&format!("{right}&refresh_token={token}")).await;
    assert_eq!(twice.faults(), ["/refresh_token duplicate"]);
    let anonymous = app.anonymous();
    let media_type = "application/x-www-form-urlencoded";
    let query = format!("{path}?refresh_token={token}");
    let query = anonymous.raw(Method::POST, &query, media_type, &right);
    assert_eq!(query.await.faults(), ["refresh_token unknown"]);
    for (media_type, body) in [("application/xml", "<a/>"), ("text/plain", &right)] {
        let answer = anonymous.raw(Method::POST, path, media_type, body).await;
        answer.problem(415, "unsupported_media_type");
    }
    assert_eq!(
        app.database.count("FROM refresh_tokens"),
        1,
        "none was used"
    );
    let more = "&scope=any&client_id=x&unknown=is+ignored&unknown=2";
    let lenient = post(&(right + more)).await;
    is_a_pair(&lenient.expect(200));
    let form = Form::new()
        .text("grant_type", "refresh_token")
        .text("refresh_token", token);
    let request = anonymous.request(Method::POST, path).multipart(form);
    is_a_pair(&send(request).await.expect(200));
}

async fn a_session_ends_unless_it_is_used(engine: Engine) {
    let life = [
        ("APP_AUTH__REFRESH_IDLE_DAYS", "3"),
        ("APP_AUTH__REFRESH_MAX_DAYS", "5"),
    ];
    let app = TestApp::start(engine, &life);
    let ann = app.user("ann").await;
    let set = |column: &str, time: String| {
        let sql = format!("UPDATE sessions SET {column} = {time}");
        app.database.execute(&sql);
    };
    let ends_between = |from: i64, to: i64| {
        let (from, to) = (ago(-from), ago(-to));
        let rows = format!("FROM sessions WHERE expires_at > {from} AND expires_at < {to}");
        assert_eq!(app.database.count(&rows), 1);
    };
    ends_between(3 * DAY - 300, 3 * DAY + 1);
    set("expires_at", ago(-60));
    let ann = ann.refreshed().await;
    ends_between(3 * DAY - 300, 3 * DAY + 1);
    // However often it is used.
    set("created_at", ago(3 * DAY));
    let ann = ann.refreshed().await;
    ends_between(2 * DAY - 300, 2 * DAY + 1);
    set("expires_at", ago(1));
    ann.refresh().await.problem(401, "invalid_token");
    let other = app.anonymous().log_in("ann@example.com", PASSWORD).await;
    assert_eq!(other.all("/auth/sessions").await.len(), 1, "it is over");
    let events = other.all("/auth/events").await;
    assert!(events.iter().all(|e| e["type"] == "login_succeeded"));
    // Nor does a used token get its child again after the end.
    set("expires_at", ago(-60));
    let used = other.clone();
    other.refreshed().await;
    set("expires_at", ago(1));
    used.refresh().await.problem(401, "invalid_token");
}

async fn no_access_token_outlives_its_session(app: TestApp) {
    let ann = app.user("ann").await;
    let left = ago(180 * DAY - 600);
    app.database
        .execute(&format!("UPDATE sessions SET created_at = {left}"));
    let answer = ann.refresh().await.expect(200);
    let expires_in = answer.json()["expires_in"].as_i64().unwrap();
    assert!((300..=600).contains(&expires_in), "{expires_in}");
    let claims = ann.with_pair(&answer).claims();
    let (exp, iat) = (claims["exp"].as_i64(), claims["iat"].as_i64());
    let exp = exp.unwrap();
    assert_eq!(exp - iat.unwrap(), expires_in);
    let end = chrono::DateTime::from_timestamp(exp, 0).unwrap();
    let end = end.format("%Y-%m-%d %H:%M:%S%.6f");
    let rows = format!("FROM sessions WHERE expires_at >= '{end}'");
    assert_eq!(app.database.count(&rows), 1);
}

async fn of_many_at_once_all_get_one_answer(app: TestApp) {
    let ann = app.user("ann").await;
    let answers = join_all((0..20).map(|_| ann.refresh())).await;
    let mut bodies: Vec<Vec<u8>> = answers.into_iter().map(|a| a.expect(200).body).collect();
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    assert_eq!(app.database.count("FROM refresh_tokens"), 2);
}

async fn two_replicas_give_one_answer(engine: Engine) {
    let app = TestApp::start(engine, &[]);
    let replica = app.second(&[]);
    let mut ann = app.user("ann").await;
    for _ in 0..4 {
        let elsewhere = ann.at(&replica.base);
        let refreshes = (0..8).map(|n| match n % 2 {
            0 => ann.refresh(),
            _ => elsewhere.refresh(),
        });
        let answers = join_all(refreshes).await;
        let mut bodies: Vec<_> = answers.iter().map(|a| a.clone().expect(200).body).collect();
        bodies.dedup();
        assert_eq!(bodies.len(), 1);
        ann = ann.with_pair(&answers[0]);
    }
    ann.at(&replica.base).is_in().await;
}

async fn a_refresh_racing_a_logout_leaves_nothing(engine: Engine) {
    let app = TestApp::start(engine, &[]);
    let replica = app.second(&[]);
    app.user("ann").await;
    for round in 0..16 {
        let ann = app.anonymous().log_in("ann@example.com", PASSWORD).await;
        let elsewhere = ann.at(if round % 4 < 2 {
            &app.base
        } else {
            &replica.base
        });
        let path = match round % 8 {
            0..4 => "/auth/logout".to_owned(),
            4..6 => "/auth/logout?scope=global".to_owned(),
            _ => format!("/auth/sessions/{}", ann.session().await),
        };
        let end = async {
            let method = if path.starts_with("/auth/sessions") {
                Method::DELETE
            } else {
                Method::POST
            };
            send(ann.request(method, &path)).await.expect(204);
        };
        let refresh = match round % 2 {
            0 => join!(elsewhere.refresh(), end).0,
            _ => join!(end, elsewhere.refresh()).1,
        };
        ann.is_out().await;
        elsewhere.is_out_within_a_second().await;
        elsewhere.refresh().await.problem(401, "invalid_token");
        match refresh.status.as_u16() {
            200 => {
                let pair = elsewhere.with_pair(&refresh);
                pair.is_out_within_a_second().await;
                pair.is_out().await;
            }
            _ => drop(refresh.problem(401, "invalid_token")),
        }
    }
    assert_eq!(app.database.count("FROM refresh_tokens"), 0);
}

async fn what_is_no_refresh_token_is_refused(app: TestApp) {
    let ann = app.user("ann").await;
    let token = ann.refresh_token.clone().unwrap();
    let personal = ann.personal_token().await["token"].clone();
    let personal = personal.as_str().unwrap();
    let mut mistyped = token.clone();
    let typed = if token.as_bytes()[30] == b'A' {
        "B"
    } else {
        "A"
    };
    mistyped.replace_range(30..31, typed);
    for wrong in [
        ann.token.as_deref().unwrap(),
        personal,
        &personal.replacen("tma_", "tmr_", 1),
        &token.replacen("tmr_", "tma_", 1),
        &token.replacen("tmr_", "TMR_", 1),
        &token[4..],
        &token[..63],
        &format!("{token}A"),
        &format!("{token} "),
        &format!("{token}="),
        &mistyped,
        "tmr_",
        "\0",
        &"tmr_".repeat(5000),
    ] {
        let answer = app.anonymous().try_refresh(wrong).await;
        let challenge = answer.header("www-authenticate").unwrap();
        let expected = "Bearer realm=\"task-api\", error=\"invalid_token\"";
        assert!(challenge.starts_with(expected), "{challenge}");
        answer.problem(401, "invalid_token");
    }
    ann.is_in().await;
}

/// Whichever secret made the child, each replica that has it finds it again.
async fn a_chain_goes_on_through_a_rotation_of_secrets(engine: Engine) {
    let app = TestApp::start(engine, &[]);
    let secrets = format!("a-new-secret-0123456789-0123456789,{SECRET}");
    let rotated = app.second(&[("APP_AUTH__JWT_SECRETS", &secrets)]);
    let ann = app.user("ann").await;
    let child = ann.refreshed().await;
    let same: Client = ann.at(&rotated.base).refreshed().await;
    assert_eq!(same.refresh_token, child.refresh_token);
    let next = same.refreshed().await;
    next.is_in().await;
}

/// Anyone can make a well-formed token for any user.
async fn a_forged_token_waits_for_no_lock(engine: Engine) {
    let app = TestApp::start(engine, &[("APP_DATABASE__TIMEOUT_MS", "2000")]);
    let ann = app.user("ann").await;
    let real = ann.refresh_token.clone().unwrap();
    let genuine = OpaqueToken::parse(Kind::Refresh, &real).unwrap();
    let forged = OpaqueToken::new(Kind::Refresh, genuine.user_id, &[7; 32]);
    let mut other = app.database.connect();
    let lock = match engine {
        Engine::Sqlite => "BEGIN IMMEDIATE",
        Engine::Postgres => "BEGIN; SELECT id FROM users FOR UPDATE",
    };
    other.batch_execute(lock).unwrap();
    for _ in 0..3 {
        let refused = ann.try_refresh(forged.expose()).await;
        refused.problem(401, "invalid_token");
    }
    // The genuine one does wait for it.
    let waits = ann.try_refresh(&real).await;
    waits.problem(503, "unavailable");
    other.batch_execute("ROLLBACK").unwrap();
    ann.try_refresh(&real).await.expect(200);
}
