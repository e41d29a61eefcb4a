#!/usr/bin/env python3
"""Fault drills: faults made against the real release binary over real HTTP, with figures.

    cargo build --release
    python3 tests/faults/run.py --quick           # all drills, shortened: about 6 minutes
    python3 tests/faults/run.py kill soak         # these, in full
    python3 tests/faults/run.py cut-off --engine postgres --seed 42

Each drill starts the binary on a fresh database, puts it under load by clients that keep a book of
what was acknowledged, makes its faults, and holds what is there against the books. It prints
figures, and `ok` or `FAIL` for each thing that was checked:

DRILLS

The seed is printed. It decides what the clients send and when faults come; how threads take turns it
does not decide, so a failing run is repeated with the same seed, perhaps more than once.

Needed: Python 3.10, Linux; PostgreSQL's programs (Debian: postgresql) for drills on PostgreSQL, which
start a server of their own on loopback. As root alone run disk-full, which mounts a small file system,
read-only, which runs the service as another user, and of cut-off the part that drops packets
(iptables); mounts and filters are in namespaces of the drill's own. clock needs Debian's faketime, idle and
unfinished 11,000 open files (ulimit -n), unfinished HAProxy for its second part, java a JDK. What cannot run says why, and counts as a failure only with
--require-all.

Exit status: 0 only if every check held; 1 if one did not, or a drill could not run; 2 for wrong
arguments; 130 after Ctrl-C.
"""

import argparse
import importlib
import multiprocessing
import os
import pathlib
import secrets
import signal
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "benches"))

from harness import Unable, command
from parts.report import Skipped
from parts.stage import Drill

NAMES = (
    "kill",
    "database-restart",
    "cut-off",
    "lock",
    "disk-full",
    "read-only",
    "file-deleted",
    "clock",
    "idle",
    "slow",
    "unfinished",
    "java",
    "soak",
)
STATUSES = {0: "held", 1: "failed", 3: "skipped", 4: "partly"}


def module(name):
    return importlib.import_module(f"drills.{name.replace('-', '_')}")


def arguments():
    shown = [f"{name:<17} {module(name).__doc__.splitlines()[0]}" for name in NAMES]
    parser = argparse.ArgumentParser(
        description=__doc__.replace("DRILLS", "\n".join(shown)),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="drills (default: all)")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and shorter phases")
    parser.add_argument("--engine", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--binary", default=ROOT / "target/release/task-api", type=pathlib.Path)
    parser.add_argument("--seed", type=int, help="of an earlier run (default: a new one)")
    parser.add_argument("--seconds", type=int, default=600, help="of soak (default: 600)")
    parser.add_argument("--require-all", action="store_true", help="what cannot run is a failure")
    parser.add_argument(
        "--dir", help="where the databases live meanwhile (default: TMPDIR or /tmp)"
    )
    args = parser.parse_args()
    unknown = [name for name in args.names if name not in NAMES]
    if unknown:
        parser.error(f"there is no drill {', '.join(unknown)}; there are {', '.join(NAMES)}")
    if not os.access(args.binary, os.X_OK):
        parser.error(f"there is no {args.binary}; `cargo build --release` makes it")
    return args


def main():
    args = arguments()
    seed = secrets.randbelow(2**31) if args.seed is None else args.seed
    print(f"seed {seed}, {args.binary}", flush=True)
    outcomes = []
    for name in args.names or NAMES:
        engines = module(name).ENGINES
        for engine in engines if args.engine == "both" else set(engines) & {args.engine}:
            outcomes.append((f"{name} on {engine}", one(name, engine, seed, args)))
    print()
    for title, outcome in outcomes:
        print(f"{outcome:<8} {title}")
    bad = {"failed", "skipped", "partly"} if args.require_all else {"failed"}
    return 1 if any(outcome in bad for _, outcome in outcomes) or not outcomes else 0


def one(name, engine, seed, args):
    """Runs a drill on an engine, in a process of its own, for it may change what a process has: limits,
    mounts. Returns one of STATUSES; "partly": what could run held."""
    print(f"\n{name} on {engine}: {module(name).__doc__.splitlines()[0]}", flush=True)
    context = multiprocessing.get_context("fork")
    child = context.Process(target=in_child, args=(name, engine, seed, args))
    child.start()
    try:
        child.join()
    except KeyboardInterrupt:
        child.terminate()
        child.join()
        raise
    return STATUSES.get(child.exitcode, "failed")


def in_child(name, engine, seed, args):
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="task-api-fault-", dir=args.dir) as directory:
        os.chmod(directory, 0o755)  # PostgreSQL runs as a user of its own
        drill = Drill(
            engine=engine,
            binary=args.binary.resolve(),
            directory=directory,
            seed=f"{seed} {name} {engine}",
            quick=args.quick,
            seconds=min(args.seconds, 20) if args.quick else args.seconds,
        )
        outcome = judged(drill, module(name).run)
    sys.exit(next(status for status, known in STATUSES.items() if known == outcome))


def judged(drill, run):
    begun = time.monotonic()
    try:
        run(drill)
    except Skipped as reason:
        print(f"  skipped: {reason}", flush=True)
        return "skipped"
    except Unable as reason:
        drill.report.check("the drill runs to its end", False, str(reason))
    except Exception:
        drill.report.check("the drill runs to its end", False, traceback.format_exc())
    drill.report.figure("the drill took", time.monotonic() - begun, "s")
    if not drill.report.held:
        return "failed"
    return "held" if drill.report.complete else "partly"


if __name__ == "__main__":
    command.run(main)
