#!/usr/bin/env python3
"""What is gained by knowing whom a token stands for: GET /tasks/{id} with and without the cache.

    cargo build --release
    python3 benches/cache_bench.py                # both engines, less than a minute each
    python3 benches/cache_bench.py --engine postgres --rounds 15 --json result.json

Two processes of the release binary serve one fresh database: one with APP_AUTH__CACHE_SECONDS=0,
which looks every token up for each request, and one with the default or what the environment says.
wrk loads them in turns, with the same few busy tokens (--rounds of --seconds each), so that a
machine's moods hit both alike. The ratio is the median of those of the rounds, each to the turn
before it. With the cache, PostgreSQL must answer 1.4 times as many requests a second; SQLite, whose
look-up is cheap, at least as many.

Exit status: 0; 1 where it could not run; 2 where a target was missed, an answer was not 2xx, a
socket failed, a connection starved, or a service ended; 130 after Ctrl-C. What it needs is what
http_bench.py needs, pgbench aside.
"""

import contextlib
import os
import secrets
import sys

sys.dont_write_bytecode = True

from harness import command, load, report, rounds, server, wrk

LEAST = {"postgres": 1.4, "sqlite": 1}
CACHE = "APP_AUTH__CACHE_SECONDS"


def arguments():
    parser = command.parser(__doc__)
    parser.add_argument("--seconds", type=int, default=2, help="per round (1 to 60)")
    parser.add_argument("--rounds", type=int, default=9, help="1 to 99")
    parser.add_argument("--connections", type=int, default=16, help="1 to 1000")
    args = parser.parse_args()
    if not (1 <= args.seconds <= 60 and 1 <= args.rounds <= 99 and 1 <= args.connections <= 1000):
        parser.error("--seconds takes 1 to 60, --rounds 1 to 99, --connections 1 to 1000")
    if os.environ.get(CACHE) == "0":
        parser.error(f"{CACHE}=0 leaves nothing to compare")
    return args


def measure(engine, args, directory):
    """The rows of one engine: without the cache, and with it."""
    shared = {"APP_AUTH__JWT_SECRETS": secrets.token_hex(32)}
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(engine(directory))

        def start(name, settings):
            service = server.Service(args.binary, database.url, directory, settings, name)
            return stack.enter_context(service)

        plain = start("plain", {**shared, CACHE: "0"})
        cached = start("cached", shared)
        print(f"{database.name}: {database.describe()}", file=sys.stderr)
        lines = load.requests("get", load.seed(plain.address))
        variants = [
            rounds.Variant("no cache", lines, args.connections),
            rounds.Variant(
                "cache", lines, args.connections, least=LEAST[engine.name], service=cached
            ),
        ]
        rows = rounds.compare(load.KINDS["get"], variants, plain, database, args)
    for row in rows:
        print(report.comparison(row), file=sys.stderr, flush=True)
    return [{"engine": engine.name, **row} for row in rows]


def main():
    args = arguments()
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
