//! What a project looks like to clients, and what they send to make and change one.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    extract::request::request,
    respond::{Resource, mismatch},
};
use crate::{
    error::AppError,
    models::{
        batch::DeletedBelow,
        epoch::Epoch,
        id::Id,
        order_key::OrderKey,
        precondition::version_tag,
        project::{COLOR_PATTERN, Color, Project, ProjectDraft, ProjectName, ProjectPatch},
        text::Description,
        time::UtcTime,
    },
    services::{projects::Counted, refusal::Refusal},
};

/// A project.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Project", extend("example" = example()))]
pub struct ProjectResponse {
    #[schemars(with = "Id")]
    id: i64,
    #[schemars(length(min = 1, max = ProjectName::MAX))]
    name: String,
    #[schemars(length(max = Description::MAX))]
    description: Option<String>,
    #[schemars(regex(pattern = COLOR_PATTERN))]
    color: Option<String>,
    /// A mark: it changes no task and forbids nothing.
    archived: bool,
    /// Its place in the order by hand.
    position: OrderKey,
    /// 1 at first; each change makes it one larger. Changes of its tasks do not.
    #[schemars(with = "Id")]
    version: i64,
    created_at: UtcTime,
    updated_at: UtcTime,
    /// With `include_computed` alone: its tasks outside the trash.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64", range(min = 0))]
    tasks: Option<i64>,
    /// With `include_computed` alone: those of its tasks that are `todo` or `in_progress`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64", range(min = 0))]
    open_tasks: Option<i64>,
    /// Of its entity tag, which it has where it is all of an answer.
    #[serde(skip)]
    epoch: Option<Epoch>,
}

/// The project of all examples.
pub fn example() -> serde_json::Value {
    serde_json::json!({
        "id": 3,
        "name": "House",
        "description": null,
        "color": "#4073ff",
        "archived": false,
        "position": "a3",
        "version": 1,
        "created_at": "2026-11-23T09:00:00.000000Z",
        "updated_at": "2026-11-23T09:00:00.000000Z",
    })
}

impl Resource for ProjectResponse {
    const IS_TAGGED: bool = true;

    fn tag(&self) -> Option<String> {
        self.epoch.map(|epoch| version_tag(self.version, epoch))
    }
}

impl From<Project> for ProjectResponse {
    fn from(project: Project) -> Self {
        Self {
            id: project.id,
            position: project.order_key(),
            name: project.name,
            description: project.description,
            color: project.color,
            archived: project.archived,
            version: project.version,
            created_at: project.created_at,
            updated_at: project.updated_at,
            tasks: None,
            open_tasks: None,
            epoch: None,
        }
    }
}

impl From<Counted> for ProjectResponse {
    fn from((project, counts): Counted) -> Self {
        Self {
            tasks: counts.map(|counts| counts.tasks),
            open_tasks: counts.map(|counts| counts.open),
            ..project.into()
        }
    }
}

impl ProjectResponse {
    /// As all of an answer, with an entity tag of `epoch`. Counts follow from tasks, and have no tag.
    pub fn tagged(project: impl Into<Self>, epoch: Epoch) -> Self {
        let project = project.into();
        Self {
            epoch: project.tasks.is_none().then_some(epoch),
            ..project
        }
    }
}

/// A project in the trash.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TrashedProject", extend("example" = trashed_example()))]
pub struct TrashedProjectResponse {
    #[serde(flatten)]
    project: ProjectResponse,
    deleted_at: UtcTime,
    /// From when on it may be purged.
    purge_at: UtcTime,
}

impl Resource for TrashedProjectResponse {}

/// From a project, and how long projects stay in the trash.
impl From<(Project, Duration)> for TrashedProjectResponse {
    fn from((project, kept): (Project, Duration)) -> Self {
        let deleted_at = project.deleted_at.unwrap_or_default();
        Self {
            project: project.into(),
            deleted_at,
            purge_at: deleted_at.plus(kept),
        }
    }
}

fn trashed_example() -> serde_json::Value {
    let mut project = example();
    let trashed = &mut project;
    trashed["version"] = 2.into();
    trashed["updated_at"] = "2026-11-24T09:00:00.000000Z".into();
    trashed["deleted_at"] = "2026-11-24T09:00:00.000000Z".into();
    trashed["purge_at"] = "2026-12-24T09:00:00.000000Z".into();
    project
}

/// A mismatch shows the project as it is now.
impl From<Refusal<Project>> for AppError {
    fn from(refusal: Refusal<Project>) -> Self {
        match refusal {
            Refusal::Failed(error) => error,
            Refusal::Mismatch(project, unmet) => mismatch(&ProjectResponse::from(*project), unmet),
        }
    }
}

request! {
    /// A new project.
    pub struct CreateProjectRequest as "CreateProject" {
        pub name: ProjectName,
        pub description: Option<Option<Description>>,
        pub color: Option<Option<Color>>,
        /// A mark: it changes no task and forbids nothing.
        pub archived: bool = false,
    }
    example { "name": "House", "color": "#4073FF" }
}

impl From<CreateProjectRequest> for ProjectDraft {
    fn from(body: CreateProjectRequest) -> Self {
        Self {
            name: body.name,
            description: body.description.flatten(),
            color: body.color.flatten(),
            archived: body.archived,
        }
    }
}

request! {
    /// A JSON Merge Patch (RFC 7396): an absent field stays as it is, null clears it.
    pub struct UpdateProjectRequest as "UpdateProject" {
        pub name: Option<ProjectName>,
        pub description: Option<Option<Description>>,
        pub color: Option<Option<Color>>,
        /// A mark: it changes no task and forbids nothing.
        pub archived: Option<bool>,
    }
    example { "archived": true, "color": null }
}

impl From<UpdateProjectRequest> for ProjectPatch {
    fn from(body: UpdateProjectRequest) -> Self {
        Self {
            name: body.name,
            description: body.description,
            color: body.color,
            archived: body.archived,
        }
    }
}

request! {
    /// What a deletion does to others.
    pub struct DeleteProjectQuery as "DeleteProjectQuery" {
        /// What becomes of its tasks: `trash`, they go to the trash with it; `keep`, they stay, in no project.
        pub tasks: DeletedBelow = DeletedBelow::default(),
    }
    example { "tasks": "trash" }
}
