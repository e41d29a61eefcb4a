//! The addresses in answers: relative, or absolute below `APP_SERVER__PUBLIC_URL`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    cases,
    support::{
        answer::Answer,
        app::TestApp,
        client::{Client, PASSWORD, send, token_request},
        prefix_proxy::PrefixProxy,
        runner::Engine,
    },
};

cases![
    resources_and_pages_are_below_the_public_url,
    problems_are_explained_below_the_public_url,
    the_document_has_no_relative_address,
    without_a_public_url_addresses_are_relative,
    what_one_replica_gave_holds_at_one_of_another_url,
    below_a_prefix_that_a_proxy_strips_links_lead_on,
    pages_find_their_files_wherever_a_proxy_serves_them,
];

const PUBLIC: &str = "https://example.com/some/tasks";
const RELATIVE: &str = "";

/// With a slash at its end, which is forgiven.
fn public(engine: Engine) -> TestApp {
    let url = format!("{PUBLIC}/");
    TestApp::start(engine, &[("APP_SERVER__PUBLIC_URL", &url)])
}

async fn create(ann: &Client, key: &str) -> Answer {
    let headers = [("idempotency-key", key)];
    let body = json!({ "title": "Buy milk" });
    ann.call(Method::POST, "/tasks", &headers, Some(&body))
        .await
}

/// Every address that leads to a resource, with the base that all of them should have.
async fn check_addresses(app: &TestApp, base: &str) {
    let (anonymous, ann) = (app.anonymous(), app.user("ann").await);
    let account = json!({ "email": "bob@example.com", "password": PASSWORD });
    let registered = anonymous.post("/auth/register", &account).await.expect(201);
    let token = ann.post("/auth/tokens", &token_request()).await.expect(201);
    let token_path = format!("/auth/tokens/{}", token.json()["id"]);
    let first = create(&ann, "a").await.expect(201);
    let replayed = create(&ann, "a").await.expect(201);
    assert_eq!(replayed.header("idempotency-replayed"), Some("true"));
    for (answer, path) in [
        (registered, "/auth/me"),
        (token, &*token_path),
        (first, "/tasks/1"),
        (replayed, "/tasks/1"),
        (anonymous.get("/").await.expect(302), "/docs"),
    ] {
        let expected = format!("{base}{path}");
        assert_eq!(answer.header("location"), Some(&*expected));
    }
    ann.post("/auth/tokens", &token_request()).await.expect(201);
    for title in ["Second", "Third"] {
        ann.task(title).await;
    }
    for list in [
        "/tasks?status=todo&limit=1",
        "/auth/tokens?limit=1",
        "/auth/events?limit=1",
    ] {
        let next = ann.get(list).await.expect(200).next().unwrap();
        let start = format!("{base}{list}&cursor=");
        assert!(next.starts_with(&start), "{next}");
    }
}

async fn resources_and_pages_are_below_the_public_url(engine: Engine) {
    check_addresses(&public(engine), PUBLIC).await;
}

/// A failure of every origin: our code, the framework, an operation of a batch.
async fn check_problems(app: &TestApp, base: &str) {
    let ann = app.user("ann").await;
    let operations = json!([
        { "op": "delete", "id": 7 },
        { "op": "update", "id": 7, "task": { "title": "" } },
    ]);
    let batch = |atomic: bool| json!({ "atomic": atomic, "operations": operations });
    let page = format!("{base}/docs/problems");
    for (answer, code) in [
        (ann.get("/tasks/7").await, "not_found"),
        (ann.get("/nothing").await, "not_found"),
        (ann.patch("/tasks", &json!({})).await, "method_not_allowed"),
        (ann.get("/tasks?limit=0").await, "validation_failed"),
        (app.anonymous().get("/tasks").await, "not_authenticated"),
        // What is not valid comes before what is not there.
        (
            ann.post("/tasks/batch", &batch(true)).await,
            "validation_failed",
        ),
    ] {
        let problem = answer.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["type"], format!("{page}#{code}"));
    }
    let results = ann.post("/tasks/batch", &batch(false)).await.expect(200);
    let results = results.json()["results"].clone();
    assert_eq!(results[0]["problem"]["type"], format!("{page}#not_found"));
    let invalid = format!("{page}#validation_failed");
    assert_eq!(results[1]["problem"]["type"], invalid);
}

async fn problems_are_explained_below_the_public_url(engine: Engine) {
    check_problems(&public(engine), PUBLIC).await;
}

async fn without_a_public_url_addresses_are_relative(engine: Engine) {
    let app = TestApp::start(engine, &[("APP_SERVER__PUBLIC_URL", "")]);
    check_addresses(&app, RELATIVE).await;
    let app = TestApp::start(engine, &[]);
    check_problems(&app, RELATIVE).await;
    let document = app.anonymous().get("/openapi.json").await.json();
    assert_eq!(document["servers"][0]["url"], "/");
    let login = document.pointer("/components/securitySchemes/oauth2/flows/password/tokenUrl");
    assert_eq!(login.unwrap(), "/auth/login");
}

