//! The page of problems: one entry for each error code, and one for each code of a fault.

use crate::{controllers::problem_example, error::code::ErrorCode, models::violation::RULES};

/// The page's content in HTML. `address` is that of the page, which the examples have.
pub fn html(address: &str) -> String {
    let contents = ErrorCode::ALL.iter().map(|code| {
        let (name, status) = (code.as_str(), code.status().as_u16());
        format!("<li><a href=\"#{name}\">{name}</a> <small>{status}</small></li>\n")
    });
    let entries = ErrorCode::ALL.iter().map(|code| entry(*code, address));
    let rules = RULES.map(|(code, meaning)| {
        format!(
            "<tr><td><code>{code}</code></td><td>{}</td></tr>\n",
            escape(meaning)
        )
    });
    include_str!("problems.html")
        .replace("{contents}", &contents.collect::<String>())
        .replace("{entries}", &entries.collect::<String>())
        .replace("{rules}", &rules.concat())
}

fn entry(code: ErrorCode, address: &str) -> String {
    let entry = code.entry();
    let causes = causes(code).iter();
    let causes: String = causes
        .map(|cause| format!("<li>{}</li>\n", escape(cause)))
        .collect();
    let causes = if causes.is_empty() {
        causes
    } else {
        format!("<ul>\n{causes}</ul>\n")
    };
    let example = problem_example::of(code, address);
    format!(
        "<section id=\"{code}\">\n<h2><code>{code}</code> <small>{status} {title}</small></h2>\n<p>{meaning}</p>\n{causes}<p><strong>What to do:</strong> {remedy}</p>\n<pre><code>{example}</code></pre>\n</section>\n",
        code = entry.code,
        status = entry.status.as_u16(),
        title = escape(entry.title),
        meaning = escape(entry.meaning),
        remedy = escape(entry.remedy),
        example = escape(&format!("{example:#}")),
    )
}

/// Causes that the meaning of a code does not name.
fn causes(code: ErrorCode) -> &'static [&'static str] {
    match code {
        ErrorCode::MalformedRequest => &[
            "The JSON is cut, or has a comma too many.",
            "The body is not valid UTF-8, or did not arrive in full or in time.",
        ],
        ErrorCode::InvalidToken => &[
            "An access token has expired, some minutes after it was issued.",
            "Its session has ended: by a logout, a change of the password, or a refresh token that was used again too late.",
            "The e-mail address of its account has changed, or the account was deleted.",
            "It was cut or changed on its way, or another service has issued it.",
        ],
        ErrorCode::InsufficientScope => &[
            "A personal access token without tasks:write changes a task, or one without tasks:read reads one; neither includes the other.",
            "A personal access token is used under /auth, where it may only GET /auth/me.",
        ],
        ErrorCode::NotFound => &[
            "The task is in the trash: it is found under /trash alone.",
            "The id is not a positive whole number.",
            "The path has a slash too many.",
        ],
        ErrorCode::Conflict => &[
            "Another task has this external_id: conflicting_id is the id of that task.",
            "A task is restored whose external_id another task has taken meanwhile.",
        ],
        ErrorCode::VersionMismatch => &[
            "Another request has changed the task since you read it.",
            "A proxy has made the tag weak (W/\"…\") or appended to it.",
            "The operator has restored a backup, which makes all tags new.",
        ],
        ErrorCode::TooManyRequests => &[
            "Too many wrong passwords for an account from one address, or for many accounts from one address. The right password is refused too until then; tokens go on working.",
            "Too many registrations from one address.",
        ],
        ErrorCode::Unavailable => &[
            "A write that was answered with this may have been done: send it again with the same Idempotency-Key.",
        ],
        _ => &[],
    }
}

/// `text` as the text of an HTML element.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
