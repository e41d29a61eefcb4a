//! `/projects` and `/trash/projects`.

use actix_web::web::Data;
use paperclip::actix::api_v2_operation;

use super::{
    extract::{
        conditions::ProjectPreconditions, current_user::CurrentUser,
        idempotency_key::IdempotencyKeyHeader, json::JsonBody, path::PathId, query::Query,
    },
    pages::{ComputedQuery, ListPage},
    project_dto::{
        CreateProjectRequest, DeleteProjectQuery, ProjectResponse, TrashedProjectResponse,
        UpdateProjectRequest,
    },
    project_page::ProjectPage,
    respond::{Created, Found, Listed, NoContent, Success},
    task_requests::MoveRequest,
};
use crate::{
    error::AppError,
    models::{
        precondition::IfNoneMatch,
        project::{ProjectDraft, ProjectPatch},
        time::UtcTime,
    },
    services::{
        idempotency::Reply,
        project_trash,
        projects::{self, Target},
    },
    state::AppState,
};

/// The project with the id of the path. Errors: `NotFound`.
fn target(
    user: &CurrentUser,
    id: PathId,
    preconditions: ProjectPreconditions,
) -> Result<Target, AppError> {
    Ok(Target {
        user_id: user.id(),
        id: id.get()?,
        preconditions: preconditions.0,
    })
}

/// Create a project
///
/// At most 1,000 are outside the trash: one more is 409. It is the last in the order by hand.
#[api_v2_operation(operation_id = "createProject", tags("projects"))]
pub async fn create(
    user: CurrentUser,
    state: Data<AppState>,
    key: IdempotencyKeyHeader,
    body: JsonBody<CreateProjectRequest>,
) -> Result<Reply<Created<ProjectResponse>>, AppError> {
    let (owner, draft, epoch) = (user.id(), ProjectDraft::from(body.request), user.0.epoch);
    let request = key.request(&body.content);
    let write = move |conn: &mut _| {
        let project = projects::create(conn, owner, draft, UtcTime::now())?;
        Ok(Created {
            location: format!("/projects/{}", project.id),
            body: ProjectResponse::tagged(project, epoch),
        })
    };
    state.idempotency.write(owner, request, write).await
}

/// List projects
///
/// In the order by hand. While there are more, `Link` holds the address of the next page as `rel="next"`.
#[api_v2_operation(operation_id = "listProjects", tags("projects"))]
pub async fn list(
    user: CurrentUser,
    state: Data<AppState>,
    page: ProjectPage,
) -> Result<Listed<ProjectResponse>, AppError> {
    let owner = user.id();
    let list = move |conn: &mut _| {
        let found = projects::list(conn, owner, &page.request)?;
        page.answer(found)
    };
    state.db.read(list).await
}

/// Get a project
#[api_v2_operation(operation_id = "getProject", tags("projects"))]
pub async fn get(
    user: CurrentUser,
    state: Data<AppState>,
    id: PathId,
    query: Query<ComputedQuery>,
    known: IfNoneMatch,
) -> Result<Found<ProjectResponse>, AppError> {
    let (owner, id, with_counts) = (user.id(), id.get()?, query.0.include_computed);
    let get = move |conn: &mut _| projects::get(conn, owner, id, with_counts);
    let found = state.db.read(get).await?;
    let body = ProjectResponse::tagged(found, user.0.epoch);
    Ok(Found { body, known })
}

/// Change a project
///
/// A JSON Merge Patch (RFC 7396), as of a task: a patch that changes nothing makes no new version.
#[api_v2_operation(operation_id = "updateProject", tags("projects"))]
pub async fn update(
    user: CurrentUser,
    state: Data<AppState>,
    id: PathId,
    preconditions: ProjectPreconditions,
    key: IdempotencyKeyHeader,
    body: JsonBody<UpdateProjectRequest>,
) -> Result<Reply<Success<ProjectResponse>>, AppError> {
    let (target, patch) = (
        target(&user, id, preconditions)?,
        ProjectPatch::from(body.request),
    );
    let (owner, request) = (user.id(), key.request(&body.content));
    let write = move |conn: &mut _| {
        let project = projects::update(conn, &target, &patch, UtcTime::now())?;
        Ok(Success(ProjectResponse::tagged(project, user.0.epoch)))
    };
    state.idempotency.write(owner, request, write).await
}

