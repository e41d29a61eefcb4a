//! The query of lists.

use paperclip::actix::Apiv2Schema;
use percent_encoding::{CONTROLS, percent_decode_str, utf8_percent_encode};
use serde::de::DeserializeOwned;

use super::{
    cursor::{Cursor, Limit, refused},
    extract::{
        fields::{Fields, FromFields, RawInput},
        query::Query,
    },
};
use crate::{
    error::{
        AppError,
        field::{FieldError, Place},
    },
    models::{
        filter::{CommaList, TaskFilter, TimeRange},
        label::LabelName,
        priority::Priority,
        search::Search,
        sort::{Sort, SortValue},
        status::Status,
        text::ExternalId,
        time::TimeOrDate,
        violation::Violation,
    },
    services::tasks::PageRequest,
};

/// Which page of a list without filters.
#[derive(Apiv2Schema)]
pub struct PageQuery {
    pub limit: Option<Limit>,
    pub cursor: Option<Cursor>,
}

impl FromFields for PageQuery {
    fn from_fields<V: RawInput>(fields: &mut Fields<V>) -> Option<Self> {
        Some(Self {
            limit: fields.optional("limit"),
            cursor: fields.optional("cursor"),
        })
    }
}

impl Query<PageQuery> {
    /// Where the page begins, in the list `scope`. Errors: `Validation`.
    pub fn place<T: DeserializeOwned>(&self, scope: &str) -> Result<Option<T>, AppError> {
        let place = self.0.cursor.as_ref().map(|cursor| cursor.open(scope));
        place.transpose().map_err(|violation| {
            AppError::Validation(vec![FieldError {
                place: Place::parameter("cursor"),
                code: violation.code,
                detail: violation.detail,
            }])
        })
    }
}

/// Which page of which tasks in which order. The fields are the parameters; what they come to is
/// in the request.
#[derive(Apiv2Schema)]
#[expect(dead_code, reason = "they tell the document what the query may hold")]
pub struct TaskParameters {
    limit: Option<Limit>,
    cursor: Option<Cursor>,
    include_total: Option<bool>,
    status: Option<CommaList<Status>>,
    priority: Option<CommaList<Priority>>,
    label: Option<CommaList<LabelName>>,
    due_after: Option<TimeOrDate>,
    due_before: Option<TimeOrDate>,
    created_after: Option<TimeOrDate>,
    created_before: Option<TimeOrDate>,
    updated_after: Option<TimeOrDate>,
    updated_before: Option<TimeOrDate>,
    overdue: Option<bool>,
    external_id: Option<ExternalId>,
    q: Option<Search>,
    sort: Option<Sort>,
}

/// What [`TaskParameters`] come to.
pub struct TaskQuery(pub PageRequest);

impl FromFields for TaskQuery {
    fn from_fields<V: RawInput>(fields: &mut Fields<V>) -> Option<Self> {
        let limit: Option<Limit> = fields.optional("limit");
        let cursor: Option<Cursor> = fields.optional("cursor");
        let total = fields.flag("include_total").unwrap_or_default();
        let filter = filter(fields);
        let sort: Sort = fields.optional("sort").unwrap_or_default();
        if sort.needs_search() && filter.search.is_none() {
            let violation = Violation::new("choice", "can be relevance only with q");
            fields.refuse("sort", violation);
        }
        let place = cursor.and_then(|cursor| {
            let place = cursor.open::<Vec<SortValue>>(&scope(&filter, &sort));
            // The checksum is no secret: a place that no task can have may come with a right one.
            place
                .and_then(|place| match sort.fits(&place) {
                    true => Ok(place),
                    false => Err(refused()),
                })
                .map_err(|violation| fields.refuse("cursor", violation))
                .ok()
        });
        Some(Self(PageRequest {
            filter,
            sort,
            place,
            limit: limit.unwrap_or_default().get(),
            total,
        }))
    }
}

fn filter<V: RawInput>(fields: &mut Fields<V>) -> TaskFilter {
    TaskFilter {
        status: list(fields.optional("status")),
        priority: list(fields.optional("priority")),
        labels: list(fields.optional("label")),
        due: TimeRange::new(fields.optional("due_after"), fields.optional("due_before")),
        created: TimeRange::new(
            fields.optional("created_after"),
            fields.optional("created_before"),
        ),
        updated: TimeRange::new(
            fields.optional("updated_after"),
            fields.optional("updated_before"),
        ),
        overdue: fields.flag("overdue"),
        external_id: fields.optional("external_id"),
        search: fields.optional("q"),
    }
}

