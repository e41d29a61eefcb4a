//! The result of a check of a database.

/// Most faults of one check that are named.
pub const FAULTS_MAX: usize = 20;

/// One check, and how it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntegrityResult {
    pub check: &'static str,
    /// How many rows, pages, files … were checked.
    pub count: i64,
    /// A sentence each; at most [`FAULTS_MAX`] of them.
    pub faults: Vec<String>,
    /// Worth knowing, but no fault.
    pub note: Option<String>,
}

impl IntegrityResult {
    /// Without a note; faults over [`FAULTS_MAX`] are left out.
    pub fn new(check: &'static str, count: i64, mut faults: Vec<String>) -> Self {
        faults.truncate(FAULTS_MAX);
        Self {
            check,
            count,
            faults,
            note: None,
        }
    }
}
