//! Projects: the row, what a client may set, and how a change is worked out.

use std::str::FromStr;

use diesel::prelude::*;

use super::{
    order_key::OrderKey,
    text::Description,
    time::UtcTime,
    value::{schema, text},
    violation::Violation,
};
use crate::schema::projects;

/// Most projects that a user may have outside the trash.
pub const PROJECTS_MAX: i64 = 1_000;

/// A color as it is stored and shown.
pub const COLOR_PATTERN: &str = "^#[0-9a-f]{6}$";

text! {
    /// Name of a project.
    pub struct ProjectName(1..=100);
}

/// `#` and six hexadecimal digits, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Color(String);

/// A row of the table. As a changeset it is all of the row but its key and when it was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = projects, primary_key(user_id, id), treat_none_as_null = true)]
pub struct Project {
    pub id: i64,
    pub user_id: i64,
    pub name: String,
    pub description: Option<String>,
    pub color: Option<String>,
    pub archived: bool,
    /// Its place in the order by hand; `None` until it is moved: see [`Project::order_key`].
    pub position: Option<OrderKey>,
    pub version: i64,
    #[diesel(skip_update)]
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
    /// When it went to the trash; `None` outside it.
    pub deleted_at: Option<UtcTime>,
}

/// A row to be inserted: the first version of a project. The database gives it its id.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = projects, treat_none_as_default_value = false)]
pub struct NewProject {
    pub user_id: i64,
    pub name: String,
    pub description: Option<String>,
    pub color: Option<String>,
    pub archived: bool,
    pub version: i64,
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
}

/// What a client sets when it creates a project.
#[derive(Debug, Clone)]
pub struct ProjectDraft {
    pub name: ProjectName,
    pub description: Option<Description>,
    pub color: Option<Color>,
    pub archived: bool,
}

/// What a client changes (RFC 7396): `None` leaves a member as it is, `Some(None)` clears it.
#[derive(Debug, Clone, Default)]
pub struct ProjectPatch {
    pub name: Option<ProjectName>,
    pub description: Option<Option<Description>>,
    pub color: Option<Option<Color>>,
    pub archived: Option<bool>,
}

/// A project's position in the order by hand: the order of its fields.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ranked {
    pub key: OrderKey,
    pub id: i64,
}

/// How many tasks of a project are outside the trash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TaskCounts {
    pub tasks: i64,
    pub open: i64,
}

impl FromStr for Color {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        let digits = text.strip_prefix('#').unwrap_or_default();
        if digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            let detail = "must be # and six hexadecimal digits";
            Err(Violation::new("format", detail))
        }
    }
}

schema!(Color, {
    "type": "string",
    "pattern": "^#[0-9A-Fa-f]{6}$",
    "description": "Kept in lower case.",
});

impl ProjectDraft {
    /// The first version of the project, owned by `user_id`.
    pub fn into_new(self, user_id: i64, now: UtcTime) -> NewProject {
        NewProject {
            user_id,
            name: self.name.into_inner(),
            description: self.description.map(Description::into_inner),
            color: self.color.map(|color| color.0),
            archived: self.archived,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }
}

impl ProjectPatch {
    /// Applies it to a project.
    pub fn apply(&self, project: &mut Project) {
        if let Some(name) = self.name.clone() {
            project.name = name.into_inner();
        }
        if let Some(description) = &self.description {
            project.description = description.clone().map(Description::into_inner);
        }
        if let Some(color) = &self.color {
            project.color = color.clone().map(|color| color.0);
        }
        project.archived = self.archived.unwrap_or(project.archived);
    }
}

impl Project {
    pub fn order_key(&self) -> OrderKey {
        let key = self.position.clone();
        key.unwrap_or_else(|| OrderKey::of_id(self.id))
    }

    /// The next version of the project, changed by `edit`, or `None` where that changes nothing.
    pub fn changed(&self, now: UtcTime, edit: impl FnOnce(&mut Self)) -> Option<Self> {
        let mut next = self.clone();
        edit(&mut next);
        (next != *self).then(|| next.versioned(now))
    }

    /// The next version, in the trash.
    pub fn trashed(&self, now: UtcTime) -> Self {
        let mut next = self.clone();
        next.deleted_at = Some(self.not_before(now));
        next.versioned(now)
    }

    /// The next version, out of the trash.
    pub fn restored(&self, now: UtcTime) -> Self {
        let mut next = self.clone();
        next.deleted_at = None;
        next.versioned(now)
    }

    fn versioned(mut self, now: UtcTime) -> Self {
        self.version += 1;
        self.updated_at = self.not_before(now);
        self
    }

    /// `now`, unless the last change came from a clock that was ahead.
    fn not_before(&self, now: UtcTime) -> UtcTime {
        now.max(self.updated_at)
    }
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    #[test]
    fn a_color_is_kept_in_lower_case() {
        let read = |text: &str| text.parse::<Color>().ok().map(|color| color.0);
        assert_eq!(read("#4073FF").as_deref(), Some("#4073ff"));
        for wrong in [
            "", "#", "4073ff", "#4073f", "#4073ff0", "#4073fg", "#é073f", " #4073ff",
        ] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
        let shown = Regex::new(COLOR_PATTERN).unwrap();
        assert!(shown.is_match("#4073ff") && !shown.is_match("#4073FF"));
    }

    #[test]
    fn time_does_not_run_backwards() {
        let (now, past) = (UtcTime::now(), UtcTime::default());
        let trashed = Project::default().trashed(now);
        assert_eq!((trashed.deleted_at, trashed.updated_at), (Some(now), now));
        let restored = trashed.restored(past);
        assert_eq!((restored.deleted_at, restored.updated_at), (None, now));
        let again = restored.trashed(past);
        assert_eq!((again.deleted_at, again.version), (Some(now), 3));
    }
}
