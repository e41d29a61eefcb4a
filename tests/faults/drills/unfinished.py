"""10,000 bodies that never end (2,000 with --quick), also through HAProxy: others, and their own end."""

import pathlib
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent.parent / "ha"))

import proxies
from harness import Unable, processes
from parts import others
from parts.crowd import raise_limit
from parts.report import Skipped
from parts.unfinished import Unfinished

ENGINES = ("sqlite",)
SPARE = 1_000
# The service reads on for 5 seconds after its answer; HAProxy waits for `timeout client`.
GONE_SECONDS, GONE_PROXY_SECONDS = 5, 35
SLACK_SECONDS = 5


def run(drill):
    count = 2_000 if drill.quick else 10_000
    if raise_limit(4 * count + SPARE) < count + SPARE:
        raise Skipped(f"this process may not open the {count + SPARE} files that are needed")
    seconds = 3 if drill.quick else 10
    with drill.stage() as (_, service):
        tokens = others.readers(service)
        alone = others.p95(drill, service, tokens, seconds, "alone")
        held = {"the service": service.descriptors}
        high = _unfinished(drill, service, tokens, service.address, held, count, GONE_SECONDS)
        others.check_p95(drill.report, alone, high)
        try:
            proxy = proxies.HaProxy(drill.directory, [service.address] * 2)
        except Unable as reason:
            drill.report.left_out("through HAProxy", str(reason))
            return
        with proxy:
            proxy.wait_until_both_are_up()
            held["HAProxy"] = lambda: processes.descriptors(proxy.process.pid)
            _unfinished(drill, service, tokens, proxy.address, held, count, GONE_PROXY_SECONDS)


def _unfinished(drill, service, tokens, address, held, count, limit):
    """Sends them to `address`; all that are in `held` must let go of them. Returns what others noticed."""
    base = {name: descriptors() for name, descriptors in held.items()}
    with Unfinished(address, count) as crowd:
        begun = time.monotonic()
        high = others.p95(drill, service, tokens, 3, f"with {count:,} unfinished at {address}")
        answered, told = crowd.answered.value, crowd.told.value
        drill.report.check("each is answered at once", answered == count, f"{answered:,}")
        if address == service.address:
            what = "each is told that the connection closes"
            drill.report.check(what, told == count, f"{told:,}")
        for name, descriptors in held.items():
            while descriptors() > base[name] + 20 and time.monotonic() < begun + 4 * limit:
                time.sleep(0.05)
            took = time.monotonic() - begun
            drill.report.figure(f"{name} had let go of all after", took, "s")
            drill.report.check(
                f"{name} lets go of them within {limit} s (and {SLACK_SECONDS})",
                took < limit + SLACK_SECONDS,
                f"{descriptors()} descriptors, {base[name]} before",
            )
    return high
