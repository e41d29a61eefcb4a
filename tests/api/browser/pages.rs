//! `/docs`, `/docs/problems` and `/`, as a person sees them.

use std::collections::BTreeSet;

use serde_json::json;
use task_api::error::code::ErrorCode;

use super::{
    chrome::{Chrome, missing},
    swagger_ui::SwaggerUi,
};
use crate::{
    cases,
    public_url::behind_a_proxy,
    support::{app::TestApp, client::PASSWORD, prefix_proxy::PrefixProxy, runner::Engine},
};

cases![
    on Sqlite unless missing;
    one_logs_in_with_a_password_and_tries_the_api_out,
    one_pastes_a_token_and_tries_every_operation_out,
    the_page_works_with_a_trailing_slash,
    one_tries_the_api_out_below_a_prefix_that_a_proxy_strips,
    the_page_works_below_a_prefix_that_the_service_does_not_know,
    the_root_leads_to_the_page,
    every_problem_is_explained,
];

async fn one_logs_in_with_a_password_and_tries_the_api_out(app: TestApp) {
    let account = json!({ "email": "ann@example.com", "password": PASSWORD });
    app.anonymous()
        .post("/auth/register", &account)
        .await
        .expect(201);
    let ui = SwaggerUi::open(&app.base, "/docs", operations(&app).await).await;
    ui.log_in("ann@example.com", PASSWORD).await;
    let body = json!({ "title": "Seen in a browser" }).to_string();
    let created = ui.try_out("createTask", &[("body", &body)], 201).await;
    assert!(created.contains("Seen in a browser"), "{created}");
    let listed = ui.try_out("listTasks", &[], 200).await;
    assert!(listed.contains("Seen in a browser"), "{listed}");
    check_logs(&app.base, &ui.chrome).await;
}

/// As the example of a change of password has it.
const NEW_PASSWORD: &str = "a better password than before";

/// An operation, its fields to fill in, the status, and a text in the answer.
type Try<'a> = (&'a str, &'a [(&'a str, &'a str)], u16, &'a str);

