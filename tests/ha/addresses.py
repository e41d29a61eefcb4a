"""What a proxy must leave alone: the longest addresses, and entity tags."""

import contextlib
import http.client
import json
import re
import secrets
import urllib.parse

from harness import Broken, load

# The longest that the service takes (`http::Uri`).
LONGEST = 65_534


def check(proxy, checks):
    """The longest lists through the proxy, page by page."""
    with contextlib.closing(http.client.HTTPConnection(proxy.address, timeout=30)) as connection:
        token = load.sign_up(connection, f"{secrets.token_hex(6)}@example.com").token
        labels = [chr(0x1F600 + n) * 50 for n in range(20)]
        for title in ("\N{GREEK SMALL LETTER IOTA WITH DIALYTIKA AND TONOS}" * 200, "second"):
            task = {"title": title, "labels": labels, "description": labels[0]}
            load.call(connection, "POST", "/tasks", task, token)
        filters = {"label": ",".join(labels), "q": labels[0][0] * 255}
        first = f"/tasks?limit=1&sort=-title&{urllib.parse.urlencode(filters)}"
        padded = first + "&" * (LONGEST - len(first))
        pages = [_get(connection, first, token)]
        pages.append(_get(connection, _next(pages[0]), token))
        statuses = [page.status for page in pages]
        checks.check(
            statuses == [200, 200] and bool(pages[0].link) and not pages[1].link,
            f"the pages of a search among 20 labels are answered {statuses}: an address of {len(first):,} bytes, "
            f"a Link of {len(pages[0].link):,}",
        )
        longest = _get(connection, padded, token)
        checks.check(longest.status == 200, f"an address of {LONGEST:,} bytes is answered {longest.status}")
        tags = [page.headers.get("ETag") for page in pages]
        plain = all(page.headers.get("Content-Encoding") is None for page in pages)
        checks.check(
            plain and all(tag and tag.startswith('"') for tag in tags),
            f"nothing is compressed for a client that takes gzip, and tags stay strong: {tags}",
        )
        _delete_account(connection, token)


class _Answer:
    def __init__(self, answer):
        answer.read()
        self.status, self.headers = answer.status, answer.headers
        self.link = answer.headers.get("Link", "")


def _get(connection, path, token):
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip"}
    connection.request("GET", path, headers=headers)
    return _Answer(connection.getresponse())


def _delete_account(connection, token):
    """Its tasks would be counted with those of the load."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("DELETE", "/auth/me", json.dumps({"current_password": load.PASSWORD}), headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 204:
        raise Broken(f"DELETE /auth/me answers {answer.status}")


def _next(page):
    """The path of the next page, else one that is not found."""
    found = re.match(r'<(.*)>; rel="next"$', page.link)
    return found[1] if found else "/no-next-page"
