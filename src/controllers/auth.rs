//! `/auth`: registration, login, and who one is.

use actix_web::web::{Data, Json};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;

use super::{
    extract::{
        current_user::CurrentUser,
        fields::{Fields, FromFields, RawInput},
        form::OAuthForm,
        json::JsonBody,
        nothing::{NoBody, NoQuery},
    },
    respond::Created,
};
use crate::{
    error::AppError,
    models::{
        email::Email,
        password::{Password, PasswordAttempt},
        time::UtcTime,
        user::User,
        violation::Violation,
    },
    services::{accounts, passwords, tokens::AccessToken},
    state::AppState,
};

/// Body of a registration.
#[derive(Apiv2Schema)]
pub struct Registration {
    email: Email,
    password: Password,
}

impl FromFields for Registration {
    fn from_fields<V: RawInput>(fields: &mut Fields<V>) -> Option<Self> {
        let email = fields.required("email");
        let password = fields.required("password");
        Some(Self {
            email: email?,
            password: password?,
        })
    }
}

/// The password grant's request (RFC 6749 section 4.3.2).
#[derive(Apiv2Schema)]
#[expect(
    dead_code,
    reason = "grant_type and scope are checked, then of no further use"
)]
pub struct PasswordGrant {
    grant_type: Option<GrantType>,
    username: String,
    password: PasswordAttempt,
    scope: Option<String>,
}

/// `grant_type`, of which there is one: `password`.
#[derive(Debug)]
pub struct GrantType;

impl std::str::FromStr for GrantType {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        match text {
            "password" => Ok(Self),
            other => Err(Violation::choice(other, &["password"])),
        }
    }
}

impl FromFields for PasswordGrant {
    fn from_fields<V: RawInput>(fields: &mut Fields<V>) -> Option<Self> {
        let username = fields.required("username");
        let password = fields.required("password");
        Some(Self {
            grant_type: fields.optional("grant_type"),
            scope: fields.optional("scope"),
            username: username?,
            password: password?,
        })
    }
}

/// The grant's answer (RFC 6749 section 5.1).
#[derive(Serialize, Apiv2Schema)]
pub struct Token {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
}

impl From<AccessToken> for Token {
    fn from(issued: AccessToken) -> Self {
        Self {
            access_token: issued.token,
            token_type: "bearer",
            expires_in: issued.expires_in,
        }
    }
}

/// A user, as clients see it.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "User")]
pub struct UserShape {
    id: i64,
    email: String,
    created_at: UtcTime,
}

impl From<&User> for UserShape {
    fn from(user: &User) -> Self {
        Self {
            id: user.id,
            email: user.email.clone(),
            created_at: user.created_at,
        }
    }
}

/// Register
///
/// Makes an account. The e-mail address is trimmed and stored in lower case.
#[api_v2_operation(operation_id = "register", tags("auth"))]
pub async fn register(
    state: Data<AppState>,
    _: NoQuery,
    body: JsonBody<Registration>,
) -> Result<Created<UserShape>, AppError> {
    let Registration { email, password } = body.shape;
    let cost = state.bcrypt_cost;
    let hash = state
        .hashes
        .run(move || passwords::hash(&password, cost))
        .await?;
    let user = state
        .db
        .write(move |conn| accounts::register(conn, &email, &hash, UtcTime::now()))
        .await?;
    Ok(Created {
        body: UserShape::from(&user),
        location: "/auth/me".to_owned(),
        etag: None,
    })
}

/// Log in
///
/// The OAuth2 password grant (RFC 6749 section 4.3): the e-mail address goes into `username`. Send
/// the access token as `Authorization: Bearer` with every other request.
#[api_v2_operation(operation_id = "login", tags("auth"))]
pub async fn login(
    state: Data<AppState>,
    _: NoQuery,
    form: OAuthForm<PasswordGrant>,
) -> Result<Json<Token>, AppError> {
    let PasswordGrant {
        username, password, ..
    } = form.0;
    let credentials = match username.parse::<Email>() {
        Ok(email) => {
            let find = move |conn: &mut _| accounts::credentials(conn, &email);
            state.db.read(find).await?
        }
        // No account can have such an address, which is answered like a wrong password.
        Err(_) => None,
    };
    let cost = state.bcrypt_cost;
    let user = state
        .hashes
        .run(move || passwords::authenticate(credentials, &password, cost))
        .await?;
    Ok(Json(state.tokens.issue(&user.email)?.into()))
}

/// Who am I
///
/// The user whom the access token names.
#[api_v2_operation(operation_id = "getCurrentUser", tags("auth"))]
pub async fn me(user: CurrentUser, _: NoQuery, _: NoBody) -> Result<Json<UserShape>, AppError> {
    Ok(Json(UserShape::from(&*user)))
}
