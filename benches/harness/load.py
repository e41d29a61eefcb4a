"""The data that the load needs, and the load itself."""

import dataclasses
import http.client
import json
import os
import urllib.parse

from . import Broken, processes, wrk

USERS = 8
TASKS = 50
WARM_UP_SECONDS = 1
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


# ---------------------------------------------------------------------------------------- the data


def seed(address):
    connection = http.client.HTTPConnection(address, timeout=30)
    try:
        readers = [user(connection, f"reader{n}@example.com", TASKS) for n in range(USERS)]
        writers = [user(connection, f"writer{n}@example.com", 0) for n in range(USERS)]
        listed = call(connection, "GET", f"/tasks?limit={TASKS}", token=readers[0].token)
    finally:
        connection.close()
    if sorted(task["id"] for task in listed) != sorted(readers[0].task_ids):
        raise Broken(f"the list of a user with {TASKS} tasks holds {len(listed)}, or others")
    return Data(readers, writers)


def sign_up(connection, email):
    registered = register(connection, email)
    token = call(connection, "POST", "/auth/login", login_form(email, PASSWORD))["access_token"]
    return User(registered["id"], token, [])


def register(connection, email):
    return call(connection, "POST", "/auth/register", {"email": email, "password": PASSWORD})


def login_form(email, password):
    return urllib.parse.urlencode({"username": email, "password": password})


def user(connection, email, tasks):
    """One with so many tasks."""
    made = sign_up(connection, email)
    for _ in range(tasks):
        task = call(connection, "POST", "/tasks", json.loads(CREATE), made.token)
        made.task_ids.append(task["id"])
    return made


def call(connection, method, path, body=None, token=None):
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


def requests(kind, data):
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
    wrk.write_plan(plan, requests(kind, data))
    warm, _ = wrk.run(plan, service.address, args.connections, WARM_UP_SECONDS, "strict")
    before = _spent(service, database)
    result, starved = wrk.run(plan, service.address, args.connections, args.seconds)
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
        "problems": [f"{problem} (warm-up)" for problem in wrk.problems(warm)]
        + wrk.problems(result)
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
