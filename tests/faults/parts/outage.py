"""What must hold while a database is out of reach, and after that."""

# Beside the database's own time-out: for a machine that is busy with the drill itself.
SLACK_SECONDS = 1.5
TIMEOUT_SECONDS = 3


def settled(crew, drill, service, pid, audit):
    """The checks that every outage ends with."""
    seen, report = crew.seen, drill.report
    report.figure("answers", sum(seen.statuses.values()))
    for status, count in sorted(seen.statuses.items()):
        report.figure(f"  {status or 'no answer'}", count)
    report.figure("slowest answer", seen.slowest * 1000, "ms")
    report.none("no answer but the right ones and 503 with Retry-After", seen.problems)
    most = TIMEOUT_SECONDS + SLACK_SECONDS
    report.check(
        f"every answer comes within {most} s", seen.slowest < most, f"{seen.slowest:.1f} s"
    )
    alive = service.process.poll() is None and service.process.pid == pid
    report.check("the service was not restarted", alive)
    audit.look(service.address, crew)
    audit.report(report)
