"""PostgreSQL restarted under load: pg_ctl's fast and immediate."""

import time

from parts.audit import Audit
from parts.outage import HEALED_SECONDS, settled

ENGINES = ("postgres",)


def run(drill):
    rounds = 1 if drill.quick else 5
    with drill.stage() as (database, service):
        crew = drill.crew(service, refused=True)
        with crew.working():
            for how in ("fast", "immediate"):
                taken = [_restart(drill, crew, database, how) for _ in range(rounds)]
                _report(drill, how, taken)
            time.sleep(1)
        settled(crew, drill, service, Audit())
        refused = crew.seen.statuses[503]
        drill.report.check("the restarts were noticed", refused > 0)


def _restart(drill, crew, database, how):
    """Seconds that the server was away, and from its first answer to the first write."""
    time.sleep(drill.rng.uniform(0.5, 1.5))
    away = time.monotonic()
    database.restart(how)
    database.ensure_running()  # it answers
    back = crew.mark()
    return back.time - away, back.await_write(6 * HEALED_SECONDS)


def _report(drill, how, taken):
    report = drill.report
    report.figure(f"restarts, {how}", len(taken))
    report.figure("  server away, longest", max(away for away, _ in taken) * 1000, "ms")
    healed = [success for _, success in taken if success is not None]
    report.figure("  first write after it, longest", max(healed, default=0) * 1000, "ms")
    report.check(
        f"a write within {HEALED_SECONDS} s of each restart ({how})",
        len(healed) == len(taken) and max(healed) < HEALED_SECONDS,
    )
