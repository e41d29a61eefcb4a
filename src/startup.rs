//! Building the service, and its life from the first connection to the last request.

use std::{
    io,
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use actix_cors::Cors;
use actix_web::{
    App, HttpServer,
    dev::Server,
    middleware::{Condition, NormalizePath, from_fn},
    rt::{self, System},
    web::{Bytes, Data},
};
use paperclip::actix::OpenApiExt;

use crate::{
    chores,
    config::{
        Settings,
        settings::{DatabaseSettings, Engine, Environment, Origin, ServerSettings},
    },
    db::{
        DbConn,
        manager::{Access, Manager},
        migrations,
    },
    middleware::{head::head, headers::headers, observe::observe, problems::problems},
    openapi, routes,
    state::{AppState, OpenApiDocument},
};

/// Why the service did not start, in a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot connect to the database: {0}")]
    Connect(diesel::ConnectionError),
    #[error("cannot migrate the database: {0}")]
    Migrate(Box<dyn std::error::Error + Send + Sync>),
    #[error("the server ended: {0}")]
    Serve(io::Error),
    #[error("no secret to sign tokens with")]
    NoSecret,
    #[error("cannot listen on {host}:{port}: {error}")]
    Bind {
        host: String,
        port: u16,
        error: io::Error,
    },
}

/// Serves until a signal stops it. Requests in flight are finished first.
pub fn run(settings: &Settings) -> Result<(), StartError> {
    System::new().block_on(async {
        let app = Application::build(settings)?;
        app.server.await.map_err(StartError::Serve)
    })
}

/// A service that listens but does not answer until its server is awaited.
pub struct Application {
    pub server: Server,
    pub address: SocketAddr,
    pub state: Data<AppState>,
}

impl Application {
    /// Connects, migrates and binds. It blocks its thread for as long as the database is unreachable
    /// and the settings let it wait.
    pub fn build(settings: &Settings) -> Result<Self, StartError> {
        warn_of(settings);
        prepare_database(&settings.database)?;
        let state = Data::new(AppState::new(settings).ok_or(StartError::NoSecret)?);
        rt::spawn(chores::run(state.db.clone(), settings.tasks));
        let (server, address) = listen(&settings.server, state.clone())?;
        log::info!(
            "task-api {} serves {} at http://{address}, documentation at http://{address}/docs",
            env!("CARGO_PKG_VERSION"),
            settings.database.url.engine,
        );
        Ok(Self {
            server,
            address,
            state,
        })
    }
}

fn warn_of(settings: &Settings) {
    let server = &settings.server;
    if settings.environment == Environment::Production && server.trusted_proxies.is_empty() {
        log::warn!(
            "APP_SERVER__TRUSTED_PROXIES is not set: behind a proxy, the limits on logins and registrations take all clients for one"
        );
    }
    if settings.auth.random_secret {
        log::warn!(
            "APP_AUTH__JWT_SECRETS is not set: tokens are signed with a secret made for this process and end with it"
        );
    }
}

fn prepare_database(settings: &DatabaseSettings) -> Result<(), StartError> {
    let mut conn = connect(settings)?;
    if !settings.run_migrations {
        match migrations::pending(&mut conn) {
            Ok(pending) if pending.is_empty() => log::info!("migrations are current"),
            Ok(pending) => log::warn!("not ready: migrations are pending: {}", pending.join(", ")),
            Err(error) => log::warn!("not ready: the database was never migrated: {error}"),
        }
        return Ok(());
    }
    let applied = migrations::run_pending(&mut conn).map_err(StartError::Migrate)?;
    match applied.as_slice() {
        [] => log::info!("migrations are current"),
        applied => log::info!("migrations applied: {}", applied.join(", ")),
    }
    match chores::index_all(&mut conn) {
        Ok(0) => {}
        Ok(tasks) => log::info!("tasks indexed: {tasks}"),
        // The chore comes round to them.
        Err(error) => log::warn!("tasks are not indexed yet: {:?}", error.cause()),
    }
    Ok(())
}

/// The first connection. A server that does not answer yet is asked again, once a second; a file
/// that cannot be opened will not open by waiting.
fn connect(settings: &DatabaseSettings) -> Result<DbConn, StartError> {
    let manager = Manager::new(settings, Access::Write);
    let deadline = Instant::now() + settings.connect;
    loop {
        let error = match manager.open() {
            Ok(conn) => return Ok(conn),
            Err(error) => error,
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if settings.url.engine == Engine::Sqlite || left.is_zero() {
            return Err(StartError::Connect(error));
        }
        let cause = error.to_string().replace('\n', " ");
        log::warn!(
            "the database cannot be reached, giving up in {} s: {cause}",
            left.as_secs()
        );
        thread::sleep(left.min(Duration::from_secs(1)));
    }
}

fn listen(
    settings: &ServerSettings,
    state: Data<AppState>,
) -> Result<(Server, SocketAddr), StartError> {
    let bind_error = |error| StartError::Bind {
        host: settings.host.clone(),
        port: settings.port,
        error,
    };
    let origins = settings.cors_origins.clone();
    let server = HttpServer::new(move || {
        // The last wrap is the outermost: a request passes this list from its end to its begin.
        App::new()
            .app_data(state.clone())
            .wrap(from_fn(head))
            .wrap(NormalizePath::trim())
            .wrap(Condition::new(!origins.is_empty(), cors(&origins)))
            .wrap(from_fn(headers))
            .wrap(from_fn(problems))
            .wrap(from_fn(observe))
            .wrap_api()
            .configure(routes::configure)
            .with_raw_json_spec_v3(|app, collected| {
                let document = openapi::complete(collected).to_string();
                app.app_data(Data::new(OpenApiDocument(Bytes::from(document))))
            })
            .build()
    })
    .workers(settings.workers)
    .bind((settings.host.as_str(), settings.port))
    .map_err(bind_error)?;
    let address = server.addrs().first().copied();
    let address = address.ok_or_else(|| bind_error(io::ErrorKind::AddrNotAvailable.into()))?;
    Ok((server.run(), address))
}

/// Lets browsers call from `origins` (the Fetch standard's CORS protocol), with the headers that
/// this API takes and gives.
fn cors(origins: &[Origin]) -> Cors {
    let cors = Cors::default()
        .allowed_methods(["GET", "HEAD", "POST", "PATCH", "DELETE"])
        .allowed_headers([
            "Authorization",
            "Content-Type",
            "Idempotency-Key",
            "If-Match",
            "If-None-Match",
            "X-Request-Id",
        ])
        .expose_headers([
            "ETag",
            "Idempotency-Replayed",
            "Link",
            "Location",
            "RateLimit",
            "RateLimit-Policy",
            "Retry-After",
            "WWW-Authenticate",
            "X-Request-Id",
            "X-Total-Count",
        ])
        .max_age(3600);
    origins
        .iter()
        .fold(cors, |cors, origin| cors.allowed_origin(&origin.0))
}
