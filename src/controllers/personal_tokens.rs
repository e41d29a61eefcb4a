//! `/auth/tokens`: personal access tokens.

use actix_web::{HttpRequest, web::Data};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;

use super::{
    cursor::Cursor,
    extract::{
        current_user::CurrentSession,
        fields::{Fields, FromFields, RawInput},
        json::JsonBody,
        nothing::{NoBody, NoQuery},
        origin::Origin,
        path::PathId,
        query::Query,
    },
    list_query::{PageQuery, next_target},
    respond::{Created, Listed, NoContent},
};
use crate::{
    error::AppError,
    models::{
        personal_token::{PersonalToken, TOKEN_DAYS_MAX, TOKEN_LIFE_MAX, TokenName},
        precondition::IfNoneMatch,
        scope::Scope,
        time::UtcTime,
        violation::Violation,
    },
    services::{
        auth,
        personal_tokens::{self, TokenRequest},
    },
    state::AppState,
};

/// What a cursor of the list is bound to.
const SCOPE: &str = "tokens";

/// Body of a creation. The fields are what the document says; what they come to is in the request.
#[derive(Apiv2Schema)]
#[openapi(rename = "CreateToken")]
#[expect(dead_code, reason = "they tell the document what the body may hold")]
pub struct TokenMembers {
    name: TokenName,
    scopes: Vec<Scope>,
    expires_at: UtcTime,
}

/// What [`TokenMembers`] come to.
pub struct CreateToken(TokenRequest);

impl FromFields for CreateToken {
    fn from_fields<V: RawInput>(fields: &mut Fields<V>) -> Option<Self> {
        let name = fields.required("name");
        let scopes: Option<Vec<Scope>> =
            fields.required_distinct("scopes", (1, Scope::NAMES.len()));
        let expires_at = fields.required("expires_at").filter(|expires_at| {
            let now = UtcTime::now();
            let fits = now < *expires_at && *expires_at <= now.plus(TOKEN_LIFE_MAX);
            if !fits {
                let detail = format!("must lie ahead, by at most {TOKEN_DAYS_MAX} days");
                fields.refuse("expires_at", Violation::new("range", detail));
            }
            fits
        });
        Some(Self(TokenRequest {
            name: name?,
            scopes: scopes?.into_iter().collect(),
            expires_at: expires_at?,
        }))
    }
}

/// A token, as its user sees it later.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "PersonalToken")]
pub struct TokenShape {
    id: i64,
    name: String,
    scopes: Vec<&'static str>,
    expires_at: UtcTime,
    created_at: UtcTime,
    last_used_at: Option<UtcTime>,
}

/// A token, as its user sees it once.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "CreatedToken")]
pub struct CreatedTokenShape {
    id: i64,
    name: String,
    scopes: Vec<&'static str>,
    expires_at: UtcTime,
    created_at: UtcTime,
    last_used_at: Option<UtcTime>,
    token: String,
}

impl From<PersonalToken> for TokenShape {
    fn from(token: PersonalToken) -> Self {
        Self {
            id: token.id,
            scopes: token.scopes.names(),
            name: token.name,
            expires_at: token.expires_at,
            created_at: token.created_at,
            last_used_at: token.last_used_at,
        }
    }
}

/// List personal access tokens
///
/// The last one made comes first. What proves them is never shown again. One that has expired leaves the
/// list after some time.
#[api_v2_operation(operation_id = "listTokens", tags("auth"))]
pub async fn list(
    session: CurrentSession,
    state: Data<AppState>,
    req: HttpRequest,
    query: Query<PageQuery>,
    known: IfNoneMatch,
    _: NoBody,
) -> Result<Listed<TokenShape>, AppError> {
    let (owner, limit) = (session.user.id, query.0.limit.unwrap_or_default().get());
    let place: Option<i64> = query.place(SCOPE)?;
    let target = req.query_string().to_owned();
    let listed = state.db.read(move |conn| {
        let page = personal_tokens::list(conn, owner, place, limit)?;
        Listed::new(page, known, |last| {
            next_target("/auth/tokens", &target, &Cursor::new(SCOPE, &last.id))
        })
    });
    listed.await
}

/// Create a personal access token
///
/// For a program: it stands for its user wherever an access token does, but may do no more than its scopes
/// say, and nothing under `/auth` but `GET /auth/me`. `token` is shown here and never again. A change of
/// password or a logout leaves it; its deletion, its expiry and the deletion of the account end it.
#[api_v2_operation(operation_id = "createToken", tags("auth"))]
pub async fn create(
    session: CurrentSession,
    state: Data<AppState>,
    origin: Origin,
    _: NoQuery,
    body: JsonBody<CreateToken>,
) -> Result<Created<CreatedTokenShape>, AppError> {
    let (owner, request) = (session.user.id, body.shape.0);
    let create = move |conn: &mut _| {
        personal_tokens::create(conn, owner, &request, &origin.0, UtcTime::now())
    };
    let (stored, token) = auth::change_own(&state.auth, session.actor, create).await?;
    let shape = TokenShape::from(stored);
    Ok(Created {
        location: format!("/auth/tokens/{}", shape.id),
        etag: None,
        body: CreatedTokenShape {
            id: shape.id,
            name: shape.name,
            scopes: shape.scopes,
            expires_at: shape.expires_at,
            created_at: shape.created_at,
            last_used_at: shape.last_used_at,
            token: token.expose().to_owned(),
        },
    })
}

/// Revoke a personal access token
///
/// It is refused from now on.
#[api_v2_operation(operation_id = "revokeToken", tags("auth"))]
pub async fn revoke(
    session: CurrentSession,
    state: Data<AppState>,
    origin: Origin,
    id: PathId,
    _: NoQuery,
    _: NoBody,
) -> Result<NoContent, AppError> {
    let (owner, id) = (session.user.id, id.get()?);
    let revoke =
        move |conn: &mut _| personal_tokens::revoke(conn, owner, id, &origin.0, UtcTime::now());
    auth::change_own(&state.auth, session.actor, revoke).await?;
    Ok(NoContent)
}
