#!/usr/bin/env python3
"""Clients generated from the served document, compiled, and run against the real release binary.

    cargo build --release
    python3 tests/clients/run.py                       # all of them, about two minutes
    python3 tests/clients/run.py openapi_fetch oauth   # these

Each file in cases/ is one case. It is copied into a folder of its own, which has the document as
openapi.json, and the RUN lines in its head are run there by `sh -e`:

CASES

A client registers, logs in, creates a task with the title alone, lists with two statuses and a date,
follows the pages to the end, patches with If-Match, sends a mixed batch, sends a request twice with
one Idempotency-Key, refreshes, and logs out. It checks every answer, and the types where its language
has them.

Needed: Python 3.10, Node.js 20.19 with npm, a JDK, Go 1.19 and PHP 8.1 with a few of Debian's packages
(`.ci/run` has the list), and curl. Packages of npm and PyPI are installed at the versions of
package-lock.json and requirements.txt, into a folder that is kept for the next time (--cache). What
cannot run says why, and counts as a failure only with --require-all.

Exit status: 0 only if no case failed; 1 if one did; 2 for wrong arguments; 130 after Ctrl-C.
"""

import argparse
import concurrent.futures
import contextlib
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent.parent / "benches"))

import packages
from harness import command
from harness.databases import Sqlite
from harness.server import Service

AT_ONCE = 2
LIMIT_SECONDS = 300


@dataclasses.dataclass
class Case:
    """A file, what it is, the programs that it needs, and the commands that run it."""

    path: pathlib.Path
    about: str
    requires: list
    commands: list

    @classmethod
    def read(cls, path):
        head = path.read_text(encoding="utf-8")
        lines = re.findall(r"^\W*(ABOUT|REQUIRES|RUN): (.*)", head, re.MULTILINE)
        told = {kind: [text for said, text in lines if said == kind] for kind, _ in lines}
        return cls(path, *told["ABOUT"], *map(str.split, told["REQUIRES"]), told["RUN"])


CASES = {path.stem: Case.read(path) for path in sorted((HERE / "cases").iterdir())}


def arguments():
    shown = [f"{name:<24} {case.about}" for name, case in CASES.items()]
    parser = argparse.ArgumentParser(
        description=__doc__.replace("CASES", "\n".join(shown)),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="cases (default: all)")
    parser.add_argument(
        "--binary", default=command.ROOT / "target/release/task-api", type=pathlib.Path
    )
    parser.add_argument("--require-all", action="store_true", help="what cannot run is a failure")
    parser.add_argument("--keep", metavar="DIR", help="keep the generated clients in this new folder")
    parser.add_argument(
        "--cache",
        default=pathlib.Path.home() / ".cache/task-api-clients",
        type=pathlib.Path,
        help="where packages are installed (default: %(default)s)",
    )
    args = parser.parse_args()
    unknown = [name for name in args.names if name not in CASES]
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(CASES)}")
    args.binary, args.cache = args.binary.resolve(), args.cache.resolve()
    return args


def main():
    args = arguments()
    begun = time.monotonic()
    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="task-api-clients-"))
        database = stack.enter_context(Sqlite(scratch))
        service = stack.enter_context(Service(args.binary, database.url, scratch))
        pool = stack.enter_context(concurrent.futures.ThreadPoolExecutor(AT_ONCE))
        programs, missing = packages.provide(pool, args.cache)
        print(f"packages are there after {time.monotonic() - begun:.1f} s", flush=True)
        workshop = Workshop(
            f"http://{service.address}", pathlib.Path(args.keep or scratch), programs, missing
        )
        names = args.names or CASES
        outcomes = list(pool.map(lambda name: workshop.outcome(name, CASES[name]), names))
    failed, skipped = outcomes.count("FAIL"), outcomes.count("skip")
    seconds = time.monotonic() - begun
    print(f"{len(outcomes)} cases in {seconds:.0f} s: {failed} failed, {skipped} skipped")
    return 1 if failed or (skipped and args.require_all) else 0


@dataclasses.dataclass
class Workshop:
    """Where cases run: the service's address, a folder, the programs, and why others are missing."""

    api: str
    folder: pathlib.Path
    programs: list
    missing: dict

    def __post_init__(self):
        with urllib.request.urlopen(f"{self.api}/openapi.json") as answer:
            self.document = answer.read()
        self.environment = {
            **os.environ,
            "API": self.api,
            "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
            "REDOCLY_TELEMETRY": "off",
            "ROOT": str(command.ROOT),
            "PATH": os.pathsep.join([*map(str, self.programs), os.environ["PATH"]]),
        }

    def outcome(self, name, case):
        """Runs a case and prints how it went, in one line unless it fails."""
        reasons = [self.missing[program] for program in case.requires if program in self.missing]
        if reasons:
            print(f"skip {name:<24} {'; '.join(reasons)}", flush=True)
            return "skip"
        begun = time.monotonic()
        failure = self.run(name, case)
        outcome = "FAIL" if failure else "ok  "
        print(f"{outcome} {name:<24} {time.monotonic() - begun:6.1f} s {failure}".rstrip(), flush=True)
        return outcome

    def run(self, name, case):
        """What went wrong, or nothing."""
        folder = self.folder / name
        folder.mkdir(parents=True)
        shutil.copy(case.path, folder)
        (folder / "openapi.json").write_bytes(self.document)
        (folder / "node_modules").symlink_to(self.programs[0].parent)
        for line in case.commands:
            try:
                done = subprocess.run(
                    ["sh", "-e", "-c", line],
                    cwd=folder,
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    encoding="utf-8",
                    errors="replace",
                    timeout=LIMIT_SECONDS,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                return f"takes more than {LIMIT_SECONDS} s: {line}"
            if done.returncode:
                return f"status {done.returncode}: {line}\n{done.stdout[-6000:]}"
        return ""


if __name__ == "__main__":
    command.run(main)
