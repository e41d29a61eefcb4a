//! Runs each case once on each engine.

use std::{collections::BTreeSet, env, process::ExitCode};

use futures_util::future::LocalBoxFuture;
use libtest_mimic::{Arguments, Trial};

use super::database;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

pub const BOTH: &[Engine] = &[Engine::Sqlite, Engine::Postgres];

pub struct Case {
    pub name: &'static str,
    pub run: fn(Engine) -> LocalBoxFuture<'static, ()>,
    /// Where the case has a meaning.
    pub engines: &'static [Engine],
    /// What this machine lacks to run the case.
    pub missing: fn() -> Option<&'static str>,
}

/// What a case may ask for: the engine alone, or whatever a test binary makes from it.
pub trait FromEngine {
    async fn from_engine(engine: Engine) -> Self;
}

impl FromEngine for Engine {
    async fn from_engine(engine: Engine) -> Self {
        engine
    }
}

/// Lists a file's cases; a test function that is left out is dead code, which the lints refuse.
/// `unless missing;` before them names a function that tells what the machine lacks to run them;
/// `on Sqlite;` or `on Postgres;` names the one engine on which they have a meaning.
#[macro_export]
macro_rules! cases {
    (@ $engines:expr, $missing:path; $($name:ident),+ $(,)?) => {
        pub const CASES: &[$crate::support::runner::Case] = &[$(
            $crate::support::runner::Case {
                name: concat!(module_path!(), "::", stringify!($name)),
                run: |engine| $crate::support::runner::start($name, engine),
                engines: $engines,
                missing: $missing,
            }
        ),+];
    };
    (unless $missing:path; $($name:ident),+ $(,)?) => {
        $crate::cases![@ $crate::support::runner::BOTH, $missing; $($name),+];
    };
    (on $engine:ident unless $missing:path; $($name:ident),+ $(,)?) => {
        $crate::cases![
            @ &[$crate::support::runner::Engine::$engine], $missing;
            $($name),+
        ];
    };
    (on $engine:ident; $($name:ident),+ $(,)?) => {
        $crate::cases![
            @ &[$crate::support::runner::Engine::$engine], $crate::support::runner::nothing;
            $($name),+
        ];
    };
    ($($name:ident),+ $(,)?) => {
        $crate::cases![unless $crate::support::runner::nothing; $($name),+];
    };
}

/// A case that lacks nothing.
pub fn nothing() -> Option<&'static str> {
    None
}

/// The case as a future that first makes what it asks for.
pub fn start<A: FromEngine, F: Future<Output = ()>>(
    case: impl Fn(A) -> F + 'static,
    engine: Engine,
) -> LocalBoxFuture<'static, ()> {
    Box::pin(async move { case(A::from_engine(engine).await).await })
}

pub fn run(files: &[&'static [Case]]) -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Tests wait more than they work: for the disk, for answers, for processes.
    arguments.test_threads.get_or_insert(8);
    let postgres = database::postgres_url().is_some();
    if postgres {
        println!("engines: SQLite and PostgreSQL")
    } else {
        println!("engines: SQLite (set TEST_POSTGRES_URL to run on PostgreSQL too)")
    }
    let mut trials = Vec::new();
    let mut lacks = BTreeSet::new();
    for case in files.iter().copied().flatten() {
        let missing = (case.missing)();
        for engine in case.engines {
            let absent = *engine == Engine::Postgres && !postgres;
            trials.push(trial(case, *engine, missing.is_some() || absent));
        }
        lacks.extend(missing);
    }
    for missing in &lacks {
        println!("ignored here: {missing}");
    }
    if (!lacks.is_empty() || !postgres) && env::var_os("TEST_REQUIRE_ALL").is_some() {
        println!("TEST_REQUIRE_ALL is set, so that nothing may be left out");
        return ExitCode::FAILURE;
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(case: &'static Case, engine: Engine, ignored: bool) -> Trial {
    // The first part is the binary's own name.
    let (_, name) = case.name.split_once("::").unwrap_or(("", case.name));
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
