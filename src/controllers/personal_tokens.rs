//! `/auth/tokens`: personal access tokens.

use std::time::Duration;

use actix_web::web::Data;
use paperclip::actix::api_v2_operation;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    extract::{json::JsonBody, path::PathId, request::request, values::Distinct},
    pages::ListPage,
    respond::{Created, Listed, NoContent, Resource},
};
use crate::{
    error::AppError,
    models::{
        id::Id,
        opaque_token,
        personal_token::{PersonalToken, TokenName},
        scope::Scope,
        time::UtcTime,
    },
    services::{
        auth::{self, Owner},
        personal_tokens::{self, TokenRequest},
    },
    state::AppState,
};

/// Every scope at most once.
type SomeScopes = Distinct<Scope, 1, { Scope::ALL.len() }>;

request! {
    /// A new personal access token.
    pub struct CreateTokenRequest as "CreateToken" {
        name: TokenName,
        /// The permissions of the token. Neither scope implies the other.
        scopes: SomeScopes,
        /// When it expires: in the future, at most 366 days from now.
        expires_at: UtcTime,
    }
    example {
        "name": "calendar sync",
        "scopes": ["tasks:read"],
        "expires_at": example_expiry(),
    }
}

/// It must be in the future when someone tries the example out.
fn example_expiry() -> String {
    let time = UtcTime::now().plus(Duration::from_secs(360 * 24 * 3600));
    let date: String = time.to_string().chars().take(10).collect();
    format!("{date}T00:00:00Z")
}

impl From<CreateTokenRequest> for TokenRequest {
    fn from(body: CreateTokenRequest) -> Self {
        Self {
            name: body.name,
            scopes: body.scopes.0.into_iter().collect(),
            expires_at: body.expires_at,
        }
    }
}

/// A personal access token, without the secret.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PersonalToken", extend("example" = example()))]
pub struct TokenResponse {
    #[schemars(with = "Id")]
    id: i64,
    #[schemars(length(min = 1, max = TokenName::MAX))]
    name: String,
    scopes: Vec<Scope>,
    expires_at: UtcTime,
    created_at: UtcTime,
    /// To the minute; null before its first use.
    last_used_at: Option<UtcTime>,
}

/// A new personal access token, with the secret.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CreatedToken", extend("example" = created_example()))]
pub struct CreatedTokenResponse {
    #[serde(flatten)]
    about: TokenResponse,
    /// Shown only here. Send it as `Authorization: Bearer`.
    #[schemars(length(equal = opaque_token::LENGTH), regex(pattern = "^tma_[A-Za-z0-9_-]+$"))]
    token: String,
}

impl Resource for TokenResponse {}
impl Resource for CreatedTokenResponse {}

fn example() -> serde_json::Value {
    serde_json::json!({
        "id": 7,
        "name": "calendar sync",
        "scopes": ["tasks:read"],
        "expires_at": "2027-02-21T00:00:00.000000Z",
        "created_at": "2026-11-23T09:00:00.000000Z",
        "last_used_at": null,
    })
}

fn created_example() -> serde_json::Value {
    let mut token = example();
    let created = &mut token;
    created["token"] = "tma_AAAAAAAAAQ00000000000000000000000000000000000000000000000000".into();
    token
}

impl From<PersonalToken> for TokenResponse {
    fn from(token: PersonalToken) -> Self {
        Self {
            id: token.id,
            scopes: token.scopes.as_slice().to_vec(),
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
/// list after 30 days.
#[api_v2_operation(operation_id = "listTokens", tags("auth"))]
pub async fn list(
    owner: Owner,
    state: Data<AppState>,
    page: ListPage<i64>,
) -> Result<Listed<TokenResponse>, AppError> {
    let owner = owner.user.id;
    let list = move |conn: &mut _| {
        let found = personal_tokens::list(conn, owner, page.after, page.limit)?;
        page.answer(found, |last| last.id)
    };
    state.db.read(list).await
}

/// Create a personal access token
///
/// For a program: it stands for its user wherever an access token does, but may do no more than its scopes
/// say, and nothing under `/auth` but `GET /auth/me`. `token` is shown here and never again. A change of
/// password or a logout leaves it; its deletion, its expiry and the deletion of the account end it.
#[api_v2_operation(operation_id = "createToken", tags("auth"))]
pub async fn create(
    owner: Owner,
    state: Data<AppState>,
    body: JsonBody<CreateTokenRequest>,
) -> Result<Created<CreatedTokenResponse>, AppError> {
    let Owner {
        user,
        actor,
        client,
    } = owner;
    let request = TokenRequest::from(body.request);
    let create = move |conn: &mut _| {
        personal_tokens::create(conn, user.id, &request, &client, UtcTime::now())
    };
    let (stored, token) = auth::change_own(&state.auth, actor, create).await?;
    Ok(Created {
        location: format!("/auth/tokens/{}", stored.id),
        body: CreatedTokenResponse {
            about: stored.into(),
            token: token.expose().to_owned(),
        },
    })
}

/// Revoke a personal access token
///
/// It is refused from now on.
#[api_v2_operation(operation_id = "revokeToken", tags("auth"))]
pub async fn revoke(
    owner: Owner,
    state: Data<AppState>,
    id: PathId,
) -> Result<NoContent, AppError> {
    let Owner {
        user,
        actor,
        client,
    } = owner;
    let id = id.get()?;
    let revoke =
        move |conn: &mut _| personal_tokens::revoke(conn, user.id, id, &client, UtcTime::now());
    auth::change_own(&state.auth, actor, revoke).await?;
    Ok(NoContent)
}
