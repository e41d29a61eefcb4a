//! The service as a whole.

use std::{convert::Infallible, io, net::SocketAddr, process, sync::atomic::Ordering};

use actix_web::{
    dev::Server,
    rt::{self, System, task::JoinHandle, time::sleep},
    web::Data,
};
use sd_notify::NotifyState;
use tokio::sync::oneshot;

use super::{limits, listen::listen, prepare, scrape, signals::Signals};
use crate::{
    config::{Settings, settings::Environment},
    db::Db,
    jobs,
    state::AppState,
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
    #[error("cannot handle signals: {0}")]
    Signals(io::Error),
    #[error("no secret to sign tokens with")]
    NoSecret,
    #[error("cannot listen on {address}: {error}")]
    Bind { address: String, error: io::Error },
    #[error("the thread that prepares the database has panicked")]
    Panicked,
}

impl StartError {
    /// `address` cannot be listened on.
    pub fn bind(address: impl ToString, error: io::Error) -> Self {
        Self::Bind {
            address: address.to_string(),
            error,
        }
    }
}

/// Serves until a signal stops it; a second one ends it at once. Requests in flight are finished first, then
/// the database is closed, and the process ends with status 0.
pub fn run(settings: &Settings) -> Result<Infallible, StartError> {
    let system = System::new();
    if let Some(db) = system.block_on(serve(settings))? {
        db.close();
    }
    log::info!("stopped");
    // To return would drop the system, which waits for work that hangs in the database.
    process::exit(0)
}

/// Returns the database, to be closed at the end; `None` where a signal came before the start was complete.
async fn serve(settings: &Settings) -> Result<Option<Db>, StartError> {
    let mut signals = Signals::install().map_err(StartError::Signals)?;
    let database = settings.database.clone();
    // On a thread of its own, which a signal leaves behind.
    let preparing = rt::task::spawn_blocking(move || prepare::database(&database));
    tokio::select! {
        prepared = preparing => prepared.map_err(|_| StartError::Panicked)??,
        name = signals.next() => {
            log::info!("{name}: stopping before the start is complete");
            return Ok(None);
        }
    }
    let app = Application::assemble(settings)?;
    tell_supervisor(&[NotifyState::Ready]);
    let (handle, state) = (app.server.handle(), app.state.clone());
    let db = state.db.clone();
    let (end, at_once) = oneshot::channel();
    let drain = settings.server.drain;
    let stop = rt::spawn(async move {
        let name = signals.next().await;
        log::info!("{name}: stopping; a second signal ends requests in flight");
        tell_supervisor(&[NotifyState::Stopping]);
        state.draining.store(true, Ordering::Relaxed);
        let stopped = async {
            sleep(drain).await;
            handle.stop(true).await;
        };
        tokio::select! {
            () = stopped => {}
            name = signals.next() => {
                log::warn!("{name}: stopping at once");
                if end.send(()).is_err() {
                    log::debug!("the server has ended by itself meanwhile");
                }
            }
        }
    });
    tokio::select! {
        served = app.server => served.map_err(StartError::Serve)?,
        // A graceful stop cannot be cut short; the process ends with its requests.
        Ok(()) = at_once => {}
    }
    app.jobs.abort();
    // Its hold on the database ends with it.
    let _cancelled = app.jobs.await;
    // If the server failed by itself, this task still waits for a signal.
    stop.abort();
    Ok(Some(db))
}

/// For systemd (`Type=notify`); nothing where it is not the supervisor.
fn tell_supervisor(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        log::warn!("the supervisor was not notified of {states:?}: {error}");
    }
}

/// A service that listens but does not answer until its server is awaited.
pub struct Application {
    pub server: Server,
    pub addresses: Vec<SocketAddr>,
    pub state: Data<AppState>,
    /// The background jobs.
    pub jobs: JoinHandle<()>,
}

impl Application {
    /// Connects, migrates and binds. It blocks its thread for as long as the database is unreachable
    /// and the settings let it wait.
    pub fn build(settings: &Settings) -> Result<Self, StartError> {
        prepare::database(&settings.database)?;
        Self::assemble(settings)
    }

    /// Binds, on a database that is prepared.
    fn assemble(settings: &Settings) -> Result<Self, StartError> {
        warn_of(settings);
        limits::raise_open_files(settings.server.connections);
        let state = Data::new(AppState::new(settings).ok_or(StartError::NoSecret)?);
        let purged = state.metrics.purged.clone();
        let jobs = rt::spawn(jobs::run(state.db.clone(), settings.tasks.clone(), purged));
        if let Some(address) = settings.metrics.address {
            let (server, bound) = scrape::listen(address, &state)
                .map_err(|error| StartError::bind(address, error))?;
            rt::spawn(server);
            log::info!("metrics at http://{bound}/metrics");
        }
        let (server, addresses) = listen(&settings.server, state.clone())?;
        for address in &addresses {
            log::info!(
                "task-api {} serves {} at http://{address}, documentation at http://{address}/docs",
                env!("CARGO_PKG_VERSION"),
                settings.database.url.engine,
            );
        }
        Ok(Self {
            server,
            addresses,
            state,
            jobs,
        })
    }
}

fn warn_of(settings: &Settings) {
    let server = &settings.server;
    if settings.environment == Environment::Production && server.trusted_proxies.is_empty() {
        log::warn!(
            "APP_SERVER__TRUSTED_PROXIES is not set: behind a proxy, the limits on logins and registrations count all clients as one"
        );
    }
    if settings.auth.random_secret {
        log::warn!(
            "APP_AUTH__JWT_SECRETS is not set: tokens are signed with a random secret, and are invalid after a restart"
        );
    }
}
