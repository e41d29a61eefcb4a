//! What is counted for an address, and which address that is.

use reqwest::Method;
use serde_json::json;

use crate::{
    cases,
    support::{
        answer::Answer,
        app::TestApp,
        client::{Client, PASSWORD, send},
        runner::Engine,
    },
    throttling::{end_windows, limited},
};

cases![
    the_owner_logs_in_from_elsewhere,
    what_a_peer_that_is_no_proxy_forwards_does_not_count,
    what_stands_before_the_last_proxy_does_not_count,
    one_bad_element_spoils_nothing_that_the_proxy_wrote,
    a_translated_address_counts_as_the_ipv4_address_in_it,
    an_address_is_counted_over_all_accounts,
    ipv6_counts_by_its_first_64_bits,
    registrations_are_limited_by_the_hour,
    without_a_limit_registrations_are_not_counted,
];

const ANN: &str = "ann@example.com";
const WRONG: &str = "a wrong password";
const PROXY: (&str, &str) = ("APP_SERVER__TRUSTED_PROXIES", "127.0.0.1");
const THREE: (&str, &str) = ("APP_AUTH__FAILURES_PER_ACCOUNT", "3");

async fn log_in(client: &Client, header: (&str, &str), email: &str, password: &str) -> Answer {
    let request = client.request(Method::POST, "/auth/login");
    // From bytes, since a client may send what is no ASCII.
    let request = request.header(header.0, header.1.as_bytes());
    send(request.form(&[("username", email), ("password", password)])).await
}

async fn fail_from(client: &Client, forwarded: &str, email: &str) {
    let answer = log_in(client, ("x-forwarded-for", forwarded), email, WRONG).await;
    answer.problem(401, "invalid_credentials");
}

async fn log_in_from(client: &Client, forwarded: &str, email: &str) -> Answer {
    log_in(client, ("x-forwarded-for", forwarded), email, PASSWORD).await
}

async fn the_owner_logs_in_from_elsewhere(engine: Engine) {
    let app = TestApp::start(engine, &[PROXY, THREE]);
    let ann = app.user("ann").await;
    for _ in 0..3 {
        fail_from(&ann, "203.0.113.9", ANN).await;
    }
    let blocked = log_in_from(&ann, "203.0.113.9", ANN).await;
    limited(blocked, "login-account", 3, 900);
    log_in_from(&ann, "203.0.113.10", ANN).await.expect(200);
    ann.log_in(ANN, PASSWORD).await;
    // An address with a port is the same one.
    let blocked = log_in_from(&ann, "203.0.113.9:4711", ANN).await;
    limited(blocked, "login-account", 3, 900);
    let blocked = log_in_from(&ann, "::ffff:203.0.113.9", ANN).await;
    limited(blocked, "login-account", 3, 900);
}

async fn what_a_peer_that_is_no_proxy_forwards_does_not_count(engine: Engine) {
    let elsewhere = ("APP_SERVER__TRUSTED_PROXIES", "10.0.0.0/8");
    for more in [&[THREE][..], &[THREE, elsewhere]] {
        let app = TestApp::start(engine, more);
        let ann = app.user("ann").await;
        for n in 0..3 {
            fail_from(&ann, &format!("203.0.113.{n}"), ANN).await;
        }
        let answer = log_in_from(&ann, "203.0.113.77", ANN).await;
        limited(answer, "login-account", 3, 900);
    }
    // Of a proxy only the header counts that the operator's proxies are known to set.
    let app = TestApp::start(engine, &[PROXY, THREE]);
    let ann = app.user("ann").await;
    for (name, value) in [
        ("forwarded", "for=203.0.113.1"),
        ("x-real-ip", "203.0.113.2"),
        ("x-client-ip", "203.0.113.3"),
    ] {
        let answer = log_in(&ann, (name, value), ANN, WRONG).await;
        answer.problem(401, "invalid_credentials");
    }
    let answer = ann.try_log_in(ANN, PASSWORD).await;
    limited(answer, "login-account", 3, 900);
}

async fn what_stands_before_the_last_proxy_does_not_count(engine: Engine) {
    let app = TestApp::start(engine, &[PROXY, THREE]);
    let ann = app.user("ann").await;
    for n in 0..3 {
        // The client wrote the first one itself, another each time.
        fail_from(&ann, &format!("198.51.100.{n}, 203.0.113.9"), ANN).await;
    }
    let answer = log_in_from(&ann, "198.51.100.77, 203.0.113.9", ANN).await;
    limited(answer, "login-account", 3, 900);
    let answer = log_in_from(&ann, "203.0.113.9, 127.0.0.1", ANN).await;
    limited(answer, "login-account", 3, 900);
    let request = ann.request(Method::POST, "/auth/login");
    let two_lines = request
        .header("x-forwarded-for", "198.51.100.77")
        .header("x-forwarded-for", "203.0.113.9")
        .form(&[("username", ANN), ("password", PASSWORD)]);
    limited(send(two_lines).await, "login-account", 3, 900);
    // Before what is no address stands nothing that can be trusted: it is the proxy that counts.
    log_in_from(&ann, "203.0.113.9, junk", ANN)
        .await
        .expect(200);
}

