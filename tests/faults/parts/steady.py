"""A reader that is slow and takes something all the time: it is not to be cut off."""

import http.client
import threading
import time

PIECE, EVERY_SECONDS = 100_000, 0.2


class Steady(threading.Thread):
    """Asks for `path` and takes half a MB of the answer a second, from now until it has all of it."""

    def __init__(self, address, token, path):
        super().__init__(daemon=True)
        self.connection = http.client.HTTPConnection(address, timeout=30)
        self.headers, self.path = {"Authorization": f"Bearer {token}"}, path
        self.taken, self.wanted, self.seconds, self.end = 0, None, 0.0, "all"
        self.start()

    def run(self):
        begun = time.monotonic()
        try:
            self.connection.request("GET", self.path, headers=self.headers)
            answer = self.connection.getresponse()
            self.wanted = answer.length
            while piece := answer.read(PIECE):
                self.taken += len(piece)
                time.sleep(EVERY_SECONDS)
        except (OSError, http.client.HTTPException) as error:
            self.end = repr(error)
        self.seconds = time.monotonic() - begun
        self.connection.close()

    def report(self, report):
        report.figure("a steady reader had its answer after", self.seconds, "s")
        whole = self.end == "all" and self.taken == self.wanted
        found = f"{self.end}: {self.taken:,} of {self.wanted:,} bytes" if self.wanted else self.end
        report.check("a reader that goes on taking gets its whole answer", whole, found)
