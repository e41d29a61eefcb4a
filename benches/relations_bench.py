#!/usr/bin/env python3
"""What projects, subtasks, the order by hand and dependencies cost, on SQLite and PostgreSQL.

    cargo build --release
    python3 benches/relations_bench.py            # both engines, about 5 minutes each
    python3 benches/relations_bench.py --engine sqlite --part lists --json result.json

It starts the release binary on a fresh database, as http_bench.py does, and compares requests of that
binary with one another:

lists    Pages of 50 tasks: of a project, of a parent, in the order by hand, and with computed members (ten
         subtasks and two blockers for each task), against the plain list; of 100,000 tasks in the
         order by hand, page 1,000 against page 1.
writes   A move against a PATCH; a subtask against a task; a tree of 100 tasks in one batch against 100
         tasks that have nothing to do with one another.
project  A project with 10,000 tasks goes to the trash and comes back, each within 3 seconds. Meanwhile
         another user's writes must be answered.

wrk loads the requests of one comparison alternately (--rounds of --seconds each), and the figures are
the medians of the rounds; so are the ratios, those of requests/s.

Exit status: 0, also where a target was missed; 1 where it could not run; 2 where an answer was not
2xx, a socket failed, a connection starved, or the service ended; 130 after Ctrl-C. What it needs is
what http_bench.py needs, pgbench aside.
"""

import contextlib
import itertools
import json
import sys

sys.dont_write_bytecode = True

from harness import accounts, command, load, relations, report, rounds, server, wrk

USERS = 8
PAGES = 1_000


def arguments():
    parser = command.parser(__doc__)
    parser.add_argument("--part", choices=PARTS, action="append", help="this part alone")
    parser.add_argument("--seconds", type=int, default=2, help="per round (1 to 60)")
    parser.add_argument("--rounds", type=int, default=5, help="1 to 99")
    parser.add_argument("--connections", type=int, default=16, help="1 to 1000")
    parser.add_argument("--rows", type=int, default=100_000, help="tasks of the long list; at least 50000")
    args = parser.parse_args()
    if not (1 <= args.seconds <= 60 and 1 <= args.rounds <= 99 and 1 <= args.connections <= 1000):
        parser.error("--seconds takes 1 to 60, --rounds 1 to 99, --connections 1 to 1000")
    if args.rows < 50 * PAGES:
        parser.error(f"--rows takes at least {50 * PAGES}")
    return args


def lists(service, database, args):
    """The rows of the lists, then those of the long one."""
    users = relations.sign_up(service.address, "lists", USERS)
    seeded = [relations.related(service.address, user) for user in users]
    long = relations.sign_up(service.address, "long", 1)[0]
    relations.fill(service.address, long, args.rows)
    database.settle()

    def variant(name, query, most=None):
        paths = [f"/tasks?limit=50&sort=id{query.format(**each)}" for each in seeded]
        for user, path in zip(users, paths):
            accounts.check(service.address, user.token, path, least=50)
        lines = [("GET", path, user.token, "") for user, path in zip(users, paths)]
        return rounds.Variant(name, lines, args.connections, most=most)

    variants = [
        variant("plain", ""),
        variant("a project", "&project={project}", most=1.3),
        variant("a parent", "&parent={parent}", most=1.3),
        variant("computed", "&include_computed=true", most=4),
    ]
    yield from rounds.compare("list of 50", variants, service, database, args)
    first = "/tasks?limit=50&sort=position"
    last = accounts.walk(service.address, long.token, first, PAGES)

    def page(name, path, most=None):
        return rounds.Variant(name, [("GET", path, long.token, "")], args.connections, most=most)

    title = f"{args.rows:,} tasks"
    variants = [page("newest first", "/tasks?limit=50"), page("by hand", first, most=1.3)]
    yield from rounds.compare(title, variants, service, database, args)
    variants = [page("page 1", first), page(f"page {PAGES:,}", last, most=1.3)]
    yield from rounds.compare(f"{title} by hand", variants, service, database, args)


def writes(service, database, args):
    """The rows of the writes."""
    data = load.seed(service.address)
    moves = [
        ("POST", f"/tasks/{id}/move", user.token, json.dumps({"after": other}))
        for user in data.readers
        for id, other in itertools.permutations(user.task_ids[:20], 2)
    ]
    variants = [
        rounds.Variant("PATCH", load.requests("patch", data), args.connections),
        rounds.Variant("move", moves, args.connections, most=2),
    ]
    yield from rounds.compare("change", variants, service, database, args)
    # So many that no tree grows to its limit of 1,000.
    users = relations.sign_up(service.address, "parents", 64)
    parents = [(user, id) for user in users for id in relations.fill(service.address, user, 100)]
    task = json.loads(load.CREATE)
    subtasks = [
        ("POST", "/tasks", user.token, json.dumps({**task, "parent_id": id})) for user, id in parents
    ]
    variants = [
        rounds.Variant("task", load.requests("create", data), args.connections),
        rounds.Variant("subtask", subtasks, args.connections, most=2),
    ]
    yield from rounds.compare("create", variants, service, database, args)

    def batches(operations):
        body = json.dumps({"operations": operations})
        return [("POST", "/tasks/batch", user.token, body) for user in data.writers]

    variants = [
        rounds.Variant("flat", batches(relations.flat(task)), args.connections),
        rounds.Variant("tree", batches(relations.tree(task)), args.connections, most=2),
    ]
    yield from rounds.compare("batch of 100", variants, service, database, args)


def project(service, _database, args):
    """The rows of the project that goes and comes back."""
    owner, other = relations.sign_up(service.address, "project", 2)
    yield from relations.project_goes_and_comes(service, owner, other)


PARTS = {"lists": lists, "writes": writes, "project": project}


def measure(engine, part, args, directory):
    """The rows of one part on one engine."""
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(engine(directory))
        service = stack.enter_context(server.Service(args.binary, database.url, directory))
        print(f"{database.name}: {database.describe()}", file=sys.stderr)
        for row in PARTS[part](service, database, args):
            print(report.comparison(row), file=sys.stderr, flush=True)
            yield {"engine": database.name, **row}


def main():
    args = arguments()
    result = {"machine": report.machine(), "rounds": args.rounds, "seconds": args.seconds}
    result |= {"rows": []}
    wrk.check_tools()
    with command.databases(args) as (engines, directory):
        for engine in engines:
            for part in args.part or PARTS:
                result["rows"] += measure(engine, part, args, directory)
    result["problems"] = report.problems(result["rows"])
    report.show_comparisons(result, args.json)
    return 2 if result["problems"] else 0


if __name__ == "__main__":
    command.run(main)
