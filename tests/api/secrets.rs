//! No secret is kept, neither in the database nor in the log.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::{
    cases,
    support::{
        app::{SECRET, TestApp},
        client::{Client, PASSWORD, segment, send},
        database::TestDatabase,
        dump, personal_token,
        process::Process,
        runner::Engine,
    },
};

cases![no_secret_is_in_the_database, no_secret_is_in_the_log];

const NEXT_PASSWORD: &str = "another password, not that one";
const WRONG_PASSWORD: &str = "a password of nobody's";

/// What clients send and get that nobody else may see.
#[derive(Default)]
struct Secrets(Vec<String>);

impl Secrets {
    /// A token, and each part of it that is of use.
    fn token(&mut self, value: &Value) -> String {
        let token = value.as_str().expect("a token").to_owned();
        match token
            .split_once('_')
            .filter(|(prefix, _)| prefix.len() == 3)
        {
            Some((_, payload)) => self.0.push(payload.to_owned()),
            // The last part alone proves the others, which anyone can write.
            None => self.0.extend(token.rsplit('.').next().map(str::to_owned)),
        }
        token
    }

    /// As they might stand in bytes or in hexadecimal digits.
    fn forms(&self) -> Vec<String> {
        let decoded = |text: &String| match BASE64_URL_SAFE_NO_PAD.decode(text) {
            // An opaque token's random bits stand behind the id of its user.
            Ok(bytes) if bytes.len() == 45 => bytes[7..39].to_vec(),
            Ok(bytes) if bytes.len() == 32 => bytes,
            _ => text.as_bytes().to_vec(),
        };
        let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let texts = self.0.iter().map(|text| text.to_lowercase());
        texts
            .chain(self.0.iter().map(|text| hex(decoded(text))))
            .collect()
    }
}

async fn form(client: &Client, path: &str, pairs: &[(&str, &str)]) -> Value {
    let request = client.request(Method::POST, path).form(pairs);
    send(request).await.expect(200).json()
}

/// The life of an account, in which every kind of secret is made and used.
async fn live(client: &Client) -> (Secrets, Client) {
    let mut secrets = Secrets::default();
    for text in [PASSWORD, NEXT_PASSWORD, WRONG_PASSWORD, SECRET] {
        secrets.0.push(text.to_owned());
    }
    let account = json!({ "email": "ann@example.com", "password": PASSWORD });
    client.post("/auth/register", &account).await.expect(201);
    let login = [("username", "ann@example.com"), ("password", PASSWORD)];
    let mut pair = form(client, "/auth/login", &login).await;
    secrets.token(&pair["access_token"]);
    for _ in 0..2 {
        let token = secrets.token(&pair["refresh_token"]);
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", &*token)];
        pair = form(client, "/auth/refresh", &refresh).await;
    }
    secrets.token(&pair["refresh_token"]);
    let ann = client.with_token(&secrets.token(&pair["access_token"]));
    let (made, program) = personal_token::create(&ann, &["tasks:read", "tasks:write"]).await;
    secrets.token(&made["token"]);
    for client in [&ann, &program] {
        let request = client.request(Method::POST, "/tasks");
        let request = request
            .header("idempotency-key", "k")
            .json(&json!({ "title": "T" }));
        let answer = send(request).await;
        assert!([201, 422].contains(&answer.status.as_u16()));
    }
    let change = json!({ "current_password": PASSWORD, "new_password": NEXT_PASSWORD });
    ann.post("/auth/password", &change).await.expect(204);
    let change = json!({ "email": "eve@example.com", "current_password": NEXT_PASSWORD });
    ann.patch("/auth/me", &change).await.expect(200);
    let login = [("username", "eve@example.com"), ("password", NEXT_PASSWORD)];
    let pair = form(client, "/auth/login", &login).await;
    secrets.token(&pair["refresh_token"]);
    let ann = client.with_token(&secrets.token(&pair["access_token"]));
    // What was made last is in the database still.
    let (made, _) = personal_token::create(&ann, &["tasks:read"]).await;
    secrets.token(&made["token"]);
    let wrong = json!({ "current_password": WRONG_PASSWORD, "new_password": NEXT_PASSWORD });
    ann.post("/auth/password", &wrong).await.expect(422);
    let wrong = client.try_log_in("eve@example.com", WRONG_PASSWORD).await;
    wrong.expect(401);
    (secrets, ann)
}

async fn no_secret_is_in_the_database(app: TestApp) {
    let (secrets, _) = live(&app.anonymous()).await;
    let tables = dump::tables(&app.database);
    let dumps: Vec<_> = tables
        .iter()
        .map(|name| (name, dump::table(&app.database, name)))
        .collect();
    let holds = |text: &str| dumps.iter().any(|(_, dump)| dump.contains(text));
    // The look is sharp enough to see what is there.
    assert!(holds("eve@example.com") && holds("$2b$04$") && holds("a program"));
    for table in ["users", "sessions", "refresh_tokens", "personal_tokens"] {
        let dump = dumps.iter().find(|(name, _)| *name == table);
        assert!(dump.is_some_and(|(_, dump)| !dump.is_empty()), "{table}");
    }
    for secret in secrets.forms() {
        for (name, dump) in &dumps {
            assert!(!dump.contains(&secret), "{secret} is in {name}");
        }
    }
    // Nor where SQLite writes before, and what it has not written over since.
    let files = dump::files(&app.database);
    let found = |text: &str| {
        let mut windows = files.windows(text.len());
        windows.any(|window| window == text.as_bytes())
    };
    assert_eq!(found("eve@example.com"), app.engine == Engine::Sqlite);
    for secret in &secrets.0 {
        assert!(!found(secret), "{secret} is in the file");
    }
}

