"""Tasks in projects, below others and blocked by others."""

import contextlib
import http.client
import json
import threading
import time

from . import Broken, load

BATCH = 100
TASKS, SUBTASKS, BLOCKERS = 50, 10, 2
PROJECT_TASKS = 10_000
PROJECT_SECONDS = 3


@contextlib.contextmanager
def connect(address):
    with contextlib.closing(http.client.HTTPConnection(address, timeout=60)) as connection:
        yield connection


def sign_up(address, name, count):
    with connect(address) as connection:
        return [load.sign_up(connection, f"{name}{n}@example.com") for n in range(count)]


def create(address, user, tasks):
    """The ids of new tasks."""
    ids = []
    with connect(address) as connection:
        for first in range(0, len(tasks), BATCH):
            operations = [{"op": "create", "task": task} for task in tasks[first : first + BATCH]]
            ids += [task["id"] for task in batch(connection, user, operations)]
    return ids


def batch(connection, user, operations):
    """The tasks that a batch returns."""
    answer = load.call(connection, "POST", "/tasks/batch", {"operations": operations}, user.token)
    results = answer["results"]
    failed = [result for result in results if not 200 <= result["status"] < 300]
    if failed:
        raise Broken(f"an operation of a batch failed: {failed[0]}")
    return [result["task"] for result in results]


def fill(address, user, count):
    """The ids of so many tasks."""
    task = json.loads(load.CREATE)
    return create(address, user, [task] * count)


def related(address, user):
    """50 tasks of a project, the first of the user, with ten subtasks and two blockers each; and a parent of 50."""
    task = json.loads(load.CREATE)
    with connect(address) as connection:
        made = load.call(connection, "POST", "/projects", {"name": "Project"}, user.token)
        project = made["id"]
        parents = create(address, user, [{**task, "project_id": project}] * TASKS)
        below = [{**task, "parent_id": id} for id in parents for _ in range(SUBTASKS)]
        create(address, user, below)
        blockers = create(address, user, [task] * (TASKS * BLOCKERS))
        blocked = [
            {"op": "update", "id": id, "task": {"blocked_by": blockers[n * BLOCKERS :][:BLOCKERS]}}
            for n, id in enumerate(parents)
        ]
        batch(connection, user, blocked)
        parent = create(address, user, [task])[0]
        create(address, user, [{**task, "parent_id": parent}] * TASKS)
    return {"project": project, "parent": parent}


def flat(task):
    """100 creates."""
    return [{"op": "create", "task": task} for _ in range(BATCH)]


def tree(task):
    """The same, of one task, nine below it, and ten below each of those."""
    operations = []
    for number in range(1, BATCH + 1):
        parent = 1 if number <= 10 else 2 + (number - 11) // 10
        below = {} if number == 1 else {"parent_id": -parent}
        operations.append({"op": "create", "id": -number, "task": {**task, **below}})
    return operations


def project_goes_and_comes(service, owner, other):
    """A row for the deletion and one for the restore of a project, while someone else writes."""
    with connect(service.address) as connection:
        made = load.call(connection, "POST", "/projects", {"name": "Large"}, owner.token)
        path = f"/projects/{made['id']}"
        task = {**json.loads(load.CREATE), "project_id": made["id"]}
        create(service.address, owner, [task] * PROJECT_TASKS)
        _check(connection, path, owner)
        with Writer(service.address, other) as writer:
            for name, method, target in (
                ("goes", "DELETE", path),
                ("comes back", "POST", f"/trash{path}/restore"),
            ):
                writer.answers.clear()
                seconds = _timed(connection, method, target, owner.token)
                yield _row(name, seconds, writer)
        _check(connection, path, owner)


def _check(connection, path, owner):
    """That all tasks are there: the deletion of a few would be a quick one."""
    found = load.call(connection, "GET", f"{path}?include_computed=true", token=owner.token)
    if found["tasks"] != PROJECT_TASKS:
        raise Broken(f"the project has {found['tasks']:,} tasks")


def _timed(connection, method, path, token):
    started = time.monotonic()
    connection.request(method, path, headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    text = answer.read()
    if not 200 <= answer.status < 300:
        raise Broken(f"{method} {path} answers {answer.status}: {text[:300]!r}")
    return time.monotonic() - started


def _row(name, seconds, writer):
    answers = list(writer.answers)
    refused = [status for status, _ in answers if status != 201]
    problems = [f"{len(refused)} writes of another user were refused"] if refused else []
    slowest = max((taken for _, taken in answers), default=0)
    return {
        "request": f"{PROJECT_TASKS:,} tasks: it {name}",
        "of": f"others <= {slowest * 1000:.0f} ms",
        "connections": 1,
        "requests_per_second": 1 / seconds,
        "p50_ms": seconds * 1000,
        "p99_ms": seconds * 1000,
        "cpu_ms_per_1000": None,
        "ratio": None,
        "cpu_ratio": None,
        "target": f"<= {PROJECT_SECONDS} s",
        "met": seconds <= PROJECT_SECONDS,
        "problems": problems,
    }


class Writer(threading.Thread):
    """Someone who creates one task after another."""

    def __init__(self, address, user):
        super().__init__(daemon=True)
        self.address, self.token = address, user.token
        self.over = threading.Event()
        self.answers = []  # status, seconds

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()

    def run(self):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        with connect(self.address) as connection:
            while not self.over.wait(0.01):
                started = time.monotonic()
                connection.request("POST", "/tasks", load.CREATE, headers)
                answer = connection.getresponse()
                answer.read()
                self.answers.append((answer.status, time.monotonic() - started))
