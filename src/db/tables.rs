//! The one list of tables: `copy` carries them, `verify` counts them, `doctor` looks at the privileges on them.

/// The one that is about the database itself, which another database has of its own.
pub const EPOCHS: &str = "epochs";

/// All other tables; one to whose rows others point stands before them.
pub const TABLES: [&str; 9] = [
    "users",
    "projects",
    "tasks",
    "sessions",
    "refresh_tokens",
    "personal_tokens",
    "idempotency_keys",
    "security_events",
    "throttles",
];

/// Those whose ids the database gives out: `AUTOINCREMENT`, or an identity column.
pub const WITH_IDS: [&str; 6] = [
    "users",
    "projects",
    "tasks",
    "sessions",
    "personal_tokens",
    "security_events",
];
