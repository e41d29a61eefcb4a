"""The SQLite file read-only, by its mode and immutable, and writable again."""

import glob
import os
import shutil
import time

from harness import Unable
from parts import namespaces
from parts.audit import Audit
from parts.outage import Fault, settled
from parts.report import Skipped

ENGINES = ("sqlite",)
AS_NOBODY = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
SECONDS = 5


def run(drill):
    namespaces.root("runs the service as another user")
    namespaces.needed("setpriv", "util-linux")
    folder = os.path.join(drill.directory, "owned")
    os.mkdir(folder)
    shutil.chown(folder, "nobody", "nogroup")
    # Where another user can run it.
    drill.binary = shutil.copy(drill.binary, drill.directory)
    with drill.database(folder) as database:
        file = File(folder)
        with drill.service(database.url, prefix=AS_NOBODY) as service:
            crew = drill.crew(service, refused=True)
            with crew.working():
                time.sleep(1)
                # What is open for writing stays so: both answers are right, if they are true.
                away = Fault("mode 0444", file.close, file.open, SECONDS, False, False, True)
                away.make(drill, crew)
                _immutable(drill, crew, file)
            settled(crew, drill, service, Audit())
        _start(drill, database, file)


class File:
    def __init__(self, folder):
        self.folder = folder

    def close(self):
        self._modes(0o444, 0o555)

    def open(self):
        self._modes(0o644, 0o755)

    def _modes(self, files, folder):
        for path in glob.glob(f"{self.folder}/*"):
            os.chmod(path, files)
        os.chmod(self.folder, folder)

    def freeze(self):
        """Not even what is open can be written. The index (-shm) of the log is left out: it is memory that
        processes share, and the kernel ends a process that writes to it while its file is immutable."""
        namespaces.run("chattr", "+i", *self._frozen())

    def thaw(self):
        namespaces.run("chattr", "-i", *self._frozen())

    def _frozen(self):
        return [path for path in glob.glob(f"{self.folder}/*") if not path.endswith("-shm")]


def _immutable(drill, crew, file):
    try:
        file.freeze()
        file.thaw()
    except Skipped as reason:
        drill.report.left_out("an immutable file", reason)
        return
    try:
        Fault("immutable", file.freeze, file.thaw, SECONDS, reads=True).make(drill, crew)
    finally:
        file.thaw()


def _start(drill, database, file):
    """On a file that it may not write, the service says so and ends, or serves what can be read."""
    file.close()
    begun = time.monotonic()
    service = drill.service(database.url, prefix=AS_NOBODY, name="read-only")
    try:
        with service:
            outcome = "serves"
    except Unable:
        outcome = f"ends with status {service.process.poll()}"
    file.open()
    drill.report.figure("a start on a read-only file", outcome)
    with open(service.log_path, encoding="utf-8") as log:
        last = log.read().strip().splitlines()[-1]
    drill.report.note(last)
    said = outcome == "serves" or ("1" in outcome and "readonly" in last)
    drill.report.check("a start on a read-only file serves, or ends and says why", said, last)
    drill.report.check("without waiting for it", time.monotonic() - begun < 10)
