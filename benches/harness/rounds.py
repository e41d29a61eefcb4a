"""Interleaved measurements: the requests are loaded alternately, so that noise affects all of them alike."""

import dataclasses
import os
import statistics

from . import server, wrk

WARM_UP_SECONDS = 1


@dataclasses.dataclass
class Variant:
    """One of the requests of a comparison; the others are compared with the first one."""

    name: str
    lines: list
    connections: int
    tasks: int = 1  # that one request makes
    most: float = None  # how many times slower than the first it may be
    least: float = None  # how many times faster than the first, in tasks, it must be
    service: server.Service = None  # the process to load, if not the shared one
    database: object = None  # that process's database, if not the shared one


def compare(title, variants, service, database, args):
    """A row for each variant: its medians over the rounds, and that of its ratios to the first one."""
    taken = [Taken(os.path.join(service.directory, f"{n}.requests")) for n in range(len(variants))]
    asked = [variant.service or service for variant in variants]
    for variant, one, each in zip(variants, asked, taken):
        wrk.write_plan(each.plan, variant.lines)
        connections, seconds = variant.connections, WARM_UP_SECONDS
        warm, _ = wrk.run(each.plan, one.address, connections, seconds, "strict")
        each.problems += [f"{problem} (warm-up)" for problem in wrk.problems(warm)]
    for _ in range(args.rounds):
        for variant, one, each in zip(variants, asked, taken):
            behind = variant.database or database
            before = one.cpu() + behind.cpu()
            result, starved = wrk.run(each.plan, one.address, variant.connections, args.seconds)
            one.check_alive()
            each.cpu += one.cpu() + behind.cpu() - before
            each.problems += wrk.problems(result) + starved
            each.results.append(result)
    rows = [_row(title, variant, each) for variant, each in zip(variants, taken)]
    for variant, row in zip(variants, rows):
        _judge(variant, row, rows[0])
    return rows


@dataclasses.dataclass
class Taken:
    """The results of one variant's rounds."""

    plan: str
    cpu: float = 0  # seconds, of the service and the database
    results: list = dataclasses.field(default_factory=list)
    problems: list = dataclasses.field(default_factory=list)


def _row(title, variant, taken):
    results = taken.results
    rates = [result["requests"] / result["microseconds"] * 1e6 for result in results]
    answered = max(1, sum(result["requests"] for result in results))
    return {
        "request": title,
        "of": variant.name,
        "connections": variant.connections,
        "requests_per_second": statistics.median(rates),
        "tasks_per_second": statistics.median(rates) * variant.tasks,
        "rounds": rates,
        "p50_ms": statistics.median(result["p50"] for result in results) / 1000,
        "p99_ms": statistics.median(result["p99"] for result in results) / 1000,
        "cpu_ms_per_1000": taken.cpu * 1_000_000 / answered,
        "problems": taken.problems,
    }


def _judge(variant, row, first):
    """Slower: requests of the first for one of these. Faster: tasks of these for one of the first."""
    row |= {"ratio": None, "cpu_ratio": None, "target": None, "met": None}
    both = zip(first["rounds"], row["rounds"])
    slower = statistics.median(before / max(rate, 0.001) for before, rate in both)
    dearer = row["cpu_ms_per_1000"] / max(first["cpu_ms_per_1000"], 0.001)
    if variant.most:
        row |= {"ratio": slower, "cpu_ratio": dearer}
        row |= {"target": f"<= {variant.most:g}", "met": slower <= variant.most}
    if variant.least:
        faster = variant.tasks / max(slower, 0.001)
        row |= {"ratio": faster, "cpu_ratio": variant.tasks / max(dearer, 0.001)}
        row |= {"target": f">= {variant.least:g}", "met": faster >= variant.least}
