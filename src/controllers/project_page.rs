//! The query of the list of projects.

use super::{
    cursor::{Cursor, Limit},
    describe::{Describe, Description, Reads},
    extract::{
        fields::invalid,
        from_head,
        query::{self, Query},
        request::request,
    },
    pages::PageAddress,
    project_dto::ProjectResponse,
    respond::Listed,
};
use crate::{
    error::{AppError, field::Location},
    models::{precondition::IfNoneMatch, project::Project},
    services::{
        projects::{Counted, PageRequest},
        tasks::Page,
    },
};

request! {
    /// The page of the projects that match.
    pub struct ProjectQuery as "ProjectQuery" {
        /// How many items a page has.
        limit: Limit = Limit::default(),
        cursor: Option<Cursor>,
        /// Only projects that are archived, or only those that are not.
        archived: Option<bool>,
        /// Whether `tasks` and `open_tasks` are there.
        include_computed: bool = false,
    }
    example { "limit": 50, "cursor": "", "archived": false, "include_computed": true }
}

/// The page that is asked for.
pub struct ProjectPage {
    pub request: PageRequest,
    address: PageAddress,
}

impl ProjectPage {
    /// The answer with `found`.
    pub fn answer(self, found: Page<Counted>) -> Result<Listed<ProjectResponse>, AppError> {
        let position = |(last, _): &(Project, _)| (last.order_key(), last.id);
        let scope = scope(self.request.archived);
        self.address.answer(found, &scope, position)
    }
}

/// The list, to which a cursor is bound.
fn scope(archived: Option<bool>) -> String {
    format!("projects {archived:?}")
}

// Errors: `Validation`.
from_head!(ProjectPage, |req| {
    let query: ProjectQuery = query::parse(req.query_string())?;
    let after = query
        .cursor
        .map(|cursor| cursor.open(&scope(query.archived)));
    let refused = |violation| invalid(Location::parameter("cursor"), violation);
    Ok(Self {
        request: PageRequest {
            archived: query.archived,
            after: after.transpose().map_err(refused)?.flatten(),
            limit: query.limit.get(),
            with_counts: query.include_computed,
        },
        address: PageAddress::of(req)?,
    })
});

impl Describe for ProjectPage {
    const READS: Reads = Query::<ProjectQuery>::READS.union(IfNoneMatch::READS);

    fn describe(description: &mut Description<'_>) {
        Query::<ProjectQuery>::describe(description);
        IfNoneMatch::describe(description);
    }
}
