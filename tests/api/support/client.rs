//! Calls the service as a user does.

use std::time::{Duration, Instant};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{TimeDelta, Utc};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{answer::Answer, documented};

pub const PASSWORD: &str = "correct horse battery staple";

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    pub token: Option<String>,
    pub refresh_token: Option<String>,
}

impl Client {
    pub fn new(base: &str) -> Self {
        Self {
            http: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                // Well before the service closes an idle connection: what is sent at that moment
                // is lost.
                .pool_idle_timeout(std::time::Duration::from_secs(1))
                .build()
                .expect("an HTTP client"),
            base: base.to_owned(),
            token: None,
            refresh_token: None,
        }
    }

    /// Registers `NAME@example.com` and logs in.
    pub async fn register_and_log_in(&self, name: &str) -> Self {
        let email = format!("{name}@example.com");
        let account = json!({ "email": email, "password": PASSWORD });
        self.post("/auth/register", &account).await.expect(201);
        self.log_in(&email, PASSWORD).await
    }

    pub async fn log_in(&self, email: &str, password: &str) -> Self {
        let answer = self.try_log_in(email, password).await.expect(200);
        self.with_pair(&answer)
    }

    /// The same client with the tokens of a login's or a refresh's answer.
    pub fn with_pair(&self, answer: &Answer) -> Self {
        let pair = answer.json();
        let member = |name: &str| Some(pair[name].as_str().unwrap().to_owned());
        Self {
            token: member("access_token"),
            refresh_token: member("refresh_token"),
            ..self.clone()
        }
    }

    /// Exchanges a refresh token. No access token goes with it: it may have expired.
    pub async fn try_refresh(&self, token: &str) -> Answer {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        let request = self.http.post(format!("{}/auth/refresh", self.base));
        send(request.form(&form)).await
    }

    /// Exchanges the client's own refresh token.
    pub async fn refresh(&self) -> Answer {
        self.try_refresh(self.refresh_token.as_deref().unwrap())
            .await
    }

    /// The same client with a new pair of tokens.
    pub async fn refreshed(&self) -> Self {
        self.with_pair(&self.refresh().await.expect(200))
    }

    /// The same client, calling another replica.
    pub fn at(&self, base: &str) -> Self {
        Self {
            base: base.to_owned(),
            ..self.clone()
        }
    }

    /// What the access token says.
    pub fn claims(&self) -> Value {
        let payload = self.token.as_deref().unwrap().split('.').nth(1).unwrap();
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
    }

    /// Id of the client's own session.
    pub async fn session(&self) -> i64 {
        let sessions = self.all("/auth/sessions").await;
        let own = sessions.iter().find(|session| session["current"] == true);
        own.expect("the session that asks")["id"].as_i64().unwrap()
    }

    /// Neither token works, at once.
    pub async fn is_out(&self) {
        self.get("/tasks").await.problem(401, "invalid_token");
        self.refresh().await.problem(401, "invalid_token");
    }

    /// Both tokens work.
    pub async fn is_in(&self) {
        self.get("/tasks").await.expect(200);
        self.refresh().await.expect(200);
    }

    /// The access token is refused to whatever is sent a second from now: another replica
    /// has ended it.
    pub async fn is_out_within_a_second(&self) {
        let since = Instant::now();
        loop {
            let waited = since.elapsed();
            let answer = self.get("/auth/me").await;
            if answer.status == 401 {
                answer.problem(401, "invalid_token");
                return;
            }
            answer.expect(200);
            assert!(waited < Duration::from_secs(1), "it works after {waited:?}");
        }
    }

    /// A personal access token with both scopes.
    pub async fn personal_token(&self) -> Value {
        let answer = self.post("/auth/tokens", &token_request()).await;
        answer.expect(201).json()
    }

    pub async fn try_log_in(&self, email: &str, password: &str) -> Answer {
        let form = [("username", email), ("password", password)];
        send(self.request(Method::POST, "/auth/login").form(&form)).await
    }

    /// The same client with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// A request with the client's credentials, to be completed and sent with [`send`].
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).json(body)).await
    }

    /// Without a body.
    pub async fn post_empty(&self, path: &str) -> Answer {
        send(self.request(Method::POST, path)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::PATCH, path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    /// A request with further headers, and JSON where there is a body.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let mut request = self.request(method, path);
        for (name, value) in headers {
            // From bytes, since a test may send what is no ASCII.
            request = request.header(*name, value.as_bytes());
        }
        send(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    /// The pages of a list from `path` on, as their links lead.
    pub async fn pages(&self, path: &str) -> Vec<Answer> {
        let mut pages: Vec<Answer> = Vec::new();
        let mut target = Some(path.to_owned());
        while let Some(path) = target {
            assert!(
                pages.len() < 1000,
                "the links of {path} lead round and round"
            );
            let page = self.get(&path).await.expect(200);
            target = page.next();
            pages.push(page);
        }
        pages
    }

    /// The items of a list on all its pages.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let pages = self.pages(path).await;
        let items = pages.iter().map(|page| page.json().as_array().cloned());
        items.flat_map(|items| items.expect("an array")).collect()
    }

    /// A body sent as it stands.
    pub async fn raw(&self, method: Method, path: &str, media_type: &str, body: &str) -> Answer {
        let request = self.request(method, path);
        send(
            request
                .header("content-type", media_type)
                .body(body.to_owned()),
        )
        .await
    }

    /// Creates a project and returns it.
    pub async fn project(&self, name: &str) -> Value {
        let body = json!({ "name": name });
        self.post("/projects", &body).await.expect(201).json()
    }

    /// Creates a task and returns it.
    pub async fn task(&self, title: &str) -> Value {
        let body = json!({ "title": title });
        self.post("/tasks", &body).await.expect(201).json()
    }
}

/// Asks for a personal access token with both scopes.
pub fn token_request() -> Value {
    let expires_at = (Utc::now() + TimeDelta::days(1)).to_rfc3339();
    let scopes = ["tasks:read", "tasks:write"];
    json!({ "name": "T", "scopes": scopes, "expires_at": expires_at })
}

/// The time so many seconds ago, as SQL.
pub fn ago(seconds: i64) -> String {
    let time = Utc::now() - TimeDelta::seconds(seconds);
    format!("'{}'", time.format("%Y-%m-%d %H:%M:%S%.6f"))
}

/// A query in a target, percent-encoded.
pub fn query(pairs: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    query.finish()
}

/// A part of a path, percent-encoded.
pub fn segment(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Sends the request, and holds the answer against the OpenAPI document.
pub async fn send(request: RequestBuilder) -> Answer {
    let (http, request) = request.build_split();
    let request = request.expect("a request");
    let (method, url) = (request.method().clone(), request.url().clone());
    let target = format!("{}?{}", url.path(), url.query().unwrap_or_default());
    let response = http.execute(request).await.expect("an answer");
    let answer = Answer::read(response).await;
    documented::check(&method, &target, &answer);
    answer
}
