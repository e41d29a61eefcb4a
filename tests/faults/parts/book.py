"""What a client knows of its tasks: what was acknowledged, and what may or may not have come about."""

import dataclasses
from typing import Optional

LIVE, TRASH = "live", "trash"
MOST_TASKS = 80


@dataclasses.dataclass(frozen=True)
class State:
    """A task as its owner sees it. What is absent has no state: `None`."""

    id: Optional[int]
    note: str
    version: int
    place: str


@dataclasses.dataclass
class Write:
    """A request that changes all tasks that it names, by their titles, or none."""

    kind: str
    method: str
    path: str
    body: Optional[dict]
    status: int  # of the answer that acknowledges it
    before: dict  # title: State or None
    after: dict
    headers: dict = dataclasses.field(default_factory=dict)

    @property
    def key(self):
        return self.headers.get("Idempotency-Key")


class Book:
    """The tasks of one user with one client: so it is known exactly how each must be.

    A task of which an answer is open is left alone from then on, until `settle` or `adopt`. Without
    `trash`, deleted tasks are not followed any further."""

    def __init__(self, name, rng, trash=True, size=40):
        self.name, self.rng, self.trash, self.size = name, rng, trash, size
        self.tasks, self.open, self.locked = {}, [], set()
        self.made = 0

    def free(self, place):
        return [
            title
            for title, state in self.tasks.items()
            if state.place == place and title not in self.locked
        ]

    def plan(self):
        """The next write, at random."""
        kinds = {"create": 25, "patch": 30, "delete": 12, "batch": 20}
        if self.trash:
            kinds |= {"restore": 6, "purge": 7}
        live, trash = self.free(LIVE), self.free(TRASH)
        if len(live) >= MOST_TASKS:
            kinds |= {"create": 0, "delete": 40}
        kind = self.rng.choices(list(kinds), list(kinds.values()))[0]
        if kind in ("restore", "purge") and not trash or kind in ("patch", "delete") and not live:
            kind = "create"
        write = getattr(self, f"_{kind}")(live, trash)
        if self.rng.random() < 0.6:
            write.headers["Idempotency-Key"] = f"{self.name}-{self._next()}"
        return write

    def _next(self):
        self.made += 1
        return self.made

    def _note(self):
        return f"note {self._next()} " + "x" * self.rng.randint(1, self.size)

    def _create(self, *_):
        title, body, after = self._new()
        return Write("create", "POST", "/tasks", body, 201, {title: None}, {title: after})

    def _new(self):
        title, note = f"{self.name} task {self._next()}", self._note()
        return title, {"title": title, "description": note}, State(None, note, 1, LIVE)

    def _patch(self, live, _):
        title = self.rng.choice(live)
        state, note = self.tasks[title], self._note()
        after = dataclasses.replace(state, note=note, version=state.version + 1)
        path, headers = f"/tasks/{state.id}", {"If-Match": f'"{state.version}"'}
        body = {"description": note}
        return Write("patch", "PATCH", path, body, 200, {title: state}, {title: after}, headers)

    def _delete(self, live, _):
        title = self.rng.choice(live)
        state = self.tasks[title]
        path, headers = f"/tasks/{state.id}", {"If-Match": f'"{state.version}"'}
        after = self._deleted(state)
        return Write("delete", "DELETE", path, None, 204, {title: state}, {title: after}, headers)

    def _deleted(self, state):
        trashed = dataclasses.replace(state, version=state.version + 1, place=TRASH)
        return trashed if self.trash else None

    def _restore(self, _, trash):
        title = self.rng.choice(trash)
        state = self.tasks[title]
        after = dataclasses.replace(state, version=state.version + 1, place=LIVE)
        path = f"/trash/{state.id}/restore"
        return Write("restore", "POST", path, None, 200, {title: state}, {title: after})

    def _purge(self, _, trash):
        title = self.rng.choice(trash)
        state = self.tasks[title]
        path = f"/trash/{state.id}"
        return Write("purge", "DELETE", path, None, 204, {title: state}, {title: None})

    def _batch(self, live, _):
        """An atomic one: two to four creates, and a change and a deletion where there is enough."""
        operations, before, after = [], {}, {}
        for _ in range(self.rng.randint(2, 4) if len(live) < MOST_TASKS else 0):
            title, task, state = self._new()
            operations.append({"op": "create", "task": task})
            before[title], after[title] = None, state
        if len(live) >= 2:
            changed, deleted = self.rng.sample(live, 2)
            state, note = self.tasks[changed], self._note()
            given = {"id": state.id, "if_version": state.version, "task": {"description": note}}
            operations.append({"op": "update", **given})
            before[changed] = state
            after[changed] = dataclasses.replace(state, note=note, version=state.version + 1)
            state = self.tasks[deleted]
            operations.append({"op": "delete", "id": state.id, "if_version": state.version})
            before[deleted], after[deleted] = state, self._deleted(state)
        body = {"operations": operations}
        return Write("batch", "POST", "/tasks/batch", body, 200, before, after)

    def settle(self, write, answer):
        """It was acknowledged: so it must be there from now on."""
        ids = _ids(write, answer)
        for title, state in write.after.items():
            if state and state.id is None:
                state = dataclasses.replace(state, id=ids[title])
            self._put(title, state)
        self.locked -= write.before.keys()

    def doubt(self, write):
        """It was not acknowledged: it may be there or not, but all of it or nothing."""
        self.open.append(write)
        self.locked |= write.before.keys()

    def adopt(self, write, actual):
        """What has become of a write without an answer is `actual`."""
        for title in write.before:
            self._put(title, actual.get(title))
        self.locked -= write.before.keys()

    def _put(self, title, state):
        if state is None:
            self.tasks.pop(title, None)
        else:
            self.tasks[title] = state


def _ids(write, answer):
    """The ids of created tasks, by title."""
    if write.kind == "create":
        shown = [answer.json()]
    elif write.kind == "batch":
        shown = [result["task"] for result in answer.json()["results"] if "task" in result]
    else:
        shown = []
    return {task["title"]: task["id"] for task in shown}
