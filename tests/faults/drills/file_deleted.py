"""The SQLite file moved away and back, and deleted, while the service runs."""

import glob
import os
import sqlite3
import threading
import time

from parts.audit import Audit
from parts.client import Client
from parts.outage import Fault, settled

ENGINES = ("sqlite",)
NOTICED_SECONDS = 2


def run(drill):
    with drill.stage() as (database, service):
        crew = drill.crew(service, refused=True)
        file = File(database.path, service)
        with crew.working():
            time.sleep(1)
            Fault("moved away", file.move_away, file.move_back, 4).make(drill, crew)
        file.report(drill.report, "moved away")
        settled(crew, drill, service, Audit())
        _delete(drill, service, File(database.path, service), crew)


class File:
    """The file, with its log and index, and what the service says of its readiness without it."""

    def __init__(self, path, service):
        self.path, self.service = path, service
        self.not_ready_after, self.ready_at_end = None, None

    def move_away(self):
        for path in glob.glob(f"{self.path}*"):
            os.rename(path, path.replace("bench.db", "away.db"))
        self._watch()

    def move_back(self):
        self.ready_at_end = self.service.is_ready()
        for path in glob.glob(f"{os.path.dirname(self.path)}/away.db*"):
            os.rename(path, path.replace("away.db", "bench.db"))

    def delete(self):
        for path in glob.glob(f"{self.path}*"):
            os.remove(path)
        self._watch()

    def _watch(self):
        """Beside the load: what is asked for from the very moment counts."""
        self.watcher = threading.Thread(target=self._await_not_ready, daemon=True)
        self.watcher.start()

    def _await_not_ready(self):
        begun = time.monotonic()
        while self.not_ready_after is None and time.monotonic() < begun + NOTICED_SECONDS:
            if not self.service.is_ready():
                self.not_ready_after = time.monotonic() - begun
            time.sleep(0.005)

    def report(self, report, name):
        self.watcher.join()
        after = self.not_ready_after
        report.figure(f"{name}: not ready after", after and after * 1000, "ms")
        report.check(f"{name}: not ready within {NOTICED_SECONDS} s", after is not None)
        report.check(f"{name}: not ready until it is back", self.ready_at_end is False)


def _delete(drill, service, file, crew):
    """For good: nothing may be acknowledged until a restart, which begins with an empty file."""
    report = drill.report
    with crew.working():
        file.delete()
        gone = crew.mark()
        time.sleep(4)
        file.ready_at_end = service.is_ready()
    file.report(report, "deleted")
    report.figure("deleted: writes refused", gone.refused_writes)
    report.none("deleted: no write is acknowledged", gone.written)
    report.check("deleted: the service runs on", service.process.poll() is None)
    service.stop()
    service.start()
    client = Client(service.address)
    answer = client.ask(
        "POST", "/auth/register", {"email": "new@example.com", "password": "12345678"}
    )
    client.close()
    report.check("a restart begins with an empty file", answer.status == 201, str(answer))
    with sqlite3.connect(file.path) as connection:
        users = connection.execute("SELECT count(*) FROM users").fetchone()[0]
    connection.close()
    report.check("and what is acknowledged then is in it", users == 1, f"{users} users")
