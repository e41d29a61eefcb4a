//! Calls the service as a user does.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{answer::Answer, documented};

pub const PASSWORD: &str = "correct horse battery staple";

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    pub token: Option<String>,
}

impl Client {
    pub fn new(base: &str) -> Self {
        Self {
            http: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .build()
                .expect("an HTTP client"),
            base: base.to_owned(),
            token: None,
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
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        Self {
            token: Some(token),
            ..self.clone()
        }
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

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::PATCH, path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
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

    /// Creates a task and returns it.
    pub async fn task(&self, title: &str) -> Value {
        let body = json!({ "title": title });
        self.post("/tasks", &body).await.expect(201).json()
    }
}

/// Sends the request, and holds the answer against the OpenAPI document.
pub async fn send(request: RequestBuilder) -> Answer {
    let (http, request) = request.build_split();
    let request = request.expect("a request");
    let (method, path) = (request.method().clone(), request.url().path().to_owned());
    let response = http.execute(request).await.expect("an answer");
    let answer = Answer::read(response).await;
    documented::check(&method, &path, &answer);
    answer
}
