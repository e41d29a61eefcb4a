"""The service through PgBouncer: in transaction mode with few connections, and in session mode."""

import collections
import concurrent.futures
import contextlib
import re
import secrets
import time

import rolling
import tour
import traffic
from harness import Broken, Unable, databases, server
from pooler import PgBouncer

# Of each replica; two have three times as many connections as the pooler in transaction mode.
POOL_SIZE = 6
TRANSACTION_POOL = 4
# The pools of both, their readiness probes, and one for the migrations.
SESSION_POOL = 2 * (POOL_SIZE + 1) + 1
# What a database may have set otherwise; the service counts in UTC, and needs read committed.
ZONE, LIMIT, ISOLATION = "Asia/Tokyo", "7s", "repeatable read"
UNPREPARED = "APP_DATABASE__PREPARED_STATEMENTS"


def run(args, directory, checks):
    """Transaction mode with the setting for it, the same with a single connection, and session mode with no
    setting at all."""
    with databases.Postgres(directory) as database:

        def part(title, mode, size, wanted):
            print(f"\n{title}", flush=True)
            known = {name for name in wanted if rolling.knows(args.binary, name)}
            for name in wanted.keys() - known:
                checks.figure(f"this binary does not know {name}: it goes without")
            settings = {name: wanted[name] for name in known}
            _through(mode, size, settings, args, directory, database, checks)

        part("transaction mode", "transaction", TRANSACTION_POOL, {UNPREPARED: "false"})
        # With a single connection all clients share whatever one of them does to it.
        part("transaction mode, one connection", "transaction", 1, {UNPREPARED: "false"})
        part("session mode", "session", SESSION_POOL, {})


def _through(mode, size, wanted, args, directory, database, checks):
    name = f"ha_{secrets.token_hex(6)}"
    direct = database.admin_url.rsplit("/", 1)[0] + f"/{name}"
    databases.sql(f"CREATE DATABASE {name}", database.admin_url)
    databases.sql(f"ALTER DATABASE {name} SET timezone = '{ZONE}'", direct)
    databases.sql(f"ALTER DATABASE {name} SET statement_timeout = '{LIMIT}'", direct)
    databases.sql(f"ALTER DATABASE {name} SET default_transaction_isolation = '{ISOLATION}'", direct)
    settings = {
        "APP_AUTH__JWT_SECRETS": secrets.token_hex(32),
        "APP_DATABASE__POOL_SIZE": str(POOL_SIZE),
        **wanted,
    }
    with PgBouncer(directory, database.admin_url, mode, size) as pooler:
        url = pooler.url(name)
        replicas = [
            server.Service(args.binary, url, directory, settings, f"{name}-{n}") for n in (1, 2)
        ]
        try:
            with contextlib.ExitStack() as stack:
                for replica in replicas:
                    stack.enter_context(replica)
                _load(replicas, pooler, name, args, checks)
        except (AssertionError, Broken) as error:
            checks.check(False, str(error))
        except Unable as error:
            checks.check(False, f"the service does not start: {str(error)[-300:]}")
        _complaints(replicas, checks)


def _load(replicas, pooler, name, args, checks):
    users = traffic.sign_up(replicas[0].address, 4)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(traffic.Traffic(c.address, users, 8)) for c in replicas]
        _number_apart(clients)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            walks = [pool.submit(tour.walk, replicas, f"tourist{n}") for n in range(4)]
            time.sleep(args.seconds)
            held, connected = pooler.server_connections(name)
            _walks(walks, checks)
        rounds = 3 if args.quick else 10
        longest = max(tour.revoke(replicas, "ann", rounds))
    checks.check(
        held <= pooler.size, f"{connected} connections of the service shared {held} of the server"
    )
    checks.check(
        longest < 1, f"{rounds} sessions ended elsewhere within a second, the last {longest:.2f} s"
    )
    for each in clients:
        lost = each.together("lost")
        sent = each.answered() + len(lost)
        checks.check(not lost, f"of {sent:,} requests, {len(lost)} failed: {each.lost_by_kind()}")
        wrong = each.together("wrong")
        checks.check(not wrong, f"{len(wrong)} answers were wrong {wrong[:3]}")
    _server_settings(pooler, name, checks)


def _number_apart(clients):
    """Titles say which client sent them."""
    for n, client in enumerate(client for each in clients for client in each.clients):
        client.number = n


def _walks(walks, checks):
    failures = [str(one.exception()) for one in walks if one.exception()]
    asked = sum(one.result() for one in walks if not one.exception())
    checks.check(
        not failures, f"{len(walks)} walks through the API, {asked} requests {failures[:2]}"
    )


def _server_settings(pooler, name, checks):
    """Other clients of the same server connections find them as the database has set them."""
    ask = "SELECT pg_backend_pid(), current_setting('statement_timeout'), pg_sleep(0.5)"
    many = min(pooler.size, TRANSACTION_POOL)
    with concurrent.futures.ThreadPoolExecutor(many) as pool:
        rows = list(pool.map(lambda _: databases.sql(ask, pooler.url(name)), range(many)))
    found = collections.Counter(row.split("|")[1] for row in rows)
    checks.check(found.keys() == {LIMIT}, f"statement_timeout afterwards, {many} times: {dict(found)}")


def _complaints(replicas, checks):
    """What the service wrote into its log, most frequent first."""
    lines = collections.Counter()
    for replica in replicas:
        with contextlib.suppress(FileNotFoundError), open(replica.log_path, encoding="utf-8") as log:
            found = re.findall(r"(?:WARN|ERROR)\s+[^\]]*\] (.*)", log.read())
            lines.update(re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+", "#", line) for line in found)
    for line, count in lines.most_common(6):
        checks.figure(f"{count} x in the log: {line[:250]}")
