"""Clients that read and write all the time, each over a connection that it keeps, and what became of
every request."""

import collections
import contextlib
import dataclasses
import http.client
import json
import random
import threading
import time

from harness import databases, load

PATIENCE_SECONDS = 20
# A few are so slow that their connections are idle when something happens.
PAUSES_SECONDS = (0.005, 0.005, 0.005, 0.02, 1.0)
ROUND = ("create", "read", "create", "list", "patch", "keyed")


@dataclasses.dataclass
class Lost:
    """A request without an answer, or with a 5xx."""

    at: float
    what: str


@dataclasses.dataclass
class Seen:
    """What one client saw. Titles: `made` were acknowledged, `unsure` were sent and not."""

    answered: int = 0
    lost: list = dataclasses.field(default_factory=list)
    wrong: list = dataclasses.field(default_factory=list)
    made: list = dataclasses.field(default_factory=list)
    unsure: list = dataclasses.field(default_factory=list)
    times: list = dataclasses.field(default_factory=list)  # of answers to writes
    slowest: float = 0


class Traffic:
    """So many clients of the service at `address`, from the begin of a `with` to its end. With `retry`, a
    request that carries an Idempotency-Key is sent until it is answered."""

    def __init__(self, address, users, clients=12, retry=False):
        self.over = threading.Event()
        self.clients = [
            Client(self, address, users[n % len(users)], n, retry) for n in range(clients)
        ]

    def __enter__(self):
        for client in self.clients:
            client.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for client in self.clients:
            client.join(3 * PATIENCE_SECONDS)

    def together(self, name):
        """All that the clients saw of one kind."""
        return [one for client in self.clients for one in getattr(client.seen, name)]

    def answered(self):
        return sum(client.seen.answered for client in self.clients)

    def slowest(self):
        """Seconds."""
        return max(client.seen.slowest for client in self.clients)

    def lost_by_kind(self):
        """In words."""
        kinds = collections.Counter(lost.what for lost in self.together("lost"))
        return ", ".join(f"{count} x {what}" for what, count in kinds.most_common()) or "none"


class Client(threading.Thread):
    def __init__(self, traffic, address, user, number, retry):
        super().__init__(daemon=True)
        self.traffic, self.user, self.number, self.retry = traffic, user, number, retry
        self.connection = http.client.HTTPConnection(address, timeout=PATIENCE_SECONDS)
        self.pause = PAUSES_SECONDS[number % len(PAUSES_SECONDS)]
        self.seen, self.ids, self.rng = Seen(), [], random.Random(number)

    def run(self):
        turn = 0
        while not self.traffic.over.wait(self.pause):
            kind = ROUND[turn % len(ROUND)] if self.ids else "create"
            getattr(self, f"_{kind}")(f"{self.number}-{turn}")
            turn += 1
        self.connection.close()

    def _create(self, title):
        self._post(title, {})

    def _keyed(self, title):
        headers = {"Idempotency-Key": title}
        while not self._post(title, headers) and self.retry and not self._late():
            time.sleep(0.05)

    def _late(self):
        """The last answer is not awaited for ever: what is still unsure then is counted so."""
        return self.traffic.over.is_set() and self.seen.lost[-1].at < time.monotonic() - 1

    def _post(self, title, headers):
        answer = self._ask("POST", "/tasks", {"title": title}, headers)
        if answer is None:
            self.seen.unsure.append(title)
            return False
        if self._is(201, answer) and answer[1]["title"] == title:
            self.seen.made.append(title)
            self.seen.times.append(time.monotonic())
            self.ids = [*self.ids[-20:], answer[1]["id"]]
        return True

    def _read(self, _):
        id = self.rng.choice(self.ids)
        answer = self._ask("GET", f"/tasks/{id}")
        if answer and self._is(200, answer) and answer[1]["id"] != id:
            self.seen.wrong.append(f"GET /tasks/{id} answers the task {answer[1]['id']}")

    def _list(self, _):
        answer = self._ask("GET", "/tasks?limit=5")
        if answer and self._is(200, answer) and not answer[1]:
            self.seen.wrong.append("GET /tasks is empty")

    def _patch(self, title):
        id = self.rng.choice(self.ids)
        answer = self._ask("PATCH", f"/tasks/{id}", {"description": title})
        if answer and self._is(200, answer):
            self.seen.times.append(time.monotonic())
            if answer[1]["description"] != title:
                self.seen.wrong.append(f"PATCH /tasks/{id} has not changed it")

    def _is(self, status, answer):
        if answer[0] != status:
            self.seen.wrong.append(f"{answer[0]} instead of {status}: {answer[1]}")
        return answer[0] == status

    def _ask(self, method, path, body=None, headers=()):
        """Status and JSON; None where the request was lost."""
        sent = {"Authorization": f"Bearer {self.user.token}", **dict(headers)}
        text = None
        if body is not None:
            sent["Content-Type"], text = "application/json", json.dumps(body)
        begin = time.monotonic()
        name = f"{method} with a key" if "Idempotency-Key" in sent else method
        try:
            self.connection.request(method, path, text, sent)
            answer = self.connection.getresponse()
            read = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            return self._lose(f"{name} without an answer ({type(error).__name__})")
        if answer.status >= 500:
            return self._lose(f"{name} answered {answer.status}")
        self.seen.answered += 1
        self.seen.slowest = max(self.seen.slowest, time.monotonic() - begin)
        return answer.status, json.loads(read)

    def _lose(self, what):
        self.seen.lost.append(Lost(time.monotonic(), what))


def sign_up(address, count):
    """Users with an account and a token each."""
    with contextlib.closing(http.client.HTTPConnection(address, timeout=60)) as connection:
        return [load.sign_up(connection, f"user{n}@example.com") for n in range(count)]


def check_tasks(traffic, url, checks):
    """Holds what the clients saw against the tasks of the database at `url`."""
    rows = databases.sql("SELECT title, count(*) FROM tasks GROUP BY title", url)
    stored = {title: int(n) for title, _, n in (row.partition("|") for row in rows.splitlines())}
    made = collections.Counter(traffic.together("made"))
    unsure = set(traffic.together("unsure")) - set(made)
    gone = [title for title in made if title not in stored]
    twice = [title for title, count in stored.items() if count > 1]
    foreign = set(stored) - set(made) - unsure
    checks.check(not gone, f"of {len(made):,} acknowledged tasks, {len(gone)} are gone {gone[:5]}")
    checks.check(not twice, f"of {len(stored):,} tasks, {len(twice)} are there twice {twice[:5]}")
    checks.check(not foreign, f"{len(foreign)} tasks are there that were never sent")
    kept = len(unsure & set(stored))
    checks.figure(f"without an acknowledgement: {len(unsure)}, of which {kept} are stored")
    wrong = traffic.together("wrong")
    checks.check(not wrong, f"{len(wrong)} answers were wrong {wrong[:3]}")
