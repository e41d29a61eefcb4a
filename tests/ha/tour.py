"""A walk through the API at two replicas alternately, every response checked."""

import contextlib
import http.client
import time

from harness import Broken, load

BATCH = 40


class Tourist:
    """A user whose requests go to both replicas alternately."""

    def __init__(self, replicas, name):
        self.connections = [http.client.HTTPConnection(replica.address, timeout=30) for replica in replicas]
        self.email, self.turn = f"{name}@example.com", 0
        load.register(self._fresh(0), self.email)
        self.token = self.log_in()

    def log_in(self):
        form = load.login_form(self.email, load.PASSWORD)
        return load.call(self._fresh(0), "POST", "/auth/login", form)["access_token"]

    def ask(self, method, path, body=None):
        """The JSON of the answer, which must be 2xx."""
        self.turn += 1
        return load.call(self._next(), method, path, body, self.token)

    def end(self, token):
        """Logs out at the first replica."""
        status = self._status(0, "POST", "/auth/logout", token)
        if status != 204:
            raise Broken(f"POST /auth/logout answers {status}")

    def status(self, replica, path, token):
        """What a replica answers to a GET with this token."""
        return self._status(replica, "GET", path, token)

    def _status(self, replica, method, path, token):
        connection = self._fresh(replica)
        connection.request(method, path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        answer.read()
        return answer.status

    def _next(self):
        return self._fresh(self.turn % len(self.connections))

    def _fresh(self, replica):
        """Connected anew with the next request: the replica may have closed what was idle."""
        self.connections[replica].close()
        return self.connections[replica]

    def close(self):
        for connection in self.connections:
            connection.close()


def walk(replicas, name):
    """Raises `AssertionError` or `Broken` at the first answer that is not what it must be. Returns the
    number of requests."""
    with contextlib.closing(Tourist(replicas, name)) as user:
        task = user.ask("POST", "/tasks", {"title": "Buy Milk", "labels": ["shop"]})
        path = f"/tasks/{task['id']}"
        _is(user.ask("GET", path), task)
        changed = user.ask("PATCH", path, {"status": "done", "due_at": "2030-01-02T03:04:05Z"})
        _is((changed["version"], changed["due_at"][:19]), (2, "2030-01-02T03:04:05"))
        _is(user.ask("GET", "/tasks?q=milk&sort=relevance,-id"), [changed])
        creates = [{"op": "create", "task": {"title": f"T{n:03}"}} for n in range(BATCH)]
        made = user.ask("POST", "/tasks/batch", {"operations": creates})["results"]
        _is([one["task"]["title"] for one in made], [f"T{n:03}" for n in range(BATCH)])
        listed = user.ask("GET", "/tasks?limit=200&sort=title")
        _is([one["title"] for one in listed][1:], [f"T{n:03}" for n in range(BATCH)])
        _is(user.ask("GET", "/labels"), [{"name": "shop", "tasks": 1}])
        _is(user.ask("PATCH", "/labels/shop", {"name": "home"}), {"name": "home", "tasks": 1})
        _is(user.ask("GET", "/tasks?label=home")[0]["labels"], ["home"])
        return user.turn + 2


def _is(found, expected):
    if found != expected:
        raise AssertionError(f"{found} instead of {expected}")


def revoke(replicas, name, rounds):
    """Ends sessions at the first replica that the second one knows; how many seconds later the second one
    still took each."""
    with contextlib.closing(Tourist(replicas, name)) as user:
        return [_revoke_one(user) for _ in range(rounds)]


def _revoke_one(user):
    session = user.log_in()
    for _ in range(20):  # known there by now, if it is kept at all
        _is(user.status(1, "/auth/me", session), 200)
    user.end(session)
    ended = asked = time.monotonic()
    while user.status(1, "/auth/me", session) == 200 and asked - ended < 10:
        time.sleep(0.005)
        asked = time.monotonic()
    return asked - ended
