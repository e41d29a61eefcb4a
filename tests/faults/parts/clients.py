"""Clients in a process of their own, so that the drill itself keeps its pace."""

import multiprocessing
import signal

CONTEXT = multiprocessing.get_context("fork")
START_SECONDS = 60


class Clients:
    """Clients of the service at `address` that exist while this is entered. A class of its own says what they
    do in `run`, which sets `begun` once the drill may go on; it never has to end."""

    def __init__(self, address):
        host, _, port = address.rpartition(":")
        self.address = host, int(port)
        self.begun = CONTEXT.Event()
        self.process = CONTEXT.Process(target=self._start, daemon=True)

    def __enter__(self):
        """Returns once they have begun."""
        self.process.start()
        self.begun.wait(START_SECONDS)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.join()

    def _start(self):
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self.run()

    def run(self):
        raise NotImplementedError
