//! Code samples of operations, made from their examples: curl, JavaScript and Python. The access token is in a variable
//! `TOKEN`. The page loads them; in the document they would be a fifth of what every generator reads.

use serde_json::{Map, Value, json};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// Where the service is if it has no public URL.
const LOCAL: &str = "http://localhost:8000";

/// A request with the operation's examples in it.
struct Request<'a> {
    method: &'a str,
    url: String,
    needs_token: bool,
    json: Option<&'a Value>,
    form: Option<&'a Map<String, Value>>,
    answers_json: bool,
}

/// The samples of every operation of the OpenAPI `document`, by its id; `root` is the address to which paths are appended.
pub fn all(document: &Value, root: &str) -> Value {
    let root = if root == "/" { LOCAL } else { root };
    let mut all = Map::new();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let url = format!("{root}{}", with_examples(path, operation, document));
            let id = operation["operationId"].as_str().unwrap_or_default();
            all.insert(id.to_owned(), samples(method, url, operation));
        }
    }
    all.into()
}

fn samples(method: &str, url: String, operation: &Value) -> Value {
    let content = operation.pointer("/requestBody/content");
    let body = |media_type: &str| example(content?.get(media_type)?);
    let success = operation["responses"].as_object();
    let success =
        success.and_then(|responses| responses.iter().find(|(code, _)| code.starts_with('2')));
    let request = Request {
        method,
        url,
        needs_token: operation["security"]
            .as_array()
            .is_some_and(|schemes| !schemes.is_empty()),
        json: body(JSON),
        form: body(FORM).and_then(Value::as_object),
        answers_json: success.is_some_and(|(_, response)| response.get("content").is_some()),
    };
    json!([
        { "lang": "Shell", "source": request.curl() },
        { "lang": "JavaScript", "source": request.javascript() },
        { "lang": "Python", "source": request.python() },
    ])
}

/// The example of a media type, the first where there are several.
fn example(media_type: &Value) -> Option<&Value> {
    let several = || {
        media_type["examples"]
            .as_object()?
            .values()
            .next()?
            .get("value")
    };
    media_type.get("example").or_else(several)
}

fn with_examples(path: &str, operation: &Value, document: &Value) -> String {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let parameters = parameters.filter_map(|parameter| match parameter["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')),
        None => Some(parameter),
    });
    let in_path = parameters.filter(|parameter| parameter["in"] == "path");
    in_path.fold(path.to_owned(), |path, parameter| {
        let name = parameter["name"].as_str().unwrap_or_default();
        let value = match &parameter["example"] {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        path.replace(&format!("{{{name}}}"), &value)
    })
}

impl Request<'_> {
    fn curl(&self) -> String {
        let mut parts = vec!["curl".to_owned()];
        let implied = if self.json.is_some() || self.form.is_some() {
            "post"
        } else {
            "get"
        };
        if self.method != implied {
            parts.push(format!("-X {}", self.method.to_uppercase()));
        }
        if !self.answers_json {
            parts.push("-i".to_owned());
        }
        parts.push(self.url.clone());
        if self.needs_token {
            parts.push("-H \"Authorization: Bearer $TOKEN\"".to_owned());
        }
        if let Some(body) = self.json {
            parts.push(format!("--json {}", quoted(&literal(body, &JSON_WORDS))));
        }
        let fields = self.fields();
        parts.extend(fields.map(|(name, value)| {
            format!("--data-urlencode {}", quoted(&format!("{name}={value}")))
        }));
        parts.join(" ")
    }

    fn javascript(&self) -> String {
        let mut options = Vec::new();
        if self.method != "get" {
            options.push(format!("method: \"{}\"", self.method.to_uppercase()));
        }
        let mut headers = Vec::new();
        if self.needs_token {
            headers.push("Authorization: `Bearer ${TOKEN}`");
        }
        if self.json.is_some() {
            headers.push("\"Content-Type\": \"application/json\"");
        }
        if !headers.is_empty() {
            options.push(format!("headers: {{ {} }}", headers.join(", ")));
        }
        if let Some(body) = self.json {
            let body = literal(body, &JSON_WORDS);
            options.push(format!("body: JSON.stringify({body})"));
        }
        if self.form.is_some() {
            let form = literal(&self.fields().collect(), &JSON_WORDS);
            options.push(format!("body: new URLSearchParams({form})"));
        }
        let options = match &options[..] {
            [] => String::new(),
            some => format!(", {{\n  {},\n}}", some.join(",\n  ")),
        };
        let shown = if self.answers_json {
            "await response.json()"
        } else {
            "response.status"
        };
        let url = &self.url;
        format!("const response = await fetch(\"{url}\"{options});\nconsole.log({shown});")
    }

    fn python(&self) -> String {
        let mut arguments = vec![format!("\"{}\"", self.url)];
        if self.needs_token {
            arguments.push("headers={\"Authorization\": f\"Bearer {TOKEN}\"}".to_owned());
        }
        if let Some(body) = self.json {
            arguments.push(format!("json={}", literal(body, &PYTHON_WORDS)));
        }
        if self.form.is_some() {
            let form = literal(&self.fields().collect(), &PYTHON_WORDS);
            arguments.push(format!("data={form}"));
        }
        let arguments = match &arguments[..] {
            [url] => url.clone(),
            several => format!("\n    {},\n", several.join(",\n    ")),
        };
        let shown = if self.answers_json {
            "json()"
        } else {
            "status_code"
        };
        let method = self.method;
        format!(
            "import requests\n\nresponse = requests.{method}({arguments})\nprint(response.{shown})"
        )
    }

    /// The fields of the form that have a value.
    fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let fields = self.form.into_iter().flatten();
        let fields = fields.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
        fields.filter(|(_, value)| !value.is_empty())
    }
}

