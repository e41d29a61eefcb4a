"""SIGKILL at random moments under mixed load, and a start after each."""

import time

from harness import Unable
from parts.audit import Audit
from parts.integrity import Integrity

ENGINES = ("sqlite", "postgres")
SETTLE_SECONDS = 0.3


def run(drill):
    rounds = 10 if drill.quick else 100
    audit, starts, report = Audit(), [], drill.report
    with drill.stage() as (database, service):
        crew = drill.crew(service, lost=True)
        integrity = Integrity(drill, service)
        try:
            for number in range(rounds):
                starts.append(_round(drill, number, database, service, crew, integrity))
                audit.look(service.address, crew)
                if number % 2:
                    integrity.look(database)
        except Unable as reason:
            report.check(f"the service starts again after kill {number + 1}", False, str(reason))
    seen = crew.seen
    report.figure("kills", len(starts))
    report.figure("acknowledged writes", seen.acknowledged)
    report.figure("slowest start", max(starts, default=0) * 1000, "ms")
    report.none("no answer but the right ones", seen.problems)
    audit.report(report)
    integrity.report(report)
    report.check("there was something to lose", seen.acknowledged > rounds and audit.open > 0)


def _round(drill, number, database, service, crew, integrity):
    """A kill and a start. Returns the seconds that the start took."""
    with crew.working():
        time.sleep(drill.rng.uniform(0.05, 0.8))
        service.kill()
    # In turns: before the service has recovered the file by itself, and after that.
    if number % 2 == 0:
        integrity.look(database)
    begun = time.monotonic()
    service.start()
    taken = time.monotonic() - begun
    if drill.engine == "postgres":
        time.sleep(SETTLE_SECONDS)  # what the dead service had sent may still be at work
    return taken
