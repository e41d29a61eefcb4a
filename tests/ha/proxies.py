"""HAProxy and nginx with the configurations of deploy/, in front of replicas on this machine."""

import csv
import io
import os
import re
import shutil
import socket
import time
import urllib.request

import checks
from harness import Unable, command, processes

DEPLOY = command.ROOT / "deploy"
START_SECONDS = 15


class Proxy:
    """A proxy in front of the replicas at two addresses; `address` is where it listens."""

    name = None
    # What it may lose during restarts, by its own limits (see its configuration): the beginnings of such
    # requests' names, and their share of all requests.
    may_lose, most_lost = (), 0

    def __init__(self, directory, replicas):
        self.directory, self.replicas = os.path.join(directory, self.name), replicas
        self.address = f"127.0.0.1:{processes.free_port()}"
        self.program = shutil.which(self.name, path=f"{os.environ['PATH']}:/usr/sbin")
        if self.program is None:
            raise Unable(f"there is no {self.name}; `apt-get install {self.name}` brings it")

    def __enter__(self):
        os.makedirs(self.directory, exist_ok=True)
        with open(os.path.join(self.directory, "log"), "wb") as log:
            self.process = processes.start(
                self.command(), env={**os.environ, **self.environment()}, stdout=log, stderr=log
            )
        try:
            checks.eventually(self.listens, START_SECONDS, f"{self.name} listens")
        except AssertionError as error:
            self.__exit__()
            with open(os.path.join(self.directory, "log"), encoding="utf-8") as log:
                raise Unable(f"{error}; its log ends:\n{log.read()[-2000:]}") from error
        return self

    def __exit__(self, *_):
        processes.stop(self.process)

    def listens(self):
        with socket.socket() as probe:
            host, _, port = self.address.partition(":")
            return probe.connect_ex((host, int(port))) == 0

    def environment(self):
        return {}


class HaProxy(Proxy):
    name = "haproxy"

    def command(self):
        return [self.program, "-db", "-f", DEPLOY / "haproxy/haproxy.cfg"]

    def environment(self):
        self.stats = f"127.0.0.1:{processes.free_port()}"
        first, second = self.replicas
        return {"LISTEN": self.address, "STATS": self.stats, "API_1": first, "API_2": second}

    def wait_until_both_are_up(self):
        """Until its checks have found both replicas ready."""
        checks.eventually(lambda: self._up() == 2, 30, "HAProxy finds both replicas ready")

    def _up(self):
        with urllib.request.urlopen(f"http://{self.stats}/;csv", timeout=5) as answer:
            rows = csv.DictReader(io.TextIOWrapper(answer, "utf-8"))
            return sum(row["svname"].startswith("api-") and row["status"] == "UP" for row in rows)


class Nginx(Proxy):
    name = "nginx"
    may_lose, most_lost = ("POST answered 502", "PATCH answered 502"), 0.001

    def command(self):
        with open(DEPLOY / "nginx/nginx.conf", encoding="utf-8") as file:
            text = file.read()
        for name, replica in zip(("api-1:8000", "api-2:8000"), self.replicas):
            text = re.sub(rf"(?m)^(\s*server ){name}", rf"\g<1>{replica}", text)
        text = text.replace("listen 8080;", f"listen {self.address};")
        path = os.path.join(self.directory, "nginx.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        outside = f"daemon off; pid {self.directory}/nginx.pid; error_log stderr;"
        return [self.program, "-p", self.directory, "-c", path, "-g", outside]

    def wait_until_both_are_up(self):
        """It makes no checks; a replica that refused a connection gets another one after fail_timeout, which is
        counted in whole seconds and so may take two."""
        time.sleep(3)
