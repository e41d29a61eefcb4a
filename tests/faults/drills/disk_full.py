"""The file system of the database full under load, and with room again."""

import errno
import os
import time

from parts import namespaces
from parts.audit import Audit
from parts.integrity import Integrity
from parts.outage import Fault, settled

ENGINES = ("sqlite", "postgres")
FULL_SECONDS = 5
PATIENCE_SECONDS = 60
MIB = 1 << 20
# PostgreSQL's own files take 40 MiB, its log of writes as much again.
SIZES = {"sqlite": 32, "postgres": 256}
SMALL_LOG = ("max_wal_size=32MB", "min_wal_size=32MB", "autovacuum=off")


def run(drill):
    namespaces.mounts()
    path = os.path.join(drill.directory, "small")
    namespaces.tmpfs(path, SIZES[drill.engine])
    try:
        _drill(drill, path)
    finally:
        namespaces.unmount(path)


def _drill(drill, path):
    sqlite = drill.engine == "sqlite"
    options = {} if sqlite else {"settings": SMALL_LOG}
    with drill.database(path, **options) as database, drill.service(database.url) as service:
        crew = drill.crew(service, refused=True, size=2_000 if sqlite else 9_000)
        integrity, ballast = Integrity(drill, service), Ballast(path, crew, database, sqlite)
        with crew.working():
            for turn in range(1 if drill.quick else 3):
                name = f"full disk {turn + 1}"
                Fault(
                    name,
                    ballast.fill,
                    ballast.free,
                    FULL_SECONDS,
                    only_refuses=False,  # what fits may be done
                    reads=sqlite,
                ).make(drill, crew)
        drill.report.figure("disk full after, longest", ballast.longest, "s")
        if not sqlite:
            drill.report.figure("times that PostgreSQL ended and was started again", ballast.ended)
        settled(crew, drill, service, Audit())
        integrity.look(database)
        integrity.report(drill.report)


class Ballast:
    """A file that leaves little room, which the load then takes."""

    def __init__(self, directory, crew, database, sqlite):
        self.directory, self.path = directory, os.path.join(directory, "ballast")
        self.crew, self.database, self.sqlite = crew, database, sqlite
        self.ended, self.longest = 0, 0.0

    def fill(self):
        """Returns once a write was refused."""
        time.sleep(1)
        begun, refused = time.monotonic(), self.crew.seen.statuses[503]
        while not self._take():
            pass  # the load was faster
        while self.crew.seen.statuses[503] == refused:
            if time.monotonic() > begun + PATIENCE_SECONDS:
                break  # the check for refused writes will say so
            time.sleep(0.01)
        self.longest = max(self.longest, time.monotonic() - begun)

    def _take(self):
        """All but half a MiB. Whether that much was still free when it was taken."""
        with open(self.path, "wb") as file:
            free = os.statvfs(self.directory)
            room = max(1, free.f_bavail * free.f_frsize - MIB // 2)
            try:
                os.posix_fallocate(file.fileno(), 0, room)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                return room == 1
        return True

    def free(self):
        os.remove(self.path)
        if not self.sqlite:
            # Out of room for its log, PostgreSQL ends: an operator starts it again.
            self.ended += self.database.ensure_running()
