"""Many idle connections, held open by a process of their own."""

import contextlib
import multiprocessing
import resource
import selectors
import signal
import socket

# A source address has some 28,000 ports.
PER_ADDRESS = 5_000
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


class Crowd:
    """Keeps `count` connections open while entered: half of them never send a byte, half are kept alive
    after one request. One that the service ends is made again, so that there are always as many."""

    def __init__(self, address, count):
        context = multiprocessing.get_context("fork")
        self.open, self.ended, self.failed = (context.Value("l", 0) for _ in range(3))
        host, _, port = address.rpartition(":")
        self.address, self.count = (host, int(port)), count
        self.process = context.Process(target=self._hold, daemon=True)

    def __enter__(self):
        self.process.start()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.join()

    def _hold(self):
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self.selector = selectors.DefaultSelector()
        self.number = 0
        while True:
            for _ in range(min(200, self.count - self.open.value)):
                self._add()
            for key, _ in self.selector.select(0.05):
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
