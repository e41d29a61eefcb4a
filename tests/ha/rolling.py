"""Stops and starts one replica after the other, behind a proxy, under load."""

import contextlib
import secrets
import subprocess
import time

import addresses
import proxies
import traffic
from checks import say
from harness import databases, processes, server

# Longer than HAProxy needs to find a replica not ready, with time to spare.
DRAIN_SECONDS = 3


def run(args, directory, checks):
    """Rounds of restarts behind HAProxy, then behind nginx."""
    with databases.Postgres(directory) as database:
        for proxy in (proxies.HaProxy, proxies.Nginx):
            print(f"\n{proxy.name}", flush=True)
            _behind(proxy, args, directory, database, checks)


def _behind(kind, args, directory, database, checks):
    database_url = _fresh(database)
    settings = {"APP_AUTH__JWT_SECRETS": secrets.token_hex(32), **drain(args.binary, checks)}
    replicas = [
        server.Service(args.binary, database_url, directory, settings, f"{kind.name}-{n}")
        for n in (1, 2)
    ]
    with contextlib.ExitStack() as stack:
        for replica in replicas:
            stack.enter_context(replica)
        proxy = stack.enter_context(kind(directory, [replica.address for replica in replicas]))
        proxy.wait_until_both_are_up()
        addresses.check(proxy, checks)
        users = traffic.sign_up(proxy.address, 4)
        with traffic.Traffic(proxy.address, users) as clients:
            time.sleep(1)
            stops = [restart(replica, proxy) for _ in range(args.rounds) for replica in replicas]
    seconds = ", ".join(f"{stop:.1f}" for stop in stops)
    checks.figure(f"{len(stops)} restarts, each with the exit status 0 after {seconds} s")
    judge(clients, kind, database_url, checks)


def _fresh(database):
    """Another database on the same server."""
    name = f"ha_{secrets.token_hex(6)}"
    databases.sql(f"CREATE DATABASE {name}", database.admin_url)
    return database.admin_url.rsplit("/", 1)[0] + f"/{name}"


def drain(binary, checks):
    """The settings of a replica that may be stopped at any time; without the drain where this binary has
    none."""
    wanted = {"APP_SERVER__DRAIN_SECONDS": str(DRAIN_SECONDS)}
    known = {name: value for name, value in wanted.items() if knows(binary, name)}
    for name in wanted.keys() - known.keys():
        checks.figure(f"this binary does not know {name}: it goes without")
    return known


def knows(binary, setting):
    """Whether the binary has such a setting, by its own help."""
    done = subprocess.run([binary, "--help"], capture_output=True, text=True, check=True)
    return setting in done.stdout


def restart(replica, proxy):
    """Stops one replica as an operator does and starts it again; the seconds that the stop took."""
    begin = time.monotonic()
    status = processes.stop(replica.process, patience=60)
    took = time.monotonic() - begin
    if status != 0:
        raise AssertionError(f"a replica ended with the status {status}")
    say(f"{replica.address} ended after {took:.1f} s")
    time.sleep(0.5)
    replica.__enter__()
    proxy.wait_until_both_are_up()
    time.sleep(1.5)  # load on both, before the other one goes
    return took


def judge(clients, proxy, database_url, checks):
    lost = clients.together("lost")
    checks.figure(f"the slowest answer took {clients.slowest() * 1000:.0f} ms")
    sent = clients.answered() + len(lost)
    unsafe = [one for one in lost if one.what.startswith(proxy.may_lose)] if proxy.may_lose else []
    held = len(lost) == len(unsafe) and len(unsafe) <= sent * proxy.most_lost
    checks.check(held, f"of {sent:,} requests, {len(lost)} were lost: {clients.lost_by_kind()}")
    traffic.check_tasks(clients, database_url, checks)
