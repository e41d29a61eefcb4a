"""Slow headers, bodies and readers, 100 of each at once: what others notice, and when they are ended."""

import threading
import time

from parts import others
from parts.client import Client
from parts.sluggish import KINDS, Sluggish

ENGINES = ("sqlite", "postgres")
EACH = 100
SLACK_SECONDS = 8
# Seconds that the documentation gives each kind, and the same for a short run.
SETTINGS = {
    "APP_SERVER__HEADER_SECONDS": (5, 2),
    "APP_SERVER__BODY_SECONDS": (30, 5),
    "APP_SERVER__WRITE_SECONDS": (30, 15),
}
LIMITED_BY = dict(zip(KINDS, (*SETTINGS, "APP_SERVER__WRITE_SECONDS")))
COUNTS = dict(zip(KINDS, (EACH, EACH, EACH // 2, EACH // 2)))
# 40 KB each, so that a list of 120 is 5 MB: the kernel takes up to 4 MB off the service's hands.
LARGE_TASKS, IN_BATCH, LARGE_DESCRIPTION = 120, 5, "\U0001f4dd" * 10_000


def run(drill):
    settings = {name: str(values[drill.quick]) for name, values in SETTINGS.items()}
    known = drill.known(settings)
    if len(known) < len(settings):
        drill.report.note("the binary has no settings for all limits: it is held to their defaults")
        settings = {name: str(values[0]) for name, values in SETTINGS.items()}
    seconds = 5 if drill.quick else 20
    report = drill.report
    with drill.stage(known) as (_, service):
        tokens = others.readers(service)
        _large_list(service, tokens[0])
        readers = tokens[1:]
        alone = others.p95(drill, service, readers, seconds, "alone")
        before = service.memory()[0]
        with Sluggish(service.address, tokens[0], COUNTS) as sluggish:
            begun = time.monotonic()
            report.check("all were taken", sluggish.left() == COUNTS, str(sluggish.left()))
            watch = Watch(sluggish, begun)
            high = others.p95(drill, service, readers, seconds, f"with {EACH} slow of each")
            report.figure("memory before and with them", f"{before:.1f}, {service.memory()[0]:.1f}", "MiB")
            limits = {kind: int(settings[name]) for kind, name in LIMITED_BY.items()}
            watch.until_ended(max(limits.values()) + SLACK_SECONDS)
        for kind, limit in limits.items():
            ended = watch.ended[kind]
            report.figure(f"slow {kind}: the last was ended after", ended, "s")
            report.check(
                f"slow {kind}: ended within {limit} s (and {SLACK_SECONDS})",
                ended is not None and ended < limit + SLACK_SECONDS,
                f"{watch.left[kind]} of {COUNTS[kind]} are still there",
            )
        others.check_p95(report, alone, high)


class Watch(threading.Thread):
    """When the last of each kind was ended, in seconds since they began."""

    def __init__(self, sluggish, begun):
        super().__init__(daemon=True)
        self.sluggish, self.begun = sluggish, begun
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
        """Or until so many seconds after they began."""
        self.join(max(0, self.begun + seconds - time.monotonic()))
        self.over.set()
        self.join()


def _large_list(service, token):
    client = Client(service.address, token)
    task = {"title": "large", "description": LARGE_DESCRIPTION}
    for _ in range(LARGE_TASKS // IN_BATCH):
        operations = [{"op": "create", "task": task}] * IN_BATCH
        answer = client.ask("POST", "/tasks/batch", {"operations": operations})
        assert answer.status == 200, answer
    client.close()
