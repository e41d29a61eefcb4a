//! The page of problems: one entry for each error code, and one for each code of a fault.

use crate::{error::code::ErrorCode, models::violation};

/// The page's content in HTML.
pub fn html() -> String {
    let entries = ErrorCode::ALL.iter().map(|code| {
        let entry = code.entry();
        format!(
            "<section id=\"{code}\"><h2><code>{code}</code> <small>{status}</small></h2><p>{meaning}</p><p><strong>What to do:</strong> {remedy}</p></section>\n",
            code = entry.code,
            status = entry.status.as_u16(),
            meaning = entry.meaning,
            remedy = entry.remedy,
        )
    });
    let codes = violation::CODES.map(|code| format!("<code>{code}</code>"));
    include_str!("problems.html")
        .replace("{entries}", &entries.collect::<String>())
        .replace("{codes}", &codes.join(", "))
}
