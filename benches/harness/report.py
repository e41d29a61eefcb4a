"""Tables for people, JSON for programs."""

import json
import math
import os
import platform
import sys

COLUMNS = (
    ("engine", "engine", "{}"),
    ("request", "request", "{}"),
    ("requests/s", "requests_per_second", "{:,.0f}"),
    ("p50 ms", "p50_ms", "{:.2f}"),
    ("p99 ms", "p99_ms", "{:.2f}"),
    ("max ms", "max_ms", "{:.1f}"),
    ("service CPU", "service_cpu_ms_per_1000", "{:.0f}"),
    ("database CPU", "database_cpu_ms_per_1000", "{:.0f}"),
    ("MiB", "resident_mib", "{:.1f}"),
    ("peak MiB", "peak_resident_mib", "{:.1f}"),
    ("others", "others_percent", "{:.0f} %"),
)

COMPARISONS = (
    ("engine", "engine", "{}"),
    ("request", "request", "{}"),
    ("of", "of", "{}"),
    ("connections", "connections", "{}"),
    ("requests/s", "requests_per_second", "{:,.0f}"),
    ("p50 ms", "p50_ms", "{:.2f}"),
    ("p99 ms", "p99_ms", "{:.2f}"),
    ("CPU", "cpu_ms_per_1000", "{:,.0f}"),
    ("ratio", "ratio", "{:.2f}"),
    ("in CPU", "cpu_ratio", "{:.2f}"),
    ("target", "target", "{}"),
    ("met", "met", "{}"),
)

FLOODS = (
    ("engine", "engine", "{}"),
    ("phase", "phase", "{}"),
    ("reads", "reads", "{:,}"),
    ("p50 ms", "p50_ms", "{:.1f}"),
    ("p95 ms", "p95_ms", "{:.1f}"),
    ("p99 ms", "p99_ms", "{:.1f}"),
    ("max ms", "max_ms", "{:.1f}"),
    ("logins/s", "logins_per_second", "{:.1f}"),
    ("refused/s", "refused_per_second", "{:.1f}"),
    ("their p95 ms", "refused_p95_ms", "{:.1f}"),
    ("peak MiB", "peak_resident_mib", "{:.1f}"),
)


def percentile(seconds, share):
    """In milliseconds, by the nearest rank; None where nothing was measured."""
    rank = max(1, math.ceil(len(seconds) * share / 100))
    return sorted(seconds)[rank - 1] * 1000 if seconds else None


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "load_before": os.getloadavg()[0],
    }


def line(row):
    """One row while the others are still to come."""
    return f"  {row['request']:<20} {_figures(row)}"


def _figures(row):
    return f"{row['requests_per_second']:>8,.0f} requests/s, p99 {row['p99_ms']:.2f} ms"


def comparison(row):
    """The same for a row that is measured by another."""
    ratio = f", ratio {row['ratio']:.2f} (target {row['target']})" if row["ratio"] else ""
    return f"  {row['request']:<30} {row['of']:<14} {_figures(row)}{ratio}"


def phase(row):
    """One phase of a flood."""
    return f"  {row['phase']:<20} {row['reads']:>8,} reads, p95 {row['p95_ms'] or 0:.1f} ms"


def problems(rows, key="request"):
    return [f"{row['engine']} {row[key]}: {p}" for row in rows for p in row["problems"]]


def show(result, json_path):
    """The table goes to standard output, or to standard error where the JSON takes that."""
    out = sys.stderr if json_path == "-" else sys.stdout
    print(
        f"\n{_machine(result)}; {result['connections']} connections, {result['seconds']} s each;"
        " CPU in ms for 1,000 requests;\nothers: the share of the machine that went to processes"
        " outside this measurement\n",
        file=out,
    )
    table(COLUMNS, result["rows"], out)
    for engine, limits in result["limits"].items():
        rates = [f"{k}s/s {v['requests_per_second']:,.0f}" for k, v in limits.items()]
        print(f"\n{engine} alone (pgbench -M prepared): {', '.join(rates)}", file=out)
    _finish(result, json_path)


def show_comparisons(result, json_path):
    out = sys.stderr if json_path == "-" else sys.stdout
    rows = f" {result['table_rows']:,} rows;" if "table_rows" in result else ""
    print(
        f"\n{_machine(result)}; medians of {result['rounds']} rounds of {result['seconds']} s;"
        f"{rows}\nCPU of service and database in ms for 1,000 requests\n",
        file=out,
    )
    table(COMPARISONS, result["rows"], out)
    _finish(result, json_path)


def show_flood(result, json_path):
    out = sys.stderr if json_path == "-" else sys.stdout
    print(
        f"\n{_machine(result)}; {result['logins']} logins at once, {result['seconds']} s each;"
        "\nmilliseconds of GET /tasks, and of the logins that were refused\n",
        file=out,
    )
    table(FLOODS, result["rows"], out)
    _finish(result, json_path)


def _machine(result):
    known = result["machine"]
    return f"{known['cores']} x {known['processor']}, load before {known['load_before']:.2f}"


def _finish(result, json_path):
    for problem in result["problems"]:
        print(f"PROBLEM {problem}", file=sys.stderr)
    text = json.dumps(result, indent=2)
    if json_path == "-":
        print(text)
    elif json_path:
        with open(json_path, "w", encoding="utf-8") as file:
            file.write(text + "\n")


def table(columns, rows, out):
    """`columns` are titles, keys of the rows and formats."""
    cells = [[title for title, _, _ in columns]]
    for row in rows:
        cells.append(
            ["-" if row[key] is None else form.format(row[key]) for _, key, form in columns]
        )
    widths = [max(map(len, column)) for column in zip(*cells)]
    texts = [key in ("engine", "request", "of", "phase") for _, key, _ in columns]
    for shown in cells:
        words = [
            word.ljust(n) if left else word.rjust(n) for left, word, n in zip(texts, shown, widths)
        ]
        print("  ".join(words).rstrip(), file=out)