async fn the_document_has_no_relative_address(engine: Engine) {
    let app = public(engine);
    let document = app.anonymous().get("/openapi.json").await.expect(200);
    let document = document.json();
    let servers = document["servers"].as_array().unwrap();
    assert_eq!(servers.len(), 1);
    assert_eq!(servers[0]["url"], PUBLIC);
    let login = document.pointer("/components/securitySchemes/oauth2/flows/password/tokenUrl");
    assert_eq!(login.unwrap(), &format!("{PUBLIC}/auth/login"));
    let description = document["info"]["description"].as_str().unwrap();
    assert!(description.contains(&format!("]({PUBLIC}/docs/problems)")));
    let headers = &document["components"]["headers"];
    let example = |name: &str| headers[name]["example"].as_str().unwrap();
    assert!(example("Location").starts_with(&format!("{PUBLIC}/")));
    assert!(example("Link").starts_with(&format!("<{PUBLIC}/")));
    let mut types = 0;
    visit(&document, &mut |member, value| {
        let Some(text) = value.as_str() else { return };
        // The examples of problems.
        if member == "type" && text.contains("/docs/problems") {
            assert!(text.starts_with(PUBLIC), "{text}");
            types += 1;
        }
        assert!(
            !text.starts_with("/docs") && !text.contains("](/"),
            "{member}: {text}"
        );
    });
    assert!(types > 20, "{types}");
}

fn visit(value: &Value, see: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                see(name, member);
                visit(member, see);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| visit(item, see)),
        _ => {}
    }
}

async fn what_one_replica_gave_holds_at_one_of_another_url(engine: Engine) {
    let app = public(engine);
    let other = app.second(&[]);
    let ann = app.user("ann").await;
    create(&ann, "a").await.expect(201);
    ann.task("Second").await;
    let there = ann.at(&other.base);
    // An answer is kept without the URL of the replica that gave it.
    let replayed = create(&there, "a").await.expect(201);
    assert_eq!(replayed.header("idempotency-replayed"), Some("true"));
    assert_eq!(replayed.header("location"), Some("/tasks/1"));
    // A cursor does not depend on it.
    let next = ann.get("/tasks?limit=1").await.expect(200).next().unwrap();
    let path = next.strip_prefix(PUBLIC).unwrap();
    let here = ann.get(path).await.expect(200);
    let page = there.get(path).await.expect(200);
    assert_eq!(page.json()[0]["id"], 1);
    assert_eq!(page.header("etag"), here.header("etag"));
    let next = there.get("/tasks?limit=1").await.next().unwrap();
    ann.get(&next).await.expect(200);
}

/// The service behind a proxy that strips a prefix, which it knows by its public URL.
pub async fn behind_a_proxy(engine: Engine) -> (TestApp, String) {
    let proxy = PrefixProxy::bind().await;
    let base = proxy.base.clone();
    let app = TestApp::start(engine, &[("APP_SERVER__PUBLIC_URL", &base)]);
    proxy.serve(&app.base);
    (app, base)
}

async fn below_a_prefix_that_a_proxy_strips_links_lead_on(engine: Engine) {
    let (_app, base) = behind_a_proxy(engine).await;
    let anonymous = Client::new(&base);
    let ann = anonymous.register_and_log_in("ann").await;
    // A client that follows addresses as they stand.
    let follow = async |address: &str| {
        let path = address.strip_prefix(&*base).unwrap();
        ann.get(path).await.expect(200)
    };
    let created = create(&ann, "a").await.expect(201);
    let task = follow(created.header("location").unwrap()).await;
    assert_eq!(task.json(), created.json());
    ann.task("Second").await;
    let first = ann.get("/tasks?limit=1").await.expect(200);
    let second = follow(&first.next().unwrap()).await;
    assert_eq!(second.json()[0]["id"], 1);
    let missing = ann.get("/tasks/77").await.expect(404).json();
    follow(missing["type"].as_str().unwrap()).await;
    let home = anonymous.get("/").await.expect(302);
    follow(home.header("location").unwrap()).await;
}

async fn pages_find_their_files_wherever_a_proxy_serves_them(engine: Engine) {
    let proxy = PrefixProxy::bind().await;
    let base = proxy.base.clone();
    // It knows nothing of the prefix.
    let app = TestApp::start(engine, &[]);
    proxy.serve(&app.base);
    let client = Client::new(&base);
    for page in [
        "/docs",
        "/docs/",
        "/docs/index.html",
        "/docs/problems",
        "/docs/problems/",
        "/docs/guide",
        "/docs/guide/",
    ] {
        let html = client.get(page).await.expect(200);
        let html = String::from_utf8(html.body).unwrap();
        let url = reqwest::Url::parse(&format!("{base}{page}")).unwrap();
        let addresses: Vec<&str> = ["href=\"", "src=\""]
            .iter()
            .flat_map(|attribute| html.split(attribute).skip(1))
            .map(|rest| rest.split('"').next().unwrap())
            .collect();
        assert!(addresses.len() >= 2, "{page}: {html}");
        for address in addresses {
            let target = url.join(address).unwrap();
            let path = target.as_str().strip_prefix(&*base);
            let path = path.unwrap_or_else(|| panic!("{page}: {address}"));
            let file = send(client.request(Method::GET, path)).await.expect(200);
            assert!(!file.body.is_empty(), "{page}: {address}");
        }
    }
}
