//! A running service with a database of its own.

use std::{
    collections::HashMap,
    sync::{Arc, mpsc},
    thread::JoinHandle,
};

use actix_web::{dev::ServerHandle, web::Data};
use task_api::{
    config::{Settings, load},
    startup::Application,
    state::AppState,
};

use super::{
    client::Client,
    database::TestDatabase,
    runner::{Engine, FromEngine},
};

pub const SECRET: &str = "the-secret-of-the-tests-0123456789";

pub struct TestApp {
    pub engine: Engine,
    pub state: Data<AppState>,
    pub base: String,
    /// Dropped after the last server on it has stopped.
    pub database: Arc<TestDatabase>,
    server: Option<(ServerHandle, JoinHandle<()>)>,
}

impl TestApp {
    /// Starts the service with the usual settings of a test and `overrides`.
    pub fn start(engine: Engine, overrides: &[(&str, &str)]) -> Self {
        Self::on(engine, Arc::new(TestDatabase::create(engine)), overrides)
    }

    /// Another replica on the same database.
    pub fn second(&self, overrides: &[(&str, &str)]) -> Self {
        Self::on(self.engine, self.database.clone(), overrides)
    }

    pub fn on(engine: Engine, database: Arc<TestDatabase>, overrides: &[(&str, &str)]) -> Self {
        let settings = settings(&database.url(), overrides);
        let (started, start) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = Application::build(&settings).expect("the service starts");
                let parts = (app.server.handle(), app.addresses[0], app.state.clone());
                started.send(parts).unwrap();
                app.server.await.unwrap();
            });
        });
        let (handle, address, state) = start.recv().expect("the service starts");
        Self {
            engine,
            state,
            base: format!("http://{address}"),
            database,
            server: Some((handle, thread)),
        }
    }

    /// A client without credentials.
    pub fn anonymous(&self) -> Client {
        Client::new(&self.base)
    }

    /// A new user, logged in.
    pub async fn user(&self, name: &str) -> Client {
        self.anonymous().register_and_log_in(name).await
    }
}

impl FromEngine for TestApp {
    async fn from_engine(engine: Engine) -> Self {
        Self::start(engine, &[])
    }
}

/// The usual settings of a test, with `overrides` over them.
pub fn settings(database_url: &str, overrides: &[(&str, &str)]) -> Settings {
    let usual = [
        ("DATABASE_URL", database_url),
        ("APP_SERVER__PORT", "0"),
        ("APP_SERVER__WORKERS", "2"),
        ("APP_DATABASE__POOL_SIZE", "4"),
        ("APP_AUTH__BCRYPT_COST", "4"),
        ("APP_AUTH__JWT_SECRETS", SECRET),
    ];
    let variables: HashMap<String, String> = usual
        .iter()
        .chain(overrides)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    load::from_layers(HashMap::new(), variables).expect("settings of a test")
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if let Some((handle, thread)) = self.server.take() {
            // Sends the command at once; the future would only wait for the answer.
            drop(handle.stop(false));
            thread.join().ok();
        }
    }
}
