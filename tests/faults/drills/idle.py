"""10,000 idle connections: what others notice, and what they cost the service."""

import time

from parts import others
from parts.crowd import Crowd, raise_limit
from parts.report import Skipped

ENGINES = ("sqlite", "postgres")
OPEN_SECONDS = 60
MOST_MIB_MORE = 200
SPARE = 1_000
GONE_SECONDS = 30


def run(drill):
    count = 2_000 if drill.quick else 10_000
    files = raise_limit(count + SPARE)
    if files < count + SPARE:
        raise Skipped(f"this process may open {files} files, and {count + SPARE} are needed")
    seconds = 5 if drill.quick else 20
    report = drill.report
    with drill.stage() as (_, service):
        tokens = others.readers(service)
        alone = others.p95(drill, service, tokens, seconds, "alone")
        before, base = service.memory()[0], service.descriptors()
        with Crowd(service.address, count) as crowd:
            begun = time.monotonic()
            while crowd.open.value < count and time.monotonic() < begun + OPEN_SECONDS:
                time.sleep(0.02)
            opened = time.monotonic() - begun
            ended = crowd.ended.value
            high = others.p95(drill, service, tokens, seconds, f"with {count:,} idle")
            memory, descriptors = service.memory()[0], service.descriptors()
            ended, held = crowd.ended.value - ended, crowd.open.value
        after = _gone(service, base)
        report.figure("connections held", held)
        report.figure("  opened within", opened, "s")
        report.figure("  ended by the service and made again, a second", ended / seconds)
        report.figure("  that could not be made", crowd.failed.value)
        report.figure("memory before and with them", f"{before:.1f}, {memory:.1f}", "MiB")
        report.figure("descriptors before and with them", f"{base}, {descriptors}")
        report.figure("descriptors are back after", after, "s")
        report.check("they could be opened and held", held > count * 0.9, f"{held} of {count}")
        others.check_p95(report, alone, high)
        report.check(f"they cost less than {MOST_MIB_MORE} MiB", memory - before < MOST_MIB_MORE)
        report.check("their descriptors come back", after is not None)
        others.p95(drill, service, tokens, seconds, "afterwards")


def _gone(service, base):
    """Seconds until the service has closed what the others closed; a few of its own may have come."""
    begun = time.monotonic()
    while time.monotonic() < begun + GONE_SECONDS:
        if service.descriptors() <= base + 20:
            return time.monotonic() - begun
        time.sleep(0.05)
    return None
