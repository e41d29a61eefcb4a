//! Lists in pages.

use actix_web::{FromRequest, HttpRequest};
use percent_encoding::{CONTROLS, percent_decode_str, utf8_percent_encode};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    cursor::{Cursor, Limit},
    describe::{Describe, Description, Reads},
    extract::{
        fields::invalid,
        from_head,
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
    example { "limit": 50, "cursor": "" }
}

request! {
    /// What is shown beside the resource itself.
    pub struct ComputedQuery as "ComputedQuery" {
        /// Whether members that follow from other tasks are there too. The answer then has no `ETag`.
        pub include_computed: bool = false,
    }
    example { "include_computed": true }
}

/// The page that is asked for, of a list without filters. `P` is the position of an item in its order.
pub struct ListPage<P> {
    /// The position of the last item of the page before.
    pub after: Option<P>,
    pub limit: u32,
    address: PageAddress,
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
        let scope = self.address.path.clone();
        self.address.answer(found, &scope, position)
    }
}

// Errors: `Validation`.
from_head!(ListPage<P> where P: DeserializeOwned, |req| {
    let query: PageQuery = query::parse(req.query_string())?;
    let address = PageAddress::of(req)?;
    let after = query.cursor.map(|cursor| cursor.open(&address.path));
    let refused = |violation| invalid(Location::parameter("cursor"), violation);
    Ok(Self {
        after: after.transpose().map_err(refused)?.flatten(),
        limit: query.limit.get(),
        address,
    })
});

impl<P> Describe for ListPage<P> {
    const READS: Reads = Query::<PageQuery>::READS.union(IfNoneMatch::READS);

    fn describe(description: &mut Description<'_>) {
        Query::<PageQuery>::describe(description);
        IfNoneMatch::describe(description);
    }
}

/// The address of a page, and what the client has of it.
pub struct PageAddress {
    /// The path of the list, to which its cursors are bound.
    path: String,
    query: String,
    known: IfNoneMatch,
}

impl PageAddress {
    /// Errors: `Validation`.
    pub fn of(req: &HttpRequest) -> Result<Self, AppError> {
        Ok(Self {
            path: req.match_pattern().unwrap_or_default(),
            query: req.query_string().to_owned(),
            known: IfNoneMatch::extract(req).into_inner()?,
        })
    }

    /// The answer with `found`, a page of the list `scope`; `position` is that of an item.
    pub fn answer<R, T, P>(
        self,
        found: Page<R>,
        scope: &str,
        position: impl FnOnce(&R) -> P,
    ) -> Result<Listed<T>, AppError>
    where
        T: Serialize + From<R>,
        P: Serialize,
    {
        let last = found.items.last().filter(|_| found.more);
        let next = last.map(|last| self.next(&Cursor::new(scope, &position(last))));
        Listed::new(found, next, self.known)
    }

    /// The path and the query of the next page: this one with another cursor.
    fn next(&self, cursor: &Cursor) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_keeps_everything_but_the_cursor() {
        let cursor = Cursor::new("", &1);
        let page = PageAddress {
            path: "/tasks".to_owned(),
            query: "limit=2&cursor=abc&q=%C3%A9é&&label=a&%63ursor=x".to_owned(),
            known: IfNoneMatch::default(),
        };
        assert_eq!(
            page.next(&cursor),
            format!("/tasks?limit=2&q=%C3%A9%C3%A9&label=a&cursor={cursor}")
        );
    }
}
