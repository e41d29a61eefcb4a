//! What is under `/docs`, and the document: compressed where the client takes that, and sent once.

use reqwest::Method;

use crate::{
    cases,
    support::{
        answer::Answer,
        app::TestApp,
        client::{Client, send},
        runner::Engine,
    },
};

cases![
    content_is_compressed_for_whom_takes_it,
    what_the_client_has_is_not_sent_again,
    files_that_a_page_names_are_kept_for_good,
    a_page_for_other_origins_varies_by_both,
];

const PATHS: [&str; 6] = [
    "/docs",
    "/docs/",
    "/docs/guide",
    "/docs/problems",
    "/docs/docs.js",
    "/openapi.json",
];

async fn get(client: &Client, path: &str, headers: &[(&str, &str)]) -> Answer {
    client.call(Method::GET, path, headers, None).await
}

/// What a cache keeps of an answer (RFC 9110 section 15.4.5).
fn kept(answer: &Answer) -> [Option<&str>; 3] {
    ["etag", "cache-control", "vary"].map(|name| answer.header(name))
}

async fn content_is_compressed_for_whom_takes_it(app: TestApp) {
    let client = app.anonymous();
    for path in PATHS {
        let plain = get(&client, path, &[]).await.expect(200);
        assert_eq!(plain.header("content-encoding"), None, "{path}");
        for (accepted, is_compressed) in [
            ("gzip, deflate, br, zstd", true),
            ("gzip", true),
            ("br;q=1, gzip;q=0.5", true),
            ("gzip;q=0", false),
            ("identity", false),
            ("br", false),
            ("", false),
            ("gzip;q=0.2, identity;q=0.9", false),
            // No form is acceptable: it comes as it is (RFC 9110 section 12.5.3).
            ("br, *;q=0", false),
        ] {
            let answer = get(&client, path, &[("accept-encoding", accepted)]).await;
            let answer = answer.expect(200);
            let coding = is_compressed.then_some("gzip");
            assert_eq!(answer.header("content-encoding"), coding, "{accepted}");
            assert_eq!(answer.header("vary"), Some("accept-encoding"));
            assert_eq!(answer.header("content-type"), plain.header("content-type"));
            let same = answer.header("etag") == plain.header("etag");
            assert_eq!(same, !is_compressed, "a tag for each coding");
            if is_compressed {
                assert!(answer.body.starts_with(&[0x1f, 0x8b]));
                assert!(answer.body.len() < plain.body.len(), "{path}");
            } else {
                assert_eq!(answer.body, plain.body);
            }
        }
    }
}

async fn what_the_client_has_is_not_sent_again(app: TestApp) {
    let client = app.anonymous();
    for path in PATHS {
        for accepted in ["gzip", "identity"] {
            let coding = ("accept-encoding", accepted);
            let first = get(&client, path, &[coding]).await.expect(200);
            let tag = first.header("etag").unwrap().to_owned();
            assert!(tag.starts_with('"'), "{tag} is strong");
            assert_eq!(first.header("cache-control"), Some("public, no-cache"));
            for known in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
                let again = get(&client, path, &[coding, ("if-none-match", &known)]).await;
                let again = again.expect(304);
                assert!(again.body.is_empty());
                assert_eq!(kept(&again), kept(&first));
            }
            let other = get(&client, path, &[coding, ("if-none-match", "\"other\"")]).await;
            assert_eq!(other.expect(200).body, first.body);
            let head = client.request(Method::HEAD, path);
            let head = head.header("accept-encoding", accepted);
            let head = send(head).await.expect(200);
            let length = first.body.len().to_string();
            assert_eq!(head.header("content-length"), Some(&*length), "{path}");
            assert_eq!(kept(&head), kept(&first));
        }
    }
}

async fn files_that_a_page_names_are_kept_for_good(app: TestApp) {
    let client = app.anonymous();
    let mut files = 0;
    for page in ["/docs", "/docs/guide"] {
        let html = get(&client, page, &[]).await.expect(200);
        let html = String::from_utf8(html.body).unwrap();
        let is_file = |text: &&str| text.contains("docs/") && text.contains('?');
        for file in html.split('"').filter(is_file) {
            let path = format!("/docs/{}", file.rsplit('/').next().unwrap());
            let answer = get(&client, &path, &[("accept-encoding", "gzip")]).await;
            let answer = answer.expect(200);
            let cache = Some("public, max-age=31536000, immutable");
            assert_eq!(answer.header("cache-control"), cache, "{path}");
            // Of another version, the file is not kept.
            let (path, _) = path.split_once('?').unwrap();
            let other = get(&client, &format!("{path}?0123456789abcdef"), &[]).await;
            let cache = Some("public, no-cache");
            assert_eq!(other.expect(200).header("cache-control"), cache);
            files += 1;
        }
    }
    assert!(files >= 7, "{files}");
}

async fn a_page_for_other_origins_varies_by_both(engine: Engine) {
    let origin = "https://app.example";
    let app = TestApp::start(engine, &[("APP_SERVER__CORS_ORIGINS", origin)]);
    let answer = get(&app.anonymous(), "/openapi.json", &[("origin", origin)]).await;
    let vary = answer.expect(200).header("vary").unwrap().to_lowercase();
    assert!(
        vary.contains("accept-encoding") && vary.contains("origin"),
        "{vary}"
    );
}
