//! `docs/guide.md` as a page.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

const GUIDE: &str = include_str!("../../../docs/guide.md");

/// The guide in HTML.
pub fn html() -> String {
    render(GUIDE)
}

fn render(markdown: &str) -> String {
    let mut events: Vec<Event<'_>> = Parser::new_ext(markdown, Options::ENABLE_TABLES).collect();
    name_headings(&mut events);
    drop_links_to_files(&mut events);
    let mut page = String::new();
    html::push_html(&mut page, events.into_iter());
    page
}

/// Gives each heading the id by which GitHub knows it, which the guide's own links name.
fn name_headings(events: &mut [Event<'_>]) {
    let mut name = String::new();
    // Backwards: the text of a heading is known before its start.
    for event in events.iter_mut().rev() {
        match event {
            Event::End(TagEnd::Heading(_)) => name.clear(),
            Event::Text(text) | Event::Code(text) => name.insert_str(0, text),
            Event::Start(Tag::Heading { id, .. }) => *id = Some(CowStr::from(anchor(&name))),
            _ => {}
        }
    }
}

fn anchor(heading: &str) -> String {
    let heading = heading.to_lowercase();
    let kept = heading
        .chars()
        .filter(|char| char.is_alphanumeric() || " -_".contains(*char));
    kept.map(|char| if char == ' ' { '-' } else { char })
        .collect()
}

/// Other files of the repository are not served: what leads to one stays as text.
fn drop_links_to_files(events: &mut Vec<Event<'_>>) {
    let mut in_dropped = false;
    events.retain(|event| match event {
        Event::Start(Tag::Link { dest_url, .. }) => {
            in_dropped = !dest_url.starts_with('#') && !dest_url.contains("://");
            !in_dropped
        }
        Event::End(TagEnd::Link) => !in_dropped,
        _ => true,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_have_the_anchors_that_links_name_and_only_files_are_left_out() {
        let markdown =
            "## `q` and *Pages*, again\n\n[a](#b) [c](https://d.example) [e](f.md#g) [h](#i)";
        let expected = "<h2 id=\"q-and-pages-again\"><code>q</code> and <em>Pages</em>, again</h2>\n\
            <p><a href=\"#b\">a</a> <a href=\"https://d.example\">c</a> e <a href=\"#i\">h</a></p>\n";
        assert_eq!(render(markdown), expected);
    }
}
