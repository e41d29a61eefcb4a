//! `/openapi.json` as generators of clients and other tools read it. Each of these broke one of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    cases,
    support::{
        app::TestApp,
        documented::{document, for_each, operations, query, resolve},
    },
};

cases![
    a_body_has_one_media_type_and_the_others_are_taken,
    a_default_stands_in_words,
    no_answer_is_a_set,
    a_failure_is_a_shared_response,
    a_code_tells_the_members_of_a_problem,
    a_batch_has_named_operations_and_results,
    alternatives_have_a_name_and_a_plain_type,
    enums_are_shared_and_the_keys_of_an_order_have_names,
    every_pattern_is_one_everywhere,
];

/// Two of one schema become two functions, or two variables, of one name.
async fn a_body_has_one_media_type_and_the_others_are_taken(app: TestApp) {
    let mut others = Vec::new();
    for (name, operation) in operations() {
        let body = &operation["requestBody"];
        let Some(content) = body["content"].as_object() else {
            continue;
        };
        assert_eq!(content.len(), 1, "{name}");
        let media_type = content.keys().next().unwrap();
        let form = ["post /auth/login", "post /auth/refresh"].contains(&&*name);
        let expected = if form {
            "application/x-www-form-urlencoded"
        } else {
            "application/json"
        };
        assert_eq!(media_type, expected, "{name}");
        let words = body["description"].as_str().unwrap_or_default();
        let named = [
            "multipart/form-data",
            "application/json",
            "application/merge-patch+json",
        ];
        for other in named.iter().filter(|other| words.contains(**other)) {
            others.push(format!("{name} {other}"));
        }
    }
    let patches = ["/auth/me", "/tasks/{id}", "/labels/{name}"];
    for path in patches {
        let expected = format!("patch {path} application/merge-patch+json");
        assert!(others.contains(&expected), "{others:?}");
    }
    for path in ["/auth/login", "/auth/refresh"] {
        let expected = format!("post {path} multipart/form-data");
        assert!(others.contains(&expected), "{others:?}");
    }
    let ann = app.user("ann").await;
    let path = format!("/tasks/{}", ann.task("T").await["id"]);
    let patch = r#"{"title":"U"}"#;
    let merged = ann
        .raw(
            reqwest::Method::PATCH,
            &path,
            "application/merge-patch+json",
            patch,
        )
        .await;
    assert_eq!(merged.expect(200).json()["title"], "U");
}

/// As a keyword, it makes a member required in one generator, and is sent unasked by another.
async fn a_default_stands_in_words(_: TestApp) {
    let mut document = document().clone();
    for_each(&mut document, &mut |value| {
        assert!(value.get("default").is_none(), "{value}");
    });
    let create = &document["components"]["schemas"]["CreateTask"]["properties"];
    for (member, default) in [
        ("status", "`todo`"),
        ("priority", "`medium`"),
        ("labels", "`[]`"),
    ] {
        let description = create[member]["description"].as_str().unwrap();
        assert!(
            description.ends_with(&format!("Default: {default}.")),
            "{description}"
        );
    }
    for (name, default) in [
        ("limit", "`50`"),
        ("include_total", "`false`"),
        ("sort", "`-id`"),
    ] {
        let parameter = query("/tasks", name);
        let description = parameter["description"].as_str().unwrap();
        assert!(
            description.ends_with(&format!("Default: {default}.")),
            "{description}"
        );
    }
}

async fn no_answer_is_a_set(_: TestApp) {
    let mut seen = BTreeSet::new();
    for (name, operation) in operations() {
        for response in operation["responses"].as_object().unwrap().values() {
            let mut response = resolve(response).clone();
            expand(&mut response, &mut seen);
            for_each(&mut response, &mut |value| {
                assert!(value.get("uniqueItems").is_none(), "{name}: {value}");
            });
        }
    }
    assert!(
        seen.contains("#/components/schemas/PersonalToken"),
        "{seen:?}"
    );
}

async fn a_failure_is_a_shared_response(_: TestApp) {
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, operation) in operations() {
        for (status, response) in operation["responses"].as_object().unwrap() {
            if status.as_str() >= "400" {
                let reference = response["$ref"].as_str();
                let reference = reference.unwrap_or_else(|| panic!("{name} {status}"));
                *uses.entry(reference).or_default() += 1;
            }
        }
    }
    assert!(uses.values().sum::<usize>() > 200, "{uses:?}");
    assert!(uses.len() < 30, "{uses:?}");
    // None is there twice, and none for nothing.
    let responses = document()["components"]["responses"].as_object().unwrap();
    let distinct: BTreeSet<String> = responses.values().map(Value::to_string).collect();
    assert_eq!(distinct.len(), responses.len());
    let text = document()["paths"].to_string();
    for name in responses.keys() {
        assert!(text.contains(&format!("/responses/{name}\"")), "{name}");
    }
}

