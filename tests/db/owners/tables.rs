//! The tables, and what is known to be about more than one owner.

/// The tables whose rows users own, each with the column `user_id`.
pub const OWNED: &[&str] = &[
    "idempotency_keys",
    "personal_tokens",
    "projects",
    "refresh_tokens",
    "security_events",
    "sessions",
    "tasks",
];

/// SQLite's inverted index, which has no columns to ask for: its entries begin with their owner.
pub const INDEX: &str = "task_search";

/// The owners themselves.
pub const USERS: &str = "users";

/// Rows without an owner: counters by bucket, the epoch of the database, which migrations were applied, and SQLite's ids.
pub const NOBODYS: &[&str] = &[
    "throttles",
    "epochs",
    "__diesel_schema_migrations",
    "sqlite_sequence",
];

/// Modules below `src/repositories` that are about everybody's rows, with the reason. Their functions are
/// neither run nor checked.
pub const ACROSS_OWNERS: &[(&str, &str)] = &[
    (
        "maintenance",
        "background jobs: each statement takes a bounded number of rows, of all owners",
    ),
    ("integrity", "an operator's check of the whole database"),
    ("transfer", "an operator's move of the whole database"),
];

/// Functions that may leave the owner out, with the reason. A function that need not be here is an error.
pub const UNKEYED: &[(&str, &str)] = &[(
    "sessions::find_user",
    "an access token names its user by e-mail address: the row of `users` says which owner it is",
)];
