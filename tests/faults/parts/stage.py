"""Where a drill runs: the engine, the service, its settings."""

import contextlib
import dataclasses
import os
import random
import subprocess

from harness import server
from harness.databases import Postgres, Sqlite

from .crew import Crew
from .report import Report

ENGINES = {"sqlite": Sqlite, "postgres": Postgres}
SETTINGS = {"APP_AUTH__ACCESS_TOKEN_MINUTES": "600", "APP_AUTH__FAILURES_PER_ADDRESS": "1000000"}


@dataclasses.dataclass
class Drill:
    """One drill on one engine."""

    engine: str
    binary: os.PathLike
    directory: str
    seed: str
    quick: bool
    seconds: int
    report: Report = dataclasses.field(default_factory=Report)

    def __post_init__(self):
        self.rng = random.Random(self.seed)

    def database(self, directory=None, **options):
        return ENGINES[self.engine](directory or self.directory, **options)

    def service(self, url, settings=None, **options):
        merged = {**SETTINGS, **(settings or {})}
        return server.Service(self.binary, url, self.directory, merged, **options)

    @contextlib.contextmanager
    def stage(self, settings=None, url=None, **options):
        """A fresh database and a service on it. `url` makes the service's URL from the database."""
        with self.database() as database:
            address = url(database) if url else database.url
            with self.service(address, settings, **options) as service:
                yield database, service

    def crew(self, service, clients=6, **rules):
        return Crew(service.address, self.seed, clients, **rules)

    def known(self, settings):
        """Those of `settings` that the binary knows: it refuses to start on others."""
        shown = self._output("--help")
        return {name: value for name, value in settings.items() if name in shown}

    def has_command(self, name):
        done = subprocess.run([self.binary, name, "--help"], capture_output=True, check=False)
        return done.returncode == 0

    def _output(self, *arguments):
        done = subprocess.run([self.binary, *arguments], capture_output=True, text=True, check=True)
        return done.stdout
