//! Lists in pages.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use percent_encoding::{CONTROLS, percent_decode_str, utf8_percent_encode};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    cursor::{Cursor, Limit},
    describe::{Describe, Description, Reads},
    extract::{
        fields::invalid,
        query::{self, Query},
        request::request,
    },
    respond::Listed,
};
use crate::{
    error::{AppError, field::Location},
    models::precondition::IfNoneMatch,
    services::tasks::Page,
};

request! {
    /// The page of a list without filters.
    pub struct PageQuery as "PageQuery" {
        /// How many items a page has.
        pub limit: Limit = Limit::default(),
        pub cursor: Option<Cursor>,
    }
}

/// The page that is asked for, of a list without filters. `P` is the position of an item in its order.
///
/// Errors: `Validation`.
pub struct ListPage<P> {
    /// The position of the last item of the page before.
    pub after: Option<P>,
    pub limit: u32,
    known: IfNoneMatch,
    next: NextPage,
}

impl<P: Serialize> ListPage<P> {
    /// The answer with `found`; `position` is that of an item.
    pub fn answer<R, T>(
        self,
        found: Page<R>,
        position: impl FnOnce(&R) -> P,
    ) -> Result<Listed<T>, AppError>
    where
        T: Serialize + From<R>,
    {
        let Self { known, next, .. } = self;
        Listed::new(found, known, |last| {
            next.target(&Cursor::new(&next.path, &position(last)))
        })
    }
}

impl<P: DeserializeOwned> FromRequest for ListPage<P> {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let known = IfNoneMatch::from_request(req, payload).into_inner();
        ready(query::parse(req.query_string()).and_then(|query| page(req, query, known?)))
    }
}

fn page<P: DeserializeOwned>(
    req: &HttpRequest,
    query: PageQuery,
    known: IfNoneMatch,
) -> Result<ListPage<P>, AppError> {
    let next = NextPage::of(req);
    let after = query.cursor.map(|cursor| cursor.open(&next.path));
    let after = after.transpose();
    Ok(ListPage {
        after: after.map_err(|violation| invalid(Location::parameter("cursor"), violation))?,
        limit: query.limit.get(),
        known,
        next,
    })
}

impl<P> Describe for ListPage<P> {
    const READS: Reads = Query::<PageQuery>::READS;

    fn describe(description: &mut Description<'_>) {
        Query::<PageQuery>::describe(description);
        IfNoneMatch::describe(description);
    }
}

/// The address of the next page: that of this one with another cursor.
pub struct NextPage {
    /// The path of the list, to which its cursors are bound.
    path: String,
    query: String,
}

impl NextPage {
    /// The page after the one that `req` asks for.
    pub fn of(req: &HttpRequest) -> Self {
        Self {
            path: req.match_pattern().unwrap_or_default(),
            query: req.query_string().to_owned(),
        }
    }

    /// Relative to the host.
    pub fn target(&self, cursor: &Cursor) -> String {
        let kept = self.query.split('&').filter(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            !name.is_empty() && percent_decode_str(name).ne(*b"cursor")
        });
        let mut target = format!("{}?", self.path);
        for pair in kept {
            // A header line holds ASCII alone.
            target.extend(utf8_percent_encode(pair, CONTROLS));
            target.push('&');
        }
        format!("{target}cursor={cursor}")
    }
}

impl FromRequest for NextPage {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(req)))
    }
}

impl Describe for NextPage {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_keeps_everything_but_the_cursor() {
        let cursor = Cursor::new("", &1);
        let page = NextPage {
            path: "/tasks".to_owned(),
            query: "limit=2&cursor=abc&q=%C3%A9é&&label=a&%63ursor=x".to_owned(),
        };
        assert_eq!(
            page.target(&cursor),
            format!("/tasks?limit=2&q=%C3%A9%C3%A9&label=a&cursor={cursor}")
        );
    }
}
