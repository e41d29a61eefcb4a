"""Somebody holds a lock on a user's row in PostgreSQL: what the others notice, what it costs."""

import subprocess
import threading
import time

from harness import databases
from parts.audit import Audit
from parts.outage import Fault, settled

ENGINES = ("postgres",)
SECONDS = (60, 35)
POOL_SIZE = 10
# The pool, and the connection of the readiness probe.
MOST_CONNECTIONS = POOL_SIZE + 1


def run(drill):
    with drill.stage({"APP_DATABASE__POOL_SIZE": str(POOL_SIZE)}) as (database, service):
        crew = drill.crew(service, refused=True)
        lock, count = Lock(database), Count(database)
        with crew.working():
            time.sleep(1)
            # All others go on: only what waits for the lock is refused.
            fault = Fault("a lock", lock.take, lock.release, SECONDS[drill.quick])
            fault.only_refuses = False
            fault.make(drill, crew)
        count.end()
        bounded = count.most <= MOST_CONNECTIONS
        most = f"{count.most} of them"
        drill.report.check(f"it has at most {MOST_CONNECTIONS} connections", bounded, most)
        settled(crew, drill, service, Audit())


class Lock:
    """What a person at a terminal who went away, or a client that died without a word, leaves behind."""

    def __init__(self, database):
        self.url = database.url

    def take(self):
        command = [databases.needed("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", self.url]
        self.holder = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        user = "SELECT id FROM users WHERE email = 'c0@example.com' FOR UPDATE"
        self.holder.stdin.write(f"BEGIN;\n{user};\n")
        self.holder.stdin.flush()
        self.holder.stdout.readline()  # it is held

    def release(self):
        self.holder.communicate("ROLLBACK;\n")


class Count(threading.Thread):
    """How many connections the service has, at most."""

    ASKED = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'task-api'"

    def __init__(self, database):
        super().__init__(daemon=True)
        self.url, self.most, self.over = database.admin_url, 0, threading.Event()
        self.start()

    def run(self):
        while not self.over.wait(0.5):
            self.most = max(self.most, self.asked())

    def asked(self):
        return int(databases.sql(self.ASKED, self.url))

    def end(self):
        self.over.set()
        self.join()
