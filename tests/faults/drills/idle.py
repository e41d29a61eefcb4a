"""10,000 idle connections (2,000 with --quick): what others notice of them, and what they cost."""

import time

from parts import others
from parts.crowd import Crowd, raise_limit
from parts.report import Skipped

ENGINES = ("sqlite", "postgres")
OPEN_SECONDS = 60
MOST_MIB_MORE = 250
SPARE = 1_000
GONE_SECONDS = 30


def run(drill):
    count = 2_000 if drill.quick else 10_000
    files = raise_limit(count + SPARE)
    if files < count + SPARE:
        raise Skipped(f"this process may open {files} files, and {count + SPARE} are needed")
    seconds = 3 if drill.quick else 20
    with drill.stage() as (_, service):
        tokens = others.readers(service)
        alone = others.p95(drill, service, tokens, seconds, "alone")
        memory, base = service.memory()[0], service.descriptors()
        with Crowd(service.address, count) as crowd:
            _await_open(drill.report, crowd)
            ended = crowd.ended.value
            high = others.p95(drill, service, tokens, seconds, f"with {count:,} idle")
            ended = (crowd.ended.value - ended) / seconds
            _cost(drill.report, service, crowd, memory, base)
            drill.report.figure("  ended by the service and made again, a second", ended)
        after = _gone(service, base)
        drill.report.figure("descriptors are back after", after, "s")
        drill.report.check("their descriptors come back", after is not None)
        others.check_p95(drill.report, alone, high)
        others.p95(drill, service, tokens, seconds, "afterwards")


def _await_open(report, crowd):
    begun = time.monotonic()
    while crowd.most.value < crowd.count and time.monotonic() < begun + OPEN_SECONDS:
        time.sleep(0.02)
    report.figure("they were open after", time.monotonic() - begun, "s")


def _cost(report, service, crowd, memory, base):
    """What they cost while they are there, by what the service had before."""
    most, held, now = crowd.most.value, crowd.open.value, service.memory()[0]
    # The service ends those that were made at once at once, too: some are always being made again.
    report.figure("connections held, at most and in the end", f"{most}, {held}")
    report.figure("  that could not be made", crowd.failed.value)
    report.figure("memory before and with them", f"{memory:.1f}, {now:.1f}", "MiB")
    report.figure("descriptors before and with them", f"{base}, {service.descriptors()}")
    report.check("all could be opened", most == crowd.count, f"{most} of {crowd.count}")
    report.check("at least half were there in the end", held > crowd.count / 2, f"{held}")
    report.check(f"they cost less than {MOST_MIB_MORE} MiB", now - memory < MOST_MIB_MORE)


def _gone(service, base):
    """Seconds until the service has closed what the others closed; a few of its own may have come."""
    begun = time.monotonic()
    while time.monotonic() < begun + GONE_SECONDS:
        if service.descriptors() <= base + 20:
            return time.monotonic() - begun
        time.sleep(0.05)
    return None
