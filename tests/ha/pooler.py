"""PgBouncer before a database on this machine."""

import os

import checks
from harness import Unable, databases, processes

CONFIGURATION = """
[databases]
* = host=127.0.0.1 port={server}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users.txt
admin_users = postgres
pool_mode = {mode}
default_pool_size = {size}
max_client_conn = 500
"""
START_SECONDS = 15


class PgBouncer:
    """In `mode`, with `size` connections to the server of `admin_url` for each database."""

    def __init__(self, directory, admin_url, mode, size):
        self.folder = os.path.join(directory, f"pgbouncer-{mode}-{size}")
        self.port, self.mode, self.size = processes.free_port(), mode, size
        self.server = admin_url.rsplit(":", 1)[1].split("/")[0]

    def __enter__(self):
        databases.make_folder(self.folder)
        text = CONFIGURATION.format(**vars(self))
        for name, content in (("pgbouncer.ini", text), ("users.txt", '"postgres" ""\n')):
            with open(os.path.join(self.folder, name), "w", encoding="ascii") as file:
                file.write(content)
        # Debian keeps it out of the PATH of many users.
        program = next(filter(os.path.exists, ("/usr/sbin/pgbouncer", "/usr/bin/pgbouncer")), None)
        if program is None:
            raise Unable("there is no pgbouncer; `apt-get install pgbouncer` brings it")
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.process = processes.start(
                [program, os.path.join(self.folder, "pgbouncer.ini")],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                **databases.owner(),
            )
        checks.eventually(self._answers, START_SECONDS, "PgBouncer answers")
        return self

    def __exit__(self, *_):
        processes.stop(self.process, first=2)  # SIGINT: it waits for transactions, not for clients

    def url(self, name):
        """Of a database, through the pooler."""
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"

    def _answers(self):
        try:
            return databases.sql("SHOW VERSION", self.url("pgbouncer")).startswith("PgBouncer")
        except Unable:
            return False

    def server_connections(self, name):
        """How many it has for a database, and how many clients of its."""
        rows = databases.sql("SHOW POOLS", self.url("pgbouncer")).splitlines()
        row = next(row.split("|") for row in rows if row.startswith(f"{name}|"))
        clients, waiting = int(row[2]), int(row[3])
        # sv_active, sv_idle, sv_used, sv_tested come after the counts of clients and of cancels.
        return sum(map(int, row[6:11])), clients + waiting
