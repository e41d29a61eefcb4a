#!/usr/bin/env python3
"""How fast the service answers over HTTP, on SQLite and on PostgreSQL.

    cargo build --release
    python3 benches/http_bench.py                 # both engines, 10 s for each request
    python3 benches/http_bench.py --engine postgres --seconds 5 --json result.json

It starts the release binary on a fresh database, registers users, gives them tasks, and loads four
requests one after the other from another process (wrk): GET /tasks/{id}, GET /tasks?limit=50 (50
tasks), POST /tasks, PATCH /tasks/{id}. PostgreSQL is a throw-away server with its default
durability, or the one that BENCH_POSTGRES_URL names (on this machine, as a user who may create
databases). All of it listens on loopback alone, and all of it is gone at the end.

Needs Python 3.9, wrk and ss (`apt-get install wrk iproute2`), PostgreSQL's programs for that engine,
and pgbench for PostgreSQL's own limit. APP_* variables reach the service, so that a setting can be
tried: APP_DATABASE__POOL_SIZE=4 python3 benches/http_bench.py

Exit status: 0; 1 where it could not run; 2 where an answer was not 2xx, a socket failed, a
connection starved, or the service ended; 130 after Ctrl-C. wrk runs on the same cores, and its
latencies are corrected for coordinated omission: requests held back by a late response count as late too.
"""

import contextlib
import sys

sys.dont_write_bytecode = True

from harness import command, load, report, server, wrk


def arguments():
    parser = command.parser(__doc__)
    parser.add_argument("--seconds", type=int, default=10, help="per request kind (1 to 300)")
    parser.add_argument("--connections", type=int, default=16, help="1 to 1000")
    parser.add_argument("--only", choices=load.KINDS, action="append", help="this request kind")
    args = parser.parse_args()
    if not 1 <= args.seconds <= 300 or not 1 <= args.connections <= 1000:
        parser.error("--seconds takes 1 to 300, --connections 1 to 1000")
    return args


def measure(engine, args, directory):
    """The rows and the database's own limit for one engine."""
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(engine(directory))
        service = stack.enter_context(server.Service(args.binary, database.url, directory))
        print(f"{database.name}: {database.describe()}", file=sys.stderr)
        data = load.seed(service.address)
        rows = []
        for kind in args.only or load.KINDS:
            row = load.run(kind, service, database, data, args)
            rows.append({"engine": database.name, **row})
            print(report.line(rows[-1]), file=sys.stderr, flush=True)
        limit = database.limit(args.seconds, args.connections, data)
    return rows, limit


def main():
    args = arguments()
    result = {"machine": report.machine(), "seconds": args.seconds}
    result |= {"connections": args.connections, "rows": [], "limits": {}}
    wrk.check_tools()
    with command.databases(args) as (engines, directory):
        for engine in engines:
            rows, limit = measure(engine, args, directory)
            result["rows"] += rows
            if limit:
                result["limits"][engine.name] = limit
    result["problems"] = report.problems(result["rows"])
    report.show(result, args.json)
    return 2 if result["problems"] else 0


if __name__ == "__main__":
    command.run(main)
