"""Requests whose bodies never end, held open by a process of their own."""

import asyncio
import socket

from .clients import CONTEXT, Clients
from .crowd import PER_ADDRESS

MOST_A_SECOND = 2_000
CHUNK_EVERY_SECONDS = 1
REQUEST = b"GET /nope HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK = b"1\r\nx\r\n"


class Unfinished(Clients):
    """`count` requests, whose connections are not closed by their clients while entered. Half of these send
    nothing more, half a chunk every second."""

    def __init__(self, address, count):
        super().__init__(address)
        self.count = count
        # Answers, and those of them that said that the connection closes.
        self.answered, self.told = CONTEXT.Value("l", 0), CONTEXT.Value("l", 0)

    def run(self):
        asyncio.run(self._all())

    async def _all(self):
        clients = []
        for number in range(self.count):
            clients.append(asyncio.create_task(self._one(number)))
            await asyncio.sleep(1 / MOST_A_SECOND)
        self.begun.set()
        await asyncio.gather(*clients)

    async def _one(self, number):
        loop = asyncio.get_running_loop()
        client = socket.socket()
        client.setblocking(False)
        try:
            client.bind((f"127.0.0.{2 + number // PER_ADDRESS}", 0))
            await loop.sock_connect(client, self.address)
            await loop.sock_sendall(client, REQUEST)
            answer = await loop.sock_recv(client, 4_096)
            self.answered.value += answer.startswith(b"HTTP/1.1 404")
            self.told.value += b"connection: close" in answer.lower()
            while number % 2:
                await asyncio.sleep(CHUNK_EVERY_SECONDS)
                await loop.sock_sendall(client, CHUNK)
        except OSError:
            pass
        # Its socket stays open: it is for the service to let go.
        await asyncio.Event().wait()
