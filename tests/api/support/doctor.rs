//! What `task-api doctor` says of a database.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    process::Output,
};

use serde_json::Value;
use tempfile::{TempDir, tempdir};

use super::{app::SECRET, database::TestDatabase, process, runner::Engine};

/// A database, and where the command is run.
pub struct Patient {
    pub database: TestDatabase,
    pub folder: TempDir,
}

/// The findings, and how the command ended.
pub struct Diagnosis {
    pub status: i32,
    /// Everything that was printed.
    pub text: String,
    findings: Vec<Value>,
}

impl Patient {
    /// With an empty database; on SQLite there is no file yet, and nobody else may enter its folder.
    pub fn new(engine: Engine) -> Self {
        let database = TestDatabase::create(engine);
        if let TestDatabase::Sqlite { folder } = &database {
            fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        }
        Self {
            database,
            folder: tempdir().unwrap(),
        }
    }

    /// With all tables.
    pub fn migrated(engine: Engine) -> Self {
        let patient = Self::new(engine);
        let output = patient.run(&["migrate", "run"], &[]);
        assert!(output.status.success(), "{output:?}");
        patient
    }

    /// Runs a command with the usual settings of a test, and `overrides` over them.
    pub fn run(&self, arguments: &[&str], overrides: &[(&str, &str)]) -> Output {
        let url = self.database.url();
        let usual = [
            ("DATABASE_URL", url.as_str()),
            ("APP_SERVER__PORT", "0"),
            ("APP_AUTH__BCRYPT_COST", "10"),
            ("APP_AUTH__JWT_SECRETS", SECRET),
        ];
        let variables = [&usual, overrides].concat();
        process::output(self.folder.path(), arguments, &variables)
    }

    pub fn diagnose(&self, overrides: &[(&str, &str)]) -> Diagnosis {
        diagnose(&self.run(&["doctor", "--json"], overrides))
    }
}

/// What `task-api doctor --json` found, in whose `output` there is no secret.
#[track_caller]
pub fn diagnose(output: &Output) -> Diagnosis {
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    let failure = String::from_utf8(output.stderr.clone()).unwrap();
    let text = said.clone() + &failure;
    assert!(!text.contains(SECRET), "{text}");
    let status = output.status.code().unwrap();
    assert_eq!(failure.lines().count(), status as usize, "{text}");
    Diagnosis {
        status,
        findings: serde_json::from_str(&said).expect(&text),
        text,
    }
}

impl Diagnosis {
    /// The names of the checks, in order.
    pub fn checks(&self) -> Vec<&str> {
        let names = self.findings.iter().map(|f| f["check"].as_str());
        names.map(Option::unwrap).collect()
    }

    /// `check` has this outcome, in words that contain `found`.
    #[track_caller]
    pub fn is(&self, check: &str, outcome: &str, found: &str) {
        let matches = |finding: &&Value| {
            finding["check"] == check
                && finding["outcome"] == outcome
                && finding["found"].as_str().unwrap().contains(found)
        };
        let holds = self.findings.iter().any(|finding| matches(&finding));
        assert!(holds, "{check} {outcome} {found:?} in {}", self.text);
        let has_failed = self.findings.iter().any(|f| f["outcome"] == "failure");
        assert_eq!(self.status, i32::from(has_failed), "{}", self.text);
        for finding in &self.findings {
            let has_remedy = finding["remedy"].is_string();
            assert_eq!(has_remedy, finding["outcome"] != "ok", "{finding}");
        }
    }

    /// What to do about `check` contains `remedy`.
    #[track_caller]
    pub fn advises(&self, check: &str, remedy: &str) {
        let finding = self.findings.iter().find(|f| f["check"] == check).unwrap();
        let advice = finding["remedy"].as_str().unwrap();
        assert!(advice.contains(remedy), "{advice}");
    }
}