async fn one_bad_element_spoils_nothing_that_the_proxy_wrote(engine: Engine) {
    let app = TestApp::start(engine, &[PROXY, THREE]);
    let ann = app.user("ann").await;
    for (n, (forwarded, kept)) in [
        ("caf\u{e9}, 203.0.113.10", "203.0.113.10"),
        ("203.0.113.11,", "203.0.113.11"),
        (" , 203.0.113.12, , 127.0.0.1,", "203.0.113.12"),
        ("junk, \"203.0.113.13\"", "203.0.113.13"),
        ("203.0.113.14:99999", "203.0.113.14"),
        ("[2001:db8:0:15::7]", "2001:db8:0:15::7"),
        ("\"[2001:db8:0:16::7]:4711\"", "2001:db8:0:16::7"),
    ]
    .into_iter()
    .enumerate()
    {
        for _ in 0..3 {
            fail_from(&ann, forwarded, ANN).await;
        }
        let blocked = log_in_from(&ann, kept, ANN).await;
        limited(blocked, "login-account", 3, 900);
        // The proxy's own address is not counted, and the owner sees where a login came from.
        ann.log_in(ANN, PASSWORD).await;
        let name = format!("user{n}");
        app.user(&name).await;
        let pair = log_in_from(&ann, forwarded, &format!("{name}@example.com")).await;
        let sessions = ann.with_pair(&pair.expect(200)).all("/auth/sessions").await;
        assert_eq!(sessions[0]["ip"], kept, "{forwarded}");
    }
}

async fn a_translated_address_counts_as_the_ipv4_address_in_it(engine: Engine) {
    let app = TestApp::start(engine, &[PROXY, THREE]);
    let ann = app.user("ann").await;
    for from in [
        "64:ff9b::203.0.113.9",
        "[64:ff9b::cb00:7109]:443",
        "203.0.113.9",
    ] {
        fail_from(&ann, from, ANN).await;
    }
    for from in ["64:ff9b::203.0.113.9", "203.0.113.9", "::ffff:203.0.113.9"] {
        limited(log_in_from(&ann, from, ANN).await, "login-account", 3, 900);
    }
    // Another address in it is another client, although both stand in one /64.
    let other = log_in_from(&ann, "64:ff9b::203.0.113.10", ANN).await;
    let sessions = ann
        .with_pair(&other.expect(200))
        .all("/auth/sessions")
        .await;
    assert_eq!(sessions[0]["ip"], "203.0.113.10");
}

async fn an_address_is_counted_over_all_accounts(engine: Engine) {
    let five = ("APP_AUTH__FAILURES_PER_ADDRESS", "5");
    let app = TestApp::start(engine, &[PROXY, five]);
    let ann = app.user("ann").await;
    for n in 0..5 {
        fail_from(&ann, "203.0.113.9", &format!("user{n}@example.com")).await;
    }
    for account in [ANN, "never.seen@example.com", "no address"] {
        let answer = log_in_from(&ann, "203.0.113.9", account).await;
        limited(answer, "login-address", 5, 900);
    }
    log_in_from(&ann, "203.0.113.10", ANN).await.expect(200);
    end_windows(&app);
    log_in_from(&ann, "203.0.113.9", ANN).await.expect(200);
}

async fn ipv6_counts_by_its_first_64_bits(engine: Engine) {
    let app = TestApp::start(engine, &[PROXY, THREE]);
    let ann = app.user("ann").await;
    for host in [
        "2001:db8:1:2::1",
        "2001:db8:1:2::ffff:2",
        "2001:DB8:1:2:a:b:c:d",
    ] {
        fail_from(&ann, host, ANN).await;
    }
    let same = log_in_from(&ann, "[2001:db8:1:2:9:9:9:9]:443", ANN).await;
    limited(same, "login-account", 3, 900);
    let next = log_in_from(&ann, "2001:db8:1:3::1", ANN).await;
    next.expect(200);
}

async fn registrations_are_limited_by_the_hour(engine: Engine) {
    let two = ("APP_AUTH__REGISTRATIONS_PER_HOUR", "2");
    let app = TestApp::start(engine, &[PROXY, two]);
    let client = app.anonymous();
    let register = async |name: &str, from: &str| {
        let body = json!({ "email": format!("{name}@example.com"), "password": PASSWORD });
        let request = client.request(Method::POST, "/auth/register");
        send(request.header("x-forwarded-for", from).json(&body)).await
    };
    register("a", "203.0.113.9").await.expect(201);
    // A try counts, whatever comes of it: that an address is in use must not be found out for nothing.
    register("a", "203.0.113.9")
        .await
        .problem(400, "email_taken");
    for name in ["a", "b"] {
        let answer = register(name, "203.0.113.9").await;
        limited(answer, "registration", 2, 3600);
    }
    register("b", "203.0.113.10").await.expect(201);
    // Logins have a count of their own.
    log_in_from(&client, "203.0.113.9", "a@example.com")
        .await
        .expect(200);
    end_windows(&app);
    register("c", "203.0.113.9").await.expect(201);
}

async fn without_a_limit_registrations_are_not_counted(app: TestApp) {
    for n in 0..25 {
        app.user(&format!("user{n}")).await;
    }
    assert_eq!(app.database.count("FROM throttles"), 0);
}
