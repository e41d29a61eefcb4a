"""Clients that are slow on purpose, in a process of their own; and a look at who is still served."""

import asyncio
import collections
import socket

from .clients import Clients

EVERY_SECONDS = 1
READER_EVERY_SECONDS = 0.1
LIST = "/tasks?limit=120"
ESTABLISHED = "01"
# A source address for each kind tells them apart.
KINDS = {
    "headers": "127.0.1.1",
    "bodies": "127.0.1.2",
    "readers of a byte": "127.0.1.3",
    "readers of nothing": "127.0.1.4",
}
READERS = ("readers of a byte", "readers of nothing")


class Sluggish(Clients):
    """`counts` clients of each kind while entered. What the service ends is not made again.

    The readers come one after the other: it is not the work for them that is to be measured, but that
    they are there."""

    def __init__(self, address, token, counts):
        super().__init__(address)
        self.token, self.counts = token, counts

    def left(self):
        """How many of each kind the service has not ended."""
        found = collections.Counter()
        with open("/proc/net/tcp", encoding="ascii") as file:
            for line in list(file)[1:]:
                local, remote, state = line.split()[1:4]
                if int(local.split(":")[1], 16) == self.address[1] and state == ESTABLISHED:
                    found[_dotted(remote.split(":")[0])] += 1
        return {kind: found[source] for kind, source in KINDS.items()}

    def run(self):
        asyncio.run(self._all())

    async def _all(self):
        slow = []
        # Those that are ended soonest come last.
        for kind in reversed(KINDS):
            for _ in range(self.counts[kind]):
                slow.append(asyncio.create_task(self._one(kind)))
                if kind in READERS:
                    await asyncio.sleep(READER_EVERY_SECONDS)
        await asyncio.sleep(1)
        self.begun.set()
        await asyncio.gather(*slow, return_exceptions=True)
        await asyncio.Event().wait()

    async def _one(self, kind):
        """It ends where the service ends the connection."""
        loop = asyncio.get_running_loop()
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            one.bind((KINDS[kind], 0))
            one.setblocking(False)
            await loop.sock_connect(one, self.address)
            await loop.sock_sendall(one, self._first(kind))
            while True:
                await asyncio.sleep(EVERY_SECONDS)
                if kind not in READERS:
                    await loop.sock_sendall(one, b"x")
                elif kind == "readers of a byte" and not await loop.sock_recv(one, 1):
                    return

    def _first(self, kind):
        """What is sent at once."""
        known = f"Host: localhost\r\nAuthorization: Bearer {self.token}\r\n"
        if kind == "headers":
            return b"GET /tasks HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
        if kind == "bodies":
            length = "Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"
            return f"POST /tasks HTTP/1.1\r\n{known}{length}".encode()
        return f"GET {LIST} HTTP/1.1\r\n{known}\r\n".encode()


def _dotted(hexadecimal):
    """An address as /proc shows it: the bytes of a word of this machine."""
    return socket.inet_ntoa(bytes.fromhex(hexadecimal)[::-1])