async fn one_pastes_a_token_and_tries_every_operation_out(app: TestApp) {
    let bob = app.user("bob").await;
    for path in ["/tasks/1", "/tasks/2"] {
        bob.task("Thrown away").await;
        bob.delete(path).await.expect(204);
    }
    for name in ["Garden", "Shed"] {
        bob.project(name).await;
    }
    bob.delete("/projects/2").await.expect(204);
    let count = operations(&app).await;
    let ui = SwaggerUi::open(&app.base, "/docs", count).await;
    ui.paste_token(bob.token.as_ref().unwrap()).await;
    // The second session; the page begins the third.
    let second = bob.try_log_in("bob@example.com", PASSWORD).await.json();
    let refresh = [("refresh_token", second["refresh_token"].as_str().unwrap())];
    let login = [("username", "bob@example.com"), ("password", PASSWORD)];
    let same = json!({ "email": "bob@example.com", "current_password": NEW_PASSWORD });
    let same = [("body", &*same.to_string())];
    let before_first = ("body", r#"{"before": 1}"#);
    let tries: &[Try<'_>] = &[
        ("register", &[], 201, "ann@example.com"),
        ("login", &login, 200, "access_token"),
        ("refresh", &refresh, 200, "refresh_token"),
        ("getCurrentUser", &[], 200, "bob@example.com"),
        ("listSessions", &[], 200, "current"),
        ("revokeSession", &[("id", "3")], 204, ""),
        ("createToken", &[], 201, "tma_"),
        ("listTokens", &[], 200, "calendar sync"),
        ("revokeToken", &[("id", "1")], 204, ""),
        ("listEvents", &[], 200, "token_revoked"),
        ("changePassword", &[], 204, ""),
        ("changeEmail", &same, 200, "bob@example.com"),
        ("createTask", &[], 201, "Buy milk"),
        ("listTasks", &[], 200, "Buy milk"),
        ("getTask", &[("id", "3")], 200, "Buy milk"),
        ("updateTask", &[("id", "3")], 200, "done"),
        ("batchTasks", &[], 200, "Bake a cake"),
        ("moveTask", &[("id", "3")], 200, "position"),
        ("createProject", &[], 201, "House"),
        ("listProjects", &[], 200, "House"),
        ("getProject", &[("id", "3")], 200, "House"),
        ("updateProject", &[("id", "3")], 200, "archived"),
        ("moveProject", &[("id", "3"), before_first], 200, "House"),
        ("deleteProject", &[("id", "3")], 204, ""),
        ("listProjectTrash", &[], 200, "House"),
        ("restoreProject", &[("id", "3")], 200, "House"),
        ("purgeProject", &[("id", "2")], 204, ""),
        ("listLabels", &[], 200, "home"),
        ("renameLabel", &[("name", "home")], 200, "house"),
        ("deleteLabel", &[("name", "house")], 204, ""),
        ("deleteTask", &[("id", "3")], 204, ""),
        ("listTrash", &[], 200, "Thrown away"),
        ("restoreTask", &[("id", "1")], 200, "Thrown away"),
        ("purgeTask", &[("id", "2")], 204, ""),
        ("emptyTrash", &[], 204, ""),
        ("getLiveness", &[], 200, "ok"),
        ("getReadiness", &[], 200, "ok"),
        ("logout", &[], 204, ""),
    ];
    for (operation, fields, status, expected) in tries {
        let shown = ui.try_out(operation, fields, *status).await;
        assert!(shown.contains(expected), "{operation}: {shown}");
    }
    let again = bob.log_in("bob@example.com", NEW_PASSWORD).await;
    ui.paste_another_token(&again.token.unwrap()).await;
    let body = json!({ "current_password": NEW_PASSWORD }).to_string();
    ui.try_out("deleteAccount", &[("body", &body)], 204).await;
    assert_eq!(tries.len() + 1, count, "every operation is tried");
    check_logs(&app.base, &ui.chrome).await;
}

async fn the_page_works_with_a_trailing_slash(app: TestApp) {
    let ui = SwaggerUi::open(&app.base, "/docs/", operations(&app).await).await;
    check_logs(&app.base, &ui.chrome).await;
}

async fn one_tries_the_api_out_below_a_prefix_that_a_proxy_strips(engine: Engine) {
    let (app, base) = behind_a_proxy(engine).await;
    app.user("ann").await;
    let ui = SwaggerUi::open(&base, "/", operations(&app).await).await;
    ui.log_in("ann@example.com", PASSWORD).await;
    let body = json!({ "title": "Seen through a proxy" }).to_string();
    let created = ui.try_out("createTask", &[("body", &body)], 201).await;
    assert!(created.contains("Seen through a proxy"), "{created}");
    let listed = ui.try_out("listTasks", &[], 200).await;
    assert!(listed.contains("Seen through a proxy"), "{listed}");
    check_logs(&base, &ui.chrome).await;
}

async fn the_page_works_below_a_prefix_that_the_service_does_not_know(engine: Engine) {
    let (app, proxy) = (TestApp::start(engine, &[]), PrefixProxy::bind().await);
    let base = proxy.base.clone();
    proxy.serve(&app.base);
    let ui = SwaggerUi::open(&base, "/docs", operations(&app).await).await;
    ui.chrome.open(&format!("{base}/docs/")).await;
    ui.shows_operations(operations(&app).await).await;
    ui.chrome.open(&format!("{base}/docs/problems")).await;
    ui.chrome.open(&format!("{base}/docs/guide")).await;
    check_logs(&base, &ui.chrome).await;
    app.user("ann").await;
    ui.chrome.open(&format!("{base}/docs")).await;
    ui.log_in("ann@example.com", PASSWORD).await;
    ui.try_out("createTask", &[], 201).await;
    let link = "//div[@class='info']//a[.='problems']";
    let link = ui.chrome.wait(link).await.attr("href").await.unwrap();
    assert_eq!(link, Some(format!("{base}/docs/problems")));
    check_logs(&base, &ui.chrome).await;
}

async fn the_root_leads_to_the_page(app: TestApp) {
    let ui = SwaggerUi::open(&app.base, "/", operations(&app).await).await;
    let url = ui.chrome.client.current_url().await.unwrap();
    assert_eq!(url.as_str(), format!("{}/docs", app.base));
    check_logs(&app.base, &ui.chrome).await;
}

async fn every_problem_is_explained(app: TestApp) {
    let chrome = Chrome::start().await;
    chrome
        .open(&format!("{}/docs/problems#not_found", app.base))
        .await;
    for code in ErrorCode::ALL {
        let section = format!("//section[@id='{code}']", code = code.as_str());
        let text = chrome.wait(&section).await.text().await.unwrap();
        assert!(text.starts_with(code.as_str()), "{text}");
        assert!(text.contains("What to do:"), "{text}");
    }
    // The page's own style holds: the entry that the address names stands out.
    let named = chrome.wait("//section[@id='not_found']").await;
    let colour = named.css_value("background-color").await.unwrap();
    assert_eq!(colour, "rgba(255, 251, 230, 1)");
    check_logs(&app.base, &chrome).await;
}

/// How many operations the document has.
pub async fn operations(app: &TestApp) -> usize {
    let document = app
        .anonymous()
        .get("/openapi.json")
        .await
        .expect(200)
        .json();
    let paths = document["paths"].as_object().unwrap();
    paths
        .values()
        .map(|item| item.as_object().unwrap().len())
        .sum()
}

/// Nothing failed, nothing was refused, and nobody else was asked for anything.
pub async fn check_logs(base: &str, chrome: &Chrome) {
    let requested = chrome.requested().await;
    assert!(!requested.is_empty(), "the log of requests works");
    let own = format!("{base}/");
    let elsewhere: BTreeSet<&String> = requested.iter().filter(|u| !u.starts_with(&own)).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
    let errors = chrome.console_errors().await;
    assert!(errors.is_empty(), "{errors:#?}");
}
