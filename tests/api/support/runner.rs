//! Runs each case once on each engine.

use std::process::ExitCode;

use futures_util::future::LocalBoxFuture;
use libtest_mimic::{Arguments, Trial};

use super::{app::TestApp, database};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

pub struct Case {
    pub name: &'static str,
    pub run: fn(Engine) -> LocalBoxFuture<'static, ()>,
}

/// What a case may ask for: the engine alone, or a service with the usual settings.
pub trait FromEngine {
    async fn from_engine(engine: Engine) -> Self;
}

impl FromEngine for Engine {
    async fn from_engine(engine: Engine) -> Self {
        engine
    }
}

impl FromEngine for TestApp {
    async fn from_engine(engine: Engine) -> Self {
        Self::start(engine, &[])
    }
}

/// Lists a file's cases; a test function that is left out is dead code, which the lints refuse.
#[macro_export]
macro_rules! cases {
    ($($name:ident),+ $(,)?) => {
        pub const CASES: &[$crate::support::runner::Case] = &[$(
            $crate::support::runner::Case {
                name: concat!(module_path!(), "::", stringify!($name)),
                run: |engine| $crate::support::runner::start($name, engine),
            }
        ),+];
    };
}

/// The case as a future that first makes what it asks for.
pub fn start<A: FromEngine, F: Future<Output = ()>>(
    case: impl Fn(A) -> F + 'static,
    engine: Engine,
) -> LocalBoxFuture<'static, ()> {
    Box::pin(async move { case(A::from_engine(engine).await).await })
}

pub fn run(files: &[&'static [Case]]) -> ExitCode {
    let arguments = Arguments::from_args();
    let postgres = database::postgres_url().is_some();
    match postgres {
        true => println!("engines: SQLite and PostgreSQL"),
        false => println!("engines: SQLite (set TEST_POSTGRES_URL to run on PostgreSQL too)"),
    }
    let trials = files.iter().copied().flatten().flat_map(|case| {
        [
            trial(case, Engine::Sqlite, false),
            trial(case, Engine::Postgres, !postgres),
        ]
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn trial(case: &'static Case, engine: Engine, ignored: bool) -> Trial {
    let name = case.name.trim_start_matches("api::");
    let name = match engine {
        Engine::Sqlite => format!("sqlite::{name}"),
        Engine::Postgres => format!("postgres::{name}"),
    };
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on((case.run)(engine));
        Ok(())
    };
    Trial::test(name, run).with_ignored_flag(ignored)
}
