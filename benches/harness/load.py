"""The data that the load needs, and the load itself: wrk, watched for connections that starve."""

import dataclasses
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading
import time
import urllib.parse

from . import Broken, Unable, processes

LUA = pathlib.Path(__file__).with_name("load.lua")
USERS = 8
TASKS = 50
WARM_UP_SECONDS = 1
# A connection that is silent for so long is starved; in a run under twice that long, for half of it.
STARVED_SECONDS = 2
PASSWORD = "a password for the benchmark"
DESCRIPTION = "Two litres, from the shop at the corner, and ask whether the bread is fresh today."
CREATE = json.dumps({"title": "Task ##########", "description": DESCRIPTION, "priority": "high"})
PATCH = json.dumps({"title": "Changed ##########", "status": "in_progress"})
KINDS = {
    "get": "GET /tasks/{id}",
    "list": "GET /tasks?limit=50",
    "create": "POST /tasks",
    "patch": "PATCH /tasks/{id}",
}


@dataclasses.dataclass
class User:
    id: int
    token: str
    task_ids: list


@dataclasses.dataclass
class Data:
    """Readers' tasks are read and changed; new ones go to writers, so that a list stays as long."""

    readers: list
    writers: list
    description: str = DESCRIPTION


def check_tools():
    for program, package in (("wrk", "wrk"), ("ss", "iproute2")):
        if shutil.which(program) is None:
            raise Unable(f"there is no {program}; `apt-get install {package}` brings it")


# ---------------------------------------------------------------------------------------- the data


def seed(address):
    connection = http.client.HTTPConnection(address, timeout=30)
    try:
        readers = [_user(connection, f"reader{n}@example.com", TASKS) for n in range(USERS)]
        writers = [_user(connection, f"writer{n}@example.com", 0) for n in range(USERS)]
        listed = _call(connection, "GET", f"/tasks?limit={TASKS}", token=readers[0].token)
    finally:
        connection.close()
    if sorted(task["id"] for task in listed) != sorted(readers[0].task_ids):
        raise Broken(f"the list of a user with {TASKS} tasks holds {len(listed)}, or others")
    return Data(readers, writers)


def _user(connection, email, tasks):
    user = _call(connection, "POST", "/auth/register", {"email": email, "password": PASSWORD})
    form = urllib.parse.urlencode({"username": email, "password": PASSWORD})
    token = _call(connection, "POST", "/auth/login", form)["access_token"]
    made = [
        _call(connection, "POST", "/tasks", json.loads(CREATE), token)["id"] for _ in range(tasks)
    ]
    return User(user["id"], token, made)


def _call(connection, method, path, body=None, token=None):
    """The JSON of a 2xx answer. A body that is text is a form."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if isinstance(body, str):
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    elif body is not None:
        headers["Content-Type"], body = "application/json", json.dumps(body)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise Broken(f"{method} {path}: {error}") from error
    if not 200 <= answer.status < 300:
        raise Broken(f"{method} {path} answers {answer.status}: {text[:300]!r}")
    return json.loads(text)


def _requests(kind, data):
    """Lines for load.lua."""
    reads = [(user.token, f"/tasks/{id}") for user in data.readers for id in user.task_ids]
    return {
        "get": [("GET", path, token, "") for token, path in reads],
        "list": [("GET", f"/tasks?limit={TASKS}", user.token, "") for user in data.readers],
        "create": [("POST", "/tasks", user.token, CREATE) for user in data.writers],
        "patch": [("PATCH", path, token, PATCH) for token, path in reads],
    }[kind]


# ---------------------------------------------------------------------------------------- the load


def run(kind, service, database, data, args):
    """Warms up, with every status looked at; then loads and measures."""
    plan = os.path.join(service.directory, f"{kind}.requests")
    with open(plan, "w", encoding="utf-8") as file:
        file.writelines("\t".join(line) + "\n" for line in _requests(kind, data))
    warm, _ = _wrk(plan, service.address, args.connections, WARM_UP_SECONDS, "strict")
    before = _spent(service, database)
    result, starved = _wrk(plan, service.address, args.connections, args.seconds)
    service.check_alive()
    spent = {who: after - before[who] for who, after in _spent(service, database).items()}
    per_1000 = 1_000_000 / max(result["requests"], 1)
    resident, peak = service.memory()
    return {
        "request": KINDS[kind],
        "requests_per_second": result["requests"] / result["microseconds"] * 1e6,
        "p50_ms": result["p50"] / 1000,
        "p99_ms": result["p99"] / 1000,
        "max_ms": result["max"] / 1000,
        "service_cpu_ms_per_1000": spent["service"] * per_1000,
        "database_cpu_ms_per_1000": spent["database"] * per_1000 if database.has_process else None,
        "resident_mib": resident,
        "peak_resident_mib": peak,
        "others_percent": _others(spent) / (args.seconds * os.cpu_count()) * 100,
        "problems": [f"{problem} (warm-up)" for problem in _problems(warm)]
        + _problems(result)
        + starved,
    }


def _spent(service, database):
    """Seconds of processor time until now."""
    return {
        "machine": processes.cpu_of_machine(),
        "service": service.cpu(),
        "database": database.cpu(),
        "load": processes.cpu_of_ended_children(),
    }


def _others(spent):
    """What everyone else used, who was not to be measured."""
    return max(0, spent["machine"] - spent["service"] - spent["database"] - spent["load"])


def _wrk(plan, address, connections, seconds, *mode):
    """wrk's figures, and what the watch found."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", LUA]
    # Another number each time, so that every PATCH changes its task.
    first = time.time_ns() // 1_000_000 % 1000 * 10_000_000
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


def _problems(result):
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
