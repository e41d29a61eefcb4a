"""The service under load: its process, its address, its log."""

import http.client
import os
import secrets
import time

from . import Broken, Unable, processes

START_SECONDS = 30


class Service:
    """The release binary on a free port; its log goes to a file, as an operator's would. `settings`
    win over those of the environment. `prefix` is a command that runs the binary, such as setpriv."""

    def __init__(self, binary, database_url, directory, settings=None, name="service", prefix=()):
        if not os.access(binary, os.X_OK):
            raise Unable(f"there is no {binary}; `cargo build --release` makes it")
        self.command, self.directory = [*prefix, binary], directory
        self.log_path = os.path.join(directory, f"{name}.log")
        port = processes.free_port()
        self.address = f"127.0.0.1:{port}"
        self.environment = {
            "APP_AUTH__JWT_SECRETS": secrets.token_hex(32),
            "APP_AUTH__BCRYPT_COST": "4",
            **{name: value for name, value in os.environ.items() if name.startswith("APP_")},
            **(settings or {}),
            "APP_SERVER__HOST": "127.0.0.1",
            "APP_SERVER__PORT": str(port),
            "DATABASE_URL": database_url,
            "RUST_LOG": os.environ.get("RUST_LOG", "info"),
        }

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Also again after an end, on the same port, with the same secret and behind the same log."""
        with open(self.log_path, "ab") as log:
            # The working directory has no .env.
            self.process = processes.start(
                self.command, cwd=self.directory, env=self.environment, stdout=log, stderr=log
            )
        try:
            self._await_ready()
        except BaseException:
            processes.stop(self.process)
            raise

    def stop(self):
        """In order, as an operator does. Returns the exit status."""
        return processes.stop(self.process)

    def kill(self):
        """With no chance to do anything more."""
        self.process.kill()
        self.process.wait()

    def _await_ready(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.is_ready():
                return
            time.sleep(0.02)
        raise Unable(f"the service did not start; its log ends:\n{self._end_of_log()}")

    def check_alive(self):
        if self.process.poll() is not None:
            raise Broken(f"the service ended; its log ends:\n{self._end_of_log()}")

    def _end_of_log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()[-2000:]

    def is_ready(self):
        """Whether it says so itself."""
        connection = http.client.HTTPConnection(self.address, timeout=5)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def cpu(self):
        return processes.cpu_of_tree(self.process.pid)

    def memory(self):
        return processes.memory(self.process.pid)

    def descriptors(self):
        return processes.descriptors(self.process.pid)
