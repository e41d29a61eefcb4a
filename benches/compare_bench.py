#!/usr/bin/env python3
"""A change against the version before it: both binaries, loaded alternately, on SQLite and PostgreSQL.

    cargo build --release
    python3 benches/compare_bench.py --before ../task-api-before     # about 3 minutes an engine

Each binary serves a fresh database of its own. wrk loads them alternately (--rounds of --seconds each)
with the same requests: GET /tasks/{id}, GET /tasks?limit=50 (50 tasks), POST /tasks, PATCH
/tasks/{id}, and POST /tasks/batch with 100 creates and with 50 updates. The ratio is the median of
those of the rounds, each to the run of the other just before it: 1.10 means that the new binary answers 10 % more.

Exit status: 0; 1 where it could not run; 2 where a target was missed, an answer was not 2xx, a
socket failed, a connection starved, or a service ended; 130 after Ctrl-C. It needs what
http_bench.py needs, pgbench excepted.
"""

import contextlib
import json
import os
import sys

sys.dont_write_bytecode = True

from harness import accounts, command, load, report, rounds, server, wrk

KINDS = {**load.KINDS, "batch": "batch of 100 creates", "changes": "batch of 50 updates"}


def arguments():
    parser = command.parser(__doc__)
    parser.add_argument("--before", required=True, help="the binary to compare with")
    parser.add_argument("--only", choices=KINDS, action="append", help="this request kind")
    parser.add_argument("--least", type=float, default=0.97, help="the lowest ratio accepted")
    parser.add_argument("--seconds", type=int, default=2, help="per round (1 to 60)")
    parser.add_argument("--rounds", type=int, default=7, help="1 to 99")
    parser.add_argument("--connections", type=int, default=16, help="1 to 1000")
    args = parser.parse_args()
    if not (1 <= args.seconds <= 60 and 1 <= args.rounds <= 99 and 1 <= args.connections <= 1000):
        parser.error("--seconds takes 1 to 60, --rounds 1 to 99, --connections 1 to 1000")
    return args


def requests(kind, data):
    if kind == "batch":
        task = json.loads(load.CREATE)
        body = json.dumps(accounts.creates([task] * accounts.BATCH))
        return [("POST", "/tasks/batch", user.token, body) for user in data.writers]
    if kind == "changes":
        return [("POST", "/tasks/batch", user.token, changes(user)) for user in data.readers]
    return load.requests(kind, data)


def changes(user):
    patch = json.loads(load.PATCH)
    return json.dumps(
        {"operations": [{"op": "update", "id": id, "task": patch} for id in user.task_ids]}
    )


def measure(engine, args, directory):
    """The rows of one engine."""
    with contextlib.ExitStack() as stack:

        def start(name, binary):
            place = os.path.join(directory, engine.name, name)
            os.makedirs(place, mode=0o755)
            database = stack.enter_context(engine(place))
            service = server.Service(binary, database.url, place, name=name)
            return database, stack.enter_context(service)

        sides = [("before", *start("before", args.before)), ("after", *start("after", args.binary))]
        print(f"{engine.name}: {sides[0][1].describe()}", file=sys.stderr)
        data = [load.seed(service.address) for _, _, service in sides]
        for kind in args.only or KINDS:
            variants = [
                rounds.Variant(
                    name, requests(kind, seeded), args.connections, service=service, database=database
                )
                for (name, database, service), seeded in zip(sides, data)
            ]
            variants[1].least = args.least
            for row in rounds.compare(KINDS[kind], variants, sides[0][2], sides[0][1], args):
                print(report.comparison(row), file=sys.stderr, flush=True)
                yield {"engine": engine.name, **row}
        memory = [f"{name} {service.memory()[0]:.1f} MiB" for name, _, service in sides]
        print(f"resident: {', '.join(memory)}", file=sys.stderr)


def main():
    args = arguments()
    args.before = os.path.abspath(args.before)
    result = {"machine": report.machine(), "rounds": args.rounds, "seconds": args.seconds}
    result["rows"] = []
    wrk.check_tools()
    with command.databases(args) as (engines, directory):
        for engine in engines:
            result["rows"] += measure(engine, args, directory)
    result["problems"] = report.problems(result["rows"])
    report.show_comparisons(result, args.json)
    missed = any(row["met"] is False for row in result["rows"])
    return 2 if result["problems"] or missed else 0


if __name__ == "__main__":
    command.run(main)
