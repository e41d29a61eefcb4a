"""Whether a database is sound, by the service's own command where there is one."""

import contextlib
import sqlite3
import subprocess


class Integrity:
    """`how` says what looks: the command, or SQLite itself."""

    def __init__(self, drill, service):
        self.drill, self.service = drill, service
        self.by_command = drill.has_command("verify")
        self.how = "task-api verify" if self.by_command else "PRAGMA integrity_check"
        self.problems = []

    def look(self, database):
        if self.by_command:
            done = subprocess.run(
                [self.drill.binary, "verify"],
                env=self.service.environment,
                cwd=self.service.directory,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                self.problems.append((done.stderr or done.stdout).strip()[-500:])
        elif self.drill.engine == "sqlite":
            with contextlib.closing(sqlite3.connect(database.path)) as connection:
                found = connection.execute("PRAGMA integrity_check").fetchall()
            if found != [("ok",)]:
                self.problems.append(str(found)[:500])

    def report(self, report):
        if self.by_command or self.drill.engine == "sqlite":
            report.none(f"{self.how} finds nothing wrong", self.problems)
