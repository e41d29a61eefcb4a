"""What others notice: four users who ask for GET /tasks 20 times a second each."""

import contextlib
import http.client

from harness import flood, load, report

READERS = 4
# The service's processors are also those of the drill, and perhaps of others.
MOST_MS, MOST_TIMES = 250, 5


def readers(service):
    """Tokens of new users with tasks."""
    with contextlib.closing(http.client.HTTPConnection(service.address, timeout=60)) as connection:
        users = [
            load.user(connection, f"reader{n}@example.com", load.TASKS) for n in range(READERS)
        ]
    return [user.token for user in users]


def p95(drill, service, tokens, seconds, name):
    """Milliseconds; prints them with their like."""
    seen = flood.flood(service.address, tokens, [], seconds)
    service.check_alive()
    low, high = (report.percentile(seen.reads, share) for share in (50, 95))
    drill.report.figure(f"others' p50 and p95, {name}", f"{low:.1f}, {high:.1f}", "ms")
    drill.report.none(f"others get the right answers, {name}", list(seen.problems.elements()))
    return high


def check_p95(told, alone, high):
    most = max(MOST_MS, MOST_TIMES * alone)
    what = f"others' p95 stays below {MOST_MS} ms, or {MOST_TIMES} times what it is alone"
    told.check(what, high < most, f"{high:.1f} ms")
