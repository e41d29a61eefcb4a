"""The wall clock back by an hour and on by a day, under load (libfaketime)."""

import datetime
import glob
import os
import time

from parts.audit import Audit, next_page
from parts.book import Book
from parts.client import Client
from parts.crew import Worker
from parts.report import Skipped

ENGINES = ("sqlite", "postgres")
LIBRARIES = "/usr/lib/*/faketime/libfaketimeMT.so.1"
JUMPS = (("back by an hour", -3_600), ("on by a day", 86_400), ("back to now", 0))
PAGE, LISTED = 7, 100
ORDERS = ("-id", "created_at", "updated_at", "-updated_at", "due_at")
SETTINGS = {
    "APP_AUTH__ACCESS_TOKEN_MINUTES": "15",
    "APP_TASKS__TRASH_DAYS": "0",
    "APP_TASKS__PURGE_SECONDS": "1",
}
PURGED_SECONDS = 10


def run(drill):
    found = glob.glob(LIBRARIES)
    if not found:
        raise Skipped("there is no libfaketime (Debian: faketime)")
    clock = Clock(os.path.join(drill.directory, "clock"))
    preload = clock.environment(found[0])
    with drill.stage(SETTINGS, prefix=("env", *preload)) as (_, service):
        crew = drill.crew(service, trash=False)
        reader = Reader(crew, drill.rng)
        with crew.working() as seen:
            time.sleep(1)
            for name, offset in JUMPS:
                reader.begin()
                clock.jump(offset)
                _after(drill, crew, reader, name, offset)
        _tokens(drill, crew)
        report = drill.report
        for status, count in sorted(seen.statuses.items()):
            report.figure(f"answers {status or 'none'}", count)
        report.figure("slowest answer", seen.slowest * 1000, "ms")
        report.none("no answer but the right ones, no 5xx; 401 where a token ended", seen.problems)
        report.check("tokens ended by the jump of a day, and were renewed", seen.statuses[401] > 0)
        report.check("nothing hangs: every answer within 3 s", seen.slowest < 3)
        report.check("the service ran on, without a restart", service.process.poll() is None)
        audit = Audit()
        audit.look(service.address, crew)
        audit.report(report)


class Clock:
    """The file that libfaketime reads at each look at the clock. What counts up since the boot is not
    touched: as in a real jump."""

    def __init__(self, path):
        self.path = path
        self.jump(0)

    def environment(self, library):
        return (
            f"LD_PRELOAD={library}",
            f"FAKETIME_TIMESTAMP_FILE={self.path}",
            "FAKETIME_NO_CACHE=1",
            "FAKETIME_DONT_FAKE_MONOTONIC=1",
            "DONT_FAKE_MONOTONIC=1",
        )

    def jump(self, offset):
        with open(f"{self.path}.new", "w", encoding="ascii") as file:
            file.write(f"{offset:+d}\n")
        os.replace(f"{self.path}.new", self.path)


class Reader:
    """An account whose tasks do not change: it is halfway through its lists when the clock jumps."""

    def __init__(self, crew, rng):
        self.worker = Worker(crew, Book("reader", rng))
        self.client = self.worker.client
        tasks = [
            {"title": f"task {n}", "due_at": f"2027-01-{n % 28 + 1:02}T00:00:00Z"}
            for n in range(LISTED)
        ]
        operations = [{"op": "create", "task": task} for task in tasks]
        self._ask(200, "POST", "/tasks/batch", {"operations": operations})

    def _ask(self, status, method, path, body=None):
        """The answer, with another token where the first has ended."""
        if self.client.ask("GET", "/auth/me").status == 401:
            self.worker.refresh()
        return self.client.must(status, method, path, body)

    def begin(self):
        """The first half of the list in every order."""
        self.walks = {order: ([], f"/tasks?limit={PAGE}&sort={order}") for order in ORDERS}
        self._walk(LISTED // 2)

    def _walk(self, until):
        for order, (titles, path) in self.walks.items():
            while path and len(titles) < until:
                answer = self._ask(200, "GET", path)
                titles += [task["title"] for task in answer.json()]
                path = next_page(answer)
            self.walks[order] = (titles, path)

    def finish(self):
        """What is wrong with the lists as a whole."""
        self._walk(LISTED + 1)
        for order, (titles, _) in self.walks.items():
            if len(titles) != LISTED or len(set(titles)) != LISTED:
                yield f"sort={order}: {len(titles)} tasks, {len(set(titles))} of them different"

    def purged_after(self):
        """Seconds until a task that goes to the trash now is gone from there; `None` where it stays."""
        made = self._ask(201, "POST", "/tasks", {"title": "to be purged"}).json()
        created = datetime.datetime.fromisoformat(made["created_at"].replace("Z", "+00:00"))
        self.off = created.timestamp() - time.time()
        self._ask(204, "DELETE", f"/tasks/{made['id']}")
        begun = time.monotonic()
        while time.monotonic() < begun + PURGED_SECONDS:
            trash = self._ask(200, "GET", "/trash?limit=200").json()
            if made["id"] not in [task["id"] for task in trash]:
                return time.monotonic() - begun
            time.sleep(0.05)
        return None


def _after(drill, crew, reader, name, offset):
    """What must hold after a jump."""
    mark, report = crew.mark(), drill.report
    first = mark.await_write(10)
    wrong = list(reader.finish())
    purged = reader.purged_after()
    report.figure(f"{name}: first write", first and first * 1000, "ms")
    report.figure(f"{name}: a deleted task is purged after", purged, "s")
    report.check(f"{name}: the service sees it", abs(reader.off - offset) < 10, f"{reader.off} s")
    report.check(f"{name}: writes go on", first is not None)
    report.none(f"{name}: lists by cursor neither lose nor double", wrong)
    report.check(f"{name}: jobs go on", purged is not None)


def _tokens(drill, crew):
    """After all the jumps, whatever each client holds: an access token or the refresh token is good."""
    dead = []
    for worker in crew:
        client = Client(crew.address, worker.token())
        answer = client.ask("GET", "/auth/me")
        if answer.status == 401:
            answer = worker.refresh()
        if answer.status != 200:
            dead.append(f"{worker.email}: {answer}")
        client.close()
    drill.report.none("each client can go on without its password", dead)