/// How a language writes null, true and false.
type Words = [&'static str; 3];
const JSON_WORDS: Words = ["null", "true", "false"];
const PYTHON_WORDS: Words = ["None", "True", "False"];

/// `value` in JavaScript's and JSON's, or in Python's notation, which are the same but for some words.
fn literal(value: &Value, words: &Words) -> String {
    let [null, yes, no] = *words;
    match value {
        Value::Null => null.to_owned(),
        Value::Bool(true) => yes.to_owned(),
        Value::Bool(false) => no.to_owned(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| literal(item, words)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let members = members.iter();
            let members = members.map(|(name, value)| {
                format!("{}: {}", Value::from(name.as_str()), literal(value, words))
            });
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// One word of a shell's command.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(root: &str, method: &str, path: &str, operation: Value) -> String {
        let mut document = json!({
            "components": { "parameters": { "Id": { "in": "path", "name": "id", "example": 7 } } },
        });
        document["paths"][path][method] = operation;
        let samples = all(&document, root);
        let samples = samples["tried"].as_array().unwrap().iter();
        let sources: Vec<&str> = samples.map(|it| it["source"].as_str().unwrap()).collect();
        sources.join("\n--\n")
    }

    #[test]
    fn a_sample_has_the_examples_in_it() {
        let operation = json!({
            "operationId": "tried",
            "parameters": [{ "$ref": "#/components/parameters/Id" }],
            "requestBody": { "content": { JSON: { "example": { "due_at": null, "title": "Ann's" } } } },
            "responses": { "200": { "content": {} }, "404": {} },
            "security": [{ "bearerAuth": [] }],
        });
        insta::assert_snapshot!(sources(LOCAL, "patch", "/tasks/{id}", operation), @r#"
        curl -X PATCH http://localhost:8000/tasks/7 -H "Authorization: Bearer $TOKEN" --json '{"due_at": null, "title": "Ann'\''s"}'
        --
        const response = await fetch("http://localhost:8000/tasks/7", {
          method: "PATCH",
          headers: { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json" },
          body: JSON.stringify({"due_at": null, "title": "Ann's"}),
        });
        console.log(await response.json());
        --
        import requests

        response = requests.patch(
            "http://localhost:8000/tasks/7",
            headers={"Authorization": f"Bearer {TOKEN}"},
            json={"due_at": None, "title": "Ann's"},
        )
        print(response.json())
        "#);
    }

    #[test]
    fn a_form_has_its_fields_and_an_open_operation_no_token() {
        let operation = json!({
            "operationId": "tried",
            "requestBody": { "content": { FORM: { "example": { "scope": "", "username": "a@b.c" } } } },
            "responses": { "204": {} },
        });
        let root = "https://example.com/api";
        insta::assert_snapshot!(sources(root, "post", "/auth/login", operation), @r#"
        curl -i https://example.com/api/auth/login --data-urlencode 'username=a@b.c'
        --
        const response = await fetch("https://example.com/api/auth/login", {
          method: "POST",
          body: new URLSearchParams({"username": "a@b.c"}),
        });
        console.log(response.status);
        --
        import requests

        response = requests.post(
            "https://example.com/api/auth/login",
            data={"username": "a@b.c"},
        )
        print(response.status_code)
        "#);
    }
}
