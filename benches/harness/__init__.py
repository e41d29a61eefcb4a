"""The parts of ../http_bench.py and ../scale_bench.py: databases, the service's process, the load,
the report."""


class Unable(Exception):
    """Why nothing could be measured, in a sentence."""

    status = 1


class Broken(Unable):
    """The service is at fault."""

    status = 2
