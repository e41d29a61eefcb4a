"""Many idle connections, held open by a process of their own."""

import contextlib
import resource
import selectors
import socket
import time

from .clients import CONTEXT, Clients

# A source address has some 28,000 ports.
PER_ADDRESS = 5_000
# What is made at once is ended at once: it is idle connections that are wanted, not crowds at the door.
MOST_A_SECOND = 2_500
REQUEST = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


def raise_limit(files):
    """As many open files as are needed, for this process and those that it starts. Returns how many it
    may have, where that is less."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < files:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
            return files
    most = files if hard == resource.RLIM_INFINITY else min(files, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most


class Crowd(Clients):
    """Keeps `count` connections open while entered: half of them never send a byte, half are kept alive
    after one request. One that the service ends is made again, so that there are always as many."""

    def __init__(self, address, count):
        super().__init__(address)
        self.count = count
        counts = (CONTEXT.Value("l", 0) for _ in range(4))
        self.open, self.most, self.ended, self.failed = counts

    def run(self):
        self.begun.set()
        self.selector = selectors.DefaultSelector()
        self.number = 0
        due = time.monotonic()
        while True:
            if self.open.value < self.count and time.monotonic() >= due:
                self._add()
                due = max(due, time.monotonic() - 0.1) + 1 / MOST_A_SECOND
            for key, _ in self.selector.select(0 if self.open.value < self.count else 0.05):
                self._read(key.fileobj)

    def _add(self):
        self.number += 1
        one = socket.socket()
        try:
            one.bind((f"127.0.0.{2 + self.number % self.count // PER_ADDRESS}", 0))
            one.settimeout(5)
            one.connect(self.address)
            if self.number % 2:
                one.sendall(REQUEST)
            one.setblocking(False)
        except OSError:
            self.failed.value += 1
            one.close()
            return
        self.selector.register(one, selectors.EVENT_READ)
        self.open.value += 1
        self.most.value = max(self.most.value, self.open.value)

    def _read(self, one):
        """An answer, or the end."""
        try:
            if one.recv(4_096):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self.selector.unregister(one)
        one.close()
        self.open.value -= 1
        self.ended.value += 1
