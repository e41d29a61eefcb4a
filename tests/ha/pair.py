"""Two PostgreSQL servers on loopback: a primary, and a standby that has each commit before it is
acknowledged."""

import os
import shutil
import signal

import checks
from harness import Unable, databases, processes

START_SECONDS = 30
NAME = "drill"
STANDBY = "standby"


class Node:
    """One server, in a folder of its own, on a port that it keeps for life."""

    def __init__(self, directory, name):
        self.data = os.path.join(directory, name)
        self.port = processes.free_port()
        self.process = None

    def start(self):
        """Starts it and waits until it answers, as a primary or as a standby."""
        self.process = databases.start_cluster(self.data, self.port)
        checks.eventually(self.answers, START_SECONDS, "PostgreSQL answers")

    def answers(self):
        try:
            return self.sql("SELECT 1", "postgres") == "1"
        except Unable:
            if self.process.poll() is not None:
                raise
            return False

    def sql(self, statement, database=NAME):
        return databases.sql(statement, self.url(database))

    def url(self, database=NAME):
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def kill(self):
        """SIGKILL to every process of the server at once, as when its machine loses power. Each backend
        leads a group of its own, so a group would not reach them all."""
        os.kill(self.process.pid, signal.SIGSTOP)  # no new process, and none is restarted
        for pid in processes.tree(self.process.pid):
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process:
            processes.stop(self.process, first=signal.SIGINT)


class Pair:
    """`primary` and `standby`, replicating synchronously; `url` names both."""

    def __init__(self, directory):
        self.primary, self.standby = Node(directory, "first"), Node(directory, "second")
        ports = f"127.0.0.1:{self.primary.port},127.0.0.1:{self.standby.port}"
        self.url = f"postgres://postgres@{ports}/{NAME}?target_session_attrs=read-write"

    def __enter__(self):
        try:
            databases.make_cluster(self.primary.data)
            self.primary.start()
            self.primary.sql(f"CREATE DATABASE {NAME}", "postgres")
            self.follow()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for node in (self.standby, self.primary):
            node.stop()

    def follow(self):
        """Makes the standby anew from the primary, and the primary wait for it with each commit."""
        shutil.rmtree(self.standby.data, ignore_errors=True)
        databases.make_folder(self.standby.data)
        source = f"host=127.0.0.1 port={self.primary.port} user=postgres application_name={STANDBY}"
        copy = ("-d", source, "-D", self.standby.data, "-R", "-c", "fast")
        databases.call("pg_basebackup", *copy, cwd=self.standby.data)
        self.standby.start()
        self.primary.sql(f"ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'")
        self.primary.sql("SELECT pg_reload_conf()")
        checks.eventually(self.is_synchronous, START_SECONDS, "the standby is synchronous")

    def is_synchronous(self):
        states = self.primary.sql("SELECT sync_state FROM pg_stat_replication")
        return states == "sync"

    def promote(self):
        """The standby becomes the primary, without a standby; the other one is no longer used. Its
        commits must not wait for a standby that is not there."""
        self.standby.sql("ALTER SYSTEM RESET synchronous_standby_names")
        self.standby.sql("SELECT pg_reload_conf()")
        databases.call("pg_ctl", "promote", "-D", self.standby.data, cwd=self.standby.data)
        self.primary, self.standby = self.standby, self.primary