fn list<T>(values: Option<CommaList<T>>) -> Vec<T> {
    values.map(|list| list.0).unwrap_or_default()
}

/// Which list in which order: what a cursor is bound to.
pub fn scope(filter: &TaskFilter, sort: &Sort) -> String {
    format!("tasks {sort} {filter}")
}

/// The target of the next page: that of this one with another cursor.
pub fn next_target(path: &str, query: &str, cursor: &Cursor) -> String {
    let kept = query.split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !name.is_empty() && percent_decode_str(name).ne(*b"cursor")
    });
    let mut target = format!("{path}?");
    for pair in kept {
        // A header line holds ASCII alone.
        target.extend(utf8_percent_encode(pair, CONTROLS));
        target.push('&');
    }
    format!("{target}cursor={cursor}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::controllers::extract::query;

    #[test]
    fn the_next_page_keeps_everything_but_the_cursor() {
        let cursor = Cursor::new("", &1);
        let query = "limit=2&cursor=abc&q=%C3%A9é&&label=a&%63ursor=x";
        let target = next_target("/tasks", query, &cursor);
        assert_eq!(
            target,
            format!("/tasks?limit=2&q=%C3%A9%C3%A9&label=a&cursor={cursor}")
        );
    }

    /// Whoever reads this source can make a checksum; that is no place for it.
    #[test]
    fn a_cursor_to_no_place_is_refused() {
        let sort: Sort = "title".parse().unwrap();
        let list = scope(&TaskFilter::default(), &sort);
        let with = |place: &[SortValue]| {
            let cursor = Cursor::new(&list, &place);
            query::parse::<TaskQuery>(&format!("sort=title&cursor={cursor}"))
        };
        let (text, id) = (SortValue::Text("a".to_owned()), SortValue::Number(1));
        assert!(with(&[text.clone(), id.clone()]).is_ok());
        for wrong in [
            &[][..],
            std::slice::from_ref(&text),
            &[id.clone(), text.clone()],
            &[text.clone(), SortValue::Number(0)],
            &[SortValue::Text("a\0b".to_owned()), id],
        ] {
            let refused = with(wrong).err().map(|error| format!("{error:?}"));
            assert!(
                refused.is_some_and(|error| error.contains("cursor")),
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn every_parameter_that_the_document_has_is_read() {
        use paperclip::v2::schema::Apiv2Schema;
        for name in TaskParameters::raw_schema().properties.keys() {
            let outcome = query::parse::<TaskQuery>(&format!("{name}="));
            assert!(
                outcome.is_err_and(|e| !format!("{e:?}").contains("unknown")),
                "{name}"
            );
        }
    }

    #[test]
    fn a_place_that_no_task_can_have_is_refused() {
        let taken = |place: &[SortValue]| {
            let scope = scope(&TaskFilter::default(), &Sort::default());
            let cursor = Cursor::new(&scope, &place);
            query::parse::<TaskQuery>(&format!("cursor={cursor}")).is_ok()
        };
        assert!(taken(&[SortValue::Number(7)]));
        for place in [
            &[][..],
            &[SortValue::Number(0)],
            &[SortValue::Text("7".to_owned())],
            &[SortValue::Number(7), SortValue::Number(7)],
        ] {
            assert!(!taken(place), "{place:?}");
        }
    }

    proptest! {
        #[test]
        fn no_query_makes_it_panic(
            names in proptest::collection::vec(
                "limit|cursor|include_total|status|priority|label|due_after|created_before|overdue|external_id|q|sort|x", 0..6),
            values in proptest::collection::vec("[ -~]{0,20}|[a-z0-9,%_-]{0,30}|todo|true|-id|2026-01-01", 6),
        ) {
            let pairs: Vec<String> = names.iter().zip(&values).map(|(n, v)| format!("{n}={v}")).collect();
            let _ = query::parse::<TaskQuery>(&pairs.join("&"));
        }

        #[test]
        fn no_text_makes_it_panic(text: String) {
            let _ = query::parse::<TaskQuery>(&text);
        }
    }
}
