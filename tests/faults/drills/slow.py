"""Slow headers, bodies and readers, 100 of each (40 with --quick): what others notice, their end."""

import threading
import time

from parts import others
from parts.client import Client
from parts.sluggish import KINDS, LIST, READERS, Sluggish
from parts.steady import Steady

ENGINES = ("sqlite", "postgres")
# For a whole run and for a short one, as are the settings.
EACH = (100, 40)
SLACK_SECONDS = 8
# Seconds that the documentation gives each kind. A short run has fewer readers, who come sooner.
SETTINGS = {
    "APP_SERVER__HEADER_SECONDS": (5, 2),
    "APP_SERVER__BODY_SECONDS": (30, 5),
    "APP_SERVER__WRITE_SECONDS": (30, 8),
}
LIMITED_BY = dict(zip(KINDS, (*SETTINGS, "APP_SERVER__WRITE_SECONDS")))
# 40 KB each, so that a list of 120 is 5 MB: the kernel takes up to 4 MB off the service's hands.
LARGE_TASKS, IN_BATCH, LARGE_DESCRIPTION = 120, 5, "\U0001f4dd" * 10_000


def run(drill):
    settings = _settings(drill)
    limits = {kind: int(settings[name]) for kind, name in LIMITED_BY.items()}
    each = EACH[drill.quick]
    counts = dict(zip(KINDS, (each, each, each // 2, each // 2)))
    seconds = 5 if drill.quick else 20
    with drill.stage(drill.known(settings)) as (_, service):
        tokens = others.readers(service)
        _large_list(service, tokens[0])
        readers = tokens[1:]
        alone = others.p95(drill, service, readers, seconds, "alone")
        before = service.memory()[0]
        with Sluggish(service.address, tokens[0], counts) as sluggish:
            left = sluggish.left()
            drill.report.check("all were taken", left == counts, str(left))
            watch, steady = Watch(sluggish), Steady(service.address, tokens[0], LIST)
            high = others.p95(drill, service, readers, seconds, f"with {each} slow of each")
            memory = service.memory()[0]
            watch.until_ended(max(limits.values()) + SLACK_SECONDS)
            steady.join()
        after = service.memory()[0]
    shown = f"{before:.1f}, {memory:.1f}, {after:.1f}"
    drill.report.figure("memory before, with and after them", shown, "MiB")
    count = sum(counts[kind] for kind in READERS)
    drill.report.figure("  for each reader", (memory - before) / count, "MiB")
    _check(drill.report, watch, limits, counts)
    steady.report(drill.report)
    others.check_p95(drill.report, alone, high)


def _settings(drill):
    """What the service is held to."""
    settings = {name: str(values[drill.quick]) for name, values in SETTINGS.items()}
    if drill.known(settings) != settings:
        drill.report.note("the binary has no settings for all limits: it is held to their defaults")
        settings = {name: str(values[False]) for name, values in SETTINGS.items()}
    return settings


def _check(report, watch, limits, counts):
    for kind, limit in limits.items():
        ended = watch.ended[kind]
        report.figure(f"slow {kind}: the last was ended after", ended, "s")
        report.check(
            f"slow {kind}: ended within {limit} s (and {SLACK_SECONDS})",
            ended is not None and ended < limit + SLACK_SECONDS,
            f"{watch.left[kind]} of {counts[kind]} are still there",
        )


class Watch(threading.Thread):
    """When the last of each kind was ended, in seconds since all had begun."""

    def __init__(self, sluggish):
        super().__init__(daemon=True)
        self.sluggish, self.begun = sluggish, time.monotonic()
        self.ended = dict.fromkeys(KINDS)
        self.left, self.over = {}, threading.Event()
        self.start()

    def run(self):
        while None in self.ended.values() and not self.over.wait(0.1):
            self.left = self.sluggish.left()
            for kind, count in self.left.items():
                if count == 0 and self.ended[kind] is None:
                    self.ended[kind] = time.monotonic() - self.begun

    def until_ended(self, seconds):
        """Or until so many seconds after all had begun."""
        self.join(max(0, self.begun + seconds - time.monotonic()))
        self.over.set()
        self.join()


def _large_list(service, token):
    client = Client(service.address, token)
    task = {"title": "large", "description": LARGE_DESCRIPTION}
    for _ in range(LARGE_TASKS // IN_BATCH):
        operations = [{"op": "create", "task": task}] * IN_BATCH
        client.must(200, "POST", "/tasks/batch", {"operations": operations})
    client.close()
