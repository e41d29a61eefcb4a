"""A client that takes every answer as it is, and knows a lost one from a refused one."""

import http.client
import json
import time

from harness import Broken

TIMEOUT_SECONDS = 30
# The service closes a connection that is idle for long; one that was idle for less is used again.
REUSE_SECONDS = 1


class Lost(Exception):
    """No whole answer came: what was asked for may have been done or not."""


class Answer:
    def __init__(self, status, headers, body, seconds):
        self.status, self.headers, self.body, self.seconds = status, headers, body, seconds

    def json(self):
        return json.loads(self.body)

    def refuses_well(self):
        """503 as documented: with Retry-After."""
        return self.status == 503 and self.headers.get("Retry-After", "").isdigit()

    def __str__(self):
        return f"{self.status} {self.body[:200]!r}"


class Client:
    """One connection, made again where it was lost."""

    def __init__(self, address, token=None, timeout=TIMEOUT_SECONDS):
        self.token, self.used = token, 0
        self.connection = http.client.HTTPConnection(address, timeout=timeout)

    def ask(self, method, path, body=None, headers=None):
        """The answer to a request whose `body` is an object for JSON, or the text of a form."""
        headers = dict(headers or {})
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if isinstance(body, str):
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif body is not None:
            headers["Content-Type"], body = "application/json", json.dumps(body)
        begun = time.monotonic()
        if begun - self.used > REUSE_SECONDS:
            self.connection.close()
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            raise Lost(f"{method} {path}: {error!r}") from error
        self.used = time.monotonic()
        return Answer(answer.status, answer.headers, text, self.used - begun)

    def must(self, status, method, path, body=None):
        """The answer, which has this status."""
        answer = self.ask(method, path, body)
        if answer.status != status:
            raise Broken(f"{method} {path} answers {answer}, not {status}")
        return answer

    def close(self):
        self.connection.close()
