"""A TCP proxy that makes faults: between the service and PostgreSQL."""

import asyncio
import socket
import struct
import threading

CHUNK = 65_536
# So that closing sends RST instead of FIN.
RESET = struct.pack("ii", 1, 0)


class Proxy:
    """Listens on `port` for as long as it is entered. It passes everything on, until told otherwise:

    `reset()` ends every connection with RST, and each new one until `heal()`.
    `hold()` takes what is sent and what connects, and passes nothing on, without a word; `heal()` then
    delivers what was held, as TCP does after an outage."""

    def __init__(self, target_port):
        self.target = target_port
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.pairs = set()
        self.refusing = False

    def __enter__(self):
        self.thread.start()
        self.server = self._call(self._listen())
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_):
        self.server.close()
        self._call(self._reset_all())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def reset(self):
        self.refusing = True
        self._call(self._reset_all())

    def hold(self):
        self._call(self._switch(False))

    def heal(self):
        self.refusing = False
        self._call(self._switch(True))

    def _call(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    async def _listen(self):
        self.passing = asyncio.Event()
        self.passing.set()
        return await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def _switch(self, passing):
        (self.passing.set if passing else self.passing.clear)()

    async def _reset_all(self):
        for writer in list(self.pairs):
            _reset(writer)

    async def _serve(self, reader, writer):
        self.pairs.add(writer)
        if self.refusing:
            return _reset(writer)
        try:
            await self.passing.wait()
            if self.refusing:
                return _reset(writer)
            onward = await asyncio.open_connection("127.0.0.1", self.target)
            self.pairs.add(onward[1])
            await asyncio.gather(self._pass(reader, onward[1]), self._pass(onward[0], writer))
        except OSError:
            _reset(writer)

    async def _pass(self, reader, writer):
        while data := await reader.read(CHUNK):
            await self.passing.wait()
            writer.write(data)
            await writer.drain()
        writer.close()


def _reset(writer):
    wire = writer.get_extra_info("socket")
    if wire is not None and wire.fileno() >= 0:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
