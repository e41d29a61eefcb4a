"""wrk, watched for connections that starve."""

import itertools
import json
import pathlib
import re
import shutil
import subprocess
import threading
import time

from . import Unable

LUA = pathlib.Path(__file__).with_name("load.lua")
KEY = "bench-##########"
RUNS = itertools.count()
# A connection that is silent for so long is starved; in a run under twice that long, for half of it.
STARVED_SECONDS = 2


def check_tools():
    for program, package in (("wrk", "wrk"), ("ss", "iproute2")):
        if shutil.which(program) is None:
            raise Unable(f"there is no {program}; `apt-get install {package}` brings it")


def write_plan(path, requests):
    """Each request is a tuple: method, path, token, body, and whether it carries a fresh key."""
    with open(path, "w", encoding="utf-8") as file:
        for method, target, token, body, *keyed in requests:
            key = KEY if any(keyed) else ""
            file.write("\t".join((method, target, token, body, key)) + "\n")


def run(plan, address, connections, seconds, *mode):
    """wrk's figures, and what the watch found."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", LUA]
    # Other numbers each time, so that every PATCH changes its task, and every key is a new one.
    first = next(RUNS) * 10_000_000
    command = [*map(str, command), f"http://{address}", "--", plan, str(first), *mode]
    with Watch(address, connections, seconds) as watch:
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=seconds + 60, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise Unable("wrk did not end") from error
    found = re.search(r"^RESULT (.*)$", done.stdout, re.MULTILINE)
    if done.returncode or found is None:
        raise Unable(f"wrk failed: {(done.stderr + done.stdout).strip()[-500:]}")
    return json.loads(found[1]), watch.problems()


def problems(result):
    """wrk counts a status above 399 by itself, and any that is not 2xx in the warm-up."""
    refused = max(result["status"], result["not_2xx"])
    counts = [("answers were not 2xx", refused)]
    counts += [(f"socket errors ({key})", result[key]) for key in ("connect", "read", "write")]
    counts += [("answers took over 10 s", result["timeout"])]
    found = [f"{count} {what}" for what, count in counts if count]
    return found if result["requests"] else [*found, "no answer at all"]


class Watch(threading.Thread):
    """Looks at what each connection has received. wrk alone would not tell that one got nothing:
    it counts answers, and the other connections' answers are many."""

    def __init__(self, address, connections, seconds):
        super().__init__(daemon=True)
        port = address.rpartition(":")[2]
        self.command = ["ss", "-HtinO", "state", "established", f"dport = :{port}"]
        self.connections = connections
        self.patience = min(STARVED_SECONDS, seconds / 2)
        self.over = threading.Event()
        self.received = {}  # socket → (bytes, when they last grew)
        self.silence = {}  # socket → its longest silence

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()

    def run(self):
        while not self.over.wait(0.2):
            self.look()

    def look(self):
        shown = subprocess.run(self.command, capture_output=True, text=True, check=False).stdout
        now = time.monotonic()
        for line in shown.splitlines():
            socket = line.split()[2]
            counted = re.search(r"bytes_received:(\d+)", line)
            count = int(counted[1]) if counted else 0
            before, since = self.received.get(socket, (0, now))
            if count > before:
                self.received[socket] = (count, now)
            else:
                self.received[socket] = (before, since)
            silent = now - self.received[socket][1]
            self.silence[socket] = max(silent, self.silence.get(socket, 0))

    def problems(self):
        if len(self.received) < self.connections:
            return [f"only {len(self.received)} of {self.connections} connections were seen"]
        starved = [silent for silent in self.silence.values() if silent >= self.patience]
        return (
            [f"{len(starved)} connections starved, up to {max(starved):.1f} s"] if starved else []
        )
