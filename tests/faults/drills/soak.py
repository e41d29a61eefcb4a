"""Minutes of mixed load: memory and descriptors do not grow, and no 5xx."""

import statistics
import threading
import time

from harness import load
from parts.audit import Audit
from parts.client import Client, Lost

ENGINES = ("sqlite", "postgres")
SAMPLE_SECONDS = 1
# Of the second half, as a straight line through its samples. The more so the shorter it is: the
# allocator takes memory in pieces, and a connection that is made again has another descriptor.
MIB_A_MINUTE, MIB_MORE = 0.5, 2.0
DESCRIPTORS_A_MINUTE, DESCRIPTORS_MORE = 1.0, 4.0
SETTINGS = {
    "APP_TASKS__TRASH_DAYS": "0",
    "APP_TASKS__IDEMPOTENCY_HOURS": "0",
    "APP_TASKS__PURGE_SECONDS": "5",
    "APP_AUTH__FAILURES_PER_ACCOUNT": "1000000",
}
PATHS = (
    "/tasks?limit=50",
    "/tasks?sort=title&limit=20",
    "/tasks?q=note&limit=20",
    "/tasks?include_total=true&limit=1",
    "/trash",
    "/labels",
    "/auth/sessions",
    "/auth/events",
    "/health/ready",
    "/tasks/999999999",
    "/openapi.json",
)


def run(drill):
    with drill.stage(SETTINGS) as (_, service):
        crew = drill.crew(service, clients=4, trash=False)
        others = [Others(crew, worker.email) for worker in crew]
        samples = []
        with crew.working():
            for other in others:
                other.start()
            begun = time.monotonic()
            while (spent := time.monotonic() - begun) < drill.seconds:
                service.check_alive()
                samples.append((spent, service.memory()[0], service.descriptors()))
                time.sleep(SAMPLE_SECONDS)
        for other in others:
            other.join()
        _report(drill, crew, samples, others)
        audit = Audit()
        audit.look(service.address, crew)
        audit.report(drill.report)


class Others(threading.Thread):
    """The same account from elsewhere: it logs in, refreshes, reads and logs out, over and over."""

    def __init__(self, crew, email):
        super().__init__(daemon=True)
        self.crew, self.email = crew, email
        self.client = Client(crew.address)
        self.logins = self.refreshes = self.reads = 0

    def run(self):
        while not self.crew.stop.is_set():
            try:
                self._visit()
            except (Lost, KeyError) as error:
                self.crew.seen.problems.append(f"a visit failed: {error!r}")

    def _visit(self):
        pair = self._ask(
            "POST", "/auth/login", load.login_form(self.email, load.PASSWORD), 200
        ).json()
        self.logins += 1
        for turn in range(5):
            self.client.token = pair["access_token"]
            for path in PATHS:
                self._ask("GET", path, None, 404 if path.endswith("999999999") else 200)
                self.reads += 1
                self.crew.stop.wait(0.02)
            if turn < 4:
                form = f"grant_type=refresh_token&refresh_token={pair['refresh_token']}"
                pair = self._ask("POST", "/auth/refresh", form, 200).json()
                self.refreshes += 1
        self._ask("POST", "/auth/logout", None, 204)
        self.client.token = None
        self._ask("POST", "/auth/login", load.login_form(self.email, "another password"), 401)

    def _ask(self, method, path, body, status):
        answer = self.client.ask(method, path, body)
        self.crew.seen.statuses[answer.status] += 1
        if answer.status != status:
            self.crew.seen.problems.append(f"{method} {path} answers {answer}")
        return answer


def _report(drill, crew, samples, others):
    report, seen = drill.report, crew.seen
    half = samples[len(samples) // 2 :]
    memory, descriptors = _slope(half, 1), _slope(half, 2)
    report.figure("load for", drill.seconds, "s")
    report.figure("answers", sum(seen.statuses.values()))
    report.figure("  acknowledged writes", seen.acknowledged)
    for name in ("logins", "refreshes", "reads"):
        report.figure(f"  {name}", sum(getattr(other, name) for other in others))
    report.figure("slowest answer to a writer", seen.slowest * 1000, "ms")
    report.figure("memory, at the begin", samples[0][1], "MiB")
    report.figure("memory, at half time", half[0][1], "MiB")
    report.figure("memory, at the end", samples[-1][1], "MiB")
    report.figure("memory, slope of the second half", memory, "MiB/min")
    report.figure("descriptors, at half time and at the end", f"{half[0][2]}, {half[-1][2]}")
    report.figure("descriptors, slope of the second half", descriptors, "/min")
    report.none("no answer but the right ones, and no 5xx", seen.problems)
    minutes = drill.seconds / 120
    most = MIB_A_MINUTE + MIB_MORE / minutes
    report.check(f"memory grows by less than {most:.1f} MiB/min", memory < most)
    most = DESCRIPTORS_A_MINUTE + DESCRIPTORS_MORE / minutes
    report.check(f"descriptors grow by less than {most:.1f}/min", descriptors < most)


def _slope(samples, column):
    """By least squares, for a minute."""
    times = [sample[0] for sample in samples]
    values = [sample[column] for sample in samples]
    return statistics.linear_regression(times, values).slope * 60
