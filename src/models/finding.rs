//! What a check of a database finds.

/// Most faults of one check that are named: whoever sees so many knows enough.
pub const FAULTS_MAX: usize = 20;

/// One check, and how it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How many of it: rows, pages, files.
    pub count: i64,
    /// What is wrong, a sentence each; at most [`FAULTS_MAX`] of them.
    pub faults: Vec<String>,
    /// What is worth knowing and no fault.
    pub note: Option<String>,
}

impl Finding {
    /// Without a note; what is over [`FAULTS_MAX`] is left out.
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
