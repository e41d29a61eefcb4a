"""Accounts of 1,000 and of 100,000 tasks among many others, loaded through POST /tasks/batch."""

import concurrent.futures
import contextlib
import datetime
import http.client
import itertools
import random
import re

from . import Broken, load

SMALL, LARGE = 1_000, 100_000
BATCH = 100
LOADERS = 4
# Two words that occur together in so many tasks of every account, whatever its size.
RARE, RARE_TASKS = "quarterly audit", 20
STATUSES = {"todo": 25, "in_progress": 5, "done": 65, "cancelled": 5}
PRIORITIES = {"none": 10, "low": 20, "medium": 40, "high": 20, "urgent": 10}
YEAR = datetime.datetime(2027, 1, 1)
MINUTES = 365 * 24 * 60


def vocabulary():
    """2,000 words. None of them is the beginning of another, or of the rare ones."""
    syllables = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
    every = ["".join(three) for three in itertools.product(syllables, repeat=3)]
    return random.Random(1).sample(every, 2_000)


def falling(count, start):
    """Weights, summed up: some are frequent and most are rare, the more so the lower the start."""
    return list(itertools.accumulate(1 / (start + place) for place in range(count)))


WORDS = vocabulary()
WORD_WEIGHTS = falling(len(WORDS), 8)
FREQUENT = " ".join(WORDS[:2])
LABELS = [f"label {word}" for word in WORDS[-20:]]
LABEL_WEIGHTS = falling(len(LABELS), 3)


def load_accounts(address, rows):
    """The small and the large user, in a table of `rows` tasks."""
    small, large, *others = sign_up(address, 1 + (rows - LARGE) // SMALL)
    sizes = [(small, SMALL), (large, LARGE), *((user, SMALL) for user in others)]
    batches = [(user, size, first) for user, size in sizes for first in range(0, size, BATCH)]
    random.Random(1).shuffle(batches)  # as time would have mixed them
    with concurrent.futures.ThreadPoolExecutor(LOADERS) as pool:
        list(pool.map(lambda n: _post(address, batches[n::LOADERS]), range(LOADERS)))
    return small, large


def sign_up(address, count):
    with contextlib.closing(http.client.HTTPConnection(address, timeout=60)) as connection:
        return [load.sign_up(connection, f"user{n}@example.com") for n in range(count)]


def _post(address, batches):
    connection = http.client.HTTPConnection(address, timeout=60)
    for user, size, first in batches:
        rng = random.Random(f"{user.id} {first}")
        tasks = [task(rng, number, size) for number in range(first, first + BATCH)]
        load.call(connection, "POST", "/tasks/batch", creates(tasks), user.token)
    connection.close()


def creates(tasks):
    return {"operations": [{"op": "create", "task": task} for task in tasks]}


def task(rng, number, size):
    """One of `size` tasks of an account."""
    words = rng.choices(WORDS, cum_weights=WORD_WEIGHTS, k=12 + rng.randint(3, 5))
    if number % (size // RARE_TASKS) == 0:
        words.append(RARE)
    made = {
        "title": " ".join(words[12:]),
        "description": " ".join(words[:12]),
        "status": _weighted(rng, STATUSES),
        "priority": _weighted(rng, PRIORITIES),
    }
    if rng.random() < 0.6:
        # Another minute for every task, since the factor and MINUTES have no divisor in common.
        minute = datetime.timedelta(minutes=number * 104_729 % MINUTES)
        made["due_at"] = (YEAR + minute).isoformat() + "Z"
    if rng.random() < 0.3:
        names = rng.choices(LABELS, cum_weights=LABEL_WEIGHTS, k=rng.randint(1, 3))
        made["labels"] = sorted(set(names))
    return made


def _weighted(rng, weights):
    return rng.choices(list(weights), list(weights.values()))[0]


def walk(address, token, path, pages):
    """The path of a page that many pages on, found by following the links."""
    connection = http.client.HTTPConnection(address, timeout=60)
    for _ in range(pages - 1):
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        body = answer.read()
        link = re.search(r'<([^>]*)>; *rel="?next', answer.getheader("Link", ""))
        if answer.status != 200 or link is None:
            raise Broken(f"GET {path} answers {answer.status} without a next page: {body[:300]!r}")
        path = re.sub("^https?://[^/]*", "", link[1])
    connection.close()
    return path


def check(address, token, path, least):
    """That the array at `path` has so many members: an empty answer would be a quick one."""
    with contextlib.closing(http.client.HTTPConnection(address, timeout=60)) as connection:
        found = load.call(connection, "GET", path, token=token)
    if len(found) < least:
        raise Broken(f"GET {path} answers {len(found)} members, of at least {least}")
