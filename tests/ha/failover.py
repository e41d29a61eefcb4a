"""Kills the primary under load, promotes the standby, and looks who notices."""

import time

import checks as making
import traffic
from checks import say
from harness import server
from pair import Pair

# As long as a failover manager may take to be sure that the primary is gone.
NOTICE_SECONDS = 5
# From the kill on: what is to work again by then.
MOST_SECONDS = 15


def run(args, directory, checks):
    """A failover; unless it is to be quick, another one back to the first server, made anew."""
    with Pair(directory) as pair, server.Service(args.binary, pair.url, directory) as service:
        pid = service.process.pid
        users = traffic.sign_up(service.address, 4)
        with traffic.Traffic(service.address, users, retry=True) as clients:
            time.sleep(args.seconds / 5)
            fail_over(pair, clients, checks)
            for _ in range(args.rounds - 1):
                rejoin(pair, clients, checks)
                fail_over(pair, clients, checks)
            time.sleep(args.seconds / 5)
        checks.check(service.process.poll() is None, f"the process {pid} served all the time")
        checks.figure(f"the slowest answer took {clients.slowest():.1f} s")
        traffic.check_tasks(clients, pair.primary.url(), checks)


def fail_over(pair, clients, checks):
    killed = time.monotonic()
    pair.primary.kill()
    say(f"the primary on port {pair.primary.port} is killed")
    time.sleep(max(0, killed + NOTICE_SECONDS - time.monotonic()))
    pair.promote()
    promoted = time.monotonic()
    making.eventually(lambda: works(clients, promoted), 60, "writes after the promotion")
    time.sleep(5)  # what fails later than that is no part of this failover
    lost = recent(clients, killed)
    ended = max((one.at for one in lost), default=killed) - killed
    first = min(at for at in clients.together("times") if at > promoted)
    checks.figure(
        f"promoted {promoted - killed:.1f} s after the kill; the first write {first - promoted:.2f} s later"
    )
    kinds = sorted({one.what for one in lost})
    checks.check(
        0 < ended < MOST_SECONDS,
        f"{len(lost)} requests failed, the last {ended:.1f} s after the kill: {', '.join(kinds)}",
    )


def recent(clients, since):
    return [one for one in clients.together("lost") if one.at >= since]


def works(clients, since):
    """Whether every client got through to a write since then."""
    return all(any(at > since for at in client.seen.times[-3:]) for client in clients.clients)


def rejoin(pair, clients, checks):
    """The old primary comes back as the standby of the new one, and is not written to: it refuses, and
    the service does not even ask."""
    pair.follow()
    time.sleep(2)
    checks.check(pair.standby.sql("SELECT pg_is_in_recovery()") == "t", "the old primary follows")
    asked = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'task-api'"
    there, here = pair.standby.sql(asked), pair.primary.sql(asked)
    checks.check(
        there == "0" and here != "0",
        f"the service has {here} connections to the new primary, {there} to the old one",
    )
    failed = recent(clients, time.monotonic() - 2)
    checks.check(not failed, f"{len(failed)} requests failed while it came back")
