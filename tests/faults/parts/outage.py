"""Faults of the database: what must hold during one, and after it."""

import dataclasses
import time
from collections.abc import Callable

# Beside the database's own time-out: for a machine that is busy with the drill itself.
SLACK_SECONDS = 1.5
TIMEOUT_SECONDS = 3
HEALED_SECONDS = 5
WATCHED_SECONDS = 2  # after the first write
PATIENCE_SECONDS = 60


@dataclasses.dataclass
class Fault:
    """`begin` makes it, `end` ends it after so many seconds."""

    name: str
    begin: Callable
    end: Callable
    seconds: float
    refuses: bool = True  # writes are told so
    only_refuses: bool = True  # and none is acknowledged meanwhile
    reads: bool = False  # reads go on meanwhile

    def make(self, drill, crew):
        """Under the load of `crew`. Says what came of it."""
        self.begin()
        cut = crew.mark()
        time.sleep(self.seconds)
        crew.mark()  # what is asked for from here on may meet the end
        self.end()
        healed = crew.mark()
        first = healed.await_write(PATIENCE_SECONDS)
        time.sleep(WATCHED_SECONDS)
        self._say(drill.report, crew, cut, healed, first)
        self._check(drill.report, cut, first, _last(crew, healed))

    def _say(self, report, crew, cut, healed, first):
        report.figure(f"{self.name}: for", healed.time - cut.time, "s")
        report.figure("  meanwhile: writes refused", cut.refused_writes)
        report.figure("  meanwhile: writes acknowledged", len(cut.written))
        report.figure("  meanwhile: reads answered", cut.read)
        report.figure("  meanwhile: reads refused", cut.refused_reads)
        report.figure("  after it: first write", first and first * 1000, "ms")
        report.figure("  after it: last failure", _last(crew, healed) * 1000, "ms")

    def _check(self, report, cut, first, last):
        if self.refuses:
            report.check(f"{self.name}: writes are refused", cut.refused_writes > 0)
        if self.only_refuses:
            report.none(f"{self.name}: no write is acknowledged meanwhile", cut.written)
        if self.reads:
            going = cut.read > 0 and not cut.refused_reads
            report.check(f"{self.name}: reads go on", going, f"{cut.refused_reads} refused")
        healed = first is not None and first < HEALED_SECONDS
        report.check(f"{self.name}: healed within {HEALED_SECONDS} s", healed, f"{first} s")
        whole = last < HEALED_SECONDS
        report.check(f"{self.name}: nothing fails after that", whole, f"{last:.1f} s")


def _last(crew, healed):
    """Seconds from then to the last failure."""
    return max(0.0, (crew.seen.last_failure or 0.0) - healed.time)


def settled(crew, drill, service, audit):
    """The checks that every outage ends with."""
    seen, report = crew.seen, drill.report
    report.figure("answers", sum(seen.statuses.values()))
    for status, count in sorted(seen.statuses.items()):
        report.figure(f"  {status or 'no answer'}", count)
    report.figure("slowest answer", seen.slowest * 1000, "ms")
    report.none("no answer but the right ones and 503 with Retry-After", seen.problems)
    # The lookup of the token's user is waited for, and then the request's own work.
    most = 2 * TIMEOUT_SECONDS + SLACK_SECONDS
    report.check(
        f"every answer comes within {most} s", seen.slowest < most, f"{seen.slowest:.1f} s"
    )
    report.check("the service ran on, without a restart", service.process.poll() is None)
    audit.look(service.address, crew)
    audit.report(report)
