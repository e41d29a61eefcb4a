//! Two processes on one database.

use tempfile::{TempDir, tempdir};

use super::{
    app::SECRET,
    database::TestDatabase,
    process::Process,
    runner::{Engine, FromEngine},
};

/// Two processes on one database, whose tokens each of them takes.
pub struct Replicas {
    pub here: Process,
    pub there: Process,
    pub database: TestDatabase,
    _folder: TempDir,
}

impl FromEngine for Replicas {
    async fn from_engine(engine: Engine) -> Self {
        let database = TestDatabase::create(engine);
        let folder = tempdir().unwrap();
        let url = database.url();
        let variables = [
            ("DATABASE_URL", &*url),
            ("APP_SERVER__PORT", "0"),
            ("APP_AUTH__BCRYPT_COST", "4"),
            ("APP_AUTH__JWT_SECRETS", SECRET),
        ];
        let start = || Process::start(folder.path(), &variables);
        Self {
            here: start(),
            there: start(),
            database,
            _folder: folder,
        }
    }
}
