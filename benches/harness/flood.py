"""Logins without end while others read, from one process and thread."""

import asyncio
import collections
import dataclasses
import itertools

from . import Broken

WARM_UP_SECONDS = 1
# Each reader asks so often, answered or not: what a late answer held back counts as late too.
EVERY_SECONDS = 0.05
PATIENCE_SECONDS = 60
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"


@dataclasses.dataclass
class Seen:
    """Seconds that answers took, those of the warm-up aside."""

    reads: list = dataclasses.field(default_factory=list)
    logins: list = dataclasses.field(default_factory=list)
    refusals: list = dataclasses.field(default_factory=list)
    problems: collections.Counter = dataclasses.field(default_factory=collections.Counter)


@dataclasses.dataclass
class Run:
    address: str
    begin: float
    end: float
    seen: Seen = dataclasses.field(default_factory=Seen)

    def note(self, answers, since):
        """That an answer has come which was asked for then."""
        if self.begin <= now() < self.end:
            answers.append(now() - since)


def flood(address, tokens, logins, seconds):
    """What was seen: each of `tokens` reads its list, each of `logins`, a list of forms, logs in with
    one after the other, over and over."""
    return asyncio.run(_flood(address, tokens, logins, seconds))


def now():
    return asyncio.get_running_loop().time()


async def _flood(address, tokens, logins, seconds):
    begin = now() + WARM_UP_SECONDS
    run = Run(address, begin, begin + seconds)
    clients = [asyncio.create_task(_log_in(run, forms)) for forms in logins]
    readers = asyncio.gather(*(_read(run, token) for token in tokens))
    try:
        await asyncio.wait_for(readers, WARM_UP_SECONDS + seconds + PATIENCE_SECONDS)
    except (OSError, EOFError, asyncio.TimeoutError) as error:
        raise Broken(f"GET /tasks failed during the flood: {error!r}") from error
    finally:
        for client in clients:
            client.cancel()
        ended = await asyncio.gather(*clients, return_exceptions=True)
    failed = [one for one in ended if not isinstance(one, asyncio.CancelledError)]
    if failed:
        raise Broken(f"{len(failed)} clients could not log in: {failed[0]!r}")
    return run.seen


async def _read(run, token):
    request = _request("GET", "/tasks", f"Authorization: Bearer {token}\r\n")
    due = now()
    async with _Connection(run.address) as connection:
        while due < run.end:
            await asyncio.sleep(max(0, due - now()))
            status, _ = await connection.ask(request)
            if due >= run.begin:
                run.seen.reads.append(now() - due)
            if status != 200:
                run.seen.problems[f"GET /tasks answers {status}"] += 1
            due += EVERY_SECONDS


async def _log_in(run, forms):
    """Each login comes over a connection of its own, as those of strangers do."""
    for form in itertools.cycle(forms):
        request = _request("POST", "/auth/login", FORM, form)
        since = now()
        async with _Connection(run.address) as connection:
            status, headers = await connection.ask(request)
        if status in (200, 401):
            run.note(run.seen.logins, since)
        elif status == 503 and headers.get("retry-after", "").isdigit():
            run.note(run.seen.refusals, since)
            await asyncio.sleep(int(headers["retry-after"]))
        else:
            run.seen.problems[f"POST /auth/login answers {status} with {headers}"] += 1
            await asyncio.sleep(1)


def _request(method, path, headers, body=""):
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode("ascii")


class _Connection:
    def __init__(self, address):
        self.host, _, self.port = address.rpartition(":")

    async def __aenter__(self):
        self.reader, self.writer = await asyncio.open_connection(self.host, int(self.port))
        return self

    async def __aexit__(self, *_):
        self.writer.close()

    async def ask(self, request):
        """The status and the headers of the answer."""
        self.writer.write(request)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip().split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        await self.reader.readexactly(int(headers["content-length"]))
        return int(first.split()[1]), headers
