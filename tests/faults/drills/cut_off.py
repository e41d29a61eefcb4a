"""The way to PostgreSQL cut: by RST, and by silence that heals, or never does for old connections.

The proxy's kernel goes on acknowledging what the service sends: TCP's own time-outs see nothing."""

import time
import urllib.parse

from parts.audit import Audit
from parts.outage import settled
from parts.proxy import Proxy

ENGINES = ("postgres",)
HEALED_SECONDS = 5


def run(drill):
    silence = 8 if drill.quick else 20
    with drill.database() as database, Proxy(database.port) as proxy:
        parts = urllib.parse.urlsplit(database.url)
        url = parts._replace(netloc=f"postgres@127.0.0.1:{proxy.port}").geturl()
        with drill.service(url) as service:
            pid = service.process.pid
            crew = drill.crew(service, refused=True)
            with crew.working():
                time.sleep(1)
                _cut(drill, crew, "RST", proxy.reset, proxy.heal, 3)
                _cut(drill, crew, "silence, held", proxy.hold, proxy.heal, silence)
                lose = lambda: proxy.heal(drop=True)
                _cut(drill, crew, "silence, lost", proxy.hold, lose, silence)
            settled(crew, drill, service, pid, Audit())


def _cut(drill, crew, name, begin, heal, seconds):
    """One fault of so many seconds, and what came after it."""
    seen, report = crew.seen, drill.report
    before = seen.statuses[503]
    begin()
    cut = crew.mark()
    time.sleep(seconds)
    during, refused = seen.after_mark, seen.statuses[503] - before
    heal()
    healed = crew.mark()
    while seen.since(healed) is None and time.monotonic() < healed + 12 * HEALED_SECONDS:
        time.sleep(0.01)
    success = seen.since(healed)
    time.sleep(2)
    report.figure(f"{name}: cut off for", healed - cut, "s")
    report.figure("  answers 503 meanwhile", refused)
    report.figure("  first success after the healing", success and success * 1000, "ms")
    report.figure("  last failure after the healing", _late(seen, healed), "ms")
    report.none(f"no write is acknowledged meanwhile ({name})", during)
    report.check(f"others were told so: 503 ({name})", refused > 0)
    report.check(
        f"it heals within {HEALED_SECONDS} s ({name})", (success or 999) < HEALED_SECONDS
    )


def _late(seen, healed):
    return max(0.0, seen.last_failure - healed) * 1000 if seen.last_failure else None