/// Delete a project
///
/// It goes to the trash, and its tasks with it, or they stay. More than 10,000 tasks are 409.
#[api_v2_operation(operation_id = "deleteProject", tags("projects"))]
pub async fn delete(
    user: CurrentUser,
    state: Data<AppState>,
    id: PathId,
    query: Query<DeleteProjectQuery>,
    preconditions: ProjectPreconditions,
    key: IdempotencyKeyHeader,
) -> Result<Reply<NoContent>, AppError> {
    let (target, tasks) = (target(&user, id, preconditions)?, query.0.tasks);
    let (owner, request) = (user.id(), key.request(&[]));
    let write = move |conn: &mut _| {
        project_trash::trash(conn, &target, tasks, UtcTime::now())?;
        Ok(NoContent)
    };
    state.idempotency.write(owner, request, write).await
}

/// Move a project
///
/// Puts it right before or right after another one of yours.
#[api_v2_operation(operation_id = "moveProject", tags("projects"))]
pub async fn place(
    user: CurrentUser,
    state: Data<AppState>,
    id: PathId,
    preconditions: ProjectPreconditions,
    key: IdempotencyKeyHeader,
    body: JsonBody<MoveRequest>,
) -> Result<Reply<Success<ProjectResponse>>, AppError> {
    let destination = body.request.destination()?;
    let target = target(&user, id, preconditions)?;
    let (owner, request) = (user.id(), key.request(&body.content));
    let write = move |conn: &mut _| {
        let project = projects::place(conn, &target, destination, UtcTime::now())?;
        Ok(Success(ProjectResponse::tagged(project, user.0.epoch)))
    };
    state.idempotency.write(owner, request, write).await
}

/// List the projects in the trash
///
/// Last deleted first.
#[api_v2_operation(operation_id = "listProjectTrash", tags("projects"))]
pub async fn list_trash(
    user: CurrentUser,
    state: Data<AppState>,
    page: ListPage<(UtcTime, i64)>,
) -> Result<Listed<TrashedProjectResponse>, AppError> {
    let (owner, kept) = (user.id(), state.trash);
    let list = move |conn: &mut _| {
        let found = project_trash::list(conn, owner, page.after, page.limit)?;
        let found = found.map(|project| (project, kept));
        page.answer(found, |(last, _)| {
            (last.deleted_at.unwrap_or_default(), last.id)
        })
    };
    state.db.read(list).await
}

/// Restore a project
///
/// With the tasks that went to the trash with it and are there still, each with a new version. 409 where an `external_id`
/// of theirs is in use by now, where they are more than 10,000, and where 1,000 projects are outside the trash.
#[api_v2_operation(operation_id = "restoreProject", tags("projects"))]
pub async fn restore(
    user: CurrentUser,
    state: Data<AppState>,
    id: PathId,
    preconditions: ProjectPreconditions,
    key: IdempotencyKeyHeader,
) -> Result<Reply<Success<ProjectResponse>>, AppError> {
    let target = target(&user, id, preconditions)?;
    let (owner, request) = (user.id(), key.request(&[]));
    let write = move |conn: &mut _| {
        let project = project_trash::restore(conn, &target, UtcTime::now())?;
        Ok(Success(ProjectResponse::tagged(project, user.0.epoch)))
    };
    state.idempotency.write(owner, request, write).await
}

/// Purge a project
///
/// The project is gone for good, and its tasks stay in the trash.
#[api_v2_operation(operation_id = "purgeProject", tags("projects"))]
pub async fn purge(
    user: CurrentUser,
    state: Data<AppState>,
    id: PathId,
    preconditions: ProjectPreconditions,
    key: IdempotencyKeyHeader,
) -> Result<Reply<NoContent>, AppError> {
    let target = target(&user, id, preconditions)?;
    let (owner, request) = (user.id(), key.request(&[]));
    let write = move |conn: &mut _| {
        project_trash::purge(conn, &target)?;
        Ok(NoContent)
    };
    state.idempotency.write(owner, request, write).await
}
