#!/usr/bin/env python3
"""How a flood of logins, each of which takes a quarter of a second of a core, affects other requests.

    cargo build --release
    python3 benches/flood_bench.py                # both engines, about a minute each
    python3 benches/flood_bench.py --engine sqlite --seconds 30 --json result.json

It starts the release binary with bcrypt cost 12 on a fresh database, with limits on failed logins
that are never reached, so that every password is checked. Four users request GET /tasks (50 tasks),
each 20 times a second on a connection of its own, in three phases of --seconds:

alone    No logins.
flood    200 clients (--logins) log in to 20 accounts and to some that do not exist, with right and
         wrong passwords, the next one as soon as one is answered. All fit into the queue.
surplus  The same on a process with APP_AUTH__HASH_QUEUE=50. What does not fit into the queue is
         refused at once: 503 with Retry-After, after which the client tries again.

Targets: 95 of 100 responses to GET /tasks, and as many of the refusals, take less than 250 ms
(--most), and the service never has more than 96 MiB (--memory) resident. Logins are counted as they
are answered, refusals aside. The clients run on the same cores, and each request to GET /tasks
counts from when it was due, so that requests held back by a late response count as late too.

Exit status: 0; 1 where it could not run; 2 where a target was missed or a response was not the
expected one, or the service ended; 130 after Ctrl-C. It needs Python 3.9 and, for that engine,
PostgreSQL's programs.
"""

import contextlib
import http.client
import math
import secrets
import sys

sys.dont_write_bytecode = True

from harness import command, flood, load, report, server

READERS = 4
ACCOUNTS = 20
QUEUE = 50
SETTINGS = {
    "APP_AUTH__BCRYPT_COST": "12",
    "APP_AUTH__FAILURES_PER_ACCOUNT": "1000000",
    "APP_AUTH__FAILURES_PER_ADDRESS": "1000000",
    "APP_AUTH__REGISTRATIONS_PER_HOUR": "0",
}


def arguments():
    parser = command.parser(__doc__)
    parser.add_argument("--seconds", type=int, default=15, help="per phase (3 to 300)")
    parser.add_argument("--logins", type=int, default=200, help="at once (100 to 1000)")
    parser.add_argument("--most", type=float, default=250, help="milliseconds of 95 of 100 responses")
    parser.add_argument("--memory", type=float, default=96, help="MiB at the peak")
    args = parser.parse_args()
    if not (3 <= args.seconds <= 300 and 100 <= args.logins <= 1000):
        parser.error("--seconds takes 3 to 300, --logins 100 to 1000")
    return args


def seed(address):
    """The tokens of those who read, and forms for those who log in."""
    with contextlib.closing(http.client.HTTPConnection(address, timeout=60)) as connection:
        users = [
            load.user(connection, f"reader{n}@example.com", load.TASKS) for n in range(READERS)
        ]
        emails = [f"user{n}@example.com" for n in range(ACCOUNTS)]
        for email in emails:
            load.register(connection, email)
    return [user.token for user in users], [forms(email) for email in emails]


def forms(email):
    """The right password, a wrong one, and one for an account that does not exist."""
    return [
        load.login_form(email, load.PASSWORD),
        load.login_form(email, "another password"),
        load.login_form(f"not-{email}", load.PASSWORD),
    ]


def measure(engine, args, directory):
    """The rows of the phases on one engine."""
    settings = {**SETTINGS, "APP_AUTH__JWT_SECRETS": secrets.token_hex(32)}
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(engine(directory))
        print(f"{database.name}: {database.describe()}", file=sys.stderr)

        def service(queue):
            limited = {**settings, "APP_AUTH__HASH_QUEUE": str(queue)}
            return server.Service(args.binary, database.url, directory, limited)

        with service(args.logins) as ample:
            tokens, accounts = seed(ample.address)
            logins = [turned(accounts[n % ACCOUNTS], n) for n in range(args.logins)]
            yield phase("alone", ample, tokens, [], args)
            yield phase("flood", ample, tokens, logins, args)
        with service(QUEUE) as narrow:
            yield phase("surplus", narrow, tokens, logins, args)


def turned(forms_of_one, places):
    """The same, beginning with another one."""
    first = places % len(forms_of_one)
    return forms_of_one[first:] + forms_of_one[:first]


def phase(name, service, tokens, logins, args):
    seen = flood.flood(service.address, tokens, logins, args.seconds)
    service.check_alive()
    row = {
        "phase": name,
        "reads": len(seen.reads),
        **{f"p{n}_ms": report.percentile(seen.reads, n) for n in (50, 95, 99)},
        "max_ms": report.percentile(seen.reads, 100),
        "logins_per_second": len(seen.logins) / args.seconds if logins else None,
        "refused_per_second": len(seen.refusals) / args.seconds if logins else None,
        "refused_p95_ms": report.percentile(seen.refusals, 95),
        "peak_resident_mib": service.memory()[1],
        "problems": [f"{count} times: {what}" for what, count in seen.problems.items()],
    }
    row["problems"] += missed(row, args)
    return row


def missed(row, args):
    """The targets that the row misses, in words."""
    if row["p95_ms"] is None or row["p95_ms"] >= args.most:
        yield f"95 of 100 answers to GET /tasks are to take less than {args.most:g} ms"
    if row["peak_resident_mib"] > args.memory:
        yield f"at most {args.memory:g} MiB are to be resident"
    if row["phase"] == "alone":
        return
    if not row["logins_per_second"]:
        yield "some logins are to be answered"
    if row["phase"] == "flood" and row["refused_per_second"]:
        yield "no login is to be refused while there are places in the queue"
    if row["phase"] == "surplus" and not (row["refused_p95_ms"] or math.inf) < args.most:
        yield f"the surplus is to be refused, 95 of 100 within {args.most:g} ms"


def main():
    args = arguments()
    result = {"machine": report.machine(), "seconds": args.seconds, "logins": args.logins}
    result["rows"] = []
    with command.databases(args) as (engines, directory):
        for engine in engines:
            for row in measure(engine, args, directory):
                result["rows"].append({"engine": engine.name, **row})
                print(report.phase(result["rows"][-1]), file=sys.stderr, flush=True)
    result["problems"] = report.problems(result["rows"], "phase")
    report.show_flood(result, args.json)
    return 2 if result["problems"] else 0


if __name__ == "__main__":
    command.run(main)
