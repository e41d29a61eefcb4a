#!/usr/bin/env python3
"""What a large account costs, and what a batch and an Idempotency-Key do, on SQLite and PostgreSQL.

    cargo build --release
    python3 benches/scale_bench.py                # both engines, about 10 minutes each
    python3 benches/scale_bench.py --engine postgres --part writes --json result.json
    python3 benches/scale_bench.py --part account --rows 200000      # sooner

It starts the release binary on a fresh database, as http_bench.py does, and measures two things:

account  A user with 1,000 tasks and one with 100,000, in a table of 1,000,000 (--rows) whose others
         belong to users with 1,000 each. All are loaded through POST /tasks/batch, in a random order
         of users; then PostgreSQL gets its VACUUM ANALYZE. Each list is requested by both users. It
         may be 2 times slower for the large one, and page 1,000 2 times slower than page 1.
writes   On a database of its own: POST /tasks without and with a fresh Idempotency-Key, which may be
         1.5 times slower, and POST /tasks/batch with 100 creates, which must store 15 times as many
         tasks a second as single creates. With 1 connection and with --connections.

wrk loads the requests of one comparison alternately (--rounds of --seconds each), and the figures are
the medians of the rounds; so are the ratios, those of requests/s, for a batch of tasks/s. On a
machine that others use too, look at the CPU: milliseconds of service and database together for 1,000
requests, and its ratio.

Exit status: 0, also where a target was missed; 1 where it could not run; 2 where an answer was not
2xx, a socket failed, a connection starved, or the service ended; 130 after Ctrl-C. What it needs is
what http_bench.py needs, pgbench aside, and 4 GB in --dir.
"""

import contextlib
import json
import random
import sys
import time
import urllib.parse

sys.dont_write_bytecode = True

from harness import accounts, command, report, rounds, server, wrk

WRITERS = 64
PAGES = 1_000
LISTS = {
    "newest first": "",
    "status, by due time": "&status=todo&sort=due_at",
    "status, by priority, due time": "&status=todo&sort=-priority,due_at",
    "a label": "&label=" + urllib.parse.quote(accounts.LABELS[0]),
    "by title": "&sort=title",
    "by due time": "&sort=due_at",
    "by priority, last first": "&sort=-priority",
    "words of 20 tasks": "&q=" + urllib.parse.quote(accounts.RARE),
    "words of 7 % of the tasks": "&q=" + urllib.parse.quote(accounts.FREQUENT),
}
WALKS = ("-id", "due_at")


def arguments():
    parser = command.parser(__doc__)
    parser.add_argument("--part", choices=["account", "writes", "both"], default="both")
    parser.add_argument("--seconds", type=int, default=3, help="per round (1 to 60)")
    parser.add_argument("--rounds", type=int, default=3, help="1 to 99")
    parser.add_argument("--connections", type=int, default=16, help="1 to 1000")
    parser.add_argument("--rows", type=int, default=1_000_000, help="at least 102000")
    args = parser.parse_args()
    if not (1 <= args.seconds <= 60 and 1 <= args.rounds <= 99 and 1 <= args.connections <= 1000):
        parser.error("--seconds takes 1 to 60, --rounds 1 to 99, --connections 1 to 1000")
    if args.rows < accounts.LARGE + 2 * accounts.SMALL:
        parser.error("--rows takes at least 102000")
    return args


def account(service, database, args):
    """The rows of the lists: the small user's and the large one's, page 1's and page 1,000's."""
    started = time.monotonic()
    small, large = accounts.load_accounts(service.address, args.rows)
    seconds = time.monotonic() - started
    print(f"  {args.rows:,} tasks loaded in {seconds:.0f} s", file=sys.stderr, flush=True)
    database.settle()
    paths = {name: f"/tasks?limit=50{query}" for name, query in LISTS.items()}
    for name, path in {**paths, "labels": "/labels"}.items():
        for user in (small, large):
            accounts.check(service.address, user.token, path, least=20)
        variants = [
            _read("1,000 tasks", path, small, args),
            _read("100,000 tasks", path, large, args, most=2),
        ]
        yield from rounds.compare(name, variants, service, database, args)
    for sort in WALKS:
        first = f"/tasks?limit=50&sort={sort}"
        last = accounts.walk(service.address, large.token, first, PAGES)
        variants = [
            _read("page 1", first, large, args),
            _read(f"page {PAGES:,}", last, large, args, most=2),
        ]
        yield from rounds.compare(f"sort={sort}", variants, service, database, args)


def _read(name, path, user, args, most=None):
    return rounds.Variant(name, [("GET", path, user.token, "")], args.connections, most=most)


def writes(service, database, args):
    """The rows of the writes, with 1 connection and with many."""
    users = accounts.sign_up(service.address, WRITERS)
    batch = json.dumps(accounts.creates(_tasks(accounts.BATCH)))
    singles = [json.dumps(task) for task in _tasks(accounts.BATCH)]
    creates = [("POST", "/tasks", user.token, task) for user in users for task in singles]
    keyed = [(*line, True) for line in creates]
    batches = [("POST", "/tasks/batch", user.token, batch) for user in users]
    for connections in sorted({1, args.connections}):
        variants = [
            rounds.Variant("plain", creates, connections),
            rounds.Variant("with a key", keyed, connections, most=1.5),
            rounds.Variant("batch of 100", batches, connections, accounts.BATCH, least=15),
        ]
        yield from rounds.compare("create", variants, service, database, args)


def _tasks(count):
    """Each with a number that is another one in every request."""
    made = [accounts.task(random.Random(number), number, count) for number in range(count)]
    return [{**task, "title": task["title"] + " ##########"} for task in made]


def measure(engine, part, args, directory):
    """The rows of one part on one engine."""
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(engine(directory))
        service = stack.enter_context(server.Service(args.binary, database.url, directory))
        print(f"{database.name}: {database.describe()}", file=sys.stderr)
        for row in part(service, database, args):
            print(report.comparison(row), file=sys.stderr, flush=True)
            yield {"engine": database.name, **row}


def main():
    args = arguments()
    result = {"machine": report.machine(), "rounds": args.rounds, "seconds": args.seconds}
    result |= {"table_rows": args.rows, "rows": []}
    parts = {"account": [account], "writes": [writes], "both": [writes, account]}[args.part]
    wrk.check_tools()
    with command.databases(args) as (engines, directory):
        for engine in engines:
            for part in parts:
                result["rows"] += measure(engine, part, args, directory)
    result["problems"] = report.problems(result["rows"])
    report.show_comparisons(result, args.json)
    return 2 if result["problems"] else 0


if __name__ == "__main__":
    command.run(main)
