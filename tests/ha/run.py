#!/usr/bin/env python3
"""Drills with several replicas of the service on PostgreSQL: how operations and failures affect users.

    cargo build --release
    python3 tests/ha/run.py                       # all three, about four minutes; --quick: two
    python3 tests/ha/run.py rolling --quick

rolling    Two replicas behind HAProxy, then behind nginx, with the configurations of deploy/. Under
           load, each replica is stopped with SIGTERM and started again in turn, several times: no
           request may be lost, and every task is there once. Before that, the longest addresses.
failover   A primary and a synchronous standby. The primary is killed under load and the standby
           promoted: the service finds it by its URL of two hosts, without a restart; errors for
           seconds only, and every acknowledged write is there once. Then the other way round.
pgbouncer  The service through PgBouncer in transaction mode, with a pool smaller than its own
           (APP_DATABASE__PREPARED_STATEMENTS=false), and in session mode: every answer is looked at,
           and a session that ends on one replica ends on the other.

Each line is a check with its figures (ok, FAIL) or a figure. Everything is started here, on
loopback, in a folder that is gone at the end.

Exit status: 0 where every check held; 1 where a drill could not run; 2 where a check did not hold;
130 after Ctrl-C. It needs Python 3.9, PostgreSQL's programs and, for the drill, haproxy and nginx,
or pgbouncer (Debian: packages of these names).
"""

import argparse
import os
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent.parent / "benches"))

import failover
import pgbouncer
import rolling
from checks import Checks
from harness import command

DRILLS = {"rolling": rolling.run, "failover": failover.run, "pgbouncer": pgbouncer.run}


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("drills", nargs="*", metavar="drill", help=", ".join(DRILLS))
    parser.add_argument("--quick", action="store_true", help="fewer rounds, shorter load")
    parser.add_argument(
        "--binary", default=command.ROOT / "target/release/task-api", type=pathlib.Path
    )
    args = parser.parse_args()
    unknown = set(args.drills) - DRILLS.keys()
    if unknown:
        parser.error(f"no drill is called {', '.join(sorted(unknown))}; there are {', '.join(DRILLS)}")
    args.binary = args.binary.resolve()
    args.rounds = 1 if args.quick else 3
    args.seconds = 5 if args.quick else 15
    return args


def main():
    args = arguments()
    checks = Checks()
    for name in args.drills or DRILLS:
        print(f"\n== {name}", flush=True)
        with tempfile.TemporaryDirectory(prefix="task-api-ha-") as directory:
            os.chmod(directory, 0o755)  # servers run as users of their own
            try:
                DRILLS[name](args, directory, checks)
            except AssertionError as error:
                checks.check(False, str(error))
    return 2 if checks.failed else 0


if __name__ == "__main__":
    command.run(main)
