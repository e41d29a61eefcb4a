"""Clients side by side, each with an account and a book of its own."""

import collections
import contextlib
import random
import threading
import time

from harness import load

from .book import LIVE, Book
from .client import Client, Lost

PAUSE_SECONDS = 0.05


class Seen:
    """What all workers together saw since the last `reset`."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.statuses = collections.Counter()
        self.problems, self.slowest = [], 0
        self.acknowledged, self.last_failure = 0, None
        self.mark = Mark()

    def answer(self, method, status, seconds, begun):
        now = time.monotonic()
        self.statuses[status] += 1
        self.slowest = max(self.slowest, seconds)
        failed = status >= 500 or status == 0
        if failed:
            self.last_failure = now
        if begun >= self.mark.time:
            self.mark.answer(method, status, failed, now)


class Mark:
    """A moment, and the answers to what was asked after it."""

    def __init__(self):
        self.time = time.monotonic()
        self.written, self.read, self.refused_writes, self.refused_reads = [], 0, 0, 0
        self.first_write = None

    def answer(self, method, status, failed, now):
        if method == "GET":
            self.read += not failed
            self.refused_reads += failed
        elif failed:
            self.refused_writes += 1
        else:
            self.first_write = self.first_write or now - self.time
            self.written.append(f"{method} answered {status} {now - self.time:.3f} s later")

    def await_write(self, seconds):
        """Seconds until a write is acknowledged; `None` where that takes longer than `seconds`."""
        while self.first_write is None and time.monotonic() < self.time + seconds:
            time.sleep(0.005)
        return self.first_write


class Crew:
    """`with crew.working():` is load. Rules: `lost` allows connections that end without an answer,
    `refused` allows 503 with Retry-After. All else that is not a right answer is a problem."""

    def __init__(self, address, seed, clients, lost=False, refused=False, trash=True, size=40):
        self.seen, self.address = Seen(), address
        self.lost, self.refused = lost, refused
        self.stop = threading.Event()
        books = [Book(f"c{n}", random.Random(f"{seed} {n}"), trash, size) for n in range(clients)]
        self.workers = [Worker(self, book) for book in books]

    def __iter__(self):
        return iter(self.workers)

    @contextlib.contextmanager
    def working(self):
        self.stop.clear()
        threads = [threading.Thread(target=worker.work, daemon=True) for worker in self.workers]
        for thread in threads:
            thread.start()
        try:
            yield self.seen
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()

    def mark(self):
        """What is asked from now on counts for the mark that this returns."""
        self.seen.mark = Mark()
        return self.seen.mark


class Worker:
    def __init__(self, crew, book):
        self.crew, self.book = crew, book
        self.client = Client(crew.address)
        self.email = f"{book.name}@example.com"
        form = {"email": self.email, "password": load.PASSWORD}
        self.client.must(201, "POST", "/auth/register", form)
        self.log_in()

    def log_in(self):
        form = load.login_form(self.email, load.PASSWORD)
        self._take(self.client.must(200, "POST", "/auth/login", form))

    def _take(self, answer):
        """The tokens of a login or a refresh. Returns the answer."""
        if answer.status == 200:
            self.client.token = answer.json()["access_token"]
            self.refresh_token = answer.json()["refresh_token"]
        return answer

    def refresh(self):
        form = f"grant_type=refresh_token&refresh_token={self.refresh_token}"
        return self._take(self.client.ask("POST", "/auth/refresh", form))

    def token(self):
        return self.client.token

    def work(self):
        while not self.crew.stop.is_set():
            self._write(self.book.plan())
            if self.book.rng.random() < 0.3:
                self._read()

    def _write(self, write):
        answer = self._ask(write.method, write.path, write.body, write.headers)
        if answer is None or answer.refuses_well():
            self.book.doubt(write)
            self._pause()
        elif answer.status == 401:
            self._renew(write, answer)
        elif answer.status == write.status:
            self.crew.seen.acknowledged += 1
            self.book.settle(write, answer)
        else:
            self._problem(f"{write.kind}: {write.method} {write.path} answers {answer}")
            self.book.doubt(write)

    def _read(self):
        """A task that must be just as the book says, or a list."""
        titles = self.book.free(LIVE)
        if not titles:
            return
        title = self.book.rng.choice(titles)
        state = self.book.tasks[title]
        answer = self._ask("GET", f"/tasks/{state.id}")
        if answer is None or answer.refuses_well():
            self._pause()
        elif answer.status == 200:
            task = answer.json()
            if (task["description"], task["version"]) != (state.note, state.version):
                self._problem(f"{title} reads {answer}, not {state}")
        elif answer.status != 401:
            self._problem(f"GET /tasks/{state.id} answers {answer}")

    def _renew(self, write, answer):
        """A token that ended did nothing; a refresh gives another."""
        if answer.json().get("code") != "invalid_token":
            self._problem(f"{write.kind} answers {answer}")
        renewed = self.refresh()
        if renewed.status != 200:
            self._problem(f"a refresh answers {renewed}")
            self._pause()

    def _ask(self, method, path, body=None, headers=None):
        """The answer; `None` where there was none."""
        begun = time.monotonic()
        try:
            answer = self.client.ask(method, path, body, headers)
        except Lost as lost:
            self.crew.seen.answer(method, 0, time.monotonic() - begun, begun)
            if not self.crew.lost:
                self._problem(f"no answer: {lost}")
            return None
        self.crew.seen.answer(method, answer.status, answer.seconds, begun)
        if answer.status == 503 and not (self.crew.refused and answer.refuses_well()):
            self._problem(f"{method} {path} answers {answer} with {dict(answer.headers)}")
        return answer

    def _problem(self, text):
        self.crew.seen.problems.append(text)

    def _pause(self):
        self.crew.stop.wait(PAUSE_SECONDS)
