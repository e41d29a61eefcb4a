//! The one list of tables: `copy` carries them, `verify` counts them, `doctor` looks at the privileges on them.

/// A table of the service.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    pub name: &'static str,
    /// Whether the database gives out its ids: `AUTOINCREMENT`, or an identity column.
    pub has_ids: bool,
}

/// All tables; one to whose rows others point stands before them.
pub const TABLES: [Table; 8] = [
    with_ids("users"),
    with_ids("tasks"),
    with_ids("sessions"),
    without_ids("refresh_tokens"),
    with_ids("personal_tokens"),
    without_ids("idempotency_keys"),
    with_ids("security_events"),
    without_ids("throttles"),
];

/// Their names.
pub fn names() -> [&'static str; TABLES.len()] {
    TABLES.map(|table| table.name)
}

const fn with_ids(name: &'static str) -> Table {
    Table {
        name,
        has_ids: true,
    }
}

const fn without_ids(name: &'static str) -> Table {
    Table {
        name,
        has_ids: false,
    }
}