/// A program that looks at `code` knows what else is there: no two of the schemas that an answer may have share a code.
async fn a_code_tells_the_members_of_a_problem(_: TestApp) {
    let mut unions = 0;
    let mut own = BTreeMap::new();
    for (name, operation) in operations() {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let content = &resolve(response)["content"]["application/problem+json"];
            let schema = resolve(&content["schema"]);
            let parts: Vec<&Value> = match schema["oneOf"].as_array() {
                Some(parts) => parts.iter().collect(),
                None if schema.is_object() => vec![schema],
                None => continue,
            };
            unions += usize::from(parts.len() > 1);
            let mut codes = BTreeSet::new();
            for part in parts {
                let problem = resolve(part);
                assert!(problem.get("allOf").is_none(), "{part}");
                let required = problem["required"].as_array().unwrap();
                for code in problem["properties"]["code"]["enum"].as_array().unwrap() {
                    assert!(codes.insert(code.as_str()), "{name} {status}: {code}");
                    let members = ["errors", "current"];
                    let members = members.into_iter().filter(|m| required.contains(&json!(m)));
                    own.insert(code.as_str().unwrap(), members.collect::<Vec<_>>());
                }
            }
            if status == "422" {
                let first = resolve(schema["oneOf"].get(0).unwrap_or(schema));
                let codes = &first["properties"]["code"]["enum"];
                assert_eq!(codes, &json!(["validation_failed"]), "{name}");
            }
        }
    }
    assert!(unions > 5, "{unions}");
    for (code, members) in own {
        let expected: &[&str] = match code {
            "validation_failed" => &["errors"],
            "version_mismatch" => &["current"],
            _ => &[],
        };
        assert_eq!(members, expected, "{code}");
    }
}

async fn a_batch_has_named_operations_and_results(_: TestApp) {
    let schemas = &document()["components"]["schemas"];
    let operation = &schemas["BatchOperation"];
    assert_eq!(operation["discriminator"]["propertyName"], "op");
    let mapping = operation["discriminator"]["mapping"].as_object().unwrap();
    let alternatives = operation["oneOf"].as_array().unwrap();
    let kinds: Vec<&String> = mapping.keys().collect();
    assert_eq!(kinds, ["create", "update", "delete", "restore", "move"]);
    for ((kind, name), alternative) in mapping.iter().zip(alternatives) {
        assert_eq!(&alternative["$ref"], name);
        let schema = resolve(alternative);
        assert_eq!(schema["properties"]["op"]["enum"], json!([kind]));
        assert_eq!(schema["required"][0], "op");
    }
    // A discriminator that is a number breaks generators. Some of those that have none take the first that fits.
    let result = &schemas["BatchResult"];
    assert!(result.get("discriminator").is_none());
    let required = result["oneOf"].as_array().unwrap().iter().map(|part| {
        let schema = resolve(part);
        assert!(part["$ref"].is_string(), "{part}");
        let names = schema["required"].as_array().unwrap().iter();
        names.map(|name| name.as_str().unwrap()).collect::<Vec<_>>()
    });
    let expected = [&["status", "task"][..], &["status", "problem"], &["status"]];
    assert_eq!(required.collect::<Vec<_>>(), expected);
}

/// Alternatives without a name are called after an operation that has them. Where a language has no unions, they become one
/// class, in which the last one's values would be the only ones of the member that tells them apart.
async fn alternatives_have_a_name_and_a_plain_type(_: TestApp) {
    let mut count = 0;
    for_each(&mut document().clone(), &mut |value| {
        count += usize::from(value["oneOf"].is_array());
    });
    // The fifth is an operation of a batch that has either of two members.
    assert_eq!(count, 4);
    let schemas = &document()["components"]["schemas"];
    assert!(schemas["BatchOperation"]["oneOf"].is_array());
    let expected = [
        ("BatchResult", "status", "integer"),
        ("OperationProblem", "code", "string"),
        ("UnprocessableProblem", "code", "string"),
    ];
    for (name, tag, kind) in expected {
        assert!(schemas[name]["oneOf"].is_array(), "{name}");
        assert_eq!(
            schemas[name]["properties"],
            json!({ tag: { "type": kind } }),
            "{name}"
        );
    }
    let mapping = schemas["OperationProblem"]["discriminator"]["mapping"]
        .as_object()
        .unwrap();
    for (code, name) in mapping {
        let schema = document()
            .pointer(name.as_str().unwrap().trim_start_matches('#'))
            .unwrap();
        let codes = schema["properties"]["code"]["enum"].as_array().unwrap();
        assert!(codes.contains(&json!(code)), "{code}");
    }
    assert_eq!(
        mapping["version_mismatch"],
        "#/components/schemas/VersionMismatchProblem"
    );
}

