//! An answer, read to its end.

use reqwest::{StatusCode, header::HeaderMap};
use serde_json::Value;

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub async fn read(response: reqwest::Response) -> Self {
        Self {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.bytes().await.expect("a whole body").to_vec(),
        }
    }

    /// The body as JSON; null where there is none.
    pub fn json(&self) -> Value {
        match self.body.as_slice() {
            [] => Value::Null,
            body => serde_json::from_slice(body).unwrap_or_else(|_| panic!("no JSON: {self:?}")),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The entity tag of a task, which must be one of `version`.
    #[track_caller]
    pub fn tag_of(&self, version: i64) -> &str {
        let tag = self.header("etag").expect("an entity tag");
        let epoch = tag.strip_prefix(&format!("\"{version}."));
        let epoch = epoch.and_then(|rest| rest.strip_suffix('"'));
        let is_epoch = |text: &str| text.len() == 8 && text.bytes().all(|b| b.is_ascii_hexdigit());
        assert!(epoch.is_some_and(is_epoch), "{tag}, not of {version}");
        tag
    }

    /// Target of `rel="next"`.
    pub fn next(&self) -> Option<String> {
        let link = self.header("link")?;
        let target = link.strip_prefix('<')?.strip_suffix(">; rel=\"next\"")?;
        Some(target.to_owned())
    }

    /// The answer itself, if it has `status`.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(
            self.status.as_u16(),
            status,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        self
    }

    /// Checks that it is a problem of `status` and `code`, with everything that a problem has.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        let answer = self.expect(status);
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
        let problem = answer.json();
        assert_eq!(problem["status"], status);
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["type"], format!("/docs/problems#{code}"));
        assert_eq!(
            problem["request_id"].as_str(),
            answer.header("x-request-id")
        );
        assert!(problem["title"].is_string());
        is_plain(&problem["detail"]);
        let validation = code == "validation_failed";
        assert_eq!(problem.get("errors").is_some(), validation, "{problem}");
        problem
    }

    /// The faults of a 422 as `place code`, in their order.
    #[track_caller]
    pub fn faults(self) -> Vec<String> {
        let problem = self.problem(422, "validation_failed");
        let errors = problem["errors"].as_array().unwrap();
        errors
            .iter()
            .map(|error| {
                let places = ["pointer", "parameter", "header"];
                let named: Vec<&str> = places.iter().filter_map(|p| error[p].as_str()).collect();
                let [place] = named[..] else {
                    panic!("one place an entry: {error}")
                };
                is_plain(&error["detail"]);
                format!("{place} {}", error["code"].as_str().unwrap())
            })
            .collect()
    }
}

/// What is said to people begins with a small letter, whoever says it, and has no full stop.
#[track_caller]
fn is_plain(detail: &Value) {
    let detail = detail.as_str().expect("text");
    assert!(detail.starts_with(char::is_lowercase), "{detail}");
    assert!(!detail.ends_with('.'), "{detail}");
}
