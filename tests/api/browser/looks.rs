//! The pages on a wide and on a narrow screen, in both colour schemes: what a person does there works, and can be read.

use std::collections::BTreeMap;

use fantoccini::Locator;
use serde_json::{Value, from_value, json};

use super::{
    chrome::{Chrome, missing},
    pages::{check_logs, operations},
    swagger_ui::SwaggerUi,
};
use crate::{
    cases,
    support::{app::TestApp, client::PASSWORD},
};

cases![
    on Sqlite unless missing;
    one_finds_an_operation_and_stays_logged_in,
    the_page_shows_operations_in_their_order_and_little_else,
    operations_can_be_read_on_every_screen,
    pages_of_text_can_be_read_on_every_screen,
];

const SCREENS: [(u32, &str); 4] = [
    (1300, "light"),
    (1300, "dark"),
    (390, "light"),
    (390, "dark"),
];

/// What is wider than the screen, and which texts have less contrast than WCAG 2.2 asks for (success criterion 1.4.3).
const FAULTS: &str = include_str!("looks.js");

async fn check_looks(chrome: &Chrome, what: &str) {
    let found = chrome.client.execute(FAULTS, vec![]).await;
    let found: BTreeMap<String, Value> = from_value(found.expect("the script ends")).unwrap();
    assert!(found.is_empty(), "{what}: {found:#?}");
}

async fn one_finds_an_operation_and_stays_logged_in(app: TestApp) {
    let account = json!({ "email": "ann@example.com", "password": PASSWORD });
    let registered = app.anonymous().post("/auth/register", &account).await;
    registered.expect(201);
    let count = operations(&app).await;
    let ui = SwaggerUi::open(&app.base, "/docs", count).await;
    let title = ui.chrome.client.title().await.unwrap();
    assert_eq!(title, "Task Management API");
    let said = ui.fail_to_log_in("ann@example.com", "another").await;
    assert!(said.contains("wrong e-mail address or password"), "{said}");
    // The refusal is a line on the console.
    assert_eq!(ui.chrome.console_errors().await.len(), 1);
    ui.log_in("ann@example.com", PASSWORD).await;
    let kept = "return JSON.stringify(localStorage)";
    let kept = ui.chrome.client.execute(kept, vec![]).await.unwrap();
    let kept = kept.as_str().unwrap();
    assert!(
        kept.contains("access_token") && !kept.contains(PASSWORD),
        "{kept}"
    );
    ui.chrome.open(&format!("{}/docs", app.base)).await;
    ui.shows_operations(count).await;
    ui.is_authorized().await;
    let filter = "//input[@aria-label='Filter operations']";
    for (text, shown) in [("restore", 2), ("/labels", 3), ("nothing", 0)] {
        ui.fill(filter, text).await;
        ui.shows_operations(shown).await;
    }
    ui.fill(filter, "createTask").await;
    ui.shows_operations(1).await;
    let shown = ui.try_out("createTask", &[], 201).await;
    assert!(shown.contains("Request duration"), "{shown}");
    check_logs(&app.base, &ui.chrome).await;
}

/// Swagger UI without its bar, with schemas folded, and in the order of the document.
async fn the_page_shows_operations_in_their_order_and_little_else(app: TestApp) {
    let document = app.anonymous().get("/openapi.json").await.expect(200);
    let document = document.json();
    let tags = document["tags"].as_array().unwrap().iter();
    let tags: Vec<&str> = tags.map(|tag| tag["name"].as_str().unwrap()).collect();
    let mut expected = Vec::new();
    let paths = document["paths"].as_object().unwrap().values();
    for operation in paths.flat_map(|path| path.as_object().unwrap().values()) {
        let tag = operation["tags"][0].as_str().unwrap();
        let place = tags.iter().position(|name| *name == tag).unwrap();
        let id = operation["operationId"].as_str().unwrap();
        expected.push((place, format!("operations-{tag}-{id}")));
    }
    expected.sort_by_key(|(place, _)| *place);
    let ui = SwaggerUi::open(&app.base, "/docs", expected.len()).await;
    let ids = "return [...document.querySelectorAll('.opblock')].map((block) => block.id)";
    let shown = ui.chrome.client.execute(ids, vec![]).await.unwrap();
    let expected: Vec<String> = expected.into_iter().map(|(_, id)| id).collect();
    assert_eq!(from_value::<Vec<String>>(shown).unwrap(), expected);
    for absent in [".topbar", ".model-container", ".servers", "#oauth_username"] {
        let found = ui.chrome.client.find_all(Locator::Css(absent)).await;
        assert!(found.unwrap().is_empty(), "{absent}");
    }
}

async fn operations_can_be_read_on_every_screen(app: TestApp) {
    let ann = app.user("ann").await;
    let ui = SwaggerUi::open(&app.base, "/docs", operations(&app).await).await;
    ui.paste_token(ann.token.as_ref().unwrap()).await;
    let chrome = &ui.chrome;
    for (width, scheme) in SCREENS {
        chrome.emulate(width, scheme).await;
        chrome.open(&format!("{}/docs", app.base)).await;
        ui.is_authorized().await;
        check_looks(chrome, &format!("top, {width}, {scheme}")).await;
        for operation in ["listTasks", "batchTasks", "deleteTask"] {
            ui.unfold(operation).await;
        }
        ui.shows_sample("Shell", "curl ").await;
        check_looks(chrome, &format!("operations, {width}, {scheme}")).await;
        ui.show_schemas().await;
        check_looks(chrome, &format!("schemas, {width}, {scheme}")).await;
        ui.shows_sample("JavaScript", "await fetch(").await;
        ui.shows_sample("Python", "import requests").await;
        ui.click("//button[contains(@class,'models-control')]")
            .await;
        chrome
            .wait("//div[contains(@class,'model-container')]")
            .await;
        check_looks(chrome, &format!("models, {width}, {scheme}")).await;
    }
    check_logs(&app.base, chrome).await;
}

async fn pages_of_text_can_be_read_on_every_screen(app: TestApp) {
    let chrome = Chrome::start().await;
    for (width, scheme) in SCREENS {
        chrome.emulate(width, scheme).await;
        for page in ["guide", "problems"] {
            chrome.open(&format!("{}/docs/{page}", app.base)).await;
            check_looks(&chrome, &format!("{page}, {width}, {scheme}")).await;
        }
    }
    check_logs(&app.base, &chrome).await;
}
