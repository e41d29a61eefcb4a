"""What is there, held against what the books say must be, or may be."""

import time

from .book import LIVE, TRASH, State
from .client import Client, Lost

PATIENCE_SECONDS = 15


class Audit:
    """What was found in the books' accounts, over one or more looks at them."""

    def __init__(self):
        self.wrong, self.halves, self.repeats = [], [], []
        self.tasks = self.open = self.came = self.keyed = 0

    def look(self, address, crew):
        """Compares, sends again what has a key, and leaves the books as what is there."""
        for worker in crew:
            client = Client(address, worker.token())
            try:
                _look(self, client, worker.book)
            except Lost as lost:
                self.wrong.append(f"no answer to the look at {worker.book.name}: {lost}")
            client.close()

    def report(self, report):
        report.figure("acknowledged tasks compared", self.tasks)
        report.figure("writes without an answer", self.open)
        report.figure("  of which were there all the same", self.came)
        report.figure("  of which were sent again by their key", self.keyed)
        report.none("every acknowledged write is there, and nothing else", self.wrong)
        report.none("what was not acknowledged is there whole or not at all", self.halves)
        report.none("a repeated key has its effect once, and the same answer", self.repeats)


def _look(audit, client, book):
    actual = _read_all(audit, client, book)
    for title, state in book.tasks.items():
        if title not in book.locked:
            audit.tasks += 1
            if not _same(actual.get(title), state):
                audit.wrong.append(f"{title}: {actual.get(title)}, not {state}")
    known = book.tasks.keys() | book.locked
    audit.wrong += [f"{title} is there, against the book" for title in actual.keys() - known]
    for write in book.open:
        _look_at_open(audit, client, book, write, actual)
    book.open.clear()


def _look_at_open(audit, client, book, write, actual):
    audit.open += 1
    came = all(_same(actual.get(title), state) for title, state in write.after.items())
    absent = all(_same(actual.get(title), state) for title, state in write.before.items())
    audit.came += came
    if not (came or absent):
        found = {title: actual.get(title) for title in write.before}
        audit.halves.append(f"{write.kind}: {found}, not {write.before} or {write.after}")
    if write.key is None or not (came or absent):
        book.adopt(write, actual)
        return
    audit.keyed += 1
    _send_again(audit, client, write, came)
    now = _read_all(audit, client, book)
    if not all(_same(now.get(title), state) for title, state in write.after.items()):
        found = {title: now.get(title) for title in write.after}
        audit.repeats.append(f"{write.kind} with a key: {found}, not {write.after}")
    book.adopt(write, now)


def _send_again(audit, client, write, came):
    first = _patiently(client, write.method, write.path, write.body, write.headers)
    again = _patiently(client, write.method, write.path, write.body, write.headers)
    replayed = [answer.headers.get("Idempotency-Replayed") == "true" for answer in (first, again)]
    # By their statuses: what the first answer says is looked at in the accounts.
    if first.status != write.status or again.status != write.status:
        audit.repeats.append(f"{write.kind} with a key: {first}, then {again}")
    elif replayed != [came, True] or first.body != again.body:
        audit.repeats.append(f"{write.kind} with a key: replayed {replayed}, was there: {came}")


def _patiently(client, method, path, body=None, headers=None):
    """The answer once it is no 503, and no 409 for the same request still under way."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = client.ask(method, path, body, headers)
        busy = answer.status == 503 or _in_progress(answer)
        if not busy or time.monotonic() > deadline:
            return answer
        time.sleep(0.1)


def _in_progress(answer):
    return answer.status == 409 and answer.json().get("code") == "request_in_progress"


def _read_all(audit, client, book):
    """Title: State. Two tasks of one title are one create that was done twice."""
    places = {LIVE: "/tasks"} | ({TRASH: "/trash"} if book.trash else {})
    found = {}
    for place, path in places.items():
        for task in _pages(client, f"{path}?limit=200"):
            if task["title"] in found:
                audit.wrong.append(f"{task['title']} is there twice")
            note = task["description"]
            found[task["title"]] = State(task["id"], note, task["version"], place)
    return found


def _pages(client, path):
    while path:
        answer = _patiently(client, "GET", path)
        if answer.status != 200:
            raise Lost(f"GET {path} answers {answer}")
        yield from answer.json()
        path = next_page(answer)


def next_page(answer):
    """The path of the page after this one, if there is one."""
    link = answer.headers.get("Link", "")
    return link[link.index("<") + 1 : link.index(">")] if 'rel="next"' in link else None


def _same(one, other):
    """A task that was never acknowledged has no known id."""
    if one is None or other is None:
        return one is other
    known = None in (one.id, other.id) or one.id == other.id
    return known and (one.note, one.version, one.place) == (other.note, other.version, other.place)