async fn enums_are_shared_and_the_keys_of_an_order_have_names(_: TestApp) {
    let schemas = document()["components"]["schemas"].as_object().unwrap();
    let mut inline = BTreeMap::new();
    let mut copy = document().clone();
    // Problems stand by themselves.
    for name in ["Problem", "ValidationProblem"] {
        copy["components"]["schemas"][name].take();
    }
    for_each(&mut copy, &mut |value| {
        if value["enum"]
            .as_array()
            .is_some_and(|names| names.len() > 1)
        {
            *inline.entry(value["enum"].to_string()).or_insert(0) += 1;
        }
    });
    let repeated: Vec<_> = inline.iter().filter(|(_, count)| **count > 1).collect();
    assert!(repeated.is_empty(), "{repeated:?}");
    for name in ["Status", "Priority", "Scope"] {
        assert!(schemas.contains_key(name), "{name}");
    }
    let sort = &query("/tasks", "sort")["schema"]["items"];
    let (keys, names) = (&sort["enum"], &sort["x-enum-varnames"]);
    let (keys, names) = (keys.as_array().unwrap(), names.as_array().unwrap());
    assert_eq!(keys.len(), names.len());
    let pairs: Vec<_> = keys.iter().zip(names).take(2).collect();
    assert_eq!(
        pairs,
        [
            (&json!("id"), &json!("ID")),
            (&json!("-id"), &json!("ID_DESC"))
        ]
    );
    let distinct: BTreeSet<String> = names.iter().map(Value::to_string).collect();
    assert_eq!(distinct.len(), names.len());
}

/// In ECMAScript, also between slashes; RE2, PCRE, Python, .NET and Java; and in the source of any language.
async fn every_pattern_is_one_everywhere(_: TestApp) {
    let mut patterns = BTreeSet::new();
    let mut copy = document().clone();
    for_each(&mut copy, &mut |value| {
        if let Some(pattern) = value["pattern"].as_str() {
            patterns.insert(pattern.to_owned());
        }
    });
    assert!(patterns.len() > 4, "{patterns:?}");
    for pattern in patterns {
        // The dialect of RE2.
        regex::Regex::new(&pattern).expect("it compiles");
        assert!(
            pattern.starts_with('^') && pattern.ends_with('$'),
            "{pattern}: some match from the start, some match all"
        );
        assert!(
            pattern.chars().all(|c| (' '..='~').contains(&c)),
            "{pattern}"
        );
        let mut previous = ' ';
        for character in pattern.chars() {
            let is_escaped = previous == '\\';
            let breaks_source =
                matches!(character, '\'' | '"' | '`') || character == '/' && !is_escaped;
            assert!(!breaks_source, "{pattern}: {character}");
            // Escapes that all have: no `\u`, `\p`, `\d` (of which digits?), and no NUL.
            if is_escaped {
                assert!(r"trnsSx\/.*+?^$|-()[]{}".contains(character), "{pattern}");
            }
            // A lone backslash behind one is no escape.
            previous = if is_escaped { ' ' } else { character };
        }
        for absent in [r"\x00", "(?=", "(?!", "(?<", "(?P", "(?i"] {
            assert!(!pattern.contains(absent), "{pattern}: {absent}");
        }
    }
}

/// Puts what is referred to in the place of the references, each once.
fn expand(value: &mut Value, seen: &mut BTreeSet<String>) {
    if let Some(reference) = value["$ref"].as_str().map(str::to_owned) {
        let target = document().pointer(reference.trim_start_matches('#'));
        if seen.insert(reference) {
            *value = target.expect("a target").clone();
        }
    }
    match value {
        Value::Object(members) => members.values_mut().for_each(|value| expand(value, seen)),
        Value::Array(items) => items.iter_mut().for_each(|value| expand(value, seen)),
        _ => {}
    }
}