async fn no_secret_is_in_the_log(engine: Engine) {
    let database = TestDatabase::create(engine);
    let folder = tempdir().unwrap();
    let url = database.url();
    let variables = [
        ("DATABASE_URL", &*url),
        ("APP_SERVER__PORT", "0"),
        ("APP_AUTH__BCRYPT_COST", "4"),
        ("APP_AUTH__JWT_SECRETS", SECRET),
        ("RUST_LOG", "debug,task_api=trace"),
    ];
    let service = Process::start(folder.path(), &variables);
    let client = Client::new(&service.base);
    let (mut secrets, ann) = live(&client).await;
    let token = ann.token.clone().unwrap();
    secrets.0.push("a-basic-password".to_owned());
    misplace(&client, &token).await;
    let personal = secrets.0.iter().rfind(|text| text.len() == 60);
    misplace(&client, &format!("tma_{}", personal.unwrap())).await;
    // A failure of the database, at each place where secrets are at hand.
    database.execute("ALTER TABLE sessions RENAME TO hidden_sessions");
    database.execute("ALTER TABLE personal_tokens RENAME TO hidden_tokens");
    let fresh = [("username", "eve@example.com"), ("password", NEXT_PASSWORD)];
    let login = client.request(Method::POST, "/auth/login").form(&fresh);
    send(login).await.expect(500);
    database.execute("ALTER TABLE users RENAME TO hidden_users");
    let account = json!({ "email": "bob@example.com", "password": PASSWORD });
    client.post("/auth/register", &account).await.expect(500);
    // Whatever it says by itself once the requests are done is said before this line.
    let last = client.request(Method::GET, "/health/live");
    let last = last.header("x-request-id", "the-last-request");
    send(last).await.expect(200);
    let log = service.rest_of_log();
    assert!(log.contains("request_id=the-last-request"), "{log}");
    assert!(log.contains("route=/auth/login status=401"), "{log}");
    assert!(log.contains("code=internal_error"), "{log}");
    let lower = log.to_lowercase();
    for secret in secrets.forms().iter().chain([&"$2b$".to_owned()]) {
        let line = lower.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret}: {line:?}");
    }
}

/// Sends a token where it does not belong.
async fn misplace(client: &Client, token: &str) {
    let get = async |path: &str| client.get(path).await;
    for path in [
        "/tasks",
        "/auth/me",
        "/auth/login",
        "/nothing",
        "/docs/none",
    ] {
        get(&format!("{path}?access_token={token}")).await;
    }
    for path in ["/tasks", "/labels", "/auth/tokens", "/docs", "/nothing"] {
        get(&format!("{path}/{token}")).await;
    }
    let mistyped = client.with_token(&format!("{token}x"));
    mistyped.get("/tasks").await.expect(401);
    let right = client.with_token(token);
    right.get(&format!("/tasks?q={token}")).await;
    right.get(&format!("/tasks?{token}=1")).await.expect(422);
    right.delete(&format!("/labels/{}", segment(token))).await;
    right.post("/tasks", &json!({ (token): 1 })).await;
    right
        .post("/tasks", &json!({ "title": { "x": token } }))
        .await;
    let urlencoded = "application/x-www-form-urlencoded";
    for form in [
        format!("access_token={token}"),
        format!("username={token}&password={token}"),
        format!("grant_type={token}&refresh_token={token}"),
        format!("grant_type=refresh_token&refresh_token={token}"),
        format!("{token}=%FF"),
    ] {
        for path in ["/auth/login", "/auth/refresh"] {
            client.raw(Method::POST, path, urlencoded, &form).await;
        }
    }
    let broken = format!("{{\"email\": \"{token}\" \"password\": \"{PASSWORD}\"");
    for media_type in ["application/json", "text/plain", urlencoded] {
        let path = "/auth/register";
        client.raw(Method::POST, path, media_type, &broken).await;
    }
    let multipart =
        format!("--x\r\ncontent-disposition: form-data; name=\"{token}\"\r\n\r\n{token}");
    let media_type = "multipart/form-data; boundary=x";
    client
        .raw(Method::POST, "/auth/login", media_type, &multipart)
        .await;
    for line in [
        format!("Basic {token}"),
        format!("Bearer {token} {token}"),
        token.to_owned(),
        format!("Token {token}"),
    ] {
        let request = client.request(Method::GET, "/tasks");
        send(request.header("authorization", line))
            .await
            .expect(401);
    }
    let basic = client.request(Method::GET, "/tasks");
    let basic = basic.basic_auth("ann", Some("a-basic-password"));
    send(basic).await.expect(401);
    for name in [
        "cookie",
        "x-api-key",
        "user-agent",
        "referer",
        "if-none-match",
    ] {
        let request = client.request(Method::GET, "/auth/me").header(name, token);
        send(request).await;
    }
}
