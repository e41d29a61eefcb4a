"""What the commands have in common: options, a place for the databases, and how they end."""

import argparse
import contextlib
import os
import pathlib
import signal
import sys
import tempfile

from . import Unable
from .databases import Postgres, Sqlite

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ENGINES = {"sqlite": [Sqlite], "postgres": [Postgres], "both": [Sqlite, Postgres]}


def parser(description):
    """The options that every command takes."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--engine", choices=ENGINES, default="both")
    made.add_argument("--json", metavar="FILE", help="write everything as JSON; - is stdout")
    made.add_argument("--binary", default=ROOT / "target/release/task-api", type=_resolved)
    made.add_argument("--dir", help="where the databases live meanwhile (default: TMPDIR or /tmp)")
    return made


def _resolved(path):
    return pathlib.Path(path).resolve()


@contextlib.contextmanager
def databases(args):
    """The engines that were asked for, and a directory that is gone at the end."""
    with tempfile.TemporaryDirectory(prefix="task-api-bench-", dir=args.dir) as directory:
        os.chmod(directory, 0o755)  # PostgreSQL runs as a user of its own
        yield ENGINES[args.engine], directory


def run(main):
    """Ends this process with the status of `main`, or with the one of what went wrong."""
    # As on Ctrl-C: what was started is stopped, then this process ends.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except Unable as reason:
        print(f"cannot measure: {reason}", file=sys.stderr)
        sys.exit(reason.status)
    except KeyboardInterrupt:
        sys.exit(130)
