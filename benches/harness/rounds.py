"""Requests side by side: loaded in turns, so that a machine's moods hit all of them alike."""

import dataclasses
import os
import statistics

from . import wrk

WARM_UP_SECONDS = 1


@dataclasses.dataclass
class Variant:
    """One of the requests of a comparison; the first of them is what the others are measured by."""

    name: str
    lines: list
    connections: int
    tasks: int = 1  # that one request makes
    most: float = None  # how many times slower than the first it may be
    least: float = None  # how many times faster than the first, in tasks, it must be


def compare(title, variants, rounds, seconds, service):
    """A row for each variant: its medians over the rounds, and its ratio to the first one."""
    plans = [os.path.join(service.directory, f"{n}.requests") for n in range(len(variants))]
    problems = [[] for _ in variants]
    results = [[] for _ in variants]
    for variant, plan, found in zip(variants, plans, problems):
        wrk.write_plan(plan, variant.lines)
        warm, _ = wrk.run(plan, service.address, variant.connections, WARM_UP_SECONDS, "strict")
        found += [f"{problem} (warm-up)" for problem in wrk.problems(warm)]
    for _ in range(rounds):
        for variant, plan, found, kept in zip(variants, plans, problems, results):
            result, starved = wrk.run(plan, service.address, variant.connections, seconds)
            found += wrk.problems(result) + starved
            kept.append(result)
        service.check_alive()
    rows = [_row(title, *measured) for measured in zip(variants, results, problems)]
    for variant, row in zip(variants, rows):
        _judge(variant, row, rows[0])
    return rows


def _row(title, variant, results, problems):
    rates = [result["requests"] / result["microseconds"] * 1e6 for result in results]
    return {
        "request": title,
        "of": variant.name,
        "connections": variant.connections,
        "requests_per_second": statistics.median(rates),
        "tasks_per_second": statistics.median(rates) * variant.tasks,
        "rounds": rates,
        "p50_ms": statistics.median(result["p50"] for result in results) / 1000,
        "p99_ms": statistics.median(result["p99"] for result in results) / 1000,
        "problems": problems,
    }


def _judge(variant, row, first):
    """Slower: requests of the first for one of these. Faster: tasks of these for one of the first."""
    row |= {"ratio": None, "target": None, "met": None}
    if variant.most:
        row["ratio"] = first["requests_per_second"] / max(row["requests_per_second"], 0.001)
        row |= {"target": f"<= {variant.most:g}", "met": row["ratio"] <= variant.most}
    if variant.least:
        row["ratio"] = row["tasks_per_second"] / max(first["tasks_per_second"], 0.001)
        row |= {"target": f">= {variant.least:g}", "met": row["ratio"] >= variant.least}
