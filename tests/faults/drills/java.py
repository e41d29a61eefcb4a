"""The JDK's own HTTP client, which asks for an upgrade each time: 8 threads, 4,000 POSTs, none lost."""

import pathlib
import shutil
import subprocess
import time

from parts import others
from parts.client import Client
from parts.report import Skipped

ENGINES = ("sqlite", "postgres")
PROGRAM = pathlib.Path(__file__).resolve().parent.parent / "parts/JavaClient.java"
THREADS, TASKS = 8, 4_000
LIMIT_SECONDS = 300


def run(drill):
    java = shutil.which("java")
    if java is None:
        raise Skipped("there is no java; `apt-get install openjdk-17-jdk-headless` brings it")
    with drill.stage() as (_, service):
        token = others.readers(service)[0]
        before = _total(service, token)
        begun = time.monotonic()
        done = subprocess.run(
            [java, PROGRAM, f"http://{service.address}", token, str(THREADS), str(TASKS)],
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
        drill.report.figure("the client took", time.monotonic() - begun, "s")
        outcomes = done.stdout.splitlines() or done.stderr.splitlines()
        drill.report.check("every POST is answered 201", outcomes == [f"{TASKS} 201"], outcomes)
        made = _total(service, token) - before
        drill.report.check("every task is there, once", made == TASKS, f"{made:,}")


def _total(service, token):
    client = Client(service.address, token)
    answer = client.must(200, "GET", "/tasks?limit=1&include_total=true")
    client.close()
    return int(answer.headers["X-Total-Count"])
