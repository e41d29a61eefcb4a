"""A fresh database on either engine, gone at the end."""

import glob
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
import urllib.parse

from . import Unable, processes

START_SECONDS = 30
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Sqlite:
    """A file. Its work is done in the service's process, so it has no cost of its own."""

    name = "sqlite"
    has_process = False

    def __init__(self, directory):
        self.directory = directory
        self.path = os.path.join(directory, "bench.db")
        self.url = f"sqlite://{self.path}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for path in glob.glob(f"{self.path}*"):
            os.remove(path)

    def describe(self):
        return f"a new file on {processes.file_system(self.directory)}"

    def cpu(self):
        return 0

    def settle(self):
        """Nothing to do: statements name their indexes."""

    def limit(self, *_):
        return None


class Postgres:
    """A database of its own, on a throw-away server or on the one that BENCH_POSTGRES_URL names."""

    name = "postgres"
    has_process = True

    def __init__(self, directory, settings=()):
        """`settings` such as "max_wal_size=32MB" are for a throw-away server."""
        self.data = os.path.join(directory, "postgres")
        self.settings = settings
        self.server = None
        self.database = "bench_" + secrets.token_hex(6)
        self.admin_url = os.environ.get("BENCH_POSTGRES_URL")

    def __enter__(self):
        if self.admin_url is None:
            self._start_server()
        elif urllib.parse.urlsplit(self.admin_url).hostname not in LOOPBACK:
            raise Unable(
                "BENCH_POSTGRES_URL must name a server on this machine by a loopback address"
            )
        try:
            self._await_answer()
            self._sql(f"CREATE DATABASE {self.database}")
        except BaseException:
            self._stop_server()
            raise
        self.url = urllib.parse.urlsplit(self.admin_url)._replace(path=self.database).geturl()
        return self

    def __exit__(self, *_):
        try:
            self._sql(f"DROP DATABASE {self.database} WITH (FORCE)")
        finally:
            self._stop_server()

    def describe(self):
        where = f" on {processes.file_system(self.data)}" if self.server else ""
        settings = ("server_version", "fsync", "synchronous_commit", "shared_buffers")
        shown = ", ".join(f"{name} {self._sql(f'SHOW {name}')}" for name in settings)
        return f"{'a throw-away' if self.server else 'the given'} server{where}, {shown}"

    def cpu(self):
        if self.server:
            return processes.cpu_of_tree(self.server.pid)
        return processes.cpu_of_name("postgres")

    def settle(self):
        """What autovacuum does in time."""
        self._sql("VACUUM ANALYZE tasks", self.url)

    def limit(self, seconds, connections, data):
        """What PostgreSQL alone gives: the statement behind a GET and the one behind a POST."""
        pgbench = find("pgbench")
        if pgbench is None:
            return None
        self.settle()
        return {
            name: self._pgbench(pgbench, script, seconds, connections)
            for name, script in limit_scripts(data).items()
        }

    def _pgbench(self, pgbench, script, seconds, connections):
        command = [pgbench, "-n", "-M", "prepared", "-j", "1", "-c", connections, "-T", seconds]
        command = [*map(str, command), "-f", "-", self.url]
        done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
        rate = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
        if done.returncode or rate is None:
            raise Unable(f"pgbench failed: {done.stderr.strip()[-500:]}")
        return {"requests_per_second": float(rate[1])}

    def _start_server(self):
        """Default settings but for the address and what was asked for."""
        make_cluster(self.data)
        self.port = processes.free_port()
        self.admin_url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"
        self._launch()

    def _launch(self):
        self.server = start_cluster(self.data, self.port, self.settings)

    def restart(self, how):
        """As `pg_ctl restart -m HOW` does, with the same signals: "fast" or "immediate"."""
        first = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}[how]
        processes.stop(self.server, first=first)
        self._launch()

    def ensure_running(self):
        """Starts the server again where it has ended. Returns whether it had."""
        ended = self.server.poll() is not None
        if ended:
            self._launch()
        self._await_answer()
        return ended

    def _stop_server(self):
        if self.server:
            processes.stop(self.server, first=signal.SIGINT)  # PostgreSQL's "fast shutdown"
            shutil.rmtree(self.data, ignore_errors=True)

    def _await_answer(self):
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return self._sql("SELECT 1")
            except Unable:
                ended = self.server and self.server.poll() is not None
                if ended or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def _sql(self, statement, url=None):
        return sql(statement, url or self.admin_url)


def owner():
    """Options of a child that works on a server's files: root may not, so another user does."""
    if os.geteuid() != 0:
        return {}
    return {"user": "postgres", "group": "postgres", "extra_groups": []}


def make_folder(path):
    """An empty folder for a server's files."""
    os.mkdir(path, 0o700)
    if owner():
        shutil.chown(path, "postgres", "postgres")


def make_cluster(data):
    """The files of a new server, whose one user `postgres` needs no password."""
    make_folder(data)
    call("initdb", "-D", data, "-U", "postgres", "-A", "trust", cwd=data)


def start_cluster(data, port, settings=()):
    """The server's process, with `settings` such as "max_wal_size=32MB"; it may not answer yet."""
    command = [needed("postgres"), "-D", data, "-p", port, "-k", ""]
    for setting in ("listen_addresses=127.0.0.1", *settings):
        command += ["-c", setting]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return processes.start(command, cwd=data, **quiet, **owner())


def call(program, *arguments, cwd):
    """Runs one of PostgreSQL's programs to its end, as the owner of the server's files."""
    command = [needed(program), *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=cwd, **owner()
    )
    if done.returncode:
        raise Unable(f"{program} failed: {done.stderr.strip()[-500:]}")


def sql(statement, url):
    """What psql prints: a row a line, with | between columns."""
    command = [needed("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", statement, url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unable(f"psql: {done.stderr.strip()[-500:]}")
    return done.stdout.strip()


def limit_scripts(data):
    """pgbench scripts on the service's own tables."""
    reader, writer = data.readers[0], data.writers[0]
    low, high = min(reader.task_ids), max(reader.task_ids)
    select = (
        f"\\set id random({low}, {high})\n"
        f"SELECT * FROM tasks WHERE user_id = {reader.id} AND id = :id;\n"
    )
    insert = (
        "INSERT INTO tasks (user_id, title, description, created_at, updated_at) VALUES "
        f"({writer.id}, 'Task 0000000001', '{data.description}', now(), now()) RETURNING *;\n"
    )
    return {"SELECT": select, "INSERT": insert}


def find(program):
    """Debian keeps most of PostgreSQL's programs out of PATH."""
    newest = sorted(
        glob.glob(f"/usr/lib/postgresql/*/bin/{program}"),
        key=lambda path: int(path.split("/")[4]) if path.split("/")[4].isdigit() else 0,
    )
    return newest[-1] if newest else shutil.which(program)


def needed(program):
    path = find(program)
    if path is None:
        raise Unable(f"there is no {program}; install PostgreSQL (Debian: postgresql)")
    return path
