//! Findings as people and programs read them.

use super::finding::{Finding, Outcome};

/// Aligned, a line each; below a line that is not ok, what to do.
pub fn text(findings: &[Finding]) -> String {
    findings.iter().map(lines).collect()
}

fn lines(finding: &Finding) -> String {
    let outcome = match finding.outcome {
        Outcome::Ok => "ok",
        Outcome::Warning => "warning",
        Outcome::Failure => "FAILURE",
    };
    let Finding { check, found, .. } = finding;
    let remedy = finding.remedy.as_ref();
    let remedy = remedy.map_or(String::new(), |remedy| format!("{:22} => {remedy}\n", ""));
    format!("{outcome:<8} {check:<13} {found}\n{remedy}")
}

/// How many findings are not ok, in words.
pub fn summary(findings: &[Finding]) -> String {
    let count = |outcome| findings.iter().filter(|f| f.outcome == outcome).count();
    let (failures, warnings) = (count(Outcome::Failure), count(Outcome::Warning));
    let checks = findings.len();
    format!("checks: {checks}, failures: {failures}, warnings: {warnings}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_stands_below_what_was_found() {
        let findings = [
            Finding::ok("clock", "fine"),
            Finding::warning("disk", "12 MiB\nare free", "free some"),
            Finding::failure("port", "taken", "stop it"),
        ];
        let expected = "\
ok       clock         fine
warning  disk          12 MiB are free
                       => free some
FAILURE  port          taken
                       => stop it
";
        assert_eq!(text(&findings), expected);
        assert_eq!(summary(&findings), "checks: 3, failures: 1, warnings: 1");
    }
}
